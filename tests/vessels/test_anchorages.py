"""Anchorages: what is lying still, how many hulls make one, from when, and the file."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vessels.anchorages import (
    CELL_DEG,
    REST,
    Anchorages,
    LearningParameters,
    cell_of,
    follow_rests,
    learn,
    new_rest_state,
    no_anchorages,
    read_anchorages,
    write_anchorages,
)
from vessels.errors import ConfigError
from vessels.fixes import Array, Fixes, empty_fixes
from vessels.geodesy import distances_m
from vessels.ports import nearest_port, ports
from vessels.units import US_PER_DAY, US_PER_H
from vessels.visits import VisitParameters, follow_visits, new_visit_state

T0 = 1_704_067_200_000_000  # 2024-01-01
RULES = LearningParameters()
FEW = replace(RULES, min_hulls=3)
KM = 1.0 / 111.195  # degrees of latitude
FAR_LAT, FAR_LON = -20.0, 165.0
"""Open sea, 100 km and more from any port."""


def fixes_of(rows: list[tuple[float, float, float]], sog: float = 0.0) -> Fixes:
    """Return fixes at (hours since T0, lat, lon)."""
    values = np.array(rows, "f8").reshape(-1, 3)
    blank = np.full(len(values), np.nan, "f4")
    code = np.zeros(len(values), "u1")
    return replace(
        empty_fixes(),
        mmsi=np.full(len(values), 1, "i4"),
        time_us=T0 + np.round(values[:, 0] * US_PER_H).astype("i8"),
        lat_deg=values[:, 1],
        lon_deg=values[:, 2],
        sog_knots=np.full(len(values), sog, "f4"),
        cog_deg=blank,
        heading_deg=blank,
        nav_status=code,
        msg_type=code,
        ais_class=code,
        receiver=code,
    )


def rests_of(rows: list[tuple[float, float, float]], rules: LearningParameters = RULES) -> Array:
    fixes = fixes_of(rows)
    return follow_rests(new_rest_state(), np.full(len(fixes), 7), fixes, rules)[1]


def rest(key: int, hours: float, lat: float = FAR_LAT, lon: float = FAR_LON) -> tuple[int, ...]:
    at = T0 + round(hours * US_PER_H)
    return key, at, round(lat * 1e6), round(lon * 1e6)


@pytest.mark.parametrize(("hours", "count"), [(11.9, 0), (12.0, 1), (13.0, 1)])
def test_twelve_hours_make_a_rest(hours: float, count: int) -> None:
    assert len(rests_of([(0.0, 1.0, 2.0), (hours, 1.0, 2.0)])) == count


@pytest.mark.parametrize(("km", "count"), [(0.49, 1), (0.51, 0)])
def test_half_a_kilometre_is_still(km: float, count: int) -> None:
    assert len(rests_of([(0.0, 1.0, 2.0), (6.0, 1.0 + km * KM, 2.0), (12.5, 1.0, 2.0)])) == count


@pytest.mark.parametrize(("hours", "count"), [(23.9, 1), (24.1, 0)])
def test_a_day_of_silence_ends_a_rest(hours: float, count: int) -> None:
    assert len(rests_of([(0.0, 1.0, 2.0), (hours, 1.0, 2.0)])) == count


def test_a_rest_is_told_once_with_its_mean_place_across_180() -> None:
    rows = [(float(i), 1.0, 179.999 if i % 2 else -179.999) for i in range(20)]
    (told,) = rests_of(rows)
    assert told["time_us"] == T0 + 12 * US_PER_H
    assert told["lat_e6"] == 1_000_000
    assert abs(abs(int(told["lon_e6"])) - 180_000_000) <= 100
    assert -180_000_000 <= told["lon_e6"] < 180_000_000


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([1.0, 5.0, 30.0]), st.sampled_from([0.0, 0.003, 0.01])),
        min_size=1,
        max_size=40,
    ),
    cut=st.integers(0, 40),
)
def test_law_1_no_cut_changes_the_rests(steps: list[tuple[float, float]], cut: int) -> None:
    times = np.cumsum([step[0] for step in steps])
    rows = [(float(t), 1.0 + lat, 2.0) for t, (_, lat) in zip(times, steps, strict=True)]
    state, first = follow_rests(
        new_rest_state(), np.full(len(rows[:cut]), 7), fixes_of(rows[:cut]), RULES
    )
    _, second = follow_rests(state, np.full(len(rows[cut:]), 7), fixes_of(rows[cut:]), RULES)
    assert np.array_equal(np.concatenate([first, second]), rests_of(rows))


def test_cells_are_half_a_kilometre_everywhere() -> None:
    for lat in (0.0, 45.0, 60.0, 80.0):
        lons = np.arange(0.0, 3.0, 0.0005)
        cells = cell_of(np.full(len(lons), round(lat * 1e6)), np.round(lons * 1e6))
        width_km = 3.0 * np.cos(np.radians(lat)) / KM / len(np.unique(cells))
        assert 0.5 < width_km < 0.6
    assert round(CELL_DEG / KM, 3) == 0.556
    ends = np.array([-180_000_000, 179_999_999])
    assert len(np.unique(cell_of(np.array([90_000_000, 90_000_000]), ends))) <= 2


def test_the_twentieth_hull_makes_an_anchorage_from_the_second_day_after() -> None:
    rows = [rest(key, 10.0 + key) for key in range(20)]
    assert len(learn(np.array(rows[:19], REST), RULES).anchorages) == 0
    table = learn(np.array(rows, REST), RULES).anchorages.table.to_pylist()
    assert [(row["hulls"], row["valid_from"]) for row in table] == [
        (20, datetime(2024, 1, 4, tzinfo=UTC))
    ], "completed on 2 January at 05:00"
    again = [*rows, *(rest(0, 200.0 + i) for i in range(5))]
    assert learn(np.array(again[1:], REST), RULES).anchorages.table.to_pylist()[0][
        "valid_from"
    ] == datetime(2024, 1, 11, tzinfo=UTC), "a hull counts once, from its first rest"


def test_later_rests_change_neither_place_nor_day() -> None:
    rows = [rest(key, float(key)) for key in range(20)]
    later = [rest(100 + i, 500.0 + i, FAR_LAT + 0.001) for i in range(30)]
    old = learn(np.array(rows, REST), RULES).anchorages
    new = learn(np.array([*later, *rows], REST), RULES).anchorages
    for name in ("lat_deg", "lon_deg", "valid_from", "name"):
        assert old.table[name].to_pylist() == new.table[name].to_pylist()
    assert new.table["hulls"].to_pylist() == [50]


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(24)))
def test_the_order_of_rests_is_no_matter(order: list[int]) -> None:
    rows = [rest(key % 8, 3.0 * key, FAR_LAT + 0.01 * (key % 3)) for key in range(24)]
    shuffled = np.array([rows[i] for i in order], REST)
    assert learn(shuffled, FEW).anchorages.hash == learn(np.array(rows, REST), FEW).anchorages.hash


def test_names_come_from_the_nearest_port_and_ports_are_not_doubled() -> None:
    port = ports().iloc[100]
    lat, lon = float(port["lat_deg"]), float(port["lon_deg"])
    rows = [rest(key, 1.0, lat, lon) for key in range(3)]
    found = learn(np.array(rows, REST), FEW)
    assert (found.cells, len(found.anchorages)) == (1, 0)
    rows = [rest(key, 1.0, lat + 3 * KM, lon) for key in range(3)]
    (row,) = learn(np.array(rows, REST), FEW).anchorages.table.to_pylist()
    near, near_m = nearest_port([lat + 3 * KM], [lon])
    assert row["name"] == ports()["name"][int(near[0])]
    assert row["port_distance_m"] == pytest.approx(near_m[0], abs=100)
    rows = [rest(key, 1.0) for key in range(3)]
    (row,) = learn(np.array(rows, REST), FEW).anchorages.table.to_pylist()
    assert row["name"] == "anchorage 20.00S 165.00E"
    assert row["country"] is None


@pytest.mark.parametrize(("km", "told"), [(0.96, 0), (1.04, 1)])
def test_a_kilometre_from_a_port_is_that_port(km: float, told: int) -> None:
    port = ports().iloc[_lonely_port()]
    lat, lon = float(port["lat_deg"]), float(port["lon_deg"])
    rows = [rest(key, 1.0, lat + km * KM, lon) for key in range(3)]
    assert len(learn(np.array(rows, REST), FEW).anchorages) == told


@pytest.mark.parametrize(("km", "named"), [(9.6, True), (10.4, False)])
def test_ten_kilometres_from_a_port_has_its_name(km: float, named: bool) -> None:  # noqa: FBT001 - a table of cases
    row = _lonely_port()
    port = ports().iloc[row]
    lat, lon = float(port["lat_deg"]), float(port["lon_deg"])
    places = learn(np.array([rest(k, 1.0, lat + km * KM, lon) for k in range(3)], REST), FEW)
    names = places.anchorages.table["name"].to_pylist()
    assert (names == [port["name"]]) == named
    index, _ = places.anchorages.nearest([lat + km * KM], [lon], T0 + 9 * US_PER_DAY)
    assert index.tolist() == [len(ports())]
    assert places.anchorages.port_of(index).tolist() == [row if named else len(ports())]


def _lonely_port() -> int:
    """Return the row of a port that has no other within 100 km."""
    table = ports()
    lat, lon = table["lat_deg"].to_numpy(), table["lon_deg"].to_numpy()
    for row in range(len(table)):
        far = distances_m(lat[row], lon[row], lat, lon)
        if abs(lat[row]) < 30 and np.sort(far)[1] > 100_000:
            return row
    raise AssertionError("no lonely port")


def far_anchorages(*days: int) -> Anchorages:
    """Return one anchorage a day, 50 km from each other, known from that day of January on."""
    rows = [
        rest(key, 24.0 * (day - 3) + 1, FAR_LAT + 50 * KM * i)
        for i, day in enumerate(days)
        for key in range(3)
    ]
    return learn(np.array(rows, REST), FEW).anchorages


def test_the_nearest_place_is_one_that_is_known_then() -> None:
    places = far_anchorages(5, 9)
    day = T0 + 4 * US_PER_DAY + np.array([-1, 0, 4 * US_PER_DAY - 1, 4 * US_PER_DAY])
    lat = np.full(4, FAR_LAT + 50 * KM)
    index, far_m = places.nearest(lat, np.full(4, FAR_LON), day)
    first = len(ports())
    assert index.tolist()[1:] == [first, first, first + 1]
    assert index[0] < first
    assert far_m[1] == pytest.approx(50_000, rel=0.01)
    assert far_m[3] < 100
    assert np.array_equal(
        places.nearest(lat, np.full(4, FAR_LON), T0)[0], nearest_port(lat, np.full(4, FAR_LON))[0]
    )
    assert len(places.names()) == len(places.countries()) == first + 2


def test_a_visit_is_one_only_from_when_the_anchorage_is_known() -> None:
    places = far_anchorages(5)
    rows = []
    for day in (1.0, 7.0):
        rows += [(24 * day + h, FAR_LAT + 0.2, FAR_LON) for h in (0.0, 1.0)]
        rows += [(24 * day + h, FAR_LAT, FAR_LON) for h in range(4, 20)]
        rows += [(24 * day + h, FAR_LAT + 0.2, FAR_LON) for h in (22.0, 23.0)]
    fixes = fixes_of(rows)
    key = np.full(len(fixes), 7)
    state, visits, _ = follow_visits(new_visit_state(), key, fixes, VisitParameters(), places)
    assert ((visits["start_us"] - T0) / US_PER_H).tolist() == [24 * 7.0 + 4]
    assert len(follow_visits(new_visit_state(), key, fixes, VisitParameters())[1]) == 0
    for cut in range(0, len(fixes), 3):
        part, one, _ = follow_visits(
            new_visit_state(), key[:cut], fixes.take(slice(0, cut)), VisitParameters(), places
        )
        part, two, _ = follow_visits(
            part, key[cut:], fixes.take(slice(cut, None)), VisitParameters(), places
        )
        assert np.array_equal(np.concatenate([one, two]), visits)
        assert np.array_equal(part["logs"], state["logs"])


def test_a_file_holds_what_was_learnt(tmp_path: Path) -> None:
    places = far_anchorages(5, 9)
    write_anchorages(tmp_path / "a.parquet", places)
    again = read_anchorages(tmp_path / "a.parquet")
    assert again == places
    assert again.hash
    assert no_anchorages().hash == ""
    assert far_anchorages(5, 10).hash != places.hash


def test_another_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("no")
    pq.write_table(pa.table({"lat_deg": [1.0]}), tmp_path / "other.parquet")
    table = far_anchorages(5).table
    wild = table.set_column(0, "lat_deg", pa.array([95.0]))
    pq.write_table(wild, tmp_path / "wild.parquet")
    for name in ("text", "other", "wild", "none"):
        with pytest.raises(ConfigError, match=rf"{name}\.parquet: is no file of anchorages"):
            read_anchorages(tmp_path / f"{name}.parquet")
