"""How each feed does: from the store, and from what the running watch wrote last."""

import json
from pathlib import Path
from typing import Any

from alerts.database import open_database
from darkwake.settings import Settings
from darkwake.watching.store import born_us, holder_of, read_progress
from vessels.clock import iso_z


def feed_rows(settings: Settings) -> list[dict[str, Any]]:
    """Return a row for each configured feed, as JSON values.

    `state` is that of the connection while the watch runs on this machine, and `not running`
    otherwise.

    Raises:
        StoreError: the store cannot be opened.
    """
    engine = open_database(settings.store.url)
    try:
        _, known = read_progress(engine)
        holder = holder_of(engine)
    finally:
        engine.dispose()
    running = holder is not None and born_us(holder["pid"]) == holder["born_us"]
    live = _live(settings) if running else {}
    return [_row(feed.name, feed.url, known.get(feed.name), live) for feed in settings.feeds]


def _row(name: str, url: str, known: Any, live: dict[str, Any]) -> dict[str, Any]:
    now = live.get(name, {})
    message_us = None if known is None else known.last_message_us
    received_us = None if known is None else known.last_received_us
    health = now.get("health") or (json.loads(known.health) if known and known.health else {})
    return {
        "name": name,
        "url": url,
        "state": now.get("state", "not running"),
        "health": health.get("state"),
        "told": health.get("told"),
        "rate_per_h": health.get("rate_per_h"),
        "usual_per_h": health.get("usual_per_h"),
        "last_message": None if message_us is None else iso_z(message_us),
        "last_received": None if received_us is None else iso_z(received_us),
        "rows": 0 if known is None else known.rows,
        "dropped": now.get("dropped", 0),
        "rejected": now.get("rejected", {}),
        "reconnects": now.get("reconnects", 0),
        "last_error": now.get("last_error", ""),
    }


def _live(settings: Settings) -> dict[str, Any]:
    """Return the feeds of status.json; nothing where there is none."""
    watch, store = settings.watch, settings.store
    path = Path(watch.status_file or f"{store.journal_folder}/status.json")
    try:
        feeds = json.loads(path.read_text(encoding="utf-8"))["feeds"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return feeds if isinstance(feeds, dict) else {}
