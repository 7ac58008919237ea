"""Record layouts and limits shared by the NMEA kernels.

`LINE` is what one line of the log holds, `MESSAGE` one AIS message (its parts joined), `SLOT` a
multi-part message that waits for its parts, `FIX` one row while it is decoded. Offsets point into
the byte buffer that the kernels work on.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[np.void]
Record: TypeAlias = Any
"""One element of Records inside a kernel, where fields are attributes; mypy knows none of them."""
Bytes = npt.NDArray[np.uint8]
Array = npt.NDArray[Any]

NO_TIME = -(1 << 62)
"""Time of a line that carries none; far below every plausible microsecond."""
UNREADABLE_TIME = 0
"""Time of a line whose time cannot be read: 1970, rejected as implausible."""
EARLIEST_US = 631_152_000_000_000
"""1990-01-01 UTC. AIS is younger."""
LATEST_US = 4_102_444_800_000_000
"""2100-01-01 UTC."""

MAX_LINE_BYTES = 16_384
"""A longer line is noise. NMEA 0183 allows 82 characters, tag blocks and time stamps add some."""
MAX_PAYLOAD_CHARS = 200
"""Longest payload of one sentence: the limit of pyais. ITU-R M.1371 needs 168 for a message."""
MAX_PARTS = 9
"""IEC 61162-1: the number of sentences in a message is one digit."""
MAX_STATION_BYTES = 64
MAX_SECONDS_APART = 30
"""Parts of one message are received within this time of the first part."""
MAX_LINES_APART = 500
"""Parts without times are at most so many lines apart."""
WRAPPER_REACH_LINES = 32
"""A $PGHP wrapper is looked for so many lines before and after its sentence."""

# What a line is.
BLANK, NOISE, SENTENCE, WRAPPER, BAD_CHECKSUM, BAD_SENTENCE = 0, 1, 2, 3, 4, 5

LINE = np.dtype(
    [
        ("kind", np.uint8),
        ("checksum", np.int16),  # of the sentence; for a wrapper of the sentence it names, or -1
        ("start", np.int64),  # first byte of the line
        ("payload", np.int64),  # offset of the payload
        ("length", np.int32),  # characters of payload
        ("fill", np.uint8),
        ("total", np.uint8),
        ("number", np.uint8),
        ("key", np.uint64),  # hash of talker, formatter, total, sequence id and channel
        ("group", np.uint64),  # hash of the tag-block group id, 0 where none
        ("time_us", np.int64),
        ("from_tag", np.uint8),  # 1 where the time is the tag block's
        ("station", np.uint64),  # hash of the station's name, 0 where none
        ("station_at", np.int64),
        ("station_length", np.int32),
    ]
)

MESSAGE = np.dtype(
    [
        ("payload", np.int64),
        ("length", np.int32),
        ("fill", np.uint8),
        ("time_us", np.int64),
        ("station", np.uint64),
        ("station_at", np.int64),
        ("station_length", np.int32),
    ]
)

SLOT = np.dtype(
    [
        ("used", np.uint8),
        ("key", np.uint64),
        ("group", np.uint64),
        ("station", np.uint64),
        ("station_length", np.int32),
        ("first_line", np.int64),
        ("first_us", np.int64),  # NO_TIME until a timed part came
        ("have", np.uint16),  # bit set of part numbers
        ("total", np.uint8),
        ("fill", np.uint8),  # of the last part
    ]
)
SLOT_WAYS = 8
SLOT_BUCKETS = 256
"""Multi-part messages that can wait at once: buckets x ways. The oldest of a full bucket goes."""
REACH_BYTES = 32
"""Kernels load eight bytes at a time: a buffer goes on for so many behind what is written in it."""
SLOT_BYTES = MAX_PARTS * MAX_PAYLOAD_CHARS + MAX_STATION_BYTES

FIX = np.dtype(
    [
        ("lat_deg", np.float64),
        ("lon_deg", np.float64),
        ("mmsi", np.int32),
        ("imo", np.int32),
        ("sog_knots", np.float32),
        ("cog_deg", np.float32),
        ("heading_deg", np.float32),
        ("length_m", np.float32),
        ("beam_m", np.float32),
        ("draught_m", np.float32),
        ("msg_type", np.uint8),
        ("ais_class", np.uint8),  # 0 none, 1 A, 2 B
        ("nav_status", np.uint8),  # 15 none
        ("ship_type", np.uint8),  # 0 none
    ]
)
NAME, CALLSIGN, DESTINATION = 0, 1, 2
TEXT_CHARS = 34
"""Longest text of a message: the name of an aid (20) with its extension (14)."""

# Counters of the decoding kernel; the last are one for each of the 64 message types.
DECODED, SHORT, UNSUPPORTED, OTHER, UNTIMED, BAD_TIME, BAD_MMSI, TYPES = 0, 1, 2, 3, 4, 5, 6, 7
COUNTERS = TYPES + 64
