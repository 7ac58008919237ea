"""Making a bundle: from a run or a watch to the file."""

from pathlib import Path

from darkwake.evidence.bundle import write_bundle
from darkwake.evidence.fold import Derived, derive
from darkwake.evidence.gather import gather
from darkwake.evidence.sources import Wanted
from darkwake.versions import versions
from detectors.events import Event
from maps.alert_map import render_page
from maps.identities import Identity
from maps.payload import Page
from vessels.clock import iso_z
from vessels.hulls import hull_key, mmsi_of
from vessels.mmsi import flag_of


def make_bundle(wanted: Wanted, out: Path) -> str:
    """Write the bundle of an event; return its seal.

    Raises:
        InputError: the fixes that are kept do not give the event.
        StoreError: the file cannot be written.
    """
    evidence = gather(wanted.event, wanted.told, wanted.material)
    parameters = wanted.material.parameters
    page = _page(wanted.event, derive(evidence, parameters))
    return write_bundle(
        out,
        event=wanted.told,
        parameters=wanted.thresholds,
        surroundings=parameters.surroundings.hashes(),
        versions=versions(),
        evidence=evidence,
        page=page,
    )


def _page(event: Event, derived: Derived) -> str:
    """Return the offline map of the event alone."""
    hulls = [hull for hull in (event.hull_id, event.other_hull_id) if hull is not None]
    page = Page(
        events=[event],
        tracks={hull: derived.track(hull) for hull in hulls},
        title=f"Darkwake: evidence of {event.event_id}",
        looked_at=f"The fixes of this bundle, judged at {iso_z(event.now_us)}.",
        identities={hull: _identity(derived, hull, event.start_us) for hull in hulls},
        open_first=True,
    )
    return render_page(page)


def _identity(derived: Derived, hull: str, time_us: int) -> Identity:
    mmsi = mmsi_of(hull_key(hull))
    who = derived.book.at(mmsi, time_us)
    return Identity(who.name, flag_of(mmsi), who.imo, who.callsign)
