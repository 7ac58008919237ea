"""Decoys at sea: traffic that looks like an event to a careless eye. Nothing of it is one."""

import numpy as np

from tests.worlds import helm
from tests.worlds.cast import CARGO, FISHER, TANKER, Cast
from tests.worlds.helm import Place
from tests.worlds.model import FISHING, HOUR, Track
from tests.worlds.plants_track import meet


def trawl(cast: Cast, place: Place) -> Track:
    """Tow 2.8 h at 3 to 4 kn, haul three quarters of an hour, turn, and so on to the end."""
    rng = cast.rng
    course = float(rng.uniform(0, 360))
    track = helm.steam(place, 0.0, 1.0, 8.0, course, 0)
    while track.t_s[-1] < cast.end:
        at, t = helm.end_of(track), float(track.t_s[-1])
        course += float(rng.choice([180.0, 150.0, 210.0]))
        tow = helm.steam(at, t, 2.8, float(rng.uniform(3.2, 4.0)), course, FISHING)
        track = track.then(tow)
        at, t = helm.end_of(track), float(track.t_s[-1])
        haul = helm.drift(rng, at, (t, t + 0.75 * HOUR), 0.8, course, FISHING)
        track = track.then(haul)
    return helm.cut(track, 0.0, cast.end)


def pair_trawling(cast: Cast) -> None:
    """Two trawlers tow one net for days, within 300 m of each other."""
    track = trawl(cast, cast.atlas.open_sea())
    other = helm.beside(cast.rng, track, (0.0, cast.end), cast.rng.uniform(150, 260), 15.0, FISHING)
    cast.sail(cast.identity(FISHER), track)
    cast.sail(cast.identity(FISHER), other)


def lone_trawler(cast: Cast) -> None:
    """A trawler tows and hauls."""
    cast.sail(cast.identity(FISHER), trawl(cast, cast.atlas.open_sea()))


def longliner(cast: Cast) -> None:
    """A longliner sets at 7 kn, waits two hours beside its line, hauls at 4.5 kn."""
    rng = cast.rng
    course = float(rng.uniform(0, 360))
    track = helm.steam(cast.atlas.open_sea(), 0.0, 4.0, 7.0, course, FISHING)
    while track.t_s[-1] < cast.end:
        at, t = helm.end_of(track), float(track.t_s[-1])
        track = track.then(helm.drift(rng, at, (t, t + 2.0 * HOUR), 0.8, course, FISHING))
        at, t = helm.end_of(track), float(track.t_s[-1])
        track = track.then(helm.steam(at, t, 6.0, 4.5, course + 180.0, FISHING))
        at, t = helm.end_of(track), float(track.t_s[-1])
        track = track.then(helm.steam(at, t, 4.0, 7.0, course + 40.0, FISHING))
    cast.sail(cast.identity(FISHER), helm.cut(track, 0.0, cast.end))


def in_company(cast: Cast) -> None:
    """Two ships steam at 10 kn, 400 m apart, for days."""
    rng = cast.rng
    track = helm.wander(rng, cast.atlas.open_sea(), (0.0, cast.end), 60.0, (9.0, 11.0))
    cast.sail(cast.identity(CARGO), track)
    cast.sail(cast.identity(CARGO), helm.beside(rng, track, (0.0, cast.end), 380.0, 15.0))


def passing(cast: Cast) -> None:
    """Two ships pass 200 m off each other at full speed."""
    rng = cast.rng
    place = cast.atlas.open_sea()
    at = cast.hour(20.0, cast.end / HOUR - 20.0)
    for offset_nm, course in ((0.0, 40.0), (0.1, 225.0)):
        here = helm.nm_from(place, 90.0, offset_nm)
        leg = helm.steam(here, at, 0.5, 12.0, course, 0)
        before = helm.wander_to(rng, here, (0.0, at))
        after = helm.wander(rng, helm.end_of(leg), (at + 0.5 * HOUR, cast.end))
        cast.sail(cast.identity(CARGO), before.then(leg).then(after))


def brief_meeting(cast: Cast) -> None:
    """Two ships lie together, slow, for an hour: too short."""
    truths = len(cast.truths)
    meet(cast, cast.atlas.open_sea(), 1.0, "one hour")
    del cast.truths[truths:]


def apart(cast: Cast) -> None:
    """Two ships drift 700 m from each other for five hours: too far."""
    rng = cast.rng
    start = cast.hour(12.0, cast.end / HOUR - 16.0)
    span = (start, start + 5.0 * HOUR)
    core = helm.drift(rng, cast.atlas.open_sea(), span, 0.6, rng.uniform(0, 360))
    one = helm.voyage(rng, core, cast.end)
    contact = helm.beside(rng, one, span, 700.0, 40.0)
    cast.sail(cast.identity(TANKER), one)
    cast.sail(cast.identity(FISHER), helm.voyage(rng, contact, cast.end))


