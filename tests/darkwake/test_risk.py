"""`darkwake risk`, from real replays of a generated fleet and of real tracks."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from darkwake.cli import app
from darkwake.risk import assess
from darkwake.risk_digest import digest_numbers
from darkwake.risk_numbers import read_numbers
from darkwake.risk_run import read_run
from darkwake.risk_settings import Risk
from darkwake.risk_trials import risers
from detectors.unusual import guard
from tests.darkwake.risk_fleet import AWAY, FIRST, LINGERING, SIZE, write_fleet

LOOSE = Risk()


def run(*arguments: object) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a command that must not fail in a way of its own."""
    done = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def replayed(place: Path, name: str, *, drawn: bool = False, **more: Any) -> Path:
    log = write_fleet(place / f"{name}.csv", **more)
    out = place / name
    code, _, said = run("replay", log, "--out", out, "--tracks", *[] if drawn else ["--no-map"])
    assert code == 0, said
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return replayed(tmp_path_factory.mktemp("risk"), "whole", drawn=True)


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    code, said, error = run("risk", "--run", folder, "--json")
    assert code == 0, error
    return dict(json.loads(said))


def one(told: dict[str, Any], mmsi: int) -> dict[str, Any]:
    return next(row for row in told["vessels"] if row["mmsi"] == mmsi)


def test_those_that_stay_away_are_found_and_explained(told: dict[str, Any]) -> None:
    assert len(told["vessels"]) == SIZE
    for mmsi in AWAY:
        row = one(told, mmsi)
        assert row["withheld"] is None
        assert row["peers"] == SIZE - 1
        assert row["listed"], row
        assert {f["feature"] for f in row["findings"]} & {"max_shore_km", "longest_voyage_days"}
        assert "of its 59 fishing peers" in row["findings"][0]["says"]
        assert row["findings"][0]["may_be"]
    assert one(told, AWAY[1])["features"]["dark_h"] > 10
    assert one(told, AWAY[0])["features"]["dark_h"] == 0
    others = [r["listed"] for r in told["vessels"] if r["mmsi"] not in (*AWAY, LINGERING)]
    assert np.mean(others) <= 0.05


def test_the_counterfactual_is_told_and_every_text_with_it(told: dict[str, Any]) -> None:
    assert told["text"] == list(guard.ALL)
    row = one(told, LINGERING)
    assert row["listed"]
    assert row["counterfactual"].startswith("it would leave the list had it called at a port")
    # Far out and silent as well: no call alone takes that one off.
    assert one(told, AWAY[1])["counterfactual"] is None
    assert {one["by"] for one in told["burden"]} == {"flag_region", "flag", "role", "ais_class"}
    assert told["agreement"]["iforest"] is not None


def test_no_word_accuses(told: dict[str, Any], folder: Path) -> None:
    page = (folder / "risk.html").read_text(encoding="utf-8")
    text = (json.dumps(told) + page).lower()
    for word in ("guilty", "slave", "criminal", "suspicious", "perpetrator", "high-risk"):
        assert word not in text
    for line in guard.ALL:
        assert line in page


def test_the_map_tells_both_numbers_with_their_text(folder: Path, told: dict[str, Any]) -> None:
    page = (folder / "alerts.html").read_text(encoding="utf-8")
    block = page.split('id="alert-data">', 1)[1].split("</script>", 1)[0]
    data = json.loads(block)
    assert data["guard"] == list(guard.ALL)
    silent = next(one for one in data["events"] if one["type"] == "dark_period")
    assert f"MMSI {AWAY[1]:09d}" in silent["beside"][0]
    assert "1.7 % of its 59 peers and itself" in silent["beside"][1]
    assert one(told, AWAY[1])["p_value"] == 0.016667


def test_columns_go_into_vessels_parquet_and_stay_when_done_again(
    folder: Path, told: dict[str, Any]
) -> None:
    before = pq.read_table(folder / "vessels.parquet")
    code, _, _ = run("risk", "--run", folder, "--no-opinions")
    assert code == 0
    after = pq.read_table(folder / "vessels.parquet")
    assert before.column_names == after.column_names
    row = after.filter(np.array(after["mmsi"]) == AWAY[0]).to_pylist()[0]
    assert row["unusual"] == one(told, AWAY[0])["unusual"]
    assert row["exposure"] == one(told, AWAY[0])["exposure"]
    risk = pq.read_table(folder / "risk.parquet")
    assert risk.num_rows == SIZE
    for table in (risk, after):
        note = json.loads(table.schema.metadata[b"darkwake_risk"])
        assert note["text"] == list(guard.ALL)


