"""Jobs: each as a command, caught up from the store; the scheduler tells what goes wrong."""

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from alerts.database import get_fact, reading, set_fact, transaction
from alerts.schema import operator_log
from darkwake.archive.writer import write_rows
from darkwake.watching import jobs
from darkwake.watching.assembly import open_desk, run_one_job
from darkwake.watching.feeds_report import feed_rows
from darkwake.watching.jobs import JOBS, Desk, Job, register, run_job, wait_s
from darkwake.watching.scheduler import Scheduler
from darkwake.watching.status import Status
from darkwake.watching.store import wall_us
from tests.crash.sweep import free_port
from tests.watch.recording import recording, table_of
from tests.watch.running import ROOT
from tests.watch.scripted import IDLE_S, cut, service_for, settings_for
from tests.watch.spoken import Spoken
from vessels.errors import ConfigError, UsageError


@pytest.fixture
def desk(tmp_path: Path, store_url: str) -> Iterator[Desk]:
    with open_desk(settings_for(tmp_path, store_url, ["a"])) as opened:
        yield opened


def told_operator(desk: Desk) -> list[str]:
    with reading(desk.engine) as connection:
        return list(connection.execute(select(operator_log.c.text)).scalars())


def test_every_job_is_a_command(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, f"sqlite:///{tmp_path}/state.db", ["a"])
    for name in JOBS:
        assert isinstance(run_one_job(settings, name), str)
    command = [sys.executable, "-m", "darkwake", "watch", "job", "digests", "--config"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, "watch.toml"], cwd=tmp_path, check=True, capture_output=True, text=True,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout == "digests: nothing to do\n"
    with pytest.raises(UsageError, match="no job 'dance'; jobs are send, digests"):
        run_one_job(settings, "dance")


def test_compaction_and_retention_go_by_event_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/state.db"
    more = "[engine]\nhorizon_h = 24"
    settings = settings_for(tmp_path, url, ["a"], more)
    with service_for(settings, cut("a", table_of(recording()), 10_000)) as service:
        service.run(stop_when_idle_s=IDLE_S)
    archive = tmp_path / "tracks"
    write_rows(archive, [table_of(recording()).slice(0, 10)], "late")
    parts = {day.name: len(list(day.iterdir())) for day in sorted(archive.iterdir())}
    assert len(parts) == 4
    assert max(parts.values()) == 2
    assert run_one_job(settings, "compaction") == "3 files merged away"
    assert run_one_job(settings, "compaction") == ""
    assert run_one_job(settings, "retention") == ""  # keeps all by default
    kept = settings.model_copy(update={"store": settings.store.model_copy(update={"keep_days": 2})})
    assert run_one_job(kept, "retention") == f"deleted {min(parts).removeprefix('date=')}"
    assert sorted(day.name for day in archive.glob("date=*")) == sorted(parts)[1:]


def test_a_run_that_was_missed_is_caught_up_at_once(desk: Desk) -> None:
    job = JOBS["reminders"]
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        assert wait_s(job, desk) == 0
        run_job("reminders", desk)
        assert wait_s(job, desk) == job.every_s
        clock.shift(job.every_s - 1)
        assert wait_s(job, desk) == 1
        clock.shift(5 * job.every_s)
        assert wait_s(job, desk) == 0
        clock.shift(-86_400)  # the clock was set back: the last run lies in the future
        assert wait_s(job, desk) == 0


def test_the_self_check_tells_the_operator_once_an_hour(desk: Desk) -> None:
    assert "no watch is running on this store" in run_job("self-check", desk)
    run_job("self-check", desk)
    assert told_operator(desk) == ["no watch is running on this store"]


def test_a_job_that_fails_is_told_and_runs_again(desk: Desk) -> None:
    runs = threading.Semaphore(0)

    def fail(_: Desk) -> str:
        runs.release()
        raise OSError("no such luck")

    job = Job("failing", 0.2, fail)
    JOBS[job.name] = job
    scheduler = Scheduler(desk, [job])
    try:
        scheduler.start()
        assert runs.acquire(timeout=90)
        assert runs.acquire(timeout=90)
        assert runs.acquire(timeout=90)
    finally:
        scheduler.stop()
        del JOBS[job.name]
    assert told_operator(desk) == ["the job failing failed: no such luck"]


