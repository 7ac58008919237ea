"""Passes: SGP4 and sidereal time against published vectors, the swath against a real product."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sgp4.api import Satrec

from darkwake.next_pass import ELEMENTS, elements_for
from imagery.passes import (
    Satellite,
    _checksum,
    _sees,
    next_passes,
    positions_km,
    read_tle,
    sidereal,
)
from imagery.s1_annotation import read_annotation
from vessels.errors import InputError, StoreError, UsageError

DOG_LEG = tuple(
    (140.4 + 0.2 * x, -9.5 + 0.2 * y) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
)
BEGIN = datetime(2015, 7, 1, tzinfo=UTC)


def elements(node_deg: float = 190.0) -> list[str]:
    """Return made two-line elements like Sentinel-1's: 98.18 degrees, 175 turns in 12 days.

    The sun stood at 100 degrees of right ascension: a node at 190 is crossed at 18 h, as
    Sentinel-1's is; one at 262 on the way down at 10:50 h, about as Sentinel-2's.
    """
    first = "1 39634U 14016A   15182.00000000  .00000000  00000-0  00000-0 0  999"
    second = f"2 39634  98.1800 {node_deg:8.4f} 0001000  90.0000 270.0000 14.59198000    1"
    return [line[:68].ljust(68) + _checksum(line[:68].ljust(68)) for line in (first, second)]


def satellite(sensor: str = "s1") -> Satellite:
    node_deg = 190.0 if sensor == "s1" else 262.0
    return Satellite("SENTINEL-1A", Satrec.twoline2rv(*elements(node_deg)), sensor)


def test_sgp4_gives_the_published_vector() -> None:
    """Satellite 00005 at its epoch: Vallado et al. 2006, verification output."""
    sat = Satrec.twoline2rv(
        "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753",
        "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667",
    )
    error, place, _ = sat.sgp4(sat.jdsatepoch, sat.jdsatepochF)
    assert error == 0
    assert place == pytest.approx((7022.46529266, -1400.08296755, 0.03995155), abs=1e-6)


def test_sidereal_time_is_the_published_one() -> None:
    """Vallado 2013, example 3-5: 20 August 1992, 12:14 UT1 gives 152.578787810 degrees."""
    found = np.degrees(sidereal(np.array([2_448_854.5]), np.array([734.0 / 1440.0])))
    assert found[0] == pytest.approx(152.578787810, abs=1e-6)


def test_positions_turn_with_the_earth() -> None:
    sat = satellite().elements
    (place,) = positions_km(sat, [BEGIN])
    _, inertial, _ = sat.sgp4(2_457_204.5, 0.0)
    assert np.linalg.norm(place) == pytest.approx(np.linalg.norm(inertial), abs=1e-6)
    assert place[2] == pytest.approx(inertial[2])
    turn = np.degrees(np.arctan2(inertial[1], inertial[0]) - np.arctan2(place[1], place[0]))
    known = np.degrees(sidereal(np.array([2_457_204.5]), np.array([0.0])))[0]
    assert (turn - known) % 360.0 == pytest.approx(0.0, abs=1e-6)


@pytest.mark.real_data
def test_a_real_product_lies_in_the_swath_and_its_mirror_image_does_not(shared_data: Path) -> None:
    (path,) = sorted((shared_data / "imagery" / "s1_grd_safe").glob("*/annotation/*vv*.xml"))[:1]
    note = read_annotation(path)
    grid = note.grid
    for line in np.unique(grid[:, 0])[::3]:
        rows = grid[grid[:, 0] == line]
        seconds = float(line) * note.line_interval_s
        at = np.array([np.interp(seconds, note.orbit_s, c) for c in note.orbit_m.T]) / 1000.0
        motion = np.array([np.interp(seconds, note.orbit_s, c) for c in note.orbit_m_s.T]) / 1000.0
        # Chords of an orbit lie below it: near a state vector by a kilometre at most.
        for _, _, lat, lon, _, incidence in rows:
            point = earth(lat, lon)
            assert _sees("s1", at, motion, point) == (29.5 < incidence < 45.6) or not (
                29.5 < incidence < 45.6
            )
            across = np.cross(motion, at) / np.linalg.norm(np.cross(motion, at))
            mirrored = point - 2.0 * (point @ across - at @ across) * across
            assert not _sees("s1", at, motion, mirrored)


def earth(lat: float, lon: float) -> np.ndarray:
    phi, lam = np.radians(lat), np.radians(lon)
    down = 6378.137 / np.sqrt(1.0 - 0.00669437999 * np.sin(phi) ** 2)
    return np.array(
        [
            down * np.cos(phi) * np.cos(lam),
            down * np.cos(phi) * np.sin(lam),
            down * (1.0 - 0.00669437999) * np.sin(phi),
        ]
    )


def test_an_orbit_that_repeats_in_12_days_passes_again_at_the_same_time() -> None:
    passes = next_passes([satellite()], DOG_LEG, BEGIN, 26.0)
    assert 4 <= len(passes) <= 12
    first = passes[0]
    again = [one.time - first.time for one in passes if one.ascending == first.ascending]
    assert min(abs(gap - timedelta(days=12)) for gap in again) < timedelta(minutes=5)
    assert all(0.0 < one.share <= 1.0 for one in passes)
    assert passes == sorted(passes, key=lambda one: one.time)


def test_each_pass_is_the_nearest_point_of_the_track_and_to_the_right() -> None:
    sat = satellite()
    middle = earth(-9.5, 140.4)
    for one in next_passes([sat], DOG_LEG, BEGIN, 12.0):
        if one.share < 1.0:
            continue
        times = [one.time + timedelta(seconds=s) for s in (-40, -1, 0, 1, 40)]
        place = positions_km(sat.elements, times)
        away = np.linalg.norm(place - middle, axis=1)
        assert away[2] < min(away[0], away[4])
        motion = (place[3] - place[1]) / 2.0
        assert (middle - place[2]) @ np.cross(motion, place[2]) > 0.0


def test_optical_passes_are_by_day_alone() -> None:
    passes = next_passes([satellite("s2")], DOG_LEG, BEGIN, 12.0)
    assert passes
    local = [(one.time.hour + one.time.minute / 60.0 + 140.4 / 15.0) % 24.0 for one in passes]
    assert all(6.0 < hour < 18.0 for hour in local)
    night = next_passes([satellite("s1")], DOG_LEG, BEGIN, 12.0)
    hours = [(one.time.hour + 140.4 / 15.0) % 24.0 for one in night]
    assert any(not 6.0 < hour < 18.0 for hour in hours)


def test_old_elements_are_told() -> None:
    late = next_passes([satellite()], DOG_LEG, BEGIN + timedelta(days=30), 6.0)
    assert late
    assert all(one.doubtful and one.elements_age_days > 29.0 for one in late)


def test_files_of_elements_are_read_and_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tle"
    first, second = elements()
    path.write_text(f"ISS (ZARYA)\n{first}\n{second}\nSENTINEL-1A\n{first}\n{second}\n")
    (found,) = read_tle(path)
    assert (found.name, found.sensor) == ("SENTINEL-1A", "s1")
    assert found.epoch == BEGIN
    path.write_text(f"SENTINEL-2B\n{first}\n{second[:-1]}{(int(second[-1]) + 1) % 10}\n")
    with pytest.raises(InputError, match="checksum"):
        read_tle(path)
    path.write_text("nothing\n")
    with pytest.raises(InputError, match="neither"):
        read_tle(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_tle(tmp_path / "none")


def test_elements_are_remembered(tmp_path: Path) -> None:
    cache, given = tmp_path / "cache", tmp_path / "s1.tle"
    with pytest.raises(UsageError, match="once"):
        elements_for(None, cache)
    given.write_text("\n".join(["SENTINEL-1A", *elements(), ""]))
    (first,) = elements_for(given, cache)
    given.unlink()
    (again,) = elements_for(None, cache)
    assert (again.name, again.sensor) == (first.name, "s1")
    assert [file.name for file in cache.iterdir()] == [ELEMENTS]
    cache = tmp_path / "file"
    cache.write_text("")
    given.write_text("\n".join(["SENTINEL-1A", *elements(), ""]))
    with pytest.raises(StoreError, match="cannot be remembered"):
        elements_for(given, cache)
