"""Steiner trees against rustworkx and the proven optimum, and joint plans; CPU time."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.electrical_cases import cpu_s
from benchmarks.report import Row
from benchmarks.street_graph import StreetGraph, street_graph
from gisplan.routing.cost_graph import CostGraph, build_cost_graph
from gisplan.routing.steiner.exact import MOST_TERMINALS, find_exact_tree
from gisplan.routing.steiner.tree import find_steiner_tree
from gisplan.routing.steiner.trench_model import TrenchAccess, TrenchApplications
from gisplan.routing.steiner.trenches import plan_shared_trenches

Integers = npt.NDArray[np.int64]

EDGES = 10_000
SIZES = (10, 20, 30)
REPEATED = 4
QUARTER_NODES = 1500
PROOF_ROUNDS = 2000
GOOD_ROUNDS = 12
PERCENT = 100.0
APPLICATIONS = 40
ACCESS_POINTS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Terminals, and a bound on the best tree: its cost itself where ``is_proven``."""

    terminals: Integers
    least_cost: int
    is_proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Mean gap to the best tree in percent, mean CPU time of one query in seconds."""

    gap_pct: float
    time_s: float


def rows() -> Iterator[Row]:
    streets = street_graph(EDGES, 1)
    graph = build_cost_graph(streets.edge_from, streets.edge_to, streets.cost_cents)
    find_steiner_tree(graph, np.arange(0, 100, 10), rounds=20)  # compiles
    for name, reach in (("one quarter", QUARTER_NODES), ("the whole town", streets.node_count)):
        cases = [case_of(graph, terminals) for terminals in terminal_sets(streets, reach)]
        yield from tree_rows(f"Steiner, {EDGES:,} edges, 10-30 terminals in {name}", graph, cases)
    yield from trench_rows(streets, graph)


def terminal_sets(streets: StreetGraph, reach: int) -> Iterator[Integers]:
    """Yield terminals among so many nodes around a random one."""
    rng = np.random.default_rng(7)
    for size in SIZES * REPEATED:
        middle = rng.integers(streets.node_count)
        away = np.hypot(streets.x_m - streets.x_m[middle], streets.y_m - streets.y_m[middle])
        yield rng.choice(np.argsort(away, kind="stable")[:reach], size, replace=False)


def case_of(graph: CostGraph, terminals: Integers) -> Case:
    """Find the best tree: by the exact method for few terminals, else by proof, else a bound."""
    if len(terminals) <= MOST_TERMINALS:
        cost = find_exact_tree(graph, terminals).cost
        return Case(terminals=terminals, least_cost=cost, is_proven=True)
    tree = find_steiner_tree(graph, terminals, rounds=PROOF_ROUNDS)
    return Case(terminals=terminals, least_cost=tree.lower_bound, is_proven=tree.is_proven)


def tree_rows(name: str, graph: CostGraph, cases: list[Case]) -> Iterator[Row]:
    proven = sum(case.is_proven for case in cases)
    known = f"{proven} of {len(cases)} optima proven, the others by their bound"
    quick = score(cases, lambda terminals: find_steiner_tree(graph, terminals, rounds=0).cost)
    good = score(
        cases, lambda terminals: find_steiner_tree(graph, terminals, rounds=GOOD_ROUNDS).cost
    )
    yield Row(
        name=f"{name}: mean gap, {GOOD_ROUNDS} rounds ({known})",
        ours=good.gap_pct,
        unit="%",
        target=1.0,
        better="lower",
    )
    yield Row(
        name=f"{name}: {GOOD_ROUNDS} rounds",
        ours=good.time_s,
        unit="s",
        target=0.2,
        better="lower",
    )
    yield Row(
        name=f"{name}: mean gap, quickest ({known})",
        ours=quick.gap_pct,
        unit="%",
        target=2.0,
        better="lower",
    )
    if importlib.util.find_spec("rustworkx") is None:
        yield Row(
            name=f"{name}: quickest (peer rustworkx is not installed)",
            ours=quick.time_s * 1e3,
            unit="ms",
            better="lower",
        )
        return
    peer = score(cases, rustworkx_tree(graph))
    yield Row(
        name=f"{name}: quickest (peer: rustworkx, gap {peer.gap_pct:.1f} %)",
        ours=quick.time_s * 1e3,
        peer=peer.time_s * 1e3,
        unit="ms",
        target=3.0,
        better="lower",
    )


def score(cases: list[Case], cost_of: Callable[[Integers], int]) -> Score:
    gaps = [cost_of(case.terminals) / case.least_cost - 1 for case in cases]
    times = [cpu_s(lambda case=case: cost_of(case.terminals)) for case in cases]
    return Score(gap_pct=float(np.mean(gaps)) * PERCENT, time_s=float(np.mean(times)))


def rustworkx_tree(graph: CostGraph) -> Callable[[Integers], int]:
    """Return the peer, its graph built beforehand."""
    import rustworkx

    peer = rustworkx.PyGraph()
    peer.add_nodes_from(range(graph.node_count))
    cost = graph.edge_cost.astype(float).tolist()
    peer.add_edges_from(
        list(zip(graph.edge_from.tolist(), graph.edge_to.tolist(), cost, strict=True))
    )

    def cost_of(terminals: Integers) -> int:
        tree = rustworkx.steiner_tree(peer, terminals.tolist(), float)
        return round(sum(tree.edges()))

    return cost_of


def trench_rows(streets: StreetGraph, graph: CostGraph) -> Iterator[Row]:
    """A joint plan of neighbours, each with a cable of its own, against planning one by one."""
    rng = np.random.default_rng(3)
    nodes = next(iter(terminal_sets(streets, QUARTER_NODES)))[0] + np.arange(-300, 300)
    chosen = rng.choice(nodes[(nodes >= 0) & (nodes < graph.node_count)], APPLICATIONS, False)
    applications = TrenchApplications(
        node=chosen,
        demand_kva=rng.integers(10, 60, APPLICATIONS).astype(float),
        cable_cents_per_m=np.full(APPLICATIONS, 1500),
        cables=np.ones(APPLICATIONS, dtype=np.int64),
        own_cents=np.full(APPLICATIONS, np.inf),
    )
    access = TrenchAccess(
        node=rng.choice(graph.node_count, ACCESS_POINTS, replace=False),
        equipment_cents=np.full(ACCESS_POINTS, 500_000),
        connection_cents=np.full(ACCESS_POINTS, 50_000),
        room_kva=np.full(ACCESS_POINTS, 400.0),
        ways=np.full(ACCESS_POINTS, 12.0),
    )

    def plan() -> object:
        return plan_shared_trenches(
            graph, streets.edge_length_m, applications=applications, access=access
        )

    plan()
    found = plan_shared_trenches(
        graph, streets.edge_length_m, applications=applications, access=access
    )
    name = f"joint plan of {APPLICATIONS} applications, {ACCESS_POINTS} access points"
    yield Row(
        name=f"{name}: gap to the bound without capacities",
        ours=found.gap_ratio * PERCENT,
        unit="%",
        better="lower",
    )
    yield Row(
        name=f"{name}: cost (peer: one by one)",
        ours=found.cost_cents / PERCENT,
        peer=float(found.separate_cents.sum()) / PERCENT,
        unit="EUR",
        better="lower",
    )
    yield Row(name=f"{name}: time", ours=cpu_s(plan, runs=2), unit="s", better="lower")
