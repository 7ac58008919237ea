"""vessels.parquet: one row a hull, with the identity it stated last."""

from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.outputs import VESSELS_SCHEMA
from detectors import vessel_stage
from detectors.identity_faults import doubts_about
from vessels.hulls import hull_id_of
from vessels.identity import IdentityBook
from vessels.mmsi import MmsiKind, flag_of, is_gear_beacon, kind_of


def vessel_table(states: list[vessel_stage.State], book: IdentityBook) -> pa.Table:
    """Return the hulls of all vessel stages, by MMSI and number."""
    hulls = np.concatenate([state["hulls"] for state in states])
    hulls = hulls[np.argsort(hulls["key"])]
    mmsi = (hulls["key"] >> 16).astype("i4")
    kinds = kind_of(mmsi)
    rows: dict[str, list[Any]] = {name: [] for name in VESSELS_SCHEMA.names}
    for hull, number, kind in zip(hulls, mmsi.tolist(), kinds.tolist(), strict=True):
        who = book.at(number, int(hull["last_us"]))
        beacon = is_gear_beacon(number, who.name)
        rows["mmsi"].append(number)
        rows["hull_id"].append(hull_id_of(int(hull["key"])))
        rows["name"].append(who.name)
        rows["callsign"].append(who.callsign)
        rows["imo"].append(who.imo)
        rows["flag"].append(flag_of(number))
        rows["ship_type"].append(who.ship_type)
        rows["length_m"].append(who.length_m)
        rows["first_time"].append(int(hull["first_us"]))
        rows["last_time"].append(int(hull["last_us"]))
        rows["fixes"].append(int(hull["count"]))
        rows["kind"].append("gear_beacon" if beacon else MmsiKind(kind).name.lower())
        rows["doubts"].append(doubts_about(number, who.imo))
    return pa.Table.from_pydict(rows, schema=VESSELS_SCHEMA)
