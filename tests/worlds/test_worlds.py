"""Worlds are deterministic, hold what they say, and their files hold the same rows."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyais
import pytest

from tests.worlds import World, make_world, score, write_dma, write_marinecadastre, write_nmea
from tests.worlds.model import NM_M, Truth
from tests.worlds.scoring import Score
from tests.worlds.sphere import distance


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(11)


def event(truth: Truth, **changes: object) -> dict[str, object]:
    """Return event properties that say exactly what was planted."""

    def iso(t_s: int) -> str:
        return datetime.fromtimestamp(t_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    numbers = sorted(truth.mmsis)
    values = {
        "type": truth.type,
        "start": iso(truth.start_s),
        "end": None if truth.end_s is None else iso(truth.end_s),
        "mmsi": numbers[0],
        "other_mmsi": numbers[1] if len(numbers) > 1 else None,
        "lat": truth.lat,
        "lon": truth.lon,
    }
    return {**values, **changes}


def perfect(world: World) -> list[dict[str, object]]:
    return [event(truth) for truth in world.truths if truth.required]


def test_equal_seeds_give_equal_worlds_and_others_do_not(world: World) -> None:
    again, other = make_world(11), make_world(12)
    assert again.truths == world.truths
    for name, column in world.rows.columns.items():
        assert np.array_equal(column, again.rows.columns[name], equal_nan=True), name
    assert not np.array_equal(other.rows.mmsi[:1000], world.rows.mmsi[:1000])


def test_every_long_silence_of_a_ship_under_way_is_planted(world: World) -> None:
    planted = {
        (next(iter(truth.mmsis)), truth.start_s)
        for truth in world.truths
        if truth.type == "dark_period"
    }
    lying = (1, 5)
    last_of_renamed = {t.mmsis for t in world.truths if t.what == "new name"}
    seen = set()
    for who, identity in enumerate(world.identities):
        rows = world.rows.where(world.rows.who == who)
        if identity.kind != "ship" or frozenset({identity.mmsi}) in last_of_renamed:
            continue
        for truth in world.truths:  # a wild fix is no sign of life
            if "wild" in truth.what and truth.type == "dark_period" and truth.end_s:
                inside = (rows.t_s > truth.start_s) & (rows.t_s < truth.end_s)
                rows = rows.where(~inside | ({identity.mmsi} != truth.mmsis))
        silences = np.diff(np.append(rows.t_s, world.now_s))
        for i in np.flatnonzero(silences >= 12 * 3600):
            if rows.status[i] not in lying:
                seen.add((identity.mmsi, int(rows.t_s[i])))
    assert seen == planted


def test_planted_encounters_are_close_slow_and_long_in_the_recorded_rows(world: World) -> None:
    for truth in (t for t in world.truths if t.type == "encounter"):
        one, other = (world.rows.where(world.rows.mmsi == mmsi) for mmsi in sorted(truth.mmsis))
        one, other = (
            rows.where((rows.t_s >= truth.start_s) & (rows.t_s <= truth.end_s))
            for rows in (one, other)
        )
        for rows in (one, other):
            assert rows.t_s[-1] - rows.t_s[0] > 2 * 3600
            assert np.median(rows.sog) < 2.0
        nearest = np.abs(one.t_s[:, None] - other.t_s[None, :])
        j = nearest.argmin(axis=1)
        near_in_time = nearest.min(axis=1) < 120
        gap_m = distance(one.lat, one.lon, other.lat[j], other.lon[j])[near_in_time]
        strays = 2 if "wild" in truth.what else 0
        assert np.sum(gap_m > 460.0) <= strays, truth


def test_planted_jumps_leave_and_come_back(world: World) -> None:
    for truth in (t for t in world.truths if t.type == "implausible_position"):
        rows = world.rows.where(world.rows.mmsi == next(iter(truth.mmsis)))
        inside = (rows.t_s >= truth.start_s) & (rows.t_s <= truth.end_s)
        assert 5 <= inside.sum() <= 30
        home = rows.where(~inside)
        away_m = distance(home.lat[0], home.lon[0], rows.lat[inside], rows.lon[inside])
        stray_m = distance(home.lat[0], home.lon[0], home.lat, home.lon)
        assert stray_m.max() < 125 * NM_M < away_m.max()


def test_an_outage_silences_everybody_and_excuses_what_it_hides() -> None:
    whole, world = make_world(5), make_world(5, outage_h=14.0)
    gap = np.diff(world.rows.t_s)
    assert gap.max() >= 14 * 3600 - 60
    hidden = [t for t in world.truths if not t.required]
    assert len(hidden) > len([t for t in whole.truths if not t.required])


def test_a_world_without_plants_asks_for_nothing() -> None:
    assert not [t for t in make_world(3, plants=False).truths if t.required]


def test_the_three_files_hold_the_same_positions(world: World, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("w.nmea", "mc.csv", "dma.csv")]
    for write, path in zip((write_nmea, write_marinecadastre, write_dma), paths, strict=True):
        assert write(world, path) >= len(world.rows)
    with paths[1].open(encoding="utf-8") as file:
        cadastre = list(csv.DictReader(file))
    with paths[2].open(encoding="utf-8") as file:
        danish = list(csv.DictReader(file))
    assert len(cadastre) == len(danish) == len(world.rows)
    for mc, dma in zip(cadastre[::97], danish[::97], strict=True):
        assert mc["mmsi"] == dma["MMSI"]
        mc_time = datetime.strptime(mc["base_date_time"], "%Y-%m-%d %H:%M:%S").astimezone()
        dma_time = datetime.strptime(dma["# Timestamp"], "%d/%m/%Y %H:%M:%S").astimezone()
        assert mc_time == dma_time
        assert float(mc["latitude"]) == pytest.approx(float(dma["Latitude"]), abs=6e-6)
        assert (mc["sog"], mc["cog"], mc["heading"]) == (dma["SOG"], dma["COG"], dma["Heading"])


def test_sentences_decode_to_the_rows_they_were_made_of(world: World, tmp_path: Path) -> None:
    path = tmp_path / "w.nmea"
    write_nmea(world, path)
    kinds = {}
    with path.open("rb") as file:
        lines = file.read().splitlines()
    i, row = 0, -1
    while i < 6000:
        parts = [lines[i]] if b"AIVDM,1,1," in lines[i] else lines[i : i + 2]
        i += len(parts)
        message = pyais.decode(
            *(part.split(b"\\")[2] for part in parts), error_if_checksum_invalid=True
        )
        kinds[message.msg_type] = kinds.get(message.msg_type, 0) + 1
        if message.msg_type in (5, 24):
            assert message.mmsi == world.rows.mmsi[row]
            ship = world.identities[world.rows.who[row]]
            assert getattr(message, "shipname", ship.name) == ship.name
            assert getattr(message, "callsign", ship.callsign) == ship.callsign
            continue
        row += 1
        assert message.mmsi == world.rows.mmsi[row]
        assert message.lat == pytest.approx(world.rows.lat[row], abs=1.5e-6)
        assert message.lon == pytest.approx(world.rows.lon[row], abs=1.5e-6)
        if message.msg_type in (1, 18):
            assert message.speed == world.rows.sog[row]
            assert message.course == world.rows.cog[row]
        assert f"c:{world.rows.t_s[row]}".encode() in parts[0]
    assert set(kinds) == {1, 4, 5, 9, 18, 21, 24}


def test_perfect_events_score_one(world: World) -> None:
    for name, result in score(world, perfect(world)).items():
        assert (result.recall, result.precision) == (1.0, 1.0), name
        assert result.required >= 4, name


def test_a_missing_event_and_a_second_one_and_an_unplanted_one_cost(world: World) -> None:
    events = perfect(world)
    first = next(e for e in events if e["type"] == "loitering")
    without = score(world, [e for e in events if e is not first])["loitering"]
    assert len(without.misses) == 1
    assert without.precision == 1.0
    assert len(score(world, [*events, dict(first)])["loitering"].false) == 1
    unplanted = {**first, "mmsi": 999}
    assert len(score(world, [*events, unplanted])["loitering"].false) == 1


def test_an_event_at_the_wrong_time_or_with_the_wrong_end_does_not_count(world: World) -> None:
    truth = next(t for t in world.truths if t.type == "dark_period" and t.end_s)
    still_open = score(world, [event(truth, end=None)])["dark_period"]
    early = score(world, [event(truth, start="2020-01-01T00:00:00Z", end="2020-01-02T00:00:00Z")])[
        "dark_period"
    ]
    for result in (still_open, early):
        assert len(result.false) == 1
        assert truth in result.misses


def test_what_is_allowed_is_neither_found_nor_false(world: World) -> None:
    required = {m for t in world.truths if t.type == "loitering" and t.required for m in t.mmsis}
    truth = next(t for t in world.truths if t.what == "slow" and not t.mmsis & required)
    result = score(world, [event(truth)])["loitering"]
    assert (result.found, result.false) == (0, [])


def test_no_events_score_nothing_found_and_nothing_false(world: World) -> None:
    result = score(world, [])["encounter"]
    assert result.recall == 0.0
    assert result.precision == Score().precision == 1.0
