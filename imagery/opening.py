"""From files to an image: names bands, puts them on one grid, finds geometry, sensor and time."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from imagery.bands import RADAR, Sensor, name_bands, sensor_of
from imagery.geometry import AffineGeometry, GcpGeometry, Geometry, NoGeometry, apply, pixel_size_m
from imagery.image import Band, FileBand, Image
from imagery.raster import RasterFile, open_raster
from imagery.s1_annotation import Annotation, Calibration, read_annotation, read_calibration
from imagery.s1_orbit import OrbitGeometry
from vessels.errors import InputError

_LEAST_PIXEL_M, _MOST_PIXEL_M = 0.2, 120.0
USUAL_PIXEL_M = 10.0
"""Of Sentinel-1 GRDH and of Sentinel-2's sharpest bands: taken where a file tells no size."""
_SAME_PLACE_PX = 0.6
_STAMP = re.compile(r"20\d{6}T\d{6}", re.IGNORECASE)
_SPECKLE, _UNLIKE = 0.05, 0.48
"""Step between neighbours over the median, and over the step at four pixels, above which an
unnamed single band is taken for radar."""
_S2_WANTED = re.compile(r"_B(02|03|04|08|11)(_[126]0m)?\.jp2$")


def open_image(paths: Sequence[Path], sensor: Literal["auto", "s1", "s2"] = "auto") -> Image:
    """Open the files of one scene, or its .SAFE folder, as one image.

    Raises:
        InputError: a file is no raster, damaged or hostile; the files are not of one scene; the
            georeference is wrong. Where there is none, `geometry.kind` is "none".
    """
    if not paths:
        raise InputError("no image was given")
    files = [open_raster(path) for path in _files(paths)]
    bands = _collect(files)
    kind = _choose_sensor(sensor, bands, files)
    bands = _for_sensor(bands, kind)
    base = _finest([file for file, _ in bands.values()])
    note = _annotation_beside(base) if kind == "s1" else None
    geometry = _geometry(base, note)
    try:
        pixel_m = pixel_size_m(geometry, base.shape)
    except InputError as error:
        raise InputError(str(error), path=str(base.path)) from error
    if not _LEAST_PIXEL_M <= pixel_m <= _MOST_PIXEL_M:
        raise InputError(
            f"its pixels measure {pixel_m:.4g} m on the ground: the georeference is wrong,"
            " or it is too coarse or too fine for ships",
            path=str(base.path),
        )
    placed = {name: _place(file, index, base) for name, (file, index) in bands.items()}
    return Image(
        sensor=kind,
        bands=_order(placed, base.shape),
        shape=base.shape,
        geometry=geometry,
        pixel_m=pixel_m,
        time=note.start if note else _time_in(base),
        annotation=note,
        calibration=_calibrations(bands) if note else {},
        provenance={"files": [str(file.path.name) for file in files]},
    )


def _files(paths: Sequence[Path]) -> list[Path]:
    out: list[Path] = []
    for path in paths:
        if not path.is_dir():
            out.append(path)
            continue
        inside = [*path.glob("measurement/*.tif*")]
        inside += [f for f in path.glob("GRANULE/*/IMG_DATA/**/*.jp2") if _S2_WANTED.search(f.name)]
        if not inside:
            inside = [*path.glob("*.tif"), *path.glob("*.tiff")]
        if not inside:
            raise InputError("holds no image: neither a .SAFE product nor GeoTIFFs", path=str(path))
        out += sorted(inside)
    return out


def _collect(files: list[RasterFile]) -> dict[str, tuple[RasterFile, int]]:
    """Return band name -> file and index. A band's own file goes before a composite."""
    bands: dict[str, tuple[RasterFile, int]] = {}
    for file in sorted(files, key=lambda f: len(f.dtypes)):
        for index, name in enumerate(name_bands(file), 1):
            if name in bands and len(file.dtypes) == 1:
                before = bands[name][0]
                if before.shape == file.shape and before.path != file.path:
                    raise InputError(
                        f"is a second band {name} beside {before.path.name}:"
                        " give the files of one scene at a time",
                        path=str(file.path),
                    )
                if file.shape < before.shape:
                    continue  # the same band at a coarser resolution
                bands[name] = file, index
            else:
                bands.setdefault(name, (file, index))
    return bands


def _choose_sensor(
    wanted: Literal["auto", "s1", "s2"],
    bands: dict[str, tuple[RasterFile, int]],
    files: list[RasterFile],
) -> Sensor:
    if wanted != "auto":
        return wanted
    told = sensor_of(list(bands), [file.path.name for file in files])
    return told or _ask_pixels(*next(iter(bands.values())))


def _ask_pixels(file: RasterFile, index: int) -> Sensor:
    """Tell radar by its speckle: strong, and nearly as unlike the next pixel as the fourth.

    Measured: optical bands of ports 0.29 to 0.43 of the difference at four pixels, speckle of
    Sentinel-1 GRD 0.55 and more, in decibels too. Negative numbers are decibels.
    """
    rows, columns = (min(size, 1024) for size in file.shape)
    values = FileBand(file, index).read((0, rows, 0, columns)).astype(np.float64)
    good = np.isfinite(values) & (values != 0) & (values != (file.nodata or 0))
    if not good.any() or columns < 16:
        return "s2"
    if np.median(values[good]) < 0:
        return "s1"

    def step(lag: int) -> float:
        both = good[:, lag:] & good[:, :-lag]
        return float(np.abs(values[:, lag:] - values[:, :-lag])[both].mean()) if both.any() else 0.0

    strong = step(1) > _SPECKLE * float(np.median(values[good]))
    return "s1" if strong and step(1) > _UNLIKE * step(4) else "s2"


