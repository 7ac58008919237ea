"""Pages that open without a network: the alert map, its basemap and its assets.

`alert_map.render_page` and `write_page` make a page of a `payload.Page`; `words` says events in
plain text; `assets` and `csp` keep the page whole and closed. May import imagery, detectors, feeds
and vessels.
"""
