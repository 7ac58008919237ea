"""The identity book: a function of the set of rows; dated values; confirmed changes only."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feeds
from vessels.errors import StoreError
from vessels.identity import (
    Identity,
    IdentityBook,
    IdentityChange,
    Interval,
    comparable,
    role_of,
)
from vessels.schema import FIXES
from vessels.units import US_PER_DAY, US_PER_H

T0 = 1_600_000_000_000_000 // US_PER_DAY * US_PER_DAY
Row = dict[str, Any]
untimed = settings(deadline=None)  # the first example compiles


def table_of(rows: list[Row]) -> pa.Table:
    """Return rows of the house schema; `time` is microseconds, what is missing is null."""
    return pa.Table.from_pylist([{n: row.get(n) for n in FIXES.names} for row in rows], FIXES)


def book_of(rows: list[Row]) -> IdentityBook:
    book = IdentityBook()
    book.update(table_of(rows))
    return book


def stated(hour: float, mmsi: int = 416_000_123, **values: Any) -> Row:
    return {"mmsi": mmsi, "time": T0 + round(hour * US_PER_H), **values}


def names(*stated_names: tuple[float, str]) -> list[Row]:
    return [stated(hour, name=name) for hour, name in stated_names]


row_sets = st.lists(
    st.builds(
        stated,
        hour=st.integers(-60, 60),
        mmsi=st.sampled_from([416_000_123, 366_000_001]),
        name=st.sampled_from([None, "ALPHA", "BETA", "GAMMA 3", "ÆGIR", "\u6d77"]),
        callsign=st.sampled_from([None, "AB12", "ZZ9"]),
        imo=st.sampled_from([None, 9_074_729, 9_176_187, 123]),
        ship_type=st.sampled_from([None, 30, 70]),
        length_m=st.sampled_from([None, 12.0, 199.5]),
        beam_m=st.sampled_from([None, 4.0]),
        ais_class=st.sampled_from([None, "A", "B"]),
    ),
    max_size=40,
)


@untimed
@given(row_sets, st.integers(-70, 70))
def test_columns_tell_what_the_book_tells_of_one_number(rows: list[Row], hour: int) -> None:
    book = book_of(rows)
    mmsi = np.array([416_000_123, 366_000_001, 5, 416_000_123])
    time_us = T0 + np.array([hour, hour, hour, -hour]) * US_PER_H
    told = book.at_many(mmsi, time_us)
    for i, (number, at_us) in enumerate(zip(mmsi.tolist(), time_us.tolist(), strict=True)):
        assert Identity(**{name: told[name][i].as_py() for name in told}) == book.at(number, at_us)
    for name in told:
        held = {
            row["mmsi"]: [Interval(row["value"], row["first_us"], row["last_us"], row["reports"])]
            for row in book.held_once(name).to_pylist()
        }
        held |= {n: book.intervals_of(n, name) for n in book.numbers_with_several(name)}
        assert held == {
            number: intervals
            for number in book.numbers().tolist()
            if (intervals := book.intervals(number)[name])
        }


@untimed
@given(row_sets, st.randoms(use_true_random=False), st.integers(1, 7))
def test_order_and_chunks_do_not_matter(rows: list[Row], random: Any, chunk: int) -> None:
    shuffled = random.sample(rows, len(rows))
    book = IdentityBook()
    for start in range(0, len(shuffled), chunk):
        book.update(table_of(shuffled[start : start + chunk]))
    whole = book_of(rows)
    assert book.snapshot() == whole.snapshot()
    assert book.changes(1) == whole.changes(1)
    for mmsi in whole.numbers().tolist():
        assert book.intervals(mmsi) == whole.intervals(mmsi)
        for hour in range(-61, 62, 9):
            time_us = T0 + hour * US_PER_H
            assert book.at(mmsi, time_us) == whole.at(mmsi, time_us)


@untimed
@given(row_sets, row_sets)
def test_merging_two_books_is_one_book_over_both(one: list[Row], two: list[Row]) -> None:
    merged = book_of(one)
    merged.merge(book_of(two))
    assert merged.snapshot() == book_of(one + two).snapshot()


@untimed
@given(row_sets, row_sets)
def test_a_restored_book_goes_on_as_if_never_stopped(one: list[Row], two: list[Row]) -> None:
    restored = IdentityBook.restore(book_of(one).snapshot())
    restored.update(table_of(two))
    assert restored.snapshot() == book_of(one + two).snapshot()


@untimed
@given(row_sets)
def test_intervals_count_every_statement_once(rows: list[Row]) -> None:
    book = book_of(rows)
    for mmsi in book.numbers().tolist():
        for attribute, intervals in book.intervals(mmsi).items():
            said = [r for r in rows if r["mmsi"] == mmsi and r.get(attribute) is not None]
            assert sum(interval.reports for interval in intervals) == len(said)
            for interval in intervals:
                times = [r["time"] for r in said if r[attribute] == interval.value]
                assert {interval.first_us, interval.last_us} <= set(times)


@untimed
@given(row_sets, st.integers(-70, 70))
def test_at_gives_a_value_stated_before_or_else_the_earliest(rows: list[Row], hour: int) -> None:
    book = book_of(rows)
    time_us = T0 + hour * US_PER_H
    for mmsi in book.numbers().tolist():
        name = book.at(mmsi, time_us).name
        said = [r for r in rows if r["mmsi"] == mmsi and r.get("name") is not None]
        before = [r for r in said if r["time"] <= time_us]
        if before:
            # Exact on whole days; inside the day of the last statement any value of that day.
            day = max(r["time"] for r in before) // US_PER_DAY
            assert name in {r["name"] for r in before if r["time"] // US_PER_DAY == day}
        elif said:
            first = min(r["time"] for r in said)
            assert name in {r["name"] for r in said if r["time"] == first}
        else:
            assert name is None


def test_a_number_never_heard_states_nothing() -> None:
    assert IdentityBook().at(416_000_123, T0) == Identity()
    assert IdentityBook().changes() == []
    assert IdentityBook().numbers().tolist() == []


def test_a_position_without_identity_takes_no_room() -> None:
    assert len(book_of([stated(1, lat_deg=1.0, lon_deg=2.0)]).statements()) == 0


def test_memory_follows_what_is_said_not_how_often() -> None:
    rows = [stated(hour / 1000, name="ALPHA", ais_class="A") for hour in range(20_000)]
    statements = book_of(rows).statements()
    assert statements["count"].to_pylist() == [20_000]


def test_each_attribute_is_the_latest_stated_so_far() -> None:
    book = book_of(
        [
            stated(1, name="ALPHA", ais_class="A"),
            stated(30, name="BETA", imo=9_074_729, length_m=80.5, beam_m=12.0, ship_type=30),
            stated(60, callsign="AB12"),
        ]
    )
    assert book.at(416_000_123, T0 + 2 * US_PER_H).name == "ALPHA"
    assert book.at(416_000_123, T0 + 40 * US_PER_H) == Identity(
        name="BETA",
        callsign="AB12",
        imo=9_074_729,
        ship_type=30,
        length_m=80.5,
        beam_m=12.0,
        ais_class="A",
    )


def test_a_renamed_ship_has_two_intervals_and_one_change() -> None:
    rows = names(*((hour, "ALPHA") for hour in (1, 2, 30)), *((h, "BETA") for h in (31, 60, 90)))
    book = book_of(rows)
    intervals = book.intervals(416_000_123)["name"]
    assert [(i.value, i.reports) for i in intervals] == [("ALPHA", 3), ("BETA", 3)]
    assert (intervals[0].first_us, intervals[0].last_us) == (T0 + US_PER_H, T0 + 30 * US_PER_H)
    assert book.changes() == [
        IdentityChange(416_000_123, "name", "ALPHA", "BETA", T0 + 31 * US_PER_H, flip_flop=False)
    ]


def test_a_value_stated_twice_only_is_no_change() -> None:
    assert book_of(names((1, "A1"), (2, "A1"), (3, "A1"), (4, "B1"), (5, "B1"))).changes() == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PEI YUH NO.6", "PEI YUH NO6"),
        ("Sea-Star II", "SEASTAR II"),
        ("LONG NAME OF A VESSEL AT SEA", "LONG NAME OF A VESSE"),
    ],
)
def test_spelling_is_no_change(one: str, other: str) -> None:
    spellings = [(float(hour), one) for hour in range(5)]
    spellings += [(float(hour), other) for hour in range(30, 35)]
    assert book_of(names(*spellings)).changes() == []
    assert comparable("name", one) == comparable("name", other)


def test_back_and_forth_is_one_flip_flop() -> None:
    turns = [(float(day * 24 + i), "AB"[day % 2] + "-SHIP") for day in range(6) for i in range(3)]
    (change,) = book_of(names(*turns)).changes()
    assert (change.old, change.new, change.flip_flop) == ("A-SHIP", "B-SHIP", True)
    assert change.time_us == T0 + US_PER_DAY


def test_two_values_mixed_within_a_day_are_a_flip_flop() -> None:
    rows = names(*((hour / 10, "A-SHIP" if hour % 2 else "B-SHIP") for hour in range(100)))
    (change,) = book_of(rows).changes()
    assert change.flip_flop


def test_an_imo_number_counts_only_with_a_right_check_digit() -> None:
    rows = [stated(hour, imo=9_074_729) for hour in range(4)]
    wrong = [stated(hour, imo=9_074_720) for hour in range(30, 34)]
    right = [stated(hour, imo=9_176_187) for hour in range(30, 34)]
    assert book_of(rows + wrong).changes() == []
    (change,) = book_of(rows + right).changes()
    assert (change.attribute, change.old, change.new) == ("imo", 9_074_729, 9_176_187)


def test_a_hull_that_changed_its_number_is_found_by_its_imo_number() -> None:
    rows = [stated(1, mmsi=416_000_123, imo=9_074_729), stated(2, mmsi=576_000_1, imo=9_074_729)]
    assert book_of(rows).numbers_of(9_074_729) == (5_760_001, 416_000_123)


def test_plain_text_columns_and_missing_columns_are_read_too() -> None:
    book = IdentityBook()
    time = pa.array([T0], pa.timestamp("us", tz="UTC"))
    book.update(pa.table({"mmsi": pa.array([1], pa.int32()), "time": time, "name": ["ALPHA"]}))
    assert book.at(1, T0).name == "ALPHA"


def test_a_length_that_is_no_number_is_not_stated() -> None:
    rows = [stated(1, name="A", length_m=value) for value in (float("nan"), float("inf"), 0.0)]
    assert book_of(rows).at(416_000_123, T0).length_m is None


def test_bytes_that_are_no_snapshot_are_refused() -> None:
    with pytest.raises(StoreError, match="not a snapshot"):
        IdentityBook.restore(b"nonsense")


def test_many_numbers_grow_the_table() -> None:
    numbers = np.arange(5000) + 200_000_000
    book = book_of([stated(1, mmsi=int(n), name=f"SHIP {n}") for n in numbers])
    assert book.numbers().tolist() == numbers.tolist()
    assert book.at(200_004_321, T0).name == "SHIP 200004321"


@pytest.mark.parametrize(
    ("ship_type", "name", "role"),
    [
        (30, None, "fishing"),
        (70, "REEFER ONE", "cargo"),
        (79, None, "cargo"),
        (84, None, "tanker"),
        (31, None, "tug"),
        (52, None, "tug"),
        (50, None, "pilot"),
        (51, None, "sar"),
        (69, None, "passenger"),
        (36, None, "pleasure"),
        (37, None, "pleasure"),
        (55, None, "law"),
        (33, None, "dredging"),
        (90, None, "other"),
        (203, None, "other"),
        (None, None, "unknown"),
        (0, "ALPHA", "unknown"),
        (None, "F/V ALPHA", "fishing"),
        (70, "F/V ALPHA", "cargo"),
        (None, "FVALPHA", "unknown"),
    ],
)
def test_the_role_follows_the_type_and_a_name_only_without_one(
    ship_type: int | None, name: str | None, role: str
) -> None:
    assert role_of(ship_type, name) == role


@pytest.mark.real_data
def test_two_real_hulls_on_one_number_show_as_changed_names(shared_data: Path) -> None:
    book = IdentityBook()
    for table in feeds.read([shared_data / "tracks" / "gpsdio" / "regr_412588888.json.gz"]):
        book.update(table)
    changes = [change for change in book.changes() if change.attribute == "name"]
    assert ("HONGDA8", "GUIHEYU33168") in {(change.old, change.new) for change in changes}