def test_digests_and_the_desk_read_back_what_was_found(
    folder: Path, told: dict[str, Any], tmp_path: Path
) -> None:
    (row,) = digest_numbers(folder)({AWAY[0], 999_999_999})
    was = one(told, AWAY[0])
    assert (row["mmsi"], row["name"], row["peers"]) == (AWAY[0], "PELICAN 3", SIZE - 1)
    assert row["p_value"] == was["p_value"]
    assert [says for says, _ in row["findings"]] == [f["says"] for f in was["findings"][:2]]
    assert len(row["met"]) == was["exposure"]
    (whole,) = read_numbers(folder, [AWAY[0]])
    assert len(whole.findings) == len(was["findings"])
    assert {v for _, _, v in whole.features if v is None} == {None}
    # An older file, or none: a digest goes without.
    assert digest_numbers(tmp_path)({AWAY[0]}) == []
    old = pq.read_table(folder / "risk.parquet").drop_columns(["findings"])
    pq.write_table(old, tmp_path / "risk.parquet")
    assert digest_numbers(tmp_path)({AWAY[0]}) == []


def test_a_score_does_not_depend_on_who_else_is_scored(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "peers.npz"
    assert run("risk", "--run", folder, "--write-reference", path, "--no-opinions")[0] == 0
    more = replayed(tmp_path, "other", seed=2)
    code, said, error = run("risk", "--run", more, "--reference", path, "--json", "--no-opinions")
    assert code == 0, error
    whole = {row["mmsi"]: row["unusual"] for row in json.loads(said)["vessels"]}
    # The same facts, fewer vessels to score.
    wanted = (*AWAY, FIRST + 20)
    table = pq.read_table(more / "vessels.parquet")
    pq.write_table(table.filter(np.isin(table["mmsi"], wanted)), more / "vessels.parquet")
    code, said, error = run("risk", "--run", more, "--reference", path, "--json", "--no-opinions")
    assert code == 0, error
    few = {row["mmsi"]: row["unusual"] for row in json.loads(said)["vessels"]}
    assert few == {mmsi: whole[mmsi] for mmsi in wanted}
    assert None not in few.values()


def test_losing_positions_puts_nobody_on_the_list(folder: Path, tmp_path: Path) -> None:
    before = assess(read_run(folder), LOOSE, opinions=False, explain=False)
    thin = replayed(tmp_path, "thin", keep=0.5)
    after = assess(read_run(thin), LOOSE, reference=before.reference, opinions=False, explain=False)
    found = risers(before, after, LOOSE)
    assert found["compared"] >= SIZE // 2
    assert found["newly_listed"] == 0, found


@pytest.mark.parametrize(
    ("evade", "who", "works"),
    [("skim", LINGERING, False), ("swap", LINGERING, True), ("dark_11h", AWAY[1], False)],
)
def test_evasion_is_tabled_as_it_is(
    folder: Path, tmp_path: Path, evade: str, who: int, *, works: bool
) -> None:
    """What docs/risk.md says of evasion: which tricks take a vessel off the list."""
    before = assess(read_run(folder), LOOSE, opinions=False, explain=False)
    told = assess(
        read_run(replayed(tmp_path, evade, evade=evade)),
        LOOSE, reference=before.reference, opinions=False, explain=False,
    )  # fmt: skip
    was = next(row for row in before.rows if row["mmsi"] == who)
    now = next(row for row in told.rows if row["mmsi"] == who)
    assert was["listed"]
    assert now["listed"] is not works, (was["unusual"], now["unusual"], now["p_value"])
    if evade == "swap":
        new = next(row for row in told.rows if row["mmsi"] == who + 500)
        assert new["features"]["identity_changes"] == 1


def test_scores_are_withheld_without_tracks_and_with_few_peers(tmp_path: Path) -> None:
    log = write_fleet(tmp_path / "all.csv")
    lines = log.read_text().splitlines(keepends=True)
    log.write_text(lines[0] + "".join(x for x in lines[1:] if int(x.split(",")[0]) < FIRST + 8))
    for more, why in (((), "coverage_unknown"), (("--tracks",), "too_few_peers")):
        out = tmp_path / why
        assert run("replay", log, "--out", out, "--no-map", *more)[0] == 0
        told = json.loads(run("risk", "--run", out, "--json", "--no-opinions")[1])
        assert {row["withheld"] for row in told["vessels"]} == {why}
        assert all(row["unusual"] is None and not row["listed"] for row in told["vessels"])


def test_an_hour_of_a_vessel_is_no_ground_for_a_score(folder: Path) -> None:
    found = assess(read_run(folder), Risk(min_sea_h=300.0), opinions=False, explain=False)
    assert {row["withheld"] for row in found.rows} == {"too_few_peers"}, "nor for a peer"
    whole = assess(read_run(folder), LOOSE, opinions=False, explain=False)
    told = assess(
        read_run(folder), Risk(min_sea_h=300.0), reference=whole.reference,
        opinions=False, explain=False,
    )  # fmt: skip
    for row in told.rows:
        short = row["features"]["sea_h"] < 300.0
        assert row["withheld"] == ("too_short" if short else None)
    assert any(row["withheld"] for row in told.rows)
    assert told.rows[AWAY[0] - FIRST]["withheld"] is None


def test_the_benchmark_tells_baselines_intervals_and_the_promise(
    folder: Path, tmp_path: Path
) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("mmsi\n" + "\n".join(str(mmsi) for mmsi in AWAY) + "\n999999999\n")
    code, said, error = run(
        "risk", "benchmark", "--run", folder, "--labels", labels, "--json"
    )  # fmt: skip
    assert code == 0, error
    told = json.loads(said)
    fishing = told["by_role"]["fishing"]
    assert fishing["unusual"]["labelled_over_unlabelled"]["value"] > 0.9
    assert 0.2 < fishing["random"]["labelled_over_unlabelled"]["value"] < 0.8
    assert fishing["unusual_over_distance"]["verdict"] == "not shown"
    assert told["labelled_without_score"] == 1
    assert told["false_alarms"]["promised"] == 0.05
    for thinned in told["thinned"].values():
        assert thinned["compared"] >= SIZE // 2
        assert thinned["rose"] == thinned["newly_listed"] == 0, thinned
    # Those that whole replays show too: see test_evasion_is_tabled_as_it_is.
    assert told["evasion"]["tried"] == 3
    assert told["evasion"]["off_the_list"]["silent_for_11_h"] == 0
    assert run("risk", "benchmark", "--run", folder, "--labels", labels)[0] == 0
    labels.write_text("number\n1\n")
    assert run("risk", "benchmark", "--run", folder, "--labels", labels)[0] == 4
    labels.write_text("mmsi\n12x\n")
    assert run("risk", "benchmark", "--run", folder, "--labels", labels)[0] == 4


def test_what_cannot_be_done_is_told(folder: Path, tmp_path: Path) -> None:
    assert run("risk")[0] == 2
    assert run("risk", "--run", folder, "--window", "week")[0] == 2
    assert run("risk", "--run", tmp_path)[0] == 4
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"no")
    assert run("risk", "--run", folder, "--reference", bad)[0] == 4


def test_commands_that_do_not_need_pyod_do_not_load_it() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from darkwake.cli import app; "
        "CliRunner().invoke(app, ['--help']); CliRunner().invoke(app, ['risk', '--help']); "
        "CliRunner().invoke(app, ['desk', '--help']); "
        "heavy = ('pyod', 'sklearn', 'numba', 'numpy', 'starlette', 'uvicorn'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.real_data
def test_on_real_tracks_floors_withhold(shared_data: Path, tmp_path: Path) -> None:
    log = shared_data / "tracks" / "aisdk_20260426_first20k.csv.gz"
    out = tmp_path / "real"
    assert run("replay", log, "--out", out, "--tracks", "--no-map")[0] == 0
    told = json.loads(run("risk", "--run", out, "--json", "--no-opinions")[1])
    why = [row["withheld"] for row in told["vessels"]]
    assert "too_few_peers" in why
    assert "coverage_unknown" in why or "coverage_below_floor" in why
    for row in told["vessels"]:
        if row["withheld"] is None:
            assert row["peers"] >= 50
            assert row["coverage"] >= 0.3
