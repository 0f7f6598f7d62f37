"""A cost raster, and a graph joined to it, laid out for the search kernel."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gisplan.errors import InputError
from gisplan.model.grid import Codes, Floats, Integers
from gisplan.routing.terrain.raster import LARGEST_COST, CostRaster
from gisplan.routing.terrain.search_kernel import BLOCK_BITS, STEPS_MAX, UNREACHED, WALL
from gisplan.routing.terrain.steps import (
    Labels,
    Steps,
    build_steps,
    quadrant_turns,
)

MARGIN = 3
LONGEST_STEP = 13**0.5
ARC_BITS = 10
SAMPLE = 100_000
PLACES_MAX = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Arcs:
    """Undirected links between places beyond the steps of a raster, each from both its ends.

    Places are cells ``row * columns + column`` and, from ``rows * columns`` on, graph nodes.

    Parameters
    ----------
    node_count : nodes behind the cells
    tail, head : int64 (arcs,)
    cost : int64 (arcs,), in parts of ``2 ** -ARC_BITS`` cents, 0 or more
    """

    node_count: int
    tail: Integers
    head: Integers
    cost: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchGround:
    """What searches over one raster and graph share; only one search at a time may use it.

    Parameters
    ----------
    record : uint32 (2 * places,), see ``search_kernel``; ``block``, ``special`` likewise
    stride, cell_count : of the raster with its margin
    link, arc_offset, arc_head, arc_cost : arcs of cells in order, then of all graph nodes
    arcs_max : most arcs of one place
    typical_cents_per_m : a low cost of a metre that is not rare: the width of buckets
    mean_cents_per_m, cheapest_cents_per_m : over the free cells
    dearest_move_cents : of all steps and arcs
    marked : the targets of the latest search, as given and as the kernel numbers them
    """

    raster: CostRaster
    steps: Steps
    record: Labels
    block: Codes
    special: Codes
    stride: int
    cell_count: int
    turn: Integers
    link: Integers
    arc_offset: Integers
    arc_head: Integers
    arc_cost: Integers
    arcs_max: int
    typical_cents_per_m: float
    mean_cents_per_m: float
    cheapest_cents_per_m: int
    dearest_move_cents: float
    marked: list[Integers] = field(default_factory=list)

    @property
    def node_count(self) -> int:
        """Number of graph nodes behind the cells."""
        return len(self.record) // 2 - self.cell_count

    def inner(self, places: Integers) -> Integers:
        """Return the kernel's numbers of places: cells of the raster with its margin, nodes."""
        return _inner(np.asarray(places), self.raster, self.stride, self.cell_count)

    def outer(self, places: Integers) -> Integers:
        """Return the places of the kernel's numbers."""
        given = np.asarray(places, dtype=np.int64)
        row, column = np.divmod(given, self.stride)
        cells, columns = self.raster.cost_cents_per_m.size, self.raster.shape[1]
        return np.where(
            given < self.cell_count,
            (row - MARGIN) * columns + column - MARGIN,
            given - self.cell_count + cells,
        )

    def is_open(self, places: Integers) -> Codes:
        """Return 1 for places that a way may enter, 0 for forbidden cells."""
        cost = self.record[2 * self.inner(places) + 1]
        return (cost < WALL).astype(np.uint8)


NO_ARCS = Arcs(
    node_count=0,
    tail=np.zeros(0, np.int64),
    head=np.zeros(0, np.int64),
    cost=np.zeros(0, np.int64),
)


