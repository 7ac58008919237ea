"""Take the pictures of docs/img from a run of the demo.

`python -m tests.maps.pictures RUN_DIR docs/img` opens RUN_DIR/alerts.html in Chromium and writes
palette PNGs of at most 150 kB: the map with a finding open, one moment on the slider, and a phone.
"""

import argparse
import io
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.maps.devtools import Tab, chromium

MOST_BYTES = 150_000
_PICK = """(() => {
  const rows = [...document.querySelectorAll("#list li:not([hidden]) button")];
  (rows.find((row) => row.textContent.includes(%r)) ?? rows[0]).click();
})()"""

_MOMENT = """(() => {
  const slider = document.getElementById("moment");
  slider.value = Date.parse(%r) / 60000;
  slider.dispatchEvent(new Event("input"));
})()"""


def _keep(tab: Tab, file: Path) -> None:
    """Write what is seen as a palette PNG."""
    raw = file.with_suffix(".raw")
    tab.picture(raw)
    picture = Image.open(io.BytesIO(raw.read_bytes())).convert("RGB")
    raw.unlink()
    method = Image.Quantize.MAXCOVERAGE
    picture.quantize(256, method=method, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    if file.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{file.name} has {file.stat().st_size} bytes, more than {MOST_BYTES}")


def main() -> None:
    """Take the three pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--finding", default="Dark period", help="words of the finding to open")
    parser.add_argument("--moment", default="2015-05-08T00:00Z", help="time on the slider")
    arguments = parser.parse_args()
    address = (arguments.run / "alerts.html").resolve().as_uri()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile, chromium(Path(profile)) as tab:
        tab.size(1280, 800)
        tab.open(address)
        tab.run(_PICK % arguments.finding)
        time.sleep(2.5)
        _keep(tab, arguments.out / "map.png")
        tab.open(address)
        tab.run(_MOMENT % arguments.moment)
        time.sleep(1.0)
        _keep(tab, arguments.out / "map-time.png")
        tab.size(390, 844, phone=True)
        tab.open(address)
        time.sleep(1.0)
        _keep(tab, arguments.out / "map-phone.png")


if __name__ == "__main__":
    main()
