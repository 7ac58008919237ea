"""A cluster finds what one process finds, to the byte, also when a worker dies; or says why not."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client, LocalCluster
from distributed.security import Security
from typer.testing import CliRunner

from darkwake.archive.add import add_files
from darkwake.archive.compact import compact
from darkwake.cli import app
from darkwake.cluster import client as client_module
from darkwake.cluster.client import check_access, connected
from darkwake.cluster.tasks import Job, fold, ingest
from darkwake.cluster_settings import Cluster
from darkwake.options import ReplayOptions
from darkwake.reading import Reading
from darkwake.run import run_replay
from darkwake.settings import Settings
from darkwake.staging import RESULT_FILES
from feeds.paths import FoundFile
from tests.worlds import make_world, write_marinecadastre
from vessels.errors import ConfigError, InputError, StoreError, UsageError

PIECES = 5
SAME = tuple(name for name in RESULT_FILES if name.split(".")[0] not in ("run", "alerts", "tracks"))


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of files, some rows in two of them, and a file that is none."""
    folder = tmp_path_factory.mktemp("logs")
    whole = folder / "whole.csv"
    write_marinecadastre(make_world(101), whole)
    header, *lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    whole.unlink()
    size = len(lines) // PIECES
    for piece in range(PIECES):
        rows = lines[max(0, piece * size - 200) : (piece + 1) * size + (piece == PIECES - 1) * size]
        (folder / f"{piece}.csv").write_text(header + "".join(rows), encoding="utf-8")
    (folder / "notes.txt").write_text("weather was fine\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def plain(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the result of one process."""
    return replayed(logs, tmp_path_factory.mktemp("plain") / "out")


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as made:
        yield made


def replayed(paths: Path, out: Path, scheduler: str | None = None, parts: int = 5) -> Path:
    options = ReplayOptions(
        paths=(str(paths),), out=out, draw_map=False, tracks=True, scheduler=scheduler
    )
    run_replay(options, Settings(cluster=Cluster(parts=parts, connect_timeout_s=60)))
    return out


def files_of(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in SAME if (out / name).exists()}


def told(out: Path, *names: str) -> list[object]:
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return [run[name] for name in names]


def tracks_of(out: Path) -> list[tuple[object, ...]]:
    import pyarrow.parquet as pq

    columns = ["mmsi", "time", "lat_deg", "lon_deg", "reason", "hull_id"]
    table = pq.read_table(out / "tracks.parquet", columns=columns)
    return sorted(
        zip(*(column.cast("string").to_pylist() for column in table), strict=True), key=str
    )


def test_a_cluster_writes_the_same_files(logs, plain, cluster, tmp_path) -> None:
    out = replayed(logs, tmp_path / "out", cluster.scheduler_address)
    assert len(json.loads((plain / "events.geojson").read_text())["features"]) > 20
    assert files_of(out) == files_of(plain)
    counts = "rows_read", "rows_decoded", "rejected", "now", "events", "learnt", "vessels"
    assert told(out, *counts) == told(plain, *counts)
    assert told(plain, "rejected")[0]["duplicate"] > 0
    assert told(out, "cluster")[0]["workers"] == 2
    assert tracks_of(out) == tracks_of(plain)
    assert sorted(path.name for path in out.iterdir()) == sorted(p.name for p in plain.iterdir())


def test_an_archive_gives_the_events_of_its_files(logs, plain, cluster, tmp_path) -> None:
    add_files([str(logs)], tmp_path / "archive", Reading())
    compact(tmp_path / "archive")
    one = replayed(tmp_path / "archive", tmp_path / "one")
    many = replayed(tmp_path / "archive", tmp_path / "many", cluster.scheduler_address, parts=3)
    assert files_of(one) == files_of(plain)
    assert files_of(many) == files_of(plain)


def test_a_worker_that_is_killed_changes_nothing(logs, plain, tmp_path) -> None:
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        ) as made,
        Client(made.scheduler_address, set_as_default=False) as watching,
    ):
        pids = watching.run(os.getpid)
        killed: list[int] = []
        ended = threading.Event()

        def kill() -> None:
            while not ended.is_set():
                busy = watching.processing()
                for worker, running in busy.items():
                    if any(str(key).startswith("fold") for key in running):
                        os.kill(pids[worker], signal.SIGKILL)
                        killed.append(pids[worker])
                        return
                time.sleep(0.01)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            out = replayed(logs, tmp_path / "out", made.scheduler_address, parts=8)
        finally:
            ended.set()
            killer.join()
    assert killed
    assert files_of(out) == files_of(plain)
    assert told(out, "rows_decoded", "rejected") == told(plain, "rows_decoded", "rejected")


