"""Puts a watch together from its configuration: store, feeds, service, jobs, sender."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

from alerts.database import open_database, transaction
from alerts.outbox import drain, release_claims
from alerts.posting import tell_operator
from alerts.rules import AlertContext
from alerts.sending import Tracks, no_tracks
from darkwake.alert_settings import alert_policy, dispatcher
from darkwake.engine import Change
from darkwake.replay import detection_parameters
from darkwake.settings import Settings
from darkwake.watching.feed_health import Turn
from darkwake.watching.finder import Finder
from darkwake.watching.heartbeat import Heartbeat
from darkwake.watching.jobs import Desk, run_job
from darkwake.watching.memory import keep_flat
from darkwake.watching.scheduler import Scheduler
from darkwake.watching.service import MakeContext, Service
from darkwake.watching.status import Status
from darkwake.watching.store import Store, wall_us
from darkwake.watching.talk import log
from detectors.events import Event
from feeds.live import open_source
from maps.identities import Identity
from maps.tracks import Track
from vessels.clock import iso_z
from vessels.errors import ConfigError, StoreError
from vessels.hulls import hull_key, mmsi_of
from vessels.mmsi import flag_of


def watch(settings: Settings, *, stop_when_idle_s: float | None, rebuild: bool) -> None:
    """Run the service until it is stopped or idle.

    Raises:
        ConfigError: a feed or the store is configured in a way that cannot work.
        StoreError: the store or the journal cannot be used, or another watch uses it.
    """
    if not settings.feeds:
        raise ConfigError("no [[feeds]] in the configuration: there is nothing to watch")
    keep_flat()
    sources = {feed.name: open_source(feed.spec()) for feed in settings.feeds}
    parameters = detection_parameters(settings)
    recent = RecentTracks()
    with ExitStack() as stack:
        desk = stack.enter_context(open_desk(settings, recent))
        store = Store(desk.engine)
        heartbeat = Heartbeat(store.heartbeat)
        heartbeat.start()
        stack.callback(heartbeat.stop)
        release_claims(desk.engine)
        service = Service(settings, parameters, store, sources, context_of(desk), rebuild=rebuild)
        recent.finder = lambda: service.finder
        service.on_turn = partial(_tell_of_feed, desk)
        stack.enter_context(_stopped_by_signals(service))
        status = Status(service, desk)
        stack.callback(status.close)
        scheduler = Scheduler(desk)
        scheduler.start()
        stack.callback(scheduler.stop)
        log("watching", feeds=", ".join(sources), batch=service.journal.last)
        service.on_cycle = status.write_when_due

        def send_all() -> None:
            scheduler.stop()  # one sender at a time
            while True:
                done = drain(desk.engine, desk.sender, wall_us)
                log("outbox drained", sent=done.sent, dead=done.dead, waiting=done.waiting)
                if not (done.waiting and done.sent):
                    return

        service.run(stop_when_idle_s, send_all)


def run_one_job(settings: Settings, name: str) -> str:
    """Run one job of a watch now; return what it did.

    Raises:
        UsageError: there is no such job.
        StoreError: the store cannot be used.
    """
    with open_desk(settings) as desk:
        return run_job(name, desk)


class RecentTracks:
    """Tracks for the pictures in mails: where the hulls of an event were in the last days."""

    def __init__(self) -> None:
        self.finder: Callable[[], Finder] | None = None
        """Set once the service is there."""

    def __call__(self, event: Event) -> Mapping[str, Track]:
        """Return the positions noted of each hull, one in ten minutes."""
        if self.finder is None:
            return {}
        finder = self.finder()
        return {
            hull: finder.recent_track(hull)
            for hull in (event.hull_id, event.other_hull_id)
            if hull is not None
        }


@contextmanager
def open_desk(settings: Settings, tracks: Tracks = no_tracks) -> Iterator[Desk]:
    """Open the store and what alerts are sent with; `tracks` are drawn in mails.

    Raises:
        ConfigError: the mail server or the store's URL is of no use.
        StoreError: the store cannot be opened.
    """
    policy, sender = alert_policy(settings), dispatcher(settings, wall_us, tracks)
    engine = open_database(settings.store.url)
    try:
        yield Desk(settings, engine, policy, sender)
    finally:
        sender.close()
        engine.dispose()


def _tell_of_feed(desk: Desk, turn: Turn) -> None:
    """Tell the operator that a feed fell ill; that it recovered is only logged."""
    if not turn.ill:
        return
    context = desk.context()
    topic = f"feed:{turn.feed}:{iso_z(context.now_us)[:13]}"
    text = f"{turn.text}. Mails about dark periods are held until it recovers, at most a day."
    try:
        with transaction(desk.engine) as connection:
            tell_operator(connection, context, topic, text)
    except StoreError as error:
        log(f"the operator could not be told: {error}")


def context_of(desk: Desk) -> MakeContext:
    """Return what tells the alert book what holds now."""

    def context(finder: Finder, changes: list[Change], held_types: frozenset[str]) -> AlertContext:
        hulls = {
            hull
            for change in changes
            for hull in (change.event.hull_id, change.event.other_hull_id)
            if hull is not None
        }
        return AlertContext(
            now_us=wall_us(),
            policy=desk.policy,
            held_types=held_types,
            identities={hull: _identity(finder, hull) for hull in hulls},
        )

    return context


def _identity(finder: Finder, hull: str) -> Identity:
    mmsi = mmsi_of(hull_key(hull))
    who = finder.book.at(mmsi, finder.watermark_us or 0)
    return Identity(who.name, flag_of(mmsi), who.imo, who.callsign)


@contextmanager
def _stopped_by_signals(service: Service) -> Iterator[None]:
    """Let SIGTERM and SIGINT end the service after its batch."""

    def stop(*_: object) -> None:
        service.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
