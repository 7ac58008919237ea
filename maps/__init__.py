"""Pages that open without a network: the alert map, its basemap and its assets.

`alert_map.render_page` and `write_page` make a page of a `payload.Page`; `event_page` makes one of
a single event; `picture.event_picture` draws it as PNG; `words` and `sentences` say events in text;
`assets` and `csp` keep the page whole and closed. May import imagery, detectors, feeds and vessels.
"""
