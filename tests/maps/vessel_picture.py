"""Take the picture of a vessel's page for docs/img.

`python -m tests.maps.vessel_picture PAGE docs/img/vessel.png` opens the page that `darkwake vessel`
wrote and keeps its upper part, the chart included, as a palette PNG.
"""

import io
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.maps.devtools import chromium

SIZE_PX = (1280, 1120)
COLOURS = 128


def main(page: Path, picture: Path) -> None:
    """Write the picture of a page."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile, chromium(Path(profile)) as tab:
        tab.size(*SIZE_PX)
        tab.calm()
        tab.open(page.resolve().as_uri())
        time.sleep(1.0)
        raw = picture.with_suffix(".raw")
        tab.picture(raw)
    image = Image.open(io.BytesIO(raw.read_bytes())).convert("RGB")
    raw.unlink()
    method = Image.Quantize.MAXCOVERAGE
    palette = image.quantize(COLOURS, method=method, dither=Image.Dither.NONE)
    palette.save(picture, "PNG", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
