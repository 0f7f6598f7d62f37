"""Connectors from a site to the corridors around it."""

import numpy as np
import pytest
import shapely

from gisplan.routing.site import ENOUGH, SiteIndex


def index(
    *streets: list[tuple[float, float]], houses: tuple[shapely.Polygon, ...] = ()
) -> SiteIndex:
    return SiteIndex.build(
        np.array([shapely.LineString(street) for street in streets], dtype=object),
        np.array(houses, dtype=object),
    )


def test_connector_is_the_perpendicular_to_the_nearest_street() -> None:
    found = index([(0, 0), (100, 0)]).connectors(40.0, 30.0, 150.0)
    assert (found.edge[0], found.share[0], found.length_m[0]) == (0, 0.4, 30.0)
    assert found.xy_m[0].tolist() == [40.0, 0.0]


def test_connectors_come_nearest_first() -> None:
    found = index([(0, 0), (100, 0)], [(0, 50), (100, 50)]).connectors(40.0, 30.0, 150.0)
    assert found.edge[0] == 1
    assert found.length_m.tolist() == sorted(found.length_m)


def test_nothing_beyond_the_reach_is_landed_on() -> None:
    assert len(index([(0, 0), (100, 0)]).connectors(50.0, 30.0, 29.9)) == 0


def test_connector_goes_around_a_house() -> None:
    house = shapely.box(30, 10, 50, 20)
    found = index([(0, 0), (100, 0)], houses=(house,)).connectors(40.0, 30.0, 150.0)
    lines = shapely.linestrings([[(40.0, 30.0), tuple(xy)] for xy in found.xy_m])
    assert len(found) > 0
    assert not shapely.intersects(lines, house.buffer(-0.1)).any()


def test_site_inside_its_own_house_may_leave_it() -> None:
    house = shapely.box(30, 10, 50, 20)
    assert (
        index([(0, 0), (100, 0)], houses=(house,)).connectors(40.0, 15.0, 150.0).length_m[0] == 15
    )


def test_site_behind_a_row_of_houses_finds_a_street_further_away() -> None:
    # many short edges right behind a wall, one street further away on the open side
    near = [[(x, 0.0), (x + 1.0, 0.0)] for x in np.arange(-100.0, 100.0)]
    wall = shapely.box(-200, 5, 200, 10)
    found = index(*near, [(-50, 120), (50, 120)], houses=(wall,)).connectors(0.0, 20.0, 150.0)
    assert set(found.edge.tolist()) == {200}


def test_enough_landings_are_enough() -> None:
    streets = [[(x, 0.0), (x + 1.0, 0.0)] for x in np.arange(0.0, 1000.0)]
    found = index(*streets).connectors(500.0, 10.0, 150.0)
    assert ENOUGH <= len(found) < 4 * ENOUGH


def test_only_landable_edges_are_landed_on() -> None:
    streets = [shapely.LineString([(0, 0), (9, 0)]), shapely.LineString([(0, 50), (9, 50)])]
    only = SiteIndex.build(
        np.array(streets, dtype=object),
        np.zeros(0, dtype=object),
        landable=np.array([False, True]),
    )
    assert set(only.connectors(5.0, 10.0, 150.0).edge.tolist()) == {1}
    assert only.nearest_corridor_m(5.0, 10.0) == pytest.approx(40.0)


def test_region_without_corridors_is_infinitely_far() -> None:
    empty = SiteIndex.build(np.zeros(0, dtype=object), np.zeros(0, dtype=object))
    assert empty.nearest_corridor_m(0.0, 0.0) == float("inf")
    assert len(empty.connectors(0.0, 0.0, 150.0)) == 0
