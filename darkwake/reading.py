"""Files read one by one: how, and which of a folder are passed over."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

import feeds
from feeds.formats import SKIPPED
from feeds.paths import FoundFile
from feeds.report import ReadReport
from vessels.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How files are read, as for a replay."""

    format: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    start_time_us: int | None = None


def read_file(file: FoundFile, reading: Reading, report: ReadReport) -> Iterator[pa.Table]:
    """Yield the tables of one file; none where it lay in a folder and is no AIS data.

    Raises:
        InputError: it is damaged or, where it was named, no AIS data.
    """
    try:
        yield from feeds.read(
            file,
            format=reading.format,
            columns=dict(reading.columns),
            start_time_us=reading.start_time_us,
            report=report,
            workers=1,  # files are what is done side by side here
        )
    except InputError:
        if file.named or not report.inputs or report.inputs[-1].format != SKIPPED:
            raise
