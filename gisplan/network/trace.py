"""Traces in the supply tree: upstream to the source, and everything downstream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.model.grid import Codes, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Topology
from gisplan.network.tree_kernel import mark_below


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Buses in the order met; ``branch[i]`` of ``branch_kind[i]`` led to ``bus[i + 1]``.

    Kinds are ``SwitchedKind`` codes and branches are rows of the table of their kind, so there is
    one branch less than there are buses.
    """

    bus: Integers
    branch_kind: Codes
    branch: Integers

    def rows(self, kind: SwitchedKind) -> Integers:
        """Return the branches of one kind, in the order met."""
        rows: Integers = self.branch[self.branch_kind == kind]
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyPath:
    """How a bus is supplied; -1 where there is none of a kind, so -1 as source: not supplied."""

    source: int
    main_transformer: int
    feeder: int
    transformer: int
    line_length_m: float
    is_meshed: bool
    trace: Trace


def upstream(topology: Topology, bus: int) -> Trace:
    """Trace from a bus up to its source; a bus without supply is alone in its trace."""
    path = [bus]
    while (parent := int(topology.parent_bus[path[-1]])) >= 0:
        path.append(parent)
    buses = np.array(path, dtype=np.int64)
    return _along(topology, buses, reached_by=buses[:-1])


def downstream(topology: Topology, bus: int) -> Trace:
    """Trace everything that is supplied through a bus, itself first, parents before children."""
    below = mark_below(topology.order, topology.parent_bus, bus)
    buses = topology.order[below[topology.order]]
    if len(buses) == 0:
        buses = np.array([bus], dtype=np.int64)
    return _along(topology, buses, reached_by=buses[1:])


def to_source(grid: Grid, topology: Topology, bus: int) -> SupplyPath:
    """Tell how a bus is supplied: what it hangs on, and the path to its source.

    ``is_meshed`` says whether a second path exists on any part of the way; the trace is then only
    one of them.
    """
    trace = upstream(topology, bus)
    return SupplyPath(
        source=int(topology.source[bus]),
        main_transformer=int(topology.main_transformer[bus]),
        feeder=int(topology.feeder[bus]),
        transformer=int(topology.transformer[bus]),
        line_length_m=float(grid.lines.length_m[trace.rows(SwitchedKind.LINE)].sum()),
        is_meshed=bool(topology.is_meshed[trace.bus].any()),
        trace=trace,
    )


def _along(topology: Topology, buses: Integers, *, reached_by: Integers) -> Trace:
    return Trace(
        bus=buses,
        branch_kind=topology.parent_kind[reached_by],
        branch=topology.parent_branch[reached_by],
    )
