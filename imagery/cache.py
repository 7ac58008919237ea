"""What was pulled stays on disk, up to a size: blocks of files, oldest use thrown out first."""

import hashlib
import os
import secrets
from pathlib import Path

from vessels.errors import StoreError

_SLACK = 0.9
"""Cut down to this share of the cap, so that not each new block cuts again."""


class Cache:
    """A folder of blocks by name.

    Args:
        folder: Made where it is missing.
        most_bytes: The cap.

    Raises:
        StoreError: the folder cannot be made.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: cannot cache here: {error.strerror or error}") from error
        self._folder, self._most = folder, most_bytes
        self._held = sum(size for _, size, _ in self._files())

    def get(self, name: str) -> bytes | None:
        """Return a block and note its use; None where it is not held."""
        path = self._path(name)
        try:
            block = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return block

    def put(self, name: str, block: bytes) -> None:
        """Hold a block. A full disk loses the cache's help and nothing else."""
        path = self._path(name)
        aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            path.parent.mkdir(exist_ok=True)
            aside.write_bytes(block)
            aside.replace(path)
        except OSError:
            aside.unlink(missing_ok=True)
            return
        self._held += len(block)
        if self._held > self._most:
            self._cut()

    def _cut(self) -> None:
        files = sorted(self._files())
        held = sum(size for _, size, _ in files)
        for _, size, path in files:
            if held <= _SLACK * self._most:
                break
            path.unlink(missing_ok=True)
            held -= size
        self._held = held

    def _files(self) -> list[tuple[float, int, Path]]:
        out = []
        for path in self._folder.glob("??/*"):
            try:
                told = path.stat()
            except OSError:
                continue
            out.append((told.st_mtime, told.st_size, path))
        return out

    def _path(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()
        return self._folder / digest[:2] / digest
