"""`darkwake ports learn`: from files to anchorages, how they agree with a list, and their use."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from darkwake.cli import app
from darkwake.config import load_settings
from darkwake.engine import Engine
from darkwake.geography_settings import surroundings_of
from darkwake.options import ReplayOptions
from darkwake.progress import Progress
from darkwake.run import run_replay
from detectors.parameters import Parameters
from detectors.surroundings import Surroundings
from tests.property.streams import as_bytes, sea, shuffled
from vessels.anchorages import REST, LearningParameters, learn, read_anchorages
from vessels.errors import StoreError
from vessels.lists import ListSource, read_lists
from vessels.units import US_PER_H
from vessels.zones import ZoneSource
from vessels.zones_files import read_zones

LAT, LON = -20.0, 165.0
"""Open sea, far from any port."""


def run(*arguments: object) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr."""
    line = [str(argument) for argument in arguments]
    done = CliRunner().invoke(app, line, catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def archive(path: Path, ships: int = 3, days: int = 2) -> Path:
    """Write ships that lie still at one place, each a day later than the one before."""
    rows = ["mmsi,time,lat,lon,sog"]
    for ship in range(ships):
        for hour in range(24 * days):
            day, at = divmod(24 * ship + hour, 24)
            shake = 0.0001 * ((hour * 7) % 5)
            rows.append(
                f"{412000001 + ship},2024-01-{1 + day:02}T{at:02}:00:00Z,"
                f"{LAT + shake:.6f},{LON + shake:.6f},0.{hour % 2}"
            )
    path.write_text("\n".join(rows) + "\n")
    return path


def test_learning_from_files_and_agreement_with_a_list(tmp_path: Path) -> None:
    listed = tmp_path / "named.csv.gz"
    listed.write_bytes(
        gzip.compress(f"s2id,latitude,longitude\na,{LAT + 0.02},{LON}\nb,50,0\n".encode())
    )
    out = tmp_path / "anchorages.parquet"
    line = ("ports", "learn", archive(tmp_path / "a.csv"), "--out", out, "--min-hulls", 3)
    code, told, _ = run(*line, "--compare", listed, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(told)
    assert (found["anchorages"], found["cells"], found["hulls_at_rest"]) == (1, 1, 3)
    assert found["agreement"]["learnt_near_listed_share"] == 1.0
    assert found["agreement"]["listed_with_a_rest"] == 0, "2.2 km is not at the place"
    (row,) = read_anchorages(out).table.to_pylist()
    assert row["valid_from"].isoformat() == "2024-01-05T00:00:00+00:00"
    assert found["sha256"] == read_anchorages(out).hash
    code, told, _ = run(*line)
    assert code == 0
    assert "Anchorages written to" in told
    assert json.loads(run(*line[:-1], 4, "--json")[1])["anchorages"] == 0
    assert json.loads(run(*line, "--min-rest-h", 60, "--json")[1])["rests"] == 0


def test_tracks_of_a_run_are_files_to_learn_from(tmp_path: Path) -> None:
    source, out = archive(tmp_path / "a.csv"), tmp_path / "a.parquet"
    options = ReplayOptions(paths=(str(source),), out=tmp_path / "run", draw_map=False, tracks=True)
    run_replay(options, load_settings(None), Progress())
    line = ("ports", "learn", "--out", out, "--min-hulls", 3, "--json")
    direct = json.loads(run(*line, source)[1])
    tracks = json.loads(run(*line, tmp_path / "run" / "tracks.parquet")[1])
    assert direct["sha256"] == tracks["sha256"] != ""


def test_learnt_anchorages_are_used_from_the_day_they_are_known(tmp_path: Path) -> None:
    out = tmp_path / "anchorages.parquet"
    source = archive(tmp_path / "a.csv", ships=8)
    run("ports", "learn", source, "--out", out, "--min-hulls", 3)
    config = tmp_path / "c.toml"
    config.write_text(f'[ports]\nlearnt = "{out}"\n')
    options = ReplayOptions(paths=(str(source),), out=tmp_path / "run", draw_map=False)
    with_them = run_replay(options, load_settings(config), Progress())
    without = run_replay(options, load_settings(None), Progress())
    assert without.visits is not None
    assert without.visits.num_rows == 0
    assert with_them.visits is not None
    starts = [str(row["start"])[:10] for row in with_them.visits.to_pylist()]
    # Ships 4 and 5 lie there when it becomes known on the 5th; the later ones come to a port.
    assert starts == ["2024-01-05", "2024-01-05", "2024-01-06", "2024-01-07", "2024-01-08"]
    names = {row["port_name"] for row in with_them.visits.to_pylist()}
    assert names == {"anchorage 20.00S 165.00E"}
    assert with_them.learnt["anchorages"]["sha256"] == read_anchorages(out).hash
    loiterers = [e.mmsi for e in with_them.events if e.type == "loitering"]
    assert 412000001 in loiterers
    assert 412000008 not in loiterers
    assert 412000008 in [e.mmsi for e in without.events if e.type == "loitering"]


@pytest.mark.parametrize(
    ("name", "content", "code"), [("a.csv", "x,y\n1,2\n", 4), ("none.csv", None, 4)]
)
def test_files_of_no_use_exit_as_replay_does(
    tmp_path: Path, name: str, content: str | None, code: int
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    assert run("ports", "learn", tmp_path / name, "--out", tmp_path / "o.parquet")[0] == code


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "latitude,longitude\nx,2\n", ""])
def test_a_list_of_no_use_is_an_input_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "l.csv").write_text(text)
    line = ("ports", "learn", archive(tmp_path / "a.csv"), "--out", tmp_path / "o.parquet")
    code, _, told = run(*line, "--compare", tmp_path / "l.csv")
    assert code == 4
    assert "l.csv" in told
    assert not (tmp_path / "o.parquet").exists()


