"""The compiled decoder gives the fields that pyais gives."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feeds.nmea.sentences import (
    armour,
    expected_row,
    pyais_fields,
    read,
    rows,
    sentence,
    tagged,
)

STANDARD_BITS = {1: 168, 2: 168, 3: 168, 4: 168, 5: 424, 9: 168, 11: 168, 18: 168, 19: 312}
STANDARD_BITS |= {21: 356, 24: 168, 27: 96, 28: 168}


def bits_of(kind: int, mmsi: int, rest: int, length: int) -> str:
    """Return a message of random bits under a type and an MMSI, none of them padding text."""
    return f"{kind:06b}00{mmsi:030b}" + f"{rest:0400b}"[-(length - 38) :]


def decoded(payload: bytes, fill: int) -> dict[str, Any]:
    (row,) = rows([tagged(sentence(payload, fill=fill))])
    row.pop("time")
    return row


def assert_as_pyais(kind: int, mmsi: int, rest: int) -> None:
    bits = bits_of(kind, mmsi, rest, STANDARD_BITS[kind])
    if kind == 24:
        bits = bits[:38] + "0" + bits[39:]  # part A or B
    payload, fill = armour(bits)
    assert decoded(payload, fill) == expected_row(pyais_fields(payload, fill))


@pytest.mark.parametrize("kind", sorted(STANDARD_BITS))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_row_type_decodes_as_pyais_does(kind: int, data: st.DataObject) -> None:
    mmsi = data.draw(st.integers(1, 999_999_999).filter(lambda number: number // 10_000_000 != 98))
    assert_as_pyais(kind, mmsi, data.draw(st.integers(0, (1 << 400) - 1)))


@pytest.mark.parametrize("kind", sorted(STANDARD_BITS))
@pytest.mark.parametrize("rest", [0, (1 << 400) - 1, int("10" * 200, 2)])
def test_extreme_codes_decode_as_pyais_does(kind: int, rest: int) -> None:
    assert_as_pyais(kind, 211_000_001, rest)


def position_bits(lon: int, lat: int, *, sog: int, cog: int, heading: int, status: int = 0) -> str:
    head = f"{1:06b}00{244_123_456:030b}{status:04b}{0:08b}{sog:010b}0"
    place = f"{lon & (1 << 28) - 1:028b}{lat & (1 << 27) - 1:027b}"
    return head + place + f"{cog:012b}{heading:09b}{5:06b}" + "0" * 25


def test_codes_for_not_available_are_nulls() -> None:
    bits = position_bits(181 * 600_000, 91 * 600_000, sog=1023, cog=3600, heading=511, status=15)
    assert decoded(*armour(bits)) == {"mmsi": 244_123_456, "msg_type": 1, "ais_class": "A"}


def test_a_position_out_of_range_is_null_and_the_row_stays() -> None:
    bits = position_bits(100 * 600_000, 90 * 600_000 + 1, sog=70, cog=10, heading=3)
    row = decoded(*armour(bits))
    assert "lat_deg" not in row
    assert "lon_deg" not in row
    assert row["sog_knots"] == 7.0


def test_longitude_180_is_minus_180_and_the_poles_are_kept() -> None:
    row = decoded(*armour(position_bits(180 * 600_000, 90 * 600_000, sog=0, cog=0, heading=0)))
    assert (row["lon_deg"], row["lat_deg"]) == (-180.0, 90.0)
    assert (row["sog_knots"], row["cog_deg"], row["heading_deg"]) == (0.0, 0.0, 0.0)


def test_highest_speed_is_kept_and_courses_above_360_are_null() -> None:
    row = decoded(*armour(position_bits(0, 0, sog=1022, cog=3601, heading=360)))
    assert row["sog_knots"] == pytest.approx(102.2, abs=1e-5)
    assert "cog_deg" not in row
    assert "heading_deg" not in row


def text_bits(text: str) -> str:
    return "".join(f"{(ord(letter) - 64) % 64:06b}" for letter in text)


def test_padding_ends_a_text_and_spaces_are_trimmed_and_joined() -> None:
    name = text_bits("  EVER   GIVEN @JUNK@")[:120]
    bits = f"{24:06b}00{338_000_001:030b}00" + name + "0" * 8
    assert decoded(*armour(bits))["name"] == "EVER GIVEN"


def test_the_name_of_an_aid_goes_on_in_its_extension() -> None:
    head = f"{21:06b}00{992_000_001:030b}{1:05b}" + text_bits("CHINA ROSE MURPHY EX")
    assert len(head) == 163
    bits = head + "0" * (272 - 163) + text_bits("PRESS ALERT@@@")
    assert decoded(*armour(bits))["name"] == "CHINA ROSE MURPHY EXPRESS ALERT"


def test_a_craft_of_a_parent_ship_has_no_size() -> None:
    bits = bits_of(24, 982_440_001, (1 << 400) - 1, 168)
    payload, fill = armour(bits[:38] + "01" + bits[40:])
    row = decoded(payload, fill)
    assert "length_m" not in row
    assert "beam_m" not in row


def test_a_speed_of_an_aircraft_beyond_the_column_is_null() -> None:
    def aircraft(speed: int) -> dict[str, Any]:
        return decoded(*armour(f"{9:06b}00{111_000_001:030b}{300:012b}{speed:010b}" + "0" * 108))

    assert aircraft(102)["sog_knots"] == 102.0
    assert "sog_knots" not in aircraft(103)


@pytest.mark.parametrize(
    ("kind", "least"),
    [(1, 116), (4, 134), (5, 232), (9, 116), (18, 112), (19, 112), (21, 219), (27, 79), (28, 99)],
)
def test_a_payload_cut_before_what_it_is_for_is_a_bad_sentence(kind: int, least: int) -> None:
    whole = bits_of(kind, 211_000_001, 0, 424)
    _, short = read([tagged(_line(*_cut(whole, least - 1)))])
    _, enough = read([tagged(_line(*_cut(whole, least)))])
    assert short.rejected == {"bad_sentence": 1}
    assert enough.rows_decoded == 1


@pytest.mark.parametrize(("part", "least"), [(0, 160), (1, 132)])
def test_half_a_type_24_is_a_bad_sentence(part: int, least: int) -> None:
    whole = f"{24:06b}00{211_000_001:030b}{part:02b}" + "0" * 200
    assert read([tagged(_line(*_cut(whole, least - 1)))])[1].rejected == {"bad_sentence": 1}
    assert read([tagged(_line(*_cut(whole, least)))])[1].rows_decoded == 1


def _line(payload: bytes, fill: int) -> bytes:
    return sentence(payload, fill=fill)


def _cut(bits: str, length: int) -> tuple[bytes, int]:
    return armour(bits[:length])


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(STANDARD_BITS)),
    length=st.integers(38, 430),
    rest=st.integers(0, (1 << 400) - 1),
)
def test_a_cut_payload_never_gives_a_field_it_does_not_hold(
    kind: int, length: int, rest: int
) -> None:
    bits = bits_of(kind, 211_000_001, rest, 438)
    whole = rows([tagged(_line(*_cut(bits, 438)))])
    table, report = read([tagged(_line(*_cut(bits, length)))])
    assert report.rows_read == 1
    for row in table.to_pylist():
        for name, value in row.items():
            if name not in ("name", "destination") and value is not None:
                assert whole[0][name] == value
