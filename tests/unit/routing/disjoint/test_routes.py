"""Disjoint routes against brute force over all paths, an integer program, and by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.cost_graph import build_cost_graph
from gisplan.routing.disjoint.result import DisjointRoutes
from gisplan.routing.disjoint.routes import DisjointSearch, Sharing, find_disjoint_routes
from gisplan.routing.places import AccessPoints, Exits
from tests.unit.routing.route_oracle import (
    Case,
    all_paths,
    best_routes,
    cases,
    cut_parts,
    is_connected,
    program_value,
    town,
)

many = settings(max_examples=200, deadline=None)

# A cul-de-sac (0-1), a block (1-2-4-3-1), and behind it access points at 5 and 6.
BLOCK = build_cost_graph(
    np.array([0, 1, 2, 1, 3, 4, 2, 4]),
    np.array([1, 2, 4, 3, 4, 5, 6, 6]),
    np.array([7, 10, 10, 12, 12, 3, 30, 4]),
)
BLOCK_M = np.array([70.0, 100.0, 100.0, 120.0, 120.0, 30.0, 300.0, 40.0])
CORNER, DEAD_END = Exits.at_nodes(np.array([1])), Exits.at_nodes(np.array([0]))


def stations(*group: int) -> AccessPoints:
    return AccessPoints.at_nodes(
        np.array([5, 6]), np.array([100, 200]), group=np.array(group or (-1, -1))
    )


def asked(starts: Exits, targets: AccessPoints, **more) -> DisjointRoutes:
    return find_disjoint_routes(BLOCK, starts, targets, edge_length_m=BLOCK_M, **more)


def value(found: DisjointRoutes) -> tuple[int, tuple[int, int, int]]:
    proof = found.proof
    return len(found.routes), (proof.shared_mm, proof.shared_nodes, proof.cost_cents)


def searches(case: Case) -> list[DisjointSearch]:
    return [
        DisjointSearch.build(case.graph, case.targets, case.edge_length_m, bounded=bounded)
        for bounded in (True, False)
    ]


@many
@given(cases(), st.booleans())
def test_disjoint_pair_equals_brute_force(case: Case, node_disjoint: bool) -> None:
    truth = best_routes(case, 2, node_disjoint=node_disjoint, may_share=False)
    for search in searches(case):
        found = search.find(case.starts, node_disjoint=node_disjoint, sharing=None)
        assert value(found) == truth
        assert found.proof.is_optimal
        assert found.total_cents == found.proof.cost_cents


@many
@given(cases(), st.booleans())
def test_least_shared_pair_equals_brute_force(case: Case, node_disjoint: bool) -> None:
    truth = best_routes(case, 2, node_disjoint=node_disjoint)
    for search in searches(case):
        found = search.find(case.starts, node_disjoint=node_disjoint)
        assert value(found) == truth
        assert found.proof.is_optimal
        assert found.total_cents == found.proof.cost_cents


@many
@given(cases(), st.sampled_from([0.0, 1.0, 40.0]))
def test_pair_with_priced_sharing_equals_brute_force(case: Case, price: float) -> None:
    truth = best_routes(case, 2, price_per_m=price)
    for search in searches(case):
        found = search.find(case.starts, sharing=Sharing(price_cents_per_m=price))
        assert value(found) == truth
        assert found.proof.is_optimal


@settings(max_examples=120, deadline=None)
@given(cases(most_nodes=4, most_edges=5), st.booleans(), st.booleans())
def test_three_routes_equal_brute_force(case: Case, node_disjoint: bool, may_share: bool) -> None:
    truth = best_routes(case, 3, node_disjoint=node_disjoint, may_share=may_share)
    sharing = Sharing() if may_share else None
    for search in searches(case):
        found = search.find(case.starts, count=3, node_disjoint=node_disjoint, sharing=sharing)
        assert value(found) == truth
        assert found.proof.is_optimal


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 3), st.booleans(), st.booleans())
def test_routes_in_a_town_equal_an_integer_program(
    seed: int, count: int, node_disjoint: bool, may_share: bool
) -> None:
    case = town(np.random.default_rng(seed))
    truth = program_value(case, count, node_disjoint=node_disjoint, may_share=may_share)
    sharing = Sharing() if may_share else None
    for search in searches(case):
        found = search.find(case.starts, count=count, node_disjoint=node_disjoint, sharing=sharing)
        assert found.proof.is_optimal
        assert all(is_connected(case, route) for route in found.routes)
        if truth is None:
            assert len(found.routes) < count
        else:
            assert value(found) == (count, truth)


@many
@given(cases(), st.booleans())
def test_cut_separates_and_is_as_large_as_the_routes(case: Case, node_disjoint: bool) -> None:
    paths, parts = all_paths(case)
    for search in searches(case):
        found = search.find(case.starts, count=3, node_disjoint=node_disjoint, sharing=None)
        cut = found.disjoint_cut
        assert (cut is None) == (len(found.routes) == 3)
        if cut is None:
            continue
        assert len(cut) == len(found.routes)
        assert found.missing_cut is not None
        assert found.reason()
        unit = case.targets.unit()
        for path in paths:
            assert (
                {parts[part].edge for part in path.parts} & set(cut.edges.tolist())
                or set(path.joints) & set(cut.nodes.tolist())
                or unit[path.target] in unit[cut.targets]
                or case.starts.exit[path.start] in cut.exits
            )


@many
@given(cases(), st.data())
def test_avoided_edges_are_like_forbidden_ones(case: Case, data: st.DataObject) -> None:
    inside = {*case.starts.edge.tolist(), *case.targets.edge.tolist()}
    free = [edge for edge in range(len(case.edge_cost)) if edge not in inside]
    avoid = data.draw(st.sets(st.sampled_from(free))) if free else set()
    cost = [np.inf if edge in avoid else c for edge, c in enumerate(case.edge_cost)]
    closed = Case(**{**vars(case), "edge_cost": cost})
    for one, other in zip(searches(case), searches(closed), strict=True):
        avoided = one.find(case.starts, avoid_edges=np.array(sorted(avoid), np.int64))
        assert value(avoided) == value(other.find(case.starts))
        assert not avoid & {e for route in avoided.routes for e in route.edge.tolist()}


@many
@given(cases(), st.booleans())
def test_many_sites_at_once_are_as_one_by_one(case: Case, bounded: bool) -> None:
    starts = Exits(**{**case.starts.columns(), "exit": np.full(len(case.starts), -1)})
    search = DisjointSearch.build(case.graph, case.targets, case.edge_length_m, bounded=bounded)
    alone = search.find(starts)
    twice = starts.followed_by(starts)
    many_found = search.find_many(twice, np.array([0, len(starts), 2 * len(starts)]))
    assert many_found.site_offset.tolist() == [0, len(alone.routes), 2 * len(alone.routes)]
    for site in range(2):
        rows = slice(many_found.site_offset[site], many_found.site_offset[site + 1])
        assert sorted(many_found.cost[rows].tolist()) == [r.cost_cents for r in alone.routes]
        steps = slice(*many_found.offset[[rows.start, rows.stop]])
        edges = sorted(edge for route in alone.routes for edge in route.edge.tolist())
        assert sorted(many_found.edge[steps].tolist()) == edges


@many
@given(cases())
def test_input_order_does_not_matter_to_the_cost(case: Case) -> None:
    turned = AccessPoints(**{n: a[::-1].copy() for n, a in case.targets.columns().items()})
    first, second = (
        find_disjoint_routes(case.graph, case.starts, targets, edge_length_m=case.edge_length_m)
        for targets in (case.targets, turned)
    )
    assert value(first) == value(second)


def test_two_routes_run_around_the_block() -> None:
    assert asked(CORNER, stations()).total_cents == 123 + 228
    found = asked(CORNER, stations(), node_disjoint=True)
    assert [route.edge.tolist() for route in found.routes] == [[3, 4, 5], [1, 6]]
    assert [route.cost_cents for route in found.routes] == [127, 240]
    assert [route.length_m for route in found.routes] == [270.0, 400.0]
    assert found.total_cents == 367
    assert found.is_disjoint
    assert found.reason() == ""


def test_a_cul_de_sac_is_shared_and_named() -> None:
    found = asked(DEAD_END, stations())
    assert found.total_cents == 123 + 228 + 14
    assert found.shared.edge.tolist() == [0]
    assert found.shared.length_m == 70.0
    assert found.shared.route_count.tolist() == [2]
    assert not found.is_disjoint
    assert found.disjoint_cut is not None
    assert found.disjoint_cut.edges.tolist() == [0]
    assert "1 disjoint route at most, not 2: all run through edges 0" in found.reason()


def test_sharing_may_be_forbidden() -> None:
    found = asked(DEAD_END, stations(), sharing=None)
    assert [route.cost_cents for route in found.routes] == [7 + 20 + 3 + 100]
    assert found.missing_cut is not None
    assert found.missing_cut.edges.tolist() == [0]
    assert "1 route found, not 2" in found.reason()


def test_points_of_one_feeder_take_one_route() -> None:
    found = asked(CORNER, stations(4, 4))
    assert len(found.routes) == 1
    assert found.missing_cut is not None
    assert len(found.missing_cut.targets) == 1
    assert "belong to 1 access point or group" in found.reason()


def test_a_price_for_shared_metres_decides_how_far_routes_part() -> None:
    cheap = asked(CORNER, stations(), sharing=Sharing(price_cents_per_m=0.0))
    dear = asked(CORNER, stations(), sharing=Sharing(price_cents_per_m=1.0))
    assert (cheap.total_cents, cheap.shared.length_m) == (123 + 224, 200.0)
    assert (dear.total_cents, dear.shared.length_m) == (351, 0.0)
    middle = asked(CORNER, stations(), sharing=Sharing(price_cents_per_m=0.01))
    assert (middle.total_cents, middle.proof.cost_cents) == (347, 349)


def test_crossing_routes_meet_at_a_node_unless_nodes_are_not_shared() -> None:
    bow = build_cost_graph(
        np.array([0, 0, 1, 2, 3, 3, 0]), np.array([1, 2, 3, 3, 4, 5, 5]), np.array([1] * 6 + [9])
    )
    targets = AccessPoints.at_nodes(np.array([4, 5]))
    start, length_m = Exits.at_nodes(np.array([0])), np.ones(7)
    crossing = find_disjoint_routes(bow, start, targets, edge_length_m=length_m)
    apart = find_disjoint_routes(bow, start, targets, edge_length_m=length_m, node_disjoint=True)
    assert (crossing.total_cents, apart.total_cents) == (6, 12)


def test_each_exit_serves_one_route() -> None:
    both = Exits.at_nodes(np.array([1, 4]), exit_number=np.array([0, 0]))
    one = asked(both, stations())
    assert len(one.routes) == 1
    assert one.missing_cut is not None
    assert one.missing_cut.exits.tolist() == [0]
    two = asked(Exits.at_nodes(np.array([1, 4]), exit_number=np.array([0, 1])), stations())
    assert sorted(route.start for route in two.routes) == [0, 1]


def test_nothing_within_reach_is_told() -> None:
    graph = build_cost_graph(np.array([0]), np.array([1]), np.array([1]), node_count=3)
    for bounded in (True, False):
        search = DisjointSearch.build(
            graph, AccessPoints.at_nodes(np.array([2])), np.ones(1), bounded=bounded
        )
        found = search.find(Exits.at_nodes(np.array([0])))
        assert found.routes == ()
        assert found.reason() == "no access point can be reached from the starts"


def test_more_start_rows_than_usual_find_room() -> None:
    search = DisjointSearch.build(BLOCK, stations(), BLOCK_M)
    few = search.find(CORNER)
    shares = np.linspace(0.1, 0.9, 40)
    parts = np.column_stack([shares * 10, (1 - shares) * 10])
    many_starts = Exits.on_edges(np.full(40, 1), shares, parts)
    found = search.find(many_starts, node_disjoint=True)
    assert found.is_disjoint
    assert few.total_cents == search.find(CORNER, node_disjoint=False).total_cents


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"count": 0}, "0 routes wanted"),
        ({"count": 65}, "65 routes wanted"),
        ({"sharing": Sharing(price_cents_per_m=float("nan"))}, "sharing costs nan"),
        ({"sharing": Sharing(price_cents_per_m=1.0, price_cents_per_node=-1)}, "sharing costs -1"),
        ({"avoid_edges": np.array([8])}, "edges to avoid"),
        ({"starts": Exits.at_nodes(np.array([9]))}, "row 0 of the starts has 9"),
        ({"starts": Exits.at_nodes(np.zeros(0, np.int64))}, "no starts"),
        ({"starts": Exits.at_nodes(np.array([0]), np.array([-5]))}, "has -5; expected a cost"),
        (
            {"starts": Exits.on_edges(np.array([8]), np.array([0.5]), np.ones((1, 2)))},
            "has 8; expected an edge",
        ),
        (
            {"starts": Exits.on_edges(np.array([0]), np.array([1.5]), np.ones((1, 2)))},
            "has 1.5; expected a share",
        ),
        (
            {"starts": Exits.on_edges(np.array([0]), np.array([0.5]), np.full((1, 2), np.nan))},
            "pair of costs",
        ),
        ({"edge_length_m": np.ones(3)}, "one for each of 8"),
        ({"edge_length_m": np.array([1.0] * 7 + [np.nan])}, "edge 7 is nan m long"),
        ({"edge_length_m": np.full(8, 1e9)}, "check the unit"),
        (
            {
                "targets": AccessPoints.at_nodes(
                    np.array([5, 6]), point=np.array([1, 1]), group=np.array([1, 2])
                )
            },
            "access point 1 belongs to groups 1 and 2",
        ),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], match: str) -> None:
    query = {"starts": CORNER, "targets": stations(), "edge_length_m": BLOCK_M, **change}
    with pytest.raises(InputError, match=match):
        find_disjoint_routes(BLOCK, **query)


def test_offsets_that_do_not_fit_are_refused() -> None:
    search = DisjointSearch.build(BLOCK, stations(), BLOCK_M)
    with pytest.raises(InputError, match="offsets that grow"):
        search.find_many(CORNER, np.array([0, 2]))


def test_parts_of_a_cut_edge_cost_no_less_than_the_edge() -> None:
    start = Exits.on_edges(np.array([0]), np.array([0.5]), np.array([[3.0, 3.0]]))
    found = asked(start, stations(), count=1)
    assert found.routes[0].cost_cents == 4 + 20 + 3 + 100


def test_an_infinite_part_is_not_used() -> None:
    start = Exits.on_edges(np.array([1]), np.array([0.5]), np.array([[5.0, np.inf]]))
    found = asked(start, stations(), count=1)
    assert found.routes[0].edge.tolist() == [1, 3, 4, 5]
    parts, _, _ = cut_parts(
        Case([0], [1], [4.0], [1.0], 2, Exits.at_nodes(np.array([0])), stations())
    )
    assert len(parts) == 1


@pytest.mark.parametrize(
    "build",
    [
        lambda: Exits.at_nodes(np.array([0, 1]), np.array([5])),
        lambda: Exits.at_nodes(np.array([0, 1]), exit_number=np.array([5])),
        lambda: AccessPoints.at_nodes(np.array([0, 1]), point=np.array([5])),
        lambda: AccessPoints.at_nodes(np.array([0]), group=np.array([5, 6])),
        lambda: Exits.on_edges(np.array([0, 1]), np.array([0.5]), np.ones((2, 2))),
        lambda: Exits.on_edges(np.array([0, 1]), np.full(2, 0.5), np.ones((1, 2))),
    ],
)
def test_places_with_columns_of_different_length_are_refused(build: Callable[[], object]) -> None:
    with pytest.raises(InputError, match="of places have shape"):
        build()


def test_a_price_whose_sums_would_leave_64_bits_is_refused() -> None:
    graph = build_cost_graph(np.array([0]), np.array([1]), np.array([1]))
    targets = AccessPoints.at_nodes(np.array([1, 1]))
    with pytest.raises(InputError, match="sharing costs"):
        find_disjoint_routes(
            graph,
            Exits.at_nodes(np.array([0])),
            targets,
            edge_length_m=np.array([4e9]),
            sharing=Sharing(price_cents_per_m=1e12),
        )
    dear = find_disjoint_routes(
        graph,
        Exits.at_nodes(np.array([0])),
        targets,
        edge_length_m=np.array([4e9]),
        sharing=Sharing(price_cents_per_m=1e6),
    )
    assert dear.proof.cost_cents == 2 + int(4e15)
