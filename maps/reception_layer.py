"""Reception as a layer of the map: one square a cell that has evidence, put away at first.

A cell says in what share of the vessel-hours spent there ships were heard, all classes and hours of
the day together; `reception.nc` of the run holds them apart. Nothing is smoothed here.
"""

from typing import Any

import numpy as np

from vessels.fixes import Array
from vessels.reception import by_cell


def reception_payload(rows: Array) -> dict[str, Any] | None:
    """Return what the page draws of RECEPTION rows, or None where there are none.

    `cells` is flat, three integers a cell: steps of the cell's number from the one before (rows of
    360 from the south, columns from 180 W), per cent heard, vessel-hours.
    """
    cell, present, heard = by_cell(rows)
    if len(cell) == 0:
        return None
    percent = (heard * 100 + present // 2) // present
    flat = np.column_stack([np.diff(cell, prepend=0), percent, present])
    return {"cells": flat.ravel().tolist()}
