"""The house schema: the columns that leave `feeds.read` and that everything else stands on.

Units are in the names. "Not available" AIS codes (latitude 91, longitude 181, SOG 102.3,
COG 360, heading 511) are nulls. Times are UTC, in microseconds. Positions are rounded to 1e-6
degrees. A row carries a position, an identity, or both; provenance beyond the receiving station
never enters, because events must not depend on it.
"""

import pyarrow as pa

TEXT = pa.dictionary(pa.int32(), pa.string())
TIME = pa.timestamp("us", tz="UTC")

FIXES = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("msg_type", pa.uint8()),  # ITU-R M.1371 message type; null where not told
        pa.field("ais_class", TEXT),  # "A" or "B"
        pa.field("lat_deg", pa.float64()),  # [-90, 90]
        pa.field("lon_deg", pa.float64()),  # [-180, 180)
        pa.field("sog_knots", pa.float32()),  # [0, 102.2]
        pa.field("cog_deg", pa.float32()),  # [0, 360)
        pa.field("heading_deg", pa.float32()),  # [0, 360)
        pa.field("nav_status", pa.uint8()),  # 0..14; 15 ("undefined") is null
        pa.field("imo", pa.int32()),  # as sent, 0 is null; the check digit is not judged here
        pa.field("name", TEXT),  # trimmed, control characters removed, never empty
        pa.field("callsign", TEXT),
        pa.field("ship_type", pa.uint8()),  # ITU-R M.1371 table 53; 0 is null
        pa.field("length_m", pa.float32()),  # 0 is null
        pa.field("beam_m", pa.float32()),  # 0 is null
        pa.field("draught_m", pa.float32()),  # 0 is null
        pa.field("destination", TEXT),
        pa.field("station", TEXT),  # receiving station where the source names it
        pa.field("receiver", TEXT),  # "satellite" or "terrestrial" where known
    ]
)
"""Schema of every table that `feeds.read` yields. Rows are in file order."""

IDENTITY_COLUMNS = (
    "imo",
    "name",
    "callsign",
    "ship_type",
    "length_m",
    "beam_m",
)
"""What a vessel says of itself. Destination and draught belong to a voyage, not to an identity."""
