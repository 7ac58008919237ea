"""The pair search against all pairs tried: same rows, same order, wherever on the sphere."""

import numpy as np
import pytest

from detectors.contacts import CONTACT, find_contacts
from detectors.slots import SLOT
from vessels.geodesy import distances_m

REACH_M = 500.0
M_DEG = 1.0 / 111_195.0


def slots_at(lat, lon, *, slots=3, seed=1):
    """Return the hulls of some places in each of some slots, a little moved, in any order."""
    rng = np.random.default_rng(seed)
    hulls = len(lat)
    out = np.zeros(hulls * slots, SLOT)
    out["key"] = np.tile(rng.permutation(hulls) + 200_000_000 << 16, slots)
    out["slot"] = np.repeat(5_000_000 + np.arange(slots), hulls)
    out["lat"] = np.clip(np.tile(lat, slots) + rng.normal(0, 50 * M_DEG, len(out)), -90, 90)
    out["lon"] = (np.tile(lon, slots) + 180) % 360 - 180
    for name in ("sequence", "messages", "observed"):
        out[name] = rng.integers(0, 2, len(out))
    out["speed_knots"], out["sigma_m"] = rng.uniform(0, 3, (2, len(out)))
    return out[rng.permutation(len(out))]


def all_pairs(slots, reach_m):
    """Return the contacts by trying every two rows."""
    rows = slots[np.lexsort((slots["slot"], slots["key"]))]
    one, two = np.triu_indices(len(rows), 1)
    same = rows["slot"][one] == rows["slot"][two]
    same &= rows["key"][one] >> 16 != rows["key"][two] >> 16
    one, two = rows[one[same]], rows[two[same]]
    apart_m = distances_m(one["lat"], one["lon"], two["lat"], two["lon"])
    near = apart_m <= reach_m
    one, two = one[near], two[near]
    out = np.zeros(len(one), CONTACT)
    for side, part in (("1", one), ("2", two)):
        for name in ("key", "sequence", "messages", "lat", "lon"):
            out[name + side] = part[name]
        out["speed" + side] = part["speed_knots"]
    out["slot"], out["observed"] = one["slot"], one["observed"] & two["observed"]
    out["distance_m"], out["sigma_m"] = apart_m[near], np.hypot(one["sigma_m"], two["sigma_m"])
    return out[np.lexsort((out["slot"], out["key2"], out["key1"]))]


def around(lat, lon, spread_m, hulls=120):
    """Return places round one, spread alike to north and east."""
    rng = np.random.default_rng(hulls)
    north, east = rng.normal(0, spread_m * M_DEG, (2, hulls))
    return np.clip(lat + north, -90, 90), lon + east / max(np.cos(np.radians(lat)), 1e-3)


@pytest.mark.parametrize("spread_m", [150, 1500])
@pytest.mark.parametrize(
    ("lat", "lon"),
    [(0, 0), (-12.3, 180), (60, -180), (75, 36), (89.4, 10), (89.44, 10), (90, 0), (-90, 0)],
)
def test_the_search_finds_what_trying_all_pairs_finds(lat, lon, spread_m):
    slots = slots_at(*around(lat, lon, spread_m))
    found = find_contacts(slots, REACH_M)
    assert len(found) > 100
    assert found.tobytes() == all_pairs(slots, REACH_M).tobytes()


@pytest.mark.parametrize("reach_m", [0.5, 60.0, 10_000.0])
def test_any_reach_finds_what_trying_all_pairs_finds(reach_m):
    rng = np.random.default_rng(4)
    lat, lon = around(89.0, 5.0, 3 * reach_m)
    lat = np.append(lat, np.degrees(np.arcsin(rng.uniform(-1, 1, 80))))
    slots = slots_at(lat, np.append(lon, rng.uniform(-180, 180, 80)), slots=2)
    slots["lat"] = np.where(rng.uniform(size=len(slots)) < 0.3, np.round(slots["lat"], 4), 12.0)
    slots["lon"][slots["lat"] == 12.0] = rng.normal(0, 2 * reach_m * M_DEG, 1)[0]
    found = find_contacts(slots, reach_m)
    assert len(found) > 100
    assert found.tobytes() == all_pairs(slots, reach_m).tobytes()


def test_the_edge_of_reach_is_within_and_a_hair_more_is_not():
    slots = slots_at(np.array([10.0, 10.004]), np.array([20.0, 20.0]), slots=1)
    (contact,) = find_contacts(slots, REACH_M)
    assert len(find_contacts(slots, contact["distance_m"])) == 1
    assert len(find_contacts(slots, np.nextafter(contact["distance_m"], 0.0))) == 0


def test_more_pairs_than_rows_are_all_found():
    slots = slots_at(np.full(200, 5.0), np.full(200, 6.0), slots=2)
    assert len(find_contacts(slots, REACH_M)) == 2 * 200 * 199 // 2


def test_two_hulls_of_one_number_are_no_pair():
    slots = slots_at(np.full(4, 5.0), np.full(4, 6.0), slots=1)
    slots["key"] = (200_000_000 << 16) + np.arange(4)
    slots["key"][3] += 1 << 16
    found = find_contacts(slots, REACH_M)
    assert [(row["key1"] & 0xF, row["key2"] & 0xF) for row in found] == [(0, 3), (1, 3), (2, 3)]


def test_slots_years_apart_take_no_room():
    slots = slots_at(np.full(3, 5.0), np.full(3, 6.0), slots=2)
    slots["slot"][slots["slot"] == slots["slot"].min()] = -2_000_000_000
    found = find_contacts(slots, REACH_M)
    assert found.tobytes() == all_pairs(slots, REACH_M).tobytes()
    assert len(found) == 6


def test_hulls_on_either_side_of_180_degrees_meet():
    """The eastern edge of the last column is the western edge of the first."""
    slots = slots_at(np.zeros(4), np.zeros(4), slots=1)
    slots["lon"] = [180.0, -180.0, 179.999, -179.999]
    assert len(find_contacts(slots, REACH_M)) == 6