def test_tasks_run_again_leave_the_same_files(logs: Path, tmp_path: Path) -> None:
    """What a lost worker had half done is done anew by another."""
    import pickle

    from detectors.parameters import Parameters

    job = Job(ReplayOptions(paths=(), out=tmp_path), tmp_path, 2)
    (tmp_path / "parameters.pickle").write_bytes(pickle.dumps(Parameters()))
    found = []
    for _ in range(2):
        done = ingest(job, 0, [FoundFile(logs / "0.csv", named=True)])
        steps = sorted(done.newest_us.items())
        fold(job, 1, [0], steps, steps[-1][1])
        found.append({path.name: path.stat().st_size for path in tmp_path.iterdir()})
        assert not [name for name in found[-1] if name.startswith(".")]
    assert found[0] == found[1]


def test_what_is_wrong_is_one_line(logs: Path, tmp_path: Path, monkeypatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
    config = tmp_path / "c.toml"
    config.write_text("[cluster]\nconnect_timeout_s = 0.5\n", encoding="utf-8")
    out = str(tmp_path / "out")
    replay = ["replay", str(logs), "--out", out, "--config", str(config), "--scheduler"]

    def said(*more: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*replay, *more])
        assert len(done.stderr.strip().splitlines()) == 1
        return done.exit_code, done.stderr

    assert said(address) == (2, f"darkwake: --scheduler {address}: no scheduler answers there\n")
    code, line = said("http://127.0.0.1:1")
    assert (code, "tcp://HOST:PORT" in line) == (2, True)
    code, line = said(address, "--workers", "2")
    assert (code, "give one" in line) == (2, True)
    config.write_text(f'[cluster]\ntls_ca_file = "{tmp_path}/none.pem"\n', encoding="utf-8")
    code, line = said("tls://127.0.0.1:1")
    assert (code, "none.pem: cannot be read" in line) == (3, True)
    monkeypatch.setattr(client_module.importlib.util, "find_spec", lambda _: None)
    code, line = said(address)
    assert (code, "pip install 'darkwake[cluster]'" in line) == (3, True)
    assert not Path(out).exists()


def test_workers_that_cannot_do_it_are_named(cluster, logs, tmp_path, monkeypatch) -> None:
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        check_access(client, [logs / "0.csv"], tmp_path)
        with pytest.raises(InputError, match=r"gone\.csv: worker tcp.* cannot read it"):
            check_access(client, [logs / "gone.csv"], tmp_path)
        # A folder that only the driver sees: the token is not there for the workers.
        monkeypatch.setattr(Path, "write_text", lambda *_, **__: None)
        with pytest.raises(StoreError, match="cannot write there"):
            check_access(client, [], tmp_path)
        monkeypatch.undo()
        monkeypatch.setattr(client_module, "versions", lambda: {"darkwake": "other"})
        with pytest.raises(ConfigError, match="runs other versions than we do"):
            check_access(client, [], tmp_path)


def test_a_damaged_file_is_told_as_anywhere(cluster, logs, tmp_path) -> None:
    bad = tmp_path / "bad.csv.gz"
    bad.write_bytes(b"\x1f\x8b\x08\x00broken")
    with pytest.raises(InputError, match=r"bad\.csv\.gz: .*damaged"):
        replayed(bad, tmp_path / "out", cluster.scheduler_address)
    assert not (tmp_path / "out").exists()
    with pytest.raises(UsageError, match="HOST:PORT"):
        replayed(logs, tmp_path / "out", "127.0.0.1:8786")


def test_a_cluster_is_reached_with_certificates_only(tmp_path: Path) -> None:
    """With TLS both sides show a certificate that the same authority signed."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is absent: no certificates can be made")
    mine, key = certificate(tmp_path, "mine")
    stranger, other_key = certificate(tmp_path, "stranger")
    with LocalCluster(
        n_workers=1,
        processes=False,
        dashboard_address=":0",
        silence_logs=50,
        protocol="tls://",
        security=Security(
            require_encryption=True,
            tls_ca_file=mine,
            **{f"tls_{who}_cert": mine for who in ("client", "scheduler", "worker")},
            **{f"tls_{who}_key": key for who in ("client", "scheduler", "worker")},
        ),
    ) as made:
        ours = Cluster(tls_ca_file=mine, tls_cert_file=mine, tls_key_file=key, connect_timeout_s=60)
        with connected(made.scheduler_address, ours) as client:
            check_access(client, [], tmp_path)
        theirs = ours.model_copy(
            update={"tls_cert_file": stranger, "tls_key_file": other_key, "connect_timeout_s": 1}
        )
        with pytest.raises(UsageError, match="no scheduler answers"):
            connected(made.scheduler_address, theirs).__enter__()


def certificate(folder: Path, name: str) -> tuple[str, str]:
    """Return the paths of a certificate that signed itself, and of its key."""
    cert, key = str(folder / f"{name}.pem"), str(folder / f"{name}-key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    paths = ["-out", cert, "-keyout", key, "-subj", f"/CN={name}"]
    subprocess.run([*command, *paths], check=True, capture_output=True)  # noqa: S603
    return cert, key
