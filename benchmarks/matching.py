"""Ships in images matched to AIS: the matcher beside nearest neighbour and rank-greedy.

`uv run python -m benchmarks.matching [--scenes N]` prints JSON lines. The errors are not the
matcher's own model: ships sail legs and turn (no Ornstein-Uhlenbeck process), fishing vessels tow
to and fro, places have Student-t errors, times Laplace errors, lengths a mixture with gross errors,
and detection falls off otherwise with length. Nobody tells the matcher how many are dark.
"""

import argparse
import json
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagery.expected import NAN, Fix, OnAis, expect
from imagery.matching import Expected, Look, Match, match

Floats = NDArray[np.float64]

SIDE_M = 60_000.0
SHIPS, DARK, FALSE = 60, 12, 4
LOOK = Look(heading_deg=348.0, range_over_speed_s=116.0, incidence_deg=38.5)
_MID = (2.0, 3.0)
_PER_DEGREE = 111_195.0
_AT_US = 1_600_000_000_000_000
_KNOT = 1852.0 / 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One simulated image with the truth."""

    lat: Floats
    lon: Floats
    length_m: Floats
    truth: NDArray[np.int64]
    """Row of the ship on AIS; -1 dark, -2 false."""
    expected: Expected


def _course(kind: str, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return places (m) and velocities (m/s) a second apart, from 3 h before to 3 h after."""
    seconds = np.arange(-10_800, 10_801)
    course = np.empty(seconds.size)
    knots = np.empty(seconds.size)
    at, heading = 0, rng.uniform(0, 2 * np.pi)
    speed = rng.uniform(8, 16) if kind == "cargo" else rng.uniform(2.5, 5)
    while at < seconds.size:
        if kind == "cargo":
            leg, heading = rng.exponential(7200), heading + rng.normal(0, 0.25)
        elif kind == "fishing":
            leg = rng.uniform(1200, 5400)
            turned = np.pi if rng.uniform() < 0.3 else rng.normal(0, 0.8)
            heading += turned
            speed = rng.uniform(7, 10) if rng.uniform() < 0.15 else rng.uniform(2, 5)
        else:
            leg, heading, speed = 3600.0, heading + rng.normal(0, 0.6), rng.uniform(0, 0.8)
        end = at + max(int(leg), 60)
        course[at:end], knots[at:end] = heading, speed
        at = end
    # A turn takes some minutes.
    width = 121
    east = np.convolve(knots * np.sin(course), np.ones(width) / width, mode="same") * _KNOT
    north = np.convolve(knots * np.cos(course), np.ones(width) / width, mode="same") * _KNOT
    velocity = np.column_stack([east, north])
    place = np.cumsum(velocity, axis=0)
    return place - place[10_800], velocity


def _places(count: int, rng: np.random.Generator) -> Floats:
    """Return places in metres: half of them in fleets some kilometres wide."""
    out = rng.uniform(0, SIDE_M, (count, 2))
    middles = rng.uniform(8000, SIDE_M - 8000, (3, 2))
    fleet = rng.uniform(size=count) < 0.5
    out[fleet] = middles[rng.integers(0, 3, fleet.sum())] + rng.normal(0, 2500, (fleet.sum(), 2))
    return out


def _degrees(metres: Floats) -> tuple[Floats, Floats]:
    lat = _MID[0] + (metres[..., 1] - SIDE_M / 2) / _PER_DEGREE
    lon = _MID[1] + (metres[..., 0] - SIDE_M / 2) / _PER_DEGREE / np.cos(np.radians(_MID[0]))
    return lat, lon


def _fix(second: int, place: Floats, velocity: Floats, rng: np.random.Generator) -> Fix:
    lat, lon = _degrees(place + rng.standard_t(4, 2) * 8.0)
    # A wrong clock: never so wrong that before and after change places.
    late_us = int(np.clip(rng.laplace(0, 4), -abs(second), abs(second)) * 1e6)
    speed = float(np.hypot(*velocity)) / _KNOT
    course = float(np.degrees(np.arctan2(*velocity)) % 360)
    return Fix(
        _AT_US + second * 1_000_000 + late_us,
        float(lat),
        float(lon),
        round(max(speed + rng.normal(0, 0.15), 0.0), 1),
        round((course + rng.standard_t(4) * 3.0) % 360, 1),
    )


