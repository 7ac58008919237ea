"""Outages of a feed: found once, whatever the stretches, and never made up."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.liveness import follow_feed, new_state, outages_until, overlap_us, telling

MIN_US = 60_000_000


def follow(mmsi, minutes, cuts=(), silence_min=60.0, min_numbers=5):
    """Fold fixes in order of time, cut into stretches at some minutes."""
    order = np.argsort(minutes, kind="stable")
    mmsi, minutes = np.asarray(mmsi)[order], np.asarray(minutes)[order]
    state = new_state()
    edges = [-1, *cuts, 10**9]
    for first, last in pairwise(edges):
        part = (minutes > first) & (minutes <= last)
        state = follow_feed(
            state, mmsi[part].astype("i4"), minutes[part] * MIN_US, silence_min, min_numbers
        )
    return state


def fleet(size, until, silent=(0, 0)):
    """Return MMSIs and minutes of a fleet heard every seven minutes but for one silence."""
    at = np.arange(0, until, 7)
    at = at[(at <= silent[0]) | (at >= silent[1])]
    return np.repeat(np.arange(size), len(at)), np.tile(at, size)


@pytest.mark.parametrize("cuts", [(), (100,), (70, 140, 210, 300)])
def test_an_outage_is_found_once_however_the_time_is_cut(cuts):
    state = follow(*fleet(6, 1000, silent=(210, 420)), cuts)
    assert state["outages"].tolist() == [[210 * MIN_US, 420 * MIN_US]]


@pytest.mark.parametrize("cuts", [(), (350,), (200, 350, 420)])
def test_one_vessel_that_stops_is_no_outage(cuts):
    """Its last fix lies hours before all others' last, and must not bound a gap."""
    mmsi, minutes = fleet(6, 1000)
    heard = (mmsi != 0) | (minutes <= 150)
    heard &= (mmsi != 1) | (minutes <= 290)
    assert len(follow(mmsi[heard], minutes[heard], cuts)["outages"]) == 0


def test_few_numbers_are_no_proof():
    assert len(follow(*fleet(4, 1000, silent=(210, 420)))["outages"]) == 0


def test_a_short_silence_is_no_outage():
    assert len(follow(*fleet(6, 1000, silent=(210, 266)))["outages"]) == 0


def lulled(*minutes, size=6):
    """Return MMSIs and times, in minutes, of ships that are all heard at these times."""
    at = np.concatenate([np.atleast_1d(part) for part in minutes])
    return np.repeat(np.arange(size), len(at)), np.tile(at, size)


HOURLY = np.arange(0, 1440, 60)


@pytest.mark.parametrize("cuts", [(), (800, 1400)])
@pytest.mark.parametrize(("lull", "outages"), [(178, 0), (182, 1)])
def test_an_outage_is_three_times_the_usual_lull(lull, outages, cuts):
    state = follow(*lulled(HOURLY, 1380 + lull), cuts)
    assert len(state["outages"]) == outages


@pytest.mark.parametrize(("longer", "outages"), [(2, 1), (3, 0)])
def test_the_usual_lull_is_the_third_longest(longer, outages):
    often = np.arange(0, 1000, 10)
    longest = 990 + np.cumsum([25] * longer + [10])
    state = follow(*lulled(often, longest, longest[-1] + 70))
    assert len(state["outages"]) == outages


@pytest.mark.parametrize(("ago", "outages"), [(1439 - 100, 0), (1442, 1)])
def test_the_usual_lull_is_that_of_a_day(ago, outages):
    often = np.arange(100, 100 + ago, 10)
    state = follow(*lulled([0, 30, 60, 90, 100], often, often[-1] + 70))
    assert len(state["outages"]) == outages


@pytest.mark.parametrize(("count", "outages"), [(9, 0), (10, 1)])
def test_ten_minutes_in_which_anybody_was_heard_tell_how_often_it_brings_any(count, outages):
    state = follow(*lulled(np.arange(count), 200))
    assert len(state["outages"]) == outages


@pytest.mark.parametrize(("ago", "outages"), [(58, 1), (62, 0)])
def test_numbers_count_that_were_heard_within_such_a_time(ago, outages):
    mmsi, minutes = lulled(np.arange(0, 601, 10), size=4)
    mmsi, minutes = np.append(mmsi, 9), np.append(minutes, 600 - ago)
    later = np.append(mmsi, 0), np.append(minutes, 700)
    assert len(follow(*later)["outages"]) == outages


@pytest.mark.parametrize(("ago", "outages"), [(355, 1), (365, 0)])
def test_but_six_hours_at_most(ago, outages):
    at = np.arange(0, 1400, 130)  # three times 130 minutes are more than six hours
    mmsi, minutes = lulled(at, size=4)
    mmsi, minutes = np.append(mmsi, 9), np.append(minutes, at[-1] - ago)
    for extra in (ago + 1, ago + 2):  # the fifth adds a minute of its own, so there are eleven
        mmsi, minutes = np.append(mmsi, 0), np.append(minutes, at[-1] - extra)
    later = np.append(mmsi, 0), np.append(minutes, at[-1] + 450)
    assert len(follow(*later)["outages"]) == outages


def test_an_outage_that_is_still_on_counts_until_now():
    state = follow(*fleet(6, 500))
    assert outages_until(state, 540 * MIN_US, 60.0, 5).tolist() == []
    assert outages_until(state, 700 * MIN_US, 60.0, 5).tolist() == [[497 * MIN_US, 700 * MIN_US]]


def test_overlap_is_summed_over_outages():
    outages = np.array([[10, 20], [30, 50]])
    assert overlap_us(outages, np.array([0, 15, 60]), np.array([100, 35, 70])).tolist() == [
        30,
        10,
        0,
    ]


@given(
    fixes=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 1500)), min_size=1, max_size=120),
    cuts=st.lists(st.integers(0, 1500), max_size=4, unique=True).map(sorted),
    parts=st.integers(1, 4),
)
def test_what_telling_keeps_of_any_parts_is_all_that_the_feed_asks(fixes, cuts, parts):
    mmsi, half_minutes = np.array(fixes).T
    time_us = half_minutes * (MIN_US // 2)
    whole, thinned = new_state(), new_state()
    for first, last in pairwise([-1, *(cut * MIN_US // 2 for cut in cuts), 10**12]):
        here = (time_us > first) & (time_us <= last)
        whole = follow_feed(whole, mmsi[here].astype("i4"), time_us[here], 60.0, 3)
        kept = [_telling_of(mmsi, time_us, here & (mmsi % parts == part)) for part in range(parts)]
        rows = np.concatenate(kept)
        thinned = follow_feed(thinned, rows["mmsi"], rows["time_us"], 60.0, 3)
    for name, column in whole.items():
        assert column.tolist() == thinned[name].tolist()


def _telling_of(mmsi, time_us, rows):
    order = np.lexsort((time_us[rows], mmsi[rows]))
    return telling(mmsi[rows][order].astype("i4"), time_us[rows][order], 60.0)


def test_telling_thins_what_is_heard_often():
    mmsi = np.repeat(np.arange(50, dtype="i4"), 3600)
    assert len(telling(mmsi, np.tile(np.arange(3600) * 10_000_000, 50), 60.0)) < 1300
