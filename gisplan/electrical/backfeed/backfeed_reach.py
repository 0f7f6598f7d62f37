"""What hangs together with a new connection in a backfeed state, and what has supply at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.backfeed.backfeed_layout import SwitchingLayout
from gisplan.electrical.backfeed.backfeed_network import SwitchedNetwork
from gisplan.electrical.backfeed.backfeed_solve import SwitchPositions
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.model.grid import Flags, Integers
from gisplan.network.topology import HIGH_VOLTAGE_FROM_V
from gisplan.network.tree_kernel import find_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Flags per node of the network, per line and per transformer of the grid.

    ``node`` and ``line`` are the feeders that hang together with the connection, with busbars cut
    away; ``transformer`` feeds its busbar or steps down within those feeders. ``lit`` nodes are
    joined to a source, ``is_supplied`` says so of the connection.
    """

    node: Flags
    line: Flags
    transformer: Flags
    lit: Flags
    is_supplied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Branches:
    """Positions of both ends among the nodes; ``same_level`` is not so for main transformers."""

    first: Integers
    second: Integers
    closed: Flags
    same_level: Flags


def find_reach(
    layout: SwitchingLayout, placed: SwitchedNetwork, positions: SwitchPositions, anchor_node: int
) -> Reach:
    """Follow the closed branches of one state; ``positions`` are those of this state alone."""
    network = placed.network
    count, branches = len(network.node), _branches(placed, positions)
    anchor = int(np.searchsorted(network.node, anchor_node))
    is_busbar = np.zeros(count, np.bool_)
    in_grid = network.node < len(layout.busbar)
    is_busbar[in_grid] = layout.busbar[network.node[in_grid]] >= 0
    level = branches.closed & branches.same_level
    part = _components(
        branches, level & ~(is_busbar[branches.first] | is_busbar[branches.second]), count
    )
    island = _components(branches, level, count)
    node: Flags = part == part[anchor]
    lit = _lit(placed, _components(branches, branches.closed, count))
    return Reach(
        node=node,
        line=_lines(placed, positions, node),
        transformer=_feeding_units(placed, positions, island == island[anchor], node),
        lit=lit,
        is_supplied=bool(lit[anchor]),
    )


def lost_buses(placed: SwitchedNetwork, reach: Reach) -> int:
    """Count the buses of the grid, all levels, that lose the supply that they have normally."""
    lit = np.zeros(len(placed.behind) + 1, np.bool_)
    in_grid = placed.network.node < len(placed.behind)
    lit[placed.network.node[in_grid]] = reach.lit[in_grid]
    return int(np.count_nonzero(placed.supplied & ~lit[placed.behind]))


def _branches(placed: SwitchedNetwork, positions: SwitchPositions) -> _Branches:
    network, grid = placed.network, placed.network.grid
    units, switches = grid.transformers, grid.switches
    row, coupler = network.transformer, network.coupler
    within = (units.hv_voltage_v[row] < HIGH_VOLTAGE_FROM_V) & (
        units.lv_voltage_v[row] >= MEDIUM_VOLTAGE_V
    )
    first = [network.from_node, switches.bus[coupler], units.hv_bus[row]]
    second = [network.to_node, switches.element[coupler], units.lv_bus[row]]
    joined = positions.from_closed[0] & positions.to_closed[0]
    closed = [joined, positions.coupler_closed[0], positions.transformer_closed[0]]
    levels = np.ones(len(joined) + len(coupler), np.bool_)
    return _Branches(
        first=np.searchsorted(network.node, np.concatenate(first)),
        second=np.searchsorted(network.node, np.concatenate(second)),
        closed=np.concatenate(closed),
        same_level=np.concatenate([levels, within]),
    )


def _components(branches: _Branches, chosen: Flags, count: int) -> Integers:
    parts: Integers = find_parts(branches.first[chosen], branches.second[chosen], count)
    return parts


def _lit(placed: SwitchedNetwork, label: Integers) -> Flags:
    network = placed.network
    source = np.searchsorted(network.node, network.grid.sources.bus[network.source])
    return np.isin(label, label[source])


def _lines(placed: SwitchedNetwork, positions: SwitchPositions, node: Flags) -> Flags:
    """Lines that are closed at a node of the part."""
    network = placed.network
    at_from = node[np.searchsorted(network.node, network.from_node)] & positions.from_closed[0]
    at_to = node[np.searchsorted(network.node, network.to_node)] & positions.to_closed[0]
    line = np.zeros(len(network.grid.lines.line_id), np.bool_)
    line[network.line[(at_from | at_to) & (network.line >= 0)]] = True
    return line


def _feeding_units(
    placed: SwitchedNetwork, positions: SwitchPositions, in_island: Flags, in_part: Flags
) -> Flags:
    """Main transformers of the island, and others of the part that step down within it."""
    network, table = placed.network, placed.network.grid.transformers
    row = network.transformer
    low = np.searchsorted(network.node, table.lv_bus[row])
    is_main = table.hv_voltage_v[row] >= HIGH_VOLTAGE_FROM_V
    steps_down = table.lv_voltage_v[row] >= MEDIUM_VOLTAGE_V
    feeding = np.zeros(len(table.transformer_id), np.bool_)
    feeding[row] = (
        positions.transformer_closed[0]
        & steps_down
        & np.where(is_main, in_island[low], in_part[low])
    )
    return feeding
