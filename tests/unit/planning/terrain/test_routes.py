"""Routes over open ground: known answers by hand, bounds that every answer keeps.

A street leads from west to east along y = 0; the board B stands at its eastern end, x = 300. The
ground around is a raster of 1 m or 2 m cells.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.model.option import Severity
from gisplan.model.route_answer import ProposedRoute, RouteAnswer
from gisplan.planning.place_routes import answer_to_place
from gisplan.planning.routes import RouteQuestion, answer_nearest, route_site
from gisplan.planning.state import PlanningState
from gisplan.planning.terrain.ground import LandUse, Terrain
from gisplan.planning.terrain.overhead import overhead_variants
from gisplan.planning.terrain.routes import answer_terrain
from gisplan.routing.terrain.raster import LARGEST_COST, CostRaster
from tests.grids import grid
from tests.unit.planning.test_route import EAST_M, NORTH_M, ROWS, at, state_of, way, with_values
from tests.unit.planning.towns import CATALOGUE, region_of

SRID = 25832
KVA = 9.0
# NAYY 4x50 at 6 EUR/m with 2 % spare
CABLE_PER_M = 6.12


@cache
def state(*rows: str) -> PlanningState:
    return state_of(region_of(grid(*ROWS, way("street", 0, 300, "verge id=K1"), *rows)))


def lon_lat(x_m: float, y_m: float) -> tuple[float, float]:
    projection = state().region.projection
    return projection.to_lon_lat(np.array([[EAST_M + x_m, NORTH_M + y_m]]))[0]


def raster(
    cost_per_m: float | np.ndarray, *, cell_m: float = 2.0, west: float = -100, north: float = 200
) -> Terrain:
    """A raster over x from -100 to 400 and y from -100 to 200, unless told otherwise."""
    costs = np.full((150, 250), cost_per_m) if np.isscalar(cost_per_m) else np.asarray(cost_per_m)
    return Terrain(
        name="ground.tif",
        ground=CostRaster(
            cost_cents_per_m=np.rint(costs * 100).astype(np.int32),
            x_min_m=EAST_M + west,
            y_max_m=NORTH_M + north,
            cell_m=cell_m,
            srid=SRID,
        ),
    )


def rectangle(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(EAST_M + west, NORTH_M + south, EAST_M + east, NORTH_M + north)


def land_use(*areas: tuple[shapely.Geometry, str | float]) -> Terrain:
    """Areas with a surface or a cost each."""
    return Terrain(
        name="fields.gpkg",
        ground=LandUse(
            shape=np.array([area for area, _ in areas], dtype=object),
            cost_per_m=np.array([np.nan if isinstance(what, str) else what for _, what in areas]),
            surface=tuple(what if isinstance(what, str) else "" for _, what in areas),
            name=tuple(f"area {n}" for n in range(len(areas))),
        ),
    )


def asked(
    terrain: Terrain,
    site: tuple[float, float],
    *,
    to: tuple[float, float] | None = None,
    count: int = 1,
    rows: tuple[str, ...] = (),
    avoid: tuple[shapely.Polygon, ...] = (),
    kva: float = KVA,
    overhead: bool = False,
) -> RouteAnswer:
    areas = np.array(avoid, dtype=object) if avoid else np.zeros(0, dtype=object)
    question = RouteQuestion(
        at=lon_lat(*site),
        demand_kva=kva,
        count=count,
        to=None if to is None else lon_lat(*to),
        avoid=areas,
    )
    return answer_terrain(route_site(question, state(*rows)), terrain, overhead=overhead)


def only(answer: RouteAnswer) -> ProposedRoute:
    assert len(answer.routes) == 1, answer.reasons
    return answer.routes[0]


def test_cheap_ground_is_crossed_straight_to_the_access_point() -> None:
    route = only(asked(raster(20.0), (150, 60)))
    # to the board at (300, 0): 161.555 m
    assert route.route.length_m == pytest.approx(math.hypot(150, 60), abs=0.05)
    (segment,) = route.route.segments
    assert (segment.corridor, segment.surface, segment.laying) == (
        "off corridors", "open_ground", "direct_burial",
    )  # fmt: skip
    assert segment.civil_cost == pytest.approx(161.555 * 20, abs=1)
    assert segment.cable_cost == pytest.approx(161.555 * CABLE_PER_M, abs=1)
    assert route.access_point is not None
    x_m, y_m = state().region.projection.to_metres(route.access_point.lon, route.access_point.lat)
    assert (x_m - EAST_M, y_m - NORTH_M) == pytest.approx((300, 0), abs=0.02)


def test_a_place_on_a_street_a_step_away_is_reached_straight_over_the_ground() -> None:
    # the middles of both cells are farther apart than the corner by way of the street
    route = only(asked(raster(19.0), (1, 1), to=(2, 0)))
    assert [segment.corridor for segment in route.route.segments] == ["off corridors"]
    assert route.cost.total == pytest.approx(math.sqrt(2) * (19 + CABLE_PER_M), abs=0.1)


def test_dear_ground_is_left_by_the_shortest_way_and_paid_as_it_is() -> None:
    route = only(asked(raster(200.0), (150, 60)))
    off, street = route.route.segments
    assert off.length_m == pytest.approx(60, abs=0.5)
    assert off.civil_cost == pytest.approx(60 * 200, abs=60)
    assert (street.corridor, street.length_m) == ("street: K1", pytest.approx(150, abs=2))


def test_a_way_leaves_a_street_crosses_a_field_and_joins_another() -> None:
    # a meadow between two streets that meet nowhere near
    other = f"street {at(0, 100)} {at(300, 100)} verge id=K2"
    costs = np.full((150, 250), 100.0)
    costs[50:100, 70:80] = 10.0  # x from 40 to 60, y from 0 to 100
    costs[50:100, :70] = -0.01  # the straight way is shut
    route = only(asked(raster(costs), (20, 101), to=(20, -1), rows=(other,)))
    kinds = [segment.corridor for segment in route.route.segments]
    assert kinds[0] == kinds[-1] == "off corridors"
    assert {"street: K2", "street: K1"} <= set(kinds)
    # 2 x 20 m of street, 100 m of meadow, 1 m to each street
    assert route.route.length_m == pytest.approx(2 + 2 * 21 + 100, rel=0.03)


def test_bill_names_whose_price_it_is_and_is_the_whole_cost() -> None:
    route = only(asked(raster(20.0), (150, 60)))
    rows = {row.item: row for row in route.bill_of_materials}
    works = rows["Direct burial, open ground, at the price of ground.tif"]
    assert (works.unit_cost, works.source) == (20.0, "ground.tif")
    assert sum(row.cost for row in route.bill_of_materials) == pytest.approx(route.cost.total)
    assert any("must grant a wayleave" in finding.text for finding in route.findings)


def test_land_use_is_priced_by_the_catalogue() -> None:
    meadow = rectangle(100, 20, 310, 100)
    route = only(asked(land_use((meadow, "verge")), (150, 60), to=(250, 60)))
    assert [segment.surface for segment in route.route.segments] == ["verge"]
    assert route.cost.civil == pytest.approx(100 * 51, abs=1)
    assert route.bill_of_materials[0].item == "Direct burial, verge"
    outside = only(asked(land_use((meadow, 5.0)), (150, 60), to=(250, 130)))
    by_surface = {row.item: row.unit_cost for row in outside.bill_of_materials[:2]}
    assert by_surface == {
        "Direct burial, open ground": 110.0,
        "Direct burial, open ground, at the price of fields.gpkg": 5.0,
    }


def test_areas_that_cross_themselves_are_made_valid() -> None:
    bow = shapely.Polygon(
        [(EAST_M + x, NORTH_M + y) for x, y in ((100, 20), (200, 100), (200, 20), (100, 100))]
    )
    assert not bow.is_valid
    assert only(asked(land_use((bow, 5.0)), (110, 60), to=(190, 60))).cost.civil > 0


@pytest.mark.parametrize(("kind", "cost"), [("rail", 18_500.0), ("water", 9_200.0)])
def test_a_barrier_is_crossed_at_its_price_or_gone_around(kind: str, cost: float) -> None:
    wall = f"barrier {kind} {at(150, -300)} {at(150, 300)} id=X1"
    route = only(asked(raster(20.0), (100, 60), to=(200, 60), rows=(wall,)))
    assert route.cost.crossings == cost
    (segment,) = (one for one in route.route.segments if one.crossings)
    assert [(one.kind, one.barrier) for one in segment.crossings] == [(kind, "X1")]
    assert route.route.length_m == pytest.approx(100, rel=0.03)
    short = f"barrier {kind} {at(150, 40)} {at(150, 300)} id=X2"
    around = only(asked(raster(20.0), (100, 60), to=(200, 60), rows=(short,)))
    assert around.cost.crossings == 0
    assert around.route.length_m == pytest.approx(2 * math.hypot(50, 21), rel=0.03)


def test_tracks_side_by_side_are_crossed_once() -> None:
    rows = tuple(
        f"barrier rail {at(x, -300)} {at(x, 300)} id=X{x} owner=Railway" for x in (150, 154)
    )
    route = only(asked(raster(20.0), (100, 60), to=(200, 60), rows=rows))
    assert route.cost.crossings == 18_500


def test_buildings_are_forbidden_whatever_the_ground_says() -> None:
    house = f"obstacle {at(140, 20)} {at(160, 20)} {at(160, 90)} {at(140, 90)} kind=building id=O1"
    free = only(asked(raster(20.0), (100, 60), to=(200, 60)))
    route = only(asked(raster(20.0), (100, 60), to=(200, 60), rows=(house,)))
    course = shapely.MultiLineString([one.coordinates for one in route.route.segments])
    area = shapely.Polygon([lon_lat(x, y) for x, y in ((141, 21), (159, 21), (159, 89), (141, 89))])
    assert not course.intersects(area)
    assert route.cost.total > free.cost.total
    inside = only(asked(raster(20.0), (150, 60), to=(200, 60), rows=(house,)))  # its own house
    assert inside.route.length_m == pytest.approx(50, rel=0.03)


def test_an_area_to_avoid_is_not_entered() -> None:
    area = rectangle(140, 20, 160, 90)
    route = only(asked(raster(20.0), (100, 60), to=(200, 60), avoid=(area,)))
    assert route.route.length_m > 110


def test_places_that_cannot_be_used_are_told_with_the_nearest_that_can() -> None:
    lake = f"obstacle {at(100, 20)} {at(200, 20)} {at(200, 90)} {at(100, 90)} kind=water id=L1"
    answer = asked(raster(20.0), (150, 60), rows=(lake,))
    assert answer.routes == ()
    assert "the site lies on ground that is forbidden" in answer.reasons[0]
    assert "nearest place that can be used is 31 m away" in answer.reasons[0]
    beyond = asked(raster(20.0), (150, 60), to=(-150, 60)).reasons[0]
    assert "the place asked for lies beyond ground.tif" in beyond
    assert "51 m away" in beyond
    shut = asked(raster(-0.01), (150, 60)).reasons[0]
    assert "all of the ground is forbidden" in shut


def test_ground_that_is_too_dear_with_its_cable_is_forbidden() -> None:
    answer = asked(raster((LARGEST_COST - 1) / 100), (150, 60))
    assert "all of the ground is forbidden" in answer.reasons[0]


def test_both_ends_the_same_need_no_cable() -> None:
    assert "both ends are the same" in asked(raster(20.0), (150, 60), to=(150, 60)).reasons[0]


def test_ground_that_is_shut_in_is_told() -> None:
    costs = np.full((150, 250), 20.0)
    costs[60:80, 115:135] = -0.01
    costs[65:75, 120:130] = 20.0
    answer = asked(raster(costs), (150, 60), to=(200, 60))
    assert answer.routes == ()
    assert "no way leads there" in answer.reasons[0]
    assert len(asked(raster(costs), (150, 60), count=3).reasons) == 2


def test_several_access_points_come_in_order_of_cost_each_once() -> None:
    answer = asked(raster(20.0), (150, 60), count=2)
    costs = [route.cost.total for route in answer.routes]
    assert costs == sorted(costs)
    ends = [route.access_point.element_id for route in answer.routes if route.access_point]
    assert len(set(ends)) == len(ends) == 2
    assert any("2 of 3" in reason for reason in asked(raster(20.0), (150, 60), count=3).reasons)


def test_a_main_is_joined_where_the_way_over_the_field_meets_it() -> None:
    route = next(
        one
        for one in asked(raster(20.0), (330, 60), count=2).routes
        if one.access_point and one.access_point.element_id == "B-J1"
    )
    assert route.access_point is not None
    assert route.access_point.offset_m == pytest.approx(30, abs=1)
    assert route.route.length_m == pytest.approx(60, abs=0.1)


def test_an_overhead_main_is_teed_off_in_the_field() -> None:
    rows = ("S-P 900 overhead", f"P pole 20000V @{at(700, 900)}")
    question = RouteQuestion(at=lon_lat(350, 100), demand_kva=630.0, count=9)
    ground = raster(np.full((600, 600), 20.0), west=-100, north=950)
    answer = answer_terrain(route_site(question, state(*rows)), ground)
    kinds = {one.access_point.kind.value: one for one in answer.routes if one.access_point}
    assert kinds["tee_off"].route.length_m == pytest.approx(350, rel=0.01)


PRICES = st.lists(st.floats(1.0, 51.0), min_size=16, max_size=16)
PLACES = st.tuples(st.floats(-40, 340), st.floats(-60, 140))


def patches(prices: list[float]) -> Terrain:
    """Ground in 4 x 4 patches of one price each."""
    rows = np.arange(150) * 4 // 150
    columns = np.arange(250) * 4 // 250
    return raster(np.round(np.array(prices).reshape(4, 4)[rows][:, columns], 2))


@settings(max_examples=25, deadline=None)
@given(PRICES, PLACES)
def test_ground_no_dearer_than_a_connector_never_makes_an_answer_dearer(
    prices: list[float], site: tuple[float, float]
) -> None:
    placed = route_site(RouteQuestion(at=lon_lat(*site), demand_kva=KVA), state())
    without = answer_nearest(placed).routes
    with_terrain = answer_terrain(placed, patches(prices)).routes
    for one, other in zip(with_terrain, without, strict=False):
        assert one.cost.total <= other.cost.total + 1.0
    assert len(with_terrain) >= len(without)


@settings(max_examples=25, deadline=None)
@given(PRICES, PLACES, PLACES)
@example(prices=[19.0] * 16, site=(1.0, 1.0), to=(2.0, 0.0))
def test_a_place_is_reached_no_dearer_with_ground_and_no_cheaper_than_straight(
    prices: list[float], site: tuple[float, float], to: tuple[float, float]
) -> None:
    if math.dist(site, to) < 1:
        return
    question = RouteQuestion(at=lon_lat(*site), demand_kva=KVA, to=lon_lat(*to))
    placed = route_site(question, state())
    route = only(answer_terrain(placed, patches(prices)))
    without = answer_to_place(placed).routes
    if without:
        assert route.cost.total <= without[0].cost.total + 1.0
    least = round(min(*prices, 51.0), 2) + CABLE_PER_M
    assert route.cost.total >= math.dist(site, to) * least - 0.5
    assert route.cost.total == pytest.approx(sum(row.cost for row in route.bill_of_materials))
    severities = {finding.severity for finding in route.findings}
    assert Severity.VIOLATION not in severities


@settings(max_examples=15, deadline=None)
@given(PRICES, PLACES, st.floats(0, 300), st.floats(-60, 100))
def test_a_new_area_to_avoid_never_cheapens(
    prices: list[float], site: tuple[float, float], west: float, south: float
) -> None:
    area = rectangle(west, south, west + 40, south + 40)
    if area.buffer(3).intersects(shapely.Point(EAST_M + site[0], NORTH_M + site[1])):
        return
    free = asked(patches(prices), site)
    shut = asked(patches(prices), site, avoid=(area,))
    if shut.routes:
        # searched on steps from cell to cell, told as pulled straight: 2.8 % between both
        assert only(shut).cost.total >= only(free).cost.total * 0.97


def test_an_area_without_extent_is_refused() -> None:
    flat = shapely.Polygon([(EAST_M + x, NORTH_M) for x in (0, 10, 20)])
    with pytest.raises(InputError, match="encloses no area"):
        asked(land_use((flat, 5.0)), (10, 5), to=(30, 5))


def test_an_overhead_line_is_priced_by_poles_and_wire() -> None:
    route = only(asked(raster(20.0), (0, 60), to=(300, 60), kva=630.0, overhead=True))
    # 300 m in four spans of at most 90 m: two terminal poles, three line poles; wire at 7.14 EUR/m
    assert route.cost.total == pytest.approx(2 * 4800 + 3 * 1800 + 300 * 7.14, abs=1)
    assert [segment.laying for segment in route.route.segments] == ["overhead_span"] * 4
    assert max(segment.length_m for segment in route.route.segments) <= 90
    poles = {row.item: row.quantity for row in route.bill_of_materials if row.kind == "pole"}
    assert sorted(poles.values()) == [2, 3]
    assert sum(row.cost for row in route.bill_of_materials) == pytest.approx(route.cost.total)
    measured = {finding.rule: finding.measured for finding in route.findings}
    assert measured["overhead.span_max_m.mv"] <= 90
    assert route.conductor.role == "overhead"


def test_an_overhead_line_keeps_clear_of_buildings_at_an_angle_pole() -> None:
    house = f"obstacle {at(140, 50)} {at(160, 50)} {at(160, 70)} {at(140, 70)} kind=building id=O1"
    route = only(
        asked(raster(20.0), (0, 60), to=(300, 60), kva=630.0, overhead=True, rows=(house,))
    )
    assert any("Angle pole" in row.item for row in route.bill_of_materials)
    projection = state().region.projection
    line = shapely.MultiLineString(
        [[projection.to_metres(*xy) for xy in one.coordinates] for one in route.route.segments]
    )
    assert line.distance(rectangle(140, 50, 160, 70)) >= 5 - 0.02
    clear = next(f for f in route.findings if f.rule == "overhead.building_clearance_m.mv")
    assert clear.severity is Severity.INFO


def test_an_overhead_line_ends_at_access_points_in_order_of_cost() -> None:
    answer = asked(raster(20.0), (150, 60), kva=630.0, count=2, overhead=True)
    assert [one.access_point.element_id for one in answer.routes if one.access_point] == ["T"]
    assert "1 of 2 access points wanted" in answer.reasons[-1]
    assert answer.routes[0].route.length_m == pytest.approx(math.hypot(150, 60), abs=0.1)


def test_what_an_overhead_line_crosses_is_asked_of_the_survey() -> None:
    rail = f"barrier rail {at(150, -300)} {at(150, 300)} id=X1"
    route = only(asked(raster(20.0), (0, 60), to=(300, 60), kva=630.0, overhead=True, rows=(rail,)))
    assert route.cost.crossings == 0
    assert any(f.rule == "overhead.crossing" and "X1" in f.text for f in route.findings)


def test_where_no_span_fits_the_stretch_is_named() -> None:
    answer = asked(raster(20.0), (150, 60), to=(155, 60), kva=630.0, overhead=True)
    assert answer.routes == ()
    assert "no spans of 15 to 90 m fit" in answer.reasons[0]


def test_a_load_beyond_all_conductors_is_refused() -> None:
    answer = asked(raster(20.0), (0, 60), to=(300, 60), kva=399.0, overhead=True)
    assert "no cable of the catalogue carries 399 kVA" in answer.reasons[-1]


def test_an_overhead_line_carries_the_expected_maximum_where_it_is_more_than_the_contract() -> None:
    site = route_site(RouteQuestion(at=lon_lat(150, 60), demand_kva=50.0), state()).site
    more = replace(site.application, expected_maximum_demand_kw=140.0)
    thin, thick = (one.conductor.section_mm2 for one in overhead_variants(site))
    assert [
        one.conductor.section_mm2 for one in overhead_variants(replace(site, application=more))
    ] == [thick]
    assert thin < thick


def test_bends_over_the_ground_are_in_the_order_of_costs_and_told() -> None:
    priced = with_values(CATALOGUE, **{"civil.bend_cost": 500.0})
    town = region_of(grid(*ROWS, way("street", 0, 300, "verge id=K1")), priced)
    costs = np.full((150, 250), 20.0)
    costs[:, 195:200] = -0.01  # a wall east of the board, with a gap in the north
    costs[:20, 195:200] = 20.0
    question = RouteQuestion(at=lon_lat(330, 60), demand_kva=KVA, count=2)
    answer = answer_terrain(route_site(question, state_of(town)), raster(costs))
    totals = [route.cost.total for route in answer.routes]
    assert totals == sorted(totals)
    told = replace(question, to=lon_lat(150, 60))
    route = only(answer_terrain(route_site(told, state_of(town)), raster(costs)))
    bends = [row for row in route.bill_of_materials if row.kind == "bend"]
    (weighed,) = (one for one in route.findings if one.rule == "civil.bend_cost")
    assert weighed.measured == sum(row.quantity for row in bends) > 0


SUPPLY = (
    f"S substation_busbar 20000V @{at(700, 0)} bays=8/2",
    f"T ring_main_unit 20000V @{at(600, 400)} bays=4/1",
    f"B transformer_board 400V @{at(150, 20)}",
    "T-S 400 r=0.161 x=0.117 c=273 i=362",
    "T>B 400 id=TB",
)
SHED = f"obstacle {at(140, 10)} {at(160, 10)} {at(160, 30)} {at(140, 30)} kind=building id=O1"


@cache
def indoor_state(reach_m: float, *rows: str) -> PlanningState:
    """A street, and a board in a building north of it; connectors of so many metres."""
    priced = with_values(CATALOGUE, **{"connector.max_length_m": reach_m})
    return state_of(
        region_of(grid(*SUPPLY, way("street", 0, 300, "verge id=K1"), SHED, *rows), priced)
    )


def test_a_station_inside_a_building_is_reached_by_its_connector() -> None:
    question = RouteQuestion(at=lon_lat(20, 0), demand_kva=KVA)
    placed = route_site(question, indoor_state(30.0))
    route = only(answer_terrain(placed, raster(200.0)))
    assert route.access_point is not None
    assert route.access_point.element_id == "B"
    # 130 m along the street, then 20 m out of the building, all at the price of verge
    assert [(one.corridor, one.length_m) for one in route.route.segments] == [
        ("street: K1", pytest.approx(130, abs=0.05)),
        ("connector", pytest.approx(20, abs=0.05)),
    ]
    assert route.cost.civil == pytest.approx(150 * 51, abs=2)
    assert route.cost.cable == pytest.approx(150 * CABLE_PER_M, abs=1)
    assert route.route.segments[-1].coordinates[-1] == pytest.approx(lon_lat(150, 20), abs=1e-6)
    assert route.cost.total == pytest.approx(answer_nearest(placed).routes[0].cost.total, abs=1)


def test_an_area_to_avoid_shuts_the_connectors_of_a_station_on_open_ground_too() -> None:
    area = np.array([rectangle(145, 3, 155, 6)], dtype=object)
    question = RouteQuestion(at=lon_lat(20, 0), demand_kva=KVA, avoid=area)
    answer = answer_terrain(route_site(question, indoor_state(20.5)), raster(200.0))
    assert answer.routes == ()
    assert "no way leads there" in answer.reasons[0]


CABINETS = (
    f"C1 cabinet 400V @{at(60, 20)}",
    f"C2 cabinet 400V @{at(220, -18)}",
)


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 300))
def test_where_only_streets_are_open_terrain_gives_what_the_route_gives(x_m: float) -> None:
    beside = ((150, 20), (60, 20), (220, -18))
    if min(math.dist((x_m, 0), place) for place in beside) < 31:
        return  # the site sees the station, and a route leads there straight
    costs = np.full((150, 250), -0.01)
    costs[99:101] = 500.0  # the street itself
    question = RouteQuestion(at=lon_lat(x_m, 0), demand_kva=KVA, count=9)
    placed = route_site(question, indoor_state(30.0, *CABINETS))
    streets, terrain = answer_nearest(placed).routes, answer_terrain(placed, raster(costs)).routes
    # centimetres between the place asked for and the street are left out over open ground
    assert [one.cost.total for one in terrain] == pytest.approx(
        [one.cost.total for one in streets], abs=1
    )
    assert len(streets) == 3


@settings(max_examples=20, deadline=None)
@given(PLACES, st.lists(st.tuples(st.integers(0, 300), st.integers(-28, 88)), max_size=3))
def test_no_station_inside_or_outside_costs_more_with_ground_no_dearer_than_a_connector(
    site: tuple[float, float], cabinets: list[tuple[int, int]]
) -> None:
    rows = (f"C{n} cabinet 400V @{at(*place)}" for n, place in enumerate(cabinets))
    other = f"street {at(0, 0)} {at(0, 60)} {at(300, 60)} verge id=K2"
    placed = route_site(
        RouteQuestion(at=lon_lat(*site), demand_kva=KVA, count=9), indoor_state(30.0, other, *rows)
    )
    with_ground = {
        one.access_point: one.cost.total for one in answer_terrain(placed, raster(20.0)).routes
    }
    for one in answer_nearest(placed).routes:
        assert with_ground[one.access_point] <= one.cost.total + 1.0


def test_a_station_inside_a_building_that_the_site_sees_is_reached_straight() -> None:
    question = RouteQuestion(at=lon_lat(130, 45), demand_kva=KVA)
    placed = route_site(question, indoor_state(60.0))
    route = only(answer_terrain(placed, raster(200.0)))
    # 32.016 m, of which 30 m are the site's own ground and the rest is open ground at 110 EUR
    (segment,) = route.route.segments
    assert (segment.corridor, segment.length_m) == ("connector", pytest.approx(32.016, abs=0.02))
    assert route.cost.civil == pytest.approx(30 * 51 + 2.016 * 110, abs=2)
    assert route.cost.total == pytest.approx(answer_nearest(placed).routes[0].cost.total, abs=0.05)
