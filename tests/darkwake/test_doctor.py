"""`doctor` tells a fit machine from one that is not, and never raises."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from typer.testing import CliRunner

from darkwake import doctor, shipped
from darkwake.cli import app
from maps.assets import MissingAsset


def failed() -> list[str]:
    return [check.name for check in doctor.run_checks() if not check.ok]


def run_doctor() -> tuple[int, str]:
    done = CliRunner().invoke(app, ["doctor", "--json"])
    return done.exit_code, done.stdout


@pytest.fixture
def fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the machine fit: the memory, disk and tree of the tester are not the point."""
    (tmp_path / "no-pins").write_text("")
    monkeypatch.setattr(shipped, "TREE", tmp_path)
    monkeypatch.setattr(shipped, "PINS", tmp_path / "no-pins")
    memory = SimpleNamespace(available=8 << 30, total=16 << 30)
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=8 << 30))


@pytest.mark.usefixtures("fit")
def test_a_fit_machine_passes_every_check_and_exits_0() -> None:
    code, text = run_doctor()
    told = json.loads(text)
    assert [check["found"] for check in told["checks"] if not check["ok"]] == []
    assert (code, told["ok"]) == (0, True)


@pytest.mark.usefixtures("fit")
def test_a_problem_exits_1_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    code, text = run_doctor()
    assert code == 1
    bad = [check for check in json.loads(text)["checks"] if not check["ok"]]
    assert [check["name"] for check in bad] == ["temporary space"]


@pytest.mark.usefixtures("fit")
def test_a_changed_missing_or_unpinned_data_file_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "vessels" / "data"
    data.mkdir(parents=True)
    (data / "changed").write_text("b")
    (data / "new").write_text("c")
    pins = tmp_path / "pins"
    pins.write_text(f"{'0' * 64}  vessels/data/changed\n{'0' * 64}  vessels/data/gone\n")
    monkeypatch.setattr(shipped, "PINS", pins)
    assert shipped.wrong_files() == [
        "vessels/data/gone: missing",
        "vessels/data/new: not pinned",
        "vessels/data/changed: changed",
    ]
    assert failed() == ["shipped data"]


@pytest.mark.usefixtures("fit")
def test_missing_parts_of_the_installation_are_problems_not_crashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> bytes:
        raise MissingAsset(name)

    def broken() -> None:
        raise duckdb.Error("cannot open")

    (tmp_path / "file").write_text("")
    monkeypatch.setattr("maps.assets.installed_asset", missing)
    monkeypatch.setattr("duckdb.connect", broken)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr("darkwake.versions.DISTRIBUTIONS", ("no-such-package",))
    assert failed() == ["versions", "numba cache", "map assets", "duckdb"]


def test_shipped_data_are_as_pinned() -> None:
    assert shipped.wrong_files() == []
