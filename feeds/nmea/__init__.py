"""Raw NMEA logs: AIVDM and its kin, with tag blocks, wrappers, time stamps and noise.

`read_nmea` yields positions and identities as tables of the house schema, decoded by compiled
kernels; `decode_messages` yields every message of every type in full, through pyais. Both check
checksums, join parts by the same rules, and count every row in a `ReadReport`.
"""

from feeds.nmea.reader import decode_messages, read_nmea

__all__ = ["decode_messages", "read_nmea"]
