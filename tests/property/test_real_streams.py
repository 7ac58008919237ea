"""Laws 1 and 2 on real ships: the same messages give the same event files however they arrive."""

import gzip
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import feeds
from darkwake.engine import Engine
from darkwake.options import ReplayOptions
from darkwake.outputs import ReplayResult
from darkwake.run import run_replay
from darkwake.settings import Settings
from detectors.dark_rendezvous_roles import with_kinds
from detectors.events import Event
from detectors.naming import name_events
from detectors.parameters import Parameters
from detectors.still_talking import judge_silences
from tests.property.streams import as_bytes, shuffled
from vessels.fixes import Fixes, concat_fixes, fixes_from_table
from vessels.identity import IdentityBook

pytestmark = pytest.mark.real_data

PARAMETERS = Parameters()
EVENT_FILES = ("events.geojson", "events.parquet")
CHANGES_OF_IDENTITY = ("changed", "flip_flop", "imo_invalid")
"""Kinds that a replay adds from what ships state, after the fold."""
_SECOND_PART = re.compile(rb"VDM,2,2,")


@dataclass(frozen=True)
class Source:
    """One real feed: its rows, and the events of its replay as one file by one process."""

    messages: list[bytes]
    fixes: Fixes
    book: IdentityBook
    result: ReplayResult
    folder: Path

    def replayed(self, out: Path, paths: list[Path] | None = None, workers: int = 1) -> list[bytes]:
        """Return the event files of another replay."""
        paths = paths or [self.folder / "log"]
        replay(paths, out, workers)
        return [(out / name).read_bytes() for name in EVENT_FILES]

    def expected(self) -> list[bytes]:
        """Return the event files of the replay that the others are held against."""
        return [(self.folder / "out" / name).read_bytes() for name in EVENT_FILES]


def replay(paths: list[Path], out: Path, workers: int) -> ReplayResult:
    options = ReplayOptions(
        paths=tuple(str(path) for path in paths), out=out, workers=workers, draw_map=False
    )
    return run_replay(options, Settings())


def json_lines(data: Path) -> Iterator[bytes]:
    """Yield the records of all ships after each other, as the files lie."""
    for path in sorted((data / "tracks" / "gpsdio").iterdir()):
        yield from gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def sentences(data: Path) -> Iterator[bytes]:
    """Yield the messages of the log; one in two parts is two lines."""
    packed = (data / "nmea" / "gpsdio_even_202101_reencoded.nmea.gz").read_bytes()
    first = b""
    for line in gzip.decompress(packed).splitlines(keepends=True):
        if b"VDM,2,1," in line:
            first = line
        else:
            yield first + line if _SECOND_PART.search(line) else line


SOURCES: dict[str, Callable[[Path], Iterator[bytes]]] = {"json": json_lines, "nmea": sentences}


@pytest.fixture(scope="module", params=SOURCES)
def source(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Source:
    folder = tmp_path_factory.mktemp(request.param)
    messages = list(SOURCES[request.param](shared_data))
    (folder / "log").write_bytes(b"".join(messages))
    book, parts = IdentityBook(), []
    for table in feeds.read(folder / "log"):
        book.update(table)
        parts.append(fixes_from_table(table))
    result = replay([folder / "log"], folder / "out", workers=1)
    assert len(result.events) > 50
    return Source(messages, concat_fixes(parts), book, result, folder)


def of_the_fold(events: list[Event]) -> list[Event]:
    """Leave out what a replay adds after the fold; calls at ports are told of named findings."""
    return [
        event
        for event in events
        if event.type != "port_visit" and event.details.get("kind") not in CHANGES_OF_IDENTITY
    ]


def test_a_stream_gives_the_events_of_the_replay(source: Source) -> None:
    """Late by up to 40 hours, in chunks, some twice; restarted from a snapshot on the way."""
    engine = Engine(PARAMETERS)
    for batch in shuffled(source.fixes, np.random.default_rng(1), late_h=40):
        engine.update(batch)
        engine = Engine.restore(engine.snapshot(), PARAMETERS)
    assert source.result.now_us is not None
    engine.flush(source.result.now_us)
    assert engine.too_late == 0
    streamed = judge_silences(engine.events(), source.book, PARAMETERS.dark_period.min_duration_h)
    streamed = name_events(streamed, source.book)
    floor = PARAMETERS.dark_rendezvous.min_probability
    streamed = with_kinds(streamed, source.book, floor)
    assert as_bytes(streamed) == as_bytes(of_the_fold(source.result.events))


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_messages_in_several_files_with_some_twice_give_the_same_bytes(
    source: Source, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    messages = source.messages + chance.sample(source.messages, 1000)
    chance.shuffle(messages)
    paths = []
    for part in range(4):
        paths.append(tmp_path / f"{chance.random()}")
        paths[-1].write_bytes(b"".join(messages[part::4]))
    assert source.replayed(tmp_path / "out", paths) == source.expected()


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_any_number_of_workers_gives_the_same_bytes(
    source: Source, tmp_path: Path, workers: int
) -> None:
    assert source.replayed(tmp_path / "out", workers=workers) == source.expected()
