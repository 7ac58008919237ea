"""What `darkwake risk` does, from the run's folder to what is told."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkwake.config import load_settings
from darkwake.diff import read_record
from darkwake.geography_settings import surroundings_of
from darkwake.risk import Assessment, assess, reference_of
from darkwake.risk_files import contents, write_risk
from darkwake.risk_run import read_run
from darkwake.risk_settings import Risk
from detectors.unusual.reference import Reference, read_reference, write_reference
from detectors.unusual.windows import WindowKind
from vessels.errors import UsageError


@dataclass(frozen=True, slots=True)
class RiskOptions:
    """Options of `darkwake risk`."""

    run: Path
    config: Path | None = None
    window: WindowKind = "run"
    reference: Path | None = None
    write_reference: Path | None = None


def assess_run(options: RiskOptions, *, opinions: bool = True) -> tuple[dict[str, Any], Path]:
    """Assess a run, write the files, and return what is told and the page.

    Raises:
        InputError: the run or the reference cannot be read.
        UsageError: the reference is of other windows.
        StoreError: a file cannot be written.
    """
    found, settings = assessment(options, opinions=opinions)
    if options.write_reference is not None:
        own = reference_of(found.run, found.windows, options.window, settings)
        write_reference(options.write_reference, own)
    page = write_risk(options.run, found, settings.alert_share)
    return contents(found, settings.alert_share), page


def assessment(
    options: RiskOptions, *, opinions: bool = True, explain: bool = True
) -> tuple[Assessment, Risk]:
    """Return the assessment of a run and the settings in force, without writing anything."""
    reference = None if options.reference is None else read_reference(options.reference)
    if reference is not None and reference.window != options.window:
        raise UsageError(
            f"the reference is of windows of kind {reference.window}: give --window "
            f"{reference.window}"
        )
    return assess_against(options, reference, opinions=opinions, explain=explain)


def assess_against(
    options: RiskOptions,
    reference: Reference | None,
    *,
    keep: float = 1.0,
    opinions: bool = False,
    explain: bool = False,
) -> tuple[Assessment, Risk]:
    """Return the assessment against a reference; `keep` is the share of positions looked at."""
    read_record(options.run)
    settings = load_settings(options.config)
    zones = surroundings_of(settings).zones if settings.zones else None
    run = read_run(options.run, zones, keep=keep)
    found = assess(
        run,
        settings.risk,
        kind=options.window,
        reference=reference,
        opinions=opinions,
        explain=explain,
    )
    return found, settings.risk
