"""JSON lines: one object a line, as Global Fishing Watch writes them. NaN is null."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from feeds.assemble import FixBuilder
from feeds.columns import Text, text_of_strings, text_of_values
from feeds.containers import Member
from feeds.layout import Layout, choose_layout
from feeds.lines import blocks_of_lines
from feeds.prefetch import prefetch
from feeds.report import ReadReport

_BATCH_ROWS = 32_768
_BOM = b"\xef\xbb\xbf"
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=lambda _: None)
"""Numbers stay as written: the kernels that read CSV read them."""

Record = dict[str, Any]


def read_jsonl(
    member: Member, columns: Mapping[str, str] | None, report: ReadReport
) -> Iterator[pa.Table]:
    """Yield the records of a file of JSON lines as tables of FIXES.

    Args:
        member: the file.
        columns: the user's column map; its columns are field names of the objects.
        report: every line that is not blank is counted here.

    Raises:
        InputError: a needed field is in none of the first 32,768 records, or how times are
            written cannot be decided.
    """
    builder: FixBuilder | None = None
    names: set[str] = set()
    for lines in _batches(member, report):
        found = [_record(line) for line in lines]
        bad = np.array([record is None for record in found], np.bool_)
        records: list[Record] = [record or {} for record in found]
        known = len(names)
        names.update(*records)
        if builder is None or len(names) > known:
            layout = json_layout(names, columns, path=member.name)
            builder = builder or FixBuilder(layout, report, path=member.name)
            builder.layout = layout
        values = {
            name: _column([record.get(name) for record in records])
            for name in dict.fromkeys(layout.columns.values())
        }
        yield builder.build({key: values[name] for key, name in layout.columns.items()}, bad)


def json_layout(names: Collection[str], columns: Mapping[str, str] | None, *, path: str) -> Layout:
    """Return the layout of JSON records from the field names seen so far, in any order.

    GFW's `type` ("AIS.5") is the message type; a field of that name is no common column name
    elsewhere.
    """
    chosen = dict(columns or {})
    if "type" in names and "msg_type" not in names:
        chosen.setdefault("msg_type", "type")
    return choose_layout(sorted(names), path=path, columns=chosen, default_format="jsonl")


def _batches(member: Member, report: ReadReport) -> Iterator[list[bytes]]:
    lines: list[bytes] = []
    for block in prefetch(blocks_of_lines(member.buffered())):
        report.reject("noise", block.giants)
        lines += [line for line in block.lines.removeprefix(_BOM).split(b"\n") if line.strip()]
        while len(lines) >= _BATCH_ROWS:
            yield lines[:_BATCH_ROWS]
            lines = lines[_BATCH_ROWS:]
    if lines:
        yield lines


def _record(line: bytes) -> Record | None:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    try:
        record = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _column(values: list[Any]) -> Text:
    """Return one field of the records; what is neither text nor number is blank."""
    try:
        return text_of_strings(pa.array(values, pa.string()))
    except (pa.ArrowException, UnicodeEncodeError, TypeError):
        return text_of_values([value if isinstance(value, str) else None for value in values])
