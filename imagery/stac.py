"""Catalogues that speak STAC: Earth Search, Planetary Computer, CDSE, or any other by address."""

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pystac_client import Client
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from pystac_client.warnings import PystacClientWarning

from imagery.bands import RADAR, Sensor
from imagery.cache import Cache
from imagery.chips import window_around
from imagery.crops import crop
from imagery.geometry import Geometry, pixel_size_m
from imagery.image import Image
from imagery.remote import RangeFile, RemoteBand, read_header
from imagery.s1_annotation import Annotation, read_annotation
from imagery.s1_orbit import OrbitGeometry
from imagery.scenes import Outline, Scene, overlaps, unrolled
from imagery.web import Web, shown
from vessels.clock import utc_now
from vessels.errors import InputError

_MOST_ITEMS = 200
_PAGE = 100
_OPTICAL = {"b02": "blue", "b03": "green", "b04": "red", "b08": "nir"}
_KEPT = ("platform", "sat:orbit_state", "sat:relative_orbit", "s2:processing_baseline", "proj:code")
_TOKEN_MINUTES = 5


class GuardedIO(StacApiIO):
    """pystac-client's way out, through the guarded session.

    Left alone it would open local files that a `next` link names, and send the headers that a link
    asks for, credentials among them, to whatever host the link points at.
    """

    def __init__(self, web: Web) -> None:
        super().__init__(max_retries=None)
        self._web = web

    def read_text(self, source: Any, *args: Any, **kwargs: Any) -> str:
        """Return the text of an address; never of a local file."""
        if isinstance(source, str) and urlsplit(source).scheme not in {"http", "https"}:
            raise InputError(f"{shown(source)}: only https addresses are read")
        return str(super().read_text(source, *args, **kwargs))

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> str:
        """Return the body of an answer. Headers that a link asks for are left out."""
        del headers
        if (method or "GET").upper() == "POST":
            answer = self._web.post(href, parameters)
        else:
            from requests import Request  # noqa: PLC0415 - puts parameters into an address

            asked = Request("GET", href, params=parameters or {}).prepare().url or href
            answer = self._web.get(asked)
        return answer.body.decode("utf-8", "replace")


