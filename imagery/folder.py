"""Scenes of a local folder: GeoTIFFs and .SAFE products that lie there. Needs no network.

Files of one folder that are called alike but for the band are one scene. When a scene was taken
must stand in its name or tags: a picture of an unknown time proves nothing.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from imagery.bands import Sensor
from imagery.chips import window_around
from imagery.crops import crop
from imagery.image import Image
from imagery.opening import open_image
from imagery.quicklook import footprint
from imagery.raster import open_raster
from imagery.scenes import Outline, Scene, overlaps
from vessels.errors import InputError

LABEL_TAG = "DARKWAKE_LABEL"
"""TIFF tag whose text goes with everything made of the scene."""
_MOST_FILES = 20_000
_BAND = re.compile(
    r"(?i)(?<![a-z0-9])(b(0[1-9]|1[0-2]|8a)|vv|vh|hh|hv|red|green|blue|nir(08)?|swir(16|22)|tci|scl)"
    r"(?![a-z0-9])"
)


class Folder:
    """A folder of scenes, all levels deep."""

    name = "folder"

    def __init__(self, path: Path) -> None:
        """Look nothing up yet.

        Raises:
            InputError: there is no such folder.
        """
        if not path.is_dir():
            raise InputError("is no folder of scenes", path=str(path))
        self._path = path
        self._images: dict[str, Image] = {}
        self._labels: dict[str, str] = {}
        self.skipped: list[str] = []
        """Files that are no scenes, and why; after the first search."""
        self._read = False

    def search(
        self, area: Outline, begin: datetime, end: datetime, sensors: Sequence[Sensor]
    ) -> list[Scene]:
        """Return the scenes that touch an area within a time, earliest first."""
        self._look()
        found = []
        for scene_id, image in self._images.items():
            if image.time is None or image.sensor not in sensors or not begin <= image.time <= end:
                continue
            outline = tuple(footprint(image))
            if overlaps(outline, area):
                found.append(
                    Scene(
                        scene_id=scene_id,
                        provider=self.name,
                        sensor=image.sensor,
                        time=image.time,
                        outline=outline,
                        facts={
                            "files": image.provenance["files"],
                            **({"label": self._labels[scene_id]} if self._labels[scene_id] else {}),
                        },
                    )
                )
        return sorted(found, key=lambda scene: (scene.time_us, scene.scene_id))

    def fetch(self, scene: Scene, lat_deg: float, lon_deg: float, side_m: float) -> Image:
        """Return the part of a scene round a place, in memory.

        Raises:
            InputError: it cannot be read, or does not cover the place.
        """
        image = self._images[scene.scene_id]
        chip = crop(image, window_around(image, lat_deg, lon_deg, side_m))
        told = {"item": scene.scene_id, "label": self._labels[scene.scene_id]}
        return replace(chip, provenance={**chip.provenance, **told})

    def _look(self) -> None:
        if self._read:
            return
        self._read = True
        for name, paths in self._groups():
            try:
                image = open_image(paths)
            except InputError as error:
                self.skipped.append(str(error))
                continue
            if image.geometry.kind == "none":
                self.skipped.append(f"{name}: tells no place: no coordinate system, no points")
                continue
            if image.time is None:
                self.skipped.append(f"{name}: tells no time, neither in its name nor in its tags")
                continue
            self._images[name] = image
            self._labels[name] = _label(paths[0])

    def _groups(self) -> list[tuple[str, list[Path]]]:
        """Return scene id -> files, in order of names."""
        groups: dict[str, list[Path]] = defaultdict(list)
        count = 0
        for path in sorted(self._path.rglob("*")):
            count += 1
            if count > _MOST_FILES:
                self.skipped.append(
                    f"{self._path}: more than {_MOST_FILES} files; the rest is left"
                )
                break
            inside = path.relative_to(self._path)
            if any(part.upper().endswith(".SAFE") for part in inside.parts[:-1]):
                continue
            if path.suffix.upper() == ".SAFE" and path.is_dir():
                groups[inside.as_posix()].append(path)
            elif path.suffix.lower() in {".tif", ".tiff"} and path.is_file():
                stem = _BAND.sub("", path.stem).strip("_-. ")
                groups[(inside.parent / (stem or path.stem)).as_posix()].append(path)
        return sorted(groups.items())


def _label(path: Path) -> str:
    """Return what a file says that it is, where it says so: simulated scenes do."""
    return "" if path.is_dir() else open_raster(path).tags.get(LABEL_TAG, "")
