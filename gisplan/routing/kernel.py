# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""The search kernel: Dijkstra that meets targets in order of cost and can be resumed.

Invariants
- ``label_cents[n]`` is the least cost found so far; a node leaves the heap once, with its final
  label.
- A (key, node) pair enters the heap only when it lowers the node's label, so an entry whose key is
  not the node's label is stale and is dropped.
- Equal costs leave the heap in the order of node numbers: ties are broken the same way every time.
- Costs are whole cents: sums are exact and equality is equality.
- ``length_m[n]`` is the length of the way that the label stands for.
- ``via[n]`` is the edge that the label came by, or ``-2 - seed`` at a seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from gisplan.routing.graph import UNREACHED

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Floats, Integers


@numba.njit(cache=True, nogil=True)
def edge_cost_cents(length_m: float, price_cents: float) -> int:
    """Return the cost of an edge in whole cents."""
    return np.int64(length_m * price_cents + 0.5)  # type: ignore[return-value]


@numba.njit(cache=True, nogil=True)
def push(heap_key: Integers, heap_node: Integers, size: int, key: int, node: int) -> int:
    """Add an entry to the binary heap; return its new size."""
    i = size
    while i > 0:
        above = (i - 1) >> 1
        if heap_key[above] < key or (heap_key[above] == key and heap_node[above] <= node):
            break
        heap_key[i] = heap_key[above]
        heap_node[i] = heap_node[above]
        i = above
    heap_key[i] = key
    heap_node[i] = node
    return size + 1


@numba.njit(cache=True, nogil=True)
def drop_first(heap_key: Integers, heap_node: Integers, size: int) -> int:
    """Remove the least entry of the binary heap; return its new size."""
    size -= 1
    key = heap_key[size]
    node = heap_node[size]
    i = 0
    while True:
        below = 2 * i + 1
        if below >= size:
            break
        right = below + 1
        if right < size and (
            heap_key[right] < heap_key[below]
            or (heap_key[right] == heap_key[below] and heap_node[right] < heap_node[below])
        ):
            below = right
        if key < heap_key[below] or (key == heap_key[below] and node <= heap_node[below]):
            break
        heap_key[i] = heap_key[below]
        heap_node[i] = heap_node[below]
        i = below
    heap_key[i] = key
    heap_node[i] = node
    return size


@numba.njit(cache=True, nogil=True)
def lower_label(
    label_cents: Integers,
    length_m: Floats,
    via: Integers,
    touched: Integers,
    heap_key: Integers,
    heap_node: Integers,
    count: Integers,
    node: int,
    cost: int,
    way_m: float,
    by: int,
) -> None:
    """Record a cheaper way to a node; do nothing where the way is not cheaper."""
    if cost >= label_cents[node]:
        return
    if label_cents[node] == UNREACHED:
        touched[count[1]] = node
        count[1] += 1
    label_cents[node] = cost
    length_m[node] = way_m
    via[node] = by
    count[0] = push(heap_key, heap_node, count[0], cost, node)


@numba.njit(cache=True, nogil=True)
def meet(
    arc_offset: Integers,
    arc_node: Integers,
    arc_edge: Integers,
    edge_length_m: Floats,
    edge_class: Codes,
    price_cents: Floats,
    is_target: Codes,
    label_cents: Integers,
    length_m: Floats,
    via: Integers,
    touched: Integers,
    heap_key: Integers,
    heap_node: Integers,
    count: Integers,
    bound_cents: int,
    met: Integers,
) -> int:
    """Settle nodes until ``met`` is full or all that is left costs ``bound_cents`` or more.

    Returns the number of targets met; fewer than ``len(met)`` means that the search is over.
    """
    found = 0
    while count[0] > 0 and found < len(met):
        key = heap_key[0]
        node = heap_node[0]
        if key >= bound_cents:
            break
        count[0] = drop_first(heap_key, heap_node, count[0])
        if key != label_cents[node]:
            continue
        if is_target[node] != 0:
            met[found] = node
            found += 1
        for arc in range(arc_offset[node], arc_offset[node + 1]):
            edge = arc_edge[arc]
            price = price_cents[edge_class[edge]]
            if price < 0:
                continue
            cost = key + edge_cost_cents(edge_length_m[edge], price)
            lower_label(
                label_cents,
                length_m,
                via,
                touched,
                heap_key,
                heap_node,
                count,
                arc_node[arc],
                cost,
                length_m[node] + edge_length_m[edge],
                edge,
            )
    return found
