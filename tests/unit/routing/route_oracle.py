"""Routes by brute force over all simple paths of a small graph, and by an integer program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from gisplan.routing.cost_graph import CostGraph, build_cost_graph
from gisplan.routing.disjoint.result import Route
from gisplan.routing.places import AccessPoints, Exits, Places


@dataclass(frozen=True)
class Case:
    """A small graph with starts and targets, nodes and mid-edge places mixed."""

    edge_from: list[int]
    edge_to: list[int]
    edge_cost: list[float]
    length_m: list[float]
    node_count: int
    starts: Exits
    targets: AccessPoints

    @property
    def graph(self) -> CostGraph:
        return build_cost_graph(
            np.array(self.edge_from, np.int64),
            np.array(self.edge_to, np.int64),
            np.array(self.edge_cost, np.float64),
            node_count=self.node_count,
        )

    @property
    def edge_length_m(self) -> np.ndarray:
        return np.array(self.length_m)


@dataclass(frozen=True)
class Path:
    """A simple path: start row, target row, unit, parts (with metres) and joints it uses."""

    start: int
    target: int
    parts: tuple[int, ...]
    joints: tuple[int, ...]
    cost: int


@dataclass(frozen=True)
class Part:
    """A part of an edge, from the share at which it begins."""

    tail: int
    head: int
    cost: float
    mm: int
    edge: int
    share: float


def cut_parts(case: Case) -> tuple[list[Part], list[int], list[int]]:
    """Return the edges cut at all places, and the joint of each start and target row."""
    on_edge: dict[int, list[tuple[float, int, int]]] = {}
    joint: dict[tuple[int, int], int] = {}
    count = case.node_count
    for side, places in enumerate((case.targets, case.starts)):
        for row in range(len(places)):
            if places.node[row] >= 0:
                joint[side, row] = int(places.node[row])
                continue
            edge, share = int(places.edge[row]), float(places.share[row])
            same = [
                joint[0, other]
                for other in range(row)
                if side == 0 and places.edge[other] == edge and places.share[other] == share
            ]
            joint[side, row] = same[0] if same else count
            if not same:
                on_edge.setdefault(edge, []).append((share, side, count))
                count += 1
    parts = []
    for edge, cost in enumerate(case.edge_cost):
        here, at = case.edge_from[edge], 0.0
        stops = [*sorted(on_edge.get(edge, [])), (1.0, 2, case.edge_to[edge])]
        for share, _, state in stops:
            mm = max(1, round((share - at) * case.length_m[edge] * 1000))
            part_cost = np.inf if cost == np.inf else cost * (share - at)
            parts.append(Part(here, state, part_cost, mm, edge, at))
            here, at = state, share
    starts = [joint[1, row] for row in range(len(case.starts))]
    return parts, starts, [joint[0, row] for row in range(len(case.targets))]


def all_paths(case: Case, avoid: frozenset[int] = frozenset()) -> tuple[list[Path], list[Part]]:
    """Return every simple path from a start row to a target row."""
    parts, starts, targets = cut_parts(case)
    beside: dict[int, list[tuple[int, int]]] = {}
    for number, part in enumerate(parts):
        if part.cost != np.inf and number not in avoid:
            beside.setdefault(part.tail, []).append((number, part.head))
            beside.setdefault(part.head, []).append((number, part.tail))

    def walk(joint: int, used: tuple[int, ...], seen: tuple[int, ...]) -> Iterator[tuple]:
        yield used, seen
        for number, head in beside.get(joint, []):
            if head not in seen:
                yield from walk(head, (*used, number), (*seen, head))

    found = []
    for start, first in enumerate(starts):
        for used, seen in walk(first, (), (first,)):
            length = sum(round(parts[number].cost) for number in used)
            for target, last in enumerate(targets):
                if last == seen[-1]:
                    cost = length + int(case.starts.cost_cents[start])
                    cost += int(case.targets.cost_cents[target])
                    found.append(Path(start, target, used, seen, cost))
    return found, parts


def is_connected(case: Case, route: Route) -> bool:
    """Tell whether the steps of a route lead on from its start to its target."""

    def point(edge: int, share: float) -> tuple[str, int, float]:
        if share in {0.0, 1.0}:
            return "node", (case.edge_to if share else case.edge_from)[edge], 0.0
        return "edge", edge, share

    def place(places: Places, row: int) -> tuple[str, int, float]:
        if places.node[row] >= 0:
            return "node", int(places.node[row]), 0.0
        return "edge", int(places.edge[row]), float(places.share[row])

    here = place(case.starts, route.start)
    for edge, start, end in zip(
        route.edge.tolist(), route.share_from.tolist(), route.share_to.tolist(), strict=True
    ):
        if point(edge, start) != here:
            return False
        here = point(edge, end)
    return here == place(case.targets, route.target)


def open_joints(case: Case) -> set[int]:
    """Return the joints that any number of routes may use even if nodes are shared by nobody."""
    _, starts, targets = cut_parts(case)
    units: dict[int, set[int]] = {}
    for joint, unit in zip(targets, case.targets.unit().tolist(), strict=True):
        units.setdefault(joint, set()).add(unit)
    return set(starts) | {joint for joint, found in units.items() if len(found) > 1}


def value(
    case: Case,
    routes: tuple[Path, ...],
    parts: list[Part],
    node_disjoint: bool,
    price_per_m: float | None,
) -> tuple[int, int, int] | None:
    """Return (shared mm, shared nodes, cost) of routes, None where a unit or exit is used twice."""
    unit = case.targets.unit()
    used_units = Counter(int(unit[path.target]) for path in routes)
    exits = Counter(int(case.starts.exit[path.start]) for path in routes)
    if max(used_units.values()) > 1 or any(n > 1 for e, n in exits.items() if e >= 0):
        return None
    uses = Counter(part for path in routes for part in path.parts)
    shared = sum((count - 1) * parts[part].mm for part, count in uses.items())
    nodes = 0
    if node_disjoint:
        free = open_joints(case)
        seen = Counter(j for path in routes for j in path.joints if j not in free)
        nodes = sum(count - 1 for count in seen.values())
    cost = sum(path.cost for path in routes)
    if price_per_m is None:
        return shared, nodes, cost
    for part, count in uses.items():
        cost += (count - 1) * round(parts[part].mm / 1000 * price_per_m)
    return 0, 0, cost


def best_routes(
    case: Case,
    count: int,
    *,
    node_disjoint: bool = False,
    may_share: bool = True,
    price_per_m: float | None = None,
) -> tuple[int, tuple[int, int, int]]:
    """Return how many routes there are (at most ``count``) and the value of the best ones."""
    paths, parts = all_paths(case)
    for wanted in range(count, 0, -1):
        values = [
            found
            for routes in combinations_with_replacement(paths, wanted)
            if (found := value(case, routes, parts, node_disjoint, price_per_m)) is not None
            and (may_share or found[:2] == (0, 0))
        ]
        if values:
            return wanted, min(values)
    return 0, (0, 0, 0)


@st.composite
def cases(
    draw: st.DrawFn, *, most_nodes: int = 5, most_edges: int = 7, most_targets: int = 4
) -> Case:
    """Draw a small case; costs are multiples of four so that parts of quarters are whole."""
    nodes = draw(st.integers(2, most_nodes))
    count = draw(st.integers(1, most_edges))
    node = st.integers(0, nodes - 1)
    ends = draw(st.lists(st.tuples(node, node), min_size=count, max_size=count))
    whole = st.integers(0, 6).map(lambda k: 4.0 * k)
    cost = draw(
        st.lists(st.one_of(whole, whole, whole, st.just(np.inf)), min_size=count, max_size=count)
    )
    length = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    starts = draw(_places(nodes, cost, 2))
    targets = draw(_places(nodes, cost, most_targets))
    size = len(targets)
    point = np.arange(size)
    group = np.array(draw(st.lists(st.integers(-1, 2), min_size=size, max_size=size)), np.int64)
    exits = draw(st.lists(st.integers(-1, 1), min_size=len(starts), max_size=len(starts)))
    return Case(
        [a for a, _ in ends],
        [b for _, b in ends],
        cost,
        [float(metres) for metres in length],
        nodes,
        Exits(**starts.columns(), exit=np.array(exits, np.int64)),
        AccessPoints(**targets.columns(), point=point, group=group),
    )


def town(rng: np.random.Generator) -> Case:
    """Return a town of 9 to 25 corners with gaps, starts and targets at corners and between."""
    side = int(rng.integers(3, 6))
    corner = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([corner[:, :-1].ravel(), corner[:-1].ravel()])
    head = np.concatenate([corner[:, 1:].ravel(), corner[1:].ravel()])
    kept = rng.random(len(tail)) < 0.75
    kept[0] = True
    cost = 4.0 * rng.integers(0, 6, kept.sum())
    cost[rng.random(len(cost)) < 0.03] = np.inf
    starts, targets = int(rng.integers(1, 4)), int(rng.integers(2, 8))
    exits = rng.integers(-1, 2, starts) if rng.random() < 0.4 else np.full(starts, -1)
    return Case(
        tail[kept].tolist(),
        head[kept].tolist(),
        cost.tolist(),
        rng.integers(0, 9, len(cost)).astype(float).tolist(),
        side * side,
        Exits(**_somewhere(rng, side * side, cost, starts).columns(), exit=exits),
        AccessPoints(
            **_somewhere(rng, side * side, cost, targets).columns(),
            point=np.arange(targets),
            group=rng.integers(-1, 3, targets),
        ),
    )


def _somewhere(rng: np.random.Generator, nodes: int, cost: np.ndarray, count: int) -> Places:
    inside = rng.random(count) < 0.5
    edge = np.where(inside, rng.integers(0, len(cost), count), -1)
    share = np.where(inside, rng.choice([0.25, 0.5, 0.75], count), 0.0)
    parts = np.where(inside, cost[edge], 0.0)[:, None] * np.column_stack([share, 1 - share])
    return Places(
        node=np.where(inside, -1, rng.integers(0, nodes, count)),
        edge=edge,
        share=share,
        part_cost=parts,
        cost_cents=rng.integers(0, 9, count),
    )


@st.composite
def _places(draw: st.DrawFn, nodes: int, cost: list[float], most: int) -> Places:
    node, edge, share, parts, own = [], [], [], [], []
    for _ in range(draw(st.integers(1, most))):
        in_edge = draw(st.booleans())
        row = draw(st.integers(0, len(cost) - 1))
        at = draw(st.sampled_from([0.25, 0.5, 0.75]))
        node.append(-1 if in_edge else draw(st.integers(0, nodes - 1)))
        edge.append(row if in_edge else -1)
        share.append(at if in_edge else 0.0)
        parts.append([cost[row] * at, cost[row] * (1 - at)] if in_edge else [0.0, 0.0])
        own.append(draw(st.integers(0, 9)))
    return Places(
        node=np.array(node, np.int64),
        edge=np.array(edge, np.int64),
        share=np.array(share),
        part_cost=np.array(parts),
        cost_cents=np.array(own, np.int64),
    )


def program_value(
    case: Case, count: int, *, node_disjoint: bool = False, may_share: bool = True
) -> tuple[int, int, int] | None:
    """Return (shared mm, shared nodes, cost) of ``count`` routes by an integer program.

    Directed use of every part, one more unit of use for every further route, one way in and one
    way out of every joint; solved by HiGHS. ``None`` where there are no such routes.
    """
    parts, starts, targets = cut_parts(case)
    open_parts = [part for part in parts if part.cost != np.inf]
    joints = case.node_count + len(parts)
    free = open_joints(case)
    unit, exits = case.targets.unit(), case.starts.exit
    columns: list[tuple[float, list[tuple[str, float]], float]] = []
    closed = [j for j in range(joints) if node_disjoint and j not in free]
    for number, part in enumerate(open_parts):
        for tail, head in ((part.tail, part.head), (part.head, part.tail)):
            entries = [(f"out {tail}", -1.0), (f"in {head}", 1.0), (f"part {number}", 1.0)]
            columns.append((round(part.cost), entries, np.inf))
        more = np.inf if may_share else 0.0
        columns.append((part.mm * 1e6, [(f"part {number}", -1.0)], more))
    for joint in range(joints):
        ways = [(f"in {joint}", -1.0), (f"out {joint}", 1.0)]
        columns.append((0.0, ways, 1.0 if joint in closed else np.inf))
        if joint in closed and may_share:
            columns.append((1e3, ways, np.inf))
    for row, joint in enumerate(starts):
        names = [(f"in {joint}", 1.0), ("begun", 1.0), (f"exit {exits[row]}", 1.0)]
        names = names[:2] if exits[row] < 0 else names
        columns.append((float(case.starts.cost_cents[row]), names, np.inf))
    for row, joint in enumerate(targets):
        names = [(f"out {joint}", -1.0), (f"unit {unit[row]}", 1.0)]
        columns.append((float(case.targets.cost_cents[row]), names, np.inf))
    return _solved(columns, count)


def _solved(
    columns: list[tuple[float, list[tuple[str, float]], float]], count: int
) -> tuple[int, int, int] | None:
    names = sorted({name for _, entries, _ in columns for name, _ in entries})
    rank = {name: row for row, name in enumerate(names)}
    matrix = np.zeros((len(names), len(columns)))
    for column, (_, entries, _) in enumerate(columns):
        for name, sign in entries:
            matrix[rank[name], column] += sign
    low, high = np.zeros(len(names)), np.zeros(len(names))
    for name, row in rank.items():
        kind = name.split()[0]
        low[row] = count if kind == "begun" else -np.inf if kind in {"part", "unit", "exit"} else 0
        high[row] = count if kind == "begun" else 1 if kind in {"part", "unit", "exit"} else 0
    answer = milp(
        [cost for cost, _, _ in columns],
        constraints=LinearConstraint(matrix, low, high),
        integrality=np.ones(len(columns)),
        bounds=Bounds(0, [most for _, _, most in columns]),
        options={"mip_rel_gap": 0.0},
    )
    if not answer.success:
        return None
    whole = round(answer.fun)
    return whole // 10**6, whole // 1000 % 1000, whole % 1000