def test_a_job_does_not_run_twice_at_once_and_is_no_alarm_when_slow(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, most = 0, 0
    over = threading.Event()
    spoken = Spoken.instead_of_stderr(monkeypatch)

    def slow(_: Desk) -> str:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        over.wait(90)
        inside -= 1
        return ""

    job = Job("slow", 0.1, slow)
    JOBS[job.name] = job
    scheduler = Scheduler(desk, [job])
    try:
        scheduler.start()
        spoken.wait_for("held up")
    finally:
        over.set()
        scheduler.stop()
        del JOBS[job.name]
    assert most == 1
    assert told_operator(desk) == []


def test_another_room_can_bring_a_job(desk: Desk) -> None:
    register(Job("pictures", 3600.0, lambda _: "3 fetched"))
    try:
        assert run_job("pictures", desk) == "3 fetched"
        with reading(desk.engine) as connection:
            assert get_fact(connection, "job:pictures") is not None
        with pytest.raises(ValueError, match="two jobs"):
            register(Job("pictures", 1.0, lambda _: ""))
    finally:
        del jobs.JOBS["pictures"]


def test_state_for_people_and_for_prometheus(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/state.db"
    port = free_port()
    settings = settings_for(tmp_path, url, ["a"], f'metrics = "127.0.0.1:{port}"')
    chunks = cut("a", table_of(recording()), 10_000)
    with service_for(settings, chunks) as service, open_desk(settings) as desk:
        status = Status(service, desk)
        service.on_cycle = status.write_when_due
        service.run(stop_when_idle_s=IDLE_S)
        asked = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(f"{asked}/metrics") as answer:  # noqa: S310 - our own
            lines = answer.read().decode().splitlines()
        with pytest.raises(ConfigError, match=r"watch\.metrics: 127\.0\.0\.1:\d+: Address"):
            Status(service, desk)
        status.close()
    assert f"darkwake_rows_total {service.counters.rows}" in lines or any(
        line.startswith("darkwake_rows_total ") for line in lines
    )
    assert 'darkwake_feed_ill{feed="a"} 0' in lines
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    state = json.loads((tmp_path / "tracks-journal" / "status.json").read_text())
    assert state["rows"] == table_of(recording()).num_rows
    assert sum(state["findings"].values()) > 0
    (row,) = feed_rows(settings)
    assert (row["name"], row["state"], row["health"]) == ("a", "not running", "ok")
    assert row["rows"] == state["rows"] == service.counters.rows
    assert row["last_message"].startswith("20")


def test_a_note_of_the_future_is_no_note(desk: Desk) -> None:
    with transaction(desk.engine) as connection:
        set_fact(connection, "job:reminders", str(wall_us() + 10**12))
    assert wait_s(JOBS["reminders"], desk) == 0


def test_a_changed_list_is_used_by_the_running_watch(tmp_path: Path) -> None:
    """The job finds that the file changed; the watch tells with it from its next minute on."""
    rows = table_of(recording())
    number = rows["mmsi"][0].as_py()
    listed = tmp_path / "listed.csv"
    listed.write_text("mmsi,name\n1,NOBODY\n")
    more = f'[[lists]]\nname = "seen"\npath = "{listed}"\nkind = "interest"\n'
    settings = settings_for(tmp_path, f"sqlite:///{tmp_path}/state.db", ["a"], more)
    assert run_one_job(settings, "lists") == "changed"
    assert run_one_job(settings, "lists") == ""
    with service_for(settings, cut("a", rows, 10_000)) as service:
        before = service.finder.parameters.surroundings.lists.hash
        listed.write_text(f"mmsi,name\n{number},SOMEBODY\n")
        assert run_one_job(settings, "lists") == "changed"
        service.run(stop_when_idle_s=IDLE_S)
        assert service.finder.parameters.surroundings.lists.hash != before
    listed.unlink()
    assert "the old one stays in use" in run_one_job(settings, "lists")
