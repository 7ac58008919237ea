"""Events as GeoJSON features, and in what two of them differ."""

import json
from typing import Any

from detectors.events import Event

Feature = dict[str, Any]
Difference = tuple[str, Any, Any]
"""Name of a property, its value as told, its value as found anew."""


def feature_of(event: Event) -> Feature:
    """Return the event as a GeoJSON feature that went through JSON."""
    feature = {
        "type": "Feature",
        "id": event.event_id,
        "geometry": event.geometry(),
        "properties": event.properties(),
    }
    text = json.dumps(feature, allow_nan=False)
    found: Feature = json.loads(text)
    return found


def differences(told: Feature, found: Feature | None) -> list[Difference]:
    """Return the properties in which a feature found anew differs from the one told.

    `replaces` is of a watch's history, not of the fixes, and is left out.
    """
    if found is None:
        return [("event_id", told["properties"]["event_id"], None)]
    one, two = _flat(told), _flat(found)
    return [
        (name, one.get(name), two.get(name))
        for name in {**one, **two}
        if one.get(name) != two.get(name)
    ]


def _flat(feature: Feature) -> dict[str, Any]:
    told = {name: value for name, value in feature["properties"].items() if name != "replaces"}
    details = {f"details.{name}": value for name, value in told.pop("details").items()}
    return {**told, **details, "geometry": feature["geometry"]}
