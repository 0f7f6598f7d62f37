"""Any part of the grid as a networkx graph, for notebooks, checks and other people's algorithms."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

import networkx as nx
import numpy as np

from gisplan.model.grid import BusKind, Flags, Grid, Integers, SwitchedKind, Texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.network.snapshot import Topology

View: TypeAlias = "nx.MultiGraph[str]"
Edge = tuple[str, str, tuple[str, str], dict[str, object]]


def to_networkx(grid: Grid, topology: Topology, buses: Integers) -> View:
    """Show the chosen buses and all that joins two of them as a multigraph.

    Parameters
    ----------
    grid, topology
        The network, as a snapshot holds it.
    buses
        Rows of the buses to show, as a trace gives them; ``numpy.arange(n)`` shows all.

    Returns
    -------
    networkx.MultiGraph
        Nodes are bus ids with ``kind``, ``nominal_voltage_v``, ``x_m``, ``y_m``, ``is_supplied``,
        ``is_meshed`` and, where there is one, ``feeder`` (id of its head line) and ``transformer``
        (id). Edge keys are (kind, id) of lines, transformers and bus-bus switches; every edge has
        ``is_closed`` (in service, no open switch), a line also ``length_m`` and ``conductor_type``,
        a transformer ``rated_power_kva``.
    """
    graph: View = nx.MultiGraph()
    for bus in np.unique(buses).tolist():
        graph.add_node(str(grid.buses.bus_id[bus]), **_bus_attributes(grid, topology, bus))
    is_shown = np.zeros(len(grid.buses.bus_id), dtype=np.bool_)
    is_shown[buses] = True
    for a, b, key, attributes in chain(
        _lines(grid, topology, is_shown),
        _transformers(grid, topology, is_shown),
        _couplers(grid, is_shown),
    ):
        graph.add_edge(a, b, key=key, **attributes)
    return graph


def _bus_attributes(grid: Grid, topology: Topology, bus: int) -> dict[str, object]:
    buses = grid.buses
    attributes: dict[str, object] = {
        "kind": BusKind(int(buses.kind[bus])).name.lower(),
        "nominal_voltage_v": float(buses.nominal_voltage_v[bus]),
        "x_m": float(buses.x_m[bus]),
        "y_m": float(buses.y_m[bus]),
        "is_supplied": bool(topology.source[bus] >= 0),
        "is_meshed": bool(topology.is_meshed[bus]),
    }
    if (feeder := int(topology.feeder[bus])) >= 0:
        attributes["feeder"] = str(grid.lines.line_id[topology.feeder_head[feeder]])
    if (transformer := int(topology.transformer[bus])) >= 0:
        attributes["transformer"] = str(grid.transformers.transformer_id[transformer])
    return attributes


def _between(is_shown: Flags, end_a: Integers, end_b: Integers) -> list[int]:
    """Rows of the branches with both ends shown."""
    has_ends = (end_a >= 0) & (end_b >= 0)
    rows: list[int] = np.flatnonzero(has_ends & is_shown[end_a] & is_shown[end_b]).tolist()
    return rows


def _edge(
    grid: Grid, ends: tuple[int, int], key: tuple[str, Texts, int], **attributes: object
) -> Edge:
    kind, ids, row = key
    a, b = (str(grid.buses.bus_id[end]) for end in ends)
    return a, b, (kind, str(ids[row])), attributes


def _lines(grid: Grid, topology: Topology, is_shown: Flags) -> Iterator[Edge]:
    lines = grid.lines
    closed = lines.in_service & topology.line_from_closed & topology.line_to_closed
    for row in _between(is_shown, lines.from_bus, lines.to_bus):
        yield _edge(
            grid,
            (lines.from_bus[row], lines.to_bus[row]),
            (SwitchedKind.LINE.name.lower(), lines.line_id, row),
            is_closed=bool(closed[row]),
            length_m=float(lines.length_m[row]),
            conductor_type=str(lines.conductor_type[row]),
        )


def _transformers(grid: Grid, topology: Topology, is_shown: Flags) -> Iterator[Edge]:
    transformers = grid.transformers
    closed = transformers.in_service & topology.transformer_closed
    for row in _between(is_shown, transformers.hv_bus, transformers.lv_bus):
        yield _edge(
            grid,
            (transformers.hv_bus[row], transformers.lv_bus[row]),
            (SwitchedKind.TRANSFORMER.name.lower(), transformers.transformer_id, row),
            is_closed=bool(closed[row]),
            rated_power_kva=float(transformers.rated_power_kva[row]),
        )


def _couplers(grid: Grid, is_shown: Flags) -> Iterator[Edge]:
    switches = grid.switches
    is_coupler = switches.element_kind == SwitchedKind.BUS
    other = np.where(is_coupler, switches.element, -1)
    for row in _between(is_shown, switches.bus, other):
        yield _edge(
            grid,
            (switches.bus[row], other[row]),
            (SwitchedKind.BUS.name.lower(), switches.switch_id, row),
            is_closed=bool(switches.closed[row]),
        )
