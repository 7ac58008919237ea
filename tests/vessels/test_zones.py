"""Zones: every way to write a ring across 180 degrees or a pole, and points against shapely."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from vessels.errors import ConfigError
from vessels.geography import land_polygons, on_land
from vessels.zones import Zone, ZoneSet, ZoneSource, no_zones, zone_set
from vessels.zones_files import read_zones

Ring = list[list[float]]


def box(west: float, east: float, south: float = -20.0, north: float = -15.0) -> Ring:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def write(path: Path, *rings: Ring, kind: str = "Polygon", **properties: Any) -> Path:
    coordinates: Any = list(rings) if kind == "Polygon" else [[ring] for ring in rings]
    feature = {
        "type": "Feature",
        "properties": properties or {"name": "Fiji"},
        "geometry": {"type": kind, "coordinates": coordinates},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def read(path: Path, **options: Any) -> ZoneSet:
    return read_zones([ZoneSource("own", path, **options)])


def inside(zones: ZoneSet, *points: tuple[float, float]) -> list[int]:
    lat, lon = np.array(points).T
    return np.diff(zones.at(lat, lon)[0]).tolist()


WALK = [[177.0, -20.0], [180.0, -20.0], [-180.0, -20.0], [-178.0, -20.0]]
WALK += [[lon, -15.0] for lon, _ in reversed(WALK)] + WALK[:1]


@pytest.mark.parametrize(
    ("rings", "kind"),
    [
        ([box(177, -178)], "Polygon"),
        ([box(177, -178)[::-1]], "Polygon"),
        ([box(177, 182)], "Polygon"),
        ([box(-183, -178)], "Polygon"),
        ([WALK], "Polygon"),
        ([box(177, 180), box(-180, -178)], "MultiPolygon"),
    ],
    ids=["jump", "jump backwards", "runs on", "runs on west", "touches 180", "cut"],
)
def test_a_zone_across_180_is_one_however_it_is_written(
    tmp_path: Path, rings: list[Ring], kind: str
) -> None:
    zones = read(write(tmp_path / "z.geojson", *rings, kind=kind))
    points = [(-17.0, 179.0), (-17.0, -179.0), (-17.0, 180.0), (-17.0, 540.0)]
    assert inside(zones, *points) == [1, 1, 1, 1]
    assert inside(zones, (-17.0, 0.0), (-17.0, 176.9), (-17.0, -177.9), (-20.1, 179.0)) == [0] * 4
    assert zones.hash == read(write(tmp_path / "plain.geojson", box(177, 182))).hash
    assert zones.notes == ()


def test_a_hole_across_180_is_a_hole(tmp_path: Path) -> None:
    path = write(tmp_path / "z.geojson", box(170, -170, -30, 0), box(179, -179))
    assert inside(read(path), (-17, 179.5), (-17, -179.5), (-17, 178.0), (-17, -178.0)) == [
        *(0, 0, 1, 1)
    ]


def test_a_world_map_edge_is_as_long_as_it_says(tmp_path: Path) -> None:
    band = read(write(tmp_path / "band.geojson", box(-180, 180, -60, 60)))
    assert inside(band, (0, 0), (59, 179), (0, -180), (61, 0)) == [1, 1, 1, 0]
    southern = [[-180, -60], [0, -60], [180, -60], [180, -90], [-180, -90], [-180, -60]]
    ocean = read(write(tmp_path / "south.geojson", [[float(x) for x in p] for p in southern]))
    assert inside(ocean, (-61, 5), (-90, 17), (-61, 180), (-59, 5)) == [1, 1, 1, 0]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_ring_around_a_pole_holds_that_pole(tmp_path: Path, sign: float) -> None:
    ring = [[(-170.0 + 30 * i + 180) % 360 - 180, sign * 60.0] for i in range(12)]
    zones = read(write(tmp_path / "pole.geojson", [*ring, ring[0]]))
    assert inside(zones, (sign * 90, 0), (sign * 61, 180), (sign * 61, -5)) == [1, 1, 1]
    assert inside(zones, (sign * 59, 0), (-sign * 90, 0)) == [0, 0]
    assert zones.notes == ()


def test_projected_zones_are_followed_along_their_edges(tmp_path: Path) -> None:
    cap = gpd.GeoSeries([shapely.Point(0, 0).buffer(3_000_000, quad_segs=90)], crs=3031)
    gpd.GeoDataFrame({"NAME": ["Antarctic"]}, geometry=cap).to_file(tmp_path / "cap.gpkg")
    pole = read(tmp_path / "cap.gpkg", kind="rfmo")
    assert inside(pole, (-90, 0), (-70, 180), (-70, -90), (-50, 0)) == [1, 1, 1, 0]
    edge = [shapely.Point(lon, lat) for lon in (177, 182) for lat in (-20, -15)]
    bounds = gpd.GeoSeries(edge, crs=4326).to_crs(3832).total_bounds
    frame = gpd.GeoDataFrame({"NAME": ["Fiji"]}, geometry=[shapely.box(*bounds)], crs=3832)
    frame.to_file(tmp_path / "fiji.shp")
    fiji = read(tmp_path / "fiji.shp")
    assert inside(fiji, (-17, 179), (-17, -179), (-17, 176.99), (-17, -177.99)) == [1, 1, 0, 0]
    # A 3,000 km straight edge of a polar map bends: its middle lies 4 degrees off the chord.
    square = gpd.GeoSeries([shapely.box(1e6, -1.5e6, 2e6, 1.5e6)], crs=3031)
    gpd.GeoDataFrame({"NAME": ["x"]}, geometry=square).to_file(tmp_path / "square.gpkg")
    line = gpd.GeoSeries([shapely.Point(1.95e6, 0), shapely.Point(2.05e6, 0)], crs=3031)
    points = [(p.y, p.x) for p in line.to_crs(4326)]
    assert inside(read(tmp_path / "square.gpkg"), *points) == [1, 0]


def test_points_agree_with_the_land_mask_and_with_shapely() -> None:
    polygons = list(land_polygons().geometry)
    north = [p for p in polygons if p.centroid.y > 0]
    south = [p for p in polygons if p.centroid.y <= 0]
    zones = zone_set(
        [
            Zone("north", "area", "land", shapely.MultiPolygon(north)),
            Zone("south", "area", "land", shapely.MultiPolygon(south)),
        ]
    )
    rng = np.random.default_rng(1)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, 200_000)))
    lon = rng.uniform(-180, 540, 200_000)
    first, found = zones.at(lat, lon)
    assert np.array_equal(np.diff(first) > 0, on_land(lat, lon))
    few = rng.choice(len(lat), 300, replace=False)
    around = (lon[few] + 180) % 360 - 180
    for k, part in enumerate((north, south)):
        truth = shapely.intersects_xy(shapely.MultiPolygon(part), around, lat[few])
        ours = [k in found[first[i] : first[i + 1]] for i in few]
        assert ours == truth.tolist()


@pytest.mark.parametrize(("detailed", "half"), [(10**9, 0.25), (0, 0.0625)])
def test_a_border_through_the_middle_of_a_cell(
    monkeypatch: pytest.MonkeyPatch, detailed: int, half: float
) -> None:
    """Cells are judged by their middle: borders and vertices on it are on one side of it."""
    monkeypatch.setattr("vessels.zones_grid._DETAILED", detailed)
    diamond = [(half, half), (1 + half, 1 + half), (half, 2 + half), (half - 1, 1 + half)]
    shapes = [
        shapely.box(half, half, 1 + half, 1 + half),
        shapely.Polygon(diamond),
        shapely.Polygon([(half, 0), (half, 1), (2, half)]),
    ]
    rng = np.random.default_rng(4)
    lon, lat = rng.uniform(-1.5, 2.5, (2, 4000))
    for shape in shapes:
        first, _ = zone_set([Zone("a", "area", "own", shapely.MultiPolygon([shape]))]).at(lat, lon)
        assert np.array_equal(np.diff(first) > 0, shapely.contains_xy(shape, lon, lat))


def test_overlapping_zones_are_all_told_in_order() -> None:
    rng = np.random.default_rng(2)
    centres = rng.uniform(-20, 20, (60, 2))
    circles = [
        shapely.Point(*c).buffer(r) for c, r in zip(centres, rng.uniform(1, 9, 60), strict=True)
    ]
    zones = zone_set(
        Zone(f"{i:02}", "area", "own", shapely.MultiPolygon([c])) for i, c in enumerate(circles)
    )
    points = rng.uniform(-30, 30, (3000, 2))
    first, found = zones.at(points[:, 1], points[:, 0])
    for i, (lon, lat) in enumerate(points):
        truth = np.flatnonzero(shapely.contains_xy(circles, lon, lat))
        assert found[first[i] : first[i + 1]].tolist() == truth.tolist()
    assert first[-1] > 3000, "more room is made where zones are many"


def test_no_position_is_in_no_zone(tmp_path: Path) -> None:
    zones = read(write(tmp_path / "z.geojson", box(-180, 180, -90, 90)))
    assert inside(zones, (np.nan, 0), (0, np.nan), (90.1, 0), (0, np.inf), (90, 0)) == [
        0,
        0,
        0,
        0,
        1,
    ]
    first, found = no_zones().at([1.0, 2.0], [3.0, 4.0])
    assert first.tolist() == [0, 0, 0]
    assert len(found) == 0


def test_the_hash_is_of_the_content(tmp_path: Path) -> None:
    square, other = box(0, 5), box(10, 15)
    both = write(tmp_path / "a.geojson", square, other, kind="MultiPolygon")
    turned = write(tmp_path / "b.geojson", other[::-1], square, kind="MultiPolygon")
    assert read(both).hash == read(turned).hash
    moved = write(tmp_path / "c.geojson", box(0, 5.001), other, kind="MultiPolygon")
    renamed = write(tmp_path / "d.geojson", square, other, kind="MultiPolygon", name="Tonga")
    hashes = {read(path).hash for path in (both, moved, renamed)}
    assert len(hashes | {read(both, kind="eez").hash}) == 4
    gpd.read_file(both).to_file(tmp_path / "a.gpkg")
    assert read(tmp_path / "a.gpkg").hash == read(both).hash


def test_polygons_of_one_name_are_one_zone(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"GEONAME": ["A", "A", "B", None]},
        geometry=[shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2), shapely.box(6, 0, 8, 2),
                  shapely.box(10, 0, 12, 2)],
        crs=4326,
    )  # fmt: skip
    frame.to_file(tmp_path / "z.gpkg")
    zones = read(tmp_path / "z.gpkg")
    assert zones.names == ("A", "B", "own 1")
    assert inside(zones, (1, 1), (1, 3), (1, 2)) == [1, 1, 1]


def test_names_come_from_the_column_asked_for_and_are_harmless(tmp_path: Path) -> None:
    path = write(tmp_path / "z.geojson", box(0, 5), name="a", code="<b>\u202ex\n" + "y" * 500)
    assert read(path).names == ("a",)
    (name,) = read(path, name_column="code").names
    assert name.startswith("<b> x y")
    assert len(name) == 120
    with pytest.raises(
        ConfigError, match=r"z\.geojson: has no column 'nom'; its columns: name, code"
    ):
        read(path, name_column="nom")
    write(path, box(0, 5), number=7)
    assert read(path, name_column="number").names == ("7",)
    assert read(path).names == ("own",)


def test_broken_rings_are_mended_and_told(tmp_path: Path) -> None:
    bow = [[0.0, 0.0], [4.0, 4.0], [4.0, 0.0], [0.0, 4.0], [0.0, 0.0]]
    zones = read(write(tmp_path / "z.geojson", bow))
    assert inside(zones, (2, 0.5), (2, 3.5), (0.5, 2), (3.5, 2)) == [1, 1, 0, 0]
    assert zones.notes == ("own: 1 outlines mended: self-intersection",)


def test_what_has_no_area_is_left_out_and_told(tmp_path: Path) -> None:
    shapes = [shapely.box(0, 0, 1, 1), shapely.Point(5, 5), None, shapely.box(0, 0, 4000, 1)]
    frame = gpd.GeoDataFrame({"name": list("abcd")}, geometry=shapes, crs=4326)
    frame.to_file(tmp_path / "z.geojson")
    zones = read(tmp_path / "z.geojson")
    assert zones.names == ("a",)
    assert zones.notes == (
        "own: 1 features left out: has coordinates that are not degrees",
        "own: 1 features without a geometry, left out",
        "own: 1 features without an area, left out",
    )


def _nowhere(folder: Path) -> Path:
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4326)
    frame.to_file(folder / "z.shp")
    (folder / "z.prj").unlink()
    return folder / "z.shp"


def _points(folder: Path) -> Path:
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(0, 0)], crs=4326)
    frame.to_file(folder / "p.gpkg")
    return folder / "p.gpkg"


def _text(name: str, content: bytes) -> Any:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def _database(folder: Path) -> Path:
    with sqlite3.connect(folder / "d.gpkg") as database:
        database.execute("CREATE TABLE t (a)")
    database.close()
    return folder / "d.gpkg"


VRT = b"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/x</SrcDataSource></OGRVRTLayer>"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (_nowhere, "does not tell its coordinate system"),
        (_points, r"holds no polygon \(1 features without an area"),
        (lambda folder: folder / "none.gpkg", "no such file"),
        (lambda folder: folder, "is a folder"),
        (_text("v.geojson", VRT), "is no GeoPackage, GeoJSON or Shapefile"),
        (_text("e.geojson", b""), "is no GeoPackage, GeoJSON or Shapefile"),
        (_text("t.geojson", b'{"type": "FeatureCollection", "features": [{"ty'), "cannot be read"),
        (_text("j.geojson", b'{"a": 1}'), "cannot be read|holds no polygon"),
        (_text("s.shp", b"\x00\x00\x27\x0a" + b"\0" * 40), "cannot be read|coordinate|no polygon"),
        (_database, "cannot be read|holds no polygon"),
    ],
)  # fmt: skip
def test_a_file_of_no_use_is_one_clear_error(tmp_path: Path, make: Any, why: str) -> None:
    path = make(tmp_path)
    with pytest.raises(ConfigError, match=why) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
