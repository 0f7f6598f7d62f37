"""Which bus is fed from where: the supply tree of a grid through its closed switches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.model.grid import Codes, Flags, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Topology
from gisplan.network.tree_kernel import (
    build_arcs,
    grow_tree,
    hand_down,
    mark_loops,
    spread_busbar,
)

# Limits of the voltage levels as IEC 60038 and common practice name them.
LOW_VOLTAGE_BELOW_V = 1_000.0
HIGH_VOLTAGE_FROM_V = 60_000.0
NO_BRANCH_KIND = np.uint8(255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """What joins two buses at this moment: lines, then transformers, then bus-bus switches."""

    end_a: Integers
    end_b: Integers
    kind: Codes
    row: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchStates:
    """What no open switch cuts off."""

    line_from_closed: Flags
    line_to_closed: Flags
    transformer_closed: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The supply tree before anything is derived; ``root`` is a position in the roots given."""

    order: Integers
    parent: Integers
    parent_kind: Codes
    parent_row: Integers
    root: Integers
    is_meshed: Flags


def build_topology(grid: Grid) -> Topology:
    """Trace the grid from its sources through closed switches and elements in service.

    The tree is breadth first: every bus hangs on the path of the fewest branches, among equal ones
    on that of the first bus id. An open switch of a line opens its own end only. The closed flags
    tell the states of the switches alone; whether an element is in service stands in the grid.

    A bus is meshed when a loop of lines, transformers, closed bus-bus switches or sources passes
    through it. What hangs on a loop without being a part of it is not meshed.

    A feeder begins with a line that leaves the medium-voltage busbar of an HV/MV transformer
    (60 kV or more above, 1 kV or more below) or, for a source that feeds no such transformer, the
    source's own busbar. Closed bus-bus switches make several buses one busbar. A branch to the
    parent is -1 (its kind 255) where there is none.
    """
    states = read_switches(grid)
    branches = closed_branches(grid, states)
    source_bus, first_source = _roots(grid)
    tree = grow(branches, source_bus, len(grid.buses.bus_id))
    source = np.append(first_source, -1)[tree.root]
    main = _main_transformers(grid)
    fed_by_main = _is_fed_down(grid, tree, main)
    head = _feeder_heads(tree, _busbars(tree, fed_by_main, source))
    feeder_head = np.unique(head[head >= 0])
    return Topology(
        order=tree.order,
        parent_bus=tree.parent,
        parent_kind=tree.parent_kind,
        parent_branch=tree.parent_row,
        source=source,
        transformer=_last_transformer(grid, tree, ~main & _is_distribution(grid)),
        main_transformer=_last_transformer(grid, tree, main),
        feeder=np.where(head >= 0, np.searchsorted(feeder_head, head), -1),
        feeder_head=feeder_head,
        is_meshed=tree.is_meshed,
        line_from_closed=states.line_from_closed,
        line_to_closed=states.line_to_closed,
        transformer_closed=states.transformer_closed,
    )


def read_switches(grid: Grid) -> SwitchStates:
    """Find the ends of lines and the transformers that an open switch cuts off."""
    switches, lines = grid.switches, grid.lines
    is_open = ~np.asarray(switches.closed) & (switches.element >= 0)
    at_line = is_open & (switches.element_kind == SwitchedKind.LINE)
    line, bus = switches.element[at_line], switches.bus[at_line]
    from_closed = np.ones(len(lines.line_id), dtype=np.bool_)
    to_closed = from_closed.copy()
    from_closed[line[lines.from_bus[line] == bus]] = False
    to_closed[line[lines.to_bus[line] == bus]] = False
    transformer_closed = np.ones(len(grid.transformers.transformer_id), dtype=np.bool_)
    at_transformer = is_open & (switches.element_kind == SwitchedKind.TRANSFORMER)
    transformer_closed[switches.element[at_transformer]] = False
    return SwitchStates(
        line_from_closed=from_closed,
        line_to_closed=to_closed,
        transformer_closed=transformer_closed,
    )


