"""What a read did with every row: decoded, or counted under exactly one reason."""

from collections import Counter
from dataclasses import dataclass, field

REASONS = {
    "noise": "not an AIS sentence, or not a record of the format: text, other talkers, raw bytes",
    "bad_checksum": "an NMEA checksum is missing or wrong",
    "bad_sentence": "an AIS sentence whose fields or payload cannot be decoded",
    "incomplete_multipart": "parts of a multi-part message that never came together",
    "unsupported_type": "an AIS message of a type that is not decoded",
    "no_position_or_identity": "a sound message that carries neither position nor identity",
    "no_time": "no receive time on this row, in a source that has times",
    "bad_time": "a time that cannot be read or is implausible (before 1990 or in the far future)",
    "bad_mmsi": "an MMSI that is missing, zero, not a number or above 999999999",
    "bad_row": "a record with missing fields or values that are not numbers",
    "outside_time_range": "before --from or after --to",
    "duplicate": "every kept column equal to a row already read",
}
"""Every reason a row can be rejected for, and what it means to a user."""


@dataclass(slots=True)
class InputFile:
    """One file of a read: where it lies, what it holds, its hash."""

    path: str
    format: str = ""
    bytes: int = 0
    sha256: str = ""
    rows_read: int = 0
    rows_decoded: int = 0


@dataclass(slots=True)
class ReadReport:
    """Counters of one read. `rows_read == rows_decoded + sum(rejected.values())`, exactly.

    A multi-part message is one row. `message_types` counts AIS messages by type, decoded or not.
    """

    rows_read: int = 0
    rows_decoded: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    message_types: Counter[int] = field(default_factory=Counter)
    inputs: list[InputFile] = field(default_factory=list)

    def reject(self, reason: str, rows: int = 1) -> None:
        """Count `rows` rejected rows. `reason` is a key of REASONS."""
        if reason not in REASONS:
            raise KeyError(reason)
        if rows:
            self.rejected[reason] += rows
            self.rows_read += rows

    def accept(self, rows: int) -> None:
        """Count `rows` decoded rows."""
        self.rows_decoded += rows
        self.rows_read += rows

    def reject_decoded(self, reason: str, rows: int) -> None:
        """Move `rows` from decoded to rejected, for what only a later look can tell."""
        if rows:
            self.rows_decoded -= rows
            self.rejected[reason] += rows

    def add(self, other: "ReadReport") -> None:
        """Count what another report counted as well."""
        self.rows_read += other.rows_read
        self.rows_decoded += other.rows_decoded
        self.rejected.update(other.rejected)
        self.message_types.update(other.message_types)
        self.inputs += other.inputs

    def take(self) -> "ReadReport":
        """Return what was counted since the last call, and begin anew.

        One thread counts; what it takes it may hand to another, which adds it to its own.
        """
        taken = ReadReport(
            self.rows_read, self.rows_decoded, self.rejected, self.message_types, self.inputs
        )
        self.rows_read, self.rows_decoded = 0, 0
        self.rejected, self.message_types, self.inputs = Counter(), Counter(), []
        return taken
