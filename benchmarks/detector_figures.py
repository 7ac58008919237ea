"""Draws the figures of docs/detectors from real tracks.

    uv run python -m benchmarks.detector_figures --tracks FOLDER --out docs/detectors

FOLDER holds the JSON lines of gpsdio-segment's tests (regr_MMSI.json.gz and older ones). One JSON
line a figure says what went into it.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import feeds
from darkwake.engine import Engine
from detectors.context import port_and_shore_m
from detectors.parameters import Parameters
from detectors.slots import bridge_sigma_m
from vessels.fixes import Array, Fixes, concat_fixes, fixes_from_table, sort_fixes
from vessels.geodesy import distance_m, interpolate
from vessels.hulls import HullParameters, hull_keys, new_state, split_hulls
from vessels.units import MPS_PER_KNOT, US_PER_DAY

_INK, _SOFT, _ALARM = "#1d3b53", "#8fa9bd", "#c0392b"
_QUANTILE = 0.68
_QUANTILE_SIGMAS = 1.515  # of the distance, for two axes


def read(folder: Path, name: str) -> Fixes:
    """Return the sorted positions of one file."""
    tables = feeds.read([str(folder / f"{name}.json.gz")])
    return sort_fixes(concat_fixes([fixes_from_table(table) for table in tables]))[0]


def hulls_of(fixes: Fixes) -> tuple[Fixes, Array]:
    """Return the kept fixes by hull, and their hulls."""
    none = np.zeros(len(fixes), "u1")
    _, out = split_hulls(new_state(), fixes, none, HullParameters())
    return out.fixes, hull_keys(out.fixes.mmsi, out.hull)


def axes(title: str, x: str, y: str) -> tuple[Figure, Any]:
    """Return an empty figure with plain axes."""
    figure = Figure(figsize=(7.2, 4.0), dpi=110)
    FigureCanvasAgg(figure)
    plot = figure.add_subplot()
    plot.set_title(title, loc="left", fontsize=10, color=_INK)
    plot.set_xlabel(x)
    plot.set_ylabel(y)
    for side in ("top", "right"):
        plot.spines[side].set_visible(False)
    figure.set_layout_engine("constrained")
    return figure, plot


def left_out_errors(folder: Path) -> Array:
    """Return rows (gap h, speed knots, error m, sigma m) of real fixes at sea left out."""
    rows = []
    for path in sorted(folder.glob("*.json.gz")):
        fixes, key = hulls_of(read(folder, path.name.removesuffix(".json.gz")))
        time_s = fixes.time_us / 1e6
        port_m, shore_m = port_and_shore_m(fixes.lat_deg, fixes.lon_deg)
        at_sea = (port_m >= 10_000.0) & (shore_m >= 2_000.0)
        for span in (1, 2, 4, 8, 16):
            for i in range(0, len(key) - 2 * span, span):
                j, k = i + span, i + 2 * span
                since, until = time_s[j] - time_s[i], time_s[k] - time_s[j]
                if (
                    not at_sea[j]
                    or key[i] != key[k]
                    or min(since, until) < 60.0
                    or since + until > 7200.0
                ):
                    continue
                ends = (fixes.lat_deg[i], fixes.lon_deg[i], fixes.lat_deg[k], fixes.lon_deg[k])
                knots = distance_m(*ends) / (since + until) / MPS_PER_KNOT
                told = np.nan_to_num([fixes.sog_knots[i], fixes.sog_knots[k]])
                knots = max(knots, float(told.mean()))
                at = interpolate(*ends, since / (since + until))
                off_m = distance_m(*at, fixes.lat_deg[j], fixes.lon_deg[j])
                sigma_m = bridge_sigma_m(since, until, knots)
                rows.append(((since + until) / 3600.0, knots, off_m, sigma_m))
    return np.array(rows)


def encounter(folder: Path, out: Path) -> dict[str, Any]:
    """How far off interpolated positions are, and what is told of it."""
    rows = left_out_errors(folder)
    title = "How far off an interpolated position is: real fixes left out"
    figure, plot = axes(title, "hours between the two fixes used", "error, m (68 % lie below)")
    edges = np.array([0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0])
    for name, low, high, ink in (
        ("below 1.2 kn", 0.0, 1.2, _INK),
        ("3 kn and more", 3, 99, _ALARM),
    ):
        mine = rows[(rows[:, 1] >= low) & (rows[:, 1] < high)]
        place = np.digitize(mine[:, 0], edges)
        bins = [b for b in range(1, len(edges)) if (place == b).sum() >= 30]
        at = [mine[place == b, 0].mean() for b in bins]
        real = [np.quantile(mine[place == b, 2], _QUANTILE) for b in bins]
        told = [np.sqrt((mine[place == b, 3] ** 2).mean()) * _QUANTILE_SIGMAS for b in bins]
        plot.plot(at, real, "o", color=ink, label=f"{name}: measured")
        plot.plot(at, told, "-", color=ink, label=f"{name}: told")
    plot.axhline(500.0, color=_SOFT, linewidth=1.0, linestyle=":")
    plot.set_yscale("log")
    plot.legend(frameon=False, fontsize=8)
    figure.savefig(out / "encounter.png")
    return {"figure": "encounter", "fixes_left_out": len(rows)}


def loitering(folder: Path, out: Path) -> dict[str, Any]:
    """The speed of the hull that loiters longest, and its runs."""
    engine = Engine(Parameters())
    names = [path.name.removesuffix(".json.gz") for path in sorted(folder.glob("regr_*.json.gz"))]
    engine.update(concat_fixes([read(folder, name) for name in names]))
    found = [event for event in engine.events() if event.type == "loitering"]
    most = max(found, key=lambda event: (event.details["observed_h"], event.event_id))
    mine = [event for event in found if event.hull_id == most.hull_id]
    fixes, _ = hulls_of(read(folder, f"regr_{most.mmsi}"))
    start_us = int(fixes.time_us[0])
    days = (fixes.time_us - start_us) / US_PER_DAY
    title = f"Speed told by {most.mmsi}, and when it loitered"
    figure, plot = axes(title, "days", "knots")
    plot.plot(days, fixes.sog_knots, ".", color=_INK, markersize=2)
    for event in mine:
        end_us = event.end_us or event.now_us
        span = [(one - start_us) / US_PER_DAY for one in (event.start_us, end_us)]
        plot.axvspan(*span, color=_SOFT, alpha=0.35, linewidth=0)
    plot.axhline(2.0, color=_ALARM, linewidth=1.0, linestyle=":")
    figure.savefig(out / "loitering.png")
    return {"figure": "loitering", "mmsi": most.mmsi, "events": len(mine)}


def identity_conflict(folder: Path, out: Path) -> dict[str, Any]:
    """Where the hulls of one number were, by time."""
    fixes, key = hulls_of(read(folder, "416000000"))
    days = (fixes.time_us - fixes.time_us.min()) / US_PER_DAY
    title = "One number, several ships: the latitudes sent as 416000000"
    figure, plot = axes(title, "days", "latitude, degrees")
    for number, hull in enumerate(np.unique(key), start=1):
        mine = key == hull
        plot.plot(days[mine], fixes.lat_deg[mine], ".", markersize=3, label=f"hull {number}")
    plot.legend(frameon=False, fontsize=7, ncols=4)
    figure.savefig(out / "identity_conflict.png")
    return {"figure": "identity_conflict", "hulls": len(np.unique(key)), "fixes": len(fixes)}


def implausible_position(folder: Path, out: Path) -> dict[str, Any]:
    """A number that jumps between two oceans."""
    fixes = read(folder, "regr_412588888")
    hours = (fixes.time_us - fixes.time_us.min()) / US_PER_DAY
    title = "A number that jumps: the longitudes sent as 412588888"
    figure, plot = axes(title, "days", "longitude, degrees")
    plot.plot(hours, fixes.lon_deg, ".", color=_INK, markersize=3)
    engine = Engine(Parameters())
    engine.update(fixes)
    found = [event for event in engine.events() if event.type == "implausible_position"]
    for event in found:
        at = (event.start_us - int(fixes.time_us.min())) / US_PER_DAY
        plot.plot(at, event.lon, "o", color=_ALARM, markersize=7, fillstyle="none")
    figure.savefig(out / "implausible_position.png")
    return {"figure": "implausible_position", "events": len(found), "fixes": len(fixes)}


def main() -> None:
    """Draw all four."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    for draw in (encounter, loitering, identity_conflict, implausible_position):
        print(json.dumps(draw(asked.tracks, asked.out)))


if __name__ == "__main__":
    main()
