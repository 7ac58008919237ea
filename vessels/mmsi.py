"""What a number is: its kind, its flag, an IMO number's check digit, fishing-gear beacons.

Kinds follow ITU-R M.585-9 (assignment of maritime identities) and ITU-R M.2135 (autonomous
maritime radio devices); the flag comes from the ITU Table of Maritime Identification Digits (MID),
shipped as vessels/data/mid.csv.
"""

import csv
import re
from enum import IntEnum
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray


class MmsiKind(IntEnum):
    """What a number is meant for. X is any digit, MID a country's three digits."""

    INVALID = 0  # fits no pattern below, or a MID that nobody has been given
    SHIP = 1  # MIDXXXXXX
    UNASSIGNED_MID = 2  # nine digits that begin with 2..7, but the MID is nobody's
    CRAFT_OF_PARENT = 3  # 98XXXXXXX: a boat that belongs to a ship
    SAR_AIRCRAFT = 4  # 111MIDXXX
    BASE_STATION = 5  # 00MIDXXXX: coast stations and AIS base stations
    GROUP = 6  # 0MIDXXXXX: a call to several ships
    AID = 7  # 99XXXXXXX: aids to navigation, real and virtual
    HANDHELD = 8  # 8MIDXXXXX: hand-held VHF
    DISTRESS = 9  # 970, 972, 974: search transponder, man overboard, distress beacon
    GEAR_BEACON = 10  # 979XXXXXX (autonomous devices, group B), or first digit 1 but no aircraft
    JUNK = 11  # a default or a keyboard run, shared by many transmitters


VESSEL_KINDS = frozenset({MmsiKind.SHIP, MmsiKind.UNASSIGNED_MID})
"""Kinds that detectors look at.

A number with an unassigned MID mostly is a ship with a badly programmed transponder, so it stays.
A craft of a parent ship is left out: it lies alongside its parent (no encounter) and falls silent
when it is hoisted in (no dark period).
"""

JUNK_NUMBERS = frozenset(
    {
        0,
        1_193_046,  # 0x123456, a transponder's default
        12_345_678,
        123_456_789,
        987_654_321,
        416_202_700,  # left out by Global Fishing Watch (pipe-loitering, loitering_events.sql.j2)
        *(111_111_111 * digit for digit in range(1, 10)),
    }
)
"""Numbers that many transmitters share. A number such as 416000000 is not here: it may be split."""


_OF_SHIPS = np.ones(256, bool)
_OF_SHIPS[[4, 9, 11, 21]] = False  # base station, SAR aircraft, UTC response, aid to navigation


