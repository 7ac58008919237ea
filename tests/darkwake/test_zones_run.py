"""Zones and vessel lists from the configuration to the files of a run."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from darkwake.cli import app
from darkwake.config import InvalidSettingsError, load_settings
from darkwake.geography_settings import ListFile, ZoneFile, surroundings_of
from darkwake.options import ReplayOptions
from darkwake.progress import Progress
from darkwake.run import run_replay
from vessels.errors import ConfigError
from vessels.lists import ListKind
from vessels.zones import ZoneKind

HEADER = "mmsi,time,lat,lon,sog,name,imo,callsign,ship_type\n"
IMO = 9074729


def track(path: Path) -> Path:
    """Write a trawler that sails north along 171 E, hourly, from 20.05 S to 18.05 S and back."""
    lats = [-20.05 + 0.1 * i for i in range(21)]
    rows = [
        f"412000003,2024-01-0{1 + i // 24}T{i % 24:02}:00:00Z,{lat:.3f},171.0{i:02},6.0,"
        f"LU RONG,{IMO},BZ12,30"
        for i, lat in enumerate([*lats, *reversed(lats[:-1])])
    ]
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


def zone(path: Path, south: float, north: float, name: str) -> Path:
    ring = [[170, south], [172, south], [172, north], [170, north], [170, south]]
    feature = {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def configured(folder: Path) -> Path:
    reserve = zone(folder / "reserve.geojson", -19.0, -18.5, "Reserve")
    ocean = zone(folder / "ocean.geojson", -30.0, 0.0, "High seas")
    (folder / "iuu.csv").write_text(f"imo,name\n{IMO},LU RONG\n")
    config = folder / "c.toml"
    config.write_text(
        f'[[zones]]\nname = "parks"\npath = "{reserve}"\nkind = "mpa"\n'
        f'[[zones]]\nname = "wcpfc"\npath = "{ocean}"\nkind = "rfmo"\n'
        f'[[lists]]\nname = "blacklist"\npath = "{folder / "iuu.csv"}"\nkind = "iuu"\n'
        'source = "TMT"\ndate = "2024-01-01"\n'
    )
    return config


def run(
    folder: Path, config: Path, workers: int = 1
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    out = folder / f"out{workers}"
    options = ReplayOptions(
        paths=(str(track(folder / "a.csv")),), out=out, draw_map=False, workers=workers
    )
    run_replay(options, load_settings(config), Progress())
    events = json.loads((out / "events.geojson").read_text())["features"]
    return json.loads((out / "run.json").read_text()), [event["properties"] for event in events]


def test_a_run_tells_entries_zones_lists_and_their_hashes(tmp_path: Path) -> None:
    record, events = run(tmp_path, configured(tmp_path))
    entries = [event for event in events if event["type"] == "zone_entry"]
    assert [(e["start"], e["end"], e["status"]) for e in entries] == [
        ("2024-01-01T11:00:00Z", "2024-01-01T15:00:00Z", "closed"),
        ("2024-01-02T01:00:00Z", "2024-01-02T05:00:00Z", "closed"),
    ]
    first = entries[0]
    assert first["details"]["zones_entered"] == ["Reserve"]
    assert first["details"]["zones"] == ["High seas", "Reserve"]
    assert first["details"]["last_outside_before"] == "2024-01-01T10:00:00Z"
    assert first["details"]["first_outside_after"] == "2024-01-01T16:00:00Z"
    assert first["details"]["lists"] == ["blacklist"]
    assert first["details"]["list_matches"] == [
        "412000003: blacklist (iuu) by IMO number; TMT, 2024-01-01"
    ]
    assert {"fishing_vessel_in_mpa", "listed_iuu"} <= {r["code"] for r in first["reasons"]}
    assert first["severity"] == "high", "watch for fishing in a reserve, one step for the list"
    assert record["learnt"]["zones"]["zones"] == {"parks": 1, "wcpfc": 1}
    assert len(record["learnt"]["zones"]["sha256"]) == 64
    assert record["learnt"]["lists"]["rows"] == {"blacklist": 1}


def test_workers_give_the_same_events(tmp_path: Path) -> None:
    config = configured(tmp_path)
    assert run(tmp_path, config, 2)[1] == run(tmp_path, config)[1]


def test_run_json_holds_what_can_change_events_and_nobodys_address(tmp_path: Path) -> None:
    config = configured(tmp_path)
    watched = """
[store]
url = "sqlite:///private.db"
[[feeds]]
name = "lookout"
url = "tcp://receiver.example.org:5631"
[mail]
url = "smtp://relay.example.org:25"
sender = "watch@example.org"
user = "postman"
[webhook]
url = "https://hook.example.org/in"
[[subscriptions]]
name = "inspectors"
to = ["inspector@example.org"]
[detectors.dark_period]
min_duration_h = 800
[hulls]
slack_m = 5
"""
    config.write_text(config.read_text() + watched)
    parameters = run(tmp_path, config)[0]["parameters"]
    settings = load_settings(config)
    sections = ("detectors", "hulls", "engine")
    wanted = {
        name: value
        for name, value in settings.parameters().items()
        if name.startswith(tuple(f"{section}." for section in sections))
    }
    assert parameters == wanted | {
        "zones": [
            {"name": "parks", "kind": "mpa", "name_column": None},
            {"name": "wcpfc", "kind": "rfmo", "name_column": None},
        ],
        "lists": [
            {
                "name": "blacklist",
                "kind": "iuu",
                "source": "TMT",
                "date": "2024-01-01",
                "role": None,
                "columns": {},
            }
        ],
    }
    assert parameters["detectors.dark_period.min_duration_h"] == 800
    assert parameters["hulls.slack_m"] == 5
    written = (tmp_path / "out1" / "run.json").read_text()
    for secret in ("example.org", "postman", "private.db", "lookout", "inspectors"):
        assert secret not in written


def test_settings_name_the_kinds_that_the_rooms_know() -> None:
    assert ZoneFile.model_fields["kind"].annotation == ZoneKind
    assert get_args(ListFile.model_fields["kind"].annotation) == get_args(ListKind)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('[[zones]]\nname = "a"\npath = "x"\nkind = "lake"\n', "zones.0.kind"),
        ('[[zones]]\nname = "a"\npath = "x"\nkid = "mpa"\n', "zones.0.kid: unknown key"),
        ('[[lists]]\nname = "a"\n', "lists.0.path"),
        ('[[lists]]\nname = "a"\npath="x"\n[[lists]]\nname = "a"\npath="y"\n', "two have the name"),
    ],
)
def test_wrong_tables_are_refused(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(InvalidSettingsError, match=wrong):
        load_settings(tmp_path / "c.toml")


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(f'[[zones]]\nname = "a"\npath = "{tmp_path}/none.gpkg"\n')
    with pytest.raises(ConfigError, match=r"none\.gpkg: no such file"):
        surroundings_of(load_settings(tmp_path / "c.toml"))


def test_what_config_show_prints_is_a_configuration(tmp_path: Path) -> None:
    config = configured(tmp_path)
    shown = CliRunner().invoke(app, ["config", "show", "--config", str(config)])
    (tmp_path / "again.toml").write_text(shown.stdout)
    assert load_settings(tmp_path / "again.toml") == load_settings(config)
