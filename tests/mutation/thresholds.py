"""Which numbers are thresholds, and which tests should notice that one has moved.

Thresholds are all numbers of `detectors.parameters.Parameters`, and the named constants of the
modules below. The tests of a section are those of its detector, the quickest and sharpest first.
"""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from tests.mutation.moved import Place, numbers_in

ROOT = Path(__file__).resolve().parents[2]

TESTS = {
    "hulls": "test_bounds_hulls test_hulls test_identity_bounds test_vectors",
    "dark_period": "test_bounds_dark_period test_dark_period test_dark_evidence"
    " test_dark_confidence test_vectors",
    "encounter": "test_encounter_bounds test_bounds_encounter test_encounters test_nearness"
    " test_twins test_roles test_vectors",
    "loitering": "test_loitering_bounds test_loitering test_vectors",
    "dark_rendezvous": "test_dark_rendezvous_limits test_bounds_rendezvous test_dark_rendezvous"
    " test_dark_rendezvous_roles test_dark_rendezvous_law",
    "port_visit": "test_bounds_port_visit test_visits test_port_visits",
    "time_at_sea": "test_bounds_port_visit",
    "identity_conflict": "test_identity_bounds test_bounds_identity test_identity_and_position"
    " test_hand_over test_twins test_identity_faults test_naming test_told",
    "implausible_position": "test_bounds_identity test_bounds_circles test_circles"
    " test_interference"
    " test_identity_and_position test_identity_bounds",
    "zone_entry": "test_zone_entry test_zone_entry_telling",
}
"""Names of test files in tests/detectors, vessels or feeds; one that is missing is passed over."""

CONSTANTS = {
    "detectors.circles": "test_bounds_circles test_circles",
    "detectors.dark_confidence": "test_bounds_confidence",
    "detectors.dark_events": "test_bounds_dark_period test_dark_period",
    "detectors.dark_evidence": "test_bounds_confidence test_dark_evidence",
    "detectors.dark_period": "test_bounds_slots test_bounds_dark_period test_dark_period",
    "detectors.dark_rendezvous": "test_bounds_rendezvous test_dark_rendezvous_limits"
    " test_dark_rendezvous test_dark_rendezvous_roles",
    "detectors.dark_rendezvous_roles": "test_bounds_rendezvous test_dark_rendezvous_roles",
    "detectors.deaf_cells": "test_deaf_cells",
    "detectors.encounters": "test_encounter_bounds test_bounds_encounter test_encounters",
    "detectors.hand_over": "test_bounds_identity test_hand_over",
    "detectors.loitering": "test_bounds_loitering test_loitering_bounds test_loitering",
    "detectors.meeting_events": "test_bounds_encounter test_encounters",
    "detectors.naming": "test_bounds_identity test_naming",
    "detectors.nearness": "test_bounds_slots test_nearness",
    "detectors.port_visits": "test_bounds_port_visit test_port_visits",
    "detectors.reception_neighbours": "test_reception_neighbours",
    "detectors.roles": "test_roles",
    "detectors.same_ship": "test_bounds_identity test_hand_over test_told",
    "detectors.slots": "test_bounds_slots test_nearness test_encounters",
    "detectors.time_at_sea": "test_bounds_port_visit test_time_at_sea",
    "detectors.twins": "test_bounds_twins test_twins",
    "detectors.zone_entry": "test_zone_entry test_zone_entry_telling",
    "feeds.liveness": "test_liveness test_bounds_dark_period test_dark_period",
    "vessels._hull_kernel": "test_bounds_hulls test_hulls",
    "vessels._visit_kernel": "test_bounds_port_visit test_visits",
    "vessels.hulls": "test_bounds_hulls test_hulls",
    "vessels.presence": "test_presence",
    "vessels.reception": "test_reception test_reception_state",
}
"""Modules whose named numbers can change an event, and the tests that look at them."""

NO_THRESHOLDS = {
    "detectors.deaf_cells._STEP_NM": "how finely a way is looked at",
    "detectors.reception_neighbours._BLOCK_US": "how a store is cut",
    "detectors.reception_neighbours._STEPS": "how a store is cut",
    "detectors.slots.SLOT_MIN": "the grid itself",
    "detectors.slots._HOUR_S": "a unit",
    "vessels._hull_kernel.SIGNATURES": "size of a memory",
    "vessels._visit_kernel._DEGREE_M": "the shape of the Earth",
    "detectors.loitering._SLOT_H": "a unit",
    "detectors.encounters._SLOT_H": "a unit",
    "detectors.slots._SLOT_S": "a unit",
    "vessels._hull_kernel._MPS": "a unit",
    "vessels._visit_kernel._DIAMETER_M": "the shape of the Earth",
    "vessels.hulls._NUMBER_BITS": "how a key is packed",
    "detectors.dark_confidence.SIGNS": "signs, of which a fit is made",
    "detectors.dark_period._AT_ANCHOR": "a code of ITU-R M.1371",
    "detectors.dark_period._MOORED": "a code of ITU-R M.1371",
}
"""Numbers of these modules that are none, and what they are."""

_UNITS = ("_NOT_VESSEL_TYPES", "_ROWS", "_COLUMNS", "_CELLS", "SLOT_US")


def all_thresholds() -> dict[str, tuple[Place, str]]:
    """Return the place of every threshold, and the names of its tests, by its key."""
    return dict(_parameters()) | dict(_constants())


def files_of(tests: str) -> list[str]:
    """Return the test files of these names that there are, as paths from the root."""
    found = []
    for name in tests.split():
        paths = [f"tests/{room}/{name}.py" for room in ("detectors", "vessels", "feeds")]
        found += [path for path in paths if (ROOT / path).exists()]
    return found


def _parameters() -> Iterator[tuple[str, tuple[Place, str]]]:
    # Imported late: a child process that moves one of these must not hold them yet.
    from detectors.parameters import Parameters

    for section in fields(Parameters):
        values: Any = getattr(Parameters(), section.name)
        if section.name == "surroundings" or not is_dataclass(values):
            continue
        kind = type(values)
        for field in fields(values):
            value = getattr(values, field.name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                home = next(c for c in reversed(kind.__mro__) if field.name in _own_fields(c))
                place = Place(home.__module__, f"{home.__qualname__}.{field.name}")
                yield f"{section.name}.{field.name}", (place, TESTS[section.name])


def _own_fields(kind: type) -> set[str]:
    """Return the names that a class annotates itself, not those that it inherits."""
    return set(inspect.get_annotations(kind))


def _constants() -> Iterator[tuple[str, tuple[Place, str]]]:
    for module, tests in CONSTANTS.items():
        path = ROOT / (module.replace(".", "/") + ".py")
        for name, values in numbers_in(ast.parse(path.read_bytes())).items():
            key = f"{module}.{name}"
            if not name.isupper() or name in _UNITS or key in NO_THRESHOLDS:
                continue
            for item, value in enumerate(values):
                if _is_number(value):
                    several = f"[{item}]" if len(values) > 1 else ""
                    yield key + several, (Place(module, name, item), tests)


def _is_number(value: ast.expr) -> bool:
    """Tell whether an expression is built of numbers, and of units by name."""
    kinds = (
        ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop | ast.Name | ast.Load
    )
    parts = list(ast.walk(value))
    plain = all(isinstance(part, kinds) for part in parts)
    held = [part.value for part in parts if isinstance(part, ast.Constant)]
    return plain and bool(held) and all(type(value) in {int, float} for value in held)