@dataclass(slots=True)
class Catalogue:
    """One STAC API.

    Args:
        name: For people and files.
        url: Its landing page.
        collections: Collection -> sensor, of what it is asked for.
        web: The guarded session.
        cache: Holds blocks of files.
        sign: Returns the address to pull from, for an asset's and its collection; the address
            itself by default.
    """

    name: str
    url: str
    collections: Mapping[str, Sensor]
    web: Web
    cache: Cache
    sign: Callable[[str, str], str] = field(default=lambda href, _: href)
    unread: list[str] = field(default_factory=list)
    """Items that could not be understood, and why."""

    def search(
        self, area: Outline, begin: datetime, end: datetime, sensors: Sequence[Sensor]
    ) -> list[Scene]:
        """Return the scenes that touch an area within a time, earliest first.

        Place and time are checked again here: servers differ in what they do with a query.

        Raises:
            InputError: the catalogue cannot be asked, or does not answer in STAC.
        """
        wanted = [name for name, sensor in self.collections.items() if sensor in sensors]
        if not wanted:
            return []
        found = [
            scene
            for item in self._items(wanted, area, begin, end)
            if (scene := self._scene(item)) is not None
        ]
        good = [one for one in found if begin <= one.time <= end and overlaps(one.outline, area)]
        return sorted(good, key=lambda scene: (scene.time_us, scene.scene_id))

    def _items(
        self, wanted: Sequence[str], area: Outline, begin: datetime, end: datetime
    ) -> list[dict[str, Any]]:
        try:
            with warnings.catch_warnings():
                # What a landing page lacks by the book is borne where the search works.
                warnings.simplefilter("ignore", PystacClientWarning)
                client = Client.open(self.url, stac_io=GuardedIO(self.web))
                search = client.search(
                    collections=list(wanted),
                    intersects=_geojson(area),
                    datetime=[begin, end],
                    max_items=_MOST_ITEMS,
                    limit=_PAGE,
                )
                return list(search.items_as_dicts())
        except InputError:
            raise
        except (
            APIError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            NotImplementedError,
        ) as e:
            raise InputError(f"{shown(self.url)}: does not answer as a STAC API") from e

    def _scene(self, item: dict[str, Any]) -> Scene | None:
        try:
            return scene_of(item, self.name, self.collections)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            self.unread.append(f"{str(item.get('id'))[:80]}: {type(error).__name__}")
            return None

    def fetch(self, scene: Scene, lat_deg: float, lon_deg: float, side_m: float) -> Image:
        """Return the part of a scene round a place, in memory.

        Raises:
            InputError: it cannot be pulled, or does not cover the place.
        """
        image = self.open(scene)
        return crop(image, window_around(image, lat_deg, lon_deg, side_m))

    def open(self, scene: Scene) -> Image:
        """Return a whole scene whose pixels are still at the server.

        Raises:
            InputError: it has no bands that a detector uses, or cannot be pulled.
        """
        names = [name for name in (*RADAR, *_OPTICAL.values()) if name in scene.assets]
        if not names:
            raise InputError(f"{scene.scene_id}: has no bands to find ships in")
        for name in names:
            if scene.assets[name].startswith("s3://"):
                self.web.check(scene.assets[name])  # says why not
        files = {name: partial(self._file, scene, name) for name in names}
        first = read_header(files[names[0]], scene.assets[names[0]])
        note = self._annotation(scene, names[0], first.shape)
        geometry: Geometry = OrbitGeometry(note) if note is not None else first.geometry
        return Image(
            sensor=scene.sensor,
            bands={
                name: RemoteBand(files[name], shown(scene.assets[name]), 1, first.nodata)
                for name in names
            },
            shape=first.shape,
            geometry=geometry,
            pixel_m=pixel_size_m(geometry, first.shape),
            time=scene.time,
            annotation=note,
            provenance={
                "item": scene.scene_id,
                "files": [shown(scene.assets[name]) for name in names],
            },
        )

    def _file(self, scene: Scene, name: str) -> RangeFile:
        href = scene.assets[name]
        collection = str(scene.facts.get("collection", ""))
        return RangeFile(lambda: self.sign(href, collection), shown(href), self.web, self.cache)

    def _annotation(self, scene: Scene, band: str, shape: tuple[int, int]) -> Annotation | None:
        """Return the orbit and timing of a Sentinel-1 scene, where the catalogue has them.

        Without them the ground control points serve. Some catalogues name another file for it.
        """
        href = scene.assets.get(f"annotation-{band}")
        if href is None:
            return None
        try:
            signed = self.sign(href, str(scene.facts.get("collection", "")))
            body = self.web.get(signed).body
            with tempfile.TemporaryDirectory(prefix="darkwake-") as folder:
                path = Path(folder) / "annotation.xml"
                path.write_bytes(body)
                note = read_annotation(path)
        except InputError:
            return None
        return note if (note.lines, note.samples) == shape else None


def scene_of(item: Mapping[str, Any], provider: str, collections: Mapping[str, Sensor]) -> Scene:
    """Return what an item of a catalogue tells.

    Its `proj:transform` is not read: for Sentinel-1 in sensor geometry catalogues make one up.

    Raises:
        KeyError, TypeError, ValueError: it lacks what a scene needs.
    """
    told = item["properties"]
    collection = str(item.get("collection", ""))
    sensor = collections[collection]
    when = told.get("datetime") or told["start_datetime"]
    time = datetime.fromisoformat(str(when))
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    cloud = told.get("eo:cloud_cover")
    assets = _assets(item["assets"], sensor)
    return Scene(
        scene_id=str(item["id"])[:200],
        provider=provider,
        sensor=sensor,
        time=time.astimezone(UTC),
        outline=_outline(item["geometry"]),
        assets=assets,
        cloud=None if cloud is None else min(max(float(cloud) / 100.0, 0.0), 1.0),
        facts={
            "collection": collection,
            **{name: told[name] for name in _KEPT if isinstance(told.get(name), (str, int, float))},
            "hrefs": [shown(href) for href in assets.values()],
        },
    )


