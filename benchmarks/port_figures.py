"""Draws the figures of port visits, time at sea and zone entries from a real track.

    uv run python -m benchmarks.port_figures --track FILE --out docs/detectors

FILE is raw_239500000_2012.csv.gz of pelagos-data (MIT): a bulk carrier heard by satellite through
2012. One JSON line a figure says what went into it.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import shapely

import feeds
from benchmarks.detector_figures import _ALARM, _INK, _SOFT, axes
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages
from detectors.surroundings import Surroundings
from detectors.vessel_stage import Pending, VesselOutput, visit_state
from vessels.fixes import Array, concat_fixes, fixes_from_table, sort_fixes
from vessels.ports import nearest_port
from vessels.units import US_PER_DAY
from vessels.visits import open_voyages
from vessels.zones import Zone, zone_set

_COLUMNS = {"mmsi": "0", "lon": "1", "lat": "2", "time": "3", "cog": "8", "sog": "9"}
_BIGHT = shapely.Polygon([(112, -36), (124, -33), (132, -32), (140, -38), (148, -41), (112, -41)])
"""A polygon of our own off southern Australia: no zone of anybody's."""


def fold(path: Path) -> tuple[VesselOutput, Pending, Array, Parameters]:
    """Return what the vessel stage brings, what is open at the end, voyages and parameters."""
    zone = Zone("Own polygon", "area", "own", shapely.MultiPolygon([_BIGHT]))
    parameters = Parameters(surroundings=Surroundings(zones=zone_set([zone])))
    tables = feeds.read([str(path)], columns=_COLUMNS)
    fixes, _ = sort_fixes(concat_fixes([fixes_from_table(table) for table in tables]))
    stages, last_us = LocalStages(parameters), int(fixes.time_us.max())
    token, (output,) = stages.step(0, fixes, last_us)
    (pending,) = stages.peek(token, last_us)
    on = open_voyages(visit_state(stages.dump(token)[0]), last_us, parameters.port_visit)
    return output, pending, np.concatenate([output.voyages, on]), parameters


def days(time_us: Array, start_us: int) -> Array:
    """Return days since a time."""
    return (np.asarray(time_us, "f8") - start_us) / US_PER_DAY


def draw_visits(output: VesselOutput, start_us: int, out: Path) -> None:
    """Draw the distance to the nearest port through the year, and the visits."""
    fixes = output.kept
    figure, plot = axes("A bulk carrier's calls in 2012", "day of 2012", "to nearest port, km")
    _, far_m = nearest_port(fixes.lat_deg, fixes.lon_deg)
    plot.semilogy(days(fixes.time_us, start_us), far_m / 1e3, ".", ms=1.5, color=_SOFT)
    for level, colour in ((4, _INK), (1, _ALARM)):
        rows = output.visits[output.visits["confidence"] == level]
        for row in rows:
            first, last = days(np.array([row["start_us"], row["end_us"]]), start_us)
            plot.axvspan(first, last, color=colour, alpha=0.35, lw=0.8)
    for km in (3.0, 10.0):
        plot.axhline(km, color=_INK, lw=0.7, ls=":")
    figure.savefig(out / "port_visit.png")
    levels = {
        int(k): int(n)
        for k, n in zip(*np.unique(output.visits["confidence"], return_counts=True), strict=True)
    }
    print(json.dumps({"figure": "port_visit", "fixes": len(fixes), "visits_by_level": levels}))


def draw_voyages(voyages: Array, start_us: int, last_us: int, out: Path) -> None:
    """Draw each voyage's length as told: upper bound, and the longest stretch that is proven."""
    figure, plot = axes("Its voyages: at most, and proven", "day of 2012", "voyage")
    for place, row in enumerate(voyages):
        first = float(days(row["start_us"], start_us))
        last = float(days(row["end_us"] or last_us, start_us))
        plot.barh(place, last - first, left=first, color=_SOFT, height=0.7)
        proven = float(row["proven_us"]) / US_PER_DAY
        plot.barh(place, proven, left=last - proven, color=_INK, height=0.35)
    plot.set_yticks(range(len(voyages)))
    plot.invert_yaxis()
    figure.savefig(out / "time_at_sea.png")
    told = [round(float(row["proven_us"]) / US_PER_DAY, 1) for row in voyages]
    print(json.dumps({"figure": "time_at_sea", "proven_days": told}))


def draw_stays(output: VesselOutput, stays: Array, start_us: int, out: Path) -> None:
    """Draw the track around a polygon, and the stays in it."""
    fixes = output.kept
    figure, plot = axes("Stays in a polygon off southern Australia", "longitude", "latitude")
    plot.fill(*np.array(_BIGHT.exterior.coords).T, color=_SOFT, alpha=0.35, lw=0)
    plot.plot(fixes.lon_deg, fixes.lat_deg, ".", ms=2, color=_SOFT)
    for stay in stays:
        inside = (fixes.time_us >= stay["start_us"]) & (fixes.time_us <= stay["last_us"])
        plot.plot(fixes.lon_deg[inside], fixes.lat_deg[inside], ".", ms=3, color=_ALARM)
        day = float(days(stay["start_us"], start_us))
        plot.annotate(f"day {day:.0f}", (stay["start_lon"], stay["start_lat"]), fontsize=8)
    plot.set_xlim(106, 156)
    plot.set_ylim(-45, -26)
    figure.savefig(out / "zone_entry.png")
    print(json.dumps({"figure": "zone_entry", "stays": len(stays)}))


def main() -> None:
    """Draw all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--track", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    output, pending, voyages, _ = fold(options.track)
    start_us = int(np.datetime64("2012-01-01", "us").astype("i8"))
    draw_visits(output, start_us, options.out)
    draw_voyages(voyages, start_us, int(output.kept.time_us.max()), options.out)
    draw_stays(output, np.concatenate([output.stays, pending.stays]), start_us, options.out)


if __name__ == "__main__":
    main()
