"""aisstream.io, and any other server that sends sentences or JSON over a WebSocket.

The library reads ahead a few frames and then leaves the rest in the socket, so a sink that is
behind holds the server back. aisstream.io ends a connection that does not subscribe within 3 s.
"""

import json
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from feeds.live.records import parse_json
from feeds.live.settings import Settings
from feeds.live.source import FeedSpec
from feeds.live.tls import client_context
from feeds.live.worker import BaseConnection, ConnectingWorker, Connection, ConnectionLostError

AISSTREAM_KEY = "AISSTREAM_API_KEY"
MAX_FRAME_BYTES = 1 << 20
MAX_AHEAD_FRAMES = 32
_OPEN_TIMEOUT_S = 10.0
_WORLD = [[[-90.0, -180.0], [90.0, 180.0]]]
_AT_ONCE = 1_024


class WebSocketConnection(BaseConnection):
    """An open WebSocket."""

    framed = True

    def __init__(self, connected: ClientConnection, closing: ExitStack) -> None:
        self._connected = connected
        self._closing = closing

    def receive(self, timeout_s: float) -> list[bytes]:
        """Return the frames that are there; see `Connection`."""
        frames: list[bytes] = []
        try:
            while len(frames) < _AT_ONCE:
                frame = self._connected.recv(timeout=0 if frames else max(timeout_s, 0.001))
                frames.append(frame if isinstance(frame, bytes) else frame.encode("utf-8"))
        except TimeoutError:
            pass
        except WebSocketException as error:
            if not frames:
                raise ConnectionLostError(f"closed: {error}") from error
        if len(frames) == 1 and frames[0].lstrip()[:1] == b"{" and b"rror" in frames[0][:200]:
            _refuse(frames[0])
        return frames

    def close(self) -> None:
        """Close it, without waiting long for an answer."""
        self._closing.close()


class WebSocketClient(ConnectingWorker):
    """`wss://stream.aisstream.io/v0/stream`, `ws://` for a server of one's own.

    Options: `subscribe` (`aisstream`, or `none` for servers that send unasked), `api_key_env`,
    `bounding_boxes`, `mmsi`, `message_types`, `ca_file`.
    """

    def __init__(self, spec: FeedSpec) -> None:
        settings = Settings(spec)
        super().__init__(spec, settings)
        settings.host()
        self._context = client_context(settings) if settings.url.scheme == "wss" else None
        wanted = settings.choice("subscribe", "aisstream", ("aisstream", "none"))
        self._subscription = _subscription(settings) if wanted == "aisstream" else None
        settings.finish()

    def connect(self) -> Connection:
        """Return a connection that has subscribed."""
        with ExitStack() as stack:
            try:
                connected = stack.enter_context(
                    connect(
                        self.spec.url,
                        ssl=self._context,
                        open_timeout=_OPEN_TIMEOUT_S,
                        close_timeout=0.5,
                        max_size=MAX_FRAME_BYTES,
                        max_queue=MAX_AHEAD_FRAMES,
                    )
                )
                if self._subscription is not None:
                    connected.send(self._subscription)
            except WebSocketException as error:
                raise ConnectionLostError(str(error)) from error
            return WebSocketConnection(connected, stack.pop_all())


def _subscription(settings: Settings) -> str:
    wanted: dict[str, Any] = {
        "APIKey": settings.secret("api_key_env", AISSTREAM_KEY),
        "BoundingBoxes": _boxes(settings),
    }
    if mmsi := settings.texts("mmsi"):
        wanted["FiltersShipMMSI"] = mmsi
    if types := settings.texts("message_types"):
        wanted["FilterMessageTypes"] = types
    return json.dumps(wanted)


def _boxes(settings: Settings) -> list[list[list[float]]]:
    """Return `bounding_boxes` ([west, south, east, north] each) as aisstream.io wants them."""
    boxes = settings.raw("bounding_boxes", None)
    if boxes is None:
        return _WORLD
    found = []
    for box in boxes if isinstance(boxes, list) else [boxes]:
        if not isinstance(box, list) or len(box) != 4:
            raise settings.error("bounding_boxes is a list of [west, south, east, north]")
        if not all(isinstance(edge, int | float) and abs(edge) <= 180 for edge in box):
            raise settings.error("bounding_boxes holds something that is no degree")
        west, south, east, north = box
        if south > north or max(abs(south), abs(north)) > 90:
            raise settings.error("bounding_boxes: south must lie south of north")
        # A box across 180 degrees becomes two: the service knows none of that kind.
        spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
        found += [[[south, low], [north, high]] for low, high in spans]
    return found


def _refuse(frame: bytes) -> None:
    """Tell an error of the service, such as a wrong key, as a connection that is over."""
    value = parse_json(frame)
    told = value.get("error") if isinstance(value, dict) else None
    if isinstance(told, str):
        raise ConnectionLostError(f"the server says: {told[:120]}")
