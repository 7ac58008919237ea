"""From the configuration to the parameters of detection: same sections, same names, same units."""

from darkwake.settings import Settings
from detectors.dark_period import DarkPeriodParameters
from detectors.encounters import EncounterParameters
from detectors.identity_conflict import IdentityConflictParameters
from detectors.implausible_position import ImplausiblePositionParameters
from detectors.loitering import LoiteringParameters
from detectors.parameters import Parameters
from vessels.hulls import HullParameters


def detection_parameters(settings: Settings) -> Parameters:
    """Return the parameters that `settings` ask for."""
    found = settings.detectors
    return Parameters(
        hulls=HullParameters(**settings.hulls.model_dump()),
        dark_period=DarkPeriodParameters(**found.dark_period.model_dump()),
        encounter=EncounterParameters(**found.encounter.model_dump()),
        loitering=LoiteringParameters(**found.loitering.model_dump()),
        identity_conflict=IdentityConflictParameters(**found.identity_conflict.model_dump()),
        implausible_position=ImplausiblePositionParameters(
            **found.implausible_position.model_dump()
        ),
    )
