"""Forests on access points, with and without prizes, against all choices tried."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.cost_graph import build_cost_graph
from gisplan.routing.steiner.exact import find_exact_tree
from gisplan.routing.steiner.forest import SteinerForest, find_steiner_forest
from tests.unit.routing.steiner.random_graphs import Case, cases


@st.composite
def questions(draw: st.DrawFn) -> tuple[Case, list[int], list[int], list[float]]:
    """A case, nodes of access points, their costs, prizes."""
    case = draw(cases(most_nodes=7))
    node = st.integers(0, case.node_count - 1)
    access = draw(st.lists(node, max_size=3))
    count = len(case.terminals)
    prize = st.one_of(st.just(np.inf), st.integers(0, 800).map(float))
    return (
        case,
        access,
        draw(st.lists(st.integers(0, 300), min_size=len(access), max_size=len(access))),
        draw(st.lists(prize, min_size=count, max_size=count)),
    )


def least_cost(
    case: Case, access: list[int], opening: list[int], prize: list[float], must: np.ndarray
) -> int:
    """Try every set of terminals that is left out; a root joins the access points."""
    root = case.node_count
    rooted = Case(
        node_count=root + 1,
        edges=[*case.edges, *((root, a, c) for a, c in zip(access, opening, strict=True))],
        terminals=[],
    ).graph()
    best = np.inf
    for out in product((False, True), repeat=len(prize)):
        paid = sum(price for price, is_out in zip(prize, out, strict=True) if is_out)
        kept = [
            t for t, is_out, m in zip(case.terminals, out, must, strict=True) if m and not is_out
        ]
        tree = find_exact_tree(rooted, np.array([root, *kept]))
        if not len(tree.unreached):
            best = min(best, tree.cost + paid)
    return int(best)


def find(case: Case, access: list[int], opening: list[int], prize: list[float]) -> SteinerForest:
    return find_steiner_forest(
        case.graph(),
        np.array(case.terminals),
        access_node=np.array(access, dtype=np.int64),
        access_cost=np.array(opening, dtype=float),
        prize=np.array(prize),
    )


@settings(max_examples=60, deadline=None)
@given(questions())
def test_forests_are_as_cheap_as_the_best_of_all_choices(
    question: tuple[Case, list[int], list[int], list[float]],
) -> None:
    case, access, opening, prize = question
    forest = find(case, access, opening, prize)
    best = least_cost(case, access, opening, prize, ~forest.is_unreached)
    assert forest.lower_bound <= best <= forest.cost
    assert forest.cost == best  # small enough for every round to end in a proof
    states = (forest.access >= 0).astype(int) + forest.is_left_out + forest.is_unreached
    assert (states == 1).all()
    paid = sum(case.edges[edge][2] for edge in forest.edges)
    paid += sum(opening[row] for row in forest.opened)
    paid += sum(price for price, out in zip(prize, forest.is_left_out, strict=True) if out)
    assert paid == forest.cost


# 0 - 1 - 2 - 3 - 4, ten each; access points at both ends
LINE = (np.arange(4), np.arange(1, 5), np.full(4, 10))


def on_line(access_cost: list[float], prize: list[float] | None = None) -> SteinerForest:
    return find_steiner_forest(
        build_cost_graph(*LINE),
        np.array([1, 3]),
        access_node=np.array([0, 4]),
        access_cost=np.array(access_cost),
        prize=None if prize is None else np.array(prize),
    )


def test_each_terminal_hangs_on_the_access_point_near_it() -> None:
    forest = on_line([5.0, 5.0])
    assert (forest.access.tolist(), forest.opened.tolist(), forest.cost) == ([0, 1], [0, 1], 30)
    assert forest.is_proven
    assert forest.gap_ratio == 0.0


def test_a_dear_second_access_point_is_not_opened() -> None:
    forest = on_line([5.0, 40.0])
    assert (forest.access.tolist(), forest.edges.tolist()) == ([0, 0], [0, 1, 2])
    assert forest.cost == 35


def test_who_is_cheaper_alone_is_left_out() -> None:
    forest = on_line([5.0, 40.0], [np.inf, 12.0])
    assert (forest.access.tolist(), forest.is_left_out.tolist()) == ([0, -1], [False, True])
    assert forest.cost == 15 + 12


def test_a_closed_access_point_is_not_used() -> None:
    assert on_line([np.inf, 5.0]).access.tolist() == [1, 1]


def test_without_any_access_point_everybody_is_unreached_or_left_out() -> None:
    forest = on_line([np.inf, np.inf], [np.inf, 7.0])
    assert forest.is_unreached.tolist() == [True, False]
    assert forest.is_left_out.tolist() == [False, True]
    assert (forest.cost, forest.lower_bound) == (7, 7)


@pytest.mark.parametrize("cost", [-1.0, np.nan, 1e13])
def test_a_price_that_is_none_is_refused(cost: float) -> None:
    with pytest.raises(InputError, match="access point 1 costs"):
        on_line([0.0, cost])
    with pytest.raises(InputError, match="prize 1 costs"):
        on_line([0.0, 0.0], [1.0, cost])


def test_prices_must_be_one_for_each() -> None:
    with pytest.raises(InputError, match="expected \\(2,\\)"):
        on_line([0.0])


def test_an_access_point_that_is_no_node_is_refused() -> None:
    with pytest.raises(InputError, match="access point 0 is node 9"):
        find_steiner_forest(
            build_cost_graph(*LINE),
            np.array([1]),
            access_node=np.array([9]),
            access_cost=np.ones(1),
        )


def test_costs_beyond_64_bits_are_refused() -> None:
    count = 1 << 20
    with pytest.raises(InputError, match="sum up to"):
        find_steiner_forest(
            build_cost_graph(*LINE),
            np.zeros(count, np.int64),
            access_node=np.array([4]),
            access_cost=np.zeros(1),
            prize=np.full(count, 1e12),
        )
