"""Decoys in and near ports: lying still, lying together and being silent are normal there."""

from tests.worlds import helm
from tests.worlds.cast import CARGO, FERRY, FISHER, PILOT, TANKER, TUG, Cast
from tests.worlds.helm import Place
from tests.worlds.model import AT_ANCHOR, HOUR, MOORED, UNDER_WAY, Track

Port = tuple[float, float, float]


def offing(cast: Cast, port: Port) -> Place:
    """Return a place 8 nm out of a port."""
    return cast.atlas.near_port(port, 15.0, 5.0)


def moored_pair(cast: Cast, port: Port) -> None:
    """Two ships lie alongside each other for days."""
    rng = cast.rng
    berth = cast.atlas.near_port(port, 0.5)
    other = helm.nm_from(berth, rng.uniform(0, 360), 0.025)
    for place in (berth, other):
        track = helm.swing(rng, place, (0.0, cast.end), 4.0, MOORED)
        cast.sail(cast.identity(FISHER), track, offshore=False)


def silent_alongside(cast: Cast, port: Port) -> None:
    """Ships switch AIS off at the berth: for 20 h, for good, and for 16 h before sailing."""
    rng = cast.rng
    start = cast.hour(10.0, 40.0)
    for silence in ((start, start + 20 * HOUR), (cast.end - 22 * HOUR, cast.end + HOUR)):
        berth = cast.atlas.near_port(port, 0.7)
        track = helm.swing(rng, berth, (0.0, cast.end), 4.0, MOORED)
        cast.sail(cast.identity(FISHER), track, cast.radio(silent=[silence]), offshore=False)
    sails = start + 18 * HOUR
    berth = cast.atlas.near_port(port, 0.7)
    lying = helm.swing(rng, berth, (0.0, sails), 4.0, MOORED)
    out = sail_out(cast, port, helm.end_of(lying), sails)
    radio = cast.radio(silent=[(start, start + 16 * HOUR)])
    cast.sail(cast.identity(CARGO), lying.then(out), radio, offshore=False)


def sail_out(cast: Cast, port: Port, place: Place, start: float) -> Track:
    """Steam out of port and about its offing until the end."""
    leg = helm.steam(place, start, 15.0 / 1.852 / 9.0, 9.0, port[2], UNDER_WAY)
    span = (float(leg.t_s[-1]), cast.end)
    return leg.then(helm.wander(cast.rng, helm.end_of(leg), span, 3.0, (6.0, 9.0)))


def roads(cast: Cast, port: Port) -> None:
    """Ships at anchor in the roads, 400 m apart; one at 2.5 km is silent for 14 h."""
    rng = cast.rng
    place = cast.atlas.near_port(port, 4.0)
    for i in range(3):
        spot = helm.nm_from(place, port[2] + 90.0, 0.22 * i)
        track = helm.swing(rng, spot, (0.0, cast.end), rng.uniform(60, 130), AT_ANCHOR)
        cast.sail(cast.identity(TANKER), track, offshore=False)
    start = cast.hour(20.0, cast.end / HOUR - 20.0)
    near = helm.swing(rng, cast.atlas.near_port(port, 2.5), (0.0, cast.end), 80.0, AT_ANCHOR)
    radio = cast.radio(silent=[(start, start + 14 * HOUR)])
    cast.sail(cast.identity(CARGO), near, radio, offshore=False)


def tug_and_pilot(cast: Cast, port: Port) -> None:
    """A ship waits 6 km out with a pilot boat and a tug beside it; a barge bunkers another."""
    rng = cast.rng
    waits = cast.hour(10.0, cast.end / HOUR - 14.0)
    meeting = (waits, waits + 2.6 * HOUR)
    place = cast.atlas.near_port(port, 6.0)
    core = helm.drift(rng, place, meeting, 0.6, port[2])
    ship = helm.voyage(rng, core, cast.end, 3.0, (6.0, 9.0))
    cast.sail(cast.identity(CARGO), ship, offshore=False)
    for ship_type, range_m in ((TUG, 50.0), (PILOT, 120.0)):
        contact = helm.beside(rng, ship, meeting, range_m)
        track = helm.voyage(rng, contact, cast.end, 2.0, (6.0, 9.0))
        cast.sail(cast.identity(ship_type), track, offshore=False)
    spot = cast.atlas.near_port(port, 5.0)
    anchored = helm.swing(rng, spot, (0.0, cast.end), 90.0, AT_ANCHOR)
    cast.sail(cast.identity(TANKER), anchored, offshore=False)
    start = cast.hour(12.0, cast.end / HOUR - 20.0)
    contact = helm.beside(rng, anchored, (start, start + 6 * HOUR), 40.0)
    barge = helm.voyage(rng, contact, cast.end, 2.0, (5.0, 7.0))
    cast.sail(cast.identity(TANKER, length_m=60), barge, offshore=False)


def ferry(cast: Cast, port: Port) -> None:
    """A ferry goes to and fro all day with stops of 20 minutes."""
    rng = cast.rng
    here, there = cast.atlas.near_port(port, 0.5), cast.atlas.near_port(port, 18.0, 10.0)
    legs = None
    t, hours = 0.0, 18.0 / 1.852 / 16.0
    course = port[2]
    while t < cast.end:
        stop = helm.swing(rng, here, (t, t + 1200.0), 1.0, UNDER_WAY)
        t += 1200.0
        at = helm.end_of(stop)
        leg = helm.path([t, t + hours * HOUR], [at[0], there[0]], [at[1], there[1]], UNDER_WAY)
        legs = stop.then(leg) if legs is None else legs.then(stop).then(leg)
        t += hours * HOUR
        here, there, course = there, here, course + 180.0
    if legs is not None:
        cast.sail(cast.identity(FERRY), helm.cut(legs, 0.0, cast.end), offshore=False)


def port_decoys(cast: Cast) -> None:
    """All decoys in port of a world."""
    for _ in range(2):
        port = cast.atlas.port()
        moored_pair(cast, port)
        roads(cast, port)
    silent_alongside(cast, cast.atlas.port())
    port = cast.atlas.port()
    tug_and_pilot(cast, port)
    ferry(cast, port)
