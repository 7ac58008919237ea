"""The demo: the whole chain on shipped, generated sentences, without a network.

Four invented days in and around the Dog Leg (tools/demo_world.py): a fish carrier meets two
trawlers far from shore and is then silent for 30 hours; everyone else does what honest ships do.
Everything it prints or writes says that the data are generated.
"""

from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from darkwake.config import Settings
from darkwake.console import say, say_table
from darkwake.options import ReplayOptions
from darkwake.progress import progress_for_terminal
from darkwake.run import run_replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from darkwake.outputs import ReplayResult
    from detectors.events import Event

LABEL = "synthetic: generated data"
SENTENCES = "demo.nmea.gz"
_PAGE = "alerts.html"


def run_demo(out: Path) -> Path:
    """Replay the shipped sentences into the folder `out`, print the findings, return the map.

    Raises:
        StoreError: the folder cannot be written.
    """
    with as_file(files("darkwake") / "data" / SENTENCES) as log, progress_for_terminal() as bars:
        options = ReplayOptions(paths=(str(log),), out=out)
        result = run_replay(options, Settings(), bars)
    page = out / _PAGE
    _draw(result, page)
    say(f"Darkwake demo ({LABEL}; the vessels and the days are invented)")
    say_findings(result.events)
    say("A finding is an indicator to check, never a verdict.")
    return page


def say_findings(events: "Sequence[Event]") -> None:
    """Print the events, most severe first, one line each. Names are never read as markup."""
    from maps import words  # noqa: PLC0415 - rich and shapely are not needed for --help
    from maps.payload import most_severe  # noqa: PLC0415

    rows = [
        (
            event.severity,
            words.type_words(event.type),
            event.vessel_name or f"MMSI {event.mmsi:09d}",
            words.when(event),
            words.dms(event.lat, event.lon),
            words.sureness(event.confidence),
        )
        for event in most_severe(events)
    ]
    say_table(("severity", "finding", "vessel", "when", "where", "how sure"), rows)


def _draw(result: "ReplayResult", page: Path) -> None:
    """Draw the map again under its label: a picture of it must not pass for a real one."""
    from maps.alert_map import write_page  # noqa: PLC0415 - folium costs a second
    from maps.payload import Identity, Page  # noqa: PLC0415

    looked_at = (
        f"{LABEL}. {result.report.rows_read:,} messages of {result.vessels.num_rows} vessels read. "
        "The vessels, their names and numbers, and the days are invented."
    )
    vessels = result.vessels.select(["hull_id", "name", "flag"]).to_pylist()
    identities = {row["hull_id"]: Identity(row["name"], row["flag"]) for row in vessels}
    write_page(
        page,
        Page(
            events=result.events,
            tracks=result.event_tracks,
            title=f"Darkwake demo ({LABEL})",
            looked_at=looked_at,
            identities=identities,
        ),
    )
