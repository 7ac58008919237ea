"""A stream of bytes cut into blocks of whole lines, in bounded memory whatever the lines are."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

BLOCK_BYTES = 1 << 22
"""Bytes read at a time; measured fastest. The first block of a file is also its sample of dates."""
MAX_LINE_BYTES = 1 << 20
"""Longest line kept. A longer one is dropped while it is read and counted as one row of noise."""


class Block(NamedTuple):
    """Whole lines, ending with a newline, and the number of lines dropped for their length."""

    lines: bytes
    giants: int


def blocks_of_lines(stream: BinaryIO) -> Iterator[Block]:
    """Yield the stream as blocks of whole lines; a last line without a newline is given one."""
    rest = b""
    in_giant = False
    while chunk := stream.read(BLOCK_BYTES):
        if in_giant:
            _, newline, chunk = chunk.partition(b"\n")
            if not newline:
                continue
            in_giant = False
        cut = chunk.rfind(b"\n") + 1
        whole, rest = (rest + chunk[:cut], chunk[cut:]) if cut else (b"", rest + chunk)
        block, giants = _without_giants(whole)
        if len(rest) > MAX_LINE_BYTES:
            rest, in_giant, giants = b"", True, giants + 1
        if block or giants:
            yield Block(block, giants)
    if rest:
        yield Block(rest + b"\n", 0)


def _without_giants(block: bytes) -> tuple[bytes, int]:
    """Return the block without lines above MAX_LINE_BYTES, and how many there were.

    A line that long covers one of the windows of half its length, so most blocks are only probed.
    """
    window = max(MAX_LINE_BYTES // 2, 1)
    starts = range(0, len(block), window)
    if all(block.find(b"\n", start, start + window) >= 0 for start in starts):
        return block, 0
    lines = block.split(b"\n")[:-1]
    kept = [line for line in lines if len(line) <= MAX_LINE_BYTES]
    return b"".join(line + b"\n" for line in kept), len(lines) - len(kept)