def ship_messages(msg_type: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return whether ships send messages of each type (ITU-R M.1371-5, table 46)."""
    return _OF_SHIPS[msg_type]


@cache
def _flag_by_mid() -> NDArray[np.object_]:
    """Return ISO 3166-1 alpha-3 codes indexed by MID, None where the MID is nobody's."""
    flags = np.full(1000, None, dtype=object)
    text = (files("vessels") / "data" / "mid.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        flags[int(row["mid"])] = row["alpha3"]
    return flags


@cache
def _assigned_mids() -> NDArray[np.bool_]:
    """Return whether a MID is somebody's, indexed by MID."""
    return np.array([flag is not None for flag in _flag_by_mid()])


def _mid_of(mmsi: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the three digits where a number's MID would stand, 0 where it has no place."""
    head2, head3 = mmsi // 10_000_000, mmsi // 1_000_000
    return np.select(
        [
            (mmsi < 0) | (mmsi > 999_999_999),
            mmsi < 10_000_000,  # 00MIDXXXX
            mmsi < 100_000_000,  # 0MIDXXXXX
            head3 == 111,
            mmsi < 200_000_000,
            head2 // 10 <= 7,
            head2 // 10 == 8,
            (head2 == 98) | (head2 == 99),
        ],
        [
            0,
            mmsi // 10_000,
            mmsi // 100_000,
            mmsi // 1_000 % 1_000,
            0,
            head3,
            mmsi // 100_000 % 1_000,
            mmsi // 10_000 % 1_000,
        ],
        default=0,
    )


def kind_of(mmsi: ArrayLike) -> NDArray[np.uint8]:
    """Return the MmsiKind of each number, as uint8. A single number gives an array of no axes."""
    number = np.asarray(mmsi, dtype=np.int64)
    assigned = _assigned_mids()[_mid_of(number)]
    head1, head2, head3 = number // 100_000_000, number // 10_000_000, number // 1_000_000
    return np.select(
        [
            np.isin(number, list(JUNK_NUMBERS)),
            (number < 0) | (number > 999_999_999),
            (head1 >= 2) & (head1 <= 7) & assigned,
            (head1 >= 2) & (head1 <= 7),
            head2 == 98,
            head2 == 99,
            (head3 == 970) | (head3 == 972) | (head3 == 974),
            head3 == 979,
            (head3 == 111) & assigned,
            (head1 == 1) & (head3 != 111),
            (head1 == 8) & assigned,
            (head1 == 0) & (head2 == 0) & assigned,
            (head1 == 0) & assigned,
        ],
        [
            MmsiKind.JUNK,
            MmsiKind.INVALID,
            MmsiKind.SHIP,
            MmsiKind.UNASSIGNED_MID,
            MmsiKind.CRAFT_OF_PARENT,
            MmsiKind.AID,
            MmsiKind.DISTRESS,
            MmsiKind.GEAR_BEACON,
            MmsiKind.SAR_AIRCRAFT,
            MmsiKind.GEAR_BEACON,
            MmsiKind.HANDHELD,
            MmsiKind.BASE_STATION,
            MmsiKind.GROUP,
        ],
        default=MmsiKind.INVALID,
    ).astype(np.uint8)


def is_vessel(kind: ArrayLike) -> NDArray[np.bool_]:
    """Return whether detectors look at numbers of each kind (see VESSEL_KINDS)."""
    return np.isin(np.asarray(kind), [int(vessel) for vessel in VESSEL_KINDS])


def flags_of(mmsi: ArrayLike) -> NDArray[np.object_]:
    """Return each number's flag as ISO 3166-1 alpha-3, None where its MID tells none.

    Territories with a MID and a code of their own keep it (Faroe Islands: FRO, not DNK).
    """
    number = np.asarray(mmsi, dtype=np.int64)
    mid = np.where(kind_of(number) == MmsiKind.JUNK, 0, _mid_of(number))
    return np.asarray(_flag_by_mid()[mid], dtype=object)


def flag_of(mmsi: int) -> str | None:
    """Return one number's flag as ISO 3166-1 alpha-3, or None.

    >>> flag_of(416000000), flag_of(111111111)
    ('TWN', None)
    """
    if 200_000_000 <= mmsi < 800_000_000 and mmsi not in JUNK_NUMBERS:
        flag = _flag_by_mid()[mmsi // 1_000_000]  # a ship: spares numpy's overhead on one number
    else:
        flag = flags_of(np.array([mmsi]))[0]
    return None if flag is None else str(flag)


def imo_is_valid(imo: ArrayLike) -> NDArray[np.bool_]:
    """Return whether each IMO number has seven digits and a right check digit.

    The first six digits times 7, 6, 5, 4, 3, 2 add up to a number that ends in the seventh (IMO
    resolution A.1117(30)). 0 or a null stand-in such as -1 is not valid.

    >>> bool(imo_is_valid(9074729))
    True
    """
    number = np.asarray(imo, dtype=np.int64)
    total = np.zeros(number.shape, dtype=np.int64)
    for weight in range(2, 8):
        total += number // 10 ** (weight - 1) % 10 * weight
    return (number >= 1_000_000) & (number <= 9_999_999) & (total % 10 == number % 10)


# A battery level or voltage at the end, or the plain word for what it is and a number.
_GEAR_NAMES = re.compile(
    r"""
    (?: .* (?: ^ | [^0-9.] ) (?: 100 | [0-9]{1,2} ) \s? % )                # NET 85%, 123-96%
    | (?: (?: .* [^0-9.] )? [0-9]{1,2} \. [0-9]{1,2} \s? V )              # 12345-11.8V, 12.3V
    | (?: (?: (?: FISH(?:ING)? | GILL | DRIFT | LONG\s?LINE ) \s? )?
          (?: NET\s?MARK(?:ER)? | NET\s?BUOY | NET | BUOY | GEAR )
          [\s#_.-]* (?: NO [\s.]* )? [0-9]+ )                             # BUOY-7, GILLNET NO 3
    | (?: (?: FISH(?:ING)? | GILL | DRIFT | LONG\s?LINE ) \s? (?: NET | GEAR | BUOY ) S? )
    | (?: NET \s? (?: MARK(?:ER)? | BUOY ) S? )                            # FISHING GEAR, NETMARK
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def is_gear_beacon(mmsi: int, name: str | None) -> bool:
    """Return whether a transmitter marks fishing gear: by its number, or by its name.

    Beacons on nets and lines send as class B ships, often under ship-like numbers, with a name
    that tells the battery. Only names that are a battery level, or nothing but a net or buoy word
    with a number, count; a ship's name that merely holds such a word does not.

    >>> is_gear_beacon(412000123, "NET 85%"), is_gear_beacon(366000123, "NET WORTH")
    (True, False)
    """
    ship_like = 200_000_000 <= mmsi < 800_000_000
    if not ship_like and int(kind_of(mmsi)) == MmsiKind.GEAR_BEACON:
        return True
    return is_gear_name(name)


def is_gear_name(name: str | None) -> bool:
    """Return whether a name is one of fishing gear, whatever its number; see `is_gear_beacon`."""
    return name is not None and _GEAR_NAMES.fullmatch(name.strip()) is not None
