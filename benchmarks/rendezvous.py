"""Dark rendezvous over a year of a fleet: seconds, and how many pairs all against all would be.

`python -m benchmarks.rendezvous [--hulls 5000] [--days 365] [--seed 1]` makes the stops and
silences of a fleet (not its fixes: those cost the same with and without this detector) and feeds
them, day by day, through the fold that the detector is; prints JSON lines. The fleet fishes on
grounds, on both sides of land too, so that ways by sea are looked for. `--motions FOLDER` measures
on real tracks (gpsdio) how ships move about (vessels/presence.py); with it, `--figure FILE` draws
the likeliest dark rendezvous that they hold.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit

import feeds
from darkwake.engine import Engine
from detectors._rendezvous_pairs import STOP
from detectors.dark_period import SILENCE
from detectors.dark_rendezvous import DarkRendezvousParameters, RendezvousState, follow
from detectors.parameters import Parameters
from maps.rendezvous_layer import reaches
from vessels.fixes import Array, Fixes, concat_fixes, fixes_from_table, sort_fixes
from vessels.geodesy import distances_m
from vessels.geography import on_land
from vessels.units import M_PER_NM, US_PER_DAY, US_PER_H

GROUNDS = (
    *((-9.8, 140.5), (8.5, 102.0), (6.0, 96.0), (-45.0, -61.0), (-5.0, -85.0), (15.0, -18.0)),
    *((40.0, 155.0), (0.0, 175.0), (-15.0, 75.0), (43.0, -50.0), (36.0, 24.0), (70.0, 30.0)),
)
"""Centres of fishing grounds; each hull keeps to one."""
SPREAD_DEG = 4.0
STOPS_A_YEAR, SILENCES_A_YEAR = 3.0, 20.0
"""Of one hull. On the real tracks of January 2021 (56 hulls, 9 days) there are a few long loitering
runs and some silences of 12 h and more a week, most of them reception."""
_LAGS_H = (0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0, 48.0, 96.0)
_LEAST_MOVED_M = 20_000.0


def fleet(hulls: int, days: int, seed: int) -> tuple[Array, Array]:
    """Return the STOP and SILENCE rows of a fleet, by end."""
    rng = np.random.default_rng(seed)
    home = rng.integers(0, len(GROUNDS), hulls)
    keys = (200_000_000 + np.arange(hulls, dtype=np.int64)) << 16 | 1
    lies = rng.poisson(STOPS_A_YEAR * days / 365.0, hulls)
    stops = np.zeros(int(lies.sum()), STOP)
    hull = np.repeat(np.arange(hulls), lies)
    stops["key"] = keys[hull]
    stops["lat"], stops["lon"] = _places(rng, home[hull])
    stops["start_lat"], stops["start_lon"] = stops["lat"], stops["lon"]
    stops["start_us"] = rng.integers(0, days * US_PER_DAY, len(stops)) // 300_000_000 * 300_000_000
    stops["end_us"] = stops["start_us"] + (rng.gamma(2.0, 12.0, len(stops)) * US_PER_H).astype("i8")
    quiet = rng.poisson(SILENCES_A_YEAR * days / 365.0, hulls)
    hull = np.repeat(np.arange(hulls), quiet)
    out = np.zeros(len(hull), SILENCE)
    out["key"] = keys[hull]
    out["start_lat"], out["start_lon"] = _places(rng, home[hull])
    hours = 12.0 + rng.exponential(40.0, len(out))
    drift = rng.normal(0.0, 0.02, (2, len(out))) * hours
    out["end_lat"] = np.clip(out["start_lat"] + drift[0], -89.0, 89.0)
    out["end_lon"] = (out["start_lon"] + drift[1] + 180.0) % 360.0 - 180.0
    out["start_us"] = rng.integers(0, days * US_PER_DAY, len(out))
    out["end_us"] = out["start_us"] + (hours * US_PER_H).astype("i8")
    out["before"], out["heard_h"], out["sog_knots"] = 12, 12.0, 3.0
    return stops[np.argsort(stops["end_us"])], out[np.argsort(out["end_us"])]


def _places(rng: np.random.Generator, home: Array) -> tuple[Array, Array]:
    """Return places at sea round the grounds `home`."""
    centres = np.array(GROUNDS)[home]
    lat, lon = np.empty(len(home)), np.empty(len(home))
    left = np.arange(len(home))
    while len(left):
        lat[left] = centres[left, 0] + rng.normal(0.0, SPREAD_DEG / 2.0, len(left))
        lon[left] = centres[left, 1] + rng.normal(0.0, SPREAD_DEG / 2.0, len(left))
        left = left[on_land(lat[left], lon[left])]
    return lat, (lon + 180.0) % 360.0 - 180.0


def by_day(rows: Array, days: int) -> list[Array]:
    """Return the rows that end on each day, and on the days after."""
    cuts = np.searchsorted(rows["end_us"], np.arange(1, days) * US_PER_DAY)
    return np.split(rows, cuts)


def measure(hulls: int, days: int, seed: int) -> dict[str, object]:
    """Fold a year day by day; return seconds and counts."""
    stops, silences = fleet(hulls, days, seed)
    last = days + 40
    parameters, state = DarkRendezvousParameters(), RendezvousState()
    none, events = np.empty(0, SILENCE), 0
    undecided = np.zeros(0, [("start_slot", "i8")])
    wall, cpu = time.perf_counter(), time.process_time()
    for day, (mine, quiet) in enumerate(
        zip(by_day(stops, last), by_day(silences, last), strict=True), start=1
    ):
        state, told = follow(state, mine, quiet, none, undecided, day * US_PER_DAY, parameters)
        events += len(told)
    return {
        "hulls": hulls,
        "days": days,
        "stops": len(stops),
        "silences": len(silences),
        "all_pairs": len(stops) * len(silences),
        "events": events,
        "cpu_s": round(time.process_time() - cpu, 2),
        "wall_s": round(time.perf_counter() - wall, 2),
    }


def motions(folder: Path) -> Iterator[dict[str, object]]:
    """Yield s and 1/g of the integrated Ornstein-Uhlenbeck process that fits displacements best."""
    tables = list(feeds.read(sorted(folder.glob("regr_*.json.gz"))))
    fixes = sort_fixes(concat_fixes([fixes_from_table(table) for table in tables]))[0]
    types: dict[int, int] = {}
    for table in tables:
        pairs = zip(table["mmsi"].to_pylist(), table["ship_type"].to_pylist(), strict=True)
        types |= {mmsi: kind for mmsi, kind in pairs if kind is not None}
    squares: dict[str, dict[float, list[float]]] = {}
    hulls: dict[str, int] = {}
    for mmsi in np.unique(fixes.mmsi).tolist():
        rows = fixes.take(fixes.mmsi == mmsi)
        moved_m = distances_m(rows.lat_deg[0], rows.lon_deg[0], rows.lat_deg, rows.lon_deg)
        if len(rows) < 8 or moved_m.max() < _LEAST_MOVED_M:
            continue
        kind = {3: "fishing", 7: "cargo", 8: "cargo"}.get(types.get(mmsi, 0) // 10, "other")
        for name in (kind, "unknown"):
            hulls[name] = hulls.get(name, 0) + 1
            for lag_h in _LAGS_H:
                steps = _displacements_nm(rows, lag_h)
                if len(steps):
                    mine = squares.setdefault(name, {}).setdefault(lag_h, [])
                    mine.append(float(np.mean(steps**2)) / 2.0)
    for name, lags in sorted(squares.items()):
        known = sorted(lag for lag, values in lags.items() if len(values) >= 3)
        variance = np.array([np.mean(lags[lag]) for lag in known])
        best, _ = curve_fit(_log_variance, np.array(known), np.log(variance), p0=(1.5, -2.0))
        speed, memory = float(np.exp(best[0])), float(np.exp(-best[1]))
        yield {"kind": name, "hulls": hulls[name], "s_knots": speed, "memory_h": memory}


def _log_variance(lag_h: Array, log_s: float, log_g: float) -> Array:
    s, g = np.exp(log_s), np.exp(log_g)
    return np.log(2.0 * s**2 * (lag_h / g - (1.0 - np.exp(-g * lag_h)) / g**2))


def _displacements_nm(rows: Fixes, lag_h: float) -> Array:
    """Return how far a hull was from itself about `lag_h` later, at steps of half of that."""
    hours = rows.time_us / US_PER_H
    begins = np.arange(hours[0], hours[-1] - lag_h, max(lag_h / 2.0, 1.0))
    first = np.searchsorted(hours, begins)
    second = np.searchsorted(hours, begins + lag_h)
    good = second < len(hours)
    first, second = first[good], second[good]
    good = np.abs(hours[second] - hours[first] - lag_h) <= 0.2 * lag_h
    first, second = first[good], second[good]
    moved_m = distances_m(
        rows.lat_deg[first], rows.lon_deg[first], rows.lat_deg[second], rows.lon_deg[second]
    )
    return moved_m[moved_m <= 30.0 * lag_h * M_PER_NM] / M_PER_NM


def draw(folder: Path, out: Path) -> None:
    """Draw stop, silence and reachable set of the likeliest candidate in the real tracks."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only here

    tables = list(feeds.read(sorted(folder.glob("regr_*.json.gz"))))
    fixes = sort_fixes(concat_fixes([fixes_from_table(table) for table in tables]))[0]
    engine = Engine(Parameters())
    engine.update(fixes)
    found = [event for event in engine.events() if event.type == "dark_rendezvous"]
    event = max(found, key=lambda one: one.confidence)
    details = event.details
    figure = Figure(figsize=(7.2, 5.0), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for reach in reaches(event, event.lon):
        for ring in reach["rings"]:
            lat, lon = zip(*[*ring, ring[0]], strict=True)
            axes.fill(lon, lat, color="#5c1f1f", alpha=0.15, label=f"reachable: {reach['says']}")
    for mmsi, colour in ((event.mmsi, "#7a3fb0"), (details["candidate_mmsi"][0], "#1d1d1f")):
        rows = fixes.take(fixes.mmsi == mmsi)  # wild fixes and other hulls of the number left out
        near = np.abs(rows.lat_deg - event.lat) + np.abs(rows.lon_deg - event.lon) < 4.0
        rows = rows.take(near)
        gaps = np.flatnonzero(np.diff(rows.time_us) > 12 * US_PER_H) + 1
        for number, part in enumerate(np.split(np.arange(len(rows)), gaps)):
            label = None if number else f"{mmsi}, as heard"
            lon, lat = rows.lon_deg[part], rows.lat_deg[part]
            axes.plot(lon, lat, ".-", color=colour, lw=0.8, ms=2.5, label=label)
    axes.plot(details["stop_lon"], details["stop_lat"], "*", color="#b3261e", ms=13, label="stop")
    areas = [
        point for reach in reaches(event, event.lon) for ring in reach["rings"] for point in ring
    ]
    lats, lons = np.array(areas).T
    axes.set(xlim=(lons.min() - 0.5, lons.max() + 0.5), ylim=(lats.min() - 0.5, lats.max() + 0.5))
    axes.set(xlabel="longitude, degrees", ylabel="latitude, degrees")
    axes.set_aspect(1.0 / np.cos(np.radians(event.lat)))
    axes.legend(fontsize=8, loc="lower left")
    figure.savefig(out)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hulls", type=int, default=5000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--motions", type=Path, help="folder of tracks/gpsdio")
    parser.add_argument("--figure", type=Path, help="PNG to draw, with --motions")
    options = parser.parse_args()
    if options.figure is not None:
        draw(options.motions, options.figure)
        return
    if options.motions is not None:
        for line in motions(options.motions):
            print(json.dumps(line))
        return
    measure(200, 60, 0)  # compile
    print(json.dumps(measure(options.hulls, options.days, options.seed)))


if __name__ == "__main__":
    main()
