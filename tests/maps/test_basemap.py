"""The land under the map: fine near events, coarse elsewhere, holes kept, within its budget."""

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from maps import basemap
from maps.basemap import basemap_payload
from tests.maps.samples import land


def _ring(steps: list[int]) -> np.ndarray:
    return np.cumsum(np.array(steps).reshape(-1, 2), axis=0) / basemap.SCALE


def _area(outlines: list[list[list[int]]]) -> BaseGeometry:
    return shapely.union_all(
        [shapely.Polygon(_ring(o[0]), [_ring(hole) for hole in o[1:]]) for o in outlines]
    )


def test_without_places_the_whole_world_is_coarse() -> None:
    outlines = basemap_payload([], land)
    assert _area(outlines).equals(shapely.union_all(land("110m")))


def test_near_a_place_the_land_is_fine_and_nothing_is_lost_or_doubled() -> None:
    far = basemap_payload([(10.0, 10.0)], land)
    near = basemap_payload([(139.0, -8.5)], land)
    assert sum(len(ring) for o in near for ring in o) > sum(len(ring) for o in far for ring in o)
    whole = shapely.union_all(land("110m"))
    assert _area(near).symmetric_difference(whole).area < 0.01


def test_a_lake_stays_open() -> None:
    for places in ([], [(141.0, -3.0)]):
        assert not _area(basemap_payload(places, land)).contains(shapely.Point(141.0, -3.0))


def test_land_is_fine_on_both_sides_of_180_degrees() -> None:
    outlines = basemap_payload([(-179.9, -18.0)], land)
    assert _area(outlines).symmetric_difference(shapely.union_all(land("110m"))).area < 0.01


def test_places_at_the_poles_and_far_out_of_range_draw() -> None:
    assert basemap_payload([(0.0, 90.0), (0.0, -90.0), (539.0, 0.0)], land)


def test_fine_land_is_simplified_to_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    def wiggly(scale: str) -> list[BaseGeometry]:
        return land(scale) if scale == "110m" else [shapely.Point(140, -9).buffer(2.0, 5_000)]

    monkeypatch.setattr(basemap, "VERTEX_BUDGET", 500)
    outlines = basemap_payload([(140.0, -9.0)], wiggly)
    assert sum(len(ring) // 2 for o in outlines for ring in o) < 600


def test_a_speck_that_rounds_to_nothing_is_left_out() -> None:
    speck = shapely.box(1.0, 1.0, 1.0001, 1.0001)
    assert basemap_payload([], lambda _: [speck]) == []
