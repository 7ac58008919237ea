"""UDP, unicast and multicast. Nothing tells the sender to wait, so what is lost is counted.

Datagrams wait in the system's buffer while the sink is behind; when it is full the system drops,
and tells how many with the next datagram (SO_RXQ_OVFL, Linux). Elsewhere nothing tells.
"""

import contextlib
import ipaddress
import select
import socket
import struct
import sys
import time
from collections import OrderedDict

from feeds.live.session import Session
from feeds.live.settings import Settings, is_address
from feeds.live.source import FeedSpec, Sink, SinkClosedError
from feeds.live.worker import FIRST_WAIT_S, LONGEST_READ_S, Worker
from vessels.errors import ConfigError

BUFFER_BYTES = 4 << 20
"""What we ask the system to hold for us; it may grant less."""
MAX_DATAGRAM_BYTES = 65_535
MAX_SENDERS = 64
"""Senders whose messages are put together apart from each other; the one silent longest goes."""
_AT_ONCE = 512
SO_RXQ_OVFL = 40 if sys.platform == "linux" else None
"""socket(7): attach the count of datagrams dropped so far to each datagram."""
_COUNTER = struct.Struct("=I")


class UdpListener(Worker):
    """`udp://host:port`; a multicast group is joined. Option `interface`: its own address."""

    def __init__(self, spec: FeedSpec) -> None:
        super().__init__(spec)
        settings = Settings(spec)
        self._address = (settings.host(), settings.port())
        self._interface = settings.text("interface", "")
        self._silence_s = settings.silence_s()
        self._buffer_bytes = int(settings.number("buffer_bytes", BUFFER_BYTES, 4_096, 1 << 30))
        settings.finish()
        group = is_address(self._address[0])
        self._group = group if group is not None and group.is_multicast else None
        self._socket: socket.socket | None = None
        self._seen_drops = 0
        self._sessions: OrderedDict[object, Session] = OrderedDict()

    @property
    def port(self) -> int:
        """Return the port listened on, once started."""
        if not self._address[1]:
            raise RuntimeError(f"feed {self.name!r} was not started")
        return self._address[1]

    def prepare(self) -> None:
        """Open the port and join the group."""
        self._socket = self._open()
        self._address = (self._address[0], int(self._socket.getsockname()[1]))

    def _open(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer_bytes)
            if SO_RXQ_OVFL is not None:
                opened.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
            opened.bind(self._address)
            if self._group is not None:
                _join(opened, self._group, self._interface)
        except OSError as error:
            opened.close()
            what = error.strerror or str(error)
            raise Settings(self.spec).error(f"cannot listen on {self.spec.url}: {what}") from error
        opened.setblocking(False)
        return opened

    def run(self, sink: Sink) -> None:
        """Take datagrams until `stopping` is set."""
        while not self.stopping.is_set():
            opened = self._socket
            if opened is None:  # it was silent: a group may have to be joined anew
                try:
                    opened = self._socket = self._open()
                except ConfigError as error:
                    self.meter.failed(error)
                    self.stopping.wait(FIRST_WAIT_S)
                    continue
            self.meter.connected()
            self._seen_drops = 0
            with opened:
                self._listen(opened, sink)
            self._socket = None
        with contextlib.suppress(SinkClosedError):
            for session in self._sessions.values():
                session.end()

    def _listen(self, opened: socket.socket, sink: Sink) -> None:
        """Take datagrams until `stopping` is set, or no position came for too long."""
        heard, quiet_s = self._positions(), 0.0
        while not self.stopping.is_set():
            wait_s = min(
                (session.wait_s(LONGEST_READ_S) for session in self._sessions.values()),
                default=LONGEST_READ_S,
            )
            started_s = time.monotonic()
            ready = select.select([opened], [], [], wait_s)[0]
            quiet_s += time.monotonic() - started_s
            if ready:
                self._drain(opened, sink)
            for session in self._sessions.values():
                session.tick()
            if self._positions() > heard:
                heard, quiet_s = self._positions(), 0.0
            elif 0 < self._silence_s <= quiet_s:
                self.meter.failed(f"no valid position for {self._silence_s:g} s")
                return

    def _positions(self) -> int:
        return self.meter.status().positions

    def _drain(self, opened: socket.socket, sink: Sink) -> None:
        """Take what is there, a few hundred datagrams at most."""
        for _ in range(_AT_ONCE):
            try:
                data, notes, _, sender = opened.recvmsg(
                    MAX_DATAGRAM_BYTES, socket.CMSG_SPACE(_COUNTER.size)
                )
            except (BlockingIOError, ConnectionError):  # ICMP tells of an answer we never sent
                return
            self._note_drops(notes)
            session = self._session(sender, sink)
            if session.take(data, framed=True):
                session.hand_over()

    def _note_drops(self, notes: list[tuple[int, int, bytes]]) -> None:
        for level, kind, raw in notes:
            if (level, kind) == (socket.SOL_SOCKET, SO_RXQ_OVFL) and len(raw) == _COUNTER.size:
                total = int(_COUNTER.unpack(raw)[0])
                fresh = (total - self._seen_drops) % (1 << 32)
                self._seen_drops = total
                if fresh:
                    self.meter.dropped(fresh)

    def _session(self, sender: object, sink: Sink) -> Session:
        """Return the session of a sender: parts of messages of two senders are never joined."""
        session = self._sessions.get(sender)
        if session is None:
            if len(self._sessions) >= MAX_SENDERS:
                _, oldest = self._sessions.popitem(last=False)
                oldest.end()
            session = self._sessions[sender] = Session(self.spec, sink, self.meter)
        self._sessions.move_to_end(sender)
        return session


def _join(
    opened: socket.socket, group: ipaddress.IPv4Address | ipaddress.IPv6Address, interface: str
) -> None:
    if group.version == 4:
        own = socket.inet_aton(interface or "0.0.0.0")  # noqa: S104 - any interface, by default
        member = socket.inet_aton(str(group)) + own
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    else:
        index = socket.if_nametoindex(interface) if interface else 0
        member = socket.inet_pton(socket.AF_INET6, str(group)) + struct.pack("@I", index)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
