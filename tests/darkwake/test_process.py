"""The command as a process of its own: exit codes, signals, what it leaves and what it loads."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.darkwake.samples import names

ROOT = Path(__file__).resolve().parents[2]

STUCK = """
import sys, time, types
module = types.ModuleType("darkwake.replay")
def replay(options, settings, progress):
    (options.out / "tracks.parquet").write_bytes(b"half")
    print("reading", flush=True)
    time.sleep(60)
module.replay = replay
sys.modules["darkwake.replay"] = module
from darkwake.cli import main
main()
"""


def start(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """Start this Python in another folder, with this tree on its path."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own text
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def darkwake(*arguments: str, cwd: Path) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a command."""
    with start("-m", "darkwake", *arguments, cwd=cwd) as process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--version",), 0),
        (("replay", "--help"), 0),
        (("replay", "a.nmea"), 2),
        (("watch",), 2),
        (("replay", "a.nmea", "--out", "out", "--bbox", "x"), 2),
        (("config", "show", "--config", "none.toml"), 3),
        (("replay", "a.nmea", "--out", "out", "--config", "none.toml"), 3),
        (("diff", "here", "there"), 4),
        (("replay", "a.nmea", "--out", "/dev/null/out"), 5),
    ],
)
def test_exit_codes_are_those_of_the_contract(
    tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    returned, _, err = darkwake(*arguments, cwd=tmp_path)
    assert returned == code, err
    assert "Traceback" not in err
    assert bool(err) == bool(code)
    assert names(tmp_path) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_replay_leaves_nothing_half_written(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with start("-c", STUCK, "replay", "a.nmea", "--out", "deep/out", cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        assert names(tmp_path / "deep") != []
        process.send_signal(number)
        assert process.wait(timeout=60) == code
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    assert names(tmp_path) == []


def test_help_loads_none_of_the_heavy_modules(tmp_path: Path) -> None:
    script = (
        "import sys, darkwake.cli\n"
        "sys.argv = ['darkwake', '--help']\n"
        "try: darkwake.cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'pyarrow', 'numba', 'duckdb', 'pydantic', 'rich', 'folium'}\n"
        "print('heavy:', sorted(heavy & sys.modules.keys()))\n"
    )
    with start("-c", script, cwd=tmp_path) as process:
        out, _ = process.communicate(timeout=60)
    assert out.endswith("heavy: []\n")


def test_json_goes_to_stdout_and_nothing_to_stderr(tmp_path: Path) -> None:
    code, out, err = darkwake("config", "show", "--json", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert out.startswith("{")
