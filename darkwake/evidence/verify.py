"""Verification: the event of a bundle found anew, and in what it differs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from darkwake.detector_settings import Detectors, Hulls
from darkwake.evidence.bundle import Bundle, read_bundle
from darkwake.evidence.features import Difference, differences, feature_of
from darkwake.evidence.fold import derive
from darkwake.replay import parameters_of
from detectors.parameters import Parameters
from detectors.surroundings import Surroundings
from vessels.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a verification."""

    bundle: Bundle
    differs: list[Difference]
    """Empty where the same event comes out."""


def verify(path: Path, around: Surroundings) -> Verdict:
    """Find the event of a bundle anew.

    Args:
        path: the bundle.
        around: zones, lists and anchorages; a bundle holds only their hashes.

    Raises:
        InputError: it is no bundle, not as it was written, or needs other surroundings.
    """
    bundle = read_bundle(path)
    needed, given = bundle.surroundings, around.hashes()
    for name in sorted({*needed, *given}):
        if needed.get(name) != given.get(name):
            raise InputError(_wanted(name, needed.get(name)), path=str(path))
    parameters = parameters_from(bundle.parameters, around, path)
    try:
        found = derive(bundle.evidence, parameters).events
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise InputError(f"its fixes cannot be folded: {error}", path=str(path)) from error
    event = found.get(str(bundle.event["properties"]["event_id"]))
    differs = differences(bundle.event, None if event is None else feature_of(event))
    return Verdict(bundle=bundle, differs=differs)


def parameters_from(flat: dict[str, Any], around: Surroundings, path: Path) -> Parameters:
    """Return the parameters whose thresholds stand under dotted keys, as in run.json.

    Raises:
        InputError: a threshold is missing, unknown or out of bounds.
    """
    sections: dict[str, dict[str, Any]] = {"hulls": {}, "detectors": {}}
    for key, value in flat.items():
        head, _, rest = key.partition(".")
        if head == "hulls":
            sections["hulls"][rest] = value
        elif head == "detectors":
            name, _, last = rest.partition(".")
            sections["detectors"].setdefault(name, {})[last] = value
    try:
        detectors = Detectors.model_validate(sections["detectors"])
        hulls = Hulls.model_validate(sections["hulls"])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"parameters: {where}: {first['msg']}", path=str(path)) from error
    return parameters_of(detectors, hulls, around)


def _wanted(name: str, sha256: str | None) -> str:
    if sha256 is None:
        return f"was made without {name}, and --config names some: use a configuration without"
    return (
        f"was made with {name} that it does not hold (SHA-256 {str(sha256)[:64]}): "
        "give the configuration that names them with --config"
    )
