"""The scheduler: runs the jobs in threads beside the service.

APScheduler 3 with its job list in memory: what is due is in the store, so nothing of the scheduler
need survive. A job that is late runs as soon as it can, however late (`misfire_grace_time=None`);
runs that piled up are one (`coalesce`); a job that is still running is not started again
(`max_instances=1`). A job that fails or is held up is told to the operator.
"""

import logging
from datetime import UTC, timedelta
from typing import Any

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
)
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from alerts.database import transaction
from alerts.posting import tell_operator
from darkwake.watching.jobs import JOBS, Desk, Job, run_job, wait_s
from darkwake.watching.talk import log
from vessels.clock import iso_z, utc_now
from vessels.errors import StoreError

_THREADS = 4
_WORDS = {
    EVENT_JOB_ERROR: "failed",
    EVENT_JOB_MISSED: "was missed",
    EVENT_JOB_MAX_INSTANCES: "is held up: the run before is not over",
}


class Scheduler:
    """Runs the jobs from `start` to `stop`.

    Args:
        desk: what the jobs work with.
        jobs: all of them by default.
    """

    def __init__(self, desk: Desk, jobs: list[Job] | None = None) -> None:
        self._desk = desk
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # the listener says it
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(_THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        self._scheduler.add_listener(
            self._heard, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES
        )
        self._jobs = list(JOBS.values()) if jobs is None else jobs
        self._held_up: set[str] = set()

    def start(self) -> None:
        """Run each job that was missed at once, the others when they are due."""
        for job in self._jobs:
            self._scheduler.add_job(
                self._run,
                "interval",
                args=[job],
                id=job.name,
                seconds=job.every_s,
                next_run_time=utc_now() + timedelta(seconds=wait_s(job, self._desk)),
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Start no job any more, and wait for those that run."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _run(self, job: Job) -> None:
        did = run_job(job.name, self._desk)
        self._held_up.discard(job.name)
        if did:
            log(f"{job.name}: {did}")

    def _heard(self, event: Any) -> None:
        """Tell the operator, once an hour for each job; of a job that only takes long, say it."""
        name, what = event.job_id, _WORDS[event.code]
        if event.code == EVENT_JOB_MAX_INSTANCES:
            # One that is slow now and then is no alarm: say it once until it has ended.
            if name not in self._held_up:
                self._held_up.add(name)
                log(f"the job {name} {what}")
            return
        error = getattr(event, "exception", None)
        text = f"the job {name} {what}" + (f": {error}" if error else "")
        log(text)
        topic = f"job:{name}:{iso_z(self._desk.context().now_us)[:13]}"
        try:
            with transaction(self._desk.engine) as connection:
                tell_operator(connection, self._desk.context(), topic, text)
        except StoreError as failure:
            log(f"the operator could not be told: {failure}")
