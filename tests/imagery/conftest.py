"""Images for the tests: simulated radar scenes, written as files where a file is what is tested."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import NotGeoreferencedWarning

from imagery.geometry import AffineGeometry
from imagery.image import ArrayBand, Image

UTM31 = CRS.from_epsg(32631)
OPEN_SEA = Affine(10.0, 0.0, 400_000.0, 0.0, -10.0, 100_000.0)
"""In the Gulf of Guinea, 100 km and more from land."""

Writer = Callable[..., Path]


def radar_image(bands: dict[str, NDArray[Any]]) -> Image:
    """Return an image of arrays, at sea."""
    shape = next(iter(bands.values())).shape
    return Image(
        sensor="s1",
        bands={name: ArrayBand(values) for name, values in bands.items()},
        shape=(shape[0], shape[1]),
        geometry=AffineGeometry(UTM31, OPEN_SEA),
        pixel_m=10.0,
    )


@pytest.fixture
def write_tiff(tmp_path: Path) -> Writer:
    """Return a function that writes a GeoTIFF and returns its path."""

    def write(name: str, *bands: NDArray[Any], **options: Any) -> Path:
        path = tmp_path / name
        profile = {
            "driver": "GTiff",
            "count": len(bands),
            "height": bands[0].shape[0],
            "width": bands[0].shape[1],
            "dtype": bands[0].dtype,
            "crs": UTM31,
            "transform": OPEN_SEA,
        } | options
        descriptions = profile.pop("descriptions", None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, "w", **profile) as file:
                for index, band in enumerate(bands, 1):
                    file.write(band, index)
                if descriptions:
                    file.descriptions = descriptions
        return path

    return write


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that every run seeds alike."""
    return np.random.default_rng(20261123)
