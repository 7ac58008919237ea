"""The features of a vessel and window: family, unit, direction, source, and when one is missing.

This table is the contract of risk.parquet and of docs/risk.md. `direction` 1 means that a larger
value counts as unusual; 0 means that the feature is told as context and never ranked. No feature
counts downwards: a vessel that lies in port and hardly sends would else lead the list.
"""

from dataclasses import dataclass

FAMILIES = ("time_at_sea", "distance", "dark", "meetings", "identity")
"""The families that `unusual` is made of; each weighs the same, however many features it has."""

FAMILY_WORDS = {
    "time_at_sea": "time at sea",
    "distance": "distance",
    "dark": "silence",
    "meetings": "meetings",
    "identity": "identity",
}

_VOYAGES, _TRACKS, _EVENTS = "voyages.parquet", "tracks.parquet", "events.parquet"
_NO_SEA = "no hour at sea in the window"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column. `words` follows the vessel's name in an explanation; `missing` says when null."""

    name: str
    family: str
    unit: str
    direction: int
    words: str
    source: str
    missing: str
    innocent: str = ""


def _context(name: str, unit: str, words: str, source: str, missing: str) -> Feature:
    return Feature(name, "context", unit, 0, words, source, missing)


FEATURES = (
    Feature(
        "longest_voyage_days",
        "time_at_sea",
        "days",
        1,
        "longest time at sea, lower bound",
        _VOYAGES,
        "no voyage known",
        "freezer vessels and distant waters make long voyages lawful and usual",
    ),
    Feature(
        "days_since_port",
        "time_at_sea",
        "days",
        1,
        "days at sea at the window's end, lower bound",
        _VOYAGES,
        "no visit and no voyage known",
        "it may have called where no receiver hears, or at a port that no list holds",
    ),
    Feature(
        "days_per_call",
        "time_at_sea",
        "days",
        1,
        "days of the window for each port call or silence in which it could have called",
        _VOYAGES,
        "no visit and no voyage known",
        "fisheries far from port call seldom",
    ),
    Feature(
        "passed_ports",
        "time_at_sea",
        "n",
        1,
        "ports that it passed within 3 km without a stop",
        "visits.parquet, confidence 1",
        "the run has no visits",
        "straits and channels lead past ports",
    ),
    Feature(
        "work_7d_h",
        "time_at_sea",
        "h",
        1,
        "most hours of 7 days in which it was heard at 1 to 6 knots at sea",
        _TRACKS,
        "no hour at sea, or no speed sent, in the window",
        "crews work in watches; slow steaming, weather and drifting look the same",
    ),
    Feature(
        "max_shore_km",
        "distance",
        "km",
        1,
        "largest distance from shore",
        _TRACKS,
        _NO_SEA,
        "distant-water and oceanic fisheries are far out by licence",
    ),
    Feature(
        "max_port_km",
        "distance",
        "km",
        1,
        "largest distance from a known port",
        _TRACKS,
        _NO_SEA,
        "the port list has few ports on some coasts",
    ),
    Feature(
        "high_seas_h",
        "distance",
        "h",
        1,
        "observed hours in no EEZ",
        "tracks.parquet and [[zones]] of kind eez",
        "no EEZ configured, or no hour at sea",
        "fishing on the high seas is lawful with an authorisation",
    ),
    Feature(
        "foreign_eez_h",
        "distance",
        "h",
        1,
        "observed hours in one EEZ that is not its flag's",
        "tracks.parquet and [[zones]] of kind eez, named by ISO 3166-1 alpha-3",
        "no EEZ configured, flag unknown, or no hour at sea",
        "access agreements and innocent passage",
    ),
    Feature(
        "dark_h",
        "dark",
        "h",
        1,
        "hours of dark periods, each times its confidence",
        _EVENTS,
        _NO_SEA,
        "poor reception, a broken set, Class B power, fear of pirates",
    ),
    Feature(
        "dark_periods",
        "dark",
        "n",
        1,
        "dark periods of confidence 0.5 or more",
        _EVENTS,
        _NO_SEA,
        "poor reception, a broken set, Class B power, fear of pirates",
    ),
    Feature(
        "carrier_meetings",
        "meetings",
        "n",
        1,
        "meetings at sea with carriers, bunkers, cargo ships or tankers",
        _EVENTS,
        _NO_SEA,
        "permitted transfers, fuel, stores, mail, medical help",
    ),
    Feature(
        "catcher_meetings",
        "meetings",
        "n",
        1,
        "meetings at sea with fishing vessels",
        _EVENTS,
        _NO_SEA,
        "pair trawling, shared grounds, help given",
    ),
    Feature(
        "meeting_h",
        "meetings",
        "h",
        1,
        "observed hours in meetings",
        _EVENTS,
        _NO_SEA,
        "pair trawling and tows are long meetings",
    ),
    Feature(
        "loitering_h",
        "meetings",
        "h",
        1,
        "observed hours of loitering",
        _EVENTS,
        _NO_SEA,
        "waiting for orders or weather, repairs, drifting to save fuel",
    ),
    Feature(
        "dark_rendezvous",
        "meetings",
        "n",
        1,
        "loitering that a silent vessel could have reached, sum of probabilities",
        _EVENTS,
        _NO_SEA,
        "the silent vessel may have been elsewhere",
    ),
    Feature(
        "identity_changes",
        "identity",
        "n",
        1,
        "changes of name, call sign, IMO number or MMSI, and numbers shared or handed over",
        _EVENTS,
        "never",
        "sale, reflagging, a typing error, a shared number of somebody else",
    ),
    Feature(
        "false_positions",
        "identity",
        "n",
        1,
        "positions that cannot be true",
        _EVENTS,
        "never",
        "interference with GPS hits whole areas",
    ),
    _context("longest_voyage_upper_days", "days", "longest time at sea, upper bound", _VOYAGES,
             "a voyage under way when first heard"),
    _context("days_since_port_upper", "days", "days at sea at the end, upper bound", _VOYAGES,
             "at sea when first heard"),
    _context("port_calls", "n", "port calls of confidence 2 or more", "visits.parquet",
             "the run has no visits"),
    _context("short_calls", "n", "port calls shorter than 24 h", "visits.parquet",
             "the run has no visits"),
    _context("call_interval_days", "days", "mean days from call to call", "visits.parquet",
             "fewer than two calls"),
    _context("call_interval_sd_days", "days", "standard deviation of these (regularity)",
             "visits.parquet", "fewer than three calls"),
    _context("unsupplied_days", "days", "longest stretch without port call or meeting, lower bound",
             "voyages.parquet, events.parquet", "no voyage known"),
    _context("way_day_h", "h", "observed hours above 6 knots at sea by day", _TRACKS, _NO_SEA),
    _context("way_night_h", "h", "the same by night", _TRACKS, _NO_SEA),
    _context("slow_day_h", "h", "observed hours at 1 to 6 knots at sea by day", _TRACKS, _NO_SEA),
    _context("slow_night_h", "h", "the same by night", _TRACKS, _NO_SEA),
    _context("still_day_h", "h", "observed hours below 1 knot at sea by day", _TRACKS, _NO_SEA),
    _context("still_night_h", "h", "the same by night", _TRACKS, _NO_SEA),
    _context("travelled_km", "km", "way between positions at most 2 h apart", _TRACKS, _NO_SEA),
    _context("welch_disablings", "n", "silences by the rule of Welch et al. 2022", _EVENTS,
             _NO_SEA),
    _context("encounters", "n", "meetings, tugs and pilots included", _EVENTS, _NO_SEA),
    _context("zone_entries", "n", "stays in zones of the configuration", _EVENTS, "never"),
    _context("listed", "n", "events in which a list of kind iuu names it", _EVENTS,
             "no lists configured"),
    _context("coverage", "share", "hours at sea with a position, of all hours at sea", _TRACKS,
             "no tracks, or no hour at sea"),
    _context("sea_h", "h", "hours at sea from first to last heard in the window", _TRACKS,
             "no tracks"),
)  # fmt: skip
"""Every feature, ranked ones first."""

RANKED = tuple(feature for feature in FEATURES if feature.direction)
NAMES = tuple(feature.name for feature in FEATURES)
RANKED_NAMES = tuple(feature.name for feature in RANKED)
FAMILY_OF = tuple(FAMILIES.index(feature.family) for feature in RANKED)
"""Family number of each ranked feature."""
