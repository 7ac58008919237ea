"""Writes a world as AIVDM sentences with tag blocks, by an encoder of its own.

Bit layouts: ITU-R M.1371-5, annex 8. Columns are packed with numpy; pyais checks the result in the
tests, and is twenty times too slow to write worlds with.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import xor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.worlds.model import Identity, Rows, World

Ints = NDArray[np.int64]
STATIC_EVERY_S = 1800
FIRST_PART_CHARS = 59


@dataclass
class Sentences:
    """Armoured payloads, how many fill bits they end with, and their rows."""

    row: Ints
    payload: list[str]
    fill: int


def write_nmea(world: World, path: Path) -> int:
    """Write the world to `path`; return the number of messages (multi-part ones count once)."""
    groups = [*_positions(world), *_statics(world)]
    keyed: list[tuple[int, int, list[str]]] = []
    for rank, group in enumerate(groups):
        for row, payload in zip(group.row.tolist(), group.payload, strict=True):
            keyed.append((row, rank, _body(payload, group.fill, row)))
    keyed.sort()
    heads = _tag_blocks(world)
    with path.open("w", encoding="ascii", newline="\r\n") as file:
        for row, _, bodies in keyed:
            file.writelines(f"{heads[row]}{body}\n" for body in bodies)
    return len(keyed)


def _checksum(text: str) -> str:
    return f"{reduce(xor, text.encode('ascii')):02X}"


def _tag_blocks(world: World) -> list[str]:
    """Return one tag block a row: station and time."""
    rows = world.rows
    known: dict[tuple[int, int], str] = {}
    for key in zip(rows.station.tolist(), rows.t_s.tolist(), strict=True):
        if key not in known:
            text = f"s:{world.stations[key[0]]},c:{key[1]}"
            known[key] = f"\\{text}*{_checksum(text)}\\"
    return [known[key] for key in zip(rows.station.tolist(), rows.t_s.tolist(), strict=True)]


def _body(payload: str, fill: int, row: int) -> list[str]:
    channel = "AB"[row % 2]
    if len(payload) <= 60:
        text = f"AIVDM,1,1,,{channel},{payload},{fill}"
        return [f"!{text}*{_checksum(text)}"]
    parts = (payload[:FIRST_PART_CHARS], payload[FIRST_PART_CHARS:])
    texts = [
        f"AIVDM,2,{i + 1},{row % 10},{channel},{part},{fill if i else 0}"
        for i, part in enumerate(parts)
    ]
    return [f"!{text}*{_checksum(text)}" for text in texts]


def _pack(size: int, fields: list[tuple[object, int]]) -> tuple[list[str], int]:
    """Return armoured payloads of `size` messages whose fields are (values, bits)."""
    columns = []
    for values, width in fields:
        if isinstance(values, np.ndarray) and values.ndim == 2:
            columns.append(values.astype(np.uint8))  # bits already
            continue
        numbers = np.broadcast_to(np.asarray(values, dtype=np.int64), (size,))
        shifts = np.arange(width - 1, -1, -1)
        columns.append(((numbers[:, None] >> shifts) & 1).astype(np.uint8))
    bits = np.concatenate(columns, axis=1)
    fill = -bits.shape[1] % 6
    bits = np.pad(bits, ((0, 0), (0, fill)))
    six = bits.reshape(size, -1, 6) @ np.array([32, 16, 8, 4, 2, 1], dtype=np.uint8)
    chars = np.where(six < 40, six + 48, six + 56).astype(np.uint8)
    return [line.decode("ascii") for line in chars.view(f"S{chars.shape[1]}")[:, 0]], fill


def _text_bits(texts: list[str], chars: int) -> NDArray[np.uint8]:
    """Return six-bit text as bits, padded with "@"."""
    joined = "".join(text[:chars].ljust(chars, "@") for text in texts)
    codes = np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, chars) & 63
    return np.unpackbits(codes[:, :, None], axis=2)[:, :, 2:].reshape(len(texts), -1)


def _place(rows: Rows) -> list[tuple[object, int]]:
    """Return accuracy, longitude and latitude in 1/10000 minute."""
    lon = np.round(rows.lon * 600_000).astype(np.int64)
    lat = np.round(rows.lat * 600_000).astype(np.int64)
    return [(0, 1), (lon, 28), (lat, 27)]


def _whole(values: NDArray[np.float64], scale: float, missing: int) -> Ints:
    filled = np.where(np.isnan(values), missing / scale, values)
    return np.round(filled * scale).astype(np.int64)


def _positions(world: World) -> list[Sentences]:
    """Return position reports: types 1, 18, 4, 9 and 21 by the kind of transmitter."""
    rows = world.rows
    kinds = np.array([_kind(identity) for identity in world.identities])[rows.who]
    groups = []
    for kind, fields in _LAYOUTS.items():
        index = np.flatnonzero(kinds == kind)
        if len(index):
            part = rows.where(index)
            names = [world.identities[who].name for who in part.who.tolist()]
            payload, fill = _pack(len(index), fields(part, names))
            groups.append(Sentences(index.astype(np.int64), payload, fill))
    return groups


def _kind(identity: Identity) -> str:
    return identity.ais_class if identity.kind in ("ship", "gear") else identity.kind


def _class_a(rows: Rows, _: list[str]) -> list[tuple[object, int]]:
    sog, cog, heading = (_whole(rows.sog, 10, 1023), _whole(rows.cog, 10, 3600), rows.heading)
    head = [(1, 6), (0, 2), (rows.mmsi, 30), (rows.status, 4), (128, 8), (sog, 10)]
    tail = [(cog, 12), (_whole(heading, 1, 511), 9), (rows.t_s % 60, 6), (0, 6), (0, 19)]
    return [*head, *_place(rows), *tail]


def _class_b(rows: Rows, _: list[str]) -> list[tuple[object, int]]:
    sog, cog, heading = (_whole(rows.sog, 10, 1023), _whole(rows.cog, 10, 3600), rows.heading)
    head = [(18, 6), (0, 2), (rows.mmsi, 30), (0, 8), (sog, 10)]
    tail = [(cog, 12), (_whole(heading, 1, 511), 9), (rows.t_s % 60, 6), (0, 2), (1, 1), (0, 26)]
    return [*head, *_place(rows), *tail]


def _base(rows: Rows, _: list[str]) -> list[tuple[object, int]]:
    when = [datetime.fromtimestamp(t, UTC) for t in rows.t_s.tolist()]
    widths = {"year": 14, "month": 4, "day": 5, "hour": 5, "minute": 6, "second": 6}
    clock = [(np.array([getattr(t, part) for t in when]), n) for part, n in widths.items()]
    return [(4, 6), (0, 2), (rows.mmsi, 30), *clock, *_place(rows), (1, 4), (0, 30)]


def _aircraft(rows: Rows, _: list[str]) -> list[tuple[object, int]]:
    head = [(9, 6), (0, 2), (rows.mmsi, 30), (300, 12), (_whole(rows.sog, 1, 1023), 10)]
    tail = [(_whole(rows.cog, 10, 3600), 12), (rows.t_s % 60, 6), (0, 34)]
    return [*head, *_place(rows), *tail]


def _aid(rows: Rows, names: list[str]) -> list[tuple[object, int]]:
    head = [(21, 6), (0, 2), (rows.mmsi, 30), (14, 5), (_text_bits(names, 20), 120)]
    return [*head, *_place(rows), (0, 30), (7, 4), (60, 6), (0, 13)]


_LAYOUTS = {"A": _class_a, "B": _class_b, "base": _base, "aircraft": _aircraft, "aid": _aid}


def _statics(world: World) -> list[Sentences]:
    """Return what ships say of themselves: with their first report, then every half hour."""
    rows, people = world.rows, world.identities
    speaks = np.array([one.kind in ("ship", "gear") for one in people])
    class_a = np.array([one.ais_class == "A" for one in people])
    order = np.lexsort((rows.t_s, rows.who))
    slot = rows.t_s[order] // STATIC_EVERY_S
    who = rows.who[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (np.diff(slot) != 0) | (np.diff(who) != 0)
    chosen = np.sort(order[fresh & speaks[who]])
    groups = []
    for wanted, layouts in ((True, (_voyage,)), (False, (_part_a, _part_b))):
        index = chosen[class_a[rows.who[chosen]] == wanted]
        if not len(index):
            continue
        ships = [people[i] for i in rows.who[index].tolist()]
        for layout in layouts:
            payload, fill = _pack(len(index), layout(rows.mmsi[index], ships))
            groups.append(Sentences(index.astype(np.int64), payload, fill))
    return groups


def _size(ships: list[Identity]) -> list[tuple[object, int]]:
    length = np.array([ship.length_m for ship in ships])
    beam = np.array([ship.beam_m for ship in ships])
    return [(length - length // 5, 9), (length // 5, 9), (beam - beam // 2, 6), (beam // 2, 6)]


def _voyage(mmsi: Ints, ships: list[Identity]) -> list[tuple[object, int]]:
    return [
        *((5, 6), (0, 2), (mmsi, 30), (0, 2), (np.array([s.imo for s in ships]), 30)),
        (_text_bits([s.callsign for s in ships], 7), 42),
        (_text_bits([s.name for s in ships], 20), 120),
        (np.array([s.ship_type for s in ships]), 8),
        *_size(ships),
        *((1, 4), (0, 4), (0, 5), (24, 5), (60, 6), (52, 8)),
        (_text_bits(["FISHING GROUNDS"] * len(ships), 20), 120),
        (0, 2),
    ]


def _part_a(mmsi: Ints, ships: list[Identity]) -> list[tuple[object, int]]:
    name = _text_bits([s.name for s in ships], 20)
    return [(24, 6), (0, 2), (mmsi, 30), (0, 2), (name, 120), (0, 8)]


def _part_b(mmsi: Ints, ships: list[Identity]) -> list[tuple[object, int]]:
    return [
        *((24, 6), (0, 2), (mmsi, 30), (1, 2), (np.array([s.ship_type for s in ships]), 8)),
        *((0, 42), (_text_bits([s.callsign for s in ships], 7), 42)),
        *_size(ships),
        (0, 6),
    ]
