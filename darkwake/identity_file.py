"""identities.parquet: what each number said it was, and from when to when.

One row is one value of one attribute, held from its first to its last statement; the order is that
of MMSI, attribute and time. Equal sets of rows give equal bytes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vessels.identity import ATTRIBUTES, IdentityBook

IDENTITIES_SCHEMA = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("attribute", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("first_time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("last_time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("reports", pa.int64(), nullable=False),
    ]
)
"""Columns of identities.parquet. Numbers and metres are text, as short as they can be told."""


def identity_table(book: IdentityBook) -> pa.Table:
    """Return every interval of the book as a table of IDENTITIES_SCHEMA."""
    parts = [IDENTITIES_SCHEMA.empty_table()]
    for attribute in sorted(ATTRIBUTES):
        parts += [_held_once(book, attribute), _held_in_turn(book, attribute)]
    table = pa.concat_tables(parts)
    # A number's intervals of one attribute are in one part, in order; the sort keeps that.
    order = pc.sort_indices(table, [("mmsi", "ascending"), ("attribute", "ascending")])
    return table.take(order).combine_chunks()


def _held_once(book: IdentityBook, attribute: str) -> pa.Table:
    """Return the intervals of the numbers that stated one value alone: nearly all of them."""
    held = book.held_once(attribute)
    words = held["value"].combine_chunks().dictionary_encode()
    texts = pa.array([value_text(value) for value in words.dictionary.to_pylist()], pa.string())
    return _table(
        held["mmsi"],
        attribute,
        texts.take(words.indices),
        (held["first_us"], held["last_us"], held["reports"]),
    )


def _held_in_turn(book: IdentityBook, attribute: str) -> pa.Table:
    """Return the intervals of the numbers that stated several values."""
    held = [
        (mmsi, value_text(one.value), one.first_us, one.last_us, one.reports)
        for mmsi in book.numbers_with_several(attribute)
        for one in book.intervals_of(mmsi, attribute)
    ]
    mmsi, value, *spans = zip(*held, strict=True) if held else ((),) * 5
    return _table(mmsi, attribute, pa.array(value, pa.string()), spans)


def _table(mmsi: Any, attribute: str, value: pa.Array, spans: Sequence[Any]) -> pa.Table:
    first_us, last_us, reports = (pa.chunked_array([span], pa.int64()) for span in spans)
    time = IDENTITIES_SCHEMA.field("first_time").type
    columns = {
        "mmsi": mmsi,
        "attribute": pa.repeat(attribute, len(value)),
        "value": value,
        "first_time": first_us.cast(time),
        "last_time": last_us.cast(time),
        "reports": reports,
    }
    return pa.table(columns, schema=IDENTITIES_SCHEMA)


def write_identities(path: Path, identities: pa.Table) -> None:
    """Write identities.parquet. `identities` is a table of IDENTITIES_SCHEMA."""
    pq.write_table(identities, path, compression="zstd", version="2.6")


def value_text(value: str | float) -> str:
    """Return a stated value as text; whole metres without a fraction.

    >>> value_text(31.0), value_text(9074729), value_text("ORCHID")
    ('31', '9074729', 'ORCHID')
    """
    return f"{value:g}" if isinstance(value, float) else str(value)
