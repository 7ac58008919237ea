"""Writes a world as MarineCadastre CSV (2025 schema) and as Danish Maritime Authority CSV.

Both round as the real files do: MarineCadastre to 5 decimals, the DMA to 6, times to seconds.
"""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.worlds.model import NO_LAT, Identity, World

MARINECADASTRE = (
    "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,vessel_type,"
    "status,length,width,draft,cargo,transceiver"
)
DMA = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,"
    "IMO,Callsign,Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,"
    "Destination,ETA,Data source type,A,B,C,D"
)
MOBILE = {"base": "Base Station", "aid": "AtoN", "aircraft": "SAR Airborne"}
STATUS = {
    0: "Under way using engine",
    1: "At anchor",
    5: "Moored",
    7: "Engaged in fishing",
    15: "Unknown value",
}
SHIP_TYPE = {30: "Fishing", 50: "Pilot", 52: "Tug", 60: "Passenger", 80: "Tanker", 0: "Undefined"}

Record = tuple[str, int, int, float, float, float, float, float, int]


def write_marinecadastre(world: World, path: Path) -> int:
    """Write the world in the schema of 2024/25; return the number of rows."""
    static = [_marinecadastre_static(one) for one in world.identities]
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(MARINECADASTRE.split(","))
        for when, mmsi, who, lat, lon, sog, cog, heading, status in _records(world):
            name, imo, callsign, ship_type, length, width, cargo, transceiver = static[who]
            moved = [f"{lon:.5f}", f"{lat:.5f}", _number(sog, 1), _number(cog, 1)]
            about = [_number(heading, 0), name, imo, callsign, ship_type]
            told = "" if status == 15 else status
            out.writerow([mmsi, when, *moved, *about, told, length, width, "", cargo, transceiver])
    return len(world.rows)


def write_dma(world: World, path: Path) -> int:
    """Write the world as the Danish Maritime Authority does; return the number of rows."""
    static = [_dma_static(one) for one in world.identities]
    mobiles = [MOBILE.get(one.kind, f"Class {one.ais_class}") for one in world.identities]
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(DMA.split(","))
        for when, mmsi, who, lat, lon, sog, cog, heading, status in _records(world):
            day = f"{when[8:10]}/{when[5:7]}/{when[:4]}{when[10:]}"
            place = ["91.000000", "0.000000"] if lat == NO_LAT else [f"{lat:.6f}", f"{lon:.6f}"]
            moved = [STATUS[status], "", _number(sog, 1), _number(cog, 1), _number(heading, 0)]
            out.writerow([day, mobiles[who], mmsi, *place, *moved, *static[who]])
    return len(world.rows)


def _records(world: World) -> Iterator[Record]:
    """Return the rows, their times as ISO text with a blank."""
    seconds = world.rows.t_s.astype("M8[s]")
    when = np.char.replace(np.datetime_as_string(seconds), "T", " ").tolist()
    names = ("mmsi", "who", "lat", "lon", "sog", "cog", "heading", "status")
    columns: Any = [world.rows.columns[name].tolist() for name in names]
    return zip(when, *columns, strict=True)


def _number(value: float, digits: int) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _marinecadastre_static(one: Identity) -> list[object]:
    imo = f"IMO{one.imo}" if one.imo else ""
    kind = one.ship_type or ""
    size = [one.length_m or "", one.beam_m or ""]
    return [one.name, imo, one.callsign, kind, *size, kind, one.ais_class]


def _dma_static(one: Identity) -> list[object]:
    length, beam = one.length_m, one.beam_m
    bow, port = length - length // 5, beam - beam // 2
    known = length > 0
    return [
        *(one.imo or "Unknown", one.callsign or "Unknown", one.name),
        *(SHIP_TYPE.get(one.ship_type, "Cargo"), "", beam if known else "", length or ""),
        *("GPS", "", "Unknown", "", "AIS"),
        *((bow, length - bow, port, beam - port) if known else ("", "", "", "")),
    ]
