"""Packings: what may lie around a file, and what is refused."""

import bz2
import gzip
import hashlib
import io
import struct
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import feeds
from feeds import containers, source
from tests.feeds.samples import OLD_HEADER, SIMPLE_HEADER, SIMPLE_ROW, old_row, read_all
from vessels.errors import InputError

CSV = f"{SIMPLE_HEADER}\n{SIMPLE_ROW}\n".encode()


def _zip(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return path


def _csv(mmsi: int) -> bytes:
    return f"{SIMPLE_HEADER}\n{mmsi},2022-01-03T00:00:00Z,1.5,2.5\n".encode()


def test_zip_members_are_read_in_name_order(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a", b=_csv(2), c__a=_csv(3), a=_csv(1))
    table, report = read_all(path)
    assert table["mmsi"].to_pylist() == [1, 2, 3]
    assert [entry.path for entry in report.inputs] == [str(path)]


def test_members_that_are_no_ais_data_are_listed_as_skipped(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a", readme=b"Hello\n", day=_csv(1), _dot_DS_Store=b"\0\1")
    table, report = read_all(path)
    assert table.num_rows == 1
    skipped = [entry.path for entry in report.inputs if entry.format == "skipped"]
    assert skipped == [f"{path}!readme"]


def test_a_packed_parquet_is_read_from_a_temporary_file(tmp_path: Path) -> None:
    table, _ = read_all(_zip(tmp_path / "plain", day=_csv(1)))
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    again, report = read_all(_zip(tmp_path / "a", day=buffer.getvalue()))
    assert again.to_pylist() == table.to_pylist()
    assert report.inputs[0].format == "parquet"


def test_a_zip_of_zips_is_read(tmp_path: Path) -> None:
    inner = _zip(tmp_path / "inner", day=_csv(1)).read_bytes()
    assert read_all(_zip(tmp_path / "outer", day=inner))[0].num_rows == 1


def test_three_packings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(bz2.compress(gzip.compress(CSV))))
    with pytest.raises(InputError, match="packed more than 2 times"):
        read_all(tmp_path / "a")


@pytest.mark.parametrize("pack", ["gzip", "bz2", "zstd"])
@pytest.mark.parametrize("share", [0.2, 0.7, 0.999])
def test_a_truncated_file_is_named(tmp_path: Path, pack: str, share: float) -> None:
    rows = [old_row(MMSI=str(i * 7919), SOG=f"{i % 97 / 10}") for i in range(1, 5_000)]
    data = "\n".join([OLD_HEADER, *rows]).encode()
    pressed = {
        "gzip": gzip.compress(data),
        "bz2": bz2.compress(data),
        "zstd": pa.compress(data, codec="zstd", asbytes=True),
    }[pack]
    path = tmp_path / "day.csv"
    path.write_bytes(pressed[: int(len(pressed) * share)])
    with pytest.raises(InputError, match=r"day\.csv: truncated or damaged"):
        read_all(path)


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    pressed = bytearray(gzip.compress(CSV))
    pressed[-5] ^= 0xFF
    (tmp_path / "a").write_bytes(pressed)
    with pytest.raises(InputError, match="truncated or damaged"):
        read_all(tmp_path / "a")


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a", day=CSV)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="truncated or damaged zip"):
        read_all(path)


def test_a_damaged_zip_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("day", CSV)
    path.write_bytes(path.read_bytes().replace(b"200000001", b"200000002"))
    with pytest.raises(InputError, match=r"a!day: truncated or damaged"):
        read_all(path)


def test_damage_under_two_packings_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a"
    pressed = gzip.compress(CSV)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("day.gz", pressed)
    path.write_bytes(path.read_bytes().replace(pressed[-8:], bytes(8)))
    with pytest.raises(InputError, match=r"a!day\.gz: truncated or damaged"):
        read_all(path)


@pytest.mark.parametrize("name", ["../day", "/etc/day", "a/../../day", "C:\\day", "..\\day"])
def test_unsafe_member_names_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(name, CSV)
    with pytest.raises(InputError, match="unsafe name"):
        read_all(path)


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a", day=CSV)
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark) + place
        flags = struct.unpack_from("<H", data, at)[0]
        struct.pack_into("<H", data, at, flags | 1)
    path.write_bytes(data)
    with pytest.raises(InputError, match="encrypted"):
        read_all(path)


def test_a_method_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a", day=CSV)
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", data, data.index(mark) + place, 9)  # deflate64
    path.write_bytes(data)
    with pytest.raises(InputError, match="a!day: cannot be unzipped"):
        read_all(path)


@pytest.mark.parametrize("pack", ["gzip", "zip", "gzip in zip"])
def test_a_bomb_is_refused_while_it_unpacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: str
) -> None:
    monkeypatch.setattr(source, "RATIO_FLOOR_BYTES", 1 << 16)
    bomb = CSV + b"\n" * (1 << 24)
    path = tmp_path / "a"
    if pack == "gzip":
        path.write_bytes(gzip.compress(bomb))
    else:
        _zip(path, day=bomb if pack == "zip" else gzip.compress(bomb))
    with pytest.raises(InputError, match="zip bomb"):
        read_all(path)


def test_too_much_in_all_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_UNPACKED_BYTES", 10)
    (tmp_path / "a").write_bytes(gzip.compress(CSV))
    with pytest.raises(InputError, match="unpacks to more than"):
        read_all(tmp_path / "a")


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_ZIP_MEMBERS", 1)
    with pytest.raises(InputError, match="more than 1 files"):
        read_all(_zip(tmp_path / "a", a=CSV, b=CSV))


def test_a_packed_parquet_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MAX_SPOOL_BYTES", 10)
    with pytest.raises(InputError, match="unpack it first"):
        read_all(_zip(tmp_path / "a", day=b"PAR1" + bytes(100)))


@pytest.mark.parametrize("pack", ["plain", "gzip", "zip", "parquet"])
def test_the_hash_is_of_the_raw_bytes_and_progress_ends_full(tmp_path: Path, pack: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(CSV) if pack == "gzip" else CSV)
    if pack == "zip":
        _zip(path, day=CSV)
    if pack == "parquet":
        table, _ = read_all(path)
        pq.write_table(table, path)
    seen: list[tuple[int, int | None]] = []
    _, report = read_all(path, progress=lambda done, known: seen.append((done, known)))
    entry = report.inputs[0]
    assert entry.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry.bytes == path.stat().st_size
    assert seen[-1] == (entry.bytes, entry.bytes)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_read_that_is_left_early_closes_its_file_and_thread(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(CSV + CSV.split(b"\n", 1)[1] * 300_000)
    tables = feeds.read(path, batch_rows=1)
    assert next(tables).num_rows == 1
    tables.close()  # an open file would be a ResourceWarning, an error here
