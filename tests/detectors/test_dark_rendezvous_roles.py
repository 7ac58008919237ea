"""Dark rendezvous with names and kinds: the prior and the weights that the page states."""

import pyarrow as pa
import pytest

from detectors.dark_rendezvous import BEST_PRIOR, LEAST_WEIGHT, PRIOR, probabilities
from detectors.dark_rendezvous_roles import HELPER_PRIOR, WEIGHTS, weight_of, with_kinds
from detectors.events import Event
from tests.detectors.scene import HOUR_US, T0_US
from tests.detectors.test_dark_rendezvous import CARRIER, OTHER, TRAWLER, carrier, found, trawler
from vessels.identity import IdentityBook
from vessels.schema import FIXES

CARGO, FISHING, TUG, NONE = 70, 30, 52, None


def book_of(types: dict[int, int | None]) -> IdentityBook:
    """Return a book in which each number states its name and type three times."""
    names = {CARRIER: "GULF CEDAR", TRAWLER: "TIDE", OTHER: "REED"}
    rows = [
        {"mmsi": mmsi, "time": T0_US + i * HOUR_US, "name": names[mmsi], "ship_type": kind}
        for mmsi, kind in types.items()
        for i in range(3)
    ]
    book = IdentityBook()
    book.update(pa.Table.from_pylist(rows, schema=FIXES))
    return book


def told(lying: int | None, one: int | None, other: int | None, floor: float = 0.01) -> list[Event]:
    events = found(carrier(), trawler(), trawler(OTHER, off_nm=40.0))
    assert len(events) == 1
    book = book_of({CARRIER: lying, TRAWLER: one, OTHER: other})
    return with_kinds(events, book, floor)


def test_names_and_kinds_are_put_on_and_a_carrier_is_likelier_to_have_met() -> None:
    (event,) = told(CARGO, FISHING, FISHING)
    (unknown,) = told(NONE, FISHING, FISHING)
    (tug,) = told(TUG, FISHING, FISHING)
    assert event.details["candidate_names"] == ["TIDE", "REED"]
    assert event.details["candidate_roles"] == ["fishing", "fishing"]
    assert event.details["loiterer_role"] == "cargo"
    assert [e.details["prior"] for e in (event, unknown, tug)] == [BEST_PRIOR, PRIOR, HELPER_PRIOR]
    assert event.confidence > unknown.confidence > tug.confidence
    assert event.severity == "high"
    assert event.confidence >= 0.5
    assert unknown.severity != "high"


def test_probabilities_are_those_of_the_formula() -> None:
    (event,) = told(CARGO, FISHING, NONE)
    likely = event.details["candidate_likelihood"]
    odds = 0.3 / 0.7
    weights = [1.0 * likely[0], 0.7 * likely[1]]
    share = odds / (1.7 + 2.0)
    total = 1.0 + share * 2.0 + share * sum(weights)
    expected = [round(share * w / total, 3) for w in weights]
    assert event.details["candidate_probability"] == pytest.approx(expected, abs=1e-3)


def test_the_order_follows_the_kinds() -> None:
    (event,) = told(CARGO, TUG, FISHING)
    assert event.details["candidate_mmsi"] == [OTHER, TRAWLER]
    assert event.details["candidate_roles"] == ["fishing", "tug"]
    first, second = event.details["candidate_probability"]
    assert first > second


def test_what_falls_below_the_floor_is_left_out_and_others_are_kept() -> None:
    (event,) = told(TUG, FISHING, FISHING)
    top = event.details["candidate_probability"][0]
    assert told(TUG, FISHING, FISHING, floor=top + 0.001) == []
    assert len(told(TUG, FISHING, FISHING, floor=top)) == 1
    other = event.with_(type="loitering", details={})
    assert with_kinds([other], IdentityBook(), 0.9) == [other]


def test_kinds_have_the_weights_that_the_page_states() -> None:
    assert WEIGHTS["fishing"] == 1.0
    assert weight_of("unknown") == weight_of("cargo") == 0.7
    assert weight_of("passenger") == weight_of("tug") == LEAST_WEIGHT == 0.2


@pytest.mark.parametrize("count", [1, 2, 5, 100])
def test_probabilities_never_sum_to_more_than_one(count: int) -> None:
    import numpy as np

    each = probabilities(np.full(count, 1e9), count, 0.0, 0.3)
    assert 0.99 < each.sum() <= 1.0
    diffuse = probabilities(np.ones(count), count, 0.0, 0.3)
    assert diffuse.sum() <= 0.3  # likelihoods of one leave the prior as it was


def test_a_stop_that_some_kind_could_make_telling_is_brought_by_the_fold() -> None:
    """The fold does not know kinds: it lets through what the best of them would make telling."""
    three = [trawler(430000000 + i, off_nm=60.0 + 25 * i) for i in range(3)]
    (event,) = found(carrier(), *three)
    assert event.details["candidate_probability"][0] < 0.2
