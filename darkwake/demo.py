"""The demo: the whole chain on shipped, generated sentences, without a network.

A reconstruction (synthetic) of a case that was made public in 2015: a fish carrier silent for three
weeks in the Dog Leg south-west of Daru, Papua New Guinea. Ships, names and numbers are invented
(tools/demo_world.py). Every line that it prints and every page that it writes says so.
"""

import textwrap
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from darkwake.config import Settings
from darkwake.console import say, say_table
from darkwake.options import ReplayOptions
from darkwake.progress import Progress, progress_for_terminal
from darkwake.staging import MARKER, staging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from darkwake.outputs import ReplayResult
    from detectors.events import Event

LABEL = "reconstruction (synthetic)"
MARK = "[synthetic]"
"""Begins every line of print."""
SENTENCES = "demo.nmea.gz"
_PAGE = "alerts.html"
_WIDTH = 96


def run_demo(out: Path) -> Path:
    """Replay the shipped sentences into the folder `out`, print the findings, return the map.

    Raises:
        StoreError: the folder cannot be written.
    """
    with as_file(files("darkwake") / "data" / SENTENCES) as log, progress_for_terminal() as bars:
        result, page = _replay(log, out, bars)
        bars.stage("looking from space")
        seen = _look_from_space(result, out)
    _tell(f"Darkwake demo: {LABEL}. Modelled on a public case of 2015; all ships are invented.")
    say_findings(result.events)
    _tell("No number is a country's, so that none can be a real ship's.")
    _say_things(result.events)
    _say_seen(seen, out)
    _tell(f"The carrier has a page of its own: {out / page}")
    return out / _PAGE


def say_findings(events: "Sequence[Event]") -> None:
    """Print the events, most severe first, one line each. Names are never read as markup."""
    from maps import words  # noqa: PLC0415 - rich and shapely are not needed for --help
    from maps.payload import most_severe  # noqa: PLC0415

    rows = [
        (
            MARK,
            event.severity,
            words.type_words(event.type),
            event.vessel_name or f"MMSI {event.mmsi:09d}",
            words.utc(event.start_us),
            words.hours_words(event.duration_h),
            words.sureness(event.confidence),
        )
        for event in most_severe(events)
    ]
    columns = (MARK, "severity", "finding", "vessel", "since", "for", "how sure")
    say_table(columns, rows)


def _say_things(events: "Sequence[Event]") -> None:
    from darkwake.demo_story import three_things  # noqa: PLC0415 - as above

    things = three_things(events)
    _tell("")
    _tell(f"{len(things)} things to look at on the map:")
    for lines in things:
        _tell("")
        for line in lines:
            for part in textwrap.wrap(line, _WIDTH):
                _tell(part)
    _tell("")
    _tell("A finding is an indicator to check, never a verdict.")


def _tell(text: str) -> None:
    say(f"{MARK} {text}")


def _replay(log: Path, out: Path, bars: Progress) -> tuple["ReplayResult", str]:
    """Write the result with its label on it, whole or not at all.

    Return it with the name of the carrier's page.
    """
    with staging(out) as folder:
        # Not before: numba loads for a second, and a folder that cannot be written is told first.
        from darkwake.demo_story import CARRIER  # noqa: PLC0415
        from darkwake.outputs import write_result  # noqa: PLC0415
        from darkwake.replay import replay  # noqa: PLC0415
        from darkwake.vessel import make_vessel_page  # noqa: PLC0415

        options = ReplayOptions(paths=(str(log),), out=folder, tracks=True)
        result = replay(options, Settings(), bars)
        # The map is drawn here alone: a picture of it must not pass for a real one.
        write_result(result, replace(options, draw_map=False), bars)
        _draw(result, folder / _PAGE)
        _label(folder / "events.geojson", '\n{"type":"Feature",', f'"label":"{LABEL}",')
        _label(folder / MARKER, "{\n", f'  "label": "{LABEL}",\n')
        page, _ = make_vessel_page(folder, str(CARRIER), label=LABEL)
    return result, page.name


def _look_from_space(result: "ReplayResult", out: Path) -> list[str]:
    """Draw the labelled scenes, look at the carrier's stop, and return what is seen."""
    from darkwake.demo_scene import look_from_space  # noqa: PLC0415 - GDAL is slow to load
    from darkwake.demo_story import CARRIER  # noqa: PLC0415

    stops = [e.event_id for e in result.events if e.type == "loitering" and e.mmsi == CARRIER]
    return look_from_space(out, stops, LABEL)


def _say_seen(seen: "Sequence[str]", out: Path) -> None:
    _tell("")
    for line in seen:
        for part in textwrap.wrap(f"In a simulated radar scene {line}", _WIDTH):
            _tell(part)
    _tell(f"The map shows it, and the empty sea before; pictures and rows are in {out / 'tiles'}.")


def _label(path: Path, after: str, label: str) -> None:
    """Put the label after every `after` at which a JSON object of the file begins."""
    text = path.read_text(encoding="utf-8")
    count = -1 if after.startswith("\n") else 1
    path.write_text(text.replace(after, after + label, count), encoding="utf-8", newline="\n")


def _draw(result: "ReplayResult", page: Path) -> None:
    from maps.alert_map import write_page  # noqa: PLC0415 - folium costs a second
    from maps.identities import identities  # noqa: PLC0415
    from maps.payload import Page  # noqa: PLC0415

    looked_at = (
        f"{LABEL}: {result.report.rows_read:,} generated messages of {result.vessels.num_rows} "
        "vessels, modelled on a public case of 2015. Names, numbers and days are invented."
    )
    write_page(
        page,
        Page(
            events=result.events,
            tracks=result.event_tracks,
            title=f"Darkwake demo: {LABEL}",
            looked_at=looked_at,
            identities=identities(result.vessels),
        ),
    )