def test_a_place_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    line = ("ports", "learn", archive(tmp_path / "a.csv"), "--out", tmp_path / "no" / "o.parquet")
    assert run(*line)[0] == 5


def surroundings(folder: Path, south: float = -32.0) -> Surroundings:
    """Return zones and anchorages in the small sea of the laws."""
    ring = [[177, south], [183, south], [183, -26], [177, -26], [177, south]]
    feature = {"type": "Feature", "properties": {"name": "A"}}
    feature["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    path = folder / "z.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    rests = [
        (key, 1_699_000_000_000_000 + 60_000_000 * key, -33_000_000, -178_000_000)
        for key in range(3)
    ]
    few = LearningParameters(min_hulls=3)
    return Surroundings(
        zones=read_zones([ZoneSource("own", path)]),
        anchorages=learn(np.array(rests, REST), few).anchorages,
    )


@pytest.mark.parametrize("seed", range(4))
def test_law_1_with_zones_and_anchorages(tmp_path: Path, seed: int) -> None:
    around = surroundings(tmp_path)
    parameters = Parameters(surroundings=around)
    fixes = sea(seed)
    now_us = int(fixes.time_us.max())
    whole = Engine(parameters)
    whole.update(fixes)
    whole.flush(now_us)
    stream = Engine(parameters, horizon_h=24)
    for batch in shuffled(fixes, np.random.default_rng(seed), late_h=6):
        stream.update(batch)
        stream = Engine.restore(stream.snapshot(), parameters)
    stream.flush(now_us)
    assert as_bytes(stream.events()) == as_bytes(whole.events())
    assert "zone_entry" in {event.type for event in whole.events()}
    plain = Engine(Parameters())
    plain.update(fixes)
    # The drifter begins at the anchorage: it loiters only from 10 km away on, at half a knot.
    (near,), (far,) = (
        [e for e in engine.events() if e.type == "loitering" and e.mmsi == 440000004]
        for engine in (plain, whole)
    )
    assert (far.start_us - near.start_us) / US_PER_H == pytest.approx(12.7, abs=1.0)


def test_a_snapshot_fits_only_where_the_zones_are_the_same(tmp_path: Path) -> None:
    parameters = Parameters(surroundings=surroundings(tmp_path))
    engine = Engine(parameters)
    engine.update(sea(1))
    snapshot = engine.snapshot()
    same = surroundings(tmp_path)
    (tmp_path / "l.csv").write_text("mmsi\n412000002\n")
    same.lists = read_lists([ListSource("new", tmp_path / "l.csv")])
    Engine.restore(snapshot, Parameters(surroundings=same))
    with pytest.raises(StoreError, match="other parameters"):
        Engine.restore(snapshot, Parameters(surroundings=surroundings(tmp_path, -33.0)))
    with pytest.raises(StoreError, match="other parameters"):
        Engine.restore(snapshot, Parameters())


def test_no_configuration_means_no_surroundings() -> None:
    assert surroundings_of(load_settings(None)).hashes() == {}
