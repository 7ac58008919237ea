"""A generated day of traffic in the MarineCadastre CSV of 2025, for benchmarks.

`python -m benchmarks.day --out day.csv` writes 7,363,604 rows of 15,000 vessels, about 0.9 GB: the
size of a busy real day. Two thirds of the vessels lie in 120 ports, some crowded, and in their
roads; the rest steam, fish, ferry or go dark, and some pairs meet at sea. It is made for size and
density, not for truth: tests/worlds is the oracle. Equal arguments give equal bytes.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from vessels.geography import on_land
from vessels.ports import ports

ROWS, VESSELS, SEED = 7_363_604, 15_000, 7
DAY_S = 86_400
DATE = "2025-03-14"
KM_PER_DEGREE = 111.195
KNOT_KM_S = 1.852 / 3600.0
CHUNK_ROWS = 500_000
MEETINGS, DARK = 25, 50
"""Pairs that drift together at sea, and vessels that are silent for 13 to 16 hours."""

MOORED, ANCHORED, STEAMING, FISHING, FERRY, DRIFTING = range(6)
SHARES = (0.50, 0.15, 0.21, 0.09, 0.04, 0.01)
PORTS = 120
"""How vessels divide among the six kinds, and in how many ports."""
NAV_STATUS = (5, 1, 0, 7, 0, 0)
SHIP_TYPES = (70, 80, 70, 30, 60, 37)
HEADER = (
    "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,vessel_type,"
    "status,length,width,draft,cargo,transceiver\n"
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Fleet:
    """Columns of vessels: what each does, from where, how fast, which way, since when silent."""

    kind: Ints
    lat: Floats
    lon: Floats
    knots: Floats
    course: Floats
    phase: Floats
    dark_from_s: Floats
    dark_to_s: Floats


def make_fleet(rng: np.random.Generator, vessels: int) -> Fleet:
    """Place the vessels: in real ports of the United States, in their roads, and at sea."""
    table = ports()
    lakes = (table["lat_deg"] > 41.0) & table["lon_deg"].between(-93.0, -76.0)
    table = table[(table["country"] == "USA") & ~lakes]  # lakes are land to the shore distance
    chosen = table.iloc[rng.choice(len(table), PORTS, replace=False)]
    weight = 1.0 / np.arange(1, PORTS + 1) ** 0.7
    port = rng.choice(PORTS, vessels, p=weight / weight.sum())
    kind = rng.choice(6, vessels, p=SHARES)
    lat, lon = _around(rng, chosen.iloc[port], kind)
    low = np.choose(kind, [0.0, 0.0, 7.0, 2.8, 12.0, 0.4])
    high = np.choose(kind, [0.05, 0.1, 18.0, 5.0, 18.0, 1.2])
    knots = rng.uniform(low, high)
    course, phase = rng.uniform(0, 360, vessels), rng.uniform(0, 1, vessels)
    dark_from = np.full(vessels, np.inf)
    dark_to = np.full(vessels, np.inf)
    steaming = np.flatnonzero(kind == STEAMING)
    dark = steaming[:DARK]
    dark_from[dark] = rng.uniform(1.0, 6.0, len(dark)) * 3600
    dark_to[dark] = dark_from[dark] + rng.uniform(13.0, 16.0, len(dark)) * 3600
    drifting = np.flatnonzero(kind == DRIFTING)[: 2 * MEETINGS]
    host, guest = drifting[: len(drifting) // 2], drifting[len(drifting) // 2 :][:MEETINGS]
    count = min(len(host), len(guest))
    host, guest = host[:count], guest[:count]
    for values in (lon, knots, course, phase):
        values[guest] = values[host]
    lat[guest] = lat[host] + 0.15 / KM_PER_DEGREE  # 150 m apart, drifting alike all day
    return Fleet(kind, lat, lon, knots, course, phase, dark_from, dark_to)


def _around(rng: np.random.Generator, port: pd.DataFrame, kind: Ints) -> tuple[Floats, Floats]:
    """Return places round the ports, as far off as each kind keeps; open water where it matters."""
    farthest_km = np.choose(kind, [2.5, 9.0, 400.0, 250.0, 5.0, 300.0])
    nearest_km = np.choose(kind, [0.0, 4.0, 60.0, 60.0, 0.0, 60.0])
    lat, lon = port["lat_deg"].to_numpy().copy(), port["lon_deg"].to_numpy().copy()
    at_sea = np.isin(kind, (STEAMING, FISHING, DRIFTING))
    todo = np.arange(len(kind))
    for _ in range(12):
        share = np.sqrt(rng.uniform(size=len(todo)))
        off_km = nearest_km[todo] + (farthest_km - nearest_km)[todo] * share
        angle = rng.uniform(0, 2 * np.pi, len(todo))
        base_lat = port["lat_deg"].to_numpy()[todo]
        lat[todo] = base_lat + off_km * np.cos(angle) / KM_PER_DEGREE
        scale = KM_PER_DEGREE * np.cos(np.radians(base_lat))
        lon[todo] = port["lon_deg"].to_numpy()[todo] + off_km * np.sin(angle) / scale
        todo = np.flatnonzero(at_sea & on_land(lat, lon))
    return lat, lon


def row_counts(rng: np.random.Generator, fleet: Fleet, rows: int) -> Ints:
    """Return how many rows each vessel has; they sum to `rows` exactly."""
    weight = np.choose(fleet.kind, [0.8, 0.9, 1.4, 1.1, 1.4, 0.9]) * rng.uniform(
        0.4, 1.6, len(fleet.kind)
    )
    counts = np.maximum(2, np.floor(weight / weight.sum() * rows).astype(np.int64))
    short = rows - int(counts.sum())
    order = np.argsort(counts)[::-1]
    step = 1 if short > 0 else -1
    whole, rest = divmod(abs(short), len(counts))
    counts += step * whole
    counts[order[:rest]] += step
    if counts.min() < 1:
        raise ValueError(f"{rows} rows are too few for {len(counts)} vessels")
    return counts


def row_times(rng: np.random.Generator, fleet: Fleet, counts: Ints, who: Ints) -> Floats:
    """Return report times in seconds of the day: even, with jitter, none while a vessel is dark."""
    first = np.repeat(np.cumsum(counts) - counts, counts)
    share = (np.arange(len(who)) - first + rng.uniform(size=len(who))) / counts[who]
    silent = np.zeros(len(counts))
    is_dark = np.isfinite(fleet.dark_from_s)
    silent[is_dark] = fleet.dark_to_s[is_dark] - fleet.dark_from_s[is_dark]
    t_s = share * (DAY_S - silent)[who]
    return np.where(t_s >= fleet.dark_from_s[who], t_s + silent[who], t_s)


def move(rng: np.random.Generator, fleet: Fleet, who: Ints, t_s: Floats) -> dict[str, Floats]:
    """Return where each row's vessel is, and its speed and course.

    Tracks are straight, out and back: a triangle wave along the course. Trawlers add a sideways
    wave; ships at anchor swing.
    """
    kind, knots = fleet.kind[who], fleet.knots[who]
    leg_s = np.choose(fleet.kind, [DAY_S, DAY_S, DAY_S, 14_000, 2_700, 3 * DAY_S])[who]
    turn = (t_s / leg_s + fleet.phase[who]) % 2.0
    back = turn > 1.0
    along_km = np.where(back, 2.0 - turn, turn) * leg_s * knots * KNOT_KM_S
    swing = 2 * np.pi * (t_s / 44_000 + fleet.phase[who])
    across_km = np.where(kind == FISHING, 1.5 * np.sin(t_s / 2400.0), 0.0)
    lies = kind <= ANCHORED
    radius_km = np.where(kind == ANCHORED, 0.12, 0.0)
    noise_km = rng.normal(0, 0.004, (2, len(who)))
    theta = np.radians(fleet.course[who])
    along_km = np.where(lies, 0.0, along_km)
    north = along_km * np.cos(theta) - across_km * np.sin(theta) + radius_km * np.sin(swing)
    east = along_km * np.sin(theta) + across_km * np.cos(theta) + radius_km * np.cos(swing)
    lat = fleet.lat[who] + (north + noise_km[0]) / KM_PER_DEGREE
    scale = KM_PER_DEGREE * np.cos(np.radians(fleet.lat[who]))
    lon = fleet.lon[who] + (east + noise_km[1]) / scale
    sog = np.clip(np.where(lies, 0.0, knots) + rng.normal(0, 0.06, len(who)), 0, None)
    cog = (fleet.course[who] + np.where(back, 180.0, 0.0) + rng.normal(0, 2, len(who))) % 360
    return {
        "lon": np.round((lon + 180.0) % 360.0 - 180.0, 5),
        "lat": np.round(lat, 5),
        "sog": np.round(sog, 1),
        "cog": np.round(cog, 1) % 360.0,
        "heading": np.round(cog) % 360.0,
    }


def statics(rng: np.random.Generator, fleet: Fleet) -> dict[str, pa.Array]:
    """Return one row a vessel of what it says of itself."""
    count = len(fleet.kind)
    small = (fleet.kind == MOORED) & (rng.uniform(size=count) < 0.4)
    first = rng.choice(["OCEAN", "PACIFIC", "ATLANTIC", "GOLDEN", "MISS", "CAPT", "LADY"], count)
    second = rng.choice(["HARVEST", "VOYAGER", "SPIRIT", "TRADER", "EXPLORER", "STAR"], count)
    length = np.where(small, rng.integers(8, 20, count), rng.integers(20, 300, count))
    kind = np.where(small, 37, np.asarray(SHIP_TYPES)[fleet.kind])
    return {
        "mmsi": pa.array(366_000_000 + rng.permutation(count * 9)[:count]),
        "name": pa.array(
            [f"{a} {b} {i}" for i, (a, b) in enumerate(zip(first, second, strict=True))]
        ),
        "imo": pa.array(["" if s else f"IMO{9_000_000 + i}" for i, s in enumerate(small)]),
        "callsign": pa.array([f"W{chr(65 + i % 26)}{i % 10_000:04d}" for i in range(count)]),
        "type": pa.array(kind),
        "status": pa.array(
            [None if s else NAV_STATUS[k] for s, k in zip(small, fleet.kind, strict=True)]
        ),
        "length": pa.array(length),
        "width": pa.array(np.maximum(3, length // 7)),
        "draft": pa.array(np.round(length / 28.0, 1)),
        "transceiver": pa.array(np.where(small, "B", "A")),
    }


def generate(path: Path, rows: int = ROWS, vessels: int = VESSELS, seed: int = SEED) -> None:
    """Write the day to `path`, in time order."""
    rng = np.random.default_rng(seed)
    fleet = make_fleet(rng, vessels)
    counts = row_counts(rng, fleet, rows)
    who = np.repeat(np.arange(vessels), counts)
    t_s = row_times(rng, fleet, counts, who)
    order = np.argsort(t_s, kind="stable")
    who, t_s = who[order], np.floor(t_s[order])
    about = statics(rng, fleet)
    clock = pa.array(
        [f"{DATE} {t // 3600:02d}:{t // 60 % 60:02d}:{t % 60:02d}" for t in range(DAY_S)]
    )
    with path.open("wb") as file:
        file.write(HEADER.encode())
        for start in range(0, rows, CHUNK_ROWS):
            part = slice(start, start + CHUNK_ROWS)
            here = move(rng, fleet, who[part], t_s[part])
            columns = _columns(about, clock, who[part], t_s[part].astype(np.int64), here)
            options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
            pa.csv.write_csv(pa.table(columns), file, options)


def _columns(
    about: dict[str, pa.Array], clock: pa.Array, who: Ints, t_s: Ints, here: dict[str, Floats]
) -> dict[str, Any]:
    at = pa.array(who)
    static = {name: column.take(at) for name, column in about.items()}
    return {
        "mmsi": static["mmsi"],
        "base_date_time": clock.take(pa.array(t_s)),
        "longitude": here["lon"],
        "latitude": here["lat"],
        "sog": here["sog"],
        "cog": here["cog"],
        "heading": here["heading"].astype(np.int16),
        "vessel_name": static["name"],
        "imo": static["imo"],
        "call_sign": static["callsign"],
        "vessel_type": static["type"],
        "status": static["status"],
        "length": static["length"],
        "width": static["width"],
        "draft": static["draft"],
        "cargo": static["type"],
        "transceiver": static["transceiver"],
    }


def main() -> None:
    """Write a day and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--vessels", type=int, default=VESSELS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    begin = time.perf_counter()
    generate(args.out, args.rows, args.vessels, args.seed)
    size_mb = args.out.stat().st_size / 1e6
    print(f"{args.rows} rows, {size_mb:.0f} MB, {time.perf_counter() - begin:.1f} s: {args.out}")


if __name__ == "__main__":
    main()
