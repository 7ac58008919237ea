"""The commands `darkwake evidence` and `darkwake verify`."""

from pathlib import Path
from typing import Annotated

import typer

from darkwake.console import say, say_json, say_table
from darkwake.versions import darkwake_version
from vessels.errors import UsageError

_Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration in TOML.")
]
_DIFFERS = 1


def evidence(
    event_id: Annotated[
        str, typer.Argument(metavar="EVENT_ID", help="The event_id, or how it alone begins.")
    ],
    *,
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Result folder of a replay with --tracks.")
    ] = None,
    config: _Config = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The bundle; evidence-EVENT_ID.zip if left out."),
    ] = None,
) -> None:
    """Write the evidence bundle of an event: all that it is found from, in one file.

    Example: darkwake evidence 3f2a --run january-events

    With --run the event is one of a replay; without it, one of the watch of --config. The event is
    found anew from the bundle before it is written.
    """
    if run is None and config is None:
        raise UsageError("evidence: --run DIR or --config FILE is needed")
    from darkwake.config import load_settings  # noqa: PLC0415 - numba, for commands that need it
    from darkwake.evidence.make import make_bundle  # noqa: PLC0415
    from darkwake.evidence.sources import from_run, from_watch  # noqa: PLC0415

    if run is not None:
        wanted = from_run(run, event_id, load_settings(config))
    else:
        assert config is not None  # noqa: S101 - said above
        wanted = from_watch(config, event_id)
    path = out or Path(f"evidence-{wanted.event.event_id}.zip")
    seal = make_bundle(wanted, path)
    say(f"{path}: evidence of event {wanted.event.event_id}, seal {seal}")


def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE.zip", help="An evidence bundle.")],
    *,
    config: _Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find the event of an evidence bundle anew. Exits 1 where another event comes out.

    Example: darkwake verify evidence-3f2a5b6c7d8e9f00.zip

    Every file is checked against the manifest first. Where zones, lists or learnt anchorages were
    in use, --config names them: a bundle holds only their hashes.
    """
    from darkwake.config import load_settings  # noqa: PLC0415 - numba, for commands that need it
    from darkwake.evidence.verify import verify as find_anew  # noqa: PLC0415
    from darkwake.geography_settings import surroundings_of  # noqa: PLC0415
    from detectors.surroundings import Surroundings  # noqa: PLC0415

    around = Surroundings() if config is None else surroundings_of(load_settings(config))
    verdict = find_anew(bundle, around)
    found = verdict.bundle
    event_id = str(found.event["properties"]["event_id"])
    made_by = str(found.versions.get("darkwake"))
    if as_json:
        say_json(
            {
                "event_id": event_id,
                "same": not verdict.differs,
                "differs": [
                    dict(zip(("name", "told", "found"), d, strict=True)) for d in verdict.differs
                ],
                "seal": found.seal,
                "made_by": made_by,
                "darkwake": darkwake_version(),
                "fixes": len(found.evidence.fixes),
                "witnesses": len(found.evidence.witnesses),
            }
        )
    else:
        say(f"seal {found.seal}; made by darkwake {made_by}, verified by {darkwake_version()}")
        if verdict.differs:
            say(f"event {event_id} does NOT come out as it is told:")
            say_table(("property", "told", "found"), verdict.differs)
        else:
            fixes, others = len(found.evidence.fixes), len(found.evidence.witnesses)
            say(
                f"event {event_id} comes out the same from {fixes} fixes of its vessels and "
                f"{others} of others: every property and the geometry"
            )
    if verdict.differs:
        raise typer.Exit(_DIFFERS)
