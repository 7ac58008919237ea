"""What counts as a finding, and how numbers are split into hulls: the detectors' sections."""

from typing import Literal

from pydantic import Field

from darkwake.section import OURS, Section, quantity

_PIPE_GAPS = "Global Fishing Watch, pipe-gaps, class default"
_MILLER = "Miller et al. 2018, doi:10.3389/fmars.2018.00240"
_PIPE_ENCOUNTERS = "Global Fishing Watch, pipe-encounters"
_LOITERING = "Global Fishing Watch, pipe-loitering"
_ANCHORAGES = "Global Fishing Watch, pipe-anchorages"


class DarkPeriod(Section):
    """Silences of one hull."""

    min_duration_h: float = quantity(
        12.0,
        "Shortest silence that is reported.",
        unit="h",
        source=f"{_PIPE_GAPS}; Welch et al. 2022, doi:10.1126/sciadv.abq2109",
        gt=0,
        le=8784,
    )
    in_port_distance_km: float = quantity(
        10.0,
        "At rest nearer than this to a known port, a silent hull is in port: not reported.",
        unit="km",
        source=OURS,
        ge=0,
    )
    harbour_distance_km: float = quantity(
        1.0,
        "At rest nearer than this to land, a silent hull is moored: not reported.",
        unit="km",
        source=OURS,
        ge=0,
    )
    feed_silence_min: float = quantity(
        60.0,
        "All numbers silent for this long, and three times the feed's usual lull, is an outage of "
        "the feed, not a silence of a hull.",
        unit="min",
        source=OURS,
        gt=0,
    )
    feed_min_numbers: int = quantity(
        3,
        "An outage is told only where this many numbers were heard just before.",
        unit="numbers",
        source=OURS,
        ge=1,
    )


class Encounter(Section):
    """Two hulls close together and slow, away from port."""

    max_distance_m: float = quantity(
        500.0, "Largest distance between the two hulls.", unit="m", source=_MILLER, gt=0, le=10_000
    )
    min_duration_h: float = quantity(
        2.0, "Shortest contact that is reported.", unit="h", source=_MILLER, gt=0, le=8784
    )
    max_median_speed_knots: float = quantity(
        2.0, "Each hull's median speed must lie below this.", unit="knots", source=_MILLER, gt=0
    )
    min_port_distance_km: float = quantity(
        10.0, "Contacts nearer to a known port are left out.", unit="km", source=_MILLER, ge=0
    )
    min_shore_distance_km: float = quantity(
        2.0,
        "Contacts nearer to shore are left out: berths and anchorages that no port list holds.",
        unit="km",
        source=OURS,
        ge=0,
    )
    merge_gap_h: float = quantity(
        4.0,
        "Contacts of the same pair less than this apart are one event.",
        unit="h",
        source=f"{_PIPE_ENCOUNTERS}, default of the merge step",
        ge=0,
    )
    max_interpolation_h: float = quantity(
        2.0,
        "Positions are interpolated only between fixes closer than this; longer is unobserved.",
        unit="h",
        source=f"{OURS}; {_PIPE_ENCOUNTERS} uses 1",
        gt=0,
        le=12,
    )
    min_messages: int = quantity(
        3,
        "Positions of each hull that must have been heard during the contact.",
        unit="messages",
        source=OURS,
        ge=1,
    )


class Loitering(Section):
    """A hull that hardly moves, far from shore."""

    max_speed_knots: float = quantity(
        2.0, "Mean speed must lie below this.", unit="knots", source=_LOITERING, gt=0
    )
    min_duration_h: float = quantity(
        4.0, "Shortest observed time that is reported.", unit="h", source=_LOITERING, gt=0, le=8784
    )
    min_shore_distance_nm: float = quantity(
        20.0, "Nearer to shore it is not loitering.", unit="nm", source=_LOITERING, ge=0
    )
    min_port_distance_km: float = quantity(
        10.0,
        "Nearer to a port it is not loitering: terminals lie beyond any mapped shore.",
        unit="km",
        source=OURS,
        ge=0,
    )
    merge_gap_h: float = quantity(
        4.0,
        "Longest silence within one event; it is no part of the observed time.",
        unit="h",
        source=f"{OURS}; as for encounters",
        ge=0,
    )


class DarkRendezvous(Section):
    """Who, of those not heard, could have come to a ship that lay still at sea."""

    max_speed_knots: float = quantity(
        15.0, "What a silent ship sails at most.", unit="knots", source=OURS, gt=0, le=45
    )
    min_stay_h: float = quantity(
        1.0, "A candidate must have had this long at the place.", unit="h", source=OURS, gt=0
    )
    pool_distance_nm: float = quantity(
        500.0,
        "A candidate was heard last within this of the place.",
        unit="nm",
        source=OURS,
        gt=0,
        le=2000,
    )
    min_probability: float = quantity(
        0.2,
        "Nothing is told unless one candidate has this.",
        unit="probability",
        source=OURS,
        ge=0.01,
        le=1,
    )
    max_candidates: int = quantity(
        10, "How many candidates are listed.", unit="hulls", source=OURS, ge=1, le=20
    )


