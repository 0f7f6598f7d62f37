"""What one more customer adds where the share of a class depends on the number of customers.

The joint demand of a class is D = g * sum(S) + (1 - g) * sqrt(sum(S ** 2)), with the demands S of
all customers that share an element and the share g of very many (``combined_demand``). A new one
adds what D grows by: its whole demand where it is the first, nearly g of it after many. Everybody
behind one main, transformer, feeder or busbar counts alike, so one loading state a level is enough;
the far end of a main is thereby taken to be as crowded as its beginning. Classes whose share is
flat are not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import LEVELS, MEDIUM_VOLTAGE_V
from gisplan.electrical.load.existing_load import fed_bus_of_lines
from gisplan.model.grid import CustomerClass, SwitchedKind
from gisplan.network.tree_kernel import hand_down, spread_busbar

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.network.snapshot import Snapshot
    from gisplan.rules.catalogue import Catalogue

ALONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Who shares an element: ``group`` has a row a level of ``LEVELS`` and a column a bus.

    Buses of one number hang behind the same main, transformer, feeder or main transformer;
    ``ALONE`` is where there is none. ``line_end`` is the bus that a line supplies, its first bus
    where it supplies none.
    """

    group: Integers
    line_end: Integers

    def nodes(self, bus: Integers, line: Integers) -> Integers:
        """Return the bus that stands for each point, which is a bus or (-1) lies on a line."""
        on_line = np.append(self.line_end, ALONE)[line]
        return np.where(bus >= 0, bus, on_line)


def build_sharing(snapshot: Snapshot) -> Sharing:
    """Find which buses share an element at each level."""
    grid, topology = snapshot.grid, snapshot.topology
    end = fed_bus_of_lines(topology, len(grid.lines.line_id))
    substation = np.where(
        topology.main_transformer >= 0,
        topology.main_transformer,
        len(grid.transformers.transformer_id) + topology.source,
    )
    group = [
        _mains(snapshot),
        topology.transformer,
        topology.feeder,
        np.where(topology.source >= 0, substation, ALONE),
    ]
    return Sharing(
        group=np.array(group, dtype=np.int64),
        line_end=np.where(end >= 0, end, grid.lines.from_bus),
    )


def _mains(snapshot: Snapshot) -> Integers:
    """Return the line by which each low-voltage bus hangs on its transformer's board.

    On the board itself (with everything that closed couplers join to it), and at medium voltage, a
    bus shares no main.
    """
    grid, topology = snapshot.grid, snapshot.topology
    is_low = grid.buses.nominal_voltage_v < MEDIUM_VOLTAGE_V
    has_parent = topology.parent_bus >= 0
    by_line: Flags = has_parent & (topology.parent_kind == SwitchedKind.LINE)
    begins = is_low & (~has_parent | (topology.parent_kind == SwitchedKind.TRANSFORMER))
    is_board: Flags = spread_busbar(
        topology.order,
        topology.parent_bus,
        topology.parent_kind,
        begins,
        int(SwitchedKind.BUS),
    )
    at_board = np.zeros(len(is_low), np.bool_)
    at_board[has_parent] = is_board[topology.parent_bus[has_parent]]
    first = by_line & at_board
    own = np.where(first, topology.parent_branch, ALONE)
    mains: Integers = hand_down(
        topology.order, topology.parent_bus, first | is_board | ~is_low, own
    )
    return mains


def existing_squares(
    snapshot: Snapshot, sharing: Sharing, catalogue: Catalogue, customer_class: str
) -> Floats:
    """Return the sum of squared contracts in kVA**2 of a class's customers, by level and bus.

    Customers of one row are taken to be equal; where their contract is not recorded, they have the
    typical one of their class.
    """
    loads = snapshot.grid.loads
    typical = catalogue.customer(customer_class).contract_capacity_kva or 0.0
    count = np.maximum(loads.customer_count, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        recorded = np.where(count > 0, loads.contract_capacity_kva**2 / count, 0.0)
    square = np.where(np.isfinite(recorded), recorded, typical**2 * count)
    of_class = loads.customer_class == CustomerClass[customer_class.upper()]
    return square_sums(sharing, loads.bus, np.where(of_class, square, 0.0))


def square_sums(sharing: Sharing, node: Integers, square_kva2: Floats) -> Floats:
    """Add up squared demands over everybody who shares an element; shape (levels, buses)."""
    sums = np.zeros(sharing.group.shape)
    for level, group in enumerate(sharing.group):
        total = np.bincount(group[node] + 1, square_kva2, int(group.max(initial=0)) + 2)
        total[0] = 0.0  # those who share with nobody
        sums[level] = total[group + 1]
    return sums


def added_shares(of_many: float, own_kva: Floats, square_kva2: Floats) -> Floats:
    """Return which share of its own demand a customer adds to what its class draws together.

    It is the growth of D by one customer, over his demand S:
    g + (1 - g) * (sqrt(Q + S ** 2) - sqrt(Q)) / S, with Q the squared demands that are there
    already. For the n-th of equal customers it is n * g(n) - (n - 1) * g(n - 1), where g(n) is what
    the catalogue's coincidence gives.

    Parameters
    ----------
    own_kva
        Demand of each customer, above zero; any shape that goes with ``square_kva2``.
    square_kva2
        Q of each customer.
    """
    spread = own_kva / (np.sqrt(square_kva2 + own_kva**2) + np.sqrt(square_kva2))
    shares: Floats = of_many + (1.0 - of_many) * spread
    return shares


def joint_shares(
    sharing: Sharing, node: Integers, own_kva: Floats, of_many: float, existing_kva2: Floats
) -> Floats:
    """Return the share of each of several new customers; shape (levels, customers).

    All of one group have the same, so that together they count as what D grows by through all of
    them, whoever came first.
    """
    shares = np.ones((len(LEVELS), len(node)))
    for level, group in enumerate(sharing.group):
        rows = np.flatnonzero((group[node] >= 0) & (own_kva > 0))
        at = group[node[rows]]
        total = np.bincount(at, own_kva[rows])[at]
        square = np.bincount(at, own_kva[rows] ** 2)[at]
        before = existing_kva2[level, node[rows]]
        grown = square / (np.sqrt(before + square) + np.sqrt(before))
        shares[level, rows] = of_many + (1.0 - of_many) * grown / total
    return shares
