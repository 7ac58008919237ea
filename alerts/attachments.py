"""A finding as GeoJSON and KML, for the chart table of whoever reads the mail."""

import json
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from alerts.phrases import headline, vessel_name
from alerts.translate import Words
from detectors.events import Event
from vessels.clock import iso_z


def geojson(features: Iterable[tuple[Event, dict[str, Any]]]) -> str:
    """Return a FeatureCollection of events with their properties, one feature a line."""
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "id": event.event_id,
                "geometry": event.geometry(),
                "properties": properties,
            },
            allow_nan=False,
            separators=(",", ":"),
        )
        for event, properties in features
    ]
    body = ",\n".join(lines)
    return f'{{"type":"FeatureCollection","features":[\n{body}\n]}}\n'


def kml(features: Iterable[tuple[Event, dict[str, Any]]], words: Words | None = None) -> str:
    """Return a KML 2.2 document; names and sentences are text, never markup.

    Chart programs show a description as HTML, so it is escaped twice: once for them, once for XML.
    """
    language = words or Words()
    marks = "".join(_placemark(event, language) for event, _ in features)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>Darkwake</name>\n'
        f"{marks}</Document></kml>\n"
    )


def _placemark(event: Event, words: Words) -> str:
    said = escape(escape(f"{headline(event, words)} {event.event_id}"))
    begin = f"<begin>{iso_z(event.start_us)}</begin>"
    end = "" if event.end_us is None else f"<end>{iso_z(event.end_us)}</end>"
    return (
        f'<Placemark id="e{event.event_id}"><name>{escape(vessel_name(event))}</name>'
        f"<description>{said}</description><TimeSpan>{begin}{end}</TimeSpan>"
        f"{_shape(event.geometry())}</Placemark>\n"
    )


def _shape(geometry: dict[str, Any]) -> str:
    if geometry["type"] == "Point":
        lon, lat = geometry["coordinates"]
        return f"<Point><coordinates>{lon},{lat}</coordinates></Point>"
    lines = geometry["coordinates"]
    lines = [lines] if geometry["type"] == "LineString" else lines
    drawn = "".join(
        "<LineString><tessellate>1</tessellate><coordinates>"
        + " ".join(f"{lon},{lat}" for lon, lat in line)
        + "</coordinates></LineString>"
        for line in lines
    )
    return drawn if len(lines) == 1 else f"<MultiGeometry>{drawn}</MultiGeometry>"
