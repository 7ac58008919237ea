"""The stored reference: the peers that a vessel is compared with, and which of them are its peers.

A reference is the ranked features of vessels of one window kind, with their roles, boxes, length
classes and AIS classes. It is stored as one .npz file without pickle, and known by its hash: the
same reference and the same vessel give the same score, whoever else is scored beside it.
"""

import hashlib
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.unusual.catalogue import RANKED_NAMES
from vessels.aside import written_aside
from vessels.errors import InputError, StoreError

MIN_PEERS = 50
"""Below about 50 peers the largest tail of a feature says little: the score is withheld."""
LENGTH_EDGES_M = (24.0, 45.0, 80.0)
"""24 m: vessels that RFMO registers and ILO C188 treat as large; the others are ours."""
NO_PEERS = frozenset({"", "unknown", "other"})
"""Roles without peers: a set of whatever nobody could name is no gear."""
VERSION = 1
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, AttributeError)


@dataclass(frozen=True, slots=True)
class Traits:
    """What makes peers, one entry a vessel and window."""

    role: NDArray[np.str_]
    box: NDArray[np.int32]
    """30 by 60 degrees, see `days.DAY`; -1 where unknown."""
    length_class: NDArray[np.int8]
    class_b: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.role)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Traits":
        """Return some of them."""
        return Traits(self.role[rows], self.box[rows], self.length_class[rows], self.class_b[rows])


def length_class(length_m: ArrayLike) -> NDArray[np.int8]:
    """Return 0 to 3 by LENGTH_EDGES_M, -1 where the length is not stated."""
    length = np.asarray(length_m, "f8")
    known = np.where(length > 0, np.searchsorted(LENGTH_EDGES_M, length, "right"), -1)
    return known.astype("i1")


@dataclass(frozen=True, slots=True)
class Reference:
    """Peers. `values` has a row a vessel and window and a column for each of RANKED_NAMES."""

    window: str
    key: NDArray[np.str_]
    """hull_id and window, so that nobody is its own peer."""
    traits: Traits
    values: NDArray[np.float64]

    @property
    def hash(self) -> str:
        """SHA-256 of everything in it."""
        digest = hashlib.sha256(f"{VERSION} {self.window} {' '.join(RANKED_NAMES)}".encode())
        digest.update("\n".join(self.key.tolist()).encode())
        digest.update("\n".join(self.traits.role.tolist()).encode())
        for part in (self.traits.box, self.traits.length_class, self.traits.class_b):
            digest.update(np.ascontiguousarray(part).tobytes())
        digest.update(np.ascontiguousarray(self.values, "<f8").tobytes())
        return digest.hexdigest()

    def peers_of(
        self, role: str, box: int, length: int, *, class_b: bool, min_peers: int = MIN_PEERS
    ) -> tuple[NDArray[np.int64], str]:
        """Return the rows of the peers of a vessel, and in words what they share.

        The narrowest group that holds `min_peers` counts: role, region, length class and AIS
        class; then without the length; then without the region. Role and AIS class are never
        given up. The widest group is returned where none is large enough.
        """
        same = (self.traits.role == role) & (self.traits.class_b == class_b)
        if role in NO_PEERS:
            same &= False
        ais = "class B" if class_b else "class A"
        region, size = self.traits.box == box, self.traits.length_class == length
        steps = (
            (same & region & size, f"{role}, {ais}, same region and length class"),
            (same & region, f"{role}, {ais}, same region"),
            (same, f"{role}, {ais}"),
        )
        for rows, words in steps:
            if int(rows.sum()) >= min_peers:
                return np.flatnonzero(rows), words
        return np.flatnonzero(same), steps[-1][1]


def write_reference(path: Path, reference: Reference) -> None:
    """Write a reference as .npz, aside first.

    Raises:
        StoreError: it cannot be written.
    """
    about = {"version": VERSION, "window": reference.window, "features": list(RANKED_NAMES)}
    try:
        with written_aside(path) as aside, aside.open("wb") as file:
            np.savez_compressed(
                file,
                about=np.frombuffer(json.dumps({**about, "sha256": reference.hash}).encode(), "u1"),
                key=reference.key.astype("U"),
                role=reference.traits.role.astype("U"),
                box=reference.traits.box,
                length_class=reference.traits.length_class,
                class_b=reference.traits.class_b,
                values=reference.values,
            )
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error


def read_reference(path: Path) -> Reference:
    """Read a reference.

    Raises:
        InputError: it is not one, is damaged, or is of other features than this version ranks.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            about = json.loads(held["about"].tobytes())
            reference = Reference(
                str(about["window"]),
                held["key"],
                Traits(held["role"], held["box"], held["length_class"], held["class_b"]),
                held["values"],
            )
        named, told = tuple(about["features"]), str(about["sha256"])
    except (*_DAMAGE, OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"is no reference of vessels: {error}", path=str(path)) from error
    if named != RANKED_NAMES or about.get("version") != VERSION:
        raise InputError(
            "ranks other features than this version: write it again with --write-reference",
            path=str(path),
        )
    count = len(reference.key)
    parts = (*vars_of(reference.traits), reference.values)
    if reference.values.shape != (count, len(RANKED_NAMES)) or any(len(p) != count for p in parts):
        raise InputError("is damaged: its columns differ in length", path=str(path))
    if reference.hash != told:
        raise InputError("is damaged: its hash is not the one it tells", path=str(path))
    return reference


def vars_of(traits: Traits) -> tuple[NDArray[np.generic], ...]:
    """Return the columns of the traits."""
    return traits.role, traits.box, traits.length_class, traits.class_b
