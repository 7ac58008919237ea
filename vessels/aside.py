"""Files written aside first, so that nobody ever reads half of one."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes `path` when the block ends well, and goes otherwise.

    Two that write the same file do not disturb each other: the last one stands. Nothing is forced
    to the disk, and an OSError is the caller's to tell.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
