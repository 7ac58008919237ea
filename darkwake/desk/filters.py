"""What a reviewer asks the list for: filters out of the address, checked."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from alerts.lifecycle import STATUSES
from darkwake.arguments import BBox, parse_bbox
from detectors.events import EVENT_TYPES, SEVERITIES
from vessels.errors import UsageError
from vessels.text import clean_text
from vessels.units import US_PER_H

PAGE_ROWS = 50
MOST_PAGES = 10_000
TO_REVIEW = "to review"
"""Alerts that wait for somebody: open and acknowledged ones."""
AGES = {"1d": 24, "3d": 72, "7d": 168, "30d": 720}
"""Hours of event time before now, by their names in the address."""
SORTS = ("severity", "newest", "oldest")
_TEXT_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Every filter that is set must be passed; an empty one lets all pass."""

    q: str = ""
    status: str = TO_REVIEW
    type: str = ""
    severity: str = ""
    """The least severity."""
    flag: str = ""
    area: str = ""
    """West, south, east, north in degrees, as text."""
    zone: str = ""
    age: str = ""
    sort: str = "severity"
    page: int = 1

    @property
    def bbox(self) -> BBox | None:
        """The area."""
        return parse_bbox(self.area) if self.area else None

    @property
    def age_us(self) -> int | None:
        """How old events may be, microseconds."""
        return AGES[self.age] * US_PER_H if self.age else None

    @property
    def statuses(self) -> tuple[str, ...]:
        """Statuses that pass; empty for all."""
        if self.status == TO_REVIEW:
            return ("open", "acknowledged")
        return () if self.status in {"", "withdrawn"} else (self.status,)

    def as_query(self, **changes: object) -> dict[str, str]:
        """Return the filters as they stand in an address, those that differ from the usual."""
        usual = asdict(Filters())
        told = {**asdict(self), **changes}
        return {name: str(value) for name, value in told.items() if value != usual[name]}


def read_filters(query: Mapping[str, str]) -> Filters:
    """Return the filters of an address. What it does not know is left out.

    Raises:
        UsageError: a filter has no such value.
    """
    given = {name: clean_text(query.get(name), limit=_TEXT_LIMIT) or "" for name in _ALLOWED}
    for name, allowed in _ALLOWED.items():
        if name in query and allowed is not None and given[name] not in allowed:
            known = ", ".join(filter(None, allowed))
            raise UsageError(f"{name}: {given[name]!r} is not one of {known}")
    given = {name: value for name, value in given.items() if name in query}
    given["flag"] = given.get("flag", "").upper()
    found = Filters(**given, page=_page(query.get("page")))
    _ = found.bbox  # an area that is none is refused here
    return found


_ALLOWED: dict[str, tuple[str, ...] | None] = {
    "q": None,
    "status": ("", TO_REVIEW, *STATUSES, "withdrawn"),
    "type": ("", *EVENT_TYPES),
    "severity": ("", *SEVERITIES),
    "flag": None,
    "area": None,
    "zone": None,
    "age": ("", *AGES),
    "sort": SORTS,
}


def _page(text: str | None) -> int:
    if text is None:
        return 1
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST_PAGES:
        raise UsageError(f"page: {text[:20]!r} is not a number from 1 to {MOST_PAGES}")
    return int(text)
