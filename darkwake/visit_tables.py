"""visits.parquet and voyages.parquet: where each hull called, and its voyages between."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from detectors import vessel_stage
from detectors.port_visits import PortVisitParameters
from vessels.anchorages import Anchorages, no_anchorages
from vessels.fixes import Array
from vessels.hulls import hull_id_of
from vessels.units import US_PER_DAY, US_PER_H
from vessels.visits import VISIT, VOYAGE, open_visits, open_voyages, voyages_of

_TIME = pa.timestamp("us", tz="UTC")
_FLAGS = ("entry", "exit", "stop", "gap")

VISITS_SCHEMA = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("hull_id", pa.string(), nullable=False),
        pa.field("start", _TIME, nullable=False),
        pa.field("end", _TIME),
        pa.field("last_inside", _TIME, nullable=False),
        pa.field("lat", pa.float64(), nullable=False),
        pa.field("lon", pa.float64(), nullable=False),
        pa.field("port_name", pa.string()),
        pa.field("port_country", pa.string()),
        pa.field("port_distance_m", pa.float64(), nullable=False),
        pa.field("confidence_level", pa.uint8(), nullable=False),
        *(pa.field(name, pa.bool_(), nullable=False) for name in _FLAGS),
        pa.field("rest_h", pa.float64(), nullable=False),
    ]
)
"""Columns of visits.parquet: one row a visit, sorted by MMSI, hull and start."""

VOYAGES_SCHEMA = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("hull_id", pa.string(), nullable=False),
        pa.field("start", _TIME, nullable=False),
        pa.field("end", _TIME),
        pa.field("from_port", pa.string()),
        pa.field("to_port", pa.string()),
        pa.field("censored", pa.bool_(), nullable=False),
        pa.field("lower_days", pa.float64(), nullable=False),
        pa.field("upper_days", pa.float64()),
        pa.field("silences", pa.int32(), nullable=False),
        pa.field("longest_silence_h", pa.float64(), nullable=False),
    ]
)
"""Columns of voyages.parquet: one row a voyage, sorted by MMSI, hull and start."""


class Calls:
    """All visits and voyages of a run: those that ended as the fold goes, then those still on."""

    def __init__(
        self, parameters: PortVisitParameters, anchorages: Anchorages | None = None
    ) -> None:
        self._parameters = parameters
        self._anchorages = anchorages
        self._visits: list[Array] = [np.empty(0, VISIT)]
        self._voyages: list[Array] = [np.empty(0, VOYAGE)]

    def add(self, output: vessel_stage.VesselOutput) -> None:
        """Take in what ended in one step of the vessel stage."""
        self._visits.append(output.visits)
        self._voyages.append(output.voyages)

    def finish(self, states: Sequence[vessel_stage.State], now_us: int) -> tuple[Array, Array]:
        """Return VISIT and VOYAGE rows, by hull and start, with those that are on at `now_us`."""
        for state in states:
            called = vessel_stage.visit_state(state)
            self._visits.append(open_visits(called, now_us, self._parameters))
            self._voyages.append(
                open_voyages(called, now_us, self._parameters, anchorages=self._anchorages)
            )
        visits, voyages = np.concatenate(self._visits), np.concatenate(self._voyages)
        by_hull = (np.lexsort((rows["start_us"], rows["key"])) for rows in (visits, voyages))
        return visits[next(by_hull)], voyages[next(by_hull)]


def visit_table(
    visits: Array, parameters: PortVisitParameters, anchorages: Anchorages | None = None
) -> pa.Table:
    """Return VISIT rows as a table of VISITS_SCHEMA, in their order."""
    anchorages = anchorages or no_anchorages()
    port, port_m = anchorages.nearest(visits["lat"], visits["lon"], visits["start_us"])
    known = port_m <= parameters.rest_port_distance_km * 1e3
    names, countries = np.array(anchorages.names()), np.array(anchorages.countries())
    columns = {
        "mmsi": (visits["key"] >> 16).astype("i4"),
        "hull_id": [hull_id_of(key) for key in visits["key"].tolist()],
        "start": pa.array(visits["start_us"]).cast(_TIME),
        "end": pa.array(visits["end_us"], mask=visits["end_us"] == 0).cast(_TIME),
        "last_inside": pa.array(visits["last_inside_us"]).cast(_TIME),
        "lat": np.round(visits["lat"], 6),
        "lon": np.round(visits["lon"], 6),
        "port_name": pa.array(names[port], pa.string(), mask=~known),
        "port_country": pa.array(countries[port], pa.string(), mask=~known),
        "port_distance_m": np.round(port_m.astype("f8"), 0),
        "confidence_level": visits["confidence"],
        **{name: visits[name] > 0 for name in _FLAGS},
        "rest_h": np.round(visits["rest_us"] / US_PER_H, 3),
    }
    return pa.table(columns, schema=VISITS_SCHEMA)


def voyage_table(voyages: Array, parameters: PortVisitParameters) -> pa.Table:
    """Return VOYAGE rows as a table of VOYAGES_SCHEMA, in their order."""
    people = voyages_of(voyages, parameters)
    columns = {
        "mmsi": (voyages["key"] >> 16).astype("i4"),
        "hull_id": [voyage.hull_id for voyage in people],
        "start": pa.array(voyages["start_us"]).cast(_TIME),
        "end": pa.array(voyages["end_us"], mask=voyages["end_us"] == 0).cast(_TIME),
        "from_port": [voyage.from_port for voyage in people],
        "to_port": [voyage.to_port for voyage in people],
        "censored": voyages["upper_us"] < 0,
        "lower_days": np.round(voyages["lower_us"] / US_PER_DAY, 4),
        "upper_days": [voyage.upper_days for voyage in people],
        "silences": voyages["silences"],
        "longest_silence_h": np.round(voyages["longest_us"] / US_PER_H, 3),
    }
    return pa.table(columns, schema=VOYAGES_SCHEMA)
