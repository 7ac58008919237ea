"""Which column holds what: known layouts, common names, and the user's own column map."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vessels.errors import InputError, UsageError

NEEDED = ("mmsi", "time", "lat", "lon")
"""Keys without which a table is not a track. A Parquet point geometry stands for lat and lon."""
KEYS = (
    *NEEDED,
    "sog",
    "cog",
    "heading",
    "nav_status",
    "msg_type",
    "ais_class",
    "imo",
    "name",
    "callsign",
    "ship_type",
    "length",
    "beam",
    "draught",
    "destination",
    "station",
    "receiver",
)
"""Keys of a column map, as in `--columns mmsi=COL,time=COL`."""
TIME_HINTS = ("iso", "dmy", "mdy", "s", "ms", "us", "ns")
"""How a time is written, as in `time=COL:dmy`."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "mmsi": ("mmsi", "ssvid", "mmsinumber", "vesselmmsi"),
    "time": (
        *("time", "timestamp", "datetime", "basedatetime", "timeutc", "timestamputc"),
        *("datetimeutc", "utc", "unixtime", "epoch", "tstamp", "ts", "receivedtime"),
    ),
    "lat": ("lat", "latitude", "latdeg", "latitudedegrees"),
    "lon": ("lon", "longitude", "long", "lng", "londeg", "longitudedegrees"),
    "sog": ("sog", "sogknots", "speedoverground", "speed", "speedknots"),
    "cog": ("cog", "cogdeg", "cogdegrees", "courseoverground", "course"),
    "heading": ("heading", "headingdeg", "trueheading", "hdg"),
    "nav_status": ("navstatus", "navstat", "navigationalstatus", "navigationstatus", "status"),
    "msg_type": ("msgtype", "messagetype"),
    "ais_class": ("aisclass", "transceiverclass", "transceiver", "class"),
    "imo": ("imo", "imonumber"),
    "name": ("vesselname", "shipname", "name"),
    "callsign": ("callsign",),
    "ship_type": ("shiptype", "vesseltype"),
    "length": ("length", "lengthm"),
    "beam": ("beam", "beamm", "width", "breadth"),
    "draught": ("draught", "draughtm", "draft"),
    "destination": ("destination",),
    "station": ("station", "stationid"),
    "receiver": ("receivertype", "receiver"),
}
_NOT_ALNUM = re.compile(r"[^a-z0-9]+")
_MARINECADASTRE = frozenset({"mmsi", "basedatetime", "vesselname", "transceiver"})
_DMA = frozenset({"timestamp", "typeofmobile", "mmsi", "latitude", "longitude"})


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of one file mean.

    `columns` maps a key to a column name. `geometry` names a Parquet column of points that stands
    for lat and lon. `time_hint` is the user's or the format's word on how times are written.
    """

    format: str
    columns: Mapping[str, str] = field(default_factory=dict)
    geometry: str | None = None
    time_hint: str | None = None
    day_first: bool = False
    """A date that can be read both ways is day first. Only the DMA format promises that."""
    signed_course: bool = False
    """Courses below 0 are 12-bit overflows: 409.6 degrees are added."""


def plain_name(name: str) -> str:
    """Return a column name in lower case, letters and digits only."""
    return _NOT_ALNUM.sub("", name.lower())


def known_format(names: Sequence[str]) -> str | None:
    """Return `marinecadastre` or `dma` where the column names are theirs."""
    plain = {plain_name(name) for name in names}
    if plain >= _DMA:
        return "dma"
    plain |= {"transceiver"} if plain & {"transceiverclass", "cargo"} else set()
    return "marinecadastre" if plain >= _MARINECADASTRE else None


def parse_column_map(columns: Mapping[str, str] | None) -> tuple[dict[str, str], str | None]:
    """Return (column of each key, time hint) of a user's map.

    Raises:
        UsageError: a key is not one of KEYS, or a column is empty.
    """
    chosen = {key: str(column).strip() for key, column in (columns or {}).items()}
    for key, column in chosen.items():
        if key not in KEYS:
            raise UsageError(f"--columns has no key {key!r}; keys are {', '.join(KEYS)}")
        if not column:
            raise UsageError(f"--columns {key}= names no column")
    name, mark, hint = chosen.get("time", "").rpartition(":")
    if mark and name and hint in TIME_HINTS:
        chosen["time"] = name
        return chosen, hint
    return chosen, None


def guess_columns(names: Sequence[str], *, path: str) -> dict[str, str]:
    """Return the column of each key that the names tell.

    Raises:
        InputError: two columns could both be the same needed key.
    """
    by_plain: dict[str, list[str]] = {}
    for name in names:
        by_plain.setdefault(plain_name(name), []).append(name)
    found: dict[str, str] = {}
    for key, aliases in _ALIASES.items():
        matches = [name for alias in aliases for name in by_plain.get(alias, ())]
        if len(matches) > 1 and key in NEEDED:
            raise InputError(
                f"columns {_listed(matches)} could each be {key}; "
                f"say which with --columns {key}=COLUMN",
                path=path,
            )
        if matches:
            found[key] = matches[0]
    if plain_name(found.get("receiver", "")) == "receivertype" and "receiver" in by_plain:
        found["station"] = by_plain["receiver"][0]  # GFW: the kind is one column, the name another
    return found


def choose_layout(
    names: Sequence[str],
    *,
    path: str,
    columns: Mapping[str, str] | None = None,
    format_name: str | None = None,
    default_format: str = "csv",
    geometry: str | None = None,
) -> Layout:
    """Return the layout of a table from its column names, the user's map winning.

    Args:
        names: column names in order.
        path: names the file in errors.
        columns: the user's column map, key to column name or 0-based number.
        format_name: `marinecadastre` or `dma` where the user demands that layout.
        default_format: what the layout is called when it is neither of these.
        geometry: name of a column of points, which stands for lat and lon where they are absent.

    Raises:
        UsageError: the map has an unknown key.
        InputError: a needed column is missing or ambiguous.
    """
    chosen, hint = parse_column_map(columns)
    chosen = {key: _resolve(column, names, path=path) for key, column in chosen.items()}
    known = known_format(names)
    if format_name not in (None, known):
        raise InputError(
            f"not the {format_name} layout; its columns are {_listed(names)}", path=path
        )
    open_names = [
        name for name in names if name not in chosen.values() and _key_of(name) not in chosen
    ]
    guessed = guess_columns(open_names, path=path)
    merged = {**guessed, **chosen}
    if known == "dma":
        mobile = next(name for name in names if plain_name(name) == "typeofmobile")
        merged = {"msg_type": mobile, "ais_class": mobile, **merged}
    _check_needed(merged, names, path=path, geometry=geometry)
    has_both = "lat" in merged and "lon" in merged
    return Layout(
        format=known or default_format,
        columns=merged,
        geometry=None if has_both else geometry,
        time_hint=hint,
        day_first=known == "dma",
        signed_course=known == "marinecadastre",
    )


def missing_keys(names: Sequence[str]) -> list[str]:
    """Return the needed keys that no column name tells; for telling a track from other tables."""
    plain = {plain_name(name) for name in names}
    return [key for key in NEEDED if not plain & set(_ALIASES[key])]


def _key_of(name: str) -> str | None:
    plain = plain_name(name)
    return next((key for key, aliases in _ALIASES.items() if plain in aliases), None)


def _resolve(column: str, names: Sequence[str], *, path: str) -> str:
    """Return the column's name; a number that is no name is a 0-based position."""
    if column in names:
        return column
    if column.isascii() and column.isdigit() and int(column) < len(names):
        return names[int(column)]
    raise InputError(f"no column {column!r}; its columns are {_listed(names)}", path=path)


def _check_needed(
    columns: Mapping[str, str], names: Sequence[str], *, path: str, geometry: str | None
) -> None:
    missing = [key for key in NEEDED if key not in columns]
    if geometry is not None:
        missing = [key for key in missing if key not in ("lat", "lon")]
    if missing:
        example = ",".join(f"{key}=COLUMN" for key in missing)
        raise InputError(
            f"no column found for {', '.join(missing)}; its columns are {_listed(names)}. "
            f"Name them with --columns {example}",
            path=path,
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:30])
    return f"{shown} and {len(names) - 30} more" if len(names) > 30 else shown
