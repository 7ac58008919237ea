"""Compares found events with the planted ones, one to one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.worlds.model import Truth, World
from tests.worlds.world import TYPES

SLACK_S = 900
"""Events and truths that are this near in time count as overlapping: some have no length."""


@dataclass(frozen=True)
class Found:
    """What scoring needs to know of an event: type, numbers, times (None while open), place."""

    type: str
    mmsis: frozenset[int]
    start_s: float
    end_s: float | None
    lat: float
    lon: float
    properties: dict[str, Any] = field(compare=False, repr=False)

    def __str__(self) -> str:
        """Return one line for a report of failures."""
        numbers = "+".join(str(m) for m in sorted(self.mmsis))
        return (
            f"{self.type} {numbers} {self.properties.get('start')} .. {self.properties.get('end')}"
            f" at {self.lat:.4f} {self.lon:.4f}"
        )


@dataclass
class Score:
    """How well one type was found. `pairs` holds what was matched: planted, found."""

    required: int = 0
    found: int = 0
    misses: list[Truth] = field(default_factory=list)
    false: list[Found] = field(default_factory=list)
    pairs: list[tuple[Truth, Found]] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Share of required truths that were found; 1 where there are none."""
        return 1.0 - len(self.misses) / self.required if self.required else 1.0

    @property
    def precision(self) -> float:
        """Share of events that were planted (or allowed); 1 where nothing was raised."""
        return 1.0 - len(self.false) / self.found if self.found else 1.0


def load_events(source: object) -> list[Found]:
    """Return events from a GeoJSON file, a parsed FeatureCollection, events or their properties."""
    if isinstance(source, str | Path):
        source = json.loads(Path(source).read_text(encoding="utf-8"))
    if isinstance(source, dict):
        source = [feature["properties"] for feature in source["features"]]
    if not isinstance(source, Iterable):
        raise TypeError(f"cannot read events from {type(source).__name__}")
    return [_found(item if isinstance(item, dict) else item.properties()) for item in source]


def _found(properties: dict[str, Any]) -> Found:
    numbers = [properties["mmsi"], properties.get("other_mmsi")]
    end = properties.get("end")
    return Found(
        type=properties["type"],
        mmsis=frozenset(int(number) for number in numbers if number is not None),
        start_s=datetime.fromisoformat(properties["start"]).timestamp(),
        end_s=None if end is None else datetime.fromisoformat(end).timestamp(),
        lat=float(properties["lat"]),
        lon=float(properties["lon"]),
        properties=properties,
    )


def overlap_s(truth: Truth, event: Found, now_s: float) -> float:
    """Return the seconds that a truth and an event share, with slack; not above 0 means none."""
    end_s = min(
        now_s if truth.end_s is None else truth.end_s,
        now_s if event.end_s is None else event.end_s,
    )
    return end_s - max(truth.start_s, event.start_s) + SLACK_S


def score(world: World, events: object) -> dict[str, Score]:
    """Match events to truths by type, numbers and time, and count what is left over.

    A truth takes one event, the one that shares most time with it; a second event for it is false.
    A dark period must also agree on whether it has ended. Events that match only a truth that is
    not required are neither found nor false. Types that no world plants are ignored.
    """
    scores = {name: Score() for name in TYPES}
    found = [event for event in load_events(events) if event.type in scores]
    for name, result in scores.items():
        mine = [event for event in found if event.type == name]
        truths = [truth for truth in world.truths if truth.type == name]
        _match(result, truths, mine, float(world.now_s))
    return scores


def _match(result: Score, truths: Sequence[Truth], events: list[Found], now_s: float) -> None:
    required = [truth for truth in truths if truth.required]
    candidates = sorted(
        (
            (-overlap_s(truth, event, now_s), i, j)
            for i, truth in enumerate(required)
            for j, event in enumerate(events)
            if _agree(truth, event) and overlap_s(truth, event, now_s) > 0
        ),
    )
    taken: dict[int, int] = {}
    used: set[int] = set()
    for _, i, j in candidates:
        if i not in taken and j not in used:
            taken[i] = j
            used.add(j)
    result.required = len(required)
    result.misses = [truth for i, truth in enumerate(required) if i not in taken]
    result.pairs = [(required[i], events[j]) for i, j in taken.items()]
    allowed = [truth for truth in truths if not truth.required]
    result.false = [
        event
        for j, event in enumerate(events)
        if j not in used and not _is_allowed(event, allowed, required, now_s)
    ]
    result.found = len(taken) + len(result.false)


def _agree(truth: Truth, event: Found) -> bool:
    same_end = truth.type != "dark_period" or (truth.end_s is None) == (event.end_s is None)
    return truth.mmsis == event.mmsis and same_end


def _is_allowed(event: Found, allowed: list[Truth], required: list[Truth], now_s: float) -> bool:
    def touches(truth: Truth) -> bool:
        return truth.mmsis == event.mmsis and overlap_s(truth, event, now_s) > 0

    # A second event for a planted one is false, even where slowness alone would excuse it.
    second = event.type == "loitering" and any(touches(truth) for truth in required)
    return not second and any(touches(truth) for truth in allowed)


def pool(scores: Iterable[dict[str, Score]]) -> dict[str, Score]:
    """Return the scores of several worlds as one."""
    total = {name: Score() for name in TYPES}
    for one in scores:
        for name, part in one.items():
            total[name].required += part.required
            total[name].found += part.found
            total[name].misses += part.misses
            total[name].false += part.false
            total[name].pairs += part.pairs
    return total


def explain(scores: dict[str, Score]) -> str:
    """Return misses and false events, one a line."""
    lines = []
    for name, result in scores.items():
        lines.append(f"{name}: recall {result.recall:.3f}, precision {result.precision:.3f}")
        lines += [
            f"  missed {truth.what}: {'+'.join(map(str, sorted(truth.mmsis)))} "
            f"{datetime.fromtimestamp(truth.start_s, UTC):%Y-%m-%dT%H:%M:%SZ} at "
            f"{truth.lat:.4f} {truth.lon:.4f}"
            for truth in result.misses
        ]
        lines += [f"  false {event}" for event in result.false]
    return "\n".join(lines)
