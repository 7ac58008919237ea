"""The mutation check itself: it notices a moved threshold, and does not when nothing moves."""

import ast
import multiprocessing

import pytest

from tests.mutation.moved import Place, move, numbers_in
from tests.mutation.thresholds import (
    CONSTANTS,
    NO_THRESHOLDS_IN,
    ROOT,
    all_thresholds,
    files_of,
    numbers_of,
)
from tests.mutation.trial import PRELOADED, Trial, run


@pytest.mark.parametrize(("factor", "result"), [(1.0, "SURVIVED"), (1.1, "killed")])
def test_a_moved_threshold_is_noticed_and_an_unmoved_one_is_not(factor, result):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    place, _ = all_thresholds()["encounter.min_messages"]
    tests = ("tests/detectors/test_encounter_bounds.py",)
    told = run(Trial("encounter.min_messages", place, factor, tests), context)
    assert told["result"] == result
    assert told["value"] == (3 if factor == 1.0 else 4)


def test_every_number_of_the_parameters_is_a_threshold_with_tests():
    from detectors.parameters import Parameters

    wanted = {
        f"{section}.{name}"
        for section, values in Parameters().thresholds().items()
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    found = all_thresholds()
    assert wanted <= set(found)
    assert all(files_of(tests) for _, tests in found.values())


@pytest.mark.parametrize(
    ("value", "up", "down"), [(10, 11, 9), (3, 4, 2), (100, 110, 90), (2.0, 2.2, 1.8), (-1, 0, -2)]
)
def test_numbers_move_by_a_tenth_and_whole_ones_by_one_at_least(value, up, down):
    assert (move(value, 1.1), move(value, 0.9)) == (pytest.approx(up), pytest.approx(down))
    assert move(value, 1.0) == value


def test_numbers_are_found_in_classes_tuples_and_dictionaries():
    text = "A, B = 1, 2\nC = {'x': 3, 'y': F(4, g=(6, 7))}\nclass D:\n    e: int = 5\n"
    found = numbers_in(ast.parse(text))
    values = {name: [ast.literal_eval(one) for one in ones] for name, ones in found.items()}
    assert values == {"A": [1], "B": [2], "C": [3, 4, 6, 7], "D.e": [5]}


def test_every_module_with_a_number_is_looked_at_or_named_as_one_without_thresholds():
    found = {
        f"{path.relative_to(ROOT).with_suffix('')}".replace("/", ".")
        for room in ("vessels", "detectors")
        for path in (ROOT / room).rglob("*.py")
        if any(numbers_of(ast.parse(path.read_bytes())))
    }
    assert found == found & (set(CONSTANTS) | set(NO_THRESHOLDS_IN))
    assert not set(CONSTANTS) & set(NO_THRESHOLDS_IN)


def test_a_place_names_its_module():
    place, _ = all_thresholds()["port_visit.entry_distance_km"]
    assert place == Place("vessels.visits", "VisitParameters.entry_distance_km")
