"""The job that looks for satellite pictures of what a watch has found.

Alerts never wait for it: they go out at once, and what a satellite saw follows in the same thread.
Suspects are taken by severity and confidence, a few a run, within a budget of bytes a day. That
there is no picture is written down too. Scenes come into catalogues hours after they were taken, so
an event is asked about again until it has been over for two days.
"""

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from alerts.database import get_fact, reading, set_fact, transaction
from alerts.pictured import note_picture
from alerts.schema import alerts, events
from alerts.stored import row_event, with_alerts
from darkwake.imagery_settings import Imagery
from darkwake.next_pass import ELEMENTS, elements_for, passes_saying
from darkwake.tiles import look_and_write, mail_picture, read_findings, remember, says_of
from darkwake.tiles_archive import ArchiveFixes
from darkwake.tiles_providers import providers_of
from darkwake.vessel_fixes import database
from darkwake.watching.store import wall_us
from detectors.events import SEVERITIES, Event
from imagery.scenes import Provider
from imagery.telling import saying
from imagery.web import Budget
from vessels.clock import iso_z
from vessels.errors import InputError
from vessels.units import US_PER_DAY, US_PER_H

if TYPE_CHECKING:
    from darkwake.watching.jobs import Desk

LOOKED_AT = ("dark_rendezvous", "encounter", "dark_period", "loitering")
"""Types of events that a picture can tell more of."""
REVIEWED = ("dismissed", "closed")
"""Alerts of which nobody wants to know more."""
EVENTS_A_RUN = 4
PASS_DAYS = 6.0
"""How far ahead passes are told: Sentinel-2 comes back after 5 days, Sentinel-1 after 6 to 12."""
AGAIN_US = 6 * US_PER_H
SETTLED_US = 2 * US_PER_DAY
_MB = 1_000_000
_BUDGET_FACT = "pictures:pulled"


def look_for_pictures(desk: "Desk") -> str:
    """Look at the suspects that are due; return what was done, in a few words."""
    settings = desk.settings.imagery
    if not (settings.folders or settings.catalogues or settings.stac_url):
        return ""
    folder = Path(settings.pictures)
    folder.mkdir(parents=True, exist_ok=True)
    due = _due(desk, folder)
    if not due:
        return ""
    budget = _budget(desk, settings)
    if budget.left_bytes <= 0 and not settings.folders:
        return f"the budget of the day is used up: {len(due)} wait"
    if budget.left_bytes <= 0:
        settings = settings.model_copy(update={"catalogues": (), "stac_url": ""})
    providers = providers_of(settings, budget=budget)
    seen = noted = 0
    for event in due[:EVENTS_A_RUN]:
        seen += _look(desk, folder, event, providers, settings)
        _note_pulled(desk, budget.pulled_bytes - noted)
        noted = budget.pulled_bytes
    count = min(len(due), EVENTS_A_RUN)
    return f"{count} looked at, {seen} seen, {budget.pulled_bytes / _MB:.1f} MB pulled"


def _due(desk: "Desk", folder: Path) -> list[Event]:
    """Return the events to look at, those that matter most first."""
    held, now_us = read_findings(folder), wall_us()
    with reading(desk.engine) as connection:
        rows = connection.execute(
            with_alerts().where(
                events.c.type.in_(LOOKED_AT),
                events.c.withdrawn.is_(False),
                alerts.c.status.not_in(REVIEWED),
                alerts.c.suppressed_by.is_(None),
            )
        ).mappings()
        found = [row_event(dict(row)) for row in rows]
    due = [event for event in found if _is_due(event, held.get(event.event_id), now_us)]
    return sorted(due, key=_order)


def _order(event: Event) -> tuple[int, float, int, str]:
    severity = SEVERITIES.index(event.severity) if event.severity in SEVERITIES else 0
    return -severity, -event.confidence, -event.start_us, event.event_id


def _is_due(event: Event, held: dict[str, Any] | None, now_us: int) -> bool:
    """Tell whether an event is to be looked at: never yet, or not since it was over long enough."""
    if held is None:
        return True
    looked_us = int(held.get("looked_us", 0))
    settled = event.end_us is not None and looked_us >= event.end_us + SETTLED_US
    return not settled and now_us - looked_us >= AGAIN_US


def _look(
    desk: "Desk", folder: Path, event: Event, providers: list[Provider], settings: Imagery
) -> bool:
    """Look at one event and write down what came of it; tell whether anything was seen."""
    end_us = event.now_us if event.end_us is None else event.end_us
    hulls = [hull for hull in (event.hull_id, event.other_hull_id) if hull]
    before = read_findings(folder).get(event.event_id, {})
    waiting: list[dict[str, Any]] = []
    try:
        with database() as connection:
            archive = Path(desk.settings.store.archive)
            fixes = ArchiveFixes(connection, archive, event.start_us, end_us, hulls)
            finding = look_and_write(folder, event, fixes, providers, settings)
            waiting = _next_passes(event, fixes, settings)
    except InputError as error:
        finding = {
            "event_id": event.event_id,
            "answer": "no image",
            **says_of([[saying("no_look")]]),
            "notes": [str(error)],
        }
    finding["looked_us"] = wall_us()
    remember(folder, [finding])
    if finding["says"] == before.get("says"):
        return bool(finding["answer"] == "seen")
    png = mail_picture(folder, event.event_id) if finding["answer"] == "seen" else None
    # Not part of the finding: times of passes change with every look, and are no news.
    says = [*finding["sayings"], *([waiting] if waiting else [])]
    picture = {"says": says, "png": base64.b64encode(png).decode() if png else ""}
    with transaction(desk.engine) as store:
        note_picture(store, desk.context(), event.event_id, picture)
    return png is not None


def _next_passes(event: Event, fixes: ArchiveFixes, settings: Imagery) -> list[dict[str, Any]]:
    """Return when satellites pass next over an open event; none without remembered elements."""
    cache = Path(settings.cache)
    if event.end_us is not None or not (cache / ELEMENTS).exists():
        return []
    now_us = max(event.now_us, wall_us())
    return passes_saying(event, fixes, elements_for(None, cache), now_us, PASS_DAYS)


def _today() -> str:
    return iso_z(wall_us())[:10]


def _budget(desk: "Desk", settings: Imagery) -> Budget:
    """Return what is left of the day's bytes, and of one command's."""
    with reading(desk.engine) as connection:
        pulled = _pulled(connection)
    left = settings.daily_mb * _MB - pulled
    return Budget(int(min(left, settings.budget_mb * _MB)))


def _pulled(connection: Connection) -> int:
    told = json.loads(get_fact(connection, _BUDGET_FACT) or "{}")
    return int(told.get(_today(), 0))


def _note_pulled(desk: "Desk", count: int) -> None:
    """Add bytes to the day's count."""
    with transaction(desk.engine) as connection:
        total = _pulled(connection) + count
        set_fact(connection, _BUDGET_FACT, json.dumps({_today(): total}))
