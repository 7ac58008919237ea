"""The numbers that digests tell of vessels: those of `store.run`, each hull's newest window."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from alerts.comparison import Numbers
from darkwake.risk_numbers import INDICATORS, read_numbers
from darkwake.risk_numbers import Numbers as VesselNumbers
from darkwake.watching.talk import log
from detectors.unusual import guard
from vessels.clock import iso_z
from vessels.errors import InputError

MOST_FINDINGS = 2
"""Findings told of a vessel in a mail; its page tells all."""


def digest_numbers(run: Path) -> Numbers:
    """Return what gives the numbers of vessels, out of a run's folder, for `alerts.comparison`."""

    def numbers(mmsis: Collection[int]) -> list[dict[str, Any]]:
        try:
            found = read_numbers(run, mmsis)
        except InputError as error:
            log(f"a digest goes without risk numbers: {error}")  # it is sent all the same
            return []
        newest = {one.told["hull_id"]: one for one in found}
        return [_row(one) for one in newest.values()]

    return numbers


def _row(one: VesselNumbers) -> dict[str, Any]:
    told = one.told
    start, end = (iso_z(int(told[name].timestamp() * 1e6))[:10] for name in ("start", "end"))
    plain = ("mmsi", "name", "hull_id", "coverage", "peers", "p_value")
    return {
        **{name: told[name] for name in plain},
        "start": start,
        "end": end,
        "indicators": INDICATORS,
        "met": [rule.words for rule in one.met],
        "withheld": None if told["withheld"] is None else guard.WITHHELD[told["withheld"]],
        "findings": [list(pair) for pair in one.findings[:MOST_FINDINGS]],
    }
