"""Jobs: what a watch does by the clock, each of which is also a command of its own.

What there is to do is read from the store and the archive, never from the scheduler: a run that was
missed changes nothing, the next one does it all. So a job may as well be run by cron, and may run
while the watch does. Each writes down when it was done last; a watch that was down for longer than
a job's interval runs it at once.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from alerts.database import get_fact, reading, set_fact, transaction
from alerts.digests import bundle_due
from alerts.outbox import Sender, count_states, send_due
from alerts.posting import tell_operator
from alerts.reminders import remind
from alerts.rules import AlertContext, AlertPolicy
from darkwake.archive.compact import compact
from darkwake.archive.layout import day_of
from darkwake.archive.writer import expire, newest_day
from darkwake.geography_settings import lists_of
from darkwake.settings import Settings
from darkwake.watching.store import LEASE_S, LISTS_FACT, holder_of, read_progress, wall_us
from vessels.clock import iso_z
from vessels.errors import ConfigError, UsageError
from vessels.units import US_PER_H, US_PER_S

_LOW_DISK = 0.05
_LOW_DISK_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Desk:
    """What jobs work with."""

    settings: Settings
    engine: Engine
    policy: AlertPolicy
    sender: Sender

    def context(self) -> AlertContext:
        """Return what holds now."""
        return AlertContext(now_us=wall_us(), policy=self.policy)


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `run` returns what it did, in a few words; nothing where there was nothing to do."""

    name: str
    every_s: float
    run: Callable[[Desk], str]


def _send(desk: Desk) -> str:
    """Send what the outbox holds."""
    done = send_due(desk.engine, desk.sender, wall_us())
    if not (done.sent or done.retried or done.dead):
        return ""
    return f"{done.sent} sent, {done.retried} put off, {done.dead} dead, {done.waiting} waiting"


def _digests(desk: Desk) -> str:
    """Make the digests and roll-ups that are due; sending them is the next `send`."""
    with transaction(desk.engine) as connection:
        made = bundle_due(connection, wall_us(), policy=desk.policy)
    return f"{made} made" if made else ""


def _reminders(desk: Desk) -> str:
    """Bring alerts up once more that nobody has looked at."""
    with transaction(desk.engine) as connection:
        made = remind(connection, desk.context())
    return f"{made} alerts" if made else ""


def _compaction(desk: Desk) -> str:
    """Merge the parts of each day of the archive that no late row can reach any more."""
    done, _ = read_progress(desk.engine)
    if done.watermark_us is None:
        return ""
    horizon_us = int(desk.settings.engine.horizon_h * US_PER_H)
    gone = compact(Path(desk.settings.store.archive), day_of(done.watermark_us - horizon_us))
    return f"{gone} files merged away" if gone else ""


def _retention(desk: Desk) -> str:
    """Delete the days of the archive that are older than `store.keep_days`, by event time."""
    archive, keep_days = Path(desk.settings.store.archive), desk.settings.store.keep_days
    newest = newest_day(archive)
    if not keep_days or newest is None:
        return ""
    done, _ = read_progress(desk.engine)
    # A row with a wrong clock must not make the present old.
    today = newest if done.watermark_us is None else min(newest, day_of(done.watermark_us))
    gone = expire(archive, keep_days, today)
    return f"deleted {', '.join(gone)}" if gone else ""


def _self_check(desk: Desk) -> str:
    """Look at disks, store and outbox; tell the operator what is wrong, once an hour."""
    wrong = []
    store = desk.settings.store
    for folder in (Path(store.archive), Path(store.journal_folder)):
        if folder.is_dir():
            disk = shutil.disk_usage(folder)
            if disk.free < min(_LOW_DISK * disk.total, _LOW_DISK_BYTES):
                wrong.append(f"{disk.free >> 20} MB are left on the disk of {folder}")
    holder = holder_of(desk.engine)
    if holder is None:
        wrong.append("no watch is running on this store")
    elif wall_us() - holder["heard_us"] > LEASE_S * US_PER_S:
        wrong.append(f"the watch has not been heard since {iso_z(holder['heard_us'])}")
    with reading(desk.engine) as connection:
        dead = count_states(connection).get("dead", 0)
    if dead:
        wrong.append(f"{dead} mails are dead letters: see `darkwake mail outbox --dead`")
    if wrong:
        hour = iso_z(wall_us())[:13]
        with transaction(desk.engine) as connection:
            for text in wrong:
                tell_operator(connection, desk.context(), f"self-check:{text[:60]}:{hour}", text)
    return "; ".join(wrong)


def _lists(desk: Desk) -> str:
    """Read the vessel lists; where one has changed, the watch uses it from its next minute on."""
    if not desk.settings.lists:
        return ""
    try:
        found = lists_of(desk.settings)
    except ConfigError as error:
        text = f"a vessel list cannot be read, the old one stays in use: {error}"
        with transaction(desk.engine) as connection:
            tell_operator(connection, desk.context(), f"lists:{iso_z(wall_us())[:13]}", text)
        return text
    with transaction(desk.engine) as connection:
        if get_fact(connection, LISTS_FACT) == found.hash:
            return ""
        set_fact(connection, LISTS_FACT, found.hash)
    return "changed"


def _pictures(desk: Desk) -> str:
    """Look for satellite pictures of suspects, where catalogues or folders are configured."""
    from darkwake.watching.pictures import look_for_pictures  # noqa: PLC0415 - GDAL is slow to load

    return look_for_pictures(desk)


_HOUR_S = 3600.0
_NOTED_S = 60.0
"""Jobs that run more often than this need no note of their last run."""
JOBS: dict[str, Job] = {
    job.name: job
    for job in (
        Job("send", 2.0, _send),
        Job("digests", 60.0, _digests),
        Job("reminders", 600.0, _reminders),
        Job("self-check", 300.0, _self_check),
        Job("compaction", 6 * _HOUR_S, _compaction),
        Job("retention", 6 * _HOUR_S, _retention),
        Job("lists", _HOUR_S, _lists),
        Job("imagery", 900.0, _pictures),
    )
}
"""All jobs by name."""


def register(job: Job) -> None:
    """Add a job: how a user of this as a library brings one.

    Raises:
        ValueError: there is one of this name.
    """
    if job.name in JOBS:
        raise ValueError(f"two jobs have the name {job.name!r}")
    JOBS[job.name] = job


def run_job(name: str, desk: Desk) -> str:
    """Run one job now and write down that it was done; return what it did.

    Raises:
        UsageError: there is no such job.
    """
    job = JOBS.get(name)
    if job is None:
        raise UsageError(f"no job {name!r}; jobs are {', '.join(JOBS)}")
    did = job.run(desk)
    if job.every_s < _NOTED_S:
        return did
    with transaction(desk.engine) as connection:
        set_fact(connection, _fact(name), str(wall_us()))
    return did


def wait_s(job: Job, desk: Desk) -> float:
    """Return how long the job can wait for its next run; 0 where one was missed.

    A last run in the future is one of a clock that was set back since.
    """
    with reading(desk.engine) as connection:
        last = get_fact(connection, _fact(job.name))
    if last is None or not last.isdigit():
        return 0.0
    since_s = (wall_us() - int(last)) / US_PER_S
    return job.every_s - since_s if 0 <= since_s < job.every_s else 0.0


def _fact(name: str) -> str:
    return f"job:{name}"
