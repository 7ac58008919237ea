"""`darkwake vessel`: from a run's folder to one vessel's page, and what it says where it cannot."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from darkwake.cli import app
from darkwake.vessel import make_vessel_page
from darkwake.vessel_events import event_from_feature
from darkwake.vessel_fixes import VesselFixes, database
from darkwake.vessel_visits import read_visits, read_voyages
from maps.vessel_facts import Stay
from maps.words import hours_words
from vessels.clock import iso_z, parse_iso_us
from vessels.units import US_PER_H

CARRIER, TRAWLER, RENAMED = 299000101, 299000102, 299000103
IMO = 9074729
START_US = parse_iso_us("2021-01-01T00:00:00Z")
HEADER = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType\n"


def run(*arguments: object) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a command that must not fail in a way of its own."""
    line = [str(argument) for argument in arguments]
    done = CliRunner().invoke(app, line, catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def lines(mmsi: int, name: str, hours: Iterator[float], lat: float, imo: int = IMO) -> list[str]:
    """Return rows of a ship that drifts east at about half a knot."""
    return [
        f"{mmsi},{iso_z(START_US + int(hour * US_PER_H)).rstrip('Z')},{lat},{141 + hour / 120:.5f},"
        f"0.5,90.0,90.0,{name},IMO{imo},3ABC,70\n"
        for hour in hours
    ]


def every(minutes: int, start_h: float, end_h: float) -> Iterator[float]:
    steps = int((end_h - start_h) * 60 / minutes)
    return (start_h + i * minutes / 60 for i in range(steps + 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run: a carrier silent for 30 hours, a trawler beside it, its later number and name."""
    place = tmp_path_factory.mktemp("vessel")
    rows = lines(CARRIER, "SEA ORCHID", every(10, 0, 24), -15.0)
    rows += lines(CARRIER, "SEA ORCHID", every(10, 54, 72), -15.0)
    rows += lines(TRAWLER, "TRAWLER", every(10, 6, 72), -15.001, imo=0)
    rows += lines(RENAMED, "LOTUS", every(10, 80, 110), -15.0)
    (place / "log.csv").write_text(HEADER + "".join(rows))
    code, _, err = run("replay", place / "log.csv", "--tracks", "--no-map", "--out", place / "run")
    assert (code, err) == (0, "")
    return place / "run"


def told(folder: Path, number: object, *more: object) -> dict[str, Any]:
    code, out, err = run("vessel", number, "--run", folder, "--json", *more)
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_page_is_written_beside_the_run_and_its_path_printed(folder: Path) -> None:
    code, out, err = run("vessel", CARRIER, "--run", folder)
    assert (code, err) == (0, "")
    path = folder / f"vessel-{CARRIER}.html"
    assert str(path) in out
    page = path.read_bytes()
    assert b"SEA ORCHID" in page
    assert run("vessel", CARRIER, "--run", folder)[0] == 0
    assert path.read_bytes() == page


def test_json_tells_hulls_silences_identities_and_events(folder: Path) -> None:
    found = told(folder, CARRIER)
    (hull,) = found["hulls"]
    table = pq.read_table(folder / "tracks.parquet", filters=[("mmsi", "=", CARRIER)])
    kept = [reason for reason in table["reason"].to_pylist() if reason == "kept"]
    assert (hull["fixes"], hull["name"]) == (len(kept), "SEA ORCHID")
    first, last = found["silences"]
    assert (first["start"], first["end"]) == ("2021-01-02T00:00:00Z", "2021-01-03T06:00:00Z")
    assert first["duration_h"] == 30.0
    assert first["distance_nm"] == pytest.approx(14.5, abs=0.1)
    assert (last["end"], last["duration_h"]) == (None, 38.0)
    stated = {row["attribute"]: row for row in found["identities"]}
    assert stated["name"]["value"] == "SEA ORCHID"
    assert stated["name"]["reports"] == len(kept)
    assert stated["imo"]["value"] == str(IMO)


def test_the_events_are_those_of_the_run_that_name_the_vessel(folder: Path) -> None:
    collection = json.loads((folder / "events.geojson").read_text("utf-8"))
    every_event = [feature["properties"] for feature in collection["features"]]
    assert every_event
    for number in (CARRIER, TRAWLER):
        named = [e for e in every_event if number in (e["mmsi"], e["other_mmsi"])]
        assert told(folder, number)["events"] == named


def test_an_event_read_back_is_the_event_written(folder: Path) -> None:
    collection = json.loads((folder / "events.geojson").read_text("utf-8"))
    now_us = parse_iso_us(json.loads((folder / "run.json").read_text("utf-8"))["now"])
    for feature in collection["features"]:
        event = event_from_feature(feature, now_us)
        assert event.properties() == feature["properties"]
        assert event.geometry() == feature["geometry"]


def test_a_line_cut_at_180_degrees_is_one_line_again(folder: Path) -> None:
    feature = json.loads((folder / "events.geojson").read_text("utf-8"))["features"][0]
    parts = [[[179.0, 1.0], [180.0, 1.5]], [[-180.0, 1.5], [-179.0, 2.0]]]
    feature["geometry"] = {"type": "MultiLineString", "coordinates": parts}
    event = event_from_feature(feature, START_US)
    assert event.path == ((179.0, 1.0), (-179.0, 2.0))
    assert event.geometry() == feature["geometry"]


def test_an_imo_number_finds_every_number_that_stated_it(folder: Path) -> None:
    for asked in (str(IMO), f"IMO{IMO}", f"imo {IMO}"):
        found = told(folder, asked)
        assert found["mmsi"] == [CARRIER, RENAMED]
        assert {hull["mmsi"] for hull in found["hulls"]} == {CARRIER, RENAMED}
        assert found["page"] == str(folder / f"vessel-imo-{IMO}.html")


def test_a_run_that_is_labelled_labels_its_pages(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "run")
    record = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    (tmp_path / "run" / "run.json").write_text(json.dumps({"label": "synthetic", **record}))
    for asked, given in (("", "synthetic"), ("drill", "drill")):
        _, page = make_vessel_page(tmp_path / "run", str(CARRIER), label=asked)
        assert page.label == given


def test_out_names_the_page(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert told(folder, CARRIER, "--out", path)["page"] == str(path)
    assert path.is_file()
    code, _, err = run("vessel", CARRIER, "--run", folder, "--out", tmp_path / "absent" / "x.html")
    assert (code, err.count("\n")) == (5, 1)


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (299000105, 4, f"near numbers: {CARRIER}, {TRAWLER}, {RENAMED}"),
        (29900010, 4, f"{CARRIER}"),
        (205000000, 4, "no number in it is near"),
        ("IMO9074728", 4, f"IMO number 9074728 is not in this run; near numbers: {IMO}"),
        (9074720, 4, f"near numbers: {IMO}"),
        ("SEA ORCHID", 2, "neither an MMSI nor an IMO number"),
        ("1234567890", 2, "neither an MMSI nor an IMO number"),
    ],
)
def test_an_unknown_number_is_one_line_with_near_ones(
    folder: Path, number: object, code: int, words: str
) -> None:
    found, out, err = run("vessel", number, "--run", folder)
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert words in err


def test_a_run_without_tracks_says_how_to_get_them(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "run", ignore=shutil.ignore_patterns("tracks.parquet"))
    code, _, err = run("vessel", CARRIER, "--run", tmp_path / "run")
    assert (code, err.count("\n")) == (4, 1)
    assert "--tracks" in err


def test_a_folder_that_is_no_run_and_a_damaged_one_are_one_line(
    folder: Path, tmp_path: Path
) -> None:
    assert run("vessel", CARRIER, "--run", tmp_path)[0] == 4
    assert run("vessel", CARRIER, "--run", tmp_path / "absent")[0] == 4
    for name in ("tracks.parquet", "identities.parquet", "vessels.parquet", "events.geojson"):
        copy = tmp_path / name
        shutil.copytree(folder, copy)
        (copy / name).write_bytes(b'{"type":"Feature",\x00\xff')
        code, _, err = run("vessel", CARRIER, "--run", copy)
        assert (code, err.count("\n")) == (4, 1), err
        assert name in err


def test_a_thinned_track_keeps_both_ends_of_every_silence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("darkwake.vessel_fixes.TRACK_CELLS", 4)
    with database() as connection:
        fixes = VesselFixes(connection, folder / "tracks.parquet", [CARRIER])
        (hull,) = fixes.hulls()
        track = fixes.tracks([hull.hull_id], 12 * US_PER_H)[hull.hull_id]
    hours = [(time_us - START_US) / US_PER_H for time_us, _, _ in track]
    assert len(hours) < 12
    assert {0.0, 24.0, 54.0, 72.0} <= set(hours)
    assert hours == sorted(hours)


def test_the_chart_counts_every_fix_once(folder: Path) -> None:
    with database() as connection:
        fixes = VesselFixes(connection, folder / "tracks.parquet", [CARRIER, RENAMED])
        hulls = fixes.hulls()
        chart = fixes.chart([hull.hull_id for hull in hulls])
    for hull in hulls:
        slices = chart.slices[hull.hull_id]
        assert sum(one.fixes for one in slices) == hull.fixes
        assert slices[0].number * chart.width_us <= hull.first_us
        assert {one.median_knots for one in slices} == {0.5}


def at(hours: float) -> datetime:
    return datetime.fromtimestamp((START_US + hours * US_PER_H) / 1e6, UTC)


def write_stays(folder: Path) -> None:
    """Write what a run that works visits out would hold of two numbers."""
    visit = {"hull_id": "h", "lat": -9.08, "lon": 143.21, "rest_h": 5.0, "start": at(4)}
    visits = [
        {"mmsi": CARRIER, "port_name": "Daru", "port_country": "PNG", "end": at(30)}
        | {"confidence_level": 4, **visit},
        {"mmsi": TRAWLER, "port_name": "Elsewhere", "port_country": None, "end": None}
        | {"confidence_level": 1, **visit},
    ]
    voyage = {"mmsi": CARRIER, "hull_id": "h", "from_port": None, "lower_days": 1.0}
    voyages = [
        voyage
        | {"start": at(0), "end": at(4), "to_port": "Daru", "censored": True, "upper_days": None}
        | {"silences": 0, "longest_silence_h": 0.0},
        voyage
        | {"start": at(30), "end": None, "to_port": None, "censored": False, "upper_days": 4.0}
        | {"silences": 2, "longest_silence_h": 30.0},
    ]
    for name, rows in (("visits", visits), ("voyages", voyages)):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")


def test_visits_and_voyages_are_told_where_the_run_has_them(tmp_path: Path) -> None:
    with database() as connection:
        assert read_visits(connection, tmp_path, [CARRIER]) is None
        assert read_voyages(connection, tmp_path, [CARRIER]) is None
        write_stays(tmp_path)
        visits = read_visits(connection, tmp_path, [CARRIER])
        voyages = read_voyages(connection, tmp_path, [CARRIER])
        assert read_voyages(connection, tmp_path, [TRAWLER]) == []
    start_us, end_us = START_US + 4 * US_PER_H, START_US + 30 * US_PER_H
    facts = (("At rest", hours_words(5.0)), ("How sure", "4 of 4: came, stopped and left"))
    assert visits == [Stay(start_us, end_us, "Daru, PNG", facts, (-9.08, 143.21))]
    assert voyages is not None
    assert [voyage.title for voyage in voyages] == [
        "At sea when first heard to Daru",
        "unlisted port, still at sea",
    ]
    assert [dict(voyage.facts)["Days at sea"] for voyage in voyages] == [
        "at least 1.0",
        "1.0 to 4.0",
    ]
    assert dict(voyages[1].facts)["Silences that could hide a call"] == (
        f"2, the longest {hours_words(30.0)}"
    )
