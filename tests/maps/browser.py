"""Chromium, driven by its command line: what a page becomes, says and asks for."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from maps.csp import with_policy

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium absent: apt-get install chromium"
)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--force-prefers-reduced-motion",  # virtual time does not drive animations
    "--virtual-time-budget=20000",
)
_POLICY = re.compile(r'\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy"[^>]*>')


def with_driver(page: str, before: str, after: str) -> str:
    """Return the page with test scripts around its own, under a policy made the same way."""
    page = _POLICY.sub("", page, count=1)
    page = page.replace("<head>", f"<head><script>{before}</script>", 1)
    head, tag, tail = page.rpartition("</html>")
    return with_policy(f"{head}<script>{after}</script>{tag}{tail}")


def visit(
    page: str, folder: Path, *, width: int = 1280, height: int = 800
) -> tuple[str, str, list[str]]:
    """Open the page. Return its final DOM, the console and the network URLs it asked for."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8", newline="\n")
    log = folder / "net.json"
    assert CHROMIUM is not None
    done = subprocess.run(  # noqa: S603 - our own file, in a browser
        [
            CHROMIUM,
            *_FLAGS,
            f"--user-data-dir={folder / 'profile'}",
            f"--window-size={width},{height}",
            f"--log-net-log={log}",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    console = [line for line in done.stderr.decode().splitlines() if "CONSOLE" in line]
    return done.stdout.decode(), "\n".join(console), _requests(log)


def result(dom: str) -> Any:
    """Return the JSON that the driver left in `data-result` on the root element."""
    found = re.search(r'<html[^>]*\bdata-result="([^"]*)"', dom)
    assert found is not None, dom[:500]
    return json.loads(html.unescape(found[1]))


def _requests(log: Path) -> list[str]:
    """Return the network URLs that pages asked for; the browser's own have no origin."""
    urls = set()
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if '"initiator":' in line:
            asked = json.loads(line.strip().rstrip(","))["params"]
            if asked["initiator"] != "not an origin" and re.match("https?:|wss?:", asked["url"]):
                urls.add(asked["url"])
    return sorted(urls)
