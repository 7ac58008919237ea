"""Which numbers are thresholds, and which tests should notice that one has moved.

Thresholds are all numbers of `detectors.parameters.Parameters`, and the named constants of the
modules below. The tests of a section are those of its detector, the quickest and sharpest first.
"""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

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
    "anchorages": "test_anchorages",
}
"""Names of test files of detectors, vessels or feeds; one that is missing is passed over."""

CONSTANTS = {
    "detectors._rendezvous_pairs": "test_bounds_rendezvous test_dark_rendezvous_limits",
    "detectors.circles": "test_bounds_circles test_circles",
    "detectors.dark_confidence": "test_bounds_confidence",
    "detectors.dark_events": "test_bounds_dark_period test_dark_period",
    "detectors.dark_evidence": "test_bounds_confidence test_dark_evidence",
    "detectors.dark_period": "test_bounds_slots test_bounds_dark_period test_dark_period",
    "detectors.dark_rendezvous": "test_bounds_rendezvous test_dark_rendezvous_limits"
    " test_dark_rendezvous test_dark_rendezvous_roles",
    "detectors.dark_rendezvous_roles": "test_bounds_rendezvous test_dark_rendezvous_roles",
    "detectors.deaf_cells": "test_deaf_cells",
    "detectors.exposure": "test_bounds_unusual",
    "detectors.encounters": "test_encounter_bounds test_bounds_encounter test_encounters",
    "detectors.hand_over": "test_bounds_identity test_bounds_judgements test_hand_over",
    "detectors.identity_conflict": "test_bounds_judgements",
    "detectors.identity_faults": "test_identity_faults",
    "detectors.implausible_position": "test_bounds_judgements",
    "detectors.interference": "test_bounds_judgements",
    "detectors.loitering": "test_bounds_loitering test_loitering_bounds test_loitering",
    "detectors.meeting_events": "test_bounds_encounter test_encounters",
    "detectors.naming": "test_bounds_identity test_bounds_judgements test_naming",
    "detectors.nearness": "test_bounds_slots test_nearness",
    "detectors.port_visits": "test_bounds_port_visit test_port_visits",
    "detectors.reception_neighbours": "test_reception_neighbours",
    "detectors.roles": "test_roles",
    "detectors.same_ship": "test_bounds_identity test_hand_over test_told",
    "detectors.slots": "test_bounds_slots test_nearness test_encounters",
    "detectors.still_talking": "test_still_talking",
    "detectors.time_at_sea": "test_bounds_port_visit test_time_at_sea",
    "detectors.twins": "test_bounds_twins test_bounds_judgements test_twins",
    "detectors.unusual.days": "test_bounds_unusual test_windows",
    "detectors.unusual.explain": "test_bounds_unusual test_windows",
    "detectors.unusual.reference": "test_bounds_unusual test_reference",
    "detectors.unusual.second": "test_bounds_unusual test_tails",
    "detectors.unusual.tails": "test_bounds_unusual test_tails",
    "detectors.unusual.windows": "test_bounds_unusual test_windows",
    "detectors.vessel_stage": "test_bounds_encounter test_bounds_loitering test_encounters",
    "detectors.zone_entry": "test_zone_entry test_zone_entry_telling",
    "detectors.zone_entry_kernel": "test_zone_entry test_zone_entry_telling",
    "feeds.liveness": "test_liveness test_bounds_dark_period test_dark_period",
    "vessels._hull_kernel": "test_bounds_hulls test_hulls",
    "vessels._reach_sea": "test_bounds_ways test_reachable",
    "vessels._reception_kernel": "test_reception",
    "vessels._visit_kernel": "test_bounds_port_visit test_visits",
    "vessels.hulls": "test_bounds_hulls test_hulls",
    "vessels.identity": "test_identity_bounds test_identity",
    "vessels.presence": "test_presence",
    "vessels.reception": "test_reception test_reception_state",
}
"""Modules whose named numbers can change an event, and the tests that look at them."""

