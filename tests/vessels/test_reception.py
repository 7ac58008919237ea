"""Reception: what counts as present and heard, and how cells with little evidence borrow."""

import numpy as np
import pytest

from vessels.fixes import CLASS_CODES, RECEIVER_CODES, Fixes
from vessels.reception import (
    BASES,
    PER_DAY,
    RECEPTION,
    around,
    by_cell,
    count_reception,
    digest,
    learn,
    merge_reception,
    since_day,
    to_dataset,
)

DAY = 18_000
DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
KEY = 416000001 << 16 | 1


def track(hours, *, knots=8.0, lat=10.2, lon=20.2, ais_class="A", receiver="satellite"):
    """Return a hull's keys and fixes, going north from a place."""
    hours = np.asarray(hours, "f8")
    n = len(hours)
    missing = np.full(n, np.nan, "f4")
    fixes = Fixes(
        np.full(n, 416000001, "i4"),
        (DAY * DAY_US + np.round(hours * HOUR_US)).astype("i8"),
        lat + hours * knots / 60.0,
        np.full(n, lon),
        *(missing, missing, missing),
        np.full(n, 255, "u1"),
        np.ones(n, "u1"),
        np.full(n, CLASS_CODES.get(ais_class, 0), "u1"),
        np.full(n, RECEIVER_CODES.get(receiver, 0), "u1"),
    )
    return np.full(n, KEY), fixes


def counted(hours, gap_h=10.0, cut=0, **kwargs):
    """Return the rows of a track; rows before `cut` were folded earlier, with their own window."""
    key, fixes = track(hours, **kwargs)
    ordinal = np.arange(len(key))
    return count_reception(key, fixes, ordinal, ordinal >= cut, int(gap_h * HOUR_US))


def total(rows, name="present"):
    return int(rows[name].sum())


def test_an_hour_is_present_between_two_fixes_and_heard_where_it_holds_one():
    rows = counted([0.1, 0.2, 0.9, 1.5, 4.5])
    assert total(rows) == 3  # 1-2, 2-3, 3-4; the hull was not known at 0
    assert total(rows, "heard") == 1
    assert total(rows, "messages") == 1
    assert total(rows, "satellite") == 1
    assert total(rows, "terrestrial") == 0


def test_messages_are_counted_by_receiver():
    rows = counted(np.arange(0, 5, 0.25), receiver="terrestrial")
    assert total(rows) == total(rows, "heard") == total(rows, "terrestrial") == 4
    assert total(rows, "messages") == 16
    assert total(rows, "messages_satellite") == 0


def test_the_first_two_fixes_of_a_hull_prove_nothing():
    """They are held back until a third comes, however late: counting them would come too late."""
    assert total(counted([0.5, 3.5])) == 0
    assert total(counted([0.5, 3.5, 3.6])) == 0
    assert total(counted([0.5, 0.6, 3.5])) == 2


@pytest.mark.parametrize(
    ("silent_h", "limit_h", "present"),
    [(9.999, 12.0, 11), (10.0, 12.0, 12), (10.001, 12.0, 2), (8.0, 8.0, 10), (8.001, 8.0, 2)],
)
def test_a_long_step_is_no_presence(silent_h, limit_h, present):
    """Neither longer than ten hours nor than the limit given: dark periods lower no cell."""
    hours = np.append(np.arange(0, 2.01, 0.5), 2.0 + silent_h)
    assert total(counted(hours, gap_h=limit_h)) == present


@pytest.mark.parametrize(
    ("ais_class", "knots", "present"),
    [
        ("A", 0.48, 0),
        ("A", 0.52, 1),
        ("A", 13.9, 1),
        ("A", 14.1, 0),
        ("", 0.48, 0),
        ("", 13.9, 1),
        ("", 14.1, 0),
        ("B", 1.9, 0),
        ("B", 2.1, 1),
        ("B", 29.9, 1),
        ("B", 30.1, 0),
    ],
)
def test_only_steady_speeds_count(ais_class, knots, present):
    rows = counted([0.5, 1.5, 2.5, 3.5], knots=knots, ais_class=ais_class)
    assert bool(total(rows)) == bool(present)


