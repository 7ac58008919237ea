"""What a vessel stage brought, step by step, as one file of numpy arrays: no pickle.

Fixes do not leave the machine that folded them: of a step only what the sea stage asks for is kept.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detectors import vessel_stage
from detectors.parameters import Parameters
from detectors.pipeline import Pending
from detectors.vessel_stage import State, VesselOutput
from vessels.errors import StoreError
from vessels.fixes import Array, empty_fixes

_LOCAL = ("kept", "key", "rejected", "reason")
"""Fields that name fixes."""


def no_output(parameters: Parameters) -> VesselOutput:
    """Return what a step without fixes brings."""
    _, output = vessel_stage.step(vessel_stage.new_state(), empty_fixes(), 0, parameters)
    return output


class OutputWriter:
    """Write the steps of one vessel stage, then what is open and the state at the end."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self._steps = 0

    def add(self, output: VesselOutput) -> None:
        """Write one step."""
        for name, value in _arrays(output).items():
            if len(value):
                self._write(f"{self._steps}/{name}", value)
        self._steps += 1

    def finish(self, pending: Pending, state: State) -> None:
        """Write the end, and close."""
        for name, value in pending._asdict().items():
            self._write(f"pending/{name}", value)
        for name, value in state.items():
            self._write(f"state/{name}", value)
        self._zip.close()

    def _write(self, name: str, value: Array) -> None:
        with self._zip.open(name, "w", force_zip64=True) as file:
            np.lib.format.write_array(file, value, allow_pickle=False)


class OutputReader:
    """Read back what an OutputWriter wrote.

    Raises:
        StoreError: the file cannot be read.
    """

    def __init__(self, path: Path, nothing: VesselOutput) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise StoreError(f"{path}: cannot be read: {error}") from error
        self._nothing = nothing
        self._names = set(self._zip.namelist())

    def step(self, number: int) -> VesselOutput:
        """Return one step, without its fixes."""
        return _filled(self._nothing, f"{number}/", self._read)

    def pending(self) -> Pending:
        """Return what was open at the end."""
        return Pending(**self._all("pending/"))

    def state(self) -> State:
        """Return the state at the end."""
        return self._all("state/")

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _all(self, prefix: str) -> dict[str, Array]:
        names = sorted(name for name in self._names if name.startswith(prefix))
        return {name.removeprefix(prefix): self._read(name, np.empty(0)) for name in names}

    def _read(self, name: str, nothing: Array) -> Array:
        if name not in self._names:
            return nothing
        with self._zip.open(name) as file:
            return np.lib.format.read_array(file, allow_pickle=False)


def _arrays(value: Any, prefix: str = "") -> Mapping[str, Array]:
    out: dict[str, Array] = {}
    for field in fields(value):
        inner = getattr(value, field.name)
        if field.name in _LOCAL:
            continue
        if is_dataclass(inner):
            out |= _arrays(inner, f"{prefix}{field.name}.")
        else:
            out[prefix + field.name] = inner
    return out


def _filled(nothing: Any, prefix: str, read: Any) -> Any:
    values = {}
    for field in fields(nothing):
        inner = getattr(nothing, field.name)
        if field.name in _LOCAL:
            values[field.name] = inner
        elif is_dataclass(inner):
            values[field.name] = _filled(inner, f"{prefix}{field.name}.", read)
        else:
            values[field.name] = read(prefix + field.name, inner)
    return type(nothing)(**values)
