"""Exposure: indicators by rule, each with its threshold and where that comes from.

Indicators are counted and listed, never weighed or merged with `unusual`. A rule is met, not met,
or not observable; a rule that rests on a lower bound is met only where the lower bound passes,
and says `possible` where the upper one alone does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

_SEA = "isolation"
_OURS = "Darkwake's own tier; no authority names it"


@dataclass(frozen=True, slots=True)
class Rule:
    """One indicator. Met where every named feature is at least its threshold."""

    code: str
    tier: str
    words: str
    needs: tuple[tuple[str, float], ...]
    unit: str
    source: str
    ilo: str
    """The ILO indicator of forced labour that it may stand for, by our own mapping; or none."""
    strength: str
    possible: tuple[tuple[str, float], ...] = ()


RULES = (
    Rule("at_sea_90", "watch", "at sea for 90 days or more", (("longest_voyage_days", 90.0),),
         "days", _OURS, _SEA, "direct proxy", (("longest_voyage_upper_days", 90.0),)),
    Rule("at_sea_180", "high", "at sea for 180 days or more", (("longest_voyage_days", 180.0),),
         "days", _OURS, _SEA, "direct proxy", (("longest_voyage_upper_days", 180.0),)),
    Rule("at_sea_365", "high", "at sea for 12 months or more", (("longest_voyage_days", 365.0),),
         "days", "longest voyage allowed to Korean distant-water vessels, plan of 29 March 2024 "
         "(EJF)", _SEA, "direct proxy", (("longest_voyage_upper_days", 365.0),)),
    Rule("long_work", "watch", "moved at 1 to 6 knots in more than 91 hours of 7 days",
         (("work_7d_h", 91.0), ("longest_voyage_days", 3.0)), "h",
         "ILO C188 Art. 14: 77 h of rest in 7 days, vessels more than 3 days at sea",
         "excessive overtime", "upper bound only: crews work in watches"),
    Rule("no_supply", "watch", "90 days without port call or meeting",
         (("unsupplied_days", 90.0),), "days", _OURS, "abusive conditions", "weak proxy"),
    Rule("short_call", "info", "a port call under 24 h, and a voyage of 90 days or more",
         (("short_calls", 1.0), ("longest_voyage_days", 90.0)), "calls", _OURS,
         "restriction of movement", "weak proxy"),
    Rule("supplied_at_sea", "watch", "met a carrier, and 90 days or more at sea",
         (("carrier_meetings", 1.0), ("longest_voyage_days", 90.0)), "meetings",
         "trip length and transhipment are what OceanMind triages by (ILO, 26 September 2022)",
         _SEA, "weak proxy"),
    Rule("disabling", "watch", "silent by the published rule of AIS disabling",
         (("welch_disablings", 1.0),), "silences",
         "Welch et al. 2022: 12 h or more, more than 50 nm out, good reception", "none", "none"),
    Rule("dark_100", "info", "100 h or more of silence, weighed by confidence",
         (("dark_h", 100.0),), "h", _OURS, "none", "none"),
    Rule("dark_meeting", "info", "loitered where a silent vessel could have come",
         (("dark_rendezvous", 0.5),), "probability", _OURS, "none", "none"),
    Rule("identity_change", "info", "changed or shared its identity",
         (("identity_changes", 1.0),), "changes", _OURS, "none", "none"),
    Rule("listed", "high", "on a list of kind iuu that the user gave", (("listed", 1.0),),
         "events", "the user's list", "none", "none"),
)  # fmt: skip
"""All rules; docs/risk.md shows this table."""

NO_PROXY = (
    *("abuse of vulnerability", "deception", "violence", "intimidation and threats"),
    *("retention of documents", "withholding of wages", "debt bondage"),
)
"""ILO indicators of which AIS says nothing."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A rule held against a vessel and window."""

    rule: Rule
    state: str
    """`met`, `possible` (by the upper bound alone), `not_met` or `not_observable`."""
    value: float | None
    """Of the first feature that the rule names."""


def indicators(values: Mapping[str, float]) -> list[Indicator]:
    """Return every rule with its state, in the order of RULES.

    Args:
        values: features by name (`unusual.catalogue`), NaN where missing.
    """
    return [_held(rule, values) for rule in RULES]


def _held(rule: Rule, values: Mapping[str, float]) -> Indicator:
    first = values[rule.needs[0][0]]
    value = None if isnan(first) else first
    if _passes(rule.needs, values):
        return Indicator(rule, "met", value)
    if rule.possible and _passes(rule.possible, values):
        return Indicator(rule, "possible", value)
    # One part that is known to fail decides, whatever the others would be.
    known_no = any(values[name] < least for name, least in rule.needs)
    return Indicator(rule, "not_met" if known_no else "not_observable", value)


def _passes(needs: tuple[tuple[str, float], ...], values: Mapping[str, float]) -> bool:
    return all(values[name] >= least for name, least in needs)
