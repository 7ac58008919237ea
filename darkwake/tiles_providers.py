"""From settings to providers of scenes."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from darkwake.imagery_settings import Imagery
from imagery.cache import Cache
from imagery.folder import Folder
from imagery.scenes import Provider
from vessels.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from imagery.bands import Sensor
    from imagery.web import Budget

_MB = 1_000_000
EARTH_SEARCH = "https://earth-search.aws.element84.com/v1"
PLANETARY_COMPUTER = "https://planetarycomputer.microsoft.com/api/stac/v1"
CDSE = "https://stac.dataspace.copernicus.eu/v1"
_CDSE_HOSTS = ("download.dataspace.copernicus.eu", "eodata.dataspace.copernicus.eu")
CDSE_TOKEN = "DARKWAKE_CDSE_TOKEN"  # noqa: S105 - the name of a variable, no secret
STAC_TOKEN = "DARKWAKE_STAC_TOKEN"  # noqa: S105 - as above


def providers_of(
    settings: Imagery, folders: Sequence[Path] = (), budget: "Budget | None" = None
) -> list[Provider]:
    """Return where to look for scenes; folders given are looked in alone.

    All catalogues share one budget of bytes: that of the settings, where none is given.

    Raises:
        UsageError: there is nowhere to look.
        ConfigError: a catalogue needs a token that the environment lacks, or has no usable address.
        InputError: a folder does not exist.
        StoreError: the cache cannot be made.
    """
    if folders:
        return [Folder(path) for path in folders]
    out: list[Provider] = [Folder(Path(path)) for path in settings.folders]
    if settings.catalogues or settings.stac_url:
        out += _catalogues(settings, budget)
    if not out:
        raise UsageError(
            "nowhere to look for scenes: give --scenes FOLDER, or name folders or catalogues"
            " under [imagery] of the configuration"
        )
    return out


def _catalogues(settings: Imagery, budget: "Budget | None") -> list[Provider]:
    from imagery.stac import Catalogue, SasSigner  # noqa: PLC0415 - pystac and requests, seldom
    from imagery.web import Budget, Web  # noqa: PLC0415 - as above

    cache = Cache(Path(settings.cache), int(settings.cache_mb * _MB))
    shared = budget or Budget(int(settings.budget_mb * _MB))

    def web(secrets: dict[str, str], own: frozenset[str] = frozenset()) -> Web:
        return Web(own=own, secrets=secrets, timeout_s=settings.timeout_s, budget=shared)

    out: list[Provider] = []
    kinds: dict[str, Sensor]
    for name in settings.catalogues:
        if name == "earth-search":
            out.append(Catalogue(name, EARTH_SEARCH, {"sentinel-2-c1-l2a": "s2"}, web({}), cache))
        elif name == "planetary-computer":
            kinds = {"sentinel-1-grd": "s1", "sentinel-2-l2a": "s2"}
            out.append(
                Catalogue(name, PLANETARY_COMPUTER, kinds, (own := web({})), cache, SasSigner(own))
            )
        else:
            token = os.environ.get(CDSE_TOKEN, "")
            if not token:
                raise ConfigError(f"imagery.catalogues: cdse needs a token in {CDSE_TOKEN}")
            secrets = dict.fromkeys(_CDSE_HOSTS, f"Bearer {token}")
            kinds = {"sentinel-1-grd": "s1", "sentinel-2-l2a": "s2"}
            out.append(Catalogue(name, CDSE, kinds, web(secrets), cache))
    if settings.stac_url:
        place = urlsplit(settings.stac_url).netloc
        if not place:
            raise ConfigError("imagery.stac_url: is no address")
        token = os.environ.get(STAC_TOKEN, "")
        secrets = {place: f"Bearer {token}"} if token else {}
        kinds = {
            name: "s1" if "sentinel-1" in name or "sar" in name.lower() else "s2"
            for name in settings.stac_collections
        }
        out.append(
            Catalogue("stac", settings.stac_url, kinds, web(secrets, frozenset({place})), cache)
        )
    return out
