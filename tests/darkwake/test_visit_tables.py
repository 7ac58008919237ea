"""visits.parquet and voyages.parquet, and what a replay adds to time at sea, from file to files."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from darkwake.options import ReplayOptions
from darkwake.run import run_replay
from darkwake.settings import Settings
from darkwake.visit_tables import VISITS_SCHEMA, VOYAGES_SCHEMA
from vessels.clock import iso_z
from vessels.ports import ports

T0_S = 1_600_000_000
LONG_AT_SEA, PARTNER, CALLER = 416000001, 353000005, 247000009
FAR = (-48.0, -124.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ship that stays out for 100 days and meets another; and one that calls at Georgetown."""
    folder = tmp_path_factory.mktemp("voyages")
    rows = []
    for hour in np.arange(0.0, 2400.0, 1.0):
        meets = 1000 <= hour < 1006
        swing = 0.0 if meets else np.sin((hour - 1000.0) / 40.0)
        rows.append((LONG_AT_SEA, hour, FAR[0], FAR[1] + swing, 0.5))
    for hour in np.arange(990.0, 1016.0, 0.25):
        away = max(1000.0 - hour, hour - 1006.0, 0.0)
        rows.append((PARTNER, hour, FAR[0] + 0.002 + away / 8.0, FAR[1], 0.5))
    home = ports().query("name == 'Georgetown' and country == 'SHN'").iloc[0]
    for hour in np.arange(0.0, 60.0, 0.5):
        out = np.clip(abs(hour - 30.0) - 9.0, 0.0, None) / 6.0
        lat = home["lat_deg"] + (0.001 if hour > 30 else 0.0)
        rows.append((CALLER, hour, lat, home["lon_deg"] - out, 9.0 if out else 0.0))
    with (folder / "log.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["mmsi", "time", "lat", "lon", "sog"])
        for mmsi, hour, lat, lon, sog in rows:
            at = iso_z((T0_S + int(hour * 3600)) * 1_000_000)
            writer.writerow([mmsi, at, round(lat, 6), round(lon, 6), sog])
    options = ReplayOptions(
        paths=(str(folder / "log.csv"),), out=folder / "out", workers=1, draw_map=False
    )
    run_replay(options, Settings())
    return folder / "out"


def test_the_visit_is_a_row(run: Path) -> None:
    table = pq.read_table(run / "visits.parquet")
    assert table.schema == VISITS_SCHEMA
    (visit,) = table.to_pylist()
    assert (visit["mmsi"], visit["port_name"], visit["port_country"]) == (
        CALLER,
        "Georgetown",
        "SHN",
    )
    assert visit["confidence_level"] == 4
    assert visit["rest_h"] == pytest.approx(18, abs=1)
    assert visit["start"] < visit["last_inside"] < visit["end"]


def test_the_voyages_before_and_after_are_rows(run: Path) -> None:
    table = pq.read_table(run / "voyages.parquet")
    assert table.schema == VOYAGES_SCHEMA
    before, after = [row for row in table.to_pylist() if row["mmsi"] == CALLER]
    assert (before["from_port"], before["to_port"], before["censored"]) == (
        None,
        "Georgetown",
        True,
    )
    assert (after["from_port"], after["to_port"], after["censored"]) == ("Georgetown", None, False)
    assert after["end"] is None
    assert before["upper_days"] is None
    assert after["lower_days"] <= after["upper_days"]


def test_time_at_sea_says_whom_it_met_and_withholds_a_percentile_of_few(run: Path) -> None:
    features = json.loads((run / "events.geojson").read_text("utf-8"))["features"]
    told = {feature["properties"]["type"]: feature["properties"] for feature in features}
    event = told["time_at_sea"]
    assert event["mmsi"] == LONG_AT_SEA
    assert event["details"]["lower_days"] == pytest.approx(99.96, abs=0.01)
    assert event["details"]["meetings"] == [PARTNER]
    assert event["details"]["meeting_events"] == [told["encounter"]["event_id"]]
    assert (event["details"]["peers"], event["details"]["peer_percentile"]) == (0, None)


def test_the_columns_of_events_parquet_hold_the_lists(run: Path) -> None:
    rows = pq.read_table(run / "events.parquet").to_pylist()
    (event,) = [row for row in rows if row["type"] == "time_at_sea"]
    assert event["details"]["meetings"] == [PARTNER]
    assert event["details"]["censored"] is True


def test_an_ordinary_call_is_no_event(run: Path) -> None:
    features = json.loads((run / "events.geojson").read_text("utf-8"))["features"]
    assert "port_visit" not in {feature["properties"]["type"] for feature in features}
