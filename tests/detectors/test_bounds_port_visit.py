"""Port visits and time at sea: the defaults, from both sides."""

import numpy as np
import pytest

from detectors.time_at_sea import TimeAtSeaParameters, time_at_sea_events
from vessels.units import US_PER_DAY
from vessels.visits import VOYAGE


@pytest.mark.parametrize(
    ("days", "severity", "tier"),
    [
        (89.9, None, None),
        (90.0, "watch", 90),
        (179.9, "watch", 90),
        (180.0, "high", 180),
        (364.9, "high", 180),
        (365.0, "high", 365),
    ],
)
def test_tiers_of_time_at_sea(days, severity, tier):
    voyage = np.zeros(1, VOYAGE)
    voyage["key"] = (416_000_001 << 16) | 1
    voyage["proven_us"] = voyage["lower_us"] = voyage["upper_us"] = round(days * US_PER_DAY)
    voyage["port_lat"] = voyage["port_lon"] = np.nan
    found = time_at_sea_events(voyage, round(days * US_PER_DAY), TimeAtSeaParameters())
    told = [(event.severity, event.details["tier_days"]) for event in found]
    assert told == ([] if severity is None else [(severity, tier)])
    assert [len(event.reasons) for event in found] == ([2] if tier == 365 else [1] * len(found))
