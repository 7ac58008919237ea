"""Load of the live service: messages a second from loopback TCP that a watch sustains.

`python -m benchmarks.watch --minutes 10` prints JSON lines: what the watch took in and dropped,
its CPU time and memory over time, how long a finding took from the moment its event time was sent
to its row in the outbox; then a peer in the same run: pyais' own TCP reader, which only decodes.

A fleet sails the open sea and reports every ten seconds, so event time runs faster than the clock
by rate x 10 s / ships. Now and then a ship falls silent: that is a dark period when the threshold
(half an hour here) has passed, and the moment when the sender has passed it is known.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from pyais.stream import TCPConnection
from sqlalchemy import select

from alerts.database import open_database, reading
from alerts.schema import events, outbox

START_S = 1_750_000_000
EVERY_S = 10
DARK_H = 0.5
BACK_S = 5400
"""A ship that fell silent is heard again after so long, so that the fleet stays as large."""
CHARS = 28
_ARMOUR = np.frombuffer(
    b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw", np.uint8
)
_HEX = np.frombuffer(b"0123456789ABCDEF", np.uint8)

CONFIG = """
[store]
url = "sqlite:///state.db"
archive = "tracks"
[engine]
horizon_h = {horizon_h}
[detectors.dark_period]
min_duration_h = {dark_h}
[watch]
metrics = "127.0.0.1:{metrics}"
[[feeds]]
name = "load"
url = "tcp://127.0.0.1:{port}"
[alerts]
json_lines = "alerts.jsonl"
flood_per_hour = 10000
"""


@dataclass
class Fleet:
    """Ships that steam in lanes; ship i falls silent at `silent_s[i]`, event seconds from start."""

    ships: int
    silent_s: NDArray[np.int64]
    mmsi: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.mmsi = 219_000_000 + 7 * np.arange(self.ships)

    def second(self, at_s: int) -> bytes:
        """Return the sentences of one second of event time: a tenth of the fleet."""
        ship = np.arange(at_s % EVERY_S, self.ships, EVERY_S)
        since_s = at_s - self.silent_s[ship]
        ship = ship[(since_s < 0) | (since_s >= BACK_S)]
        lane = ship % 400
        lat = -55.0 + lane * 0.1
        lon = -130.0 + (ship // 400) * 0.4 + at_s * 12.0 / 3600.0 / 60.0
        return sentences(self.mmsi[ship], START_S + at_s, lat, lon)


def sentences(
    mmsi: NDArray[np.int64], time_s: int, lat: NDArray[np.float64], lon: NDArray[np.float64]
) -> bytes:
    """Return type 1 messages with tag blocks, as one stream."""
    n = len(mmsi)
    if n == 0:
        return b""
    fields: tuple[tuple[Any, int], ...] = (
        (1, 6),
        (0, 2),
        (mmsi, 30),
        (0, 4),
        (128, 8),  # rate of turn: not told
        (120, 10),  # 12.0 knots
        (1, 1),
        (np.round(lon * 600_000).astype("i8") & 0xFFFFFFF, 28),
        (np.round(lat * 600_000).astype("i8") & 0x7FFFFFF, 27),
        (900, 12),  # course 90.0
        (90, 9),
        (time_s % 60, 6),
        (0, 25),
    )
    bits = np.concatenate([_bits(values, width, n) for values, width in fields], axis=1)
    six = bits.reshape(n, CHARS, 6) @ (1 << np.arange(5, -1, -1))
    head = f"c:{time_s}".encode()
    tag = b"\\" + head + f"*{_checksum(head):02X}".encode() + b"\\!"
    body = [b"AIVDM,1,1,,A,", _ARMOUR[six], b",0"]
    told = np.concatenate([_columns(part, n) for part in body], axis=1)
    check = np.bitwise_xor.reduce(told, axis=1)
    parts = [tag, told, b"*", _HEX[np.stack([check >> 4, check & 15], axis=1)], b"\r\n"]
    return np.concatenate([_columns(part, n) for part in parts], axis=1).tobytes()


def _bits(values: Any, width: int, n: int) -> NDArray[np.int64]:
    column = np.broadcast_to(np.asarray(values, "i8"), n)
    return column[:, None] >> np.arange(width - 1, -1, -1) & 1


def _columns(part: Any, n: int) -> NDArray[np.uint8]:
    if isinstance(part, bytes):
        return np.broadcast_to(np.frombuffer(part, np.uint8), (n, len(part)))
    return part.astype(np.uint8)


def _checksum(text: bytes) -> int:
    out = 0
    for byte in text:
        out ^= byte
    return out


def make_fleet(ships: int, seconds: int, silences: int) -> Fleet:
    """Return a fleet of which `silences` ships fall silent, spread over the run."""
    silent = np.full(ships, 1 << 40, "i8")
    last = max(seconds - int(DARK_H * 3600) - 60, 200)
    chosen = np.linspace(0, ships - 1, silences).astype(int)
    silent[chosen] = np.linspace(120, last, silences).astype("i8")
    return Fleet(ships, silent)


def send(ships: int, rate: float, seconds: int, silences: int, port: Any, done: Any) -> None:
    """Serve one connection at a rate; tell what was sent, and when each event second was."""
    fleet = make_fleet(ships, seconds, silences)
    server = socket.create_server(("127.0.0.1", 0))
    port.put(server.getsockname()[1])
    connection, _ = server.accept()
    sent, behind_s, at = 0, 0.0, []
    begun = time.time()
    with contextlib.suppress(OSError):
        for second in range(seconds):
            data = fleet.second(second)
            due = begun + sent / rate
            wait = due - time.time()
            if wait > 0:
                time.sleep(wait)
            else:
                behind_s = max(behind_s, -wait)
            connection.sendall(data)
            sent += data.count(b"\n")
            at.append(time.time())
    done.put({"sent": sent, "seconds": time.time() - begun, "behind_s": behind_s, "at": at})
    time.sleep(3600)


def run_watch(given: argparse.Namespace, folder: Path) -> None:
    """Run the watch under load; print what came of it."""
    seconds = int(given.minutes * 60 * given.rate * EVERY_S / given.ships)
    silences = given.silences
    context = multiprocessing.get_context("spawn")
    port, done = context.Queue(), context.Queue()
    sender = context.Process(
        target=send, args=(given.ships, given.rate, seconds, silences, port, done), daemon=True
    )
    sender.start()
    metrics = _free_port()
    config = CONFIG.format(
        port=port.get(), metrics=metrics, dark_h=DARK_H, horizon_h=given.horizon_h
    )
    (folder / "watch.toml").write_text(config)
    command = [sys.executable, "-m", "darkwake", "watch", "--config", "watch.toml"]
    with (folder / "said").open("wb") as said:
        watch = subprocess.Popen(  # noqa: S603 - our own interpreter
            [*command, "--stop-when-idle", "5"],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            stderr=said,
        )
    process = psutil.Process(watch.pid)
    memory: list[tuple[float, float]] = []
    begun = time.monotonic()
    spent = 0.0
    while watch.poll() is None:
        with contextlib.suppress(psutil.Error):
            memory.append((round(time.monotonic() - begun), process.memory_info().rss / 1e6))
            cpu = process.cpu_times()
            spent = cpu.user + cpu.system
        time.sleep(5.0 if given.minutes >= 1 else 0.5)
    told = done.get(timeout=30)
    sender.terminate()
    state = json.loads((folder / "tracks-journal" / "status.json").read_text())
    feed = state["feeds"]["load"]
    quarter = [round(mb, 1) for _, mb in memory[:: max(len(memory) // 12, 1)]]
    _say(
        "watch",
        exit=watch.returncode,
        ships=given.ships,
        event_hours=round(seconds / 3600, 2),
        sent=told["sent"],
        taken_in=state["rows"] + state["duplicates"],
        dropped=told["sent"] - state["rows"] - state["duplicates"] + feed["dropped"],
        rate=round(told["sent"] / told["seconds"]),
        rate_asked=given.rate,
        sender_behind_s=round(told["behind_s"], 2),
        cpu_s=round(spent, 1),
        cores=round(spent / told["seconds"], 2),
        memory_mb=quarter,
        seconds=state["seconds"],
        rejected=feed["rejected"],
        checkpoints=state["checkpoints"],
    )
    _say("detection to outbox", **latency(folder, told["at"], seconds, silences))


def latency(folder: Path, at: list[float], seconds: int, silences: int) -> dict[str, Any]:
    """Return how long dark periods took from the sending of their threshold's second."""
    engine = open_database(f"sqlite:///{folder}/state.db")
    with reading(engine) as connection:
        rows = connection.execute(
            select(events.c.start_us, outbox.c.created_us)
            .join(outbox, outbox.c.event_id == events.c.event_id)
            .where(events.c.type == "dark_period", outbox.c.step == "opened")
        ).all()
    engine.dispose()
    waits = []
    for start_us, created_us in rows:
        due = start_us // 1_000_000 - START_S + int(DARK_H * 3600)
        if due < min(seconds, len(at)):
            waits.append(created_us / 1e6 - at[due])
    if not waits:
        return {"findings": 0}
    return {
        "planted": silences,
        "findings": len(waits),
        "p50_s": round(float(np.percentile(waits, 50)), 2),
        "p99_s": round(float(np.percentile(waits, 99)), 2),
        "max_s": round(max(waits), 2),
    }


