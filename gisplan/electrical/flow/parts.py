"""Which part of the network a connection moves: the medium voltage and the low voltage touched.

Every other low-voltage network is replaced by the power that it draws in the base state and by how
that power follows the voltage at its transformer. In the base state itself this changes nothing;
after a connection it neglects the curvature of what was replaced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.model.grid import Flags, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkParts:
    """Per bus: ``island`` of everything connected, ``low_voltage`` network (-1 from 1 kV on).

    ``feeding`` is the one transformer that supplies a low-voltage network, -1 where there are
    none or several: such a network is never replaced.
    """

    island: Integers
    low_voltage: Integers
    feeding: Integers


def find_parts(grid: Grid, topology: Topology) -> NetworkParts:
    """Find islands and low-voltage networks of the closed network."""
    lines, transformers, switches = grid.lines, grid.transformers, grid.switches
    low = grid.buses.nominal_voltage_v < MEDIUM_VOLTAGE_V
    closed = topology.line_from_closed & topology.line_to_closed & lines.in_service
    coupled = (switches.element_kind == SwitchedKind.BUS) & switches.closed
    joined = np.concatenate(
        [
            np.stack([lines.from_bus[closed], lines.to_bus[closed]]),
            np.stack([switches.bus[coupled], switches.element[coupled]]),
        ],
        axis=1,
    )
    unit_closed = topology.transformer_closed & transformers.in_service
    units = np.stack([transformers.hv_bus[unit_closed], transformers.lv_bus[unit_closed]])
    within_low = units[:, low[units[0]] & low[units[1]]]
    island = _components(np.concatenate([joined, units], axis=1), len(low))
    network = _components(np.concatenate([joined, within_low], axis=1), len(low))
    steps_down = np.flatnonzero(unit_closed & ~low[transformers.hv_bus] & low[transformers.lv_bus])
    fed = network[transformers.lv_bus[steps_down]]
    feeding = np.full(len(low), -1, np.int64)
    feeding[fed] = steps_down
    feeding[np.bincount(fed, minlength=len(low)) != 1] = -1
    return NetworkParts(
        island=island, low_voltage=np.where(low, network, -1), feeding=feeding[: len(low)]
    )


def _components(pairs: Integers, count: int) -> Integers:
    ones = np.ones(pairs.shape[1], np.bool_)
    joined = coo_array((ones, (pairs[0], pairs[1])), shape=(count, count))
    _, label = connected_components(joined, directed=False)
    return label.astype(np.int64)


def touched_buses(topology: Topology, parts: NetworkParts, bus: Integers) -> Flags:
    """Buses to keep when something changes at ``bus``: their low voltage, all medium voltage.

    Low-voltage networks that more than one transformer supplies are kept too.
    """
    network = parts.low_voltage
    is_low = network >= 0
    touched = np.zeros(len(network), np.bool_)
    touched[network[bus[is_low[bus]]]] = True
    several = is_low & (parts.feeding[np.maximum(network, 0)] < 0)
    island = np.isin(parts.island, parts.island[bus])
    kept: Flags = (
        island & (topology.source >= 0) & (~is_low | touched[np.maximum(network, 0)] | several)
    )
    return kept
