"""The commands, in process: arguments in, text and exit codes out."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from darkwake.cli import app
from darkwake.config import keys
from darkwake.options import ReplayOptions
from darkwake.outputs import ReplayResult
from darkwake.progress import Progress
from darkwake.settings import Settings
from tests.darkwake.conftest import Engine
from tests.darkwake.samples import dark_period, names, result
from vessels.errors import InputError, NoTimeError

UseEngine = Callable[[Engine], None]
RUNNER = CliRunner()


def run(*arguments: object) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr."""
    done = RUNNER.invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def test_replay_hands_every_option_to_the_engine(tmp_path: Path, use_engine: UseEngine) -> None:
    seen: list[tuple[ReplayOptions, Settings]] = []

    def engine(options: ReplayOptions, settings: Settings, _: Progress) -> ReplayResult:
        seen.append((options, settings))
        return result()

    use_engine(engine)
    (tmp_path / "c.toml").write_text("[hulls]\nslack_m = 7\n")
    line = (
        "replay a.csv b/*.csv --format csv --start-time 2020-01-01 --from 2021-01-01T00:00:00+01:00"
        " --to 2021-02-01 --bbox 170,-10,-170,10 --workers 3 --tracks --no-map --map-limit 5"
    )
    code, _, _ = run(
        *line.split(),
        *("--columns", 'mmsi=ID,"time=When, UTC",lat=Y,lon=X,sog=a=b'),
        *("--config", tmp_path / "c.toml", "--out", tmp_path / "out"),
    )
    ((options, settings),) = seen
    assert code == 0
    assert options.paths == ("a.csv", "b/*.csv")
    assert options.format == "csv"
    assert options.columns == {
        "mmsi": "ID",
        "time": "When, UTC",
        "lat": "Y",
        "lon": "X",
        "sog": "a=b",
    }
    assert options.start_time_us == 1_577_836_800_000_000
    assert options.from_us == 1_609_455_600_000_000
    assert options.to_us == 1_612_137_600_000_000
    assert options.bbox == (170.0, -10.0, -170.0, 10.0)
    assert (options.workers, options.tracks, options.draw_map, options.map_limit) == (
        *(3, True, False, 5),
    )
    assert settings.hulls.slack_m == 7