def _detectable(length: float, rng: np.random.Generator) -> bool:
    return bool(rng.uniform() < 0.97 / (1.0 + np.exp(-(length - 17.0) / 4.5)))


def _measured(length: float, rng: np.random.Generator) -> float:
    if rng.uniform() < 0.06:
        return float(rng.uniform(15, 250))
    return float(max(length * np.exp(rng.normal(0.2, 0.4)) + rng.normal(0, 8), 8.0))


def simulate(seed: int, mean_gap_min: float) -> Scene:
    """Return one scene: 60 ships on AIS, 12 dark, 4 false detections."""
    rng = np.random.default_rng(seed)
    where = _places(SHIPS + DARK, rng)
    kinds = rng.choice(["cargo", "fishing", "drifting"], SHIPS + DARK, p=[0.35, 0.45, 0.2])
    track = np.radians(LOOK.heading_deg)
    ships, seen, lengths, truth = [], [], [], []
    for row, kind in enumerate(kinds):
        path, velocity = _course(str(kind), rng)
        length = float(rng.uniform(80, 250) if kind == "cargo" else rng.uniform(18, 70))
        if row < SHIPS:
            # The image falls anywhere between two fixes.
            gap = float(np.clip(rng.exponential(mean_gap_min * 60), 10, 14_000))
            part = rng.uniform()
            ends = -int(min(part * gap, 10_700)), int(min((1 - part) * gap, 10_700))
            fixes = [
                _fix(t, where[row] + path[t + 10_800], velocity[t + 10_800], rng) for t in ends
            ]
            stated = length if rng.uniform() < 0.85 else NAN
            told = {"cargo": "cargo", "fishing": "fishing"}.get(str(kind), "unknown")
            ships.append(OnAis(str(row), fixes[0], fixes[1], stated, told))
        if not _detectable(length, rng):
            continue
        now = velocity[10_800]
        away = float(np.hypot(*now)) * np.sin(np.radians(39.1))
        away *= np.sin(np.arctan2(*now) - track)
        shift = -114.0 * away * np.array([np.sin(track), np.cos(track)])
        seen.append(where[row] + shift + rng.standard_t(3, 2) * 15.0)
        lengths.append(_measured(length, rng))
        truth.append(row if row < SHIPS else -1)
    for _ in range(FALSE):
        seen.append(rng.uniform(0, SIDE_M, 2))
        lengths.append(float(rng.uniform(10, 60)))
        truth.append(-2)
    lat, lon = _degrees(np.array(seen))
    return Scene(lat, lon, np.array(lengths), np.array(truth), expect(ships, _AT_US))


def nearest(scene: Scene, most_m: float) -> NDArray[np.int64]:
    """Return for each detection the nearest ship within a distance; each ship once."""
    away = _away_m(scene)
    return _greedy(-away, -most_m)


def rank_greedy(scene: Scene) -> NDArray[np.int64]:
    """Return pairs by rank of presence density, best first, as rank-based matchers do.

    Density of the place alone, with a threshold on it; the radar's shift is applied.
    """
    away = _away_m(scene, shifted=True)
    wide = scene.expected.variance_m2 + 200.0**2
    density = np.exp(-0.5 * away**2 / wide) / (2.0 * np.pi * wide)
    return _greedy(density, 2e-8)


def _away_m(scene: Scene, *, shifted: bool = False) -> Floats:
    ships = scene.expected
    if shifted:
        none = np.empty(0)
        moved = match(none, none, none, ships, sensor="s1", area_m2=1e9, look=LOOK).shift_m
    else:
        moved = np.zeros((len(ships), 2))
    north = (scene.lat[:, None] - ships.lat) * _PER_DEGREE - moved[:, 1]
    east = (scene.lon[:, None] - ships.lon) * _PER_DEGREE * np.cos(np.radians(_MID[0]))
    return np.asarray(np.hypot(east - moved[:, 0], north))


