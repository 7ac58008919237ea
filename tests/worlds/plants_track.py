"""Planted silences, meetings and loitering."""

import numpy as np

from tests.worlds import helm
from tests.worlds.cast import CARGO, FISHER, REEFER, TANKER, Cast, rows_around, stray
from tests.worlds.helm import Place
from tests.worlds.model import HOUR, Identity, Rows, Track
from tests.worlds.reporting import SATELLITE, Radio

FISHING_KNOTS = (6.0, 10.0)


def note_silence(cast: Cast, rows: Rows, silence: tuple[float, float | None], what: str) -> None:
    """Plant the dark period that the recorded rows around a silence show."""
    middle = silence[0] + 60.0 if silence[1] is None else (silence[0] + silence[1]) / 2.0
    before, after = rows_around(rows, round(cast.start_s + middle))
    end = None if silence[1] is None else float(rows.t_s[after] - cast.start_s)
    cast.plant(
        "dark_period",
        (int(rows.mmsi[before]),),
        (float(rows.t_s[before] - cast.start_s), end),
        (float(rows.lat[before]), float(rows.lon[before])),
        what,
    )


def dark(
    cast: Cast,
    place: Place,
    radius_nm: float,
    what: str,
    *,
    wild: bool = False,
    **radio: object,
) -> None:
    """A vessel under way falls silent for 12.5 to 40 hours and is heard again.

    One `wild` fix in the middle of the silence, too far away to be true, does not break it.
    """
    rng = cast.rng
    hours = rng.uniform(12.6, 40.0)
    start = cast.hour(18.0, cast.end / HOUR - hours - 10.0)
    silence = (start, start + hours * HOUR)
    track = helm.wander(rng, place, (0.0, cast.end), radius_nm)
    ship = cast.identity(int(rng.choice([FISHER, REEFER, CARGO])))
    rows = cast.sail(ship, track, cast.radio(silent=[silence], **radio))
    note_silence(cast, rows, silence, what)
    if wild:
        middle = round(cast.start_s + sum(silence) / 2.0)
        alone = rows.where(np.array([rows_around(rows, middle)[0]]))
        alone.columns["t_s"][0] = middle
        stray(cast, alone, 0, (2500e3, 3500e3))
        cast.parts.append(alone)


def dark_for_good(cast: Cast, place: Place, radius_nm: float) -> None:
    """A vessel at sea falls silent and is never heard again."""
    start = cast.hour(30.0, cast.end / HOUR - 16.0)
    track = helm.wander(cast.rng, place, (0.0, cast.end), radius_nm)
    rows = cast.sail(cast.identity(FISHER), track, cast.radio(silent=[(start, cast.end + HOUR)]))
    note_silence(cast, rows, (start, None), "dark for good")


def meet(
    cast: Cast,
    place: Place,
    hours: float,
    what: str,
    *,
    start: float | None = None,
    radius_nm: float = 60.0,
    radios: tuple[Radio, Radio] | None = None,
    visitors: int = 1,
    offshore: bool = True,
    wild: bool = False,
) -> None:
    """A carrier drifts; one or more vessels lie beside it for some hours, then all leave.

    One `wild` fix of the carrier in the middle does not break the meeting.
    """
    rng = cast.rng
    start = cast.hour(10.0, cast.end / HOUR - hours - 8.0) if start is None else start
    end = start + hours * HOUR
    lead = rng.uniform(0.0, 0.6) * HOUR if hours < 3.2 else rng.uniform(0.2, 2.0) * HOUR
    drift_knots = rng.uniform(0.3, 1.1)
    direction = float(rng.choice([0.0, 180.0]) if radius_nm < 30 else rng.uniform(0, 360))
    # The drift passes through `place` in the middle of the meeting.
    back = helm.nm_from(place, direction + 180.0, drift_knots * (hours / 2.0 + lead / HOUR))
    core = helm.drift(rng, back, (start - lead, end + lead / 2.0), drift_knots, direction)
    host = helm.voyage(rng, core, cast.end, radius_nm)
    carrier = cast.identity(int(rng.choice([REEFER, TANKER])))
    rows = cast.sail(carrier, host, radios[0] if radios else None, offshore=offshore)
    if wild:
        stray(cast, rows, rows_around(rows, round(cast.start_s + (start + end) / 2.0))[0])
    members = [carrier]
    for i in range(visitors):
        range_m = rng.uniform(40.0, 200.0) if visitors > 1 else rng.uniform(40.0, 330.0)
        contact = helm.beside(rng, host, (start, end), range_m)
        track = helm.voyage(rng, contact, cast.end, radius_nm, FISHING_KNOTS)
        visitor = cast.identity(FISHER, ais_class="B" if rng.uniform() < 0.25 else "A")
        cast.sail(visitor, track, radios[1 + i] if radios else None, offshore=offshore)
        members.append(visitor)
    note_pairs(cast, members, host, (start, end), what)


def note_pairs(
    cast: Cast, members: list[Identity], host: Track, span: tuple[float, float], what: str
) -> None:
    """Plant one encounter for every pair of ships that lay together."""
    lat, lon = host.at(np.array([sum(span) / 2.0]))
    for i, one in enumerate(members):
        for other in members[i + 1 :]:
            cast.plant(
                "encounter", (one.mmsi, other.mmsi), span, (float(lat[0]), float(lon[0])), what
            )