def test_replay_writes_the_result_and_says_what_it_found(
    tmp_path: Path, use_engine: UseEngine
) -> None:
    use_engine(lambda *_: result())
    code, out, err = run("replay", "a.nmea", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert names(tmp_path / "out") == [
        *("alerts.html", "events.geojson", "events.parquet", "identities.parquet"),
        *("run.json", "vessels.parquet"),
    ]
    for words in ("rows read", "10", "rejected: noise", "events: dark_period", "alerts.html"):
        assert words in out


def test_tracks_written_by_the_engine_come_with_the_result(
    tmp_path: Path, use_engine: UseEngine
) -> None:
    def engine(options: ReplayOptions, *_: object) -> ReplayResult:
        path = options.out / "tracks.parquet"
        path.write_bytes(b"PAR1")
        return result(tracks=path)

    use_engine(engine)
    assert run("replay", "a.nmea", "--no-map", "--tracks", "--out", tmp_path / "out")[0] == 0
    assert (tmp_path / "out" / "tracks.parquet").read_bytes() == b"PAR1"


@pytest.mark.parametrize("error", [InputError("no AIS", path="a\x1b[31m.nmea"), NoTimeError("x")])
def test_an_input_error_is_one_clean_line_and_leaves_nothing(
    tmp_path: Path, use_engine: UseEngine, error: InputError
) -> None:
    def engine(options: ReplayOptions, *_: object) -> ReplayResult:
        (options.out / "tracks.parquet").write_bytes(b"half")
        raise error

    use_engine(engine)
    code, out, err = run("replay", "a.nmea", "--out", tmp_path / "deep" / "out")
    assert (code, out) == (4, "")
    assert err.startswith("darkwake: ")
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert names(tmp_path) == []


def test_ctrl_c_exits_130_and_leaves_nothing(tmp_path: Path, use_engine: UseEngine) -> None:
    def engine(options: ReplayOptions, *_: object) -> ReplayResult:
        (options.out / "tracks.parquet").write_bytes(b"half")
        raise KeyboardInterrupt

    use_engine(engine)
    code, _, err = run("replay", "a.nmea", "--out", tmp_path / "out")
    assert (code, err) == (130, "darkwake: interrupted\n")
    assert names(tmp_path) == []


def test_an_out_that_cannot_be_written_is_told_before_the_engine_starts(
    tmp_path: Path, use_engine: UseEngine
) -> None:
    use_engine(lambda *_: pytest.fail("the engine ran"))
    (tmp_path / "file").write_text("mine")
    code, _, err = run("replay", "a.nmea", "--out", tmp_path / "file" / "out")
    assert code == 5
    assert err.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "xml"), "--format: 'xml' is not one of auto, nmea"),
        (("--bbox", "1,2,3"), "is not W,S,E,N in degrees"),
        (("--bbox", "0,20,1,10"), "-90 <= S <= N <= 90"),
        (("--bbox", "0,nan,1,10"), "-90 <= S <= N <= 90"),
        (("--from", "yesterday"), "--from: 'yesterday' is not a time"),
        (("--from", "2021-02-01", "--to", "2021-01-01"), "is later than --to"),
        (("--start-time", "31/01/2021"), "--start-time: '31/01/2021' is not a time"),
        (("--columns", "mmsi"), "'mmsi' is not NAME=COLUMN"),
        (("--columns", "speed=S"), "'speed' is not one of mmsi, time"),
        (("--columns", "mmsi=A,mmsi=B"), "mmsi is given twice"),
        (("--workers", "0"), "--workers"),
        (("tcp://127.0.0.1:5631",), "is an address"),
    ],
)
def test_a_wrong_option_exits_2_and_says_what_would_be_right(
    tmp_path: Path, use_engine: UseEngine, arguments: tuple[str, ...], words: str
) -> None:
    use_engine(lambda *_: pytest.fail("the engine ran"))
    code, _, err = run("replay", "a.nmea", *arguments, "--out", tmp_path / "out")
    assert code == 2
    assert words in err
    assert names(tmp_path) == []


def test_a_wrong_configuration_exits_3(tmp_path: Path, use_engine: UseEngine) -> None:
    use_engine(lambda *_: pytest.fail("the engine ran"))
    (tmp_path / "c.toml").write_text("[hulls]\nslack = 7\n")
    code, _, err = run(
        *("replay", "a.nmea", "--config", tmp_path / "c.toml", "--out", tmp_path / "out"),
    )
    assert code == 3
    assert err.endswith("c.toml:2: hulls.slack: unknown key; did you mean slack_m?\n")


def test_diff_prints_a_table_and_json(tmp_path: Path, use_engine: UseEngine) -> None:
    use_engine(lambda *_: result())
    assert run("replay", "a", "--no-map", "--out", tmp_path / "a")[0] == 0
    use_engine(lambda *_: result(events=[dark_period(confidence=0.25)]))
    assert run("replay", "a", "--no-map", "--out", tmp_path / "b")[0] == 0
    code, text, _ = run("diff", tmp_path / "a", tmp_path / "b")
    assert code == 0
    assert text.startswith("0 events added, 1 removed, 1 changed, 0 unchanged\n")
    assert dark_period().event_id in text
    code, text, _ = run("diff", tmp_path / "a", tmp_path / "b", "--json")
    (changed,) = json.loads(text)["changed"]
    assert (code, changed["fields"]) == (0, {"confidence": {"a": 0.812, "b": 0.25}})


def test_diff_of_a_missing_run_exits_4(tmp_path: Path) -> None:
    code, _, err = run("diff", tmp_path / "a", tmp_path / "b")
    assert (code, err) == (4, f"darkwake: {tmp_path}/a: no such folder\n")


