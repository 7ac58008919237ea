"""Reading zones: GeoPackage, GeoJSON and Shapefile, any coordinate system, hostile or broken.

What a file holds decides how it is read, not its name: other formats that the library would open
(some of which fetch from the network) are refused. Everything that is mended or left out is told
in one sentence a file.
"""

import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vessels.errors import ConfigError
from vessels.text import clean_text
from vessels.zones import Zone, ZoneSet, ZoneSource, zone_set

if TYPE_CHECKING:
    import geopandas as gpd

MAX_FILE_BYTES = 2_000_000_000
"""The world's EEZs in full detail take 0.2 GB."""
MAX_NAME_LENGTH = 120
_DENSE_M = 10_000.0
"""A straight edge of a projected map is followed at this step: 10 km bend by a few metres."""
_NAME_COLUMNS = (
    *("geoname", "name", "name_eng", "name_en", "site_name", "orig_name", "zone", "zone_name"),
    *(
        "area_name",
        "title",
        "label",
        "rfmo",
        "rfb",
        "acronym",
        "country",
        "sovereign1",
        "territory1",
    ),
)
"""Attributes that hold a name: Marine Regions, WDPA, FAO, and common sense. First come first."""
_MAGIC = {"GeoPackage": b"SQLite format 3\0", "Shapefile": b"\x00\x00\x27\x0a"}


def read_zones(sources: Iterable[ZoneSource]) -> ZoneSet:
    """Return the zones of all files.

    Raises:
        ConfigError: a file cannot be read, is of no known format, tells no coordinate system,
            holds no polygon, or lacks the column that is to name the zones.
    """
    zones: list[Zone] = []
    notes: list[str] = []
    for source in sources:
        found, told = _read(source)
        zones += found
        notes += told
    return zone_set(zones, notes)


def _read(source: ZoneSource) -> tuple[list[Zone], list[str]]:
    _check_format(source.path)
    notes: Counter[str] = Counter()
    shapes: list[tuple[str | None, Any]] = []
    for frame in _layers(source.path):
        names = _names(frame, source)
        flat = _flatten(frame, source.path, notes)
        shapes += [(name, shape) for name, shape in zip(names, flat, strict=True) if shape]
    if not shapes:
        why = "; ".join(f"{n} {what}" for what, n in sorted(notes.items()))
        raise ConfigError(f"{source.path}: holds no polygon{f' ({why})' if why else ''}")
    zones = [
        Zone(name, source.kind, source.name, shape)
        for name, shape in zip(_all_named(shapes, source.name), (s for _, s in shapes), strict=True)
    ]
    return zones, [f"{source.name}: {n} {what}" for what, n in sorted(notes.items())]


def _check_format(path: Path) -> None:
    """Refuse what is no GeoPackage, Shapefile or GeoJSON by its first bytes."""
    try:
        if not path.is_file():
            raise ConfigError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_FILE_BYTES / 1e9:g} GB")
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    if any(head.startswith(magic) for magic in _MAGIC.values()):
        return
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return
    raise ConfigError(f"{path}: is no GeoPackage, GeoJSON or Shapefile (.shp)")


def _layers(path: Path) -> "list[gpd.GeoDataFrame]":
    """Return every layer with a geometry."""
    import pyogrio  # noqa: PLC0415 - slow to import, and runs without zones do without
    from pyogrio.errors import DataLayerError, DataSourceError  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is told by what comes out
            listed = pyogrio.list_layers(path)
            names = [str(name) for name, kind in listed if kind is not None]
            return [pyogrio.read_dataframe(path, layer=name, fid_as_index=False) for name in names]
    except (DataSourceError, DataLayerError, ValueError, RuntimeError) as error:
        why = clean_text(str(error), limit=200)
        raise ConfigError(f"{path}: cannot be read as a map: {why}") from error


def _names(frame: "gpd.GeoDataFrame", source: ZoneSource) -> list[str | None]:
    columns = [str(name) for name in frame.columns if name != frame.geometry.name]
    column = source.name_column
    if column is not None and column not in columns:
        told = clean_text(", ".join(columns), limit=200) or "none"
        raise ConfigError(f"{source.path}: has no column {column!r}; its columns: {told}")
    if column is None:
        lower = {name.lower(): name for name in reversed(columns)}
        column = next((lower[name] for name in _NAME_COLUMNS if name in lower), None)
    if column is None:
        return [None] * len(frame)
    return [
        None if value is None or value != value else clean_text(str(value), limit=MAX_NAME_LENGTH)  # noqa: PLR0124 - NaN is the one value unlike itself
        for value in frame[column].tolist()
    ]


def _all_named(shapes: list[tuple[str | None, Any]], source: str) -> list[str]:
    """Return a name for each shape; the nameless are numbered by their outline, not their row."""
    import shapely  # noqa: PLC0415

    nameless = [i for i, (name, _) in enumerate(shapes) if name is None]
    if len(nameless) == len(shapes) == 1:
        return [source]
    outline = {i: shapely.to_wkb(shapely.normalize(shapes[i][1]), byte_order=1) for i in nameless}
    numbered = {i: n for n, i in enumerate(sorted(nameless, key=outline.__getitem__), 1)}
    return [name or f"{source} {numbered[i]}" for i, (name, _) in enumerate(shapes)]


def _flatten(frame: "gpd.GeoDataFrame", path: Path, notes: Counter[str]) -> list[Any]:
    """Return for each feature its polygons in WGS84, or None; what was mended goes to notes."""
    shapes, projected = _to_wgs84(frame, path)
    from vessels.zones_sphere import flat_polygons  # noqa: PLC0415 - loads shapely

    out: list[Any] = []
    for shape in shapes:
        out.append(None)
        if shape is None or shape.is_empty:
            notes["features without a geometry, left out"] += 1
            continue
        try:
            flat, mended = flat_polygons(shape, straight=not projected)
        except ValueError as error:
            notes[f"features left out: {error}"] += 1
            continue
        if flat.is_empty:
            notes["features without an area, left out"] += 1
            continue
        if mended:
            notes[f"outlines mended: {mended}"] += 1
        out[-1] = flat
    return out


def _to_wgs84(frame: "gpd.GeoDataFrame", path: Path) -> tuple[list[Any], bool]:
    """Return the geometries in degrees of WGS84, and whether they came from a projected map."""
    import shapely  # noqa: PLC0415
    from pyproj import Transformer  # noqa: PLC0415
    from pyproj.exceptions import ProjError  # noqa: PLC0415

    shapes = frame.geometry.tolist()
    crs = frame.crs
    if crs is None or not (crs.is_geographic or crs.is_projected):
        raise ConfigError(
            f"{path}: does not tell its coordinate system (a Shapefile does in its .prj file)"
        )
    if crs.to_epsg() == 4326:
        return shapes, False
    if crs.is_projected:
        metres = crs.axis_info[0].unit_conversion_factor or 1.0
        step = _DENSE_M / metres
        shapes = [None if s is None else shapely.segmentize(s, step) for s in shapes]
    try:
        change = Transformer.from_crs(crs, 4326, always_xy=True)
    except ProjError as error:
        why = clean_text(str(error), limit=200)
        raise ConfigError(f"{path}: its coordinate system is not known: {why}") from error

    def turned(points: Any) -> Any:
        lon, lat = change.transform(points[:, 0], points[:, 1])
        return np.column_stack([lon, lat])

    flat = [None if s is None else shapely.transform(shapely.force_2d(s), turned) for s in shapes]
    return flat, bool(crs.is_projected)
