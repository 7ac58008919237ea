"""From settings to providers of scenes."""

from collections.abc import Sequence
from pathlib import Path

from darkwake.imagery_settings import Imagery
from imagery.folder import Folder
from imagery.scenes import Provider
from vessels.errors import UsageError


def providers_of(settings: Imagery, folders: Sequence[Path] = ()) -> list[Provider]:
    """Return where to look for scenes; folders given are looked in alone.

    Raises:
        UsageError: there is nowhere to look.
        InputError: a folder does not exist.
    """
    if folders:
        return [Folder(path) for path in folders]
    out: list[Provider] = [Folder(Path(path)) for path in settings.folders]
    if not out:
        raise UsageError(
            "nowhere to look for scenes: give --scenes FOLDER, or name folders or catalogues"
            " under [imagery] of the configuration"
        )
    return out
