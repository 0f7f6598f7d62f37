"""Who lies beside a road connects on his side of it, in plans, on the cost map and as drawn."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.network.snapshot import Roadside
from gisplan.planning.candidates import find_candidates
from gisplan.planning.cost_map.node_costs import cost_map
from gisplan.planning.cost_map.site_costs import prepare_sites, site_costs
from gisplan.planning.place_routes import answer_to_place
from gisplan.planning.region import Region
from gisplan.planning.routes import RouteQuestion, route_site
from gisplan.planning.site import examine_site
from gisplan.planning.state import PlanningState
from tests.unit.planning.test_crossable import application, planned

STREETS = ("street -20,0 220,0 id=axis", "street 0,0 0,60 id=up", "street 100,0 100,-60 id=down")
STATE = planned(*STREETS, "barrier road -300,0 500,0 owner=state permit=99 id=B33")
ROAD_CENTS = 260_000

Place = tuple[float, float]


def lon_lat(region: Region, place: Place) -> Place:
    ((lon, lat),) = region.projection.to_lon_lat(np.array([place]))
    return float(lon), float(lat)


def crossed(state: PlanningState, start: Place, end: Place) -> list[str]:
    """What the cheapest way between two places crosses."""
    at, to = (lon_lat(state.region, place) for place in (start, end))
    (route,) = answer_to_place(
        route_site(RouteQuestion(at=at, to=to, demand_kva=9.0), state)
    ).routes
    return [one.kind for segment in route.route.segments for one in segment.crossings]


SOUTH, NORTH = -12.0, 12.0


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((200.0, SOUTH), (110.0, -50.0), []),  # into the street on the own side
        ((200.0, NORTH), (110.0, -50.0), ["road"]),
        ((200.0, NORTH), (10.0, 50.0), []),
        ((200.0, SOUTH), (10.0, 50.0), ["road"]),
        ((10.0, 50.0), (110.0, -50.0), ["road"]),  # from street to street
        ((150.0, NORTH), (-15.0, NORTH), []),  # along the road
        ((200.0, SOUTH), (-15.0, NORTH), ["road"]),
    ],
)
def test_way_crosses_the_road_where_its_ends_lie_on_two_sides(
    start: Place, end: Place, expected: list[str]
) -> None:
    assert crossed(STATE, start, end) == crossed(STATE, end, start) == expected


def test_cost_map_lands_on_the_sides_of_roads_as_plans_do() -> None:
    places = [(x, y) for x in (-15.0, 13.0, 61.0, 99.0, 180.0) for y in (-30.0, -8.0, 9.0, 25.0)]
    sites = [examine_site(application(STATE, place), STATE) for place in places]
    pricing = prepare_sites(cost_map(sites[0].application, STATE))
    found = site_costs(pricing, np.array([site.xy_m for site in sites])).cost_cents
    for site, cents in zip(sites, found.tolist(), strict=True):
        pool = find_candidates(
            STATE.region.ground, site.variants, site.connectors, site.judge, wanted=1
        )
        assert cents == pytest.approx(pool.best()[0].total_cents, abs=2)


def test_main_along_a_road_is_joined_from_both_sides_alike() -> None:
    main = ("D joint 400V @0,0", "E joint 400V @200,0", "D-E 200", "C-E 60")
    state = planned(*STREETS, *main, "barrier road -300,0 500,0 id=B33")
    totals = []
    for y in (NORTH, SOUTH):
        site = examine_site(application(state, (61.0, y)), state)
        pool = find_candidates(
            state.region.ground, site.variants, site.connectors, site.judge, wanted=1
        )
        best = pool.best()[0]
        assert state.region.snapshot.grid.lines.line_id[best.line] == "D-E"
        totals.append(best.total_cents)
    assert totals[0] == totals[1] < ROAD_CENTS


def test_sources_on_both_sides_of_a_road_share_no_trench() -> None:
    corridors = STATE.region.snapshot.corridors
    sides = [corridors.edge_roadside == one for one in (Roadside.LEFT, Roadside.RIGHT)]
    assert not set(corridors.edge_place[sides[0]]) & set(corridors.edge_place[sides[1]])
