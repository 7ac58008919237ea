"""Each limit of dark rendezvous from both sides: a tenth more or less would be noticed."""

import numpy as np
import pytest

from detectors import dark_rendezvous as d
from detectors._rendezvous_pairs import SILENT, STOP, WAY_LIMIT_M, pair_up, weigh
from detectors.dark_rendezvous import DarkRendezvousParameters, pairs_of
from vessels.units import M_PER_NM, MPS_PER_KNOT, US_PER_DAY, US_PER_H, US_PER_S

PARAMETERS = DarkRendezvousParameters()
LAT, LON = -30.0, -100.0
_NM_DEG = M_PER_NM / 111_195.08


def stop(hours: float = 30.0) -> np.ndarray:
    rows = np.zeros(1, STOP)
    rows["key"], rows["end_us"] = 1 << 16, int(hours * US_PER_H)
    rows["lat"], rows["lon"] = LAT, LON
    return rows


def silent(
    first_h: float, last_h: float | None, off_nm: float, on_nm: float | None = None
) -> np.ndarray:
    """Return a silence from `off_nm` south of the stop to `on_nm` south of it."""
    rows = np.zeros(1, SILENT)
    rows["key"] = 2 << 16
    rows["start_us"] = int(first_h * US_PER_H)
    rows["end_us"] = 0 if last_h is None else int(last_h * US_PER_H)
    rows["lat1"], rows["lon1"], rows["lon2"] = LAT - off_nm * _NM_DEG, LON, LON
    rows["lat2"] = (
        np.nan if last_h is None else LAT - (off_nm if on_nm is None else on_nm) * _NM_DEG
    )
    rows["rate_per_h"], rows["sog_knots"] = 2.0, 3.0
    return rows


def reaches(rows: np.ndarray, hours: float = 30.0) -> bool:
    kind = bool(rows["end_us"][0] == 0)
    return len(pairs_of(stop(hours), rows, PARAMETERS, unheard_only=kind)) == 1


@pytest.mark.parametrize(
    ("why", "inside", "outside"),
    [
        # 30 h at 15 knots are 450 nm: gone there in 29 h of the stop, with an hour left.
        ("speed out", silent(0, None, 434), silent(0, None, 436)),
        ("speed back", silent(-10, 30, 10, 434), silent(-10, 30, 10, 436)),
        ("stay", silent(-1, 1.02, 0), silent(-1, 0.98, 0)),
        ("pool", silent(-40, 60, 499, 0), silent(-40, 60, 501, 0)),
        ("silent before", silent(30 - 719, 40, 5), silent(30 - 721, 40, 5)),
    ],
)
def test_limits_of_reach(why: str, inside: np.ndarray, outside: np.ndarray) -> None:
    assert reaches(inside), why
    assert not reaches(outside), why


def test_heard_again_counts_up_to_thirty_days_after_the_stop() -> None:
    cap_h = 30.0 + 30 * 24.0
    for end_h, closed in ((cap_h - 0.1, 1), (cap_h + 0.1, 0)):
        rows = silent(0, end_h, 5)
        assert len(pairs_of(stop(), rows, PARAMETERS, unheard_only=False)) == closed
        assert len(pairs_of(stop(), rows, PARAMETERS, unheard_only=True)) == 1 - closed


def test_a_stop_of_more_than_a_month_is_none() -> None:
    from detectors.events import Event
    from detectors.loitering import RUN
    from detectors.slots import SLOT_US

    for days, count in ((29.9, 1), (30.1, 0)):
        run = np.zeros(1, RUN)
        run["key"] = (200_000_000 << 16) | 1
        slots = int(days * US_PER_DAY / SLOT_US)
        run["last_slot"] = run["best_slot"] = slots
        told = Event(
            type="loitering", mmsi=200_000_000, hull_id="200000000-1", start_us=0, now_us=0,
            lat=0.0, lon=0.0, confidence=1.0, severity="info",
        )  # fmt: skip
        assert len(d.stops_of(run, [told])) == count


