"""What 10,000 events weigh on the map and in the mail, beside their budgets.

`python -m benchmarks.flood [--events 10000] [--map-limit 1000]` prints two JSON lines: bytes of the
map and of the one mail that the flood is rolled up into, their budgets, and the seconds that each
took. How fast the page opens is told by benchmarks/page.py, which needs Chromium.
"""

import argparse
import json
import time
from collections import Counter

from alerts.compose import compose
from alerts.digests import MOST_ITEMS
from alerts.posting import row_values
from alerts.stored import event_body, to_json
from benchmarks.page import events_of, fleet
from maps.alert_map import render_page
from maps.payload import Page

MAP_BUDGET, MAIL_BUDGET_KB = 5_000_000, 60


def main() -> None:
    """Print the two lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--map-limit", type=int, default=1_000)
    parser.add_argument("--vessels", type=int, default=100)
    arguments = parser.parse_args()
    tracks = fleet(arguments.vessels, 1_000)
    events = events_of(tracks, arguments.events)
    begun = time.perf_counter()
    text = render_page(Page(events=events, tracks=tracks, title="Flood", limit=arguments.map_limit))
    say("map", len(text.encode()), MAP_BUDGET, begun, len(events))
    begun = time.perf_counter()
    payload = {
        "language": "en",
        "time_zone": "UTC",
        "max_kb": MAIL_BUDGET_KB,
        "items": [
            {"event": event_body(event), "identities": {}, "step": "opened"}
            for event in events[:MOST_ITEMS]
        ],
        "total": len(events),
        "bundle": "rollup",
        "by_type": dict(Counter(event.type for event in events)),
    }
    row = row_values(
        id=1,
        channel="mail",
        kind="bundle",
        step="rollup",
        subscription="flood",
        recipient="inspector@example.org",
        message_id="<flood@example.org>",
        created_us=0,
    )
    mail = compose(
        row,
        json.loads(to_json(payload)),
        sender="watch@example.org",
        reply_to=None,
        list_name="Darkwake alerts",
        domain="example.org",
        draw=lambda *_: b"",
    )
    say("mail", len(mail.as_bytes()), MAIL_BUDGET_KB * 1000, begun, len(events))


def say(what: str, size: int, budget: int, begun: float, events: int) -> None:
    """Print one JSON line."""
    line = {
        "benchmark": "flood",
        "what": what,
        "events": events,
        "bytes": size,
        "budget_bytes": budget,
        "within": size <= budget,
        "seconds": round(time.perf_counter() - begun, 2),
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
