"""What a digest tells of its vessels beside their peers: two numbers, and the text with them.

The numbers are `darkwake risk`'s, read when the digest is made. Vessels come by number: no ranking.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from alerts.translate import Words, mark
from detectors.unusual import guard
from maps.words import plain

Numbers = Callable[[Collection[int]], list[dict[str, Any]]]
"""Gives what is known of some MMSIs, as JSON values: see `darkwake.risk_digest`."""
MOST_VESSELS = 10
"""Most vessels that a digest tells the numbers of."""

HEAD = mark("Compared with their peers")
_WHO = mark("{name} (MMSI {mmsi}), hull {hull}, {start} to {end}")
_SEEN = mark("AIS coverage {share} % of its hours at sea; {peers} peers.")
_UNSEEN = mark("AIS coverage not known; {peers} peers.")
_MET = mark("Exposure: {met} of {all} indicators met.")
_WHICH = mark("Exposure: {met} of {all} indicators met: {which}.")
_SCORE = mark("Unusual: {share} % of its peers and itself are as far out or farther.")
_WITHHELD = mark("Unusual: the score is withheld: {why}.")
_CAUSES = mark("{says}. What else explains it: {causes}.")
_MORE = mark("{count} more vessels have such numbers: see the desk or risk.html.")
_NAMELESS = mark("name not known")


def no_numbers(mmsis: Collection[int]) -> list[dict[str, Any]]:
    """Return nothing: no result folder is configured."""
    del mmsis
    return []


def comparison(rows: Sequence[Mapping[str, Any]], words: Words) -> dict[str, Any] | None:
    """Return what a digest shows of the numbers, as text: head, guard, vessels, more.

    None where there are no numbers: then the text that goes with them is not told either.
    """
    if not rows:
        return None
    shown = rows[:MOST_VESSELS]
    left = len(rows) - len(shown)
    return {
        "head": words.plain(HEAD),
        "guard": [words.plain(text) for text in guard.ALL],
        "vessels": [_vessel(row, words) for row in shown],
        "more": words.say(_MORE, count=left) if left else "",
    }


def _vessel(row: Mapping[str, Any], words: Words) -> dict[str, Any]:
    who = words.say(
        _WHO,
        name=plain(row["name"]) if row["name"] else words.plain(_NAMELESS),
        mmsi=f"{row['mmsi']:09d}",
        hull=plain(row["hull_id"]),
        start=row["start"],
        end=row["end"],
    )
    met = [words.plain(text) for text in row["met"]]
    facts = {"met": len(met), "all": row["indicators"], "which": ", ".join(met)}
    lines = [_coverage(row, words), words.say(_WHICH if met else _MET, **facts)]
    if row["withheld"] is not None:
        lines.append(words.say(_WITHHELD, why=words.plain(row["withheld"])))
    else:
        lines.append(words.say(_SCORE, share=words.number(100 * row["p_value"], 1)))
        lines += [
            words.say(_CAUSES, says=plain(says, limit=300), causes=words.plain(causes))
            for says, causes in row["findings"]
        ]
    return {"who": who, "lines": lines}


def _coverage(row: Mapping[str, Any], words: Words) -> str:
    if row["coverage"] is None:
        return words.say(_UNSEEN, peers=row["peers"])
    share = words.number(100 * row["coverage"])
    return words.say(_SEEN, share=share, peers=row["peers"])
