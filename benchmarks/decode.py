"""Decoding of raw NMEA: our columns against pyais' own reader, on one file, in one run.

`python -m benchmarks.decode [PATH...]` prints JSON lines: for each reader the median CPU seconds
of the rounds and messages a second, then the ratio of each to pyais. PATH names logs or folders of
logs (`.gz` is read); they are joined and repeated to at least `--sentences`. Without PATH the
sentences are generated: all the types that carry position or identity, in a mix like a real one.
Readers take turns, so that a noisy machine disturbs them alike.
"""

import argparse
import contextlib
import gzip
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path

import pyais
from pyais.exceptions import AISBaseException
from pyais.stream import FileReaderStream

from feeds.nmea import decode_messages, read_nmea
from feeds.report import ReadReport

SENTENCES = 330_000
ROUNDS = 5
START_US = 1_600_000_000_000_000
SUFFIXES = (".nmea", ".nm4", ".aivdm", ".txt", ".log", ".gz")
ARMOUR = b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
MIX = {1: 600, 3: 120, 4: 40, 5: 110, 18: 50, 19: 5, 21: 15, 24: 40, 27: 20}
"""Messages of each type in a thousand generated ones."""
CHARS = {1: 28, 3: 28, 4: 28, 5: 71, 18: 28, 19: 52, 21: 46, 24: 28, 27: 16}


def real_lines(paths: list[Path]) -> list[bytes]:
    """Return the lines of logs, and of the logs in folders."""
    files = [
        file
        for path in paths
        for file in (sorted(path.iterdir()) if path.is_dir() else [path])
        if file.suffix in SUFFIXES
    ]
    texts = [file.read_bytes() for file in files]
    return [
        line
        for file, text in zip(files, texts, strict=True)
        for line in (gzip.decompress(text) if file.suffix == ".gz" else text).splitlines()
    ]


def generated_lines(count: int, seed: int = 1) -> list[bytes]:
    """Return tag-blocked sentences of messages of random fields, in the proportions of MIX."""
    random_ = random.Random(seed)
    kinds = random_.choices(list(MIX), list(MIX.values()), k=count)
    lines: list[bytes] = []
    for number, kind in enumerate(kinds):
        mmsi = random_.randrange(201_000_000, 775_999_999)
        head = kind << 32 | mmsi  # type, repeat indicator 0, MMSI
        first = [ARMOUR[head >> shift & 63] for shift in range(32, -1, -6)]
        rest = random_.choices(ARMOUR, k=CHARS[kind] - len(first))
        payload = bytes(first + rest)
        parts = [payload[at : at + 60] for at in range(0, len(payload), 60)]
        block = b"s:%d,c:%d" % (number % 200, 1_600_000_000 + number // 100)
        for at, part in enumerate(parts):
            seq = b"%d" % (number % 10) if len(parts) > 1 else b""
            fill = 2 if kind == 5 and at else 0
            body = b"AIVDM,%d,%d,%b,A,%b,%d" % (len(parts), at + 1, seq, part, fill)
            lines.append(b"\\%b*%02X\\!%b*%02X" % (block, checksum(block), body, checksum(body)))
    return lines


def checksum(text: bytes) -> int:
    """Return the exclusive or of all bytes."""
    return reduce(lambda a, b: a ^ b, text, 0)


def pyais_reader(path: Path) -> int:
    """Count the messages that pyais reads from a file and decodes."""
    count = 0
    with FileReaderStream(path) as stream:
        for sentence in stream:
            with contextlib.suppress(AISBaseException, ValueError):
                sentence.decode()
                count += 1
    return count


def columns_reader(path: Path) -> int:
    """Count the messages that `read_nmea` reads; those without position or identity too."""
    report = ReadReport()
    with path.open("rb") as stream:
        for _ in read_nmea(stream, path=path.name, report=report, start_time_us=START_US):
            pass
    return report.message_types.total()


def full_reader(path: Path) -> int:
    """Count the messages that `decode_messages` decodes in full."""
    with path.open("rb") as stream:
        return sum(1 for _ in decode_messages(stream, path=path.name))


READERS: dict[str, Callable[[Path], int]] = {
    f"pyais {pyais.__version__} FileReaderStream + decode": pyais_reader,
    "read_nmea": columns_reader,
    "decode_messages": full_reader,
}


def measure(path: Path, rounds: int) -> Iterator[dict[str, object]]:
    """Yield one record for each reader, the peer first, and the ratios to it."""
    for reader in READERS.values():
        reader(path)  # compile, load, warm the file cache
    seconds: dict[str, list[float]] = {name: [] for name in READERS}
    counts: dict[str, int] = {}
    for _ in range(rounds):
        for name, reader in READERS.items():
            begin = time.process_time()
            counts[name] = reader(path)
            seconds[name].append(time.process_time() - begin)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    peer = next(iter(READERS))
    for name, median in medians.items():
        yield {
            "benchmark": "decode",
            "reader": name,
            "messages": counts[name],
            "cpu_seconds": round(median, 4),
            "messages_per_second": round(counts[name] / median),
            "ratio_to_pyais": round(medians[peer] / median, 2),
        }


def main() -> None:
    """Build the mix, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--sentences", type=int, default=SENTENCES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    lines = real_lines(options.paths) or generated_lines(options.sentences)
    copies = -(-options.sentences // len(lines))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mix.nmea"
        path.write_bytes((b"\n".join(lines) + b"\n") * copies)
        size = {"lines": len(lines) * copies, "bytes": path.stat().st_size}
        source = "real" if options.paths else "generated"
        print(json.dumps({"benchmark": "decode", "mix": source, **size}), flush=True)
        for record in measure(path, options.rounds):
            print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
