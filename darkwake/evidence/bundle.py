"""A bundle: a zip of a few files of fixed names, with a manifest of their SHA-256.

It comes by mail from a stranger, so it is read as such: nothing is unpacked to the disk, no name
is used as a path, nothing is read beyond its limit, and every file is held against the manifest
before anything is done with it.
"""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkwake.evidence.features import Feature
from darkwake.evidence.fold import Evidence
from darkwake.evidence.tables import TableError, from_parquet, to_parquet
from vessels.aside import written_aside
from vessels.errors import InputError, StoreError

FORMAT = "darkwake-evidence/1"
MANIFEST = "manifest.json"
_MB = 1 << 20
LIMITS = {
    MANIFEST: _MB,
    "event.json": 4 * _MB,
    "parameters.json": _MB,
    "fixes.parquet": 512 * _MB,
    "witnesses.parquet": 256 * _MB,
    "reception.parquet": 64 * _MB,
    "voyages.parquet": 64 * _MB,
    "statements.parquet": 64 * _MB,
    "map.html": 64 * _MB,
}
"""Every file of a bundle, and its most bytes."""
_MOST_BYTES = 1024 * _MB
_END = 22
"""Bytes of the end record of a zip without a comment; bytes 10 and 11 count its files."""
_ENCRYPTED = 0x1
_UNSOUND = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error),
    *(ValueError, NotImplementedError, RuntimeError, EOFError),
)
"""What the library raises at bytes that are no zip, or one of a kind that we do not write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What a bundle holds, read and checked."""

    event: Feature
    parameters: dict[str, Any]
    """Thresholds under dotted keys, as in run.json."""
    surroundings: dict[str, str]
    """SHA-256 of the zones, lists and anchorages that were in use, by name."""
    versions: dict[str, Any]
    evidence: Evidence
    seal: str
    """SHA-256 of the manifest, which names the whole bundle."""


def write_bundle(
    path: Path,
    *,
    event: Feature,
    parameters: dict[str, Any],
    surroundings: dict[str, str],
    versions: dict[str, Any],
    evidence: Evidence,
    page: str,
) -> str:
    """Write a bundle, whole or not at all; return its seal. Equal contents give equal bytes.

    Raises:
        StoreError: it cannot be written.
    """
    files = {
        "event.json": _json(event),
        "parameters.json": _json(parameters),
        **to_parquet(evidence),
        "map.html": page.encode(),
    }
    manifest = {
        "format": FORMAT,
        "event_id": event["properties"]["event_id"],
        "judged_us": evidence.judged_us,
        "whole": evidence.whole,
        "surroundings": surroundings,
        "versions": versions,
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(files.items())
        },
    }
    files = {MANIFEST: _json(manifest), **files}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    try:
        with written_aside(path) as aside:
            aside.write_bytes(held.getvalue())
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error
    return hashlib.sha256(files[MANIFEST]).hexdigest()


def read_bundle(path: Path) -> Bundle:
    """Read a bundle and check every file of it against the manifest.

    Raises:
        InputError: it is no bundle, or not as it was written.
    """
    files = _files(path)
    manifest = _manifest(path, files)
    for name, told in sorted(manifest["files"].items()):
        if told["sha256"] != hashlib.sha256(files[name]).hexdigest():
            raise InputError(
                f"{name} is not as it was written: its SHA-256 differs", path=str(path)
            )
    event, parameters = (_object(path, files, name) for name in ("event.json", "parameters.json"))
    _check_event(path, event, manifest["event_id"])
    try:
        evidence = from_parquet(files, judged_us=manifest["judged_us"], whole=manifest["whole"])
    except TableError as error:
        raise InputError(f"a table {error}", path=str(path)) from error
    return Bundle(
        event=event,
        parameters=parameters,
        surroundings=manifest["surroundings"],
        versions=manifest["versions"],
        evidence=evidence,
        seal=hashlib.sha256(files[MANIFEST]).hexdigest(),
    )


def _files(path: Path) -> dict[str, bytes]:
    """Return the files of a zip that holds those of LIMITS, each once, and no other."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(size - _END, 0))
            end = file.read()
            count = int.from_bytes(end[10:12], "little")
            if size > _MOST_BYTES or end[:4] != b"PK\5\6" or count != len(LIMITS):
                raise InputError("is not an evidence bundle", path=str(path))
            file.seek(0)
            with zipfile.ZipFile(file) as archive:
                return {
                    info.filename: _contents(path, archive, info) for info in _infos(path, archive)
                }
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", path=str(path)) from error
    except _UNSOUND as error:
        raise InputError(f"is not a sound zip: {error}", path=str(path)) from error


def _infos(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    infos = archive.infolist()
    strange = [info.filename for info in infos if info.filename not in LIMITS]
    if strange:
        raise InputError(f"holds {strange[0]!r}, which no bundle has", path=str(path))
    if sorted(info.filename for info in infos) != sorted(LIMITS):
        raise InputError("lacks a file, or has one twice", path=str(path))
    return infos


def _contents(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    limit = LIMITS[info.filename]
    if info.flag_bits & _ENCRYPTED:
        raise InputError(f"{info.filename} is encrypted", path=str(path))
    if info.file_size <= limit:
        with archive.open(info) as file:
            data = file.read(limit + 1)
        if len(data) <= limit:
            return data
    raise InputError(f"{info.filename} is larger than a bundle's may be", path=str(path))


def _manifest(path: Path, files: dict[str, bytes]) -> dict[str, Any]:
    found = _object(path, files, MANIFEST)
    if found.get("format") != FORMAT:
        raise InputError(f"is not of the format {FORMAT}", path=str(path))
    listed = found.get("files")
    sound = (
        isinstance(listed, dict)
        and sorted(listed) == sorted(set(LIMITS) - {MANIFEST})
        and all(isinstance(one, dict) and "sha256" in one for one in listed.values())
        and type(found.get("judged_us")) is int
        and abs(found["judged_us"]) < 1 << 61
        and type(found.get("whole")) is bool
        and all(isinstance(found.get(name), dict) for name in ("surroundings", "versions"))
    )
    if not sound:
        raise InputError(f"{MANIFEST} is not one of a bundle", path=str(path))
    return found


def _check_event(path: Path, event: Feature, event_id: Any) -> None:
    told, geometry = event.get("properties"), event.get("geometry")
    sound = (
        isinstance(told, dict)
        and isinstance(geometry, dict)
        and isinstance(told.get("details"), dict)
        and told.get("event_id") == event_id
    )
    if not sound:
        raise InputError("event.json is not the event that the manifest names", path=str(path))


def _object(path: Path, files: dict[str, bytes], name: str) -> dict[str, Any]:
    try:
        found = json.loads(files[name])
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not JSON", path=str(path)) from error
    if not isinstance(found, dict):
        raise InputError(f"{name} holds no object", path=str(path))
    return found


def _json(value: Any) -> bytes:
    return (json.dumps(value, allow_nan=False, indent=2) + "\n").encode()
