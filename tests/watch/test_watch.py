"""A watch tells what a replay of its recording tells: from files, from a socket, on both stores."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from darkwake.evidence.verify import verify
from detectors.surroundings import Surroundings
from tests.watch.recording import recording, replayed
from tests.watch.running import FOLDER_OPTIONS, ROOT, Watched, finished, tcp_server


def with_file(folder: Path, url: str = "sqlite:///state.db") -> Watched:
    watched = Watched(folder, {"files": "dir:in"}, url, FOLDER_OPTIONS)
    (folder / "in").mkdir()
    shutil.copy(recording(), folder / "in" / "log.nmea")
    return watched


def test_from_a_folder_and_again_from_the_archive(tmp_path: Path, store_url: str) -> None:
    watched = with_file(tmp_path, store_url)
    said = watched.run()
    assert watched.stored() == replayed(recording())
    assert '"what": "idle' in said
    # Started again, it finds its way back and has nothing to say.
    told = watched.alerts()
    again = json.loads(watched.run().splitlines()[0])
    assert again["what"] == "recovered"
    assert watched.alerts() == told
    assert set(told.values()) == {0}
    assert watched.stored() == replayed(recording())
    # How the feed did can be asked afterwards.
    with watched.command("feeds", "status", "--json") as asked:
        (feed,) = json.loads(asked.communicate()[0])
    assert (feed["name"], feed["state"], feed["health"]) == ("files", "not running", "ok")
    assert feed["rows"] > 100_000
    # An event can be handed on with all that it is found from.
    event_id = next(iter(told))
    finished(watched.command("evidence", event_id, "--out", "evidence.zip"))
    assert verify(tmp_path / "evidence.zip", Surroundings()).differs == []
    # The archive is a recording too.
    command = [sys.executable, "-m", "darkwake", "replay", "tracks", "--out", "run", "--no-map"]
    subprocess.run(command, cwd=tmp_path, check=True, env={"PYTHONPATH": str(ROOT)})  # noqa: S603
    found = json.loads((tmp_path / "run" / "events.geojson").read_text(encoding="utf-8"))
    assert {f["id"]: f["properties"] for f in found["features"]} == replayed(recording())


def test_a_rebuild_finds_the_same_from_the_archive_alone(tmp_path: Path) -> None:
    watched = with_file(tmp_path)
    watched.run()
    told = watched.alerts()
    shutil.rmtree(tmp_path / "tracks-journal")
    assert "--rebuild" in finished(watched.start("--stop-when-idle", "1"), code=5)
    assert '"the archive was read anew"' in watched.run("--rebuild")
    assert watched.stored() == replayed(recording())
    assert watched.alerts() == told


def test_from_a_socket_that_is_cut(tmp_path: Path) -> None:
    lines = recording().read_bytes().splitlines(keepends=True)
    half = len(lines) // 2
    first = [b"".join(lines[at : at + 2000]) for at in range(0, half, 2000)]
    second = [b"".join(lines[at : at + 2000]) for at in range(half, len(lines), 2000)]
    with tcp_server(first, second) as (port, _):
        watched = Watched(tmp_path, {"north": f"tcp://127.0.0.1:{port}"})
        watched.run(idle_s=4)
    assert watched.stored() == replayed(recording())


def test_a_second_watch_is_refused_while_the_first_one_lives(
    tmp_path: Path, store_url: str
) -> None:
    watched = with_file(tmp_path, store_url)
    first = watched.start()
    try:
        assert first.stderr is not None
        assert '"watching"' in first.stderr.readline()
        said = finished(watched.start(), code=5)
        assert "another watch is using this store" in said
    finally:
        first.terminate()
    assert '"what": "stopped"' in finished(first)


@pytest.mark.parametrize("words", [("job", "no-such"), ()])
def test_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    watched = Watched(tmp_path, {})
    code = 2 if words else 3
    assert "darkwake: no " in finished(watched.start(*words), code=code)
