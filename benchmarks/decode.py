"""Decoding of raw NMEA: `feeds.read` against pyais' own reader and aiscat, one file, one run.

`uv run --group bench python -m benchmarks.decode [PATH...]` prints JSON lines: for each reader the
median CPU seconds of the rounds and messages a second, then its ratios to the peers; and the peak
memory of `feeds.read` over the mix, and over one ten times as long. PATH names logs or folders of
logs (`.gz` is read); they are joined and repeated to at least `--sentences`, each copy under other
MMSIs. Without PATH the sentences are generated: all the types that carry position or identity, in
a mix like a real one. Readers take turns, so that a noisy machine disturbs them alike.
"""

import argparse
import contextlib
import gzip
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path

import aiscat
import pyais
import pyarrow as pa
from pyais.exceptions import AISBaseException
from pyais.stream import FileReaderStream

import feeds
from feeds.nmea import decode_messages

SENTENCES = 330_000
ROUNDS = 5
START_US = 1_600_000_000_000_000
SUFFIXES = (".nmea", ".nm4", ".aivdm", ".txt", ".log", ".gz")
ARMOUR = b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
MIX = {1: 600, 3: 120, 4: 40, 5: 110, 18: 50, 19: 5, 21: 15, 24: 40, 27: 20}
"""Messages of each type in a thousand generated ones."""
AISCAT_FIELDS = (
    *("mmsi", "type", "toa", "lat", "lon", "speed", "course", "heading", "status", "imo"),
    *("shipname", "callsign", "shiptype", "to_bow", "to_stern", "to_port", "to_starboard"),
    *("draught", "destination"),
)
"""What of a message `feeds.read` gives too."""
AISCAT_ROWS = 131_072
MEMORY_COPIES = 10
_FIRST_PART = re.compile(
    rb"!..VD[MO],[1-9]?,1?,[0-9]?,[^,]*,([^,*]{7,}),[0-5]?[*]([0-9A-Fa-f]{2})", re.IGNORECASE
)
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


def renumbered(line: bytes, copy: int) -> bytes:
    """Return a line whose vessel is another one in each copy, so that no copy is a duplicate.

    Changes six bits of the MMSI in the first part of a message, and the checksum with them.
    """
    found = _FIRST_PART.search(line)
    if copy == 0 or found is None:
        return line
    at = found.start(1) + 5  # bits 30 to 35; the MMSI is bits 8 to 37
    code = ARMOUR.find(line[at : at + 1]) ^ copy % 64
    if not 0 <= code < 64:
        return line
    total = int(found[2], 16) ^ line[at] ^ ARMOUR[code]
    text = line[:at] + ARMOUR[code : code + 1] + line[at + 1 : found.start(2)]
    return text + b"%02X" % total + line[found.end(2) :]


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


def aiscat_reader(path: Path) -> int:
    """Count the messages that aiscat decodes, brought to the columns of `feeds.read`."""
    count = 0
    lists: dict[str, list[object]] = {name: [] for name in AISCAT_FIELDS}
    appends = [(name, values.append) for name, values in lists.items()]
    for message in aiscat.from_file(str(path)):
        get = message.get
        for name, append in appends:
            append(get(name))
        count += 1
        if count % AISCAT_ROWS == 0:
            pa.table(lists)
            for values in lists.values():
                values.clear()
    pa.table(lists)
    return count


def columns_reader(path: Path) -> int:
    """Count the messages that `feeds.read` reads; those without position or identity too."""
    report = feeds.ReadReport()
    for _ in feeds.read(path, report=report, start_time_us=START_US, workers=1):
        pass
    return report.message_types.total()


def full_reader(path: Path) -> int:
    """Count the messages that `decode_messages` decodes in full."""
    with path.open("rb") as stream:
        return sum(1 for _ in decode_messages(stream, path=path.name))


PYAIS = f"pyais {pyais.__version__} FileReaderStream + decode"
AISCAT = f"aiscat {aiscat.__version__} to columns"
READERS: dict[str, Callable[[Path], int]] = {
    PYAIS: pyais_reader,
    AISCAT: aiscat_reader,
    "feeds.read": columns_reader,
    "decode_messages": full_reader,
}


def measure(path: Path, rounds: int) -> Iterator[dict[str, object]]:
    """Yield one record for each reader, the peers first, and the ratios to them."""
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
    for name, median in medians.items():
        yield {
            "benchmark": "decode",
            "reader": name,
            "messages": counts[name],
            "cpu_seconds": round(median, 4),
            "messages_per_second": round(counts[name] / median),
            "ratio_to_pyais": round(medians[PYAIS] / median, 2),
            "ratio_to_aiscat_columns": round(medians[AISCAT] / median, 2),
        }


def memory(path: Path, copies: int) -> dict[str, object]:
    """Return the peak memory of `feeds.read` in a process of its own, over so many copies."""
    with tempfile.TemporaryDirectory() as folder:
        long = Path(folder) / "long.nmea"
        with long.open("wb") as out:
            for _ in range(copies):
                out.write(path.read_bytes())
        code = (
            "import sys; from pathlib import Path; from benchmarks import decode; "
            "from darkwake.peak_memory import peak_memory_mb; "
            "decode.columns_reader(Path(sys.argv[1])); "
            "print(round(peak_memory_mb()))"
        )
        peak = subprocess.run(  # noqa: S603 - this very module
            [sys.executable, "-c", code, str(long)], capture_output=True, text=True, check=True
        )
        return {
            "benchmark": "decode",
            "reader": "feeds.read",
            "bytes": long.stat().st_size,
            "peak_memory_mb": int(peak.stdout),
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
        with path.open("wb") as out:
            for copy in range(copies):
                out.writelines(renumbered(line, copy) + b"\n" for line in lines)
        size = {"lines": len(lines) * copies, "bytes": path.stat().st_size}
        source = "real" if options.paths else "generated"
        print(json.dumps({"benchmark": "decode", "mix": source, **size}), flush=True)
        for record in measure(path, options.rounds):
            print(json.dumps(record), flush=True)
        for times in (1, MEMORY_COPIES):
            print(json.dumps(memory(path, times)), flush=True)


if __name__ == "__main__":
    main()
