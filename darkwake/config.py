"""Reading the configuration: a TOML file and the environment, with errors a person can act on.

Each problem names its place (file and line, or the variable), the key, what is wrong, and for an
unknown key the nearest known one.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsError

from darkwake.settings import ENV_PREFIX, ENV_SEPARATOR, Settings
from darkwake.toml_lines import line_of
from vessels.errors import ConfigError
from vessels.text import clean_text

__all__ = ["InvalidSettingsError", "Key", "Settings", "keys", "load_settings", "suggestion"]

_SECRETS = ("password", "secret")
"""Keys whose values no message shows."""
_BOUNDS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


class InvalidSettingsError(ConfigError):
    """Everything wrong with a configuration. The message is the first problem."""

    def __init__(self, problems: list[str]) -> None:
        more = len(problems) - 1
        hint = f" (and {more} more: `darkwake config check` lists them)" if more else ""
        super().__init__(f"{problems[0]}{hint}")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Key:
    """One configurable value, as its model describes it."""

    name: str
    """Dotted: detectors.dark_period.min_duration_h."""
    description: str
    type: str
    unit: str
    default: Any
    bounds: str
    source: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return ENV_PREFIX + self.name.replace(".", ENV_SEPARATOR).upper()


def keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Key]:
    """Yield every key of the configuration, in the order of the models."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{prefix}{name}.")
        else:
            yield _key(f"{prefix}{name}", field)


def load_settings(path: Path | None = None) -> Settings:
    """Return the settings of `path` (defaults without one), overridden by the environment.

    Raises:
        InvalidSettingsError: the file cannot be read, or a key or value in it or in a `DARKWAKE__`
            variable is wrong.
    """
    text, tree = ("", {}) if path is None else _read(path)
    problems = _unknown_variables()
    if problems:
        raise InvalidSettingsError(problems)
    try:
        return Settings(**tree)
    except ValidationError as error:
        found = [_problem(detail, path, text) for detail in error.errors(include_url=False)]
        raise InvalidSettingsError(found) from error
    except SettingsError as error:
        raise InvalidSettingsError([_one_line(f"environment: {error}")]) from error


def suggestion(word: str, known: list[str]) -> str:
    """Return "; did you mean ...?" for a near miss of `word` among `known`, or nothing."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidSettingsError(
            [f"{path}: cannot be read: {error.strerror or error}"]
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidSettingsError([f"{path}: is not UTF-8 text"]) from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at line (\d+), column \d+\)", str(error))
        line = f":{place[1]}" if place else ""
        what = str(error).replace(place[0], "") if place else str(error)
        raise InvalidSettingsError([_one_line(f"{path}{line}: not TOML: {what}")]) from error


def _unknown_variables() -> list[str]:
    """Return a problem for each DARKWAKE__ variable that sets no key. Pydantic ignores these."""
    known = [key.variable for key in keys()]
    unknown = [
        name
        for name in sorted(os.environ)
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known
    ]
    return [
        _one_line(f"environment: {name}: unknown key{suggestion(name.upper(), known)}")
        for name in unknown
    ]


def _problem(detail: Any, path: Path | None, text: str) -> str:
    """Return one line for one of pydantic's errors."""
    where = tuple(detail["loc"])
    name = ".".join(str(part) for part in where)
    variable = ENV_PREFIX + name.replace(".", ENV_SEPARATOR).upper()
    if any(variable == given.upper() for given in os.environ):
        place = f"environment: {variable}"
    else:
        line = line_of(text, where)
        place = f"{path}:{line}: {name}" if line else f"{path}: {name}"
    return _one_line(f"{place}: {_wrong(detail, where)}")


def _wrong(detail: Any, where: tuple[Any, ...]) -> str:
    if detail["type"] == "extra_forbidden":
        return f"unknown key{_near_key(where)}"
    if detail["type"] == "model_type":
        return f"is a section, not a value: write [{'.'.join(map(str, where))}]"
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if where[-1] in _SECRETS:
        return message
    return f"{message}; got {detail['input']!r}"


def _near_key(where: tuple[Any, ...]) -> str:
    """Suggest a name of the same section, or the same key in another section."""
    parent = ".".join(str(part) for part in where[:-1])
    names = [key.name for key in keys()]
    inside = [name.removeprefix(f"{parent}.") for name in names if name.startswith(f"{parent}.")]
    siblings = sorted({name.split(".")[0] for name in (inside if parent else names)})
    near = suggestion(str(where[-1]), siblings)
    same = [name for name in names if name.rsplit(".", 1)[-1] == where[-1]]
    return near or (f"; did you mean {same[0]}?" if same else "")


def _key(name: str, field: FieldInfo) -> Key:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    bounds = [
        f"{sign} {getattr(limit, attribute):g}"
        for limit in field.metadata
        for attribute, sign in _BOUNDS.items()
        if hasattr(limit, attribute)
    ]
    arguments = get_args(field.annotation)
    words = [word for word in arguments if isinstance(word, str)]
    tables = any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in arguments)
    if words:
        bounds = [" or ".join(words)]
    return Key(
        name=name,
        description=field.description or "",
        type="str" if words else "tables" if tables else _type_name(field.annotation),
        unit=str(extra.get("unit", "")),
        default=[] if tables else _as_json(field.default),
        bounds=" and ".join(bounds),
        source=str(extra.get("source", "")),
    )


def _type_name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))


def _as_json(default: Any) -> Any:
    """Return a default as `Settings.parameters` returns values."""
    if isinstance(default, tuple):
        return list(default)
    return "" if isinstance(default, SecretStr) else default


def _one_line(text: str) -> str:
    return clean_text(text, limit=1000) or ""
