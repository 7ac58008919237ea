"""Configuration: defaults, file, environment, and errors that name place, key and remedy."""

from pathlib import Path

import pytest

from darkwake.config import InvalidSettingsError, keys, load_settings
from darkwake.settings import Settings
from darkwake.toml_lines import line_of
from vessels.errors import ConfigError

DURATION = "DARKWAKE__DETECTORS__DARK_PERIOD__MIN_DURATION_H"


def problems(tmp_path: Path, text: str) -> list[str]:
    """Return what is wrong with a file, without the name of its folder."""
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidSettingsError) as caught:
        load_settings(path)
    return [problem.removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_defaults_are_the_published_definitions() -> None:
    values = Settings().parameters()
    assert values["detectors.dark_period.min_duration_h"] == 12.0
    assert values["detectors.encounter.max_distance_m"] == 500.0
    assert values["detectors.encounter.min_duration_h"] == 2.0
    assert values["detectors.encounter.max_median_speed_knots"] == 2.0
    assert values["detectors.encounter.min_port_distance_km"] == 10.0
    assert values["detectors.loitering.min_shore_distance_nm"] == 20.0
    assert values["engine.horizon_h"] == 72.0


def test_the_file_changes_only_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[detectors.dark_period]\nmin_duration_h = 6\n")
    expected = Settings().parameters() | {"detectors.dark_period.min_duration_h": 6.0}
    assert load_settings(path).parameters() == expected


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[detectors.dark_period]\nmin_duration_h = 6\n[hulls]\nslack_m = 5\n")
    monkeypatch.setenv(DURATION, "9.5")
    settings = load_settings(path)
    assert settings.detectors.dark_period.min_duration_h == 9.5
    assert settings.hulls.slack_m == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[hulls]\n\nslack_n = 5\n",
            "c.toml:3: hulls.slack_n: unknown key; did you mean slack_m?",
        ),
        (
            "[detector.encounter]\nparts = 1\n",
            "c.toml:1: detector: unknown key; did you mean detectors?",
        ),
        (
            "[hulls]\nhorizon_h = 5\n",
            "c.toml:2: hulls.horizon_h: unknown key; did you mean engine.horizon_h?",
        ),
        ("zzz = 1\n", "c.toml:1: zzz: unknown key"),
        (
            "engine.horizon_h = 0",
            "c.toml:1: engine.horizon_h: must be greater than 0; got 0",
        ),
        (
            "hulls = {slack_m = true}",
            "c.toml:1: hulls.slack_m: must be a number, not true or false; got True",
        ),
        (
            "[hulls]\nslack_m = nan",
            "c.toml:2: hulls.slack_m: must be a finite number; got nan",
        ),
        ("hulls = 3", "c.toml:1: hulls: is a section, not a value: write [hulls]"),
    ],
)
def test_each_problem_names_line_key_and_remedy(tmp_path: Path, text: str, expected: str) -> None:
    assert problems(tmp_path, text) == [expected]


def test_a_fraction_is_not_a_count(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "[hulls]\nshared_alternations = 2.5")
    assert problem.startswith("c.toml:2: hulls.shared_alternations: must be a valid integer")


def test_all_problems_are_found_at_once_and_the_message_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[hulls]\nslack_m = -1\nshared_alternations = 0\n")
    with pytest.raises(ConfigError, match=r"c.toml:2: .*and 1 more") as caught:
        load_settings(path)
    assert "\n" not in str(caught.value)


def test_toml_that_is_not_toml_names_the_line(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "[hulls]\nslack_m = = 3\n")
    assert problem == "c.toml:2: not TOML: Invalid value"


def test_a_missing_file_and_a_binary_file_are_config_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.toml: cannot be read: No such file"):
        load_settings(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ConfigError, match=r"b.toml: is not UTF-8 text"):
        load_settings(tmp_path / "b.toml")


def test_a_wrong_variable_is_named_with_the_nearest_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DARKWAKE__DETECTORS__DARK_PERIOD__MIN_DURATON_H", "3")
    with pytest.raises(ConfigError, match=f"MIN_DURATON_H: unknown key; did you mean {DURATION}"):
        load_settings()


def test_a_wrong_value_in_the_environment_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[detectors.dark_period]\nmin_duration_h = 6\n")
    monkeypatch.setenv(DURATION, "soon\x1b[2J")
    with pytest.raises(ConfigError, match=f"^environment: {DURATION}: must be a valid") as caught:
        load_settings(path)
    assert "\x1b" not in str(caught.value)


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().hulls.slack_m = 3


def test_every_key_tells_meaning_unit_bounds_and_source() -> None:
    for key in keys():
        assert key.description.endswith("."), key.name
        if key.type in {"int", "float"}:
            assert all((key.unit, key.bounds, key.source)), key.name


def test_every_key_is_in_the_record_of_a_run() -> None:
    assert [key.name for key in keys()] == list(Settings().parameters())


def test_lines_are_found_in_arrays_of_tables_and_quoted_keys() -> None:
    text = '[[feeds]]\nname = "a"\n[[feeds]]\n"name" = "b"\n'
    assert line_of(text, ("feeds", 1, "name")) == 4
    assert line_of(text, ("feeds", 1, "url")) == 3
    assert line_of(text, ("mail",)) is None
