"""Every place costs what a search from that very place finds: the cheapest cable that holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.model.application import Application, ApplicationKind
from gisplan.model.grid import Grid
from gisplan.model.option import AccessKind
from gisplan.planning.access import KINDS
from gisplan.planning.candidates import find_candidates
from gisplan.planning.cost_map.node_costs import CostMap, CostReason, cost_map
from gisplan.planning.cost_map.site_costs import prepare_sites, site_bounds, site_costs
from gisplan.planning.state import PlanningState
from gisplan.planning.straight_ways import StraightWays, straight_ways
from gisplan.routing.site import Connectors, MetGround
from gisplan.routing.sweep import UNREACHED
from tests.grids import grid
from tests.unit.planning.test_options import at, region_of, state_of, town

STREETS = (
    "street 417760,5367600 417760,5367900 id=K1 verge",
    "street 417760,5367900 418160,5367900 id=K2",
    "street 418160,5367900 418160,5367500 id=K3 paving",
    "street 417880,5367600 417880,5367900 id=K4",
)


def demand(kva: float, kind: ApplicationKind = ApplicationKind.LOAD) -> Application:
    return Application(
        reference="map", lon=0.0, lat=0.0, kind=kind, demand_kva=kva, customer_class="commercial"
    )


def state(*more: str, load_kw: float = 100.0) -> PlanningState:
    return state_of(region_of(town(*STREETS, *more, load_kw=load_kw)))


STATE = state()


def at_node(answer: CostMap, node: int) -> Connectors:
    """A site that stands on a corridor node."""
    corridors = answer.ground.corridors
    edge = np.flatnonzero((corridors.edge_from == node) | (corridors.edge_to == node))
    xy_m = np.tile([corridors.node_x_m[node], corridors.node_y_m[node]], (len(edge), 1))
    return Connectors(
        edge=edge,
        share=np.where(corridors.edge_from[edge] == node, 0.0, 1.0),
        length_m=np.zeros(len(edge)),
        xy_m=xy_m,
        start_xy_m=xy_m,
        met=MetGround.nothing(len(edge)),
    )


def searched(answer: CostMap, connectors: Connectors, straight: StraightWays | None = None) -> int:
    """What the search of a plan finds, before its proof."""
    pool = find_candidates(
        answer.ground,
        answer.asked.variants,
        connectors,
        answer.asked.judge,
        wanted=1,
        straight=straight,
    )
    best = pool.best()
    return best[0].total_cents if best else UNREACHED


@pytest.mark.parametrize("kva", [9.0, 60.0, 120.0, 190.0, 630.0])
def test_every_node_costs_what_the_search_finds(kva: float) -> None:
    answer = cost_map(demand(kva), STATE)
    found = [searched(answer, at_node(answer, node)) for node in range(len(answer.nodes))]
    assert answer.nodes.cost_cents.tolist() == found
    assert answer.nodes.is_exact.all()


@settings(max_examples=12)
@example(kva=233.0, feeds_in=False, load_kw=0, corners=[(24, 235), (100, 3)])  # dearer but shorter
@given(
    kva=st.floats(1.0, 390.0),
    feeds_in=st.booleans(),
    load_kw=st.integers(0, 380),
    corners=st.lists(st.tuples(st.integers(-30, 500), st.integers(-200, 400)), min_size=2),
)
def test_nodes_of_any_town_cost_what_the_search_finds(
    kva: float, feeds_in: bool, load_kw: float, corners: list[tuple[int, int]]
) -> None:
    vertices = [at(x_m, y_m)[1:] for x_m, y_m in dict.fromkeys(corners)]
    more = [f"street {' '.join(vertices)} id=K9 paving"] if len(vertices) > 1 else []
    kind = ApplicationKind.GENERATION if feeds_in else ApplicationKind.LOAD
    answer = cost_map(demand(kva, kind), state(*more, load_kw=load_kw))
    for node in range(0, len(answer.nodes), 3):
        expected = searched(answer, at_node(answer, node))
        assert answer.nodes.cost_cents[node] == expected
        assert answer.nodes.bound_cents[node] <= expected


@pytest.mark.parametrize("kva", [9.0, 150.0])
def test_place_off_the_corridors_costs_what_the_search_finds(kva: float) -> None:
    answer = cost_map(demand(kva), STATE)
    rng = np.random.default_rng(4)
    xy_m = np.array([417650.0, 5367450.0]) + rng.random((60, 2)) * np.array([600.0, 550.0])
    pricing = prepare_sites(answer)
    costs, bounds = site_costs(pricing, xy_m), site_bounds(pricing, xy_m)
    assert np.count_nonzero(costs.cost_cents == bounds) > 12
    for row, (x_m, y_m) in enumerate(xy_m.tolist()):
        expected = searched(answer, *ways_out(STATE, x_m, y_m))
        assert bounds[row] - 2 <= expected <= costs.cost_cents[row] + 2
        if bounds[row] == costs.cost_cents[row]:
            assert costs.cost_cents[row] == pytest.approx(expected, abs=2)
        assert costs.is_reached[row] == (costs.cost_cents[row] < UNREACHED)


def ways_out(planning: PlanningState, x_m: float, y_m: float) -> tuple[Connectors, StraightWays]:
    """How a place leaves for corridors, and straight for the stations that it sees."""
    region, site = planning.region, shapely.Point(x_m, y_m)
    grid, access = region.snapshot.grid, region.ground.access
    straight = straight_ways(region.site_index, grid, access, site, 150.0)
    return region.site_index.connectors(x_m, y_m, 150.0), straight


@pytest.mark.parametrize("away_m", [(20.0, 15.0), (-40.0, 60.0), (90.0, -70.0)])
def test_place_beside_a_cabinet_off_the_streets_costs_what_the_search_finds(
    away_m: tuple[float, float],
) -> None:
    cabinet = f"CX cabinet 400V {at(320, 150)}"
    planning = state(cabinet, "B-CX 400 service r=0.125 x=0.08 c=280 i=357")
    buses = planning.region.snapshot.grid.buses
    (row,) = np.flatnonzero(buses.bus_id == "CX")
    x_m, y_m = float(buses.x_m[row]), float(buses.y_m[row])
    answer = cost_map(demand(9.0), planning)
    place = np.array([[x_m + away_m[0], y_m + away_m[1]]])
    pricing = prepare_sites(answer)
    expected = searched(answer, *ways_out(planning, *place[0].tolist()))
    assert site_bounds(pricing, place)[0] - 2 <= expected
    assert site_costs(pricing, place).cost_cents[0] == pytest.approx(expected, abs=2)


def test_connector_goes_around_a_building() -> None:
    house = f"obstacle {at(270, 40)[1:]} {at(470, 40)[1:]} {at(470, 60)[1:]} {at(270, 60)[1:]}"
    behind = np.array([[418070.0, 5367680.0]])
    free = cost_map(demand(9.0), STATE)
    walled = cost_map(demand(9.0), state(house))
    cost = [site_costs(prepare_sites(one), behind).cost_cents[0] for one in (free, walled)]
    assert cost[0] < cost[1]


def test_place_in_a_house_may_leave_it() -> None:
    house = f"obstacle {at(90, 20)[1:]} {at(110, 20)[1:]} {at(110, 40)[1:]} {at(90, 40)[1:]}"
    inside = np.array([[417800.0, 5367630.0]])
    costs = [
        site_costs(prepare_sites(cost_map(demand(9.0), one)), inside)
        for one in (STATE, state(house))
    ]
    assert costs[0].cost_cents.tolist() == costs[1].cost_cents.tolist()


def test_place_beyond_every_connector_is_unknown() -> None:
    costs = site_costs(
        prepare_sites(cost_map(demand(9.0), STATE)), np.array([[419999.0, 5360000.0]])
    )
    assert costs.reason.tolist() == [CostReason.NO_CORRIDOR]
    assert costs.cost_cents.tolist() == [UNREACHED]
    assert costs.access.tolist() == [-1]


def test_on_a_main_only_its_joint_is_paid() -> None:
    answer = cost_map(demand(9.0), STATE)
    nodes, joint = answer.nodes, KINDS.index(AccessKind.SERVICE_JOINT)
    on_main = np.flatnonzero((nodes.length_m == 0) & nodes.is_reached)
    assert joint in answer.access.met.kind[nodes.access[on_main]]
    # the row of the catalogue: a joint at 900 EUR and the two ends of the cable
    cheapest = answer.asked.variants[0]
    kind = answer.access.met.kind[nodes.access[on_main]]
    expected = cheapest.beside_route_cents(kind, np.zeros(len(on_main)))
    assert nodes.cost_cents[on_main].tolist() == expected.tolist()


def test_longer_way_takes_a_larger_cable_than_a_short_one() -> None:
    nodes = cost_map(demand(60.0), STATE).nodes
    reached = nodes.is_reached
    longest = {
        variant: nodes.length_m[reached & (nodes.variant == variant)].max()
        for variant in np.unique(nodes.variant[reached]).tolist()
    }
    assert len(longest) > 1
    assert sorted(longest.values()) == list(longest.values())


def test_cheaper_point_without_capacity_is_passed_over_by_name() -> None:
    crowded = state(load_kw=330.0)
    answer = cost_map(demand(90.0), crowded)
    refused = np.flatnonzero(~answer.access.suits)
    assert len(refused) > 0
    told = {answer.access.told(crowded.region.snapshot.grid, int(row)) for row in refused}
    assert any("TB" in text for text in told)
    passed = answer.nodes.passed_over
    assert not answer.access.suits[passed[passed >= 0]].any()


def test_nothing_feasible_names_what_would_be_cheapest() -> None:
    answer = cost_map(demand(390.0), state("C: 240 kW 10 kvar aggregate", load_kw=390.0))
    assert (answer.nodes.reason == CostReason.NOTHING_FEASIBLE).all()
    assert (answer.nodes.access >= 0).all()
    assert (answer.nodes.variant == -1).all()


def test_island_of_corridors_is_not_connected() -> None:
    far = state("street 421000,5370000 421100,5370000 id=Z")
    answer = cost_map(demand(9.0), far)
    x_m = answer.ground.corridors.node_x_m
    alone = answer.nodes.reason == CostReason.NOT_CONNECTED
    assert alone.tolist() == (x_m > 420000).tolist()
    assert (answer.nodes.access[alone] == -1).all()
    beside = site_costs(prepare_sites(answer), np.array([[421050.0, 5370010.0]]))
    assert beside.reason.tolist() == [CostReason.NOT_CONNECTED]


def test_beyond_the_drop_of_every_cable_there_is_no_cost() -> None:
    far = state("street 418160,5367900 420500,5367900 id=Z")
    nodes = cost_map(demand(190.0), far).nodes
    too_far = nodes.reason == CostReason.DROP_TOO_LARGE
    assert too_far.any()
    assert nodes.is_reached.any()
    assert nodes.length_m[too_far].min() > nodes.length_m[nodes.is_reached].max()


@pytest.mark.parametrize(
    ("application", "expected"),
    [
        (demand(1e6), "kVA"),
        (replace(demand(300.0), phases=1), "300"),
    ],
)
def test_demand_that_nothing_supplies_is_refused(application: Application, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        cost_map(application, STATE)


def test_grid_without_corridors_is_refused() -> None:
    overhead: Grid = town()
    bare = replace(
        overhead,
        lines=replace(overhead.lines, in_service=np.zeros(len(overhead.lines.line_id), dtype=bool)),
    )
    with pytest.raises(InputError, match="holds no corridor"):
        cost_map(demand(9.0), state_of(region_of(bare)))


def test_where_nothing_can_be_joined_no_node_is_reached() -> None:
    # nothing but the end of a service stands at low voltage
    bare = grid(
        "S-T 400",
        "T>B 400",
        "B joint 400V",
        "street 417700,5367600 417900,5367600 id=K1",
    )
    answer = cost_map(demand(9.0), state_of(region_of(bare)))
    assert len(answer.access) == 0
    assert (answer.nodes.reason == CostReason.NOT_CONNECTED).all()
    assert (answer.nodes.passed_over == -1).all()
    beside = site_costs(prepare_sites(answer), np.array([[417750.0, 5367610.0]]))
    assert beside.reason.tolist() == [CostReason.NOT_CONNECTED]
