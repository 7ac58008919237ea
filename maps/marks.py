"""A shape and a colour for each type of event, as maps/static/shapes.js draws them.

Corners are (x, y) with y downwards, about 1 from the middle. A test holds both tables equal.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Mark(NamedTuple):
    """A filled polygon."""

    colour: str
    sides: tuple[tuple[float, float], ...]


MARKS: Mapping[str, Mark] = {
    "dark_period": Mark("#1d1d1f", ((-1, -1), (1, -1), (1, 1), (-1, 1))),
    "encounter": Mark("#b3261e", ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0))),
    "loitering": Mark("#7a3fb0", ((0, -1.2), (1.15, 0.9), (-1.15, 0.9))),
    "port_visit": Mark("#1d6fb8", ((-1.15, -0.9), (1.15, -0.9), (0, 1.2))),
    "time_at_sea": Mark(
        "#00695c",
        ((-0.55, -1.2), (0.55, -1.2), (1.2, 0), (0.55, 1.2), (-0.55, 1.2), (-1.2, 0)),
    ),
    "identity_conflict": Mark(
        "#a34700",
        (
            *((-1.2, -0.4), (-0.4, -0.4), (-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4)),
            *((1.2, 0.4), (0.4, 0.4), (0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4), (-1.2, 0.4)),
        ),
    ),
    "implausible_position": Mark(
        "#a5006e",
        (
            *((-1.2, -0.7), (-0.7, -1.2), (0, -0.5), (0.7, -1.2), (1.2, -0.7), (0.5, 0)),
            *((1.2, 0.7), (0.7, 1.2), (0, 0.5), (-0.7, 1.2), (-1.2, 0.7), (-0.5, 0)),
        ),
    ),
    "dark_rendezvous": Mark(
        "#5c1f1f",
        (
            *((0, -1.3), (0.38, -0.4), (1.3, -0.4), (0.6, 0.2), (0.85, 1.15)),
            *((0, 0.6), (-0.85, 1.15), (-0.6, 0.2), (-1.3, -0.4), (-0.38, -0.4)),
        ),
    ),
    "zone_entry": Mark(
        "#3a5f0b", ((0, -1.25), (1.2, -0.3), (0.75, 1.1), (-0.75, 1.1), (-1.2, -0.3))
    ),
}
OTHER_MARK = Mark("#444444", ((-1, -1), (1, -1), (0, 1)))


def mark_of(type_name: str) -> Mark:
    """Return the mark of a type of event; one of its own for types that are not known here."""
    return MARKS.get(type_name, OTHER_MARK)
