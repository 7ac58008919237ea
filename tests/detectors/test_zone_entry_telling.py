"""What zones and lists add to events of every type, once vessels have names."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shapely

from detectors.around import with_surroundings
from detectors.details import DETAIL_FIELDS
from detectors.events import Event
from detectors.surroundings import Surroundings
from vessels.identity import IdentityBook
from vessels.lists import ListKind, ListSource, VesselLists, read_lists
from vessels.schema import FIXES
from vessels.zones import Zone, ZoneSet, zone_set

T0 = 1_704_067_200_000_000
ONE, OTHER = 412000001, 563000002
IMO = 9074729


def book(**stated: Any) -> IdentityBook:
    """Return a book in which ONE states something."""
    row = {"mmsi": ONE, "time": T0, **stated}
    out = IdentityBook()
    out.update(pa.Table.from_pylist([row], schema=FIXES))
    return out


def event(kind: str = "encounter", severity: str = "info", **more: Any) -> Event:
    return Event(
        type=kind,
        mmsi=ONE,
        hull_id=f"{ONE}-1",
        start_us=T0,
        now_us=T0,
        lat=0.5,
        lon=170.5,
        confidence=0.9,
        severity=severity,
        **more,
    )


def lists(folder: Path, text: str, kind: ListKind) -> VesselLists:
    (folder / f"{kind}.csv").write_text(text)
    return read_lists([ListSource(kind, folder / f"{kind}.csv", kind)])


def boxes() -> ZoneSet:
    def box(name: str, east: float) -> Zone:
        return Zone(name, "eez", "own", shapely.MultiPolygon([shapely.box(170, 0, east, 1)]))

    return zone_set([box("B", 172), box("A", 173), box("far", 170.2)])


def test_every_event_tells_the_zones_of_its_start() -> None:
    zones = Surroundings(zones=boxes())
    for kind in DETAIL_FIELDS:
        if kind != "zone_entry":
            (told,) = with_surroundings([event(kind)], book(name="X"), zones)
            assert told.details["zones"] == ["A", "B"]
    (out,) = with_surroundings([event().with_(lat=5.0)], book(name="X"), zones)
    assert out.details["zones"] == []


def test_without_zones_and_lists_nothing_is_told() -> None:
    (told,) = with_surroundings([event()], book(name="X"), Surroundings())
    assert told == event()
    assert with_surroundings([], book(name="X"), Surroundings(zones=boxes())) == []


@pytest.mark.parametrize(
    ("before", "after"), [("info", "watch"), ("watch", "high"), ("high", "high")]
)
def test_an_iuu_list_raises_by_one_step(tmp_path: Path, before: str, after: str) -> None:
    around = Surroundings(lists=lists(tmp_path, f"imo\n{IMO}\n", "iuu"))
    (told,) = with_surroundings([event(severity=before)], book(imo=IMO), around)
    assert told.severity == after
    assert [(reason.code, reason.value) for reason in told.reasons] == [("listed_iuu", "iuu")]
    assert told.event_id == event().event_id
    (plain,) = with_surroundings([event(severity=before)], book(name="X"), around)
    assert (plain.severity, plain.reasons) == (before, ())
    assert (plain.details["lists"], plain.details["list_matches"]) == ([], [])


@pytest.mark.parametrize("kind", ["authorised", "interest"])
def test_other_lists_are_told_and_change_nothing(tmp_path: Path, kind: ListKind) -> None:
    around = Surroundings(lists=lists(tmp_path, f"mmsi\n{ONE}\n", kind))
    (told,) = with_surroundings([event()], book(name="X"), around)
    assert (told.severity, told.reasons) == ("info", ())
    assert told.details["lists"] == [kind]
    assert told.details["list_matches"] == [f"{ONE}: {kind} ({kind}) by MMSI"]


def test_the_other_vessel_of_a_meeting_is_looked_up_too(tmp_path: Path) -> None:
    around = Surroundings(lists=lists(tmp_path, f"mmsi\n{OTHER}\n", "iuu"))
    met = event(other_mmsi=OTHER, other_hull_id=f"{OTHER}-1")
    (told,) = with_surroundings([met], book(name="X"), around)
    assert told.severity == "watch"
    assert told.details["list_matches"] == [f"{OTHER}: iuu (iuu) by MMSI"]


@pytest.mark.parametrize(
    ("kinds", "ship_type", "severity"),
    [(["mpa"], 30, "watch"), (["eez", "mpa"], 30, "watch"), (["mpa"], 70, "info"),
     (["area"], 30, "info"), (["mpa"], None, "info")],
)  # fmt: skip
def test_a_fishing_vessel_in_a_reserve_is_to_be_watched(
    kinds: list[str], ship_type: int | None, severity: str
) -> None:
    entry = event("zone_entry", details={"zone_kinds": kinds})
    (told,) = with_surroundings([entry], book(name="X", ship_type=ship_type), Surroundings())
    assert told.severity == severity
    codes = [reason.code for reason in told.reasons]
    assert codes == (["fishing_vessel_in_mpa"] if severity == "watch" else [])
