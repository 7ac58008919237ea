"""Chromium, driven in real time through its DevTools pipe: sizes, keys, clicks, pictures, timings.

`browser.visit` runs a page to its end in virtual time; this is for what needs a real clock or a
real key. Messages are JSON, each ended by a zero byte, on descriptors 3 and 4 of the browser.
"""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.maps.browser import CHROMIUM

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
_KEYS = {"Enter": 13, "Escape": 27, "PageUp": 33, "Home": 36, "ArrowLeft": 37}


class Tab:
    """One page. `problems` holds console errors, exceptions and requests, as they were seen."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._write = to_browser
        self._read = os.fdopen(from_browser, "rb", buffering=0)
        self._rest = b""
        self._count = 0
        self._session: str | None = None
        self._seen: list[str] = []
        self.problems: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = session["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        """Set the size of the view in CSS pixels."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        if phone:
            self._call("Emulation.setTouchEmulationEnabled", enabled=True)

    def calm(self) -> None:
        """Ask pages for less motion, as a person can."""
        feature = {"name": "prefers-reduced-motion", "value": "reduce"}
        self._call("Emulation.setEmulatedMedia", features=[feature])

    def before(self, script: str) -> None:
        """Run a script in every page from now on, before its own."""
        self._call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def open(self, address: str) -> None:
        """Open a page and wait for its load event."""
        self.loads(lambda: self._call("Page.navigate", url=address))

    def loads(self, act: Callable[[], object]) -> None:
        """Do something that opens a page, and wait for its load event."""
        self._seen.clear()
        act()
        while "Page.loadEventFired" not in self._seen:
            self._take()

    def run(self, script: str) -> Any:
        """Return the value of an expression, or of the promise it gives, as JSON values."""
        done = self._call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def key(self, key: str, *, shift: bool = False) -> None:
        """Press and release a key."""
        event = {
            "key": key,
            "code": key,
            "windowsVirtualKeyCode": _KEYS.get(key, 0),
            "modifiers": 8 if shift else 0,
        }
        if key == "Enter":
            event["text"] = "\r"
        self._call("Input.dispatchKeyEvent", type="keyDown", **event)
        self._call("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._call("Input.insertText", text=text)

    def picture(self, file: Path) -> None:
        """Write what is seen as PNG."""
        file.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        number = self._count
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._take()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _take(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = self._read.read(1 << 16)
            assert piece, "the browser went away"
            self._rest += piece
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, params = message.get("method", ""), message.get("params", {})
        self._seen.append(method)
        if method == "Runtime.exceptionThrown":
            self.problems.append(str(params["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.problems.append(str(params["entry"]))
        elif method == "Runtime.consoleAPICalled":
            self.problems.append(str(params["args"]))
        elif method == "Network.requestWillBeSent":
            address = params["request"]["url"]
            if not address.startswith(("file:", "data:", "about:")):
                self.problems.append(address)


@contextmanager
def chromium(profile: Path) -> Iterator[Tab]:
    """Start a browser with its profile in the folder `profile`, and end it afterwards."""
    assert CHROMIUM is not None
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    # The shell puts the pipes where the browser looks for them; Popen alone cannot move them.
    command = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
    process = subprocess.Popen(  # noqa: S603 - our own page, in a browser
        ["/bin/bash", "-c", command, CHROMIUM, *_FLAGS, f"--user-data-dir={profile}"],
        pass_fds=(theirs_in, theirs_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    tab = Tab(ours_out, ours_in)
    try:
        yield tab
    finally:
        os.close(ours_out)
        tab._read.close()  # noqa: SLF001 - the pair of the descriptor closed above
        process.terminate()
        process.wait(timeout=20)
