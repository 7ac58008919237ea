"""The configuration and the detectors name the same parameters and the same defaults."""

from darkwake.engine import HORIZON_H
from darkwake.replay import detection_parameters
from darkwake.settings import Settings
from detectors.parameters import Parameters


def test_default_settings_are_the_defaults_of_the_detectors() -> None:
    settings = Settings()
    assert detection_parameters(settings) == Parameters()
    assert settings.engine.horizon_h == HORIZON_H


def test_every_parameter_can_be_configured() -> None:
    settings = Settings().model_dump()
    assert settings["detectors"] | {"hulls": settings["hulls"]} == Parameters().thresholds()


def test_a_changed_setting_reaches_its_detector() -> None:
    settings = Settings(detectors={"encounter": {"max_distance_m": 77.0}})
    assert detection_parameters(settings).encounter.max_distance_m == 77.0
