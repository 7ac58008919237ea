"""Fixes put in order of time, in bounded memory: what files in any order become before detection.

Rows are kept by stretches of six hours of UTC. Above `memory_rows` the stretches with most rows are
spilled to files in a temporary folder, and read back when their turn comes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vessels.fixes import COLUMNS, Fixes, concat_fixes
from vessels.units import US_PER_H

STRETCH_US = 6 * US_PER_H
MEMORY_ROWS = 16_000_000
"""Rows kept in memory, about 45 bytes each."""


class Timeline:
    """Add fixes in any order; take them out stretch by stretch, earliest first."""

    def __init__(self, folder: Path, *, memory_rows: int = MEMORY_ROWS) -> None:
        self._folder = folder
        self._memory_rows = memory_rows
        self._parts: dict[int, list[Fixes]] = {}
        self._spilled: dict[int, list[Path]] = {}
        self._rows = 0
        self._files = 0
        self.last_us: int | None = None
        """Time of the newest fix added; None before the first."""
        self.rows = 0
        """How many were added."""

    def add(self, fixes: Fixes) -> None:
        """Sort fixes into their stretches."""
        if len(fixes) == 0:
            return
        newest = int(fixes.time_us.max())
        self.last_us = newest if self.last_us is None else max(newest, self.last_us)
        stretch = fixes.time_us // STRETCH_US
        for number in np.unique(stretch).tolist():
            rows = stretch == number
            part = fixes if rows.all() else fixes.take(rows)
            self._parts.setdefault(number, []).append(part)
        self.rows += len(fixes)
        self._rows += len(fixes)
        while self._rows > self._memory_rows:
            self._spill()

    def stretches(self) -> Iterator[Fixes]:
        """Yield the fixes of each stretch, unsorted within it, and forget them."""
        for number in sorted({*self._parts, *self._spilled}):
            yield self._taken(number)

    def _taken(self, number: int) -> Fixes:
        """Return a stretch; a function of its own, so that its parts go before it is worked on."""
        parts = [_read(path) for path in self._spilled.pop(number, [])]
        parts += self._parts.pop(number, [])
        return concat_fixes(parts)

    def __len__(self) -> int:
        return len({*self._parts, *self._spilled})

    def _spill(self) -> None:
        """Write the stretch that holds most rows to a file of its own."""
        number = max(self._parts, key=lambda n: (sum(map(len, self._parts[n])), n))
        fixes = concat_fixes(self._parts.pop(number))
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"stretch-{number}-{self._files}.npz"
        self._files += 1
        columns: dict[str, Any] = dict(fixes.as_arrays())
        np.savez(path, **columns)
        self._spilled.setdefault(number, []).append(path)
        self._rows -= len(fixes)


def _read(path: Path) -> Fixes:
    with np.load(path, allow_pickle=False) as archive:
        fixes = Fixes.from_arrays({name: archive[name] for name in COLUMNS})
    path.unlink()
    return fixes
