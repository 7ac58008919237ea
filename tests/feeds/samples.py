"""Small AIS files for the tests of feeds, and a reader that checks the sums."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

import feeds
from feeds import ReadReport
from vessels.schema import FIXES

OLD_HEADER = (
    "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,"
    "Length,Width,Draft,Cargo,TransceiverClass"
)
NEW_HEADER = (
    "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,"
    "vessel_type,status,length,width,draft,cargo,transceiver"
)
DMA_HEADER = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,"
    "IMO,Callsign,Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,"
    "Destination,ETA,Data source type,A,B,C,D"
)
SIMPLE_HEADER = "mmsi,time,lat,lon"
SIMPLE_ROW = "200000001,2022-01-03T00:00:00Z,1.5,2.5"


def read_all(paths: Any, **options: Any) -> tuple[pa.Table, ReadReport]:
    """Return everything a read yields and its report, after checking the sums."""
    report = ReadReport()
    tables = list(feeds.read(paths, report=report, **options))
    for table in tables:
        assert table.schema.equals(FIXES)
    joined = pa.concat_tables([FIXES.empty_table(), *tables])
    assert report.rows_decoded == joined.num_rows
    assert report.rows_read == report.rows_decoded + sum(report.rejected.values())
    read_files = [entry for entry in report.inputs if entry.format != "skipped"]
    assert sum(entry.rows_read for entry in read_files) == report.rows_read
    assert sum(entry.rows_decoded for entry in read_files) == report.rows_decoded
    return joined, report


def write_lines(path: Path, lines: Iterable[str]) -> Path:
    """Write the lines as UTF-8 and return the path."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def simple_file(path: Path, *rows: str) -> Path:
    """Write a CSV of mmsi, time, lat, lon."""
    return write_lines(path, [SIMPLE_HEADER, *(rows or (SIMPLE_ROW,))])


def old_row(**fields: str) -> str:
    """Return a MarineCadastre row of the old schema; fields not given are as for a tug."""
    row = {
        "MMSI": "367379190",
        "BaseDateTime": "2022-01-03T00:00:00",
        "LAT": "30.3706",
        "LON": "-88.56408",
        "SOG": "0.0",
        "COG": "336.2",
        "Heading": "511",
        "VesselName": "EAGLE",
        "IMO": "IMO8207721",
        "CallSign": "WTD4583",
        "VesselType": "31",
        "Status": "0",
        "Length": "28",
        "Width": "11",
        "Draft": "3.3",
        "Cargo": "52",
        "TransceiverClass": "A",
    }
    row.update(fields)
    return ",".join(row.values())


def dma_row(**fields: str) -> str:
    """Return a row of the Danish schema; fields not given are as for a ferry under way."""
    row = dict.fromkeys(DMA_HEADER.split(","), "")
    row |= {
        "# Timestamp": "26/04/2026 00:00:00",
        "Type of mobile": "Class A",
        "MMSI": "219000001",
        "Latitude": "54.693287",
        "Longitude": "8.575183",
        "Navigational status": "Under way using engine",
        "IMO": "Unknown",
        "Callsign": "Unknown",
        "Ship type": "Undefined",
        "Destination": "Unknown",
    }
    row.update({key.replace("_", " "): value for key, value in fields.items()})
    return ",".join(row.values())
