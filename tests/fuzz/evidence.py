"""The tables of an evidence bundle, which a stranger may have written."""

from dataclasses import dataclass

import numpy as np

from darkwake.evidence.fold import Evidence
from darkwake.evidence.tables import TableError, from_parquet, to_parquet
from tests.feeds.live.common import START_S, recorded, traffic
from vessels.fixes import empty_fixes, fixes_from_table, sort_fixes
from vessels.identity import IdentityBook
from vessels.reception import RECEPTION
from vessels.visits import VOYAGE

JUDGED_US = (START_S + 3_600) * 1_000_000


@dataclass(frozen=True, slots=True)
class Bundled:
    """Sound tables, and one of them taken by an input."""

    files: dict[str, bytes]

    @property
    def samples(self) -> tuple[bytes, ...]:
        """Return a table of each kind."""
        return tuple(self.files[name] for name in ("fixes.parquet", "statements.parquet"))

    def run(self, data: bytes) -> None:
        """Read the input in the place of a table; what passes must be within bounds."""
        name = "statements.parquet" if b"callsign" in data else "fixes.parquet"
        try:
            read = from_parquet({**self.files, name: data}, judged_us=JUDGED_US, whole=False)
        except TableError:
            return
        fixes = read.fixes
        assert (np.abs(fixes.lat_deg) <= 90).all()
        assert (np.abs(fixes.lon_deg) <= 180).all()
        assert (fixes.time_us <= JUDGED_US).all()
        assert (fixes.ais_class <= 2).all()
        IdentityBook().take_statements(read.statements)


def bundled() -> Bundled:
    """Return the tables of a little traffic."""
    table = recorded(traffic(300))[0]
    book = IdentityBook()
    book.update(table)
    evidence = Evidence(
        judged_us=JUDGED_US,
        fixes=sort_fixes(fixes_from_table(table))[0],
        witnesses=empty_fixes(),
        reception=np.zeros(5, RECEPTION),
        statements=book.statements(),
        voyages=np.empty(0, VOYAGE),
    )
    return Bundled(to_parquet(evidence))
