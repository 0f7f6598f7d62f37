"""The search graph: corridors as plain arrays, and the working memory of a search."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.model.grid import Codes, Floats, Integers

UNREACHED = np.int64(1) << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Memory of one running search; only what a search touched is reset after it.

    ``label_cents``, ``length_m`` and ``via`` have one entry a node, ``heap_key`` and ``heap_node``
    one entry an arc and seed. ``count`` holds the heap's size and the number of touched nodes.
    """

    label_cents: Integers
    length_m: Floats
    via: Integers
    touched: Integers
    heap_key: Integers
    heap_node: Integers
    count: Integers

    def reset(self) -> None:
        """Forget the last search in time proportional to what it touched."""
        nodes = self.touched[: self.count[1]]
        self.label_cents[nodes] = UNREACHED
        self.count[:] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchGraph:
    """Undirected graph in compressed sparse rows; an edge's price is a matter of its class.

    Parameters
    ----------
    arc_offset : int64 (nodes + 1,)
    arc_node, arc_edge : int64 (2 * edges,), head and edge of every arc
    edge_from, edge_to : int64 (edges,)
    edge_length_m : float64 (edges,), finite and not negative
    edge_class : uint8 (edges,), index into the price table of a query
    """

    arc_offset: Integers
    arc_node: Integers
    arc_edge: Integers
    edge_from: Integers
    edge_to: Integers
    edge_length_m: Floats
    edge_class: Codes
    _free: SimpleQueue[Workspace] = field(default_factory=SimpleQueue)

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.arc_offset) - 1

    @contextmanager
    def workspace(self, seed_count: int) -> Iterator[Workspace]:
        """Lend working memory; searches of several threads get different ones."""
        space = self._take(seed_count)
        try:
            yield space
        finally:
            space.reset()
            self._free.put(space)

    def _take(self, seed_count: int) -> Workspace:
        room = len(self.arc_edge) + 2 * seed_count
        try:
            space = self._free.get_nowait()
        except Empty:
            return new_workspace(self.node_count, room)
        if len(space.heap_key) < room:
            return new_workspace(self.node_count, room)
        return space


def new_workspace(node_count: int, heap_room: int) -> Workspace:
    """Return fresh memory for searches over ``node_count`` nodes."""
    return Workspace(
        label_cents=np.full(node_count, UNREACHED, dtype=np.int64),
        length_m=np.zeros(node_count),
        via=np.full(node_count, -1, dtype=np.int64),
        touched=np.empty(node_count, dtype=np.int64),
        heap_key=np.empty(heap_room, dtype=np.int64),
        heap_node=np.empty(heap_room, dtype=np.int64),
        count=np.zeros(2, dtype=np.int64),
    )


def price_cents_per_m(price_per_m: Floats) -> Floats:
    """Return a price table for the kernel: cents a metre, -1 where the class may not be used.

    ``price_per_m`` is in money; infinity or NaN means forbidden.
    """
    usable: npt.NDArray[np.bool_] = np.isfinite(price_per_m) & (price_per_m >= 0)
    table: Floats = np.where(usable, price_per_m * 100.0, -1.0)
    return table
