"""Satellite scenes: images opened with care, ships found in them, pictures of them.

`open_image` (imagery.opening) turns files of one scene into an `Image`; `find_ships`
(imagery.ships) returns a table of ships, schema `DETECTION` (imagery.detections); chips and quick
looks come from imagery.chips and imagery.quicklook. GDAL, scipy and numba are loaded when needed.
"""
