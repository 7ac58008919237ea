"""Times: every form that is read, and day or month first decided once for a file."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.columns import numbers, text_of_values
from feeds.layout import Layout
from feeds.textkernels import OK
from feeds.times import TimeRule, decide
from tests.feeds.samples import SIMPLE_HEADER, read_all, simple_file, write_lines
from vessels.errors import InputError

EXPECTED = datetime(2022, 3, 4, 5, 6, 7, tzinfo=UTC)


def _times(path: Path, *written: str, hint: str = "") -> tuple[list[datetime], dict[str, int]]:
    rows = [f"{200_000_000 + i},{time},1.5,2.5" for i, time in enumerate(written)]
    columns = {"time": f"time{hint}"} if hint else None
    table, report = read_all(simple_file(path / "a.csv", *rows), columns=columns)
    return table["time"].to_pylist(), dict(report.rejected)


@pytest.mark.parametrize(
    "written",
    [
        "2022-03-04T05:06:07",
        "2022-03-04 05:06:07",
        "2022-03-04T05:06:07Z",
        "2022-03-04T05:06:07.000Z",
        "2022-03-04 05:06:07+00:00",
        "2022-03-04 05:06:07 UTC",
        "2022-03-04T07:06:07+02:00",
        "2022-03-03T23:36:07-0530",
        "2022/03/04 05:06:07",
        "20220304T050607Z",
        "1646370367",
        "1646370367.0",
        "1.646370367e9",
        "1646370367000",
        "1646370367000000",
        "1646370367000000000",
    ],
)
def test_each_form_of_a_time_is_read(tmp_path: Path, written: str) -> None:
    assert _times(tmp_path, written) == ([EXPECTED], {})


def test_fractions_are_kept_to_the_microsecond(tmp_path: Path) -> None:
    times, _ = _times(tmp_path, "2022-03-04 05:06:07.5", "2022-03-04 05:06:07.123456789")
    assert [time.microsecond for time in times] == [500_000, 123_456]


def test_clock_without_seconds_and_with_am_pm(tmp_path: Path) -> None:
    times, _ = _times(tmp_path, "13/03/2022 05:06", "13/03/2022 12:00:00 AM", "13/03/2022 1:02 PM")
    assert [(time.hour, time.minute) for time in times] == [(5, 6), (0, 0), (13, 2)]


@pytest.mark.parametrize(
    "written",
    [
        "2022-13-04T05:06:07",
        "2022-02-30T05:06:07",
        "2022-03-04T24:06:07",
        "2022-03-04T05:61:07",
        "2022-03-04",
        "yesterday",
        "1989-12-31T23:59:59",
        "2363-01-01T00:00:00",
        "2022-03-04T05:06:07 CET",
    ],
)
def test_unreadable_and_implausible_times_are_bad_time(tmp_path: Path, written: str) -> None:
    _, rejected = _times(tmp_path, "2022-03-04T05:06:07", "2022-03-04T05:06:08", written)
    assert rejected == {"bad_time": 1}


@pytest.mark.parametrize("written", ["", "  ", "null", "NaN", "N/A"])
def test_a_blank_time_is_no_time(tmp_path: Path, written: str) -> None:
    assert _times(tmp_path, "2022-03-04T05:06:07", written)[1] == {"no_time": 1}


def test_one_certain_date_settles_the_whole_file(tmp_path: Path) -> None:
    by_day, _ = _times(tmp_path, "04/03/2022 05:06:07", "25/03/2022 00:00:00")
    by_month, _ = _times(tmp_path, "03/04/2022 05:06:07", "03/25/2022 00:00:00")
    assert by_day[0] == by_month[0] == EXPECTED


def test_dates_that_read_both_ways_are_refused_with_the_hint_to_give(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--columns time=time:dmy or time=time:mdy"):
        _times(tmp_path, "03/04/2022 05:06:07")


def test_the_hint_settles_them(tmp_path: Path) -> None:
    assert _times(tmp_path, "04/03/2022 05:06:07", hint=":dmy")[0] == [EXPECTED]
    assert _times(tmp_path, "03/04/2022 05:06:07", hint=":mdy")[0] == [EXPECTED]
    assert _times(tmp_path, "1646370367", hint=":s")[0] == [EXPECTED]


def test_dates_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="day first in some rows and month first in others"):
        _times(tmp_path, "25/03/2022 00:00:00", "03/25/2022 00:00:00")


def test_with_a_hint_the_contradicting_row_is_bad_time(tmp_path: Path) -> None:
    times, rejected = _times(tmp_path, "25/03/2022 00:00:00", "03/25/2022 00:00:00", hint=":dmy")
    assert (len(times), rejected) == (1, {"bad_time": 1})


def test_a_column_without_one_readable_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"times in column 'time' cannot be read.*'Monday'"):
        _times(tmp_path, *["Monday"] * 20)


def test_the_unit_of_epochs_is_decided_once(tmp_path: Path) -> None:
    rows = [f"200000001,{1646370367000 + i},1.5,2.5" for i in range(9)]
    rows.append("200000001,1646370367,1.5,2.5")  # seconds among milliseconds: 1970
    _, report = read_all(write_lines(tmp_path / "a.csv", [SIMPLE_HEADER, *rows]))
    assert report.rejected == {"bad_time": 1}


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)),  # noqa: DTZ001
    st.sampled_from(["T", " "]),
    st.sampled_from(["", "Z", "+00:00"]),
)
def test_iso_times_agree_with_the_standard_library(moment: datetime, gap: str, zone: str) -> None:
    column = text_of_values([moment.isoformat(gap) + zone])
    values, status = TimeRule("iso").apply(column)
    assert status.tolist() == [OK]
    assert values[0] == pa.scalar(moment.replace(tzinfo=UTC), pa.timestamp("us", "UTC")).value


@given(st.floats(-1e18, 1e18), st.sampled_from(["{!r}", " {:.6f}", "+{}"]))
def test_decimals_agree_with_the_standard_library(number: float, form: str) -> None:
    written = form.format(abs(number))
    values, status = numbers(text_of_values([written]))
    assert status.tolist() == [OK]
    assert values[0] == pytest.approx(float(written), rel=1e-14, abs=1e-20)


def test_a_layout_without_evidence_decides_nothing() -> None:
    column = text_of_values([None, ""])
    assert decide(column, Layout("csv", {"time": "time"}), path="x") is None
