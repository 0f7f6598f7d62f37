"""Connectors from a site to the corridors around it."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.routing.site import Diagnosis, SiteIndex, Trouble


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


def test_every_corridor_within_reach_is_landed_on() -> None:
    streets = [[(x, 0.0), (x + 1.0, 0.0)] for x in np.arange(0.0, 1000.0)]
    found = index(*streets).connectors(500.5, 0.0, 150.0)
    assert np.unique(found.edge).tolist() == list(range(350, 651))
    assert len(np.unique(np.column_stack([found.edge, found.share]), axis=0)) == len(found)


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


# --- parcels --------------------------------------------------------------------------------------

PARCEL = shapely.box(30, 10, 70, 40)


def test_parcel_is_left_where_its_boundary_is_nearest() -> None:
    found = index([(0, 0), (100, 0)], [(0, 60), (100, 60)]).connectors(
        50.0, 25.0, 150.0, parcel=PARCEL
    )
    assert found.length_m[:2].tolist() == [10.0, 20.0]
    assert found.edge[:2].tolist() == [0, 1]
    assert found.start_xy_m[0, 1] == 10.0
    assert found.start_xy_m[1, 1] == 40.0
    exits = shapely.points(found.start_xy_m)
    assert shapely.dwithin(exits, PARCEL.exterior, 1e-9).all()


def test_parcel_reaches_further_than_its_middle() -> None:
    street = index([(0, 0), (100, 0)])
    assert len(street.connectors(50.0, 25.0, 15.0)) == 0
    assert len(street.connectors(50.0, 25.0, 15.0, parcel=PARCEL)) > 0


def test_corridor_across_the_parcel_is_reached_at_no_length() -> None:
    found = index([(0, 20), (100, 20)]).connectors(50.0, 25.0, 150.0, parcel=PARCEL)
    assert found.length_m[0] == 0.0


def test_house_on_the_parcel_may_be_left_and_the_neighbours_not() -> None:
    own, other = shapely.box(40, 10, 60, 20), shapely.box(0, 2, 100, 8)
    assert len(index([(0, 0), (100, 0)], houses=(own,)).connectors(50, 15, 150, parcel=PARCEL))
    shut = index([(0, 0), (100, 0)], houses=(own, other))
    straight = shut.connectors(50.0, 15.0, 150.0, parcel=PARCEL)
    lines = shapely.linestrings(np.stack([straight.start_xy_m, straight.xy_m], axis=1))
    assert not shapely.intersects(lines, other.buffer(-0.1)).any()


def test_point_starts_where_it_is() -> None:
    found = index([(0, 0), (100, 0)]).connectors(40.0, 30.0, 150.0)
    assert (found.start_xy_m == [40.0, 30.0]).all()


# --- hopeless places ------------------------------------------------------------------------------


def lake(*streets: list[tuple[float, float]], area: shapely.Polygon) -> SiteIndex:
    return SiteIndex.build(
        np.array([shapely.LineString(street) for street in streets], dtype=object),
        np.array([area], dtype=object),
        leavable=np.array([False]),
    )


def test_site_in_a_lake_is_told_so_and_shown_the_shore() -> None:
    water = lake([(0, 0), (100, 0)], area=shapely.box(0, 10, 100, 60))
    assert len(water.connectors(50.0, 40.0, 150.0)) == 0
    assert water.diagnose(50.0, 40.0, 150.0) == Diagnosis(
        trouble=Trouble.IN_AREA, area=0, nearest_m=40.0
    )
    out = water.find_way_out(50.0, 40.0, 150.0)
    assert out is not None
    assert (out.x_m, out.y_m) == pytest.approx((50.0, 10.0), abs=0.1)
    assert out.distance_m == pytest.approx(30.0, abs=0.1)


def test_lake_is_nobodys_house() -> None:
    water = lake([(0, 0), (100, 0)], area=shapely.box(0, 10, 100, 60))
    assert not water.in_same_area((50.0, 40.0), np.array([50.0]), np.array([20.0])).any()


def test_site_beyond_reach_is_shown_the_nearest_place_within_it() -> None:
    far = index([(0, 0), (100, 0)])
    assert far.diagnose(50.0, 400.0, 150.0).trouble is Trouble.OUT_OF_REACH
    out = far.find_way_out(50.0, 400.0, 150.0)
    assert out is not None
    assert out.distance_m == pytest.approx(250.0, abs=0.1)
    assert len(far.connectors(out.x_m, out.y_m, 150.0)) > 0


def test_site_behind_a_wall_is_shut_in() -> None:
    wall = shapely.Polygon(
        shapely.box(20, 20, 80, 80).exterior, [shapely.box(30, 30, 70, 70).exterior]
    )
    shut = index([(0, 0), (100, 0)], houses=(wall,))
    assert shut.diagnose(50.0, 50.0, 150.0).trouble is Trouble.SHUT_IN
    out = shut.find_way_out(50.0, 50.0, 150.0)
    assert out is not None
    assert out.y_m == pytest.approx(20.0, abs=0.1)


def test_site_with_a_connector_has_no_trouble() -> None:
    assert index([(0, 0), (100, 0)]).diagnose(50.0, 9.0, 150.0).trouble is Trouble.NONE


def test_without_corridors_there_is_no_way_out() -> None:
    empty = SiteIndex.build(np.zeros(0, dtype=object), np.zeros(0, dtype=object))
    assert empty.find_way_out(0.0, 0.0, 150.0) is None
    assert empty.diagnose(0.0, 0.0, 150.0).nearest_m == float("inf")


def test_way_out_may_be_asked_of_some_edges_only() -> None:
    both = index([(0, 0), (100, 0)], [(0, 90), (100, 90)])
    out = both.only(np.array([1])).find_way_out(50.0, 0.0, 40.0)
    assert out is not None
    assert out.y_m == pytest.approx(50.0, abs=0.1)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_way_out_can_always_be_connected(data: st.DataObject) -> None:
    place = st.tuples(st.integers(0, 300), st.integers(0, 300))
    streets = data.draw(st.lists(st.tuples(place, place), min_size=1, max_size=4))
    streets = [list(map(tuple, street)) for street in streets if street[0] != street[1]]
    corners = data.draw(st.lists(place, min_size=0, max_size=3))
    areas = np.array([shapely.box(x, y, x + 40, y + 30) for x, y in corners], dtype=object)
    lines = shapely.difference(
        np.array([shapely.LineString(street) for street in streets], dtype=object),
        shapely.union_all(areas) if len(areas) else shapely.Point(),
    )
    parts = shapely.get_parts(lines)
    parts = parts[shapely.length(parts) > 1.0]
    town = SiteIndex.build(parts, areas, leavable=np.zeros(len(areas), dtype=bool))
    x_m, y_m = data.draw(place)
    out = town.find_way_out(float(x_m), float(y_m), 50.0)
    assert (out is None) == (len(parts) == 0)
    if out is not None:
        assert town.diagnose(out.x_m, out.y_m, 50.0).trouble is Trouble.NONE


def test_further_areas_of_several_parts_shut_every_part() -> None:
    halves = shapely.MultiPolygon([shapely.box(-90, 5, 0, 10), shapely.box(0, 5, 90, 10)])
    line = shapely.LineString([(0, 0), (1, 1)])
    open_index = index([(-50, 0), (50, 0)])
    assert len(open_index.connectors(0.0, 20.0, 60.0))
    for area in (halves, shapely.GeometryCollection([line, halves])):
        shut = open_index.shut_by(np.array([area], dtype=object))
        assert len(shut.connectors(0.0, 20.0, 60.0)) == 0