class PortVisit(Section):
    """Calls at ports, the voyages between them, and which calls are told as events."""

    entry_distance_km: float = quantity(
        3.0, "A visit begins this near to a port's point.", unit="km", source=_ANCHORAGES, gt=0
    )
    exit_distance_km: float = quantity(
        4.0,
        "It ends this far from that point, or from a berth beyond it.",
        unit="km",
        source=_ANCHORAGES,
        gt=0,
    )
    stop_begin_knots: float = quantity(
        0.2, "A stop begins at this speed or below.", unit="knots", source=_ANCHORAGES, ge=0
    )
    stop_end_knots: float = quantity(
        0.5, "A stop ends at this speed or above.", unit="knots", source=_ANCHORAGES, gt=0
    )
    port_gap_min: float = quantity(
        240.0, "Silent in port this long, it was in port.", unit="min", source=_ANCHORAGES, gt=0
    )
    rest_port_distance_km: float = quantity(
        10.0,
        "At rest this near to a port's point it is in port too: berths lie far from the point.",
        unit="km",
        source=OURS,
        ge=0,
    )
    rest_shore_distance_km: float = quantity(
        1.0,
        "At rest this near to land it is in a harbour that no list holds.",
        unit="km",
        source=OURS,
        ge=0,
    )
    min_rest_h: float = quantity(
        1.0,
        "Shortest rest that is a visit where no port's point is within the entry distance.",
        unit="h",
        source=OURS,
        ge=0,
    )
    break_distance_nm: float = quantity(
        60.0,
        "Silent in one port and heard in another this far off, it made two visits.",
        unit="nm",
        source=_ANCHORAGES,
        gt=0,
    )
    min_confidence: int = quantity(
        2,
        "Visits from this level on part voyages: 4 entry, exit and rest; 3 entry or exit, and "
        "rest; 2 rest alone; 1 passed through.",
        unit="level",
        source=f"{_ANCHORAGES}, as recommended for products",
        ge=1,
        le=4,
    )
    max_speed_knots: float = quantity(
        20.0,
        "Speed that a silent hull may have made to a port and back.",
        unit="knots",
        source=OURS,
        gt=0,
        le=102.2,
    )
    shortest_call_h: float = quantity(
        1.0, "A silence hides a call only if it leaves this much.", unit="h", source=OURS, ge=0
    )
    events: Literal["none", "after_event", "all"] = Field(
        default="after_event",
        description="Calls told as events: none, those after a finding about the vessel, or all.",
        json_schema_extra={"unit": "word", "source": OURS},
    )
    after_event_days: float = quantity(
        30.0,
        "A call is told at most this long after such a finding ended.",
        unit="days",
        source=OURS,
        ge=0,
    )


class TimeAtSea(Section):
    """Voyages in which a hull cannot have called at a port for long."""

    min_days: float = quantity(
        90.0, "Proven days at sea that are reported.", unit="days", source=OURS, gt=0
    )
    high_days: float = quantity(
        180.0, "From here on severity is high.", unit="days", source=OURS, gt=0
    )
    year_days: float = quantity(
        365.0,
        "From here on the event says so in a reason of its own.",
        unit="days",
        source="MLC 2006, standard A2.5: repatriation after less than 12 months",
        gt=0,
    )


class IdentityConflict(Section):
    """One number used by two hulls at once, or a hull that changes identity."""

    min_reports: int = quantity(
        3,
        "Times that the old and the new name, call sign or IMO number must each have been stated.",
        unit="messages",
        source=OURS,
        ge=1,
    )
    min_distance_km: float = quantity(
        20.0,
        "Hulls nearer to each other may be one ship, heard minutes late: not reported.",
        unit="km",
        source=OURS,
        ge=0,
    )
    twin_distance_m: float = quantity(
        60.0,
        "Two numbers under way no further apart are two transmitters of one hull.",
        unit="m",
        source=f"{OURS}; pair trawlers tow 150 to 500 m apart",
        gt=0,
        le=1000,
    )
    twin_min_h: float = quantity(
        6.0, "Time under way that they must be that near.", unit="h", source=OURS, gt=0
    )
    twin_speed_knots: float = quantity(
        3.0,
        "Slower than this is not under way: at rest anyone may lie beside another.",
        unit="knots",
        source=OURS,
        gt=0,
        le=102.2,
    )
    hand_over_max_h: float = quantity(
        6.0,
        "A new number begins at most this long after the old one fell silent.",
        unit="h",
        source=OURS,
        gt=0,
        le=48,
    )
    hand_over_speed_knots: float = quantity(
        25.0,
        "The new number begins where the old one can have come at this speed.",
        unit="knots",
        source=f"{OURS}; gpsdio-segment uses 25 for one vessel",
        gt=0,
        le=102.2,
    )
    doubtful_numbers: bool = Field(
        default=False,
        description="Also tell numbers of no country, and IMO numbers with a wrong check digit, as "
        "findings; `doubts` in vessels.parquet names them in any case.",
        json_schema_extra={"unit": "true or false", "source": OURS},
    )


