"""A joint plan's question, checked, in whole numbers and in an order of its own.

Costs are thousandths of a cent and lengths millimetres, so that metres times price is exact. Rows
are sorted by what they say, so that the order in which they were given cannot matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.steiner.trench_kernel import AccessArrays, GroundArrays

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.steiner.heap_kernel import Bytes, Int64s
    from gisplan.routing.steiner.trench_model import TrenchAccess, TrenchApplications

PARTS = 1000
"""Thousandths: of a cent, of a metre, of a kVA."""
NO_LIMIT = 1 << 50
LARGEST = 1e12
MOST = float(1 << 58)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrenchProblem:
    """Arrays for the kernels; ``order`` and ``access_order`` are the rows as they were given.

    ``node``, ``power``, ``price``, ``cables``, ``own`` (-1: must be connected) have one entry for
    each application; ``admits`` (applications, access points) is 0 where one may not hang.
    """

    ground: GroundArrays
    access: AccessArrays
    order: Integers
    access_order: Integers
    node: Int64s
    power: Int64s
    price: Int64s
    cables: Int64s
    own: Int64s
    admits: Bytes

    @property
    def count(self) -> int:
        """Number of applications."""
        return len(self.node)


def build_problem(
    graph: CostGraph,
    edge_length_m: Floats,
    applications: TrenchApplications,
    access: TrenchAccess,
    edge_ways: Floats | None,
    *,
    admits: Flags | None = None,
    dead_end: Flags | None = None,
) -> TrenchProblem:
    """Return the question in whole numbers.

    Raises
    ------
    InputError
        If a number is missing, negative, not finite or too large, or a node is not there.
    """
    nodes = graph.node_count
    columns = {
        "node": _whole(applications.node, "application", "node", below=nodes),
        "power": _thousandths(applications.demand_kva, "application", "demand_kva"),
        "price": _whole(applications.cable_cents_per_m, "application", "cable_cents_per_m"),
        "cables": _whole(applications.cables, "application", "cables"),
        "own": _thousandths(applications.own_cents, "application", "own_cents", no_limit=-1),
    }
    _check_lengths(columns.values(), "application")
    points, access_order = _access_arrays(access, nodes)
    allowed = _flags(admits, (len(columns["node"]), len(access_order)), "admits", default=True)
    allowed = allowed[:, access_order]
    keys = [columns[name] for name in ("own", "cables", "price", "power", "node")]
    order = np.lexsort([_row_rank(allowed), *keys])
    ways = np.full(graph.edge_count, np.inf) if edge_ways is None else edge_ways
    lengths = (
        _thousandths(edge_length_m, "edge", "length_m"),
        _thousandths(ways, "edge", "ways", no_limit=NO_LIMIT) // PARTS,
    )
    if any(len(column) != graph.edge_count for column in lengths):
        raise InputError(
            f"the graph has {graph.edge_count} edges, their lengths {len(lengths[0])} rows and "
            f"their ways {len(lengths[1])}; expected one row for each edge"
        )
    civil = graph.edge_cost.astype(np.int64)
    problem = TrenchProblem(
        ground=GroundArrays(
            offset=graph.arc_offset,
            head=np.ascontiguousarray(graph.arc[:, 0]),
            arc_edge=graph.arc_edge,
            ends=graph.edge_from + graph.edge_to,
            civil=np.where(civil < 0, -1, civil * PARTS),
            length=lengths[0],
            ways=lengths[1],
            closed=_flags(dead_end, (nodes,), "dead_end", default=False),
        ),
        access=points,
        order=order,
        access_order=access_order,
        admits=allowed[order],
        **{name: column[order] for name, column in columns.items()},
    )
    _check_sum(problem)
    return problem


def _access_arrays(access: TrenchAccess, nodes: int) -> tuple[AccessArrays, Integers]:
    what = "access point"
    node = _whole(access.node, what, "node", below=nodes)
    equipment = _whole(access.equipment_cents, what, "equipment_cents") * PARTS
    connection = _whole(access.connection_cents, what, "connection_cents") * PARTS
    room = _thousandths(access.room_kva, what, "room_kva", no_limit=NO_LIMIT)
    ways = _thousandths(access.ways, what, "ways", no_limit=NO_LIMIT) // PARTS
    _check_lengths((node, equipment, connection, room, ways), what)
    order = np.lexsort((ways, room, connection, equipment, node))
    return AccessArrays(
        first=np.searchsorted(node[order], np.arange(nodes + 1)).astype(np.int32),
        node=node[order].astype(np.int32),
        equipment=equipment[order],
        connection=connection[order],
        room=room[order],
        ways=ways[order],
    ), order


def _flags(given: Flags | None, shape: tuple[int, ...], name: str, *, default: bool) -> Bytes:
    flags = np.full(shape, default) if given is None else np.asarray(given)
    if flags.shape != shape or flags.dtype != np.bool_:
        raise InputError(
            f"{name} has shape {flags.shape} and type {flags.dtype}; expected flags of {shape}"
        )
    return np.ascontiguousarray(flags, dtype=np.uint8)


def _row_rank(flags: Bytes) -> Integers:
    """Return a number for each row: equal rows have one, whatever the order of the rows."""
    if flags.all():
        return np.zeros(len(flags), dtype=np.int64)
    _, rank = np.unique(flags, axis=0, return_inverse=True)
    return rank.reshape(-1).astype(np.int64)


def _check_lengths(columns: Iterable[Int64s], what: str) -> None:
    lengths = sorted({len(column) for column in columns})
    if len(lengths) > 1:
        raise InputError(f"{what}s have columns of {lengths} rows; expected one length")


def _whole(given: Integers, what: str, name: str, below: int | None = None) -> Int64s:
    values = np.asarray(given)
    most = LARGEST if below is None else below - 1
    if values.ndim != 1 or (len(values) and values.dtype.kind not in "iu"):
        raise InputError(
            f"{name} of {what}s has shape {values.shape} and type {values.dtype}; expected one "
            "whole number for each"
        )
    _refuse((values < 0) | (values > most), values, what, name, f"0 to {most:.0f}")
    return values.astype(np.int64)


def _thousandths(given: Floats, what: str, name: str, no_limit: int | None = None) -> Int64s:
    """Return thousandths, and ``no_limit`` for infinity where that is allowed."""
    values = np.asarray(given, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"{name} of {what}s has shape {values.shape}; expected one for each")
    is_endless = values == np.inf
    wrong = ~(values >= 0) | ((values > LARGEST) & ~is_endless)
    if no_limit is None:
        wrong |= is_endless
    expected = f"0 to {LARGEST:.0f}" + ("" if no_limit is None else " or infinity")
    _refuse(wrong, values, what, name, expected)
    whole: Int64s = np.full(len(values), 0 if no_limit is None else no_limit, np.int64)
    whole[~is_endless] = np.rint(values[~is_endless] * PARTS)
    return whole


def _refuse(wrong: Flags, values: Integers | Floats, what: str, name: str, expected: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(f"{what} {row} has {name} {values[row]}; expected {expected}")


def _check_sum(problem: TrenchProblem) -> None:
    """Refuse costs whose sum could leave 64 bits."""
    total = float(problem.ground.civil.clip(0).sum(dtype=float))
    total += float(problem.ground.length.sum(dtype=float)) * float(problem.price.sum())
    total += float(problem.access.equipment.sum() + problem.access.connection.sum())
    total += float(problem.own.clip(0).sum(dtype=float))
    if total > MOST:
        raise InputError(
            f"all costs together are {total / PARTS:.3g} cents; expected {MOST / PARTS:.3g} at most"
        )
