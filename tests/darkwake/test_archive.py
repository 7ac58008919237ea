"""The archive: every row once, whatever is added twice, merged, killed or asked for."""

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import feeds
from darkwake.archive import change as change_module
from darkwake.archive import numbers
from darkwake.archive import query as query_module
from darkwake.archive.add import add_files, added_before
from darkwake.archive.answers import write_answer
from darkwake.archive.change import changing
from darkwake.archive.compact import compact
from darkwake.archive.layout import cell_name, cells_in, cells_of, day_of
from darkwake.archive.query import files_for, find
from darkwake.archive.question import Query
from darkwake.archive.sorter import Sorter, joined, without_duplicates
from darkwake.archive.writer import parts, rows_in, write_rows
from darkwake.cli import app
from darkwake.reading import Reading
from feeds.dedupe import row_hashes
from tests.watch.recording import recording, table_of
from vessels.errors import InputError, StoreError, UsageError
from vessels.schema import FIXES


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what twenty vessels sent in some days, as a file."""
    path = tmp_path_factory.mktemp("log") / "log.parquet"
    pq.write_table(table_of(recording()).slice(0, 30_000), path)
    return path


@pytest.fixture(scope="module")
def rows(log: Path) -> pa.Table:
    """Return the rows of that file."""
    return pa.concat_tables(feeds.read(log)).unify_dictionaries().combine_chunks()


def hashes(tables: list[pa.Table]) -> list[int]:
    """Return what tells two sets of rows apart."""
    whole = pa.concat_tables([FIXES.empty_table(), *tables]).unify_dictionaries().combine_chunks()
    return sorted(row_hashes(whole).tolist())


def listing(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in parts(folder)}


def test_what_is_added_is_what_a_replay_reads(rows: pa.Table, log: Path, tmp_path: Path) -> None:
    (added,) = add_files([str(log)], tmp_path / "a", Reading())
    assert added.rows_read == 30_000 == added.rows_decoded + sum(added.rejected.values())
    assert added.rows_decoded == rows.num_rows
    assert added.rows_decoded == added.rows_added
    read = hashes(list(feeds.read(log)))
    assert hashes(list(feeds.read(tmp_path / "a"))) == read
    assert hashes(list(find(tmp_path / "a", Query()))) == read
    assert rows_in(tmp_path / "a") == added.rows_added == len(read)
    assert added_before(tmp_path / "a")[0]["sha256"] == added.sha256


def test_a_file_lies_in_its_day_and_cell_in_order(log: Path, tmp_path: Path) -> None:
    add_files([str(log)], tmp_path, Reading())
    for path in parts(tmp_path):
        table = pq.ParquetFile(path).read().cast(FIXES)
        assert {cell_name(cell) for cell in cells_of(table).tolist()} == {path.name.split("-")[1]}
        days = {day_of(t).isoformat() for t in table["time"].cast(pa.int64()).to_pylist()}
        assert {f"date={day}" for day in days} == {path.parent.name}
        keys = list(zip(table["mmsi"].to_pylist(), table["time"].to_pylist(), strict=True))
        assert keys == sorted(keys)
        column = pq.read_metadata(path).row_group(0).column(0)
        assert (column.statistics.min, column.statistics.max) == (keys[0][0], keys[-1][0])


def test_adding_again_changes_nothing(rows: pa.Table, log: Path, tmp_path: Path) -> None:
    archive = tmp_path / "a"
    (first,) = add_files([str(log)], archive, Reading())
    before = listing(archive)
    (again,) = add_files([str(log)], archive, Reading())
    assert again.known
    assert again.rows_added == 0
    # Other bytes, some of the same rows: only those that are new come in.
    pq.write_table(rows.slice(0, 20_000), tmp_path / "some.parquet", compression="none")
    (some,) = add_files([str(tmp_path / "some.parquet")], archive, Reading())
    assert (some.rows_added, some.rows_there) == (0, some.rows_decoded)
    assert listing(archive) == before
    assert compact(archive) == 0
    assert rows_in(archive) == first.rows_added


def test_a_watch_and_files_make_one_archive(rows: pa.Table, log: Path, tmp_path: Path) -> None:
    wanted = hashes(list(feeds.read(log)))
    write_rows(tmp_path, [rows.slice(0, 12_000)], "000")
    write_rows(tmp_path, [rows.slice(10_000, 8_000)], "001")
    add_files([str(log)], tmp_path, Reading())
    assert hashes(list(find(tmp_path, Query()))) == wanted
    assert compact(tmp_path) > 0
    assert not [path for path in parts(tmp_path) if path.name.startswith("part-")]
    assert rows_in(tmp_path) == len(wanted)
    assert hashes(list(find(tmp_path, Query()))) == wanted
    assert compact(tmp_path) == 0


@pytest.mark.parametrize("at_once_rows", [0, 2_000_000])
@pytest.mark.parametrize("compacted", [False, True])
def test_questions_get_what_a_filter_would(
    rows: pa.Table, tmp_path: Path, monkeypatch, compacted, at_once_rows
) -> None:
    monkeypatch.setattr(query_module, "_AT_ONCE_ROWS", at_once_rows)  # more go through DuckDB
    monkeypatch.setattr(change_module, "ROW_GROUP", 700)  # some lie within the answer, some outside
    write_rows(tmp_path, [rows], "000")
    if compacted:
        compact(tmp_path)
        write_rows(tmp_path, [rows.slice(0, 500)], "late")  # there already: told once
    clean = without_duplicates(rows)
    time_us = clean["time"].cast(pa.int64())
    middle = pc.quantile(time_us, 0.5)[0].as_py()
    number = clean["mmsi"][len(clean) // 2].as_py()
    lat, lon = (pc.quantile(clean[n], [0.2, 0.6]).to_pylist() for n in ("lat_deg", "lon_deg"))
    box = (lon[0], lat[0], lon[1], lat[1])
    inside = pc.and_(
        pc.and_(
            pc.greater_equal(clean["lat_deg"], lat[0]), pc.less_equal(clean["lat_deg"], lat[1])
        ),
        pc.and_(
            pc.greater_equal(clean["lon_deg"], lon[0]), pc.less_equal(clean["lon_deg"], lon[1])
        ),
    )
    across = pc.or_(
        pc.greater_equal(clean["lon_deg"], lon[1]), pc.less_equal(clean["lon_deg"], lon[0])
    )
    mine = pc.equal(clean["mmsi"], number)
    later = pc.greater_equal(time_us, int(middle))
    for query, mask in (
        (Query(mmsi=(number,)), mine),
        (Query(mmsi=(number,), from_us=int(middle)), pc.and_(mine, later)),
        (Query(bbox=box), inside),
        (Query(bbox=(-180.0, -90.0, 180.0, 90.0)), pc.is_valid(clean["lat_deg"])),
        (Query(bbox=(lon[1], -90.0, lon[0], 90.0)), across),
        (Query(to_us=int(middle) - 1), pc.invert(later)),
        (Query(bbox=box, from_us=int(middle)), pc.and_(inside, later)),
    ):
        wanted = clean.filter(mask)
        assert wanted.num_rows > 0
        found = list(find(tmp_path, query))
        assert hashes(found) == hashes([wanted])
        table = pa.concat_tables(found)
        order = list(zip(table["mmsi"].to_pylist(), table["time"].to_pylist(), strict=True))
        assert order == sorted(order)
    assert (
        list(find(tmp_path, Query(mmsi=(1,)))) == []
        or hashes(list(find(tmp_path, Query(mmsi=(1,))))) == []
    )


def test_one_of_equal_rows_is_left_and_ties_have_an_order(rows: pa.Table) -> None:
    some = rows.slice(0, 3000)
    other = some.set_column(
        some.schema.get_field_index("station"),
        FIXES.field("station"),
        pa.array(["elsewhere"] * 3000).dictionary_encode(),
    )  # not another row for that
    moved = some.set_column(
        some.schema.get_field_index("lat_deg"), "lat_deg", pc.add(some["lat_deg"], 1e-6)
    ).slice(0, 1000)  # at the same times: another row
    order = np.random.default_rng(5).permutation(7000)
    shuffled = joined([some, other, moved.cast(FIXES)]).take(pa.array(order))
    for known in (None, row_hashes(joined([some]))[:500]):
        clean = without_duplicates(shuffled, known)
        left = set(row_hashes(shuffled).tolist()) - set([] if known is None else known.tolist())
        keys = list(
            zip(
                clean["mmsi"].to_pylist(),
                clean["time"].to_pylist(),
                row_hashes(clean).tolist(),
                strict=True,
            )
        )
        assert keys == sorted(keys)
        assert sorted(key[2] for key in keys) == sorted(left)
        assert without_duplicates(clean) is clean


def test_a_vessel_is_read_from_its_months_alone(rows: pa.Table, tmp_path: Path) -> None:
    write_rows(tmp_path, [rows], "000")
    compact(tmp_path)
    number = rows["mmsi"][0].as_py()
    files = files_for(tmp_path, Query(mmsi=(number,)))
    assert all("/.darkwake/numbers/" in str(path) for path in files)
    # A file that came later is read besides; one that is gone makes the month worth nothing.
    (late,) = write_rows(tmp_path, [rows.slice(0, 10)], "late")
    assert late in files_for(tmp_path, Query(mmsi=(number,)))
    late.unlink()
    gone = parts(tmp_path)[0]
    gone.unlink()
    assert set(files_for(tmp_path, Query(mmsi=(number,)))) >= set(parts(tmp_path)[:2])
    compact(tmp_path)
    assert all(
        "/.darkwake/numbers/" in str(path) for path in files_for(tmp_path, Query(mmsi=(number,)))
    )


def test_a_vessel_ends_where_its_row_groups_end(
    rows: pa.Table, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(numbers, "GROUP_ROWS", 700)
    monkeypatch.setattr(numbers, "FILE_ROWS", 9000)
    write_rows(tmp_path, [rows], "000")
    compact(tmp_path)
    seen: dict[int, set[tuple[str, int]]] = {}
    for month in numbers.months(tmp_path).values():
        assert len(month.files) > 1
        for path in month.files:
            file = pq.ParquetFile(path)
            for group in range(file.num_row_groups):
                for mmsi in set(file.read_row_group(group, columns=["mmsi"])["mmsi"].to_pylist()):
                    seen.setdefault(mmsi, set()).add((path.name, group))
    assert {len(places) for places in seen.values()} == {1}


def test_a_change_is_done_or_never_was(rows: pa.Table, tmp_path: Path, monkeypatch) -> None:
    """Killed while prepared: nothing. Killed while files are renamed: finished by the next."""
    write_rows(tmp_path, [rows.slice(0, 9000)], "000")
    write_rows(tmp_path, [rows.slice(9000, 9000)], "001")
    wanted, before = hashes(list(find(tmp_path, Query()))), listing(tmp_path)
    renames = 0

    def die(self: Path, target: Path) -> Path:
        nonlocal renames
        renames += 1
        if renames == at:
            raise KeyboardInterrupt
        return replace(self, target)

    replace = Path.replace
    for at in (1, 2, 3, 4):
        renames = 0
        with monkeypatch.context() as patch:
            patch.setattr(change_module.Path, "replace", die)
            with pytest.raises(KeyboardInterrupt):
                compact(tmp_path)
        assert hashes(list(find(tmp_path, Query()))) == wanted
        if at == 1:  # the record itself
            assert listing(tmp_path) == before
    compact(tmp_path)
    assert hashes(list(find(tmp_path, Query()))) == wanted
    assert rows_in(tmp_path) == len(wanted)
    assert not list(tmp_path.rglob("*.tmp"))


def test_what_a_dead_watch_left_half_written_is_swept(tmp_path: Path) -> None:
    day = tmp_path / "date=2025-03-14"
    day.mkdir()
    for name, age_s in ((".part-1.parquet.tmp", 7200), (".part-2.parquet.tmp", 0)):
        (day / name).write_bytes(b"half")
        then = time.time() - age_s
        os.utime(day / name, (then, then))
    with changing(tmp_path):
        pass
    assert [path.name for path in day.iterdir()] == [".part-2.parquet.tmp"]


def test_only_one_changes_an_archive(tmp_path: Path, log: Path) -> None:
    with changing(tmp_path), pytest.raises(StoreError, match="another process is changing"):
        add_files([str(log)], tmp_path, Reading())


def test_other_files_of_a_folder_are_passed_over_and_bad_ones_are_told(
    log: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "notes.txt").write_text("weather was fine\n")
    (folder / "log.parquet").write_bytes(log.read_bytes())
    (added,) = add_files([str(folder)], tmp_path / "a", Reading())
    assert added.path.endswith("log.parquet")
    before = listing(tmp_path / "a")
    with pytest.raises(InputError, match=r"notes\.txt: not AIS data"):
        add_files([str(folder / "notes.txt")], tmp_path / "a", Reading())
    (folder / "cut.parquet").write_bytes(log.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"cut\.parquet"):
        add_files([str(folder / "cut.parquet")], tmp_path / "a", Reading())
    assert listing(tmp_path / "a") == before
    with pytest.raises(StoreError, match="no archive"):
        list(find(folder, Query()))


def test_rows_spill_and_come_back(rows: pa.Table, tmp_path: Path) -> None:
    small, large = Sorter(tmp_path / "s", memory_rows=2000), Sorter(tmp_path / "t")
    for start in range(0, rows.num_rows, 1500):
        small.add(rows.slice(start, 1500))
        large.add(rows.slice(start, 1500))
    assert list((tmp_path / "s").iterdir())
    assert small.places() == large.places()
    for place in large.places():
        assert small.take(place).equals(large.take(place))
    assert not list((tmp_path / "s").iterdir())


def test_cells_of_the_whole_globe() -> None:
    places = {
        (0.0, 0.0): "n00e000", (-0.1, -0.1): "s10w010", (90.0, -180.0): "n80w180",
        (-90.0, 179.9): "s90e170", (54.2, 12.0): "n50e010", (None, None): "none",
    }  # fmt: skip
    table = FIXES.empty_table()
    lat, lon = zip(*places, strict=True)
    columns = {"mmsi": [1] * 6, "time": [0] * 6, "lat_deg": lat, "lon_deg": lon}
    arrays = [pa.array(columns.get(f.name, [None] * 6), f.type) for f in table.schema]
    cells = cells_of(pa.Table.from_arrays(arrays, schema=FIXES))
    assert [cell_name(cell) for cell in cells.tolist()] == list(places.values())
    assert {cell_name(c) for c in cells_in((175.0, -5.0, -175.0, 5.0))} == {
        "s10e170", "n00e170", "s10w180", "n00w180",
    }  # fmt: skip
    assert len(cells_in((-180.0, -90.0, 180.0, 90.0))) == 648


def test_answers_in_every_form(rows: pa.Table, tmp_path: Path) -> None:
    hostile = rows.slice(0, 3)
    name = pa.array(["=cmd()", 'A,"B"', None]).dictionary_encode()
    hostile = hostile.set_column(FIXES.get_field_index("name"), FIXES.field("name"), name)
    write_rows(tmp_path / "a", [hostile], "000")
    for suffix in (".csv", ".jsonl", ".parquet"):
        assert write_answer(tmp_path / f"o{suffix}", find(tmp_path / "a", Query())) == 3
    assert "'=cmd()" in (tmp_path / "o.csv").read_text()
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert list(lines[0]) == FIXES.names
    assert {line["name"] for line in lines} == {"=cmd()", 'A,"B"', None}
    assert hashes([pq.read_table(tmp_path / "o.parquet").cast(FIXES)]) == hashes([hostile])
    with pytest.raises(UsageError, match="end its name in"):
        write_answer(tmp_path / "o.xlsx", [])


def test_the_examples_of_the_page_work(tmp_path: Path, monkeypatch) -> None:
    """DuckDB, polars and geopandas read the folder as docs/archive.md shows."""
    steps = 288
    start_us = 1_741_910_400_000_000  # 2025-03-14
    columns = {
        "mmsi": [563012345] * steps + [219000001] * steps,
        "time": [start_us + n * 300_000_000 for n in range(steps)] * 2,
        "lat_deg": [54.5] * steps + [61.0] * steps,
        "lon_deg": [7.25 + n / 1000 for n in range(steps)] * 2,
        "sog_knots": [n % 4 for n in range(steps)] * 2,
    }
    arrays = [pa.array(columns.get(f.name, [None] * 2 * steps), f.type) for f in FIXES]
    write_rows(tmp_path / "tracks", [pa.Table.from_arrays(arrays, schema=FIXES)], "000")
    compact(tmp_path / "tracks")
    monkeypatch.chdir(tmp_path)
    page = Path(__file__).parents[2] / "docs" / "archive.md"
    found: dict[str, Any] = {}
    for example in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        exec(compile(example, str(page), "exec"), found)  # noqa: S102 - our own page
    assert [vessels for _, vessels in found["hours"]] == [1] * 24
    assert found["cell"].height == steps // 2
    assert len(found["points"]) == steps
    assert found["points"].geometry.iloc[10].coords[0] == (7.26, 54.5)


def test_the_commands_tell_what_they_did(log: Path, tmp_path: Path) -> None:
    archive = str(tmp_path / "a")

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["archive", *words])
        assert done.exit_code == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    assert "29898" in run("add", str(log), "--archive", archive)
    (again,) = json.loads(run("add", str(log), "--archive", archive, "--json"))
    assert (again["known"], again["rows_added"], again["rows_decoded"]) == (True, 0, 29_898)
    told = json.loads(run("compact", "--archive", archive, "--json"))
    assert told["rows"] == 29_898
    assert told["months_by_number"]
    rows = json.loads(run("query", "--archive", archive, "--json"))
    assert len(rows) == 29_898
    mine = [row for row in rows if row["mmsi"] == rows[0]["mmsi"]]
    ask = ("query", "--archive", archive, "--mmsi", str(rows[0]["mmsi"]))
    assert run(*ask).endswith(f"{len(mine)} rows, 50 shown; --out FILE writes all\n")
    assert len(run(*ask, "--print", "csv").splitlines()) == len(mine) + 1
    assert json.loads(run(*ask, "--print", "jsonl").splitlines()[0]) == mine[0]
    assert f"{len(mine)} rows written" in run(*ask, "--out", str(tmp_path / "o.parquet"))
    assert "end its name in" in run(*ask, "--out", str(tmp_path / "o.txt"), code=2)
    assert "not one of table" in run(*ask, "--print", "xml", code=2)
    assert "no archive" in run("query", "--archive", str(tmp_path), code=5)
    assert "no archive" in run("compact", "--archive", str(tmp_path), code=5)
    assert "no such file" in run("add", str(tmp_path / "x"), "--archive", archive, code=4)
