"""Stations and cabinets are reached from every corridor near them, and straight, as sites are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.model.grid import Grid
from gisplan.model.option import AccessKind
from gisplan.planning.access import KINDS
from gisplan.planning.bus_joins import build_bus_joins
from gisplan.planning.candidates import Candidate, Ground, find_candidates
from gisplan.planning.route import Stretch, route_stretches
from gisplan.planning.straight_ways import StraightWays, straight_ways
from gisplan.planning.variants import Variant
from gisplan.planning.ways import find_way
from gisplan.routing.site import Connectors, SiteIndex
from tests.grids import grid
from tests.unit.planning.test_candidates import (
    EverythingPasses,
    LongCablesAreThick,
    brute_force,
    low_voltage_variants,
)
from tests.unit.planning.towns import CATALOGUE, ground_of

REACH_M = 150.0
SUPPLY = (
    "S-T 500", "T>B 400", "T joint 20000V @-900,0", "S substation_busbar 20000V @-1400,0",
    "B transformer_board 400V @-900,0",
)  # fmt: skip
SERVICE, *_ = low_voltage_variants(9.0)
CABINET_CENTS = int(
    SERVICE.beside_route_cents(np.array([KINDS.index(AccessKind.CABINET_FUSE_WAY)]), np.zeros(1))[0]
)
VERGE_CENTS, OPEN_CENTS = 5100 + 612, 11000 + 612
"""A metre of NAYY 4x50 at 6 EUR with 2 % spare, in verge at 51 EUR and open ground at 110 EUR."""


def row_of(town: Grid, bus_id: str) -> int:
    return int(np.flatnonzero(town.buses.bus_id == bus_id)[0])


def joins_of(*rows: str) -> Connectors:
    """Return how the cabinet C of a town reaches the corridors."""
    town = grid(*SUPPLY, *rows)
    ground, _ = ground_of(town)
    return ground.targets.ends.joins.of(row_of(town, "C"))


def sees(town: Grid, site: tuple[float, float], index: SiteIndex, ground: Ground) -> StraightWays:
    return straight_ways(index, town, ground.access, shapely.Point(site), REACH_M)


def laid(
    town: Grid, site: tuple[float, float], bus_id: str, variant: Variant = SERVICE
) -> tuple[Candidate, list[Stretch]]:
    """Return the best candidate at a bus, and its stretches."""
    ground, index = ground_of(town)
    connectors, straight = index.connectors(*site, REACH_M), sees(town, site, index, ground)
    pool = find_candidates(
        ground, (variant,), connectors, EverythingPasses(), wanted=99, straight=straight
    )
    (found,) = [one for one in pool.best() if one.bus == row_of(town, bus_id)]
    ways = straight.after(connectors)
    return found, route_stretches(ground.civil, ground.targets.ends, ways, found)


TWO_STREETS = (
    "C cabinet 400V @0,20", "street -200,0 400,0 id=A verge", "street -200,60 400,60 id=B verge",
    "street 400,0 400,60 id=E verge",
)  # fmt: skip


def test_cabinet_is_joined_to_every_corridor_within_reach_and_at_its_ends() -> None:
    joins = joins_of("C cabinet 400V @0,20", "street 0,0 100,0 id=A", "street 100,0 100,170 id=B")
    # the near end of A, the foot on B, then the corner of both, at hypot(100, 20); the far end of
    # B is 180 m away
    assert joins.length_m.tolist() == pytest.approx([20.0, 100.0, 101.98039, 101.98039])
    assert joins.start_xy_m.tolist() == [[0.0, 20.0]] * 4


def test_cabinet_on_a_corridor_is_joined_there_without_length() -> None:
    joins = joins_of("C cabinet 400V @50,0.03", "street 0,0 100,0")
    assert joins.length_m.min() == 0.0
    assert joins.start_xy_m[0].tolist() == joins.xy_m[0].tolist()


def test_connector_of_a_cabinet_enters_no_house() -> None:
    house = "obstacle 45,5 55,5 55,15 45,15 kind=building"
    joins = joins_of("C cabinet 400V @50,20", "street 0,0 100,0", "street 90,0 90,60", house)
    # straight down stands the house; the side street is 40 m away
    assert joins.length_m[0] == 40.0


@pytest.mark.parametrize("kind", ["building", "water"])
def test_cabinet_inside_an_area_is_led_out_of_it(kind: str) -> None:
    area = f"obstacle 45,15 55,15 55,25 45,25 kind={kind}"
    joins = joins_of("C cabinet 400V @50,20", "street 0,0 100,0", area)
    assert joins.length_m[0] == 20.0


def test_cabinet_between_two_streets_is_reached_from_the_one_beside_the_site() -> None:
    found, stretches = laid(grid(*SUPPLY, *TWO_STREETS), (0.0, 90.0), "C")
    # 30 m to street B; from the cabinet 30 m of its own ground and 10 m of others' to there
    assert found.total_cents == 60 * VERGE_CENTS + 10 * OPEN_CENTS + CABINET_CENTS
    assert found.length_m == 70.0
    assert [one.length_m for one in stretches] == [30.0, 40.0]
    assert stretches[-1].xy_m[-1].tolist() == [0.0, 20.0]
    assert sum(one.cost_cents for one in stretches) + CABINET_CENTS == found.total_cents


def test_way_leaves_a_street_in_the_middle_of_an_edge_towards_the_cabinet() -> None:
    found, stretches = laid(grid(*SUPPLY, *TWO_STREETS), (-100.0, 65.0), "C")
    # 5 m to street B, 100 m along it, then the connector of 40 m from the cabinet
    assert found.total_cents == 135 * VERGE_CENTS + 10 * OPEN_CENTS + CABINET_CENTS
    assert [one.length_m for one in stretches] == [5.0, 100.0, 40.0]


def test_two_connectors_that_meet_are_told_apart_for_each_has_its_own_ground() -> None:
    street = "street -200,60 400,60 id=B verge"
    found, stretches = laid(grid(*SUPPLY, "C cabinet 400V @0,35", street), (0.0, 85.0), "C")
    # each runs 25 m over its own ground; straight, 20 m of others' would be crossed
    assert found.total_cents == 50 * VERGE_CENTS + CABINET_CENTS
    assert [one.length_m for one in stretches] == [25.0, 25.0]


def test_cabinet_in_sight_is_reached_straight() -> None:
    town = grid(*SUPPLY, "C cabinet 400V @0,30", "street -200,0 400,0 id=A verge")
    found, stretches = laid(town, (25.0, 30.0), "C")
    assert found.total_cents == 25 * VERGE_CENTS + CABINET_CENTS
    assert [one.corridor for one in stretches] == ["connector"]


def test_straight_way_is_no_way_where_a_house_stands() -> None:
    house = "obstacle 10,25 15,25 15,35 10,35 kind=building"
    town = grid(*SUPPLY, "C cabinet 400V @0,30", "street -200,0 400,0 id=A verge", house)
    found, stretches = laid(town, (25.0, 30.0), "C")
    assert [one.length_m for one in stretches] == pytest.approx([30.0, 25.0, 30.0])
    assert found.total_cents == 85 * VERGE_CENTS + CABINET_CENTS


def test_area_to_avoid_shuts_the_connectors_that_enter_it() -> None:
    town = grid(*SUPPLY, *TWO_STREETS)
    ground, index = ground_of(town)
    avoided = np.array([shapely.box(-50, 40, 50, 50)], dtype=object)
    shut = replace(ground, targets=ground.targets.shut_by(avoided))
    for place, is_shut in ((ground, False), (shut, True)):
        pool = find_candidates(
            place, (SERVICE,), index.connectors(0.0, 65.0, 10.0), EverythingPasses(), wanted=99
        )
        (found,) = [one for one in pool.best() if one.bus == row_of(town, "C")]
        assert (found.length_m > 100.0) is is_shut


def test_search_meets_a_cabinet_once_however_many_connectors_lead_there() -> None:
    ground, index = ground_of(grid(*SUPPLY, *TWO_STREETS))
    assert ground.targets.ends.place_count < len(ground.targets.ends)
    pool = find_candidates(
        ground, (SERVICE,), index.connectors(0.0, 65.0, 10.0), EverythingPasses(), wanted=99
    )
    assert pool.examined == len(pool.passed) == 1


def test_joins_are_the_connectors_of_a_site_at_the_same_place() -> None:
    town = grid(*SUPPLY, *TWO_STREETS, "barrier rail -300,40 500,40 id=R", "D cabinet 400V @150,-9")
    ground, index = ground_of(town)
    joins = build_bus_joins(town, ground.access, index, REACH_M)
    for bus in np.unique(joins.bus).tolist():
        own = index.connectors(float(town.buses.x_m[bus]), float(town.buses.y_m[bus]), REACH_M)
        for name in ("edge", "share", "length_m", "xy_m"):
            np.testing.assert_array_equal(getattr(joins.of(bus), name), getattr(own, name))
        assert joins.of(bus).met.line.tolist() == own.met.line.tolist()


@st.composite
def towns(draw: st.DrawFn) -> Grid:
    """Streets between places on a lattice, cabinets anywhere, a house and a railway."""
    lattice = st.tuples(st.integers(0, 4), st.integers(0, 4))
    pairs = draw(st.lists(st.tuples(lattice, lattice), min_size=2, max_size=6, unique=True))
    surface = st.sampled_from(["verge", "asphalt", "paving", "open_ground"])
    streets = [
        f"street {a[0] * 50},{a[1] * 50} {b[0] * 50},{b[1] * 50} {draw(surface)} id=K{number}"
        for number, (a, b) in enumerate(pairs)
        if a != b
    ]
    at = st.integers(-20, 220)
    cabinets = [f"C{n} cabinet 400V @{draw(at)},{draw(at)}" for n in range(3)]
    x, y = draw(at), draw(at)
    house = f"obstacle {x},{y} {x + 30},{y} {x + 30},{y + 20} {x},{y + 20} kind=building"
    rail = f"barrier rail {draw(at)},-50 {draw(at)},250 id=R1"
    return grid(*SUPPLY, *cabinets, *streets, house, rail, "street 0,0 200,0 verge id=K9")


SITES = st.tuples(st.floats(-30, 230), st.floats(-30, 230))


@settings(max_examples=25, deadline=None)
@given(town=towns(), site=SITES, reach_m_per_mm2=st.floats(0.5, 8.0))
def test_k_best_equal_every_landing_every_connector_of_a_station_and_every_way(
    town: Grid, site: tuple[float, float], reach_m_per_mm2: float
) -> None:
    ground, index = ground_of(town)
    connectors, judge = index.connectors(*site, 80.0), LongCablesAreThick(reach_m_per_mm2)
    variants = low_voltage_variants(9.0)
    pool = find_candidates(ground, variants, connectors, judge, wanted=3)
    expected = sorted(brute_force(ground, variants, connectors, judge).values())[:3]
    assert [one.total_cents for one in pool.best()] == expected


@settings(max_examples=25, deadline=None)
@given(town=towns(), site=SITES)
def test_plan_reaches_a_station_at_the_cost_of_the_route_to_it(
    town: Grid, site: tuple[float, float]
) -> None:
    ground, index = ground_of(town)
    connectors = index.connectors(*site, REACH_M)
    pool = find_candidates(ground, (SERVICE,), connectors, EverythingPasses(), wanted=99)
    joins, graph = ground.targets.ends.joins, ground.priced(SERVICE)
    buses = {one.bus: one.path.cost_cents for one in pool.best() if one.bus >= 0}
    for bus in np.unique(joins.bus).tolist():
        way = find_way(ground, SERVICE, graph, connectors, joins.of(bus))
        assert buses.get(bus) == (None if way is None else way.cost_cents)


@settings(max_examples=25, deadline=None)
@given(town=towns(), site=SITES)
def test_stretches_cost_what_the_search_found_and_end_at_the_station(
    town: Grid, site: tuple[float, float]
) -> None:
    ground, index = ground_of(town)
    connectors, straight = index.connectors(*site, REACH_M), sees(town, site, index, ground)
    pool = find_candidates(
        ground, (SERVICE,), connectors, EverythingPasses(), wanted=99, straight=straight
    )
    ways = straight.after(connectors)
    for one in pool.best():
        stretches = route_stretches(ground.civil, ground.targets.ends, ways, one)
        beside = one.total_cents - one.path.cost_cents
        assert sum(stretch.cost_cents for stretch in stretches) + beside == one.total_cents
        assert sum(stretch.length_m for stretch in stretches) == pytest.approx(one.length_m)
        if one.bus >= 0:
            end = [town.buses.x_m[one.bus], town.buses.y_m[one.bus]]
            assert stretches[-1].xy_m[-1].tolist() == pytest.approx(end, abs=0.05)


def test_catalogue_bounds_the_connectors_of_stations() -> None:
    assert CATALOGUE.value("connector.max_length_m") == REACH_M
