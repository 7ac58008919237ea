"""Exposure and unusualness of some vessels, read back from what `darkwake risk` wrote.

For the desk and for digests. Nobody tells these numbers without `detectors.unusual.guard`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from detectors import exposure
from detectors.unusual import guard
from detectors.unusual.catalogue import FEATURES
from vessels.errors import InputError

FILE = "risk.parquet"
RULES = {rule.code: rule for rule in exposure.RULES}
INDICATORS = len(exposure.RULES)
_TOLD = (
    *(
        "hull_id",
        "mmsi",
        "name",
        "window",
        "role",
        "ais_class",
        "region",
        "start",
        "end",
        "coverage",
    ),
    *("exposure", "unusual", "p_value", "listed", "withheld", "peers", "peer_group"),
    *("counterfactual", "indicators_met", "indicators_possible", "findings", "innocent"),
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """One vessel and window, as `risk.parquet` holds it."""

    told: dict[str, Any]

    @property
    def why_withheld(self) -> str | None:
        """Why there is no score, in words; None where there is one."""
        code = self.told["withheld"]
        return None if code is None else guard.why_withheld(code, self.told)

    @property
    def met(self) -> list[exposure.Rule]:
        """The rules that are met."""
        return [RULES[code] for code in self.told["indicators_met"] if code in RULES]

    @property
    def possible(self) -> list[exposure.Rule]:
        """The rules that are met by an upper bound alone."""
        return [RULES[code] for code in self.told["indicators_possible"] if code in RULES]

    @property
    def findings(self) -> list[tuple[str, str]]:
        """What stands out, and what else explains it."""
        return list(zip(self.told["findings"], self.told["innocent"], strict=True))

    @property
    def features(self) -> list[tuple[str, str, float | None]]:
        """Words, unit and value of every feature; None where missing."""
        return [(one.words, one.unit, self.told[one.name]) for one in FEATURES]


def read_numbers(run: Path, numbers: Iterable[int]) -> list[Numbers]:
    """Return what a run says of some MMSIs, by MMSI, hull and window; nothing without risk.parquet.

    Raises:
        InputError: the file is damaged or of an older Darkwake.
    """
    path = run / FILE
    wanted = sorted(set(numbers))
    if not path.is_file() or not wanted:
        return []
    columns = [*_TOLD, *(one.name for one in FEATURES if one.name not in _TOLD)]
    try:
        table = pq.read_table(
            path, columns=columns, filters=pc.field("mmsi").isin(pa.array(wanted, pa.int32()))
        )
    except (OSError, pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise InputError("cannot be read: run darkwake risk again", path=str(path)) from error
    rows = table.to_pylist()
    if table.column_names and set(columns) - set(table.column_names):
        raise InputError("is of an older Darkwake: run darkwake risk again", path=str(path))
    rows.sort(key=lambda row: (row["mmsi"], row["hull_id"], row["start"]))
    return [Numbers(row) for row in rows]