def test_config_check_lists_every_problem_and_exits_3(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[hulls]\nslack_m = -7\nshared_alternations = 0\n")
    code, _, err = run("config", "check", path)
    assert code == 3
    assert [line.split(": ")[2] for line in err.splitlines()] == [
        *("hulls.slack_m", "hulls.shared_alternations"),
    ]
    code, text, _ = run("config", "check", "--config", path, "--json")
    assert (code, json.loads(text)["ok"], len(json.loads(text)["problems"])) == (3, False, 2)


def test_config_check_of_a_sound_file_exits_0(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[hulls]\nslack_m = 7\n")
    code, text, _ = run("config", "check", path)
    assert code == 0
    assert text.endswith(f"c.toml: well; 1 of {len(list(keys()))} values are not defaults\n")
    assert json.loads(run("config", "check", "--json")[1]) == {"ok": True, "problems": []}


def test_config_show_prints_toml_that_can_be_used_as_a_file(tmp_path: Path) -> None:
    first = tmp_path / "a.toml"
    first.write_text("[hulls]\nslack_m = 7\n")
    second = tmp_path / "b.toml"
    second.write_text(run("config", "show", "--config", first)[1])
    code, text, _ = run("config", "show", "--config", second, "--json")
    assert code == 0
    assert json.loads(text) == Settings().parameters() | {"hulls.slack_m": 7.0}


def test_config_explain_tells_everything_about_a_key(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[hulls]\nslack_m = 7\n")
    code, text, _ = run("config", "explain", "hulls.slack_m", "--config", path, "--json")
    (told,) = json.loads(text)
    assert code == 0
    assert (told["value"], told["default"], told["unit"], told["bounds"]) == (
        *(7.0, 2500.0, "m", ">= 0"),
    )
    assert told["variable"] == "DARKWAKE__HULLS__SLACK_M"
    _, text, _ = run("config", "explain", "hulls")
    for key in ("hulls.slack_m", "hulls.shared_alternations", "hulls.max_speed_knots"):
        assert key in text


def test_config_explain_of_an_unknown_key_suggests_one() -> None:
    code, _, err = run("config", "explain", "hulls.slak_m")
    assert code == 2
    assert "did you mean hulls.slack_m?" in err
    assert "did you mean hulls.slack_m?" in run("config", "explain", "slack_m")[2]


def test_demo_prints_where_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("darkwake.demo")
    module.run_demo = lambda out: out / "alerts.html"
    monkeypatch.setitem(sys.modules, "darkwake.demo", module)
    code, text, _ = run("demo", "--out", tmp_path)
    assert code == 0
    assert f"{tmp_path}/alerts.html" in text


def test_version_is_that_of_the_project() -> None:
    pyproject = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text("utf-8")
    code, text, _ = run("--version")
    assert code == 0
    assert f'version = "{text.split()[1]}"' in pyproject


def test_names_from_outside_reach_the_terminal_as_plain_text(
    tmp_path: Path, use_engine: UseEngine
) -> None:
    use_engine(lambda *_: result(events=[]))
    assert run("replay", "a", "--no-map", "--out", tmp_path / "a")[0] == 0
    hostile = dark_period(vessel_name="[red]X[/red] :ship: \x1b]0;owned\x07", flag="[b]")
    use_engine(lambda *_: result(events=[dark_period(), hostile.with_(mmsi=5)]))
    assert run("replay", "a", "--no-map", "--out", tmp_path / "b")[0] == 0
    other = hostile.with_(mmsi=5, vessel_name="[bold]Y")
    use_engine(lambda *_: result(events=[dark_period(), other]))
    assert run("replay", "a", "--no-map", "--out", tmp_path / "c")[0] == 0
    _, text, _ = run("diff", tmp_path / "b", tmp_path / "c")
    assert "[red]X[/red] :ship:" in text
    assert "[bold]Y" in text
    assert "\x1b" not in text
