"""Ways to a place: straight to what is seen near by, along corridors to the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from gisplan.model.route_answer import ProposedRoute, RouteAnswer
from gisplan.planning.place_routes import answer_alternatives, answer_to_place
from gisplan.planning.routes import RouteQuestion, route_site
from gisplan.planning.state import PlanningState
from tests.unit.planning.test_crossable import planned

Place = tuple[float, float]
PLAIN = planned()


def question(state: PlanningState, at: Place, to: Place, *via: Place) -> RouteQuestion:
    found = state.region.projection.to_lon_lat(np.array([at, to, *via]))
    places = [(float(lon), float(lat)) for lon, lat in found]
    return RouteQuestion(at=places[0], to=places[1], via=tuple(places[2:]), demand_kva=9.0)


def answered(state: PlanningState, asked: RouteQuestion) -> RouteAnswer:
    answer = answer_to_place if asked.count == 1 else answer_alternatives
    return answer(route_site(asked, state))


def way(state: PlanningState, at: Place, to: Place, *via: Place) -> ProposedRoute:
    (route,) = answered(state, question(state, at, to, *via)).routes
    return route


def told(route: ProposedRoute) -> list[tuple[str, float]]:
    return [(one.corridor, round(one.length_m, 1)) for one in route.route.segments]


def test_places_that_see_each_other_are_joined_straight() -> None:
    assert told(way(PLAIN, (100.0, 0.0), (100.0, 0.8))) == [("connector", 0.8)]
    assert told(way(PLAIN, (60.0, 10.0), (90.0, -30.0))) == [("connector", 50.0)]


def test_straight_way_costs_what_a_connector_costs() -> None:
    # 30 m of own ground at 51 EUR, 20 m of others' at 110 EUR, and the cable
    route = way(PLAIN, (60.0, 10.0), (90.0, -30.0))
    assert route.cost.civil == pytest.approx(30 * 51 + 20 * 110, rel=1e-3)
    assert route.cost.crossings == 0


def test_places_beside_a_street_are_joined_along_it() -> None:
    asphalt = planned("street 300,-40 420,-40 asphalt id=dear")
    for y in (-40.0, -37.5):
        found = told(way(asphalt, (310.0, y), (390.0, y)))
        assert ("street: dear", 80.0) in found
    assert told(way(asphalt, (310.0, -37.5), (311.0, -37.5))) == [("connector", 1.0)]


def test_corridor_that_straight_way_only_nears_is_not_followed_where_that_is_dearer() -> None:
    # 60 m of verge to and fro, or 118.6 m of asphalt beside them, against 130 m of open ground
    asphalt = planned("street 300,0 600,0 asphalt id=dear")
    route = way(asphalt, (310.0, 50.0), (430.0, 0.0))
    assert "off corridors" in [name for name, _ in told(route)]


def test_straight_way_across_a_corridor_is_as_long_as_two_connectors() -> None:
    # 151.3 m of open ground at 110 EUR, the cable at 6.12 EUR and the road at 2,600 EUR
    road = planned("street 300,0 600,0 id=axis", "barrier road 200,0 700,0 id=B33")
    route = way(road, (320.0, 47.0), (427.0, -60.0))
    assert told(route) == [("off corridors", 151.3)]
    assert route.cost.total == pytest.approx(151.3209 * 116.12 + 2_600, abs=1)


def test_straight_way_across_a_corridor_leaves_it_no_further_than_a_connector() -> None:
    # 194 m of open ground to either side of the street
    street = planned("street 300,0 600,0 id=axis")
    assert "street: axis" in [
        name for name, _ in told(way(street, (320.0, 140.0), (590.0, -140.0)))
    ]


def test_area_to_avoid_bars_the_straight_way_across_a_corridor() -> None:
    road = planned("street 300,0 600,0 id=axis", "barrier road 200,0 700,0 id=B33")
    asked = question(road, (320.0, 47.0), (427.0, -60.0))
    area = np.array([shapely.box(390, -40, 404, -20)])
    (route,) = answered(road, replace(asked, avoid=area)).routes
    assert "street: across the road" in [name for name, _ in told(route)]


def test_place_too_far_off_is_reached_by_corridors() -> None:
    found = told(way(PLAIN, (5.0, 50.0), (195.0, 50.0)))
    assert [name for name, _ in found] == ["connector", "street: north", "connector"]


def test_corridor_that_is_cheaper_than_the_straight_way_is_taken() -> None:
    # over 140 m of others' ground a trench in the verge costs half as much
    found = told(way(PLAIN, (30.0, 58.0), (170.0, 58.0)))
    assert "street: north" in [name for name, _ in found]


@pytest.mark.parametrize(
    "wall",
    ["obstacle 70,-90 74,-90 74,58 70,58 kind=water id=L", "obstacle 70,-90 74,-90 74,58 70,58"],
)
def test_what_is_forbidden_between_bars_the_straight_way(wall: str) -> None:
    assert len(told(way(planned(wall), (65.0, 50.0), (80.0, 50.0)))) == 3


def test_area_to_avoid_bars_the_straight_way() -> None:
    asked = question(PLAIN, (65.0, 50.0), (80.0, 50.0))
    assert len(answered(PLAIN, asked).routes[0].route.segments) == 1
    area = np.array([shapely.box(70, 40, 74, 58)])
    assert len(answered(PLAIN, replace(asked, avoid=area)).routes[0].route.segments) == 3


def test_houses_beside_each_other_are_left_and_entered() -> None:
    houses = [f"obstacle {x},40 {x + 10},40 {x + 10},50 {x},50 kind=building" for x in (50, 70)]
    assert told(way(planned(*houses), (55.0, 45.0), (75.0, 45.0))) == [("connector", 20.0)]


def test_railway_between_is_paid_and_gone_around_where_that_is_cheaper() -> None:
    rail = "barrier rail 80,-50 80,40 owner=DB permit=200 id=R"
    around = told(way(planned(rail), (70.0, 30.0), (90.0, 30.0)))
    assert len(around) == 3
    everywhere = way(planned("barrier rail 80,-50 80,90 owner=DB id=R"), (70.0, 30.0), (90.0, 30.0))
    assert told(everywhere) == [("connector", 20.0)]
    assert everywhere.cost.crossings == 18_500
    assert [one.barrier for one in everywhere.route.segments[0].crossings] == ["R"]


def test_places_without_any_corridor_near_are_joined_if_they_see_each_other() -> None:
    assert told(way(PLAIN, (100.0, -900.0), (100.0, -800.0))) == [("connector", 100.0)]
    far = answered(PLAIN, question(PLAIN, (100.0, -900.0), (100.0, -700.0)))
    assert far.routes == ()
    assert far.reasons


def test_way_by_way_of_others_passes_them_and_is_never_cheaper() -> None:
    at, to = (100.0, 40.0), (100.0, 40.8)
    by = way(PLAIN, at, to, (150.0, 60.0))
    assert sum(length_m for name, length_m in told(by) if "north" in name) == pytest.approx(100.0)
    assert by.cost.total > way(PLAIN, at, to).cost.total


def test_straight_way_is_one_of_the_alternatives_at_its_rank() -> None:
    ring = ("street 0,-40 0,60 verge id=w", "street 140,-40 140,60 verge id=e")
    state = planned(*ring, "street 0,-40 140,-40 verge id=s")
    asked = replace(question(state, (2.0, 10.0), (138.0, 10.0)), count=3)
    routes = answered(state, asked).routes
    assert [one.rank for one in routes] == list(range(1, len(routes) + 1))
    costs = [one.cost.total for one in routes]
    assert costs == sorted(costs)
    straight = [one for one in routes if told(one) == [("connector", 136.0)]]
    assert [one.shared_length_m for one in straight] == [0.0]


def test_alternatives_to_a_straight_way_stay_within_the_stretch() -> None:
    asked = replace(question(PLAIN, (100.0, 0.0), (100.0, 0.8)), count=3)
    found = answered(PLAIN, asked)
    assert [told(one) for one in found.routes] == [[("connector", 0.8)]]
    assert found.reasons[0].startswith("1 of 3 ways found")
