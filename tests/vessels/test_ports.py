"""Ports: the nearest one by brute force, and the shipped list against the World Port Index."""

import csv
from pathlib import Path

import numpy as np
import pyproj
import pytest

from vessels.ports import nearest_port, ports

GEOD = pyproj.Geod(ellps="WGS84")


def test_the_nearest_port_is_that_of_brute_force() -> None:
    rng = np.random.default_rng(1)
    lat = np.concatenate([np.degrees(np.arcsin(rng.uniform(-1, 1, 200))), [90.0, -90.0]])
    lon = np.concatenate([rng.uniform(-180, 180, 100), rng.uniform(175, 185, 100), [0.0, 0.0]])
    index, distance_m = nearest_port(lat, lon)
    table = ports()
    every_lat, every_lon = table["lat_deg"].to_numpy(), table["lon_deg"].to_numpy()
    for i in range(len(lat)):
        all_m = GEOD.inv(
            np.full(len(table), lon[i]), np.full(len(table), lat[i]), every_lon, every_lat
        )[2]
        assert abs(distance_m[i] - all_m.min()) < 500.0, (lat[i], lon[i])
        assert all_m[index[i]] - all_m.min() < 500.0


def test_a_port_is_its_own_nearest_port() -> None:
    table = ports()
    index, distance_m = nearest_port(table["lat_deg"], table["lon_deg"])
    # Positions are kept as 32-bit floats, half a metre apart.
    assert (distance_m < 1.0).all()
    same_place = table.iloc[index][["lat_deg", "lon_deg"]].to_numpy()
    assert np.allclose(same_place, table[["lat_deg", "lon_deg"]].to_numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("place", "country", "lat", "lon"),
    [
        ("Kao-Hsiung", "TWN", 22.6, 120.28),
        ("Suva Harbor", "FJI", -18.13, 178.42),
        ("Daru", "PNG", -9.08, 143.2),
        ("Pago Pago Harbor", "ASM", -14.28, -170.67),
        ("Majuro Atoll", "MHL", 7.1, 171.37),
    ],
)
def test_ports_of_the_fishing_trade_are_there(
    place: str, country: str, lat: float, lon: float
) -> None:
    index, distance_m = nearest_port(lat, lon)
    row = ports().iloc[int(index)]
    assert (row["name"], row["country"]) == (place, country)
    assert distance_m < 6_000


def test_without_position_there_is_no_port() -> None:
    index, distance_m = nearest_port([np.nan, 91.0, 10.0], [0.0, 181.0, np.inf])
    assert (index == -1).all()
    assert np.isnan(distance_m).all()


def test_plus_and_minus_180_have_the_same_port_and_shapes_are_kept() -> None:
    index, distance_m = nearest_port(np.linspace(-90, 90, 37)[:, None], [180.0, -180.0])
    assert index.shape == (37, 2)
    assert (index[:, 0] == index[:, 1]).all()
    assert (distance_m[:, 0] == distance_m[:, 1]).all()
    assert nearest_port([], [])[0].shape == (0,)


def test_the_list_is_sorted_and_complete() -> None:
    table = ports()
    numbers = table["wpi"].dropna()
    assert numbers.is_monotonic_increasing
    assert numbers.is_unique
    assert len(numbers) > 2_900
    assert table["country"].str.fullmatch("[A-Z]{3}").all()
    assert table["lat_deg"].between(-90, 90).all()
    assert table["lon_deg"].between(-180, 180).all()


@pytest.mark.real_data
def test_most_ports_of_the_world_port_index_are_near_one_of_ours(shared_data: Path) -> None:
    path = shared_data / "reference" / "world_port_index.csv"
    with path.open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";") if row["Latitude"]]
    lat = [float(row["Latitude"]) for row in rows]
    lon = [float(row["Longitude"]) for row in rows]
    _, distance_m = nearest_port(lat, lon)
    assert len(rows) > 900
    assert np.mean(distance_m < 2_000) > 0.85