def short_silences(cast: Cast) -> None:
    """Silences of up to 11.5 hours; one of them runs to the end of the world."""
    rng = cast.rng
    for hours in (11.0, 11.5, 6.0):
        start = cast.hour(14.0, cast.end / HOUR - 14.0)
        silence = (start, start + hours * HOUR)
        radio = cast.radio(silent=[silence], loss=0.05, interval_s=(90.0, 140.0), fades_per_day=0.0)
        cast.sail(
            cast.identity(FISHER),
            helm.wander(rng, cast.atlas.open_sea(), (0.0, cast.end)),
            radio,
        )
    radio = cast.radio(silent=[(cast.end - 10.5 * HOUR, cast.end)])
    cast.sail(
        cast.identity(FISHER), helm.wander(rng, cast.atlas.open_sea(), (0.0, cast.end)), radio
    )


def slow_near_shore(cast: Cast) -> None:
    """A vessel lies ten hours, slow and alone, 5 nm off a beach far from any port."""
    rng = cast.rng
    place = cast.atlas.off_coast(5)
    start = cast.hour(14.0, cast.end / HOUR - 24.0)
    core = helm.drift(rng, place, (start, start + 10.0 * HOUR), 0.15, 0.0, FISHING)
    track = helm.voyage(rng, core, cast.end, 1.5, (5.0, 8.0))
    cast.sail(cast.identity(FISHER), track, offshore=False)


def gear_beacons(cast: Cast) -> None:
    """A fishing vessel works beside its nets' beacons; one beacon is silent for 20 hours."""
    rng = cast.rng
    start = cast.hour(20.0, cast.end / HOUR - 24.0)
    span = (start, start + 2.8 * HOUR)
    place = cast.atlas.open_sea()
    net = helm.drift(rng, place, (0.0, cast.end), 0.3, rng.uniform(0, 360))
    contact = helm.beside(rng, net, span, 120.0, 40.0, FISHING)
    cast.sail(cast.identity(FISHER), helm.voyage(rng, contact, cast.end, 60.0, (6.0, 10.0)))
    for i, name in enumerate((f"NET {rng.integers(1, 99)} 87%", "BUOY-7 64%", "NET MARK 3 91%")):
        beacon = cast.identity(0, "B", name=name, callsign="", length_m=0, beam_m=0, kind="gear")
        silent = [(start + 4 * HOUR, start + 20 * HOUR)] if i == 0 else []
        track = helm.beside(rng, net, (0.0, cast.end), 60.0 + 60.0 * i, 10.0)
        cast.sail(beacon, track, cast.radio(interval_s=(180.0, 400.0), silent=silent))


def aids_and_stations(cast: Cast) -> None:
    """Base stations, buoys and an aircraft: none is a vessel, whatever lies or flies beside it."""
    rng = cast.rng
    for _ in range(3):
        lat, lon, _ = cast.atlas.port()
        base = cast.identity(
            0, name="", callsign="", length_m=0, kind="base", mmsi=cast.number(4, "00257")
        )
        stay = helm.swing(rng, (lat, lon), (0.0, cast.end), 1.0)
        cast.sail(base, stay, cast.radio(silent=[(20 * HOUR, 45 * HOUR)]))
    place = cast.atlas.open_sea()
    aid = cast.identity(
        0, name="MET BUOY 4", callsign="", length_m=0, kind="aid", mmsi=cast.number(4, "99366")
    )
    cast.sail(aid, helm.swing(rng, place, (0.0, cast.end), 60.0))
    start = cast.hour(14.0, cast.end / HOUR - 14.0)
    core = helm.swing(rng, place, (start, start + 2.8 * HOUR), 150.0, 0)
    cast.sail(cast.identity(FISHER), helm.voyage(rng, core, cast.end))
    aircraft = cast.identity(
        0, name="", callsign="", length_m=0, kind="aircraft", mmsi=cast.number(3, "111257")
    )
    track = helm.wander(rng, cast.atlas.open_sea(), (0.0, cast.end), 70.0, (90.0, 100.0))
    cast.sail(aircraft, track, cast.radio(silent=[(6 * HOUR, 30 * HOUR)]))


def sea_decoys(cast: Cast) -> None:
    """All decoys at sea of a world."""
    for scene in (pair_trawling, in_company, brief_meeting, apart):
        scene(cast)
        scene(cast)
    for scene in (
        lone_trawler,
        longliner,
        passing,
        short_silences,
        slow_near_shore,
        gear_beacons,
        aids_and_stations,
    ):
        scene(cast)
    ordinary(cast)


def ordinary(cast: Cast) -> None:
    """Ships that do nothing but steam, some of them heard by satellite only."""
    rng = cast.rng
    for interval_s in ((90.0, 150.0), (200.0, 330.0), (1200.0, 4200.0), (1200.0, 4200.0)):
        track = helm.wander(rng, cast.atlas.open_sea(), (0.0, cast.end), 70.0)
        ais_class = str(np.where(rng.uniform() < 0.3, "B", "A"))
        cast.sail(
            cast.identity(CARGO, ais_class), track, cast.radio(interval_s=interval_s, loss=0.05)
        )
