"""A result appears whole or not at all, and what was there before survives a failure."""

from pathlib import Path

import pytest

from darkwake.staging import staging
from tests.darkwake.samples import names
from vessels.errors import InputError, StoreError


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def write_and_fail(out: Path, error: BaseException) -> None:
    with staging(out) as folder:
        write(folder, run__json="new", events__parquet="half")
        raise error


def test_a_new_folder_appears_only_when_the_block_ends(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "er" / "out"
    with staging(out) as folder:
        write(folder, run__json="new")
        assert not out.exists()
    assert names(out) == ["run.json"]
    assert names(out.parent) == ["out"]


@pytest.mark.parametrize("error", [InputError("no AIS"), KeyboardInterrupt(), SystemExit(143)])
def test_nothing_is_left_behind_after(error: BaseException, tmp_path: Path) -> None:
    with pytest.raises(type(error)):
        write_and_fail(tmp_path / "deep" / "out", error)
    assert names(tmp_path) == []


def test_an_old_result_is_untouched_after_a_failure(tmp_path: Path) -> None:
    write(tmp_path, run__json="old", events__parquet="old", notes__txt="mine")
    with pytest.raises(InputError):
        write_and_fail(tmp_path, InputError("no AIS"))
    assert names(tmp_path) == ["events.parquet", "notes.txt", "run.json"]
    assert (tmp_path / "run.json").read_text() == "old"


def test_an_old_result_is_replaced_as_a_whole_and_other_files_stay(tmp_path: Path) -> None:
    write(tmp_path, run__json="old", tracks__parquet="old", alerts__html="old", notes__txt="mine")
    with staging(tmp_path) as folder:
        write(folder, run__json="new", alerts__html="new")
    assert names(tmp_path) == ["alerts.html", "notes.txt", "run.json"]
    assert (tmp_path / "alerts.html").read_text() == "new"
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_out_that_cannot_be_a_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "used" / "run.json").mkdir(parents=True)
    before = names(tmp_path)
    for out in ("file", "file/out", "dangling", "used", "a" * 300, "deep/" + "a" * 300):
        with pytest.raises(StoreError, match=out[:20]), staging(tmp_path / out):
            pytest.fail("the work began")
    assert names(tmp_path) == before


def test_a_full_disk_while_writing_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No space left"), staging(tmp_path / "out"):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


def test_an_error_about_another_file_keeps_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), staging(tmp_path / "out"):
        (tmp_path / "input.nmea").read_text()