def _greedy(score: Floats, least: float) -> NDArray[np.int64]:
    out = np.full(score.shape[0], -1, np.int64)
    used = np.zeros(score.shape[1], np.bool_)
    for flat in np.argsort(-score, axis=None, kind="stable"):
        row, column = divmod(int(flat), score.shape[1])
        if score[row, column] < least:
            break
        if out[row] < 0 and not used[column]:
            out[row], used[column] = column, True
    return out


def house(scene: Scene, *, look: Look | None = LOOK) -> Match:
    """Return what the matcher says."""
    return match(
        scene.lat,
        scene.lon,
        scene.length_m,
        scene.expected,
        sensor="s1",
        area_m2=SIDE_M**2,
        look=look,
    )


def figures(
    chosen: list[NDArray[np.int64]],
    scenes: list[Scene],
    dark: list[NDArray[np.bool_]] | None = None,
) -> dict[str, float]:
    """Return precision and recall of matches, and of detections told as sending no AIS.

    A false detection sends none either: what is no ship is the detector's error, not the matcher's,
    and is left out of the dark figures; `dark_precision_all` counts it as wrong.
    """
    picked = np.concatenate(chosen)
    truth = np.concatenate([scene.truth for scene in scenes])
    right = int(((picked == truth) & (picked >= 0)).sum())
    told = picked < 0 if dark is None else np.concatenate(dark)
    return {
        "match_precision": round(right / max(int((picked >= 0).sum()), 1), 4),
        "match_recall": round(right / int((truth >= 0).sum()), 4),
        "dark_precision": round(float((truth[told & (truth != -2)] == -1).mean()), 4),
        "dark_recall": round(float(told[truth == -1].mean()), 4),
        "dark_precision_all": round(float((truth[told] == -1).mean()), 4),
    }


def reliability(matches: list[Match], scenes: list[Scene]) -> list[dict[str, float]]:
    """Return how often pairs of a stated probability were right, in tenths."""
    stated = np.concatenate([m.p_match[m.ship >= 0] for m in matches])
    right = np.concatenate(
        [(m.ship == s.truth)[m.ship >= 0] for m, s in zip(matches, scenes, strict=True)]
    )
    out = []
    for low in np.arange(0.0, 1.0, 0.1):
        rows = (stated >= low) & (stated < low + 0.1 + (1e-9 if low > 0.85 else 0.0))
        if rows.sum() >= 30:
            out.append(
                {
                    "stated": round(float(stated[rows].mean()), 3),
                    "right": round(float(right[rows].mean()), 3),
                    "pairs": int(rows.sum()),
                }
            )
    return out


def run(scenes: list[Scene]) -> dict[str, dict[str, float]]:
    """Return figures by method."""
    out = {
        "nearest 2 km": figures([nearest(s, 2000.0) for s in scenes], scenes),
        "nearest 5 km": figures([nearest(s, 5000.0) for s in scenes], scenes),
        "rank greedy": figures([rank_greedy(s) for s in scenes], scenes),
    }
    looks = {
        "house, no azimuth shift": replace(LOOK, range_over_speed_s=1e-6),
        "house, direction of flight unknown": None,
        "house": LOOK,
    }
    for name, look in looks.items():
        found = [house(s, look=look) for s in scenes]
        out[name] = figures([m.ship for m in found], scenes, [m.dark for m in found])
    return out


def main() -> None:
    """Print a line for each method and mean gap."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=300)
    count = parser.parse_args().scenes
    for gap_min in (8.0, 25.0, 75.0):
        scenes = [simulate(seed, gap_min) for seed in range(count)]
        for method, values in run(scenes).items():
            print(json.dumps({"gap_min": gap_min, "method": method, **values}))
        table = reliability([house(s) for s in scenes], scenes)
        print(json.dumps({"gap_min": gap_min, "reliability": table}))


if __name__ == "__main__":
    main()
