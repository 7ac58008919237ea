"""Delimited text: CSV of any layout, read in blocks and split by one kernel."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from feeds.assemble import FixBuilder
from feeds.columns import Column, Text
from feeds.containers import Member
from feeds.csvkernel import split_rows
from feeds.layout import Layout
from feeds.lines import Block, blocks_of_lines
from feeds.prefetch import prefetch
from feeds.report import ReadReport
from feeds.sniff import TableHead

_BOM = b"\xef\xbb\xbf"


def read_delimited(
    member: Member, table: TableHead, layout: Layout, report: ReadReport
) -> Iterator[pa.Table]:
    """Yield the rows of a delimited file as tables of FIXES, a table a block.

    Args:
        member: the file.
        table: its delimiter and column names.
        layout: which column holds what.
        report: every row is counted here. Blank lines and the header are not rows.

    Raises:
        InputError: the file is damaged, or how its times are written cannot be decided.
    """
    splitter = _Splitter(table, layout)
    builder = FixBuilder(layout, report, path=member.name)
    first = True
    for block in prefetch(blocks_of_lines(member.buffered())):
        report.reject("noise", block.giants)
        lines = _without_header(block, has_header=table.has_header) if first else block.lines
        first = first and not block.lines
        columns, bad = splitter.split(lines)
        if len(bad):
            yield builder.build(columns, bad)


def _without_header(block: Block, *, has_header: bool) -> bytes:
    lines = block.lines.removeprefix(_BOM)
    if not has_header:
        return lines
    while lines:
        line, _, lines = lines.partition(b"\n")
        if line.strip():
            break
    return lines


class _Splitter:
    def __init__(self, table: TableHead, layout: Layout) -> None:
        used = {name: slot for slot, name in enumerate(dict.fromkeys(layout.columns.values()))}
        self._delimiter = ord(table.delimiter)
        self._slots = np.full(len(table.names), -1, np.int32)
        for name, slot in used.items():
            self._slots[table.names.index(name)] = slot
        self._slot_of_key = {key: used[name] for key, name in layout.columns.items()}
        self._used = len(used)

    def split(
        self, lines: bytes
    ) -> tuple[dict[str, Column], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        """Return (column by key, rows with a wrong number of fields) of whole lines."""
        most = lines.count(b"\n")
        data = np.frombuffer(lines, np.uint8)
        starts = np.empty((self._used, most), np.int32)
        lengths = np.empty((self._used, most), np.int32)
        bad = np.empty(most, np.bool_)
        rows = split_rows(data, self._delimiter, self._slots, starts, lengths, bad)
        columns: dict[str, Column] = {
            key: Text(data, starts[slot, :rows], lengths[slot, :rows])
            for key, slot in self._slot_of_key.items()
        }
        return columns, bad[:rows]
