"""The cheapest way between two places equals brute force over landings and streets."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.planning.candidates import Ground
from gisplan.planning.civil import (
    connector_costs,
    edge_costs_cents,
    part_cost_cents,
    part_costs,
)
from gisplan.planning.variants import Variant
from gisplan.planning.ways import Way, find_way
from gisplan.routing.site import Connectors, SiteIndex
from tests.grids import grid
from tests.unit.planning.test_candidates import TOWN, low_voltage_variants
from tests.unit.planning.towns import ground_of

GROUND: tuple[Ground, SiteIndex] = ground_of(grid(*TOWN))
VARIANT: Variant = low_voltage_variants(9.0)[0]
PLACES = st.tuples(st.floats(-40, 200), st.floats(-40, 200))


def landings(place: tuple[float, float]) -> Connectors:
    return GROUND[1].connectors(*place, 150.0)


def way(one: tuple[float, float], other: tuple[float, float]) -> Way | None:
    ground, _ = GROUND
    return find_way(ground, VARIANT, ground.priced(VARIANT), landings(one), landings(other))


def part_cents(edge: int, start: float, end: float) -> float:
    values = np.array([edge]), np.array([start]), np.array([end])
    return float(part_cost_cents(GROUND[0].civil, VARIANT, *values)[0])


def cheapest_by_networkx(one: tuple[float, float], other: tuple[float, float]) -> float:
    ground, corridors = GROUND[0], GROUND[0].corridors
    network: nx.MultiGraph[object] = nx.MultiGraph()
    for edge, cents in enumerate(edge_costs_cents(ground.civil, VARIANT)):
        ends = int(corridors.edge_from[edge]), int(corridors.edge_to[edge])
        network.add_edge(*ends, cents=cents)
    sides = {"from": landings(one), "to": landings(other)}
    for name, some in sides.items():
        own = connector_costs(ground.civil, VARIANT, some).total_cents
        for row in range(len(some)):
            edge, share = int(some.edge[row]), float(some.share[row])
            network.add_edge(name, (name, row), cents=own[row])
            first, last = int(corridors.edge_from[edge]), int(corridors.edge_to[edge])
            network.add_edge((name, row), first, cents=part_cents(edge, 0.0, share))
            network.add_edge((name, row), last, cents=part_cents(edge, share, 1.0))
    for row, edge in enumerate(sides["from"].edge):
        for end in np.flatnonzero(sides["to"].edge == edge):
            shares = float(sides["from"].share[row]), float(sides["to"].share[end])
            network.add_edge(("from", row), ("to", int(end)), cents=part_cents(int(edge), *shares))
    return float(nx.shortest_path_length(network, "from", "to", weight="cents"))


@settings(max_examples=60, deadline=None)
@given(PLACES, PLACES)
def test_way_costs_what_brute_force_finds(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    if len(landings(one)) and len(landings(other)):
        found = way(one, other)
        assert found is not None
        assert found.cost_cents == pytest.approx(cheapest_by_networkx(one, other), abs=3)


@settings(max_examples=40, deadline=None)
@given(PLACES, PLACES)
def test_way_back_costs_the_same_and_its_parts_add_up(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    found, back = way(one, other), way(other, one)
    assert (found is None) == (back is None)
    if found is None or back is None:
        return
    assert found.cost_cents == pytest.approx(back.cost_cents, abs=3)
    ground = GROUND[0]
    parts = part_costs(
        ground.civil, VARIANT, found.parts.edge, found.parts.share_from, found.parts.share_to
    )
    ends = [
        connector_costs(ground.civil, VARIANT, some.take(np.array([row]))).total_cents[0]
        for some, row in ((landings(one), found.start), (landings(other), found.end))
    ]
    assert found.cost_cents == pytest.approx(parts.total_cents.sum() + sum(ends), abs=3)


def test_place_beyond_reach_has_no_way() -> None:
    assert way((0.0, 20.0), (5000.0, 5000.0)) is None


def test_edges_that_are_closed_are_not_used() -> None:
    ground, _ = GROUND
    graph = ground.priced(VARIANT)
    closed = graph.with_costs(np.full(graph.edge_count, np.inf))
    near, far = landings((20.0, 10.0)), landings((150.0, 140.0))
    assert find_way(ground, VARIANT, closed, near, far) is None
