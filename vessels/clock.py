"""The one clock. Nothing else in the house asks the machine what time it is.

Replay never reads it: there, now is the last fix's time, or `--to`.
"""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time, aware, UTC."""
    return datetime.now(UTC)


def iso_z(time_us: int) -> str:
    """Return microseconds since 1970 as ISO 8601 UTC with Z; fractions only where there are any.

    >>> iso_z(1_700_000_000_000_000)
    '2023-11-14T22:13:20Z'
    """
    seconds, micros = divmod(int(time_us), 1_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{micros:06d}Z" if micros else f"{text}Z"


def parse_iso_us(text: str) -> int:
    """Return ISO 8601 `text` as microseconds since 1970. A time without zone is UTC.

    Raises:
        ValueError: `text` is not ISO 8601.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
