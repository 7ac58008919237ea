"""Puts a world together from the planted scenes and the decoys, and says what is allowed."""

import numpy as np

from tests.worlds.cast import Cast
from tests.worlds.decoys_port import port_decoys
from tests.worlds.decoys_radio import radio_decoys
from tests.worlds.decoys_sea import sea_decoys
from tests.worlds.model import HOUR, Identity, Rows, Track, Truth, World
from tests.worlds.places import Atlas
from tests.worlds.plants_identity import identities
from tests.worlds.plants_track import loiterers, meetings, silences

EPOCH_S = 1_748_736_000  # 2025-06-01T00:00:00Z: day and month of its files can be mistaken
STATIONS = ["rSAT1", "rSAT2", "rSAT3", "rTER1"]
SLOW_KNOTS, SLOW_HOURS = 2.3, 4.0
TYPES = (
    "dark_period",
    "encounter",
    "loitering",
    "identity_conflict",
    "implausible_position",
)


def make_world(
    seed: int, days: float = 4.0, *, plants: bool = True, outage_h: float = 0.0
) -> World:
    """Return the world of a seed: about 110 transmitters, 48 planted events.

    Args:
        seed: Equal seeds give equal worlds, row for row.
        days: Length; at least 3.5, or the plants do not fit.
        plants: Without them a world holds decoys only and nothing may be raised.
        outage_h: Hours in the middle during which the whole feed is silent. What then overlaps
            the outage is allowed, not required; nothing may be raised because of the outage.
    """
    if days < 3.5:
        raise ValueError(f"a world needs at least 3.5 days, not {days}")
    rng = np.random.default_rng([seed, 7033])
    start_s = EPOCH_S + int(rng.integers(0, 300)) * 86_400
    cast = Cast(rng, start_s, days * 24 * HOUR, Atlas(rng), STATIONS)
    if plants:
        for scene in (silences, meetings, loiterers, identities):
            scene(cast)
    for scene in (port_decoys, sea_decoys, radio_decoys):
        scene(cast)
    for identity, track in cast.offshore:
        note_slow(cast, identity, track)
    rows = Rows.join(cast.parts)
    rows = rows.where((rows.t_s >= start_s) & (rows.t_s <= start_s + cast.end))
    truths = cast.truths
    if outage_h:
        middle = start_s + cast.end / 2.0
        dead = (middle - outage_h * HOUR / 2.0, middle + outage_h * HOUR / 2.0)
        rows = rows.where((rows.t_s < dead[0]) | (rows.t_s > dead[1]))
        truths = [excuse(truth, dead) for truth in truths]
    return World(
        seed=seed,
        start_s=start_s,
        end_s=round(start_s + cast.end),
        identities=cast.identities,
        stations=STATIONS,
        rows=rows,
        truths=truths,
        tracks=cast.tracks,
    )


def excuse(truth: Truth, dead: tuple[float, float]) -> Truth:
    """Return the truth, not required where it overlaps an outage of the whole feed."""
    end_s = dead[1] if truth.end_s is None else truth.end_s
    overlaps = truth.start_s < dead[1] and end_s > dead[0]
    values = {**truth.__dict__, "required": truth.required and not overlaps}
    return Truth(**values)


def note_slow(cast: Cast, identity: Identity, track: Track) -> None:
    """Allow loitering wherever a ship's mean speed over some four hours is near the threshold.

    A planted encounter of more than four hours is loitering of both ships to the letter, and so
    is a wait of a carrier. Neither is asked for, neither is false.
    """
    step_s = 300.0
    times = np.arange(track.t_s[0], track.t_s[-1], step_s)
    lat, lon = track.at(times)
    knots, _ = track.motion(times)
    window = int(SLOW_HOURS * HOUR / step_s)
    if len(times) <= window:
        return
    mean = np.convolve(knots, np.ones(window) / window, mode="valid")
    slow = np.zeros(len(times), dtype=bool)
    for first in np.flatnonzero(mean < SLOW_KNOTS):
        slow[first : first + window] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[0], slow.view(np.int8), [0]])))
    for first, last in edges.reshape(-1, 2):
        span = (float(times[first]), float(times[last - 1]))
        middle = (float(lat[first]), float(lon[first]))
        cast.plant("loitering", (identity.mmsi,), span, middle, "slow", required=False)
