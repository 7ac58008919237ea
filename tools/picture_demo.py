"""Makes docs/img/demo-map.png: `uv run python -m tools.picture_demo`.

The map that the demo writes, as Chromium shows it: the demo runs into a folder of its own, and what
the browser draws is kept with 128 colours.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from darkwake.demo import run_demo

TARGET = Path(__file__).resolve().parent.parent / "docs" / "img" / "demo-map.png"
SIZE_PX = (1200, 800)
COLOURS = 128
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
    *("--force-prefers-reduced-motion", "--virtual-time-budget=20000"),
)


def draw(chromium: str, page: Path, picture: Path) -> None:
    """Draw a page as a palette PNG of `SIZE_PX`."""
    shot = page.with_suffix(".png")
    width, height = SIZE_PX
    subprocess.run(
        [
            chromium,
            *_FLAGS,
            f"--user-data-dir={page.parent / 'profile'}",
            f"--window-size={width},{height}",
            f"--screenshot={shot}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with Image.open(shot) as image:
        # Max coverage keeps the colours of small marks, k-means then those of land and sea.
        palette = image.convert("RGB").quantize(
            COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE
        )
        palette.save(picture, optimize=True)


if __name__ == "__main__":
    browser = shutil.which("chromium")
    if browser is None:
        sys.exit("Chromium is absent: apt-get install chromium")
    TARGET.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        draw(browser, run_demo(Path(folder) / "demo"), TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")
