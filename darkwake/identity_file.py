"""identities.parquet: what each number said it was, and from when to when.

One row is one value of one attribute, held from its first to its last statement; the order is that
of MMSI, attribute and time. Equal sets of rows give equal bytes.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vessels.identity import IdentityBook

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
    columns: dict[str, list[object]] = {name: [] for name in IDENTITIES_SCHEMA.names}
    for mmsi in book.numbers().tolist():
        for attribute, intervals in sorted(book.intervals(mmsi).items()):
            for held in intervals:
                columns["mmsi"].append(mmsi)
                columns["attribute"].append(attribute)
                columns["value"].append(value_text(held.value))
                columns["first_time"].append(held.first_us)
                columns["last_time"].append(held.last_us)
                columns["reports"].append(held.reports)
    return pa.Table.from_pydict(columns, schema=IDENTITIES_SCHEMA)


def write_identities(path: Path, identities: pa.Table) -> None:
    """Write identities.parquet. `identities` is a table of IDENTITIES_SCHEMA."""
    pq.write_table(identities, path, compression="zstd", version="2.6")


def value_text(value: str | float) -> str:
    """Return a stated value as text; whole metres without a fraction.

    >>> value_text(31.0), value_text(9074729), value_text("ORCHID")
    ('31', '9074729', 'ORCHID')
    """
    return f"{value:g}" if isinstance(value, float) else str(value)