@pytest.mark.parametrize("seed", range(8))
def test_counts_are_the_same_however_the_fixes_are_cut(seed):
    rng = np.random.default_rng(seed)
    hours = np.sort(np.cumsum(rng.choice([0.02, 0.3, 1.0, 4.0, 9.0, 11.0], 60)))
    whole = counted(hours)
    assert total(whole) > 20
    parts, done = [], 0
    key, fixes = track(hours)
    for end in [*np.sort(rng.integers(1, 60, 7)).tolist(), 60]:
        # A step sees its own rows and those of the 12 hours before the last one of the past.
        first = np.searchsorted(hours, hours[done - 1] - 12.0) if done else 0
        rows = slice(int(first), end)
        ordinal = np.arange(len(hours))[rows]
        parts.append(
            count_reception(key[rows], fixes.take(rows), ordinal, ordinal >= done, 10 * HOUR_US)
        )
        done = end
    assert digest(merge_reception(parts)) == digest(whole)


def test_rows_know_cell_block_class_and_day():
    rows = counted(np.arange(22.0, 26.01, 0.5), knots=1.0)
    days = rows["key"] // PER_DAY
    assert set(days.tolist()) == {DAY, DAY + 1}
    assert rows["present"][days == DAY].sum() == 2  # 23-24 belongs to the day that it lies in
    cell, present, heard = by_cell(rows)
    assert cell.tolist() == [(10 + 90) * 360 + 200]
    assert present.sum() == heard.sum() == 4
    assert len(since_day(rows, DAY + 1)) == 1


def test_180_degrees_is_no_edge():
    key, fixes = track(np.arange(0, 6, 0.5))
    fixes.lon_deg = 179.9 + (fixes.time_us - fixes.time_us[0]) / HOUR_US * 0.05
    fixes.lon_deg = (fixes.lon_deg + 180.0) % 360.0 - 180.0
    rows = count_reception(key, fixes, np.arange(12), np.ones(12, bool), 10 * HOUR_US)
    assert {int(c) % 360 for c in by_cell(rows)[0]} == {359, 0}


def rows_of(cells, day=DAY, present=48, heard=24, satellite=0):
    """Return rows of class A in block 0 at (lat, lon) cells."""
    out = np.zeros(len(cells), RECEPTION)
    place = [((int(lat) + 90) * 360 + int(lon) + 180) * 24 + 1 for lat, lon in cells]
    out["key"] = day * PER_DAY + np.array(place)
    out["present"], out["heard"], out["messages_satellite"] = present, heard, satellite
    return out[np.argsort(out["key"])]


def at(known, lat, lon, ais_class=1, hour=None):
    hours = None if hour is None else np.array([hour])
    value, basis = known.at(np.array([lat]), np.array([lon]), np.array([ais_class]), hours)
    return float(value[0]), BASES[int(basis[0])]


@pytest.mark.parametrize(("ahead", "found"), [(1, 0), (2, 1), (30, 1), (31, 0)])
def test_a_day_is_judged_by_the_days_30_to_2_before_it(ahead, found):
    known = learn(rows_of([(10, 20)]), DAY + ahead)
    assert len(known.places) == found


def test_a_cell_of_its_own_leans_on_its_hours_and_one_without_on_its_ring():
    good, bad = rows_of([(10, 20)], present=480, heard=480), rows_of([(40, 20)], 0, 480, 0)
    bad["key"] += DAY * PER_DAY
    known = learn(merge_reception([good, bad]), DAY + 2)
    value, basis = at(known, 10.5, 20.5)
    assert basis == "own"
    assert value > 0.97
    value, basis = at(known, 11.5, 21.5)
    assert basis == "borrowed"
    assert value == pytest.approx(0.976, abs=1e-3)  # 480 of 480, and 24 at the feed's half
    assert at(known, 40.5, 20.5)[0] < 0.03
    value, basis = at(known, 60.0, 20.5)
    assert basis == "none"
    assert np.isnan(value)


@pytest.mark.parametrize(("hours", "basis"), [(23, "none"), (24, "own")])
def test_a_ships_day_is_the_least_evidence(hours, basis):
    assert at(learn(rows_of([(10, 20)], present=hours), DAY + 2), 10.5, 20.5)[1] == basis


def test_the_ring_goes_over_180_degrees_and_ends_at_the_pole():
    known = learn(rows_of([(10, -180), (89, 5)], present=100), DAY + 2)
    assert at(known, 10.5, 179.5)[1] == "borrowed"
    assert at(known, 89.5, 6.5)[1] == "borrowed"
    assert at(known, -89.5, 5.5)[1] == "none"


