"""vessels.parquet: one row a hull, with the identity it stated last."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.outputs import VESSELS_SCHEMA
from detectors import vessel_stage
from detectors.identity_faults import doubts_about
from vessels.fixes import Array
from vessels.hulls import hull_ids
from vessels.identity import IdentityBook
from vessels.mmsi import MmsiKind, flags_of, is_gear_name, kind_of

_STATED = ("name", "callsign", "imo", "ship_type", "length_m")


def vessel_table(states: list[vessel_stage.State], book: IdentityBook) -> pa.Table:
    """Return the hulls of all vessel stages, by MMSI and number."""
    hulls = np.concatenate([state["hulls"] for state in states])
    hulls = hulls[np.argsort(hulls["key"])]
    mmsi = (hulls["key"] >> 16).astype("i4")
    who = book.at_many(mmsi, hulls["last_us"], _STATED)
    columns = {
        **who,
        "mmsi": mmsi,
        "hull_id": hull_ids(hulls["key"]),
        "flag": pa.array(flags_of(mmsi), pa.string()),
        "ship_type": who["ship_type"].cast(pa.uint8()),
        "first_time": pa.array(hulls["first_us"]).cast(VESSELS_SCHEMA.field("first_time").type),
        "last_time": pa.array(hulls["last_us"]).cast(VESSELS_SCHEMA.field("last_time").type),
        "fixes": hulls["count"],
        "kind": _kinds(mmsi, who["name"]),
        "doubts": doubts_about(mmsi, pc.fill_null(who["imo"], -1).to_numpy()),
    }
    return pa.table({name: columns[name] for name in VESSELS_SCHEMA.names}, schema=VESSELS_SCHEMA)


def _kinds(mmsi: Array, name: pa.Array) -> pa.Array:
    """Return what each transmitter is; a name can tell that it marks fishing gear."""
    words = name.dictionary_encode()
    is_gear = np.array([is_gear_name(word) for word in words.dictionary.to_pylist()] + [False])
    named = is_gear[pc.fill_null(words.indices, len(is_gear) - 1).to_numpy()]
    kinds = np.where(named, MmsiKind.GEAR_BEACON, kind_of(mmsi))
    labels = np.array([MmsiKind(kind).name.lower() for kind in range(max(MmsiKind) + 1)])
    return pa.array(labels[kinds], pa.string())
