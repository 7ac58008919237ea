"""JSON lines: one object a line, as Global Fishing Watch writes them. NaN is null."""

import json
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from feeds.assemble import FixBuilder
from feeds.columns import text_of_values
from feeds.containers import Member
from feeds.layout import Layout, choose_layout
from feeds.lines import blocks_of_lines
from feeds.prefetch import prefetch
from feeds.report import ReadReport

_BATCH_ROWS = 32_768
_SAMPLE_RECORDS = 1_000
_BOM = b"\xef\xbb\xbf"


def read_jsonl(
    member: Member, columns: Mapping[str, str] | None, report: ReadReport
) -> Iterator[pa.Table]:
    """Yield the records of a file of JSON lines as tables of FIXES.

    Args:
        member: the file.
        columns: the user's column map; its columns are field names of the objects.
        report: every line that is not blank is counted here.

    Raises:
        InputError: a needed field is in none of the first records, or times cannot be decided.
    """
    builder: FixBuilder | None = None
    layout: Layout | None = None
    for records in _batches(member, report):
        if layout is None or builder is None:
            layout = json_layout(records, columns, path=member.name)
            builder = FixBuilder(layout, report, path=member.name)
        bad = np.array([record is None for record in records], np.bool_)
        values = {
            name: text_of_values([_text(record, name) for record in records])
            for name in dict.fromkeys(layout.columns.values())
        }
        yield builder.build({key: values[name] for key, name in layout.columns.items()}, bad)


def json_layout(
    records: list[dict[str, Any] | None], columns: Mapping[str, str] | None, *, path: str
) -> Layout:
    """Return the layout of JSON records from the field names of the first of them.

    GFW's `type` ("AIS.5") is the message type; a field of that name is no common column name
    elsewhere.
    """
    sample = islice((record for record in records if record is not None), _SAMPLE_RECORDS)
    names = list(dict.fromkeys(name for record in sample for name in record))
    chosen = dict(columns or {})
    if "type" in names and "msg_type" not in names:
        chosen.setdefault("msg_type", "type")
    return choose_layout(names, path=path, columns=chosen, default_format="jsonl")


def _batches(member: Member, report: ReadReport) -> Iterator[list[dict[str, Any] | None]]:
    records: list[dict[str, Any] | None] = []
    for block in prefetch(blocks_of_lines(member.buffered())):
        report.reject("noise", block.giants)
        for line in block.lines.removeprefix(_BOM).split(b"\n"):
            if line.strip():
                records.append(_record(line))
                if len(records) == _BATCH_ROWS:
                    yield records
                    records = []
    if records:
        yield records


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("latin-1")
        record = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _text(record: dict[str, Any] | None, name: str) -> str | None:
    value = None if record is None else record.get(name)
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return repr(value) if math.isfinite(value) else None