def test_a_block_of_the_day_has_its_own_reception():
    rows = rows_of([(10, 20)], present=240, heard=240)
    night = rows.copy()
    night["key"] += 3  # the next block, 3 to 6 h
    night["heard"] = 0
    known = learn(merge_reception([rows, night]), DAY + 2)
    assert at(known, 10.5, 20.5, hour=1)[0] > 0.9
    assert at(known, 10.5, 20.5, hour=4)[0] < 0.1
    assert 0.4 < at(known, 10.5, 20.5, hour=12)[0] < 0.6
    assert at(known, 10.5, 20.5)[0] == pytest.approx(0.5)


def test_classes_are_not_mixed():
    known = learn(rows_of([(10, 20)]), DAY + 2)
    assert at(known, 10.5, 20.5, ais_class=2)[1] == "none"


def test_welchs_reception_is_positions_by_satellite_per_vessel_day():
    rows = rows_of([(10, 20)], present=480, satellite=480)
    known = learn(rows, DAY + 2)
    place = np.array([10.5]), np.array([20.5]), np.array([1])
    assert known.satellite_per_day(*place)[0] == pytest.approx(24.0)
    rows["messages_satellite"] = 0
    assert np.isnan(learn(rows, DAY + 2).satellite_per_day(*place)[0])


def test_the_dataset_holds_the_counts_and_comes_back_from_a_file(tmp_path):
    import xarray as xr

    rows = merge_reception([counted(np.arange(0, 60, 0.5)), rows_of([(-40, 170)])])
    to_dataset(rows).to_netcdf(tmp_path / "r.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "r.nc", engine="scipy") as found:
        assert int(found.present_hours.sum()) == total(rows)
        assert int(found.heard_hours.sel(receiver="any").sum()) == total(rows, "heard")
        assert found.attrs["sha256"] == digest(rows)
        assert found.attrs["first_day"] == "2019-04-14"
        here = found.where(found.lat == -39.5, drop=True)
        assert float(here.lon[0]) == 170.5
        assert float(here.reception.sel(ais_class="A")[0]) == pytest.approx(0.6, abs=0.1)
        grid = found.set_index(cell=["lat", "lon"]).unstack("cell")
        assert float(grid.basis.max()) == 2.0


def test_a_dataset_of_nothing_is_written_too(tmp_path):
    to_dataset(np.empty(0, RECEPTION)).to_netcdf(tmp_path / "r.nc", engine="scipy")
    assert (tmp_path / "r.nc").stat().st_size > 100


def test_priors_weigh_what_is_said_of_them():
    """A cell's ring is worth 24 vessel-hours against its own, all its hours 12 against a block."""
    own = rows_of([(10, 20)], present=24, heard=0)
    ring = rows_of([(11, 20)], present=2400, heard=2400)
    known = learn(merge_reception([own, ring]), DAY + 2)
    feed = 2400 / 2424
    near = (2400 + 24 * feed) / 2424
    cell = 24 * near / 48
    assert at(known, 10.5, 20.5)[0] == pytest.approx(cell)
    assert at(known, 10.5, 20.5, hour=1)[0] == pytest.approx(12 * cell / 36)
    assert at(known, 10.5, 20.5, hour=22)[0] == pytest.approx(cell)


def test_counts_around_some_points_tell_the_same_there_in_fewer_rows():
    rng = np.random.default_rng(3)
    rows = np.zeros(4000, RECEPTION)
    cells = rng.integers(0, 180 * 360, len(rows))
    rows["key"] = ((DAY - rng.integers(2, 31, len(rows))) * 180 * 360 + cells) * 24 + rng.integers(
        0, 24, len(rows)
    )
    for name in RECEPTION.names[1:]:
        rows[name] = rng.integers(0, 50, len(rows))
    rows = merge_reception([rows, rows[:1]])
    lat, lon = rng.uniform(-90, 90, 40), rng.uniform(-180, 180, 40)
    ais_class, hour = rng.integers(0, 3, 40), rng.integers(0, 24, 40)
    few = around(rows, lat, lon)
    assert len(few) < len(rows) // 4
    all_of_them, some = learn(rows, DAY), learn(few, DAY)
    for told, again in zip(
        all_of_them.at(lat, lon, ais_class, hour), some.at(lat, lon, ais_class, hour), strict=True
    ):
        assert np.array_equal(told, again, equal_nan=True)
    assert np.array_equal(
        all_of_them.satellite_per_day(lat, lon, ais_class),
        some.satellite_per_day(lat, lon, ais_class),
        equal_nan=True,
    )
    assert len(around(rows[:0], lat, lon)) == 0