def run_peer(given: argparse.Namespace) -> None:
    """Let pyais' TCP reader decode the same stream as fast as it can."""
    context = multiprocessing.get_context("spawn")
    port, done = context.Queue(), context.Queue()
    sender = context.Process(
        target=send, args=(given.ships, 1e9, 100_000, 0, port, done), daemon=True
    )
    sender.start()
    begun, messages = time.monotonic(), 0
    cpu = time.process_time()
    for message in TCPConnection("127.0.0.1", port.get()):
        message.decode()
        messages += 1
        if messages % 1000 == 0 and time.monotonic() - begun > given.peer_s:
            break
    seconds, cpu = time.monotonic() - begun, time.process_time() - cpu
    sender.terminate()
    _say(
        "peer: pyais TCPConnection, decoding only",
        messages=messages,
        rate=round(messages / seconds),
        messages_per_cpu_s=round(messages / cpu),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _say(what: str, **facts: Any) -> None:
    print(json.dumps({"what": what, **facts}), flush=True)


def main() -> None:
    """Run both and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=10_000.0, help="messages a second")
    parser.add_argument("--ships", type=int, default=400)
    parser.add_argument("--silences", type=int, default=200)
    parser.add_argument("--horizon-h", type=float, default=1.0)
    parser.add_argument("--peer-s", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="darkwake-load-") as folder:
        run_watch(given, Path(folder))
    run_peer(given)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
