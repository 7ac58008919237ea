# mypy: disable-error-code="import-untyped"
"""The radar scene of the demo: drawn from a seed, labelled, and put into a folder of scenes.

In the public case a satellite saw two trawlers without AIS beside the carrier on 14 July. The scene
shows such a meeting with invented ships: the sea, the carrier where its course has it, and two
trawlers a little off that send nothing. An empty sea of 2 July is there to compare with. They go
through the same search, detector and matcher as any other scene.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from darkwake.imagery_settings import Imagery
from imagery.folder import LABEL_TAG
from imagery.simulate import PIXEL_M, Ship, radar_scene
from vessels.errors import StoreError

TIME = datetime(2015, 7, 14, 8, 45, tzinfo=UTC)
BEFORE = datetime(2015, 7, 2, 8, 45, tzinfo=UTC)
CARRIER_PLACE = (-9.509431, 140.402574)
"""Where the carrier drifts at that time (tools/demo_world.py; tested to be the same)."""
CARRIER_LENGTH_M = 96.0
TRAWLERS = ((-160.0, 90.0, 42.0), (120.0, -210.0, 38.0))
"""Metres south and east of the carrier, and length."""
SCENES = "scenes"
"""Folder of the scenes, in that of the results."""
SIDE_PX = 800
_SEEDS = {TIME: 20150714, BEFORE: 20150702}
_EPSG = 32754  # UTM 54 south


def look_from_space(out: Path, event_ids: Sequence[str], label: str) -> list[str]:
    """Write the scenes, look at events through the house's own search, return what is seen.

    Raises:
        StoreError: the folder cannot be written.
    """
    from darkwake.tiles import tiles_for_events  # noqa: PLC0415 - GDAL is slow to load
    from darkwake.tiles_providers import providers_of  # noqa: PLC0415

    try:
        write_scenes(out / SCENES, label)
    except OSError as error:
        raise StoreError(f"{out}: cannot write scenes here: {error.strerror or error}") from error
    imagery = Imagery()
    findings = tiles_for_events(out, event_ids, providers_of(imagery, [out / SCENES]), imagery)
    return [line for finding in findings for line in finding["says"]]


def write_scenes(folder: Path, label: str) -> None:
    """Write the two scenes as GeoTIFFs of VV and VH.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(exist_ok=True)
    middle = (SIDE_PX - 1) / 2.0
    ships = [Ship(middle, middle, CARRIER_LENGTH_M, along_deg=20.0)]
    ships += [
        Ship(middle + south / PIXEL_M, middle + east / PIXEL_M, length, along_deg=turn)
        for (south, east, length), turn in zip(TRAWLERS, (30.0, 10.0), strict=True)
    ]
    _write(folder, TIME, ships, label)
    _write(folder, BEFORE, [], label)


def _write(folder: Path, time: datetime, ships: list[Ship], label: str) -> None:
    import rasterio  # noqa: PLC0415 - GDAL is slow to load
    from affine import Affine  # noqa: PLC0415
    from pyproj import Transformer  # noqa: PLC0415

    bands = radar_scene((SIDE_PX, SIDE_PX), ships, seed=_SEEDS[time], texture_shape=8.0)
    change = Transformer.from_crs("EPSG:4326", f"EPSG:{_EPSG}", always_xy=True)
    x, y = change.transform(*CARRIER_PLACE[::-1])
    half = SIDE_PX * PIXEL_M / 2.0
    stamp = time.strftime("%Y%m%dT%H%M%S")
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "height": SIDE_PX,
        "width": SIDE_PX,
        "count": len(bands),
        "dtype": np.uint16,
        "crs": f"EPSG:{_EPSG}",
        "transform": Affine(PIXEL_M, 0.0, x - half, 0.0, -PIXEL_M, y + half),
        "compress": "deflate",
        "tiled": True,
    }
    with rasterio.open(folder / f"synthetic_sar_{stamp}.tif", "w", **profile) as file:
        for index, (name, pixels) in enumerate(bands.items(), 1):
            file.write(pixels, index)
            file.set_band_description(index, name)
        file.update_tags(ACQUISITION_DATETIME=stamp, **{LABEL_TAG: label})
