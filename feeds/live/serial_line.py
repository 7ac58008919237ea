"""A receiver on a serial line: 38,400 baud, 8 bits, no parity, one stop bit (NMEA 0183-HS)."""

import contextlib

import serial

from feeds.live.settings import Settings
from feeds.live.source import FeedSpec
from feeds.live.worker import BaseConnection, ConnectingWorker, Connection, ConnectionLostError

BAUD = 38_400
_READ_BYTES = 4_096


class SerialConnection(BaseConnection):
    """An open serial line."""

    def __init__(self, line: serial.Serial) -> None:
        self._line = line

    def receive(self, timeout_s: float) -> list[bytes]:
        """Return the next bytes; see `Connection`."""
        try:
            self._line.timeout = max(timeout_s, 0.001)
            data = self._line.read(1)  # waits for the first byte alone
            if data:
                data += self._line.read(min(self._line.in_waiting, _READ_BYTES))
        except (serial.SerialException, TypeError) as error:  # TypeError: closed while reading
            raise ConnectionLostError(f"the line is gone: {error}") from error
        return [data] if data else []

    def close(self) -> None:
        """Close it."""
        with contextlib.suppress(OSError):
            self._line.close()


class SerialReader(ConnectingWorker):
    """`serial:///dev/ttyUSB0`, option `baud`. A device that is pulled out is waited for."""

    def __init__(self, spec: FeedSpec) -> None:
        settings = Settings(spec)
        super().__init__(spec, settings)
        self._device = settings.path()
        self._baud = int(settings.number("baud", BAUD, 300, 4_000_000))
        settings.finish()

    def connect(self) -> Connection:
        """Open the device."""
        try:
            return SerialConnection(serial.Serial(self._device, self._baud, timeout=0.1))
        except (serial.SerialException, ValueError) as error:
            raise ConnectionLostError(str(error)) from error