def prepare_ground(
    raster: CostRaster, *, directions: int = 16, arcs: Arcs = NO_ARCS
) -> SearchGround:
    """Lay a raster and arcs out for searching.

    Takes 8 bytes a cell and less than a quarter of a byte for marks.

    Raises
    ------
    InputError
        If an arc leads out of the raster and graph, or costs less than nothing.
    """
    rows, columns = raster.shape
    stride, cell_count = columns + 2 * MARGIN, (rows + 2 * MARGIN) * (columns + 2 * MARGIN)
    places = cell_count + arcs.node_count
    if places > PLACES_MAX:
        raise InputError(
            f"raster and graph have {places:,} places; expected at most {PLACES_MAX:,}"
        )
    record = _records(raster, stride, cell_count, arcs.node_count)
    costs = _sample(raster)
    mean = float(costs.mean()) if len(costs) else 1.0
    low = float(np.quantile(costs, 0.1)) if len(costs) else 1.0
    link, offset, head, cost = _arc_rows(raster, arcs, stride, cell_count)
    special = np.zeros((places >> 3) + 1, dtype=np.uint8)
    _mark(special, np.concatenate([link, np.arange(cell_count, places)]))
    free = raster.cost_cents_per_m[raster.cost_cents_per_m >= 0]
    return SearchGround(
        raster=raster,
        steps=build_steps(directions),
        record=record,
        block=np.zeros(8 * ((places >> BLOCK_BITS) // 8 + 1), dtype=np.uint8),
        special=special,
        stride=stride,
        cell_count=cell_count,
        turn=quadrant_turns(stride),
        link=link,
        arc_offset=offset,
        arc_head=head,
        arc_cost=cost,
        arcs_max=int(np.diff(offset).max()) if len(offset) > 1 else 0,
        typical_cents_per_m=max(low, mean / STEPS_MAX, 1e-3),
        mean_cents_per_m=max(mean, 1.0),
        cheapest_cents_per_m=int(free.min(initial=LARGEST_COST)),
        dearest_move_cents=max(
            LONGEST_STEP * raster.cell_m * float(free.max(initial=0)),
            float(cost.max(initial=0)) * 2.0**-ARC_BITS,
        ),
    )


def mark_targets(ground: SearchGround, targets: Integers) -> Integers:
    """Mark targets instead of those of the search before; return the kernel's numbers, rising.

    Raises
    ------
    InputError
        If one is no place of the ground.
    """
    if ground.marked and np.array_equal(ground.marked[0], targets):
        return ground.marked[1]
    places = np.unique(targets)
    check_places(ground, places, "target")
    for before in ground.marked[1:]:
        kept = (before >= ground.cell_count) | np.isin(before, ground.link)
        gone = before[~kept]
        np.bitwise_and.at(ground.special, gone >> 3, (~(1 << (gone & 7)) & 255).astype(np.uint8))
    marked = np.sort(ground.inner(places))
    ground.marked[:] = [np.array(targets), marked]
    _mark(ground.special, marked)
    return marked


def check_places(ground: SearchGround, places: Integers, kind: str) -> None:
    """Raise ``InputError`` unless all are places of a ground."""
    last = ground.raster.cost_cents_per_m.size + ground.node_count - 1
    wrong = np.flatnonzero((places < 0) | (places > last))
    if len(wrong):
        raise InputError(f"{kind} {places[wrong[0]]} is no place; expected 0 to {last}")


def _mark(special: Codes, places: Integers) -> None:
    """Set the bits of places (kernel numbers)."""
    np.bitwise_or.at(special, places >> 3, (1 << (places & 7)).astype(np.uint8))


def _records(raster: CostRaster, stride: int, cell_count: int, node_count: int) -> Labels:
    record: Labels = np.empty((cell_count + node_count, 2), dtype=np.uint32)
    record[:cell_count] = 0, WALL
    record[cell_count:] = UNREACHED, 0
    cells = record[:cell_count].reshape(-1, stride, 2)[MARGIN:-MARGIN, MARGIN:-MARGIN]
    is_free = raster.cost_cents_per_m >= 0
    cells[..., 0] = np.where(is_free, np.uint32(UNREACHED), np.uint32(0))
    cells[..., 1] = np.where(is_free, raster.cost_cents_per_m, WALL)
    return record.reshape(-1)


def _sample(raster: CostRaster) -> Floats:
    """Return the costs of free cells, of some of them where there are many."""
    every = raster.cost_cents_per_m.reshape(-1)
    some = every[:: max(1, every.size // SAMPLE)]
    free = some[some >= 0]
    return (free if len(free) else every[every >= 0]).astype(np.float64)


def _arc_rows(
    raster: CostRaster, arcs: Arcs, stride: int, cell_count: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """Return arcs by place: the cells that have any, offsets, heads, costs."""
    cells = raster.cost_cents_per_m.size
    _check_arcs(arcs, cells + arcs.node_count)
    # Nodes before cells: among equal ways the one along a street is taken.
    order = np.lexsort((arcs.head, arcs.head < cells, arcs.tail))
    tail, head, cost = arcs.tail[order], arcs.head[order], arcs.cost[order]
    at_cell = tail < cells
    link, count = np.unique(tail[at_cell], return_counts=True)
    of_nodes = np.bincount(tail[~at_cell] - cells, minlength=arcs.node_count)
    offset = np.concatenate([[0], np.cumsum(np.concatenate([count, of_nodes]))])
    return (
        _inner(link, raster, stride, cell_count),
        offset.astype(np.int64),
        _inner(head, raster, stride, cell_count),
        cost.astype(np.int64),
    )


def _inner(places: Integers, raster: CostRaster, stride: int, cell_count: int) -> Integers:
    row, column = np.divmod(places, raster.shape[1])
    cells = raster.cost_cents_per_m.size
    inner = np.where(
        places < cells, (row + MARGIN) * stride + column + MARGIN, places - cells + cell_count
    )
    return inner.astype(np.int64)


def _check_arcs(arcs: Arcs, places: int) -> None:
    ends = np.concatenate([arcs.tail, arcs.head])
    if len(ends) and (ends.min() < 0 or ends.max() >= places):
        raise InputError(f"an arc leads to place {ends.max()}; expected 0 to {places - 1}")
    if len(arcs.cost) and arcs.cost.min() < 0:
        raise InputError(
            f"an arc costs {arcs.cost.min() * 2.0**-ARC_BITS} cents; expected 0 or more"
        )
