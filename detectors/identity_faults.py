"""Numbers that cannot be what they are stated as: of no country, or with a wrong check digit.

An IMO number has seven digits, of which the last is a check digit.

What is no number of seven digits from 5000000 on is left alone: ships' numbers were given out from
there, and the field often holds a national register's number instead (of 58 wrong ones in a day of
MarineCadastre, 45 are seven-digit official numbers of the United States, from 1000000 on), an MMSI
or nothing. A wrong check digit is a slip of the keyboard more often than deceit, so this is
information; but it is why such a number matches no list.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from detectors.events import Event, Reason
from vessels.fixes import Array
from vessels.identity import IdentityBook
from vessels.mmsi import MmsiKind, imo_is_valid, kind_of

_FIRST_IMO, _LAST_IMO = 5_000_000, 9_999_999


@dataclass(frozen=True, slots=True)
class WrongImo:
    """A number stated an IMO number that is none, first at `time_us`."""

    mmsi: int
    imo: int
    time_us: int


def doubts_about(mmsi: Array, imo: Array) -> pa.ListArray:
    """Return for each vessel `mid_unassigned`, `imo_invalid`, both or neither.

    Args:
        mmsi: numbers.
        imo: IMO numbers as stated, equally many; -1 where none was.

    >>> doubts_about(np.array([299000001]), np.array([9074728])).to_pylist()
    [['mid_unassigned', 'imo_invalid']]
    """
    doubtful = np.stack([kind_of(mmsi) == MmsiKind.UNASSIGNED_MID, is_wrong_imo(imo)], axis=1)
    offsets = np.append(0, np.cumsum(doubtful.sum(axis=1)))
    words = np.broadcast_to(np.array(["mid_unassigned", "imo_invalid"]), doubtful.shape)
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(words[doubtful], pa.string())
    )


def is_wrong_imo(imo: Array) -> Array:
    """Tell which numbers are in the range of IMO numbers and have a wrong check digit."""
    return (imo >= _FIRST_IMO) & (imo <= _LAST_IMO) & ~imo_is_valid(imo)


def wrong_imo_numbers(book: IdentityBook, min_reports: int) -> list[WrongImo]:
    """Return each wrong IMO number that was stated `min_reports` times or more."""
    out: list[WrongImo] = []
    stated = book.stated("imo")
    wrong = is_wrong_imo(np.array([imo for _, imo in stated], "i8"))
    for mmsi, imo in (stated[i] for i in np.flatnonzero(wrong).tolist()):
        held = [one for one in book.intervals_of(mmsi, "imo") if one.value == imo]
        reports = sum(one.reports for one in held)
        if reports >= min_reports:
            out.append(WrongImo(mmsi, imo, min(one.first_us for one in held)))
    return out


def wrong_imo_event(fault: WrongImo, place: tuple[str, float, float], min_reports: int) -> Event:
    """Return the identity conflict; `place` is hull_id, lat and lon heard last before it.

    It tells how often the number was stated at least: a message that was sent again and slipped
    through the readers raises the true count, and an event must not depend on that.
    """
    hull, lat, lon = place
    return Event(
        type="identity_conflict",
        mmsi=fault.mmsi,
        hull_id=hull,
        start_us=fault.time_us,
        end_us=fault.time_us,
        now_us=fault.time_us,
        lat=lat,
        lon=lon,
        confidence=1.0,
        severity="info",
        reasons=(
            Reason("imo_check_digit", str(fault.imo), None, ""),
            Reason("stated", min_reports, min_reports, "messages"),
        ),
        details={"kind": "imo_invalid", "attribute": "imo", "new": str(fault.imo)},
        path=((lon, lat),),
    )
