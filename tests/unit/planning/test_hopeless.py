"""Places that nothing leads to, and parcels, in the small town of the plans."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from gisplan.errors import InputError, OutsideAreaError
from gisplan.planning.place_routes import answer_alternatives, answer_to_place
from gisplan.planning.region import check_areas, refuse_outside, site_metres
from gisplan.planning.routes import RouteQuestion, answer_nearest, route_site
from gisplan.planning.state import PlanningState
from gisplan.planning.unreached import no_source_reasons
from tests.unit.planning.test_options import (
    EAST_M,
    NORTH_M,
    application,
    best,
    plan_at,
    region_of,
    state_of,
    town,
)


def ring(*points: tuple[float, float]) -> str:
    return " ".join(f"{EAST_M + x},{NORTH_M + y}" for x, y in points)


def state_with(*rows: str) -> PlanningState:
    return state_of(region_of(town(*rows)))


def way_out(state: PlanningState, reason: str) -> tuple[float, float]:
    """Place that a reason names, as metres from the corner of the town."""
    _, _, text = reason.rpartition(" m away at ")
    lon, lat = map(float, text.split(", "))
    x_m, y_m = state.region.projection.to_metres(lon, lat)
    return x_m - EAST_M, y_m - NORTH_M


def parcel_of(
    state: PlanningState, *points: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    corners = np.array([(EAST_M + x, NORTH_M + y) for x, y in (*points, points[0])])
    return state.region.projection.to_lon_lat(corners)


LAKE = f"obstacle {ring((100, 5), (200, 5), (200, 90), (100, 90))} kind=water id=L1"


def test_site_in_a_lake_is_told_so_with_the_nearest_place_on_the_shore() -> None:
    state = state_with(LAKE)
    plan = plan_at(state, 150, 20)
    assert not plan.feasible
    assert plan.reasons[0].startswith("the site lies in a forbidden area (water L1)")
    assert "The nearest place that can be connected is 15 m away" in plan.reasons[0]
    assert way_out(state, plan.reasons[0]) == pytest.approx((150, 5), abs=0.5)


def test_place_that_is_named_can_be_connected() -> None:
    state = state_with(LAKE)
    x_m, y_m = way_out(state, plan_at(state, 150, 20).reasons[0])
    assert plan_at(state, x_m, y_m).feasible


def test_house_is_left_where_a_lake_is_not() -> None:
    assert plan_at(state_with(LAKE.replace("water", "building")), 150, 20).feasible


def test_site_beyond_reach_is_shown_a_place_within_it() -> None:
    state = state_with()
    plan = plan_at(state, 150, 400)
    assert plan.reasons[0].startswith("no corridor can be reached from the site within 150 m")
    assert "The nearest place that can be connected is 250 m away" in plan.reasons[0]


def test_corridors_without_access_point_are_told_with_a_place_that_has_one() -> None:
    state = state_with(f"street {ring((3000, 0), (3200, 0))}")
    plan = plan_at(state, 3100, 10)
    assert plan.reasons[0].startswith("the corridors around the site, 200 m that hang together")
    assert "no access point of low voltage" in plan.reasons[0]
    x_m, y_m = way_out(state, plan.reasons[0])
    assert plan_at(state, x_m, y_m).reasons[:1] != plan.reasons[:1]
    assert x_m < 1000


def test_grid_without_corridors_says_so() -> None:
    state = state_of(region_of(town()))
    nothing = state.region.site_index.only(np.zeros(0, dtype=np.int64))
    region = replace(state.region, site_index=nothing)
    plan = plan_at(state_of(region), 150, 20)
    assert plan.reasons[0].startswith("the grid has no corridor at all")


# --- parcels --------------------------------------------------------------------------------------


def test_cable_ends_at_the_boundary_of_the_parcel() -> None:
    state = state_with()
    parcel = parcel_of(state, (130, 12), (170, 12), (170, 60), (130, 60))
    alone, whole = plan_at(state, 150, 40), plan_at(state, 150, 40, parcel=parcel)
    assert best(whole).route.length_m == pytest.approx(best(alone).route.length_m - 28, abs=0.1)
    (lon, lat) = best(whole).route.segments[0].coordinates[0]
    _, y_m = state.region.projection.to_metres(lon, lat)
    assert y_m - NORTH_M == pytest.approx(12, abs=0.05)
    assert whole.application.parcel == parcel


def test_parcel_is_left_on_whichever_side_is_cheaper() -> None:
    # a house of others stands before the near side
    state = state_with(f"obstacle {ring((100, 3), (171, 3), (171, 11), (100, 11))}")
    parcel = parcel_of(state, (130, 12), (174, 12), (174, 60), (130, 60))
    option = best(plan_at(state, 150, 40, parcel=parcel))
    (lon, lat) = option.route.segments[0].coordinates[0]
    x_m, _ = state.region.projection.to_metres(lon, lat)
    assert x_m - EAST_M > 171


def test_place_outside_its_parcel_is_refused() -> None:
    state = state_with()
    parcel = parcel_of(state, (130, 12), (170, 12), (170, 60), (130, 60))
    with pytest.raises(InputError, match=r"A-1: the place .* lies 10.0 m outside the parcel"):
        plan_at(state, 120, 40, parcel=parcel)


def test_parcel_amid_a_lake_is_hopeless_too() -> None:
    state = state_with(LAKE)
    parcel = parcel_of(state, (130, 12), (170, 12), (170, 60), (130, 60))
    plan = plan_at(state, 150, 40, parcel=parcel)
    assert plan.reasons[0].startswith("the site lies in a forbidden area (water L1)")


def test_application_without_parcel_has_none() -> None:
    assert application(state_with().region, 1, 1).parcel is None


def lon_lat(state: PlanningState, x: float, y: float) -> tuple[float, float]:
    ((lon, lat),) = state.region.projection.to_lon_lat(np.array([[EAST_M + x, NORTH_M + y]]))
    return float(lon), float(lat)


def test_way_to_the_place_itself_needs_no_cable() -> None:
    state = state_with()
    here = lon_lat(state, 150, 20)
    placed = route_site(RouteQuestion(at=here, to=here, demand_kva=9.0), state)
    for found in (answer_to_place(placed), answer_alternatives(placed)):
        assert found.routes == ()
        assert found.reasons == ("both ends are the same place: no cable is needed",)


def test_site_that_an_area_to_avoid_shuts_in_is_told_so() -> None:
    state = state_with()
    area = np.array([shapely.box(EAST_M - 900, NORTH_M - 900, EAST_M + 900, NORTH_M + 900)])
    question = RouteQuestion(at=lon_lat(state, 150, 20), demand_kva=9.0, avoid=area)
    found = answer_nearest(route_site(question, state))
    assert found.routes == ()
    assert "every corridor within reach lies in or behind an area to avoid" in found.reasons[0]


def test_places_in_one_house_need_no_cable_outside_it() -> None:
    state = state_with(f"obstacle {ring((130, 5), (170, 5), (170, 40), (130, 40))} kind=building")
    here, there = lon_lat(state, 150, 20), lon_lat(state, 152, 20)
    placed = route_site(RouteQuestion(at=here, to=there, demand_kva=9.0), state)
    for found in (answer_to_place(placed), answer_alternatives(placed)):
        assert found.routes == ()
        assert found.reasons[0].startswith("both ends stand in the same building")


def test_end_in_a_lake_is_told_so_with_the_nearest_place_on_the_shore() -> None:
    state = state_with(LAKE)
    question = RouteQuestion(at=lon_lat(state, 250, 10), to=lon_lat(state, 150, 20), demand_kva=9.0)
    placed = route_site(question, state)
    for found in (answer_to_place(placed), answer_alternatives(placed)):
        assert found.routes == ()
        assert "lies in a forbidden area (water L1)" in found.reasons[0]
        assert way_out(state, found.reasons[0]) == pytest.approx((150, 5), abs=0.5)


def test_end_on_corridors_of_their_own_is_told_with_the_nearest_place_that_is_reached() -> None:
    state = state_with(f"street {ring((3000, 0), (3200, 0))}")
    question = RouteQuestion(
        at=lon_lat(state, 150, 20), to=lon_lat(state, 3100, 10), demand_kva=9.0
    )
    found = answer_to_place(route_site(question, state))
    assert found.reasons[0].startswith("no open corridors lead to the place")
    x_m, y_m = way_out(state, found.reasons[0])
    assert x_m < 1000
    nearer = RouteQuestion(at=question.at, to=lon_lat(state, x_m, y_m), demand_kva=9.0)
    assert answer_to_place(route_site(nearer, state)).routes


def test_place_named_beyond_an_area_to_avoid_can_be_connected() -> None:
    state = state_with()
    area = shapely.box(EAST_M + 140, NORTH_M + 3, EAST_M + 160, NORTH_M + 30)
    shut_in = np.array([area], dtype=object)
    question = RouteQuestion(at=lon_lat(state, 150, 20), demand_kva=9.0, avoid=shut_in)
    found = answer_nearest(route_site(question, state))
    assert found.routes == ()
    assert found.reasons[0].startswith("every corridor within reach lies in or behind")
    at = lon_lat(state, *way_out(state, found.reasons[0]))
    there = RouteQuestion(at=at, demand_kva=9.0, avoid=shut_in)
    assert answer_nearest(route_site(there, state)).routes


def test_sources_of_a_site_in_a_lake_are_refused_with_the_nearest_place() -> None:
    state = state_with(LAKE)
    placed = route_site(RouteQuestion(at=lon_lat(state, 150, 20), demand_kva=9.0), state)
    (reason,) = no_source_reasons(placed, "no source can be reached")
    assert "water L1" in reason
    assert way_out(state, reason) == pytest.approx((150, 5), abs=0.5)


def test_sources_beyond_a_gap_are_told_with_the_nearest_place_that_reaches_one() -> None:
    state = state_with(f"street {ring((3000, 0), (3200, 0))}")
    placed = route_site(RouteQuestion(at=lon_lat(state, 3100, 10), demand_kva=9.0), state)
    first, second = no_source_reasons(placed, "no source can be reached")
    assert first == "no source can be reached"
    assert second.startswith("the open corridors around the site lead to no access point")
    assert way_out(state, second)[0] < 1000


def test_demand_beyond_every_cable_is_told_before_the_ground() -> None:
    state = state_with(LAKE)
    placed = route_site(RouteQuestion(at=lon_lat(state, 150, 20), demand_kva=9e5), state)
    reasons = no_source_reasons(placed, "no source can be reached")
    assert reasons[-1] == "no cable of the catalogue carries 900000 kVA at this level"


@pytest.mark.parametrize(
    ("area", "text"),
    [
        (shapely.Polygon([(0, 0), (0, 0), (0, 0)]), "area 1 encloses nothing"),
        (shapely.Polygon([(0, 0), (np.inf, 0), (0, 9)]), "nowhere on earth"),
        (shapely.box(0, 0, 9, 9), "all areas lie outside the loaded region"),
    ],
)
def test_area_that_would_change_nothing_is_refused(area: shapely.Polygon, text: str) -> None:
    with pytest.raises(InputError, match=text):
        check_areas(state_with().region, np.array([area], dtype=object), "the areas to avoid")


def test_landing_on_an_avoided_edge_leads_along_none_of_it() -> None:
    state = state_with()
    at = lon_lat(state, 150, 20)
    free = answer_nearest(route_site(RouteQuestion(at=at, demand_kva=9.0, count=3), state))
    site = route_site(RouteQuestion(at=at, demand_kva=9.0, count=3), state).site
    edge = int(site.connectors.edge[0])
    shape = shapely.LineString(site.region.snapshot.corridors.shape.row(edge))
    near_end = shape.interpolate(0.97, normalized=True).buffer(0.5)
    area = np.array([near_end], dtype=object)
    question = RouteQuestion(at=at, demand_kva=9.0, count=3, avoid=area)
    shut = answer_nearest(route_site(question, state))
    for one in shut.routes:
        for segment in one.route.segments:
            xy_m = np.array([state.region.projection.to_metres(*c) for c in segment.coordinates])
            assert shapely.LineString(xy_m).distance(near_end) > 0 or len(xy_m) < 2
    assert shut.routes[0].cost.total >= free.routes[0].cost.total


def test_applications_outside_are_told_by_the_first_of_them_and_their_number() -> None:
    region = state_with().region
    inside = application(region, 150, 20)
    refuse_outside((inside,), region)
    away = tuple(
        replace(inside, reference=f"A-{number}", lon=2.35, lat=48.85) for number in range(9)
    )
    with pytest.raises(OutsideAreaError) as caught:
        refuse_outside((inside, *away), region)
    text = str(caught.value)
    assert text.startswith("9 of 10 applications outside the loaded region, which spans longitude")
    assert "A-2 at 2.35, 48.85 and 6 more; give longitude first, or load the grid" in text


def test_exchanged_longitude_and_latitude_are_told_so() -> None:
    region = state_with().region
    right = application(region, 150, 20)
    swapped = replace(right, lon=right.lat, lat=right.lon)
    with pytest.raises(OutsideAreaError, match="longitude and latitude are exchanged"):
        refuse_outside((swapped,), region)
    with pytest.raises(OutsideAreaError, match="longitude and latitude are exchanged"):
        site_metres(region, swapped.lon, swapped.lat)