def _assets(assets: Mapping[str, Any], sensor: Sensor) -> dict[str, str]:
    """Return band -> address, of the bands that detectors use, and annotations of radar."""
    out: dict[str, str] = {}
    for key, asset in assets.items():
        href = asset.get("href") if isinstance(asset, dict) else None
        if not isinstance(href, str):
            continue
        other = asset.get("alternate", {})
        if isinstance(other, dict) and isinstance(other.get("https"), dict):
            href = str(other["https"].get("href", href))
        name = key.lower().split("_")[0]
        if sensor == "s1" and name in RADAR:
            out[name] = href
        elif sensor == "s1" and name.startswith("schema-product-"):
            out[f"annotation-{name.rsplit('-', 1)[1]}"] = href
        elif sensor == "s2" and key.endswith(("_20m", "_60m")):
            continue
        elif sensor == "s2" and _OPTICAL.get(name, name) in _OPTICAL.values():
            out[_OPTICAL.get(name, name)] = href
    return out


def _outline(geometry: Mapping[str, Any]) -> Outline:
    from shapely.geometry import MultiPoint, Polygon  # noqa: PLC0415 - slow to import

    rings = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        return tuple((float(p[0]), float(p[1])) for p in rings[0])
    if geometry["type"] != "MultiPolygon":
        raise ValueError(f"a scene is no {geometry['type']}")
    points = [(float(p[0]), float(p[1])) for part in rings for p in part[0]]
    joined = unrolled(tuple(points))  # cut at 180 degrees: put together again
    hull = MultiPoint(joined).convex_hull
    if not isinstance(hull, Polygon):
        raise ValueError("a scene without an area")  # noqa: TRY004 - as any unfit item
    return tuple((float(x), float(y)) for x, y in hull.exterior.coords)


def _geojson(area: Outline) -> dict[str, Any]:
    """Return an area as GeoJSON within [-180, 180]: what runs across is cut in two."""
    from shapely.affinity import translate  # noqa: PLC0415 - slow to import
    from shapely.geometry import Polygon, box, mapping  # noqa: PLC0415
    from shapely.ops import unary_union  # noqa: PLC0415

    whole = Polygon(unrolled(area)).buffer(0)
    world = box(-180.0, -90.0, 180.0, 90.0)
    parts = [translate(whole, shift).intersection(world) for shift in (-360.0, 0.0, 360.0)]
    return dict(mapping(unary_union([part for part in parts if part.area > 0.0])))


class SasSigner:
    """Short-lived tokens of Planetary Computer, one a collection, added to its own blobs alone.

    Args:
        web: The guarded session.
        service: Where tokens are given out.
        blobs: How the host of a blob ends.
    """

    def __init__(
        self,
        web: Web,
        service: str = "https://planetarycomputer.microsoft.com/api/sas/v1/token",
        blobs: str = ".blob.core.windows.net",
    ) -> None:
        self._web, self._service, self._blobs = web, service, blobs
        self._tokens: dict[str, tuple[datetime, str]] = {}

    def __call__(self, href: str, collection: str) -> str:
        """Return the address with a token where it is one of the service's blobs.

        Raises:
            InputError: the service gives none.
        """
        parts = urlsplit(href)
        if not (parts.netloc or "").endswith(self._blobs) or "sig=" in parts.query:
            return href
        return f"{href}{'&' if parts.query else '?'}{self._token(collection)}"

    def _token(self, collection: str) -> str:
        import json  # noqa: PLC0415 - beside its only use

        held = self._tokens.get(collection)
        if held is not None and (held[0] - utc_now()).total_seconds() > 60.0 * _TOKEN_MINUTES:
            return held[1]
        answer = self._web.get(f"{self._service}/{collection}")
        try:
            told = json.loads(answer.body)
            until, token = datetime.fromisoformat(told["msft:expiry"]), str(told["token"])
            self._tokens[collection] = until.astimezone(UTC), token
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{shown(self._service)}: gives no token") from error
        return token
