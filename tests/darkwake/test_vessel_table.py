"""vessels.parquet names what is doubtful about a number, whether or not it is told as a finding."""

import numpy as np
import pytest

from darkwake.vessel_table import vessel_table
from detectors import vessel_stage
from detectors.identity_faults import doubts_about
from detectors.parameters import Parameters
from tests.darkwake.test_replay import as_table
from tests.detectors.scene import T0_US, every, ship
from vessels.fixes import concat_fixes, sort_fixes
from vessels.identity import IdentityBook
from vessels.mmsi import flag_of

NOBODY, SOMEBODY = 200_000_010, 416_000_010


def test_doubts_stand_beside_the_number() -> None:
    fixes = concat_fixes([ship(mmsi, every(10, 0, 5)) for mmsi in (NOBODY, SOMEBODY)])
    book = IdentityBook()
    book.update(as_table({"mmsi": [SOMEBODY], "time": [T0_US], "imo": [9_074_728]}))
    state, _ = vessel_stage.step(
        vessel_stage.new_state(), fixes, int(fixes.time_us.max()), Parameters()
    )
    rows = {row["mmsi"]: row["doubts"] for row in vessel_table([state], book).to_pylist()}
    assert rows == {NOBODY: ["mid_unassigned"], SOMEBODY: ["imo_invalid"]}


@pytest.mark.parametrize(
    ("mmsi", "imo", "doubts"),
    [
        (SOMEBODY, None, []),
        (SOMEBODY, 9_074_729, []),
        (SOMEBODY, 4_999_999, []),  # a national register's number
        (SOMEBODY, 5_000_001, ["imo_invalid"]),
        (SOMEBODY, 9_999_998, ["imo_invalid"]),
        (SOMEBODY, 10_000_000, []),
    ],
)
def test_the_range_of_numbers_that_are_judged(
    mmsi: int, imo: int | None, doubts: list[str]
) -> None:
    stated = np.array([-1 if imo is None else imo])
    assert doubts_about(np.array([mmsi]), stated).to_pylist() == [doubts]


def test_each_row_is_what_the_book_tells_of_the_number() -> None:
    numbers = (NOBODY, SOMEBODY, 412_000_010, 987_000_010)
    fixes, _ = sort_fixes(concat_fixes([ship(mmsi, every(10, 0, 5)) for mmsi in numbers]))
    book = IdentityBook()
    book.update(
        as_table(
            {
                "mmsi": [SOMEBODY, SOMEBODY, 412_000_010],
                "time": [T0_US, T0_US + 1, T0_US],
                "name": ["ALPHA", "BETA", "NET 85%"],
                "ship_type": [30, None, 0],
                "length_m": [None, 12.5, None],
            }
        )
    )
    state, _ = vessel_stage.step(
        vessel_stage.new_state(), fixes, int(fixes.time_us.max()), Parameters()
    )
    rows = vessel_table([state], book).to_pylist()
    assert [row["mmsi"] for row in rows] == sorted(numbers[:3])
    assert [row["kind"] for row in rows] == ["unassigned_mid", "gear_beacon", "ship"]
    for row in rows:
        who = book.at(row["mmsi"], int(row["last_time"].timestamp() * 1e6))
        for name in ("name", "callsign", "imo", "ship_type", "length_m"):
            assert row[name] == getattr(who, name)
        assert row["flag"] == flag_of(row["mmsi"])
        assert row["hull_id"] == f"{row['mmsi']}-1"