def _for_sensor(
    bands: dict[str, tuple[RasterFile, int]], sensor: Sensor
) -> dict[str, tuple[RasterFile, int]]:
    """Return the bands that the sensor's detector can use, named as that sensor names them."""
    order = list(bands)
    if sensor == "s1":
        found = {name: bands[name] for name in order if name in RADAR}
        if not found:
            usable = [name for name in order if name != "alpha"][:2]
            found = {name: bands[old] for name, old in zip(RADAR, usable, strict=False)}
        return found
    optical = {name: bands[name] for name in order if name not in (*RADAR, "alpha", "ratio")}
    if not optical:
        optical = {"gray": bands[order[0]]}
    if "nir" not in optical and "nir08" in optical:
        optical["nir"] = optical["nir08"]
    return optical


def _order(bands: Mapping[str, Band], shape: tuple[int, int]) -> Mapping[str, Band]:
    """Settle whether an unnamed stack of four begins with blue or with red.

    Clear water reflects more blue than red, so the band that is brighter where the near infrared
    is darkest is blue.
    """
    if "first" not in bands:
        return bands
    window = (0, min(shape[0], 1500), 0, min(shape[1], 1500))
    nir = bands["nir"].read(window).astype(np.float64)
    dark = nir <= np.quantile(nir, 0.2)
    first, third = (float(bands[n].read(window)[dark].mean()) for n in ("first", "third"))
    names = {"first": "blue", "third": "red"} if first >= third else {"first": "red"}
    return {names.get(name, "blue" if name == "third" else name): b for name, b in bands.items()}


def _finest(files: list[RasterFile]) -> RasterFile:
    return max(files, key=lambda file: file.shape[0] * file.shape[1])


def _place(file: RasterFile, index: int, base: RasterFile) -> FileBand:
    """Put a band on the grid of the finest one.

    Raises:
        InputError: it lies elsewhere or in another system.
    """
    if file is base or file.path == base.path:
        return FileBand(file, index)
    if file.transform is None or base.transform is None:
        if file.shape != base.shape:
            raise InputError("differs in size from the other bands", path=str(file.path))
        return FileBand(file, index)
    if file.crs != base.crs:
        raise InputError(
            f"is not on the map projection of {base.path.name}: not of one scene?",
            path=str(file.path),
        )
    back = ~file.transform
    corner = apply(back, *apply(base.transform, 0.0, 0.0))
    far = apply(back, *apply(base.transform, *base.shape[::-1]))
    slack = _SAME_PLACE_PX
    if not (
        -slack <= corner[0] <= far[0] <= file.shape[1] + slack
        and -slack <= corner[1] <= far[1] <= file.shape[0] + slack
    ):
        raise InputError(f"does not cover {base.path.name}: not of one scene?", path=str(file.path))
    if file.shape == base.shape:
        return FileBand(file, index)
    scale = (far[1] - corner[1]) / base.shape[0], (far[0] - corner[0]) / base.shape[1]
    return FileBand(file, index, scale, (max(corner[1], 0.0), max(corner[0], 0.0)))


def _geometry(base: RasterFile, note: Annotation | None) -> Geometry:
    if note is not None:
        return OrbitGeometry(note)
    try:
        if base.transform is not None and base.crs is not None:
            return AffineGeometry(base.crs, base.transform)
        if base.gcps:
            return GcpGeometry(base.gcps, base.gcp_crs)
    except InputError as error:
        raise InputError(str(error), path=str(base.path)) from error
    return NoGeometry(_step_of(base))


def _step_of(file: RasterFile) -> float:
    """Return the pixel size in metres that a file without a system can mean.

    Its own step where that is one of metres, and else Sentinel's 10 m.
    """
    if file.transform is None:
        return USUAL_PIXEL_M
    a, b, _, d, e, _ = tuple(file.transform)[:6]
    step = float(np.sqrt(abs(a * e - b * d)))
    return step if 1.0 < step <= _MOST_PIXEL_M else USUAL_PIXEL_M


def _beside(measurement: Path, folder: str, prefix: str = "") -> Path | None:
    """Return the XML of a measurement inside a .SAFE folder, where there is one."""
    if measurement.parent.name != "measurement":
        return None
    path = measurement.parent.parent / folder / f"{prefix}{measurement.stem}.xml"
    return path if path.is_file() else None


def _annotation_beside(file: RasterFile) -> Annotation | None:
    path = _beside(file.path, "annotation")
    if path is None:
        return None
    note = read_annotation(path)
    return note if (note.lines, note.samples) == file.shape else None


def _calibrations(bands: dict[str, tuple[RasterFile, int]]) -> dict[str, Calibration]:
    paths = {
        name: _beside(file.path, "annotation/calibration", "calibration-")
        for name, (file, _) in bands.items()
    }
    return {name: read_calibration(path) for name, path in paths.items() if path is not None}


def _time_in(file: RasterFile) -> datetime | None:
    """Return the time of the picture from its tags or its name; a day alone is no time."""
    for text in (file.tags.get("ACQUISITION_DATETIME"), file.tags.get("datetime"), file.path.name):
        found = _STAMP.search(text or "")
        if found:
            try:
                return datetime.strptime(found[0].upper(), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            except ValueError:
                continue
    return None
