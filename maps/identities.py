"""What vessels say of themselves, as far as a page shows or searches it."""

from typing import NamedTuple

import pyarrow as pa


class Identity(NamedTuple):
    """Name, flag (ISO 3166-1 alpha-3), IMO number and call sign; None where not known."""

    name: str | None
    flag: str | None
    imo: int | None = None
    callsign: str | None = None


NOBODY = Identity(None, None)


def identities(vessels: pa.Table) -> dict[str, Identity]:
    """Return the identity of each hull by hull id.

    `vessels` holds one row a hull with `hull_id`, `name`, `flag`, `imo` and `callsign`, as
    vessels.parquet does.

    Raises:
        KeyError: a column is missing.
    """
    rows = vessels.select(["hull_id", "name", "flag", "imo", "callsign"]).to_pylist()
    return {
        row["hull_id"]: Identity(row["name"], row["flag"], row["imo"], row["callsign"])
        for row in rows
    }
