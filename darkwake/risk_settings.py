"""Settings of `darkwake risk`."""

from darkwake.section import OURS, Section, quantity

_PYOD = "PyOD's tails at 50 peers: largest -ln is 3.9"


class Risk(Section):
    """Exposure and unusualness of vessels."""

    min_peers: int = quantity(
        50,
        "With fewer peers than this a score is withheld.",
        unit="vessels",
        source=_PYOD,
        ge=50,
        le=100_000,
    )
    min_coverage_share: float = quantity(
        0.3,
        "With a position in fewer of the hours at sea than this a score is withheld.",
        unit="share",
        source=OURS,
        ge=0.05,
        le=1,
    )
    min_sea_h: float = quantity(
        24.0,
        "With fewer hours at sea from first to last heard than this a score is withheld.",
        unit="h",
        source=OURS,
        ge=0,
        le=8784,
    )
    alert_share: float = quantity(
        0.05,
        "Share of vessels that behave as their peers do and are listed all the same.",
        unit="share",
        source=OURS,
        gt=0,
        le=0.5,
    )
