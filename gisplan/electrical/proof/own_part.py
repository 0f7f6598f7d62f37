"""What belongs to an access point: the path to its source and the buses that hang with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base.tree import SupplyTree
from gisplan.electrical.proof.proposal import Proposal
from gisplan.model.grid import Flags, SwitchedKind
from gisplan.network.snapshot import Snapshot
from gisplan.network.tree_kernel import climb

NO_ROW = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPart:
    """Flags per bus, line and transformer, and the bus of the tree that the access point is at.

    Buses are those of the same low-voltage network, or at medium voltage of the same feeder with
    all low voltage below, and those on the path; lines and transformers are those of the path.
    """

    bus: Flags
    line: Flags
    transformer: Flags
    supply_bus: int


def access_bus(snapshot: Snapshot, proposal: Proposal) -> int:
    """A bus of the nominal voltage at which the proposal connects."""
    if proposal.bus >= 0:
        return proposal.bus
    return int(snapshot.grid.lines.from_bus[proposal.line])


def supply_bus(snapshot: Snapshot, tree: SupplyTree, proposal: Proposal) -> int:
    """Bus of the tree at or below the access point, -1 where nothing supplies it.

    On a line of the tree it is the bus that the line supplies, on a line that ends open the bus
    that feeds it, on a line that closes a loop its first bus.
    """
    topology, line = snapshot.topology, proposal.line
    if proposal.bus >= 0:
        return proposal.bus if topology.source[proposal.bus] >= 0 else NO_ROW
    if tree.feeding.fed_bus[line] >= 0:
        return int(tree.feeding.fed_bus[line])
    if tree.closes_loop[line]:
        return int(snapshot.grid.lines.from_bus[line])
    return int(tree.feeding.feeding_bus[line])


def find_own_part(snapshot: Snapshot, tree: SupplyTree, proposal: Proposal) -> OwnPart:
    """Follow the supply of an access point to its source; a loop on the way belongs to it whole."""
    grid, topology = snapshot.grid, snapshot.topology
    bus = supply_bus(snapshot, tree, proposal)
    line = np.zeros(len(grid.lines.line_id), np.bool_)
    transformer = np.zeros(len(grid.transformers.transformer_id), np.bool_)
    if proposal.bus < 0:
        line[proposal.line] = True
    own_bus = _own_buses(snapshot, tree, bus)
    path = climb(topology.parent_bus, bus)
    own_bus[path] = True
    meets_loop = bool(topology.is_meshed[path].any())
    fed = path[topology.parent_bus[path] >= 0]
    kind, row = topology.parent_kind[fed], topology.parent_branch[fed]
    line[row[kind == SwitchedKind.LINE]] = True
    transformer[row[kind == SwitchedKind.TRANSFORMER]] = True
    if meets_loop:
        loop = topology.is_meshed
        line |= loop[grid.lines.from_bus] & loop[grid.lines.to_bus]
        transformer |= loop[grid.transformers.hv_bus] & loop[grid.transformers.lv_bus]
    return OwnPart(bus=own_bus, line=line, transformer=transformer, supply_bus=bus)


def _own_buses(snapshot: Snapshot, tree: SupplyTree, bus: int) -> Flags:
    count = len(snapshot.grid.buses.bus_id)
    own = np.zeros(count, np.bool_)
    if bus < 0:
        return own
    area_of = tree.arrays.area[:count]
    if snapshot.topology.transformer[bus] >= 0:
        own |= area_of == area_of[bus]
    elif snapshot.topology.feeder[bus] >= 0:
        own |= snapshot.topology.feeder == snapshot.topology.feeder[bus]
    return own


def supply_names(snapshot: Snapshot, bus: int) -> tuple[str, str]:
    """Ids of the distribution transformer and of the feeder's head line; empty where none."""
    topology, transformer, head = snapshot.topology, NO_ROW, NO_ROW
    if bus >= 0:
        transformer = int(topology.transformer[bus])
        feeder = int(topology.feeder[bus])
        head = int(topology.feeder_head[feeder]) if feeder >= 0 else NO_ROW
    return (
        str(snapshot.grid.transformers.transformer_id[transformer]) if transformer >= 0 else "",
        str(snapshot.grid.lines.line_id[head]) if head >= 0 else "",
    )
