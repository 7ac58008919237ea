"""Exact duplicates: dropped whoever heard them, in bounded memory, never anything else."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.dedupe import Deduper, row_hashes
from vessels.schema import FIXES

ROW: dict[str, Any] = {
    "mmsi": 1,
    "time": 1_641_168_000_000_000,
    "msg_type": 1,
    "ais_class": "A",
    "lat_deg": 1.5,
    "lon_deg": 2.5,
    "sog_knots": 3.5,
    "cog_deg": 4.5,
    "heading_deg": 5.0,
    "nav_status": 0,
    "imo": 8207721,
    "name": "N",
    "callsign": "C",
    "ship_type": 30,
    "length_m": 28.0,
    "beam_m": 11.0,
    "draught_m": 3.0,
    "destination": "D",
    "station": "S",
    "receiver": "satellite",
}


def _table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), FIXES)


def test_the_first_of_equal_rows_is_kept() -> None:
    rows = [ROW, {**ROW, "mmsi": 2}, ROW, {**ROW, "mmsi": 2}]
    assert Deduper().filter(_table(*rows)).to_pylist() == _table(*rows[:2]).to_pylist()


def test_duplicates_are_found_across_tables() -> None:
    deduper = Deduper()
    assert deduper.filter(_table(ROW)).num_rows == 1
    other = _table({**ROW, "name": "ANOTHER DICTIONARY"}, ROW)
    assert deduper.filter(other)["name"].to_pylist() == ["ANOTHER DICTIONARY"]


def test_which_station_heard_it_does_not_make_another_row() -> None:
    assert Deduper().filter(_table(ROW, {**ROW, "station": None})).num_rows == 1


@pytest.mark.parametrize("name", [name for name in ROW if name != "station"])
def test_every_other_column_makes_another_row(name: str) -> None:
    value = ROW[name]
    rows = [ROW, {**ROW, name: value + 1 if not isinstance(value, str) else "B"}]
    if FIXES.field(name).nullable:
        rows += [{**ROW, name: None}]
    assert Deduper().filter(_table(*rows)).num_rows == len(rows)


def test_null_is_neither_zero_nor_empty() -> None:
    rows = [{**ROW, "nav_status": 0}, {**ROW, "nav_status": None}]
    assert len(set(row_hashes(_table(*rows)).tolist())) == 2


def test_a_small_table_forgets_but_never_drops_a_new_row() -> None:
    deduper = Deduper(bits=4)
    rows = [{**ROW, "mmsi": i} for i in range(1, 1_000)]
    assert deduper.filter(_table(*rows)).num_rows == 999


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from([None, "A", "B"])), max_size=40))
def test_it_agrees_with_a_set(pairs: list[tuple[int, str | None]]) -> None:
    rows = [{**ROW, "mmsi": mmsi, "name": name} for mmsi, name in pairs]
    kept = Deduper().filter(_table(*rows))
    assert list(dict.fromkeys(pairs)) == list(
        zip(kept["mmsi"].to_pylist(), kept["name"].to_pylist(), strict=True)
    )


def test_chunks_and_slices_hash_like_the_whole() -> None:
    whole = _table(*[{**ROW, "mmsi": i, "name": f"N{i % 3}"} for i in range(1, 20)])
    parts = pa.concat_tables([whole.slice(0, 7), whole.slice(7)])
    assert row_hashes(parts).tolist() == row_hashes(whole).tolist()
    assert row_hashes(whole.slice(7)).tolist() == row_hashes(whole).tolist()[7:]
