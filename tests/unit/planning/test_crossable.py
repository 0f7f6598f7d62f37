"""A connector pays for what it crosses, is told of it, and never slips under it for nothing."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from gisplan.model.application import Application, ApplicationKind
from gisplan.planning.candidates import find_candidates
from gisplan.planning.civil import connector_costs
from gisplan.planning.cost_map.node_costs import cost_map
from gisplan.planning.cost_map.site_costs import prepare_sites, site_costs
from gisplan.planning.crossable import CROSSINGS
from gisplan.planning.route import connector_stretch
from gisplan.planning.routes import BayJudge
from gisplan.planning.site import Site, examine_site
from gisplan.planning.state import PlanningState
from gisplan.planning.told_route import route_crossings
from gisplan.planning.works_time import foreign_ground_m, works_time
from gisplan.routing.site import Connectors
from tests.grids import grid
from tests.unit.planning.test_route import state_of
from tests.unit.planning.towns import region_of

BASE = (
    "S-T 500", "T>B 400",
    "B transformer_board 400V @0,60", "C cabinet 400V @200,60", "B-C 400",
    "T joint 20000V @-400,60", "S substation_busbar 20000V @-900,60",
    "street -20,60 220,60 verge id=north",
)  # fmt: skip


def planned(*rows: str) -> PlanningState:
    return state_of(region_of(grid(*BASE, *rows)))


def crossings_to(state: PlanningState, place: tuple[float, float], edge_id: str) -> list[str]:
    """What the shortest connector from a place to a corridor crosses."""
    region = state.region
    corridors = region.snapshot.corridors
    found = region.site_index.connectors(*place, 150.0)
    named = corridors.corridor_id[corridors.edge_corridor[found.edge]] == edge_id
    row = int(np.flatnonzero(named)[0])
    lines = found.met.crossed(row)
    return [CROSSINGS[code] for code in region.ground.civil.crossable.what.code[lines]]


@pytest.mark.parametrize("kind", ["rail", "road", "water"])
def test_barrier_between_site_and_corridor_is_crossed(kind: str) -> None:
    state = planned(f"barrier {kind} -50,30 250,30 id=X")
    assert crossings_to(state, (100.0, 0.0), "north") == [kind]
    assert crossings_to(state, (100.0, 40.0), "north") == []


def test_main_of_others_costs_nothing_to_cross() -> None:
    state = planned("barrier gas_main -50,30 250,30 id=G")
    assert crossings_to(state, (100.0, 0.0), "north") == []


def test_paved_street_is_crossed_and_a_field_path_is_not() -> None:
    paved = planned("street -20,30 220,30 id=near", "street -20,20 220,20 open_ground id=path")
    assert crossings_to(paved, (100.0, 0.0), "north") == ["street"]
    assert crossings_to(paved, (100.0, 0.0), "near") == []


def test_both_sides_of_a_street_are_crossed_once() -> None:
    state = planned("street -20,30 220,30 id=a", "street -20,36 220,36 id=b")
    assert crossings_to(state, (100.0, 0.0), "north") == ["street"]
    assert crossings_to(state, (100.0, 0.0), "b") == ["street"]


def test_street_beside_a_given_road_is_that_road() -> None:
    state = planned(
        "barrier road -50,30 250,30 id=B33",
        "street -20,22 220,22 id=a",
        "street -20,38 220,38 id=b",
    )
    assert crossings_to(state, (100.0, 0.0), "north") == ["road"]


def application(state: PlanningState, place: tuple[float, float], kva: float = 9.0) -> Application:
    ((lon, lat),) = state.region.projection.to_lon_lat(np.array([place]))
    return Application(
        reference="here",
        lon=float(lon),
        lat=float(lat),
        kind=ApplicationKind.LOAD,
        demand_kva=kva,
        applied_on="2026-01-01",
    )


def best_cents(site: Site, connectors: Connectors) -> int:
    ground = site.region.ground
    pool = find_candidates(ground, site.variants, connectors, BayJudge(site=site), wanted=1)
    return pool.best()[0].total_cents


def test_railway_makes_the_street_on_this_side_the_better_way() -> None:
    here = "street 0,-10 0,60 id=round", "street 0,-10 220,-10 id=south"
    free, railed = planned(*here), planned(*here, "barrier rail 20,30 250,30 owner=DB id=R")
    sites = [examine_site(application(one, (120.0, 0.0)), one) for one in (free, railed)]
    costs = [best_cents(site, site.connectors) for site in sites]
    # the straight way costs 60 m of trench; with 18,500 EUR for the railway the street wins
    assert costs[0] < costs[1] < costs[0] + 1_850_000


def test_crossing_has_price_permit_and_owner_in_route_and_time() -> None:
    state = planned("barrier rail -50,30 250,30 owner=DB permit=200 id=R")
    site = examine_site(application(state, (100.0, 0.0)), state)
    civil = state.region.ground.civil
    stretch = connector_stretch(civil, site.variants[0], site.connectors, 0)
    assert stretch.crossing_cents == 1_850_000
    assert (
        stretch.cost_cents
        == connector_costs(civil, site.variants[0], site.connectors).total_cents[0]
    )
    (crossing,) = route_crossings(state.region, stretch.crossed)
    assert (crossing.kind, crossing.barrier, crossing.owner) == ("rail", "R", "DB")
    time = works_time(state.region, site.application, [stretch])
    assert time.longest is not None
    assert (time.longest.days, time.longest.owner) == (200.0, "DB")


def test_ban_on_digging_in_a_crossed_street_holds_the_connector_up() -> None:
    state = planned("street -20,30 220,30 owner=city permit=77 ban=2027-03-01 id=near")
    site = examine_site(application(state, (100.0, 0.0)), state)
    corridors = state.region.snapshot.corridors
    named = corridors.corridor_id[corridors.edge_corridor[site.connectors.edge]]
    row = int(np.flatnonzero(named == "north")[0])
    stretch = connector_stretch(state.region.ground.civil, site.variants[0], site.connectors, row)
    time = works_time(state.region, site.application, [stretch])
    assert time.banned_until == datetime.date(2027, 3, 1)
    assert time.banned_corridor == "street: near"
    (crossing,) = route_crossings(state.region, stretch.crossed)
    assert (crossing.barrier, crossing.owner) == ("near", "city")
    assert crossing.permit_lead_time_days == 77


def test_connector_over_a_field_is_open_ground() -> None:
    state = planned("obstacle 0,10 220,10 220,50 0,50 cost=1.5 kind=farmland id=F")
    site = examine_site(application(state, (100.0, 0.0)), state)
    stretch = connector_stretch(state.region.ground.civil, site.variants[0], site.connectors, 0)
    # 20 m of verge at 51 EUR, 40 m of open ground at 110 EUR with factor 1.5
    assert stretch.surface == "open_ground"
    assert stretch.civil_cents == 2_000 * 51 + 4_000 * 165


def test_connector_beyond_the_own_ground_pays_and_asks_for_a_wayleave() -> None:
    state = planned()
    site = examine_site(application(state, (100.0, 0.0)), state)
    stretch = connector_stretch(state.region.ground.civil, site.variants[0], site.connectors, 0)
    # 60 m: 30 m of own ground, verge at 51 EUR, and 30 m of other people's at 110 EUR
    assert stretch.civil_cents == 3_000 * 51 + 3_000 * 110
    assert foreign_ground_m(state.region.catalogue, stretch) == pytest.approx(30.0)
    time = works_time(state.region, site.application, [stretch])
    # the street's own permit, and the wayleave of those whose ground lies before it
    rules = "permit.lead_time_days", "wayleave.lead_time_days"
    assert [permit.days for permit in time.permits] == list(
        map(state.region.catalogue.value, rules)
    )


def test_cost_map_pays_for_what_connectors_cross_as_plans_do() -> None:
    state = planned(
        "barrier rail 20,30 250,30 id=R",
        "street 0,-10 0,60 id=round",
        "street 0,-10 220,-10 id=south",
        "obstacle 150,5 220,5 220,50 150,50 cost=2 kind=wood id=F",
    )
    places = [(x, y) for x in (13.0, 61.0, 119.0, 180.0) for y in (-30.0, 10.0, 45.0)]
    sites = [examine_site(application(state, place), state) for place in places]
    pricing = prepare_sites(cost_map(sites[0].application, state))
    found = site_costs(pricing, np.array([site.xy_m for site in sites])).cost_cents
    for site, cents in zip(sites, found.tolist(), strict=True):
        pool = find_candidates(
            state.region.ground, site.variants, site.connectors, site.judge, wanted=1
        )
        assert cents == pytest.approx(pool.best()[0].total_cents, abs=2)
