"""AIS-catcher, gpsd, aisstream.io and plain JSON, whole and broken."""

import json
from typing import Any

import pyarrow as pa
import pytest

from feeds.live.decode import StreamDecoder
from feeds.live.records import _moment
from tests.feeds.live.common import START_S, line, recorded, same_rows
from tests.feeds.nmea.sentences import static, tagged
from vessels.schema import FIXES

AIS_CATCHER = {
    "class": "AIS",
    "device": "AIS-catcher",
    "rxtime": "20221102171324",
    "rxuxtime": 1667409204.25,
    "scaled": True,
    "channel": "A",
    "nmea": ["!AIVDM,1,1,,A,13`fL1PP140KCELMBO7SS?wH0@Jv,0*50"],
    "type": 1,
    "mmsi": 244030470,
    "status": 0,
    "speed": 6.8,
    "lon": 5.964237,
    "lat": 51.18597,
    "course": 90.800003,
    "second": 44,
}
AISSTREAM = {
    "Message": {
        "StandardClassBPositionReport": {
            "Cog": 123.4,
            "Latitude": 40.748693,
            "Longitude": 13.859405,
            "MessageID": 18,
            "Sog": 6.1,
            "TrueHeading": 160,
            "UserID": 247193240,
            "Valid": True,
        }
    },
    "MessageType": "StandardClassBPositionReport",
    "MetaData": {
        "MMSI": 247193240,
        "MMSI_String": 247193240,
        "ShipName": "LIBIDINE            ",
        "latitude": 40.7487,
        "longitude": 13.85941,
        "time_utc": "2026-04-25 09:47:24.826517079 +0000 UTC",
    },
}
AISSTREAM_STATIC = {
    "Message": {
        "ShipStaticData": {
            "CallSign": "LFJA@@@",
            "Destination": "OSLO",
            "Dimension": {"A": 9, "B": 22, "C": 2, "D": 6},
            "ImoNumber": 6519522,
            "MaximumStaticDraught": 2.1,
            "MessageID": 5,
            "Name": "NOBEL",
            "Type": 69,
            "UserID": 257038990,
            "Valid": True,
        }
    },
    "MessageType": "ShipStaticData",
    "MetaData": {"MMSI": 257038990, "time_utc": "2026-04-25 09:47:24.886451648 +0000 UTC"},
}
AISSTREAM_PART_B = {
    "Message": {
        "StaticDataReport": {
            "MessageID": 24,
            "PartNumber": True,
            "ReportA": {"Name": "", "Valid": False},
            "ReportB": {
                "CallSign": "XPI6030",
                "Dimension": {"A": 5, "B": 5, "C": 2, "D": 2},
                "ShipType": 37,
                "Valid": True,
            },
            "UserID": 338000001,
            "Valid": True,
        }
    },
    "MessageType": "StaticDataReport",
    "MetaData": {"MMSI": 338000001, "time_utc": "2026-04-25 09:47:25 +0000 UTC"},
}


