"""What an archive can be asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for; all rows where nothing is."""

    mmsi: tuple[int, ...] = ()
    from_us: int | None = None
    to_us: int | None = None
    """Both ends are included."""
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees; west > east spans 180 degrees."""