def closed_branches(grid: Grid, states: SwitchStates) -> Branches:
    """List what joins two different buses at this moment."""
    lines, transformers, switches = grid.lines, grid.transformers, grid.switches
    is_coupler = (switches.element_kind == SwitchedKind.BUS) & (switches.element >= 0)
    tables = (
        (
            SwitchedKind.LINE,
            lines.from_bus,
            lines.to_bus,
            lines.in_service & states.line_from_closed & states.line_to_closed,
        ),
        (
            SwitchedKind.TRANSFORMER,
            transformers.hv_bus,
            transformers.lv_bus,
            transformers.in_service & states.transformer_closed,
        ),
        (SwitchedKind.BUS, switches.bus, switches.element, is_coupler & switches.closed),
    )
    rows = [np.flatnonzero(closed & (a != b)) for _, a, b, closed in tables]
    return Branches(
        end_a=np.concatenate([a[row] for (_, a, _, _), row in zip(tables, rows, strict=True)]),
        end_b=np.concatenate([b[row] for (_, _, b, _), row in zip(tables, rows, strict=True)]),
        kind=np.repeat(np.array([t[0] for t in tables], dtype=np.uint8), [len(r) for r in rows]),
        row=np.concatenate(rows),
    )


def grow(branches: Branches, roots: Integers, bus_count: int) -> Tree:
    """Grow the supply tree from the roots and find its loops."""
    arcs = build_arcs(branches.end_a, branches.end_b, bus_count)
    order, parent, branch, root = grow_tree(*arcs, roots)
    in_loop = mark_loops(order, parent, branch, branches.end_a, branches.end_b)
    is_meshed = in_loop.copy()
    is_meshed[parent[in_loop & (parent >= 0)]] = True
    return Tree(
        order=order,
        parent=parent,
        parent_kind=np.append(branches.kind, NO_BRANCH_KIND)[branch],
        parent_row=np.append(branches.row, -1)[branch],
        root=root,
        is_meshed=is_meshed,
    )


def _roots(grid: Grid) -> tuple[Integers, Integers]:
    """Buses with a source, and the first source of each."""
    rows = np.flatnonzero(grid.sources.bus >= 0)
    bus, first = np.unique(grid.sources.bus[rows], return_index=True)
    return bus, rows[first]


def _main_transformers(grid: Grid) -> Flags:
    """Transformers from high to medium voltage."""
    low_v = grid.transformers.lv_voltage_v
    is_main: Flags = (
        (grid.transformers.hv_voltage_v >= HIGH_VOLTAGE_FROM_V)
        & (low_v >= LOW_VOLTAGE_BELOW_V)
        & (low_v < HIGH_VOLTAGE_FROM_V)
    )
    return is_main


def _is_distribution(grid: Grid) -> Flags:
    is_distribution: Flags = grid.transformers.lv_voltage_v < LOW_VOLTAGE_BELOW_V
    return is_distribution


def _fed_through(tree: Tree, chosen: Flags) -> Flags:
    """Buses whose branch to the parent is one of the chosen transformers."""
    is_fed: Flags = tree.parent_kind == SwitchedKind.TRANSFORMER
    is_fed[is_fed] = chosen[tree.parent_row[is_fed]]
    return is_fed


def _is_fed_down(grid: Grid, tree: Tree, chosen: Flags) -> Flags:
    """Buses that one of the chosen transformers feeds from its high-voltage side."""
    is_fed = _fed_through(tree, chosen)
    is_fed[is_fed] = grid.transformers.hv_bus[tree.parent_row[is_fed]] == tree.parent[is_fed]
    return is_fed


def _last_transformer(grid: Grid, tree: Tree, chosen: Flags) -> Integers:
    """Transformer of the chosen ones that feeds a bus; none behind one that is fed backwards."""
    own = np.where(_is_fed_down(grid, tree, chosen), tree.parent_row, -1)
    return hand_down(tree.order, tree.parent, _fed_through(tree, chosen), own)


def _busbars(tree: Tree, fed_by_main: Flags, source: Integers) -> Flags:
    """Buses whose outgoing lines are heads of feeders."""
    is_root = (tree.root >= 0) & (tree.parent < 0)
    has_main = np.isin(source, source[fed_by_main])
    is_fed = fed_by_main | (is_root & ~has_main)
    return spread_busbar(tree.order, tree.parent, tree.parent_kind, is_fed, int(SwitchedKind.BUS))


def _feeder_heads(tree: Tree, is_busbar: Flags) -> Integers:
    """Line at the head of the feeder that a bus belongs to."""
    has_parent = tree.parent >= 0
    is_first = np.zeros(len(tree.parent), dtype=np.bool_)
    is_first[has_parent] = is_busbar[tree.parent[has_parent]]
    is_first &= (tree.parent_kind == SwitchedKind.LINE) & ~is_busbar
    own = np.where(is_first, tree.parent_row, -1)
    return hand_down(tree.order, tree.parent, is_first | is_busbar, own)
