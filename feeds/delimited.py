"""Delimited text: CSV of any layout, read in blocks and split by one kernel."""

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from feeds.assemble import FixBuilder
from feeds.columns import Column, Text
from feeds.containers import Member
from feeds.csvkernel import split_rows
from feeds.layout import Layout
from feeds.lines import blocks_of_lines
from feeds.prefetch import threaded
from feeds.report import ReadReport
from feeds.sniff import TableHead

_BOM = b"\xef\xbb\xbf"
_NEWLINE = 10


def read_delimited(
    member: Member, table: TableHead, layout: Layout, report: ReadReport, *, workers: int = 1
) -> Iterator[pa.Table]:
    """Yield the rows of a delimited file as tables of FIXES, a table a block.

    Args:
        member: the file.
        table: its delimiter and column names.
        layout: which column holds what.
        report: every row is counted here. Blank lines and the header are not rows.
        workers: with more than 1, splitting and assembling are threads.

    Raises:
        InputError: the file is damaged, or how its times are written cannot be decided.
    """
    builder = FixBuilder(layout, report, path=member.name)
    with closing(threaded(_split_blocks(member, table, layout), workers)) as blocks:
        for rows in blocks:
            report.reject("noise", rows.giants)
            if len(rows.bad):
                yield builder.build(rows.columns, rows.bad)


class _Rows(NamedTuple):
    """A block split into fields: columns by key, rows with a wrong number of fields."""

    columns: dict[str, Column]
    bad: npt.NDArray[np.bool_]
    giants: int


def _split_blocks(member: Member, table: TableHead, layout: Layout) -> Iterator[_Rows]:
    splitter = _Splitter(table, layout)
    at_header = table.has_header
    first = True
    for block in blocks_of_lines(member.buffered()):
        lines = block.lines.removeprefix(_BOM) if first else block.lines
        first = first and not lines
        while at_header and lines:
            line, _, lines = lines.partition(b"\n")
            at_header = not line.strip()
        columns, bad = splitter.split(lines)
        yield _Rows(columns, bad, block.giants)


class _Splitter:
    def __init__(self, table: TableHead, layout: Layout) -> None:
        used = {name: slot for slot, name in enumerate(dict.fromkeys(layout.columns.values()))}
        self._delimiter = ord(table.delimiter)
        self._slots = np.full(len(table.names), -1, np.int32)
        for name, slot in used.items():
            self._slots[table.names.index(name)] = slot
        self._slot_of_key = {key: used[name] for key, name in layout.columns.items()}
        self._used = len(used)

    def split(self, lines: bytes) -> tuple[dict[str, Column], npt.NDArray[np.bool_]]:
        """Return (column by key, rows with a wrong number of fields) of whole lines."""
        data = np.frombuffer(lines, np.uint8)
        most = int(np.count_nonzero(data == _NEWLINE))
        starts = np.empty((self._used, most), np.int32)
        lengths = np.empty((self._used, most), np.int32)
        bad = np.empty(most, np.bool_)
        rows = split_rows(data, self._delimiter, self._slots, starts, lengths, bad)
        columns: dict[str, Column] = {
            key: Text(data, starts[slot, :rows], lengths[slot, :rows])
            for key, slot in self._slot_of_key.items()
        }
        return columns, bad[:rows]
