"""Numbers: kinds, flags, IMO check digits, gear beacons."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vessels.mmsi import (
    JUNK_NUMBERS,
    MmsiKind,
    flag_of,
    flags_of,
    imo_is_valid,
    is_gear_beacon,
    is_vessel,
    kind_of,
)


@pytest.mark.parametrize(
    ("mmsi", "kind"),
    [
        (366_000_001, MmsiKind.SHIP),
        (416_000_000, MmsiKind.SHIP),
        (775_999_999, MmsiKind.SHIP),
        (222_000_111, MmsiKind.UNASSIGNED_MID),
        (799_999_998, MmsiKind.UNASSIGNED_MID),
        (982_320_012, MmsiKind.CRAFT_OF_PARENT),
        (111_232_506, MmsiKind.SAR_AIRCRAFT),
        (111_999_506, MmsiKind.INVALID),
        (2_190_012, MmsiKind.BASE_STATION),
        (9_990_012, MmsiKind.INVALID),
        (23_200_001, MmsiKind.GROUP),
        (993_672_001, MmsiKind.AID),
        (823_200_001, MmsiKind.HANDHELD),
        (800_000_001, MmsiKind.INVALID),
        (970_111_222, MmsiKind.DISTRESS),
        (972_111_222, MmsiKind.DISTRESS),
        (974_111_222, MmsiKind.DISTRESS),
        (979_123_456, MmsiKind.GEAR_BEACON),
        (123_000_111, MmsiKind.GEAR_BEACON),
        (960_000_000, MmsiKind.INVALID),
        (123_456_789, MmsiKind.JUNK),
        (111_111_111, MmsiKind.JUNK),
        (888_888_888, MmsiKind.JUNK),
        (999_999_999, MmsiKind.JUNK),
        (416_202_700, MmsiKind.JUNK),
        (1_193_046, MmsiKind.JUNK),
        (0, MmsiKind.JUNK),
        (54_321, MmsiKind.INVALID),
        (-1, MmsiKind.INVALID),
        (1_000_000_000, MmsiKind.INVALID),
    ],
)
def test_a_number_has_the_kind_that_the_itu_gave_its_pattern(mmsi: int, kind: MmsiKind) -> None:
    assert MmsiKind(int(kind_of(mmsi))) is kind


def test_only_ships_are_vessels_even_with_an_unassigned_mid() -> None:
    vessels = {kind for kind in MmsiKind if is_vessel(kind)}
    assert vessels == {MmsiKind.SHIP, MmsiKind.UNASSIGNED_MID}


@settings(deadline=None)  # the first example reads the table
@given(st.integers(-10, 2**31 - 1))
def test_every_number_has_a_kind_and_vessels_begin_with_2_to_7(mmsi: int) -> None:
    kind = MmsiKind(int(kind_of(mmsi)))
    if is_vessel(kind):
        assert 2 <= mmsi // 100_000_000 <= 7
    if mmsi in JUNK_NUMBERS:
        assert kind is MmsiKind.JUNK
    assert flag_of(mmsi) == flags_of([mmsi])[0]


def test_kinds_are_vectorised_bytes() -> None:
    kinds = kind_of(np.array([[366_000_001, 2_190_012]], np.int32))
    assert kinds.dtype == np.uint8
    assert kinds.tolist() == [[MmsiKind.SHIP, MmsiKind.BASE_STATION]]


@pytest.mark.parametrize(
    ("mmsi", "flag"),
    [
        (416_000_123, "TWN"),
        (553_111_000, "PNG"),
        (231_000_001, "FRO"),
        (374_000_001, "PAN"),
        (2_190_012, "DNK"),
        (23_200_001, "GBR"),
        (111_232_506, "GBR"),
        (992_570_001, "NOR"),
        (982_320_012, "GBR"),
        (823_200_001, "GBR"),
        (222_000_111, None),
        (970_111_222, None),
        (979_412_222, None),
        (123_456_789, None),
        (416_202_700, None),
        (0, None),
        (-5, None),
    ],
)
def test_the_flag_is_that_of_the_mid_wherever_it_stands(mmsi: int, flag: str | None) -> None:
    assert flag_of(mmsi) == flag


@pytest.mark.parametrize("imo", [9_074_729, 9_176_187, 8_814_275])
def test_an_imo_number_with_a_wrong_digit_is_not_valid(imo: int) -> None:
    assert imo_is_valid(imo)
    assert not any(imo_is_valid(imo + step) for step in range(1, 10 - imo % 10))


def test_numbers_that_are_no_imo_numbers_are_not_valid() -> None:
    assert not imo_is_valid([0, -1, 907_472, 90_747_290, 9_999_999]).any()


@pytest.mark.parametrize(
    "name",
    ["NET 85%", "BUOY-12 90%", "123-96%", "12345 78%", "NETMARK 3", "BUOY-12", "12345-11.8V"],
)
def test_a_battery_or_a_numbered_net_is_a_gear_beacon(name: str) -> None:
    assert is_gear_beacon(412_000_123, name)


@pytest.mark.parametrize(
    "name",
    [
        *("GEAR 3", "gear#12", "FISHING GEAR 7", "FISHING GEAR", "FISH NETS"),
        *("12.3V", "GUANG 7-12.3V", "NET_1", "NET NO.3", "GILLNET 4", "LONGLINE BUOY", "NETMARK"),
    ],
)
def test_gear_told_as_gear_is_a_beacon(name: str) -> None:
    assert is_gear_beacon(412_000_123, name)


@pytest.mark.parametrize(
    "name",
    [
        "NET WORTH",
        "GEAR UP",
        "GEAR",
        "FISHING GEAR KING",
        "TOP GEAR 3",
        "100% PURE",
        "BUOY TENDER 3",
        "DELTA 230%",
        "LIFEBUOY",
        "",
        "%",
        None,
    ],
)
def test_a_ship_with_such_a_word_in_its_name_is_no_gear_beacon(name: str | None) -> None:
    assert not is_gear_beacon(412_000_123, name)


def test_a_number_that_no_ship_can_have_is_a_gear_beacon_whatever_its_name() -> None:
    assert is_gear_beacon(123_000_111, "OCEAN STAR")
    assert is_gear_beacon(979_123_456, None)
    assert not is_gear_beacon(970_123_456, None)


@pytest.mark.real_data
def test_every_mid_of_the_reference_table_has_its_flag(shared_data: Path) -> None:
    path = shared_data / "reference" / "mid_country.csv"
    with path.open(encoding="utf-8") as file:
        countries = {int(row["prefix"]): row["country"] for row in csv.DictReader(file)}
    flags = flags_of(np.arange(1000) * 1_000_000)
    assert len(countries) > 280
    assert [mid for mid in countries if flags[mid] is None] == []
    ours = {mid for mid in range(200, 800) if flags[mid] is not None}
    assert ours - set(countries) == {374, 471, 550}  # Panama, Emirates, Timor-Leste: newer
    by_flag: dict[str, set[str]] = {}
    for mid, country in countries.items():
        by_flag.setdefault(flags[mid], set()).add(country.split(" - ")[-1].split(" (")[0])
    assert {flag: names for flag, names in by_flag.items() if len(names) > 1} == {}