NO_THRESHOLDS = {
    "detectors._rendezvous_pairs._MEMO_SIZE": "size of a memory",
    **{
        f"detectors.unusual.days.{name}": "a code"
        for name in ("HOME", "FOREIGN", "HIGH_SEAS", "UNSURE")
    },
    "detectors.zone_entry_kernel._AROUND": "how finely a border is looked at",
    "vessels._reach_sea._STRIDE_M": "how finely a way is looked at",
    "detectors.unusual.explain._CALL_US": "length of the call that is tried",
    "detectors.unusual.reference.VERSION": "of a file",
    "detectors.unusual.windows._DAYS_MAX": "how a key is packed",
    "detectors.zone_entry_kernel._DEG_PER_M": "the shape of the Earth",
    "vessels._reach_sea.PER_DEGREE": "the grid itself",
    "vessels._reach_sea.CANALS": "places",
    "vessels._reception_kernel.BLOCKS": "the grid itself",
    "vessels._reception_kernel.CLASSES": "codes of vessels.fixes",
    "vessels._reception_kernel.COUNTS": "columns of a record",
    "vessels._reception_kernel._CLASS_B": "a code of vessels.fixes",
    "vessels._reception_kernel._DAY_H": "a unit",
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

NO_THRESHOLDS_IN = {
    "detectors.context": "a grid, finer than any distance asked about",
    "detectors.contacts": "how a grid is cut",
    "detectors.unusual.catalogue": "which way a feature counts",
    "vessels._landmask": "a grid",
    "vessels._nearest": "the shape of the Earth, and how a tree is cut",
    "vessels._reach_shapes": "how finely a shape is drawn",
    "vessels._statements": "codes and sizes",
    "vessels.anchorages": "a grid; its thresholds are LearningParameters",
    "vessels.fixes": "codes",
    "vessels.geodesy": "the shape of the Earth",
    "vessels.geography": "units of a file, and places",
    "vessels.lists": "sizes of what is read",
    "vessels.mmsi": "codes of messages",
    "vessels.text": "length of a name",
    "vessels.units": "units",
    "vessels.visits": "a grid, finer than any distance asked about",
    "vessels.zones_files": "sizes of what is read, and how finely a border is drawn",
    "vessels.zones_grid": "how a grid is cut",
    "vessels.zones_sphere": "how finely a border is drawn",
}
"""Modules with numbers but without thresholds, and what the numbers are."""

_UNITS = ("_NOT_VESSEL_TYPES", "_ROWS", "_COLUMNS", "_CELLS", "ROWS", "COLUMNS", "SLOT_US")


_ROOMS = ("detectors", "detectors/unusual", "vessels", "feeds")


def all_thresholds() -> dict[str, tuple[Place, str]]:
    """Return the place of every threshold, and the names of its tests, by its key."""
    return dict(_parameters()) | dict(_constants())


def files_of(tests: str) -> list[str]:
    """Return the test files of these names that there are, as paths from the root."""
    found = []
    for name in tests.split():
        paths = [f"tests/{room}/{name}.py" for room in _ROOMS]
        found += [path for path in paths if (ROOT / path).exists()]
    return found


def _parameters() -> Iterator[tuple[str, tuple[Place, str]]]:
    # Imported late: a child process that moves one of these must not hold them yet.
    from detectors.parameters import Parameters
    from vessels.anchorages import LearningParameters

    sections = {one.name: getattr(Parameters(), one.name) for one in fields(Parameters)}
    sections["anchorages"] = LearningParameters()
    del sections["surroundings"]
    for section, values in sections.items():
        kind = type(values)
        for field in fields(values):
            value = getattr(values, field.name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                home = next(c for c in reversed(kind.__mro__) if field.name in _own_fields(c))
                place = Place(home.__module__, f"{home.__qualname__}.{field.name}")
                yield f"{section}.{field.name}", (place, TESTS[section])


def _own_fields(kind: type) -> set[str]:
    """Return the names that a class annotates itself, not those that it inherits."""
    return set(inspect.get_annotations(kind))


def _constants() -> Iterator[tuple[str, tuple[Place, str]]]:
    for module, tests in CONSTANTS.items():
        path = ROOT / (module.replace(".", "/") + ".py")
        for name, item, several in numbers_of(ast.parse(path.read_bytes())):
            key = f"{module}.{name}"
            if name not in _UNITS and key not in NO_THRESHOLDS:
                place = Place(module, name, item)
                yield key + (f"[{item}]" if several else ""), (place, tests)


def numbers_of(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Return each number that a module names: the name, which of its values, and if of several."""
    for name, values in numbers_in(tree).items():
        for item, value in enumerate(values):
            if name.isupper() and _is_number(value):
                yield name, item, len(values) > 1


def _is_number(value: ast.expr) -> bool:
    """Tell whether an expression is built of numbers, and of units by name."""
    kinds = (
        ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop | ast.Name | ast.Load
    )
    parts = list(ast.walk(value))
    plain = all(isinstance(part, kinds) for part in parts)
    held = [part.value for part in parts if isinstance(part, ast.Constant)]
    return plain and bool(held) and all(type(value) in {int, float} for value in held)
