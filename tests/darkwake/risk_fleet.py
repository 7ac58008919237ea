"""A small fleet of fishing vessels, as a CSV for a real replay: 60 that call at port, some planted.

The planted behaviours are behaviours: nothing here stands for a crime.
"""

from pathlib import Path

import numpy as np

from vessels.clock import iso_z, parse_iso_us
from vessels.units import US_PER_H

START_US = parse_iso_us("2024-03-01T00:00:00Z")
HEADER = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Length\n"
PORT_LAT, PORT_LON = 21.30, -157.87  # Honolulu
DAYS = 16
FIRST = 366_900_000
SIZE = 60
LINGERING = FIRST + 11
"""This one does not call either, but goes no farther than others and is never silent."""
AWAY = (FIRST + 3, FIRST + 7)
"""These two do not call within the record; the second is silent for 60 h, 200 nm out."""


def write_fleet(path: Path, *, keep: float = 1.0, seed: int = 1, evade: str = "") -> Path:
    """Write the fleet.

    `keep` is the share of positions that were received. `evade` is what LINGERING does about its
    score: `skim` passes its port at 1 nm half-way, `swap` takes another number half-way; or what
    AWAY[1] does: `dark_11h` is silent for 11 h at a time.
    """
    rng = np.random.default_rng([seed, 919])
    lost = np.random.default_rng([seed, 920])
    rows = []
    for number in range(SIZE):
        mmsi = FIRST + number
        hours = np.arange(0, DAYS * 24, 0.5)
        out_nm = _distance(hours, rng, away=mmsi in AWAY)
        if mmsi == LINGERING:
            out_nm = 60.0 + 10.0 * np.sin(hours / 9.0)
            if evade == "skim":
                out_nm = np.minimum(out_nm, 1.0 + 8.0 * np.abs(hours - 190.0))
        silent = (mmsi == AWAY[1]) & (hours > 150) & (hours < 210)
        if evade == "dark_11h" and mmsi == AWAY[1]:
            silent = (hours > 150) & (hours < 210) & (hours % 12.0 < 10.5)
        lat = PORT_LAT - out_nm / 60.0
        lon = (
            PORT_LON
            - 0.0004 * number
            + 0.2 * np.sin(hours / 5.0) * np.clip((out_nm - 10.0) / 40.0, 0.0, 1.0)
        )
        step = np.abs(np.diff(out_nm)) * 2.0
        speed = np.maximum(np.append(step, 0.0), np.append(0.0, step))  # a turn is no stop
        for i in np.flatnonzero(~silent & (lost.random(len(hours)) < keep)).tolist():
            when = iso_z(START_US + int(hours[i] * US_PER_H) + number * 1_000_000).rstrip("Z")
            swapped = evade == "swap" and mmsi == LINGERING and hours[i] > 190
            rows.append(
                f"{mmsi + 500 * swapped},{when},{lat[i]:.5f},{lon[i]:.5f},{speed[i]:.1f},"
                f"180.0,180.0,PELICAN {number},,KH{number:02d},30,30\n"
            )
    path.write_text(HEADER + "".join(rows))
    return path


def _distance(hours: np.ndarray, rng: np.random.Generator, *, away: bool) -> np.ndarray:
    """Return how far south of the port it is, nm: trips of some days, a day and more in port."""
    if away:
        return np.minimum(np.maximum(hours - 10.0, 0.0) * 8.0, 220.0) + np.where(
            hours > 40, 0.5 * np.sin(hours), 0.0
        )
    out = np.zeros(len(hours))
    at = float(rng.uniform(4, 30))
    while at < hours[-1]:
        reach, stay = float(rng.uniform(40, 110)), float(rng.uniform(20, 60))
        run = reach / 8.0
        points = ([at, at + run, at + run + stay, at + 2 * run + stay], [0, reach, reach, 0])
        out = np.maximum(out, np.interp(hours, *points, left=0.0, right=0.0))
        at += 2 * run + stay + float(rng.uniform(20, 60))
    return out
