"""Ships in an image, by the detector of its sensor."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from imagery.image import Image


def find_ships(image: Image, *, land_mask: NDArray[np.bool_] | None = None) -> pa.Table:
    """Return the ships of an image, best score first (schema imagery.detections.DETECTION).

    Args:
        image: from `open_image`, or made of arrays.
        land_mask: pixels that are land, of the image's shape, in place of the shipped coast (radar)
            or of what the picture itself shows (optical).

    Raises:
        InputError: a file is cut short or damaged, or lacks the bands that it needs.
    """
    if image.sensor == "s1":
        from imagery.sar import find_ships_sar  # noqa: PLC0415 - scipy and numba are slow to load

        return find_ships_sar(image, land_mask=land_mask)
    from imagery.optical import find_ships_optical  # noqa: PLC0415 - as above

    return find_ships_optical(image, land_mask=land_mask)
