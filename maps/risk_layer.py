"""Comparisons with peers on a finished map: two numbers a vessel, and the text that goes with them.

They come after the replay that drew the map, as images do, and change its data alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maps.image_layer import payload_of
from maps.words import plain

_SCRIPT_MARK = "let guardText"
_LIMIT = 300


def add_comparisons(page: Path, by_hull: Mapping[str, Sequence[str]], text: Sequence[str]) -> None:
    """Put comparisons into a written map, in place of those that it held.

    Args:
        page: the map of a run.
        by_hull: lines about each hull, plain text.
        text: what is shown with every comparison.

    Raises:
        InputError: the file is not a map of ours, or one of an older Darkwake.
        StoreError: it cannot be written.
    """
    with payload_of(page, _SCRIPT_MARK, "comparisons") as payload:
        payload["guard"] = list(text)
        for event in payload["events"]:
            lines = [line for hull in event["hulls"] for line in by_hull.get(hull, ())]
            event["beside"] = [plain(line, limit=_LIMIT) for line in lines]