def weighed(rows: np.ndarray, hours: float = 30.0) -> float:
    kind = bool(rows["end_us"][0] == 0)
    (pair,) = pairs_of(stop(hours), rows, PARAMETERS, unheard_only=kind)
    return float(pair["likelihood"])


def test_likelihood_is_at_most_twenty_and_falls_with_distance_and_time() -> None:
    beside = weighed(silent(-2, 40, 1))
    assert beside == pytest.approx(20.0, rel=1e-6)
    assert weighed(silent(-40, 80, 120)) < weighed(silent(-40, 80, 60)) < 20.0
    assert weighed(silent(-300, 300, 20)) < weighed(silent(-100, 100, 20)) < beside


def test_half_of_four_hours_is_half_a_meeting() -> None:
    whole, half = weighed(silent(-20, 4.01, 0)), weighed(silent(-20, 2.0, 0))
    rate = 2.0
    off = (1 - np.exp(-rate * 4.01 / 3.0)), (1 - np.exp(-rate * 2.0 / 3.0))
    assert half / off[1] == pytest.approx(0.5 * whole / off[0], rel=1e-3)


def test_the_odds_of_being_off_follow_its_own_rate() -> None:
    often, seldom = silent(-2, 40, 1), silent(-2, 40, 1)
    seldom["rate_per_h"] = 0.05
    expected = 1.0 - np.exp(-0.05 * 30.0 / 3.0)
    assert weighed(seldom) == pytest.approx(weighed(often) * expected, rel=1e-6)


def test_numbers_heard_elsewhere_count_only_while_nobody_knows() -> None:
    rows = silent(0, 40, 5)
    rows["elsewhere"] = 1
    assert len(pairs_of(stop(), rows, PARAMETERS, unheard_only=False)) == 0
    late = silent(0, 30 + 31 * 24.0, 5)
    late["elsewhere"] = 1
    assert len(pairs_of(stop(), late, PARAMETERS, unheard_only=True)) == 1


def test_constants_are_those_of_the_page() -> None:
    assert (d.PRIOR, d.BEST_PRIOR, d.LEAST_WEIGHT, d.UNSEEN_HULLS) == (0.1, 0.3, 0.2, 2.0)
    assert (d.MOST_LIKELIHOOD, d.WHOLE_MEETING_H) == (20.0, 4.0)
    assert WAY_LIMIT_M == 700 * M_PER_NM
    each = d.probabilities(np.array([6.0]), 1, 0.0, 0.1)
    share = (0.1 / 0.9) / 3.0
    assert each[0] == pytest.approx(6 * share / (1 + 2 * share + 6 * share))


def test_rows_weigh_the_same_alone_and_in_company() -> None:
    """What is found of a pair depends on nothing but the pair: law 1 rests on it."""
    rows = np.concatenate([silent(-40 + i, 60 + 3 * i, 5 + 11 * i) for i in range(20)])
    rows["key"] = (np.arange(20) + 5) << 16
    rows = rows[np.argsort(rows["start_us"], kind="stable")]
    together = pairs_of(stop(), rows, PARAMETERS, unheard_only=False)
    alone = [pairs_of(stop(), rows[i : i + 1], PARAMETERS, unheard_only=False) for i in range(20)]
    assert together.tobytes() == np.concatenate(alone).tobytes()
    speed = PARAMETERS.max_speed_knots * MPS_PER_KNOT / US_PER_S
    found, _, away = pair_up(stop(), rows, speed, US_PER_H, 9e5, 30 * US_PER_DAY, 30 * US_PER_DAY)
    assert len(found) == len(together)
    again = weigh(stop()[found], rows, away, (speed, 1, 1e12, 20.0, 4.0, 3.0), (2.0, 1e-5))
    assert (again["likelihood"] > 0).all()
