"""vessels.parquet names what is doubtful about a number, whether or not it is told as a finding."""

import pytest

from darkwake.vessel_table import vessel_table
from detectors import vessel_stage
from detectors.identity_faults import doubts_about
from detectors.parameters import Parameters
from tests.darkwake.test_replay import as_table
from tests.detectors.scene import T0_US, every, ship
from vessels.fixes import concat_fixes
from vessels.identity import IdentityBook

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
    assert doubts_about(mmsi, imo) == doubts
