"""Settings of satellite images: where scenes are looked for, and how much may be pulled."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from darkwake.section import OURS, Section, quantity

Catalogue = Literal["earth-search", "planetary-computer", "cdse"]


class Imagery(Section):
    """Where scenes are looked for. Nothing is asked of a network unless a catalogue is named."""

    folders: tuple[str, ...] = Field(
        default=(),
        description="Folders of GeoTIFFs and .SAFE products, all levels deep.",
        json_schema_extra={"unit": "path", "source": OURS},
    )
    catalogues: tuple[Catalogue, ...] = Field(
        default=(),
        description="Public catalogues to ask: earth-search (Sentinel-2), planetary-computer"
        " (Sentinel-1 and 2), cdse (needs DARKWAKE_CDSE_TOKEN).",
        json_schema_extra={"source": OURS},
    )
    stac_url: str = Field(
        default="",
        description="A STAC API of your own; its host alone may lie in a private network.",
        json_schema_extra={"unit": "url", "source": OURS},
    )
    stac_collections: tuple[str, ...] = Field(
        default=("sentinel-1-grd", "sentinel-2-l2a"),
        description="Collections to ask it for.",
        json_schema_extra={"source": OURS},
    )
    cache: str = Field(
        default="imagery-cache",
        description="Folder of what was pulled.",
        json_schema_extra={"unit": "path", "source": OURS},
    )
    cache_mb: float = quantity(
        2000.0, "The cache is cut down to this, oldest use first.", unit="MB", source=OURS, gt=0
    )
    budget_mb: float = quantity(
        500.0, "One command pulls no more than this from a catalogue.", unit="MB", source=OURS, ge=0
    )
    daily_mb: float = quantity(
        2000.0,
        "A watch pulls no more than this from catalogues in a day (UTC).",
        unit="MB",
        source=OURS,
        ge=0,
    )
    pictures: str = Field(
        default="pictures",
        description="Folder of what a watch has seen: pictures, ships, answers.",
        json_schema_extra={"unit": "path", "source": OURS},
    )
    timeout_s: float = quantity(
        20.0, "How long a server may stay silent.", unit="s", source=OURS, gt=0, le=600
    )
    max_scenes: float = quantity(
        3, "Most scenes looked at for an event.", unit="scenes", source=OURS, ge=1, le=20
    )
    chip_km: float = quantity(
        12.0, "Least side of a chip; an unsure place widens it.", unit="km", source=OURS, gt=0.5
    )
    max_chip_km: float = quantity(
        40.0, "Largest side of a chip.", unit="km", source=OURS, gt=0.5, le=200
    )
    before_days: float = quantity(
        30.0,
        "How long before an event a picture to compare with may be.",
        unit="days",
        source=OURS,
        ge=0,
        le=3660,
    )
    min_worth: float = quantity(
        0.05,
        "Least probability that the ship is in a scene and would be found.",
        unit="probability",
        source=OURS,
        ge=0,
        le=1,
    )