class ImplausiblePosition(Section):
    """Positions that no ship could have sent from there."""

    min_fixes: int = quantity(
        3,
        "One wild fix never makes an event: this many must agree.",
        unit="fixes",
        source=OURS,
        ge=2,
    )
    min_distance_km: float = quantity(
        20.0,
        "Shorter jumps are clocks minutes wrong more often than positions: not reported.",
        unit="km",
        source=OURS,
        ge=0,
    )
    circle_turns: float = quantity(
        2.0,
        "Turns the same way, on one circle, that are one too many.",
        unit="turns",
        source=OURS,
        ge=1,
    )
    circle_deviation: float = quantity(
        0.1,
        "Largest root mean square distance from the circle, as a share of its radius.",
        unit="share",
        source=OURS,
        gt=0,
        le=0.5,
    )
    circle_speed_mismatch: float = quantity(
        0.3,
        "The speed told differs by this share from that round the circle: the ship is not there.",
        unit="share",
        source=OURS,
        ge=0,
    )
    circle_min_speed_knots: float = quantity(
        3.0, "Slower round it, a ship may swing at anchor.", unit="knots", source=OURS, ge=0
    )
    area_min_vessels: int = quantity(
        3,
        "Vessels that jump to one place: the area is disturbed, not a vessel.",
        unit="vessels",
        source=f"{OURS}; several, in SeaSpoofFinder, arXiv 2602.16257",
        ge=2,
    )
    area_distance_km: float = quantity(
        5.0, "One place is no wider than this.", unit="km", source=OURS, gt=0
    )
    area_time_h: float = quantity(
        6.0, "Their jumps begin within this of each other.", unit="h", source=OURS, gt=0
    )
    min_inland_km: float = quantity(
        10.0,
        "A false place this far inside the mapped land is told to be on land.",
        unit="km",
        source=OURS,
        ge=0,
    )


class ZoneEntry(Section):
    """Stays of hulls in the user's own zones; nothing without `[[zones]]`."""

    eez: bool = Field(
        default=False,
        description="Follow exclusive economic zones: every ship crosses them.",
        json_schema_extra={"unit": "yes or no", "source": OURS},
    )
    mpa: bool = Field(
        default=True,
        description="Follow marine protected areas.",
        json_schema_extra={"unit": "yes or no", "source": OURS},
    )
    rfmo: bool = Field(
        default=False,
        description="Follow fisheries organisations' areas: they cover the oceans.",
        json_schema_extra={"unit": "yes or no", "source": OURS},
    )
    area: bool = Field(
        default=True,
        description="Follow own polygons.",
        json_schema_extra={"unit": "yes or no", "source": OURS},
    )
    clear_distance_km: float = quantity(
        2.0, "This far from the border a hull is clear of it.", unit="km", source=OURS, gt=0, le=100
    )
    min_stay_min: float = quantity(
        10.0,
        "A stay that was never clear of the border is told from this length on.",
        unit="min",
        source=OURS,
        ge=0,
    )
    exit_min: float = quantity(
        60.0,
        "Outside for this long a hull has left, however near to the border.",
        unit="min",
        source=OURS,
        gt=0,
    )


class Detectors(Section):
    """What counts as a finding."""

    dark_period: DarkPeriod = DarkPeriod()
    encounter: Encounter = Encounter()
    loitering: Loitering = Loitering()
    dark_rendezvous: DarkRendezvous = DarkRendezvous()
    port_visit: PortVisit = PortVisit()
    time_at_sea: TimeAtSea = TimeAtSea()
    identity_conflict: IdentityConflict = IdentityConflict()
    implausible_position: ImplausiblePosition = ImplausiblePosition()
    zone_entry: ZoneEntry = ZoneEntry()


class Hulls(Section):
    """How the fixes of one number are split into hulls."""

    max_speed_knots: float = quantity(
        45.0,
        "Faster than this between two fixes up to 2 h apart is another hull or a wild fix.",
        unit="knots",
        source=OURS,
        gt=0,
        le=102.2,
    )
    max_sustained_speed_knots: float = quantity(
        30.0,
        "The same for fixes 6 h and more apart; in between the limit falls linearly.",
        unit="knots",
        source=OURS,
        gt=0,
        le=102.2,
    )
    slack_m: float = quantity(
        2500.0,
        "Added to every reach: position noise, and receive times minutes late (4 min at 20 kn).",
        unit="m",
        source=OURS,
        ge=0,
    )
    shared_alternations: int = quantity(
        6,
        "Changes between hulls that make a number shared: an identity conflict.",
        unit="changes",
        source=OURS,
        ge=2,
    )
    quiet_h: float = quantity(
        48.0,
        "Changes further apart than this do not count together; the conflict ends after it.",
        unit="h",
        source=OURS,
        gt=0,
    )
