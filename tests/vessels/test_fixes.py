"""Fixes in house order: a total order, whatever order they came in, and each fix once."""

import numpy as np
import pytest

from vessels.fixes import COLUMNS, Fixes, sort_fixes


def _fixes(mmsi: list[int], time_us: list[int]) -> Fixes:
    count = len(mmsi)
    single = np.full(count, np.nan, np.float32)
    codes = np.zeros(count, np.uint8)
    return Fixes(
        np.array(mmsi, np.int32),
        np.array(time_us, np.int64),
        np.arange(count) % 7 / 10.0,
        np.zeros(count),
        *(single, single, single),
        *(codes, codes, codes, codes),
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("vessels", [1, 3, 5_000])
def test_house_order_is_that_of_every_column(seed: int, vessels: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 4_000))
    mmsi = rng.integers(1, 999_999_999, vessels)[rng.integers(0, vessels, count)]
    time_us = rng.integers(0, 1 << 40, count)
    if seed % 2:  # as archives have it, with some rows late and many at one time
        time_us = np.sort(time_us // (1 << 34)) - rng.integers(0, 2, count)
    fixes = _fixes(mmsi.tolist(), time_us.tolist())
    ordered, repeated = sort_fixes(fixes)
    columns = [getattr(fixes, name) for name in COLUMNS]
    told = ("mmsi", "time_us", "lat_deg")  # what differs between these fixes
    distinct = np.unique(np.stack([getattr(fixes, name) for name in told]), axis=1)
    found = np.stack([getattr(ordered, name) for name in told])
    assert np.array_equal(found, distinct)
    assert len(ordered) + repeated == len(fixes)
    assert [column.dtype for column in columns] == [getattr(ordered, n).dtype for n in COLUMNS]


def test_numbers_whose_times_fall_are_sorted_and_no_other_is_touched() -> None:
    ordered, _ = sort_fixes(_fixes([2, 1, 2, 1, 2], [9, 3, 8, 4, 7]))
    assert ordered.mmsi.tolist() == [1, 1, 2, 2, 2]
    assert ordered.time_us.tolist() == [3, 4, 7, 8, 9]