def meetings(cast: Cast) -> None:
    """All planted encounters of a world."""
    rng, atlas = cast.rng, cast.atlas
    meet(cast, atlas.open_sea(), rng.uniform(2.6, 3.2), "short meeting")
    meet(cast, atlas.open_sea(), rng.uniform(4.0, 10.0), "long meeting, a wild fix", wild=True)
    meet(cast, atlas.open_sea(), rng.uniform(3.0, 5.0), "raft of three", visitors=2)
    midnight = 24.0 * HOUR * float(rng.integers(1, int(cast.end / HOUR / 24)))
    hours = rng.uniform(2.6, 3.4)
    start = midnight - rng.uniform(0.7, 1.6) * HOUR
    meet(cast, atlas.open_sea(), hours, "over midnight", start=start)
    meet(cast, atlas.antimeridian(), rng.uniform(2.8, 8.0), "over 180 degrees")
    meet(cast, atlas.polar(), rng.uniform(2.8, 8.0), "at 75 N")
    meet(
        cast,
        atlas.off_coast(14),
        rng.uniform(2.6, 3.4),
        "14 nm off",
        radius_nm=4.0,
        offshore=False,
    )
    hourly = {"interval_s": (3200.0, 3700.0), "loss": 0.0, "fades_per_day": 0.0}
    radios = (cast.radio(**hourly), cast.radio(**hourly))
    meet(cast, atlas.open_sea(), rng.uniform(7.0, 10.0), "hourly fixes", radios=radios)
    mixed = (cast.radio(), cast.radio(interval_s=(1200.0, 2700.0), loss=0.0, fades_per_day=0.0))
    meet(cast, atlas.open_sea(), rng.uniform(5.0, 9.0), "satellite and shore", radios=mixed)


def loiter(
    cast: Cast,
    place: Place,
    what: str,
    *,
    bursts: int = 0,
    radius_nm: float = 60.0,
    **radio: object,
) -> None:
    """A lone vessel drifts 5 to 14 hours, perhaps starting its engine for a few minutes."""
    rng = cast.rng
    hours = rng.uniform(5.5, 14.0) if not bursts else rng.uniform(8.0, 14.0)
    start = cast.hour(12.0, cast.end / HOUR - hours - 10.0)
    knots = rng.uniform(0.4, 1.2) if radius_nm > 30 else 0.4
    direction = float(rng.choice([0.0, 180.0]) if radius_nm < 30 else rng.uniform(0, 360))
    piece_s = hours * HOUR / (bursts + 1)
    core = helm.drift(rng, place, (start, start + piece_s), knots, direction)
    for _ in range(bursts):
        spurt_h = rng.uniform(7.0, 10.0) / 60.0
        at, t = helm.end_of(core), float(core.t_s[-1])
        speed = float(rng.uniform(5.0, 7.0))
        core = core.then(helm.steam(at, t, spurt_h, speed, direction + 180.0, 0))
        at, t = helm.end_of(core), float(core.t_s[-1])
        core = core.then(helm.drift(rng, at, (t, t + piece_s), knots, direction))
    track = helm.voyage(rng, core, cast.end, radius_nm)
    ship = cast.identity(int(rng.choice([REEFER, FISHER, TANKER])))
    rows = cast.sail(ship, track, cast.radio(**radio))
    span = (float(core.t_s[0]), float(core.t_s[-1]))
    if bursts == 3:
        stray(cast, rows, rows_around(rows, round(cast.start_s + sum(span) / 2.0))[0])
    cast.plant("loitering", (ship.mmsi,), span, place, what)


def loiterers(cast: Cast) -> None:
    """All planted loitering of a world."""
    atlas = cast.atlas
    loiter(cast, atlas.open_sea(), "drift")
    loiter(cast, atlas.antimeridian(), "drift over 180 degrees")
    loiter(cast, atlas.polar(), "drift at 75 N")
    loiter(cast, atlas.open_sea(), "drift with bursts", bursts=2)
    loiter(cast, atlas.open_sea(), "drift with bursts, a wild fix", bursts=3)
    loiter(cast, atlas.off_coast(27), "27 nm off", radius_nm=4.0)
    sparse = {"interval_s": (1200.0, 2700.0), "loss": 0.0, "fades_per_day": 0.0}
    loiter(cast, atlas.open_sea(), "drift, satellite only", **sparse)


def silences(cast: Cast) -> None:
    """All planted dark periods of a world but those under a shared number."""
    atlas = cast.atlas
    for _ in range(3):
        dark(cast, atlas.open_sea(), 60.0, "dark offshore")
    dark(cast, atlas.open_sea(), 60.0, "dark offshore, satellite only", **SATELLITE)
    for _ in range(2):
        dark(cast, atlas.off_coast(35), 8.0, "dark 27 to 43 nm off")
    dark(cast, atlas.open_sea(), 60.0, "dark offshore, a wild fix", wild=True)
    dark(cast, atlas.antimeridian(), 60.0, "dark about 180 degrees")
    for _ in range(2):
        dark_for_good(cast, atlas.open_sea(), 60.0)