def decoded(*messages: Any, clock: Any = "message") -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return the rows, without nulls, and the reasons of some messages."""
    decoder = StreamDecoder("north", clock)
    for message in messages:
        raw = message if isinstance(message, bytes) else json.dumps(message).encode()
        decoder.push_message(raw, START_S * 1_000_000)
    table = pa.concat_tables([FIXES.empty_table(), *decoder.end(START_S * 1_000_000)])
    report = decoder.report
    assert report.rows_read == report.rows_decoded + sum(report.rejected.values())
    rows = table.set_column(1, "time", table["time"].cast(pa.int64())).to_pylist()
    shown = [{key: value for key, value in row.items() if value is not None} for row in rows]
    return shown, dict(report.rejected)


def test_ais_catcher_records_give_the_rows_of_their_sentences() -> None:
    rows, reasons = decoded(AIS_CATCHER)
    plain = AIS_CATCHER["nmea"][0].encode()
    wanted, _ = recorded(tagged(plain, b"c:1667409204.250000") + b"\n")
    assert not reasons
    assert rows[0]["time"] == 1_667_409_204_250_000
    decoder = StreamDecoder("north", "message")
    decoder.push_message(json.dumps(AIS_CATCHER).encode(), 0)
    assert same_rows(pa.concat_tables(decoder.end(0)), wanted)


def test_ais_catcher_records_without_sentences_are_read_by_their_fields() -> None:
    from_sentence, _ = decoded(AIS_CATCHER)
    bare = {key: value for key, value in AIS_CATCHER.items() if key != "nmea"}
    rows, reasons = decoded(bare)
    assert not reasons
    assert rows[0].pop("course", None) is None
    for key in ("mmsi", "time", "msg_type", "ais_class", "lat_deg", "lon_deg", "sog_knots"):
        assert rows[0][key] == pytest.approx(from_sentence[0][key], abs=1e-5), key


def test_a_static_record_of_ais_catcher_carries_size_and_names() -> None:
    rows, _ = decoded(
        {
            "class": "AIS",
            "rxuxtime": START_S,
            "type": 5,
            "mmsi": 244030470,
            "shipname": "STOLT@@@",
            "imo": 9074729,
            "shiptype": 80,
            "to_bow": 80,
            "to_stern": 30,
            "to_port": 8,
            "to_starboard": 8,
            "draught": 4.5,
            "callsign": "PH\x1b[31m",
            "destination": "<script>\u202e",
        }
    )
    row = rows[0]
    assert (row["length_m"], row["beam_m"], row["imo"]) == (110.0, 16.0, 9074729)
    assert (row["name"], row["callsign"]) == ("STOLT", "PH [31m")
    assert row["destination"] == "<script>"
    assert row["time"] == START_S * 1_000_000


def test_the_http_envelope_brings_messages_and_their_station() -> None:
    bare = {key: value for key, value in AIS_CATCHER.items() if key != "nmea"}
    envelope = {
        "protocol": "jsonaiscatcher",
        "stationid": "My Station",
        "msgs": [AIS_CATCHER, bare, line(3).decode().strip(), 7],
    }
    rows, reasons = decoded(envelope)
    assert [row.get("station") for row in rows] == ["My_Station", "st0", "My Station"]
    assert reasons == {"noise": 1}


def test_a_message_of_two_sentences_is_joined() -> None:
    one, two = static()
    rows, reasons = decoded(
        {"class": "AIS", "rxuxtime": START_S, "nmea": [one.decode(), two.decode()]}
    )
    assert not reasons
    assert rows[0]["name"] == "EVER DIADEM"


def test_aisstream_positions_and_statics_are_read() -> None:
    rows, reasons = decoded(AISSTREAM, AISSTREAM_STATIC, AISSTREAM_PART_B)
    assert not reasons
    assert rows[0] == {
        "mmsi": 247193240,
        "time": 1_777_110_444_826_517,
        "msg_type": 18,
        "ais_class": "B",
        "lat_deg": 40.748693,
        "lon_deg": 13.859405,
        "sog_knots": pytest.approx(6.1),
        "cog_deg": pytest.approx(123.4, abs=1e-4),
        "heading_deg": 160.0,
    }
    assert rows[1]["name"] == "NOBEL"
    assert rows[1]["callsign"] == "LFJA"
    assert (rows[1]["length_m"], rows[1]["beam_m"]) == (31.0, 8.0)
    assert rows[1]["draught_m"] == pytest.approx(2.1)
    assert (rows[2]["callsign"], rows[2]["ship_type"], rows[2]["length_m"]) == ("XPI6030", 37, 10.0)
    assert "name" not in rows[2]


def test_invalid_and_unscaled_messages_are_bad_rows() -> None:
    body = AISSTREAM["Message"]["StandardClassBPositionReport"]
    invalid = {**AISSTREAM, "Message": {"StandardClassBPositionReport": {**body, "Valid": False}}}
    unscaled = {**AIS_CATCHER, "nmea": None, "scaled": False}
    other = {**AISSTREAM, "MessageType": "Nothing"}
    rows, reasons = decoded(invalid, unscaled, other)
    assert not rows
    assert reasons == {"bad_row": 3}


def test_plain_records_are_read_by_the_names_that_files_may_use() -> None:
    one = {"mmsi": 200000001, "timestamp": "2022-01-03T00:00:00Z", "lat": 1.5, "lon": 2.5}
    two = {"mmsi": 200000001, "timestamp": "2022-01-03T00:01:00Z", "lat": 1.5, "lon": 2.6, "sog": 3}
    rows, reasons = decoded([one, two])
    assert not reasons
    assert [row.get("sog_knots") for row in rows] == [None, 3.0]
    assert rows[1]["time"] - rows[0]["time"] == 60_000_000


def test_arrival_clock_stamps_json_of_every_kind() -> None:
    bare = {key: value for key, value in AIS_CATCHER.items() if key != "nmea"}
    plain = {"mmsi": 200000001, "lat": 1.5, "lon": 2.5}
    rows, reasons = decoded(AIS_CATCHER, bare, AISSTREAM, plain, clock="arrival")
    assert not reasons
    assert [row["time"] for row in rows] == [START_S * 1_000_000] * 4


def test_json_and_sentences_may_share_a_stream_in_lines() -> None:
    decoder = StreamDecoder("north", "message")
    data = line(1) + json.dumps(AIS_CATCHER).encode() + b"\r\n" + line(2) + b'{"class":"VERSION"}\n'
    for at in range(0, len(data), 7):
        decoder.push(data[at : at + 7], 0)
    table = pa.concat_tables(decoder.end(0))
    assert sorted(table["mmsi"].to_pylist()) == [244030470, 366000002, 366000003]
    assert dict(decoder.report.rejected) == {"noise": 1}


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"mmsi":' + b"9" * 100_000 + b',"class":"AIS","rxuxtime":1e999}',
        b'{"class":"AIS","mmsi":true,"lat":{},"lon":[],"rxuxtime":"99999999999999"}',
        b'{"class":"AIS","mmsi":1,"rxuxtime":"\\ud800","shipname":"\\udfff\\u0000"}',
        b'{"class":"AIS","nmea":["!AIVDM,1,1,,A,15RT\\n!AIVDM,1,1,,A,x",7,null]}',
        b'{"class":"AIS","nmea":["!AIVDM,1,1,,A,\\u00e9\\ud800,0*00"]}',
        b'{"msgs":[[],{},null,1,"x",{"class":"AIS"}]}',
        b'{"Message":{"X":{"Valid":1,"Dimension":{"A":1e400}}},"MessageType":"X","MetaData":7}',
        b'{"Message":{"X":1},"MessageType":["X"],"MetaData":{}}',
        b"[NaN, Infinity, -Infinity]",
        b"\xff\xfe{}",
        b'{"time":"03/04/2021","mmsi":1,"lat":1,"lon":1}',
    ],
)
def test_hostile_json_is_counted_and_never_raises(raw: bytes) -> None:
    rows, reasons = decoded(raw)
    assert not rows
    assert sum(reasons.values()) >= 1


def test_a_line_break_in_a_sentence_of_a_record_makes_no_second_sentence() -> None:
    sneaky = line(1).decode() + line(2).decode()
    rows, _ = decoded({"class": "AIS", "rxuxtime": START_S, "nmea": [sneaky]})
    assert [row["mmsi"] for row in rows] == [366_000_002]


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("1667409204", 1_667_409_204_000_000),
        ("1667409204.1234567", 1_667_409_204_123_456),
        (1667409204, 1_667_409_204_000_000),
        ("20221102171324", 1_667_409_204_000_000),
        ("2022-11-02 17:13:24.000000999 +0000 UTC", 1_667_409_204_000_000),
        ("2022-11-02T17:13:24Z", 1_667_409_204_000_000),
        ("2022-11-02T17:13:24.5+00:00", 1_667_409_204_500_000),
        ("2022-11-02T17:13:24+02:00", None),
        ("2022-13-02T17:13:24Z", None),
        ("20221302171324", None),
        ("-5", None),
        ("1e10", None),
        (None, None),
        (True, None),
        ([], None),
        ("9" * 70, None),
    ],
)
def test_moments(raw: Any, wanted: int | None) -> None:
    assert _moment(raw) == wanted
