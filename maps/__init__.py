"""Pages that open without a network: the alert map, its basemap and its assets.

May import imagery, detectors, feeds and vessels.
"""
