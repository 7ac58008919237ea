"""One finding's own page: what a mail links to and an inspector opens on a bad link.

It is the alert map with one event, its tracks some days before and after, and the finding opened in
words beside the map. At most 1 MB.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from pathlib import Path

from detectors.events import Event
from maps import words
from maps.alert_map import render_page, write_text
from maps.basemap import Land, shipped_land
from maps.identities import Identity
from maps.payload import Page
from maps.tracks import Track
from vessels.units import US_PER_DAY

AROUND_US = 3 * US_PER_DAY
"""Tracks are shown from this long before the event to this long after it."""
EVENT_POINT_BUDGET = 10_000
EVENT_LAND_BUDGET = 30_000


def write_event_page(
    path: Path,
    event: Event,
    tracks: Mapping[str, Track],
    *,
    title: str = "",
    looked_at: str = "",
    identities: Mapping[str, Identity] | None = None,
    land: Land = shipped_land,
) -> None:
    """Write the page of one event to `path`; arguments as `event_page`.

    Raises:
        StoreError: the file cannot be written.
        MissingAsset, ChangedAsset: as `render_page`.
    """
    page = event_page(
        event, tracks, title=title, looked_at=looked_at, identities=identities, land=land
    )
    write_text(path, render_page(page))


def event_page(
    event: Event,
    tracks: Mapping[str, Track],
    *,
    title: str = "",
    looked_at: str = "",
    identities: Mapping[str, Identity] | None = None,
    land: Land = shipped_land,
) -> Page:
    """Return what the page of one event is made of.

    Args:
        event: The finding.
        tracks: By hull id; those of vessels that are not in the event are left out.
        title: Shown under the first line; by default the type of the event and its day.
        looked_at: A sentence on what was read. Plain text.
        identities: Name, flag, IMO number and call sign by hull id.
        land: Where the outlines of land come from.
    """
    end_us = event.now_us if event.end_us is None else event.end_us
    first_us, last_us = event.start_us - AROUND_US, end_us + AROUND_US
    hulls = [hull for hull in (event.hull_id, event.other_hull_id) if hull in tracks]
    day = words.utc(event.start_us)[:10]
    return Page(
        events=[event],
        tracks={hull: _between(tracks[hull], first_us, last_us) for hull in hulls if hull},
        title=title or f"Darkwake: {words.type_words(event.type).lower()}, {day}",
        looked_at=looked_at,
        identities=identities or {},
        land=land,
        point_budget=EVENT_POINT_BUDGET,
        land_budget=EVENT_LAND_BUDGET,
        open_first=True,
    )


def _between(track: Track, first_us: int, last_us: int) -> Track:
    """Return the fixes of a time, and the ones next to it: a silence keeps both its ends."""
    times = [fix[0] for fix in track]
    first = max(bisect_left(times, first_us) - 1, 0)
    return track[first : bisect_right(times, last_us) + 1]
