"""One message heard by two receivers: the stream holds what the recordings hold, events stay."""

import json
import re
from pathlib import Path
from typing import Any

import feeds
from darkwake.options import ReplayOptions
from darkwake.run import run_replay
from darkwake.settings import Settings
from tests.feeds.live.common import Collector, Server, running, send_and_wait, traffic
from tests.feeds.nmea.sentences import xor
from tests.worlds import make_world, write_nmea

SECOND_US = 1_000_000


def heard_elsewhere(data: bytes, later_s: int) -> bytes:
    """Return a recording as another receiver would have it: other name, other clock."""

    def block(match: re.Match[bytes]) -> bytes:
        fields = b"s:other,c:%d" % (int(match[1]) + later_s)
        return b"\\" + fields + b"*" + xor(fields) + b"\\"

    return re.sub(rb"\\[^\\]*?c:(\d+)[^\\]*\\", block, data)


def test_two_live_feeds_hold_what_a_replay_of_both_recordings_holds(tmp_path: Path) -> None:
    logs = [traffic(2_000), heard_elsewhere(traffic(2_000), 0), heard_elsewhere(traffic(2_000), 1)]
    sink = Collector()
    with (
        Server(send_and_wait(logs[0])) as one,
        Server(send_and_wait(logs[1])) as two,
        Server(send_and_wait(logs[2])) as three,
        running(f"tcp://127.0.0.1:{one.port}", sink),
        running(f"tcp://127.0.0.1:{two.port}", sink),
        running(f"tcp://127.0.0.1:{three.port}", sink),
    ):
        sink.wait_rows(3 * 2_020)
    for number, log in enumerate(logs):
        (tmp_path / f"{number}.nmea").write_bytes(log)

    def fixes(rows: list[dict[str, Any]]) -> set[str]:
        return {str({**row, "station": None}) for row in rows}

    read = [row for table in feeds.read(tmp_path) for row in table.to_pylist()]
    assert fixes(sink.table().to_pylist()) == fixes(read)
    assert len(fixes(read)) == 2 * 2_020  # equal times are one fix, a second apart are two


def replayed(path: Path, out: Path) -> list[tuple[str, int, int | None, float]]:
    """Return type, numbers and start of every event of a replay."""
    run_replay(ReplayOptions(paths=(str(path),), out=out, draw_map=False), Settings())
    from vessels.clock import parse_iso_us

    found = json.loads((out / "events.geojson").read_text())["features"]
    told = [item["properties"] for item in found]
    rows = [(e["type"], e["mmsi"], e["other_mmsi"], parse_iso_us(e["start"])) for e in told]
    return sorted(rows, key=str)


def test_a_second_receiver_whose_clock_is_a_second_off_changes_no_event(tmp_path: Path) -> None:
    (tmp_path / "both").mkdir()
    alone = tmp_path / "a.nmea"
    write_nmea(make_world(101), alone)
    data = alone.read_bytes()
    (tmp_path / "both" / "a.nmea").write_bytes(data)
    (tmp_path / "both" / "b.nmea").write_bytes(heard_elsewhere(data, 1))
    one = replayed(alone, tmp_path / "one")
    two = replayed(tmp_path / "both", tmp_path / "two")
    assert len(one) > 30
    assert [event[:3] for event in two] == [event[:3] for event in one]
    for (*_, start_us), (*_, other_us) in zip(one, two, strict=True):
        assert abs(start_us - other_us) <= 2 * SECOND_US
