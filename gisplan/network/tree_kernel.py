"""Kernels of the topology: arcs, the supply tree, its loops and what it hands down.

Invariants
- Buses are 0 ... n - 1; branch i joins ``end_a[i]`` and ``end_b[i]``, which differ. Loops of one
  branch are sorted out before.
- The arcs of a bus are sorted by the bus that they lead to, then by branch: the tree is the same
  however the rows of a source were ordered.
- The tree grows breadth first from the roots in the order given: a bus hangs on the first arc that
  reaches it, and stands in ``order`` after its parent.
- Every kernel is linear in buses and branches (finding loops: but for the inverse Ackermann
  function).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Integers

ROOT = -1  # parent of a bus that a source feeds, and of one that nothing feeds


@numba.njit(cache=True, nogil=True)
def sort_stably(keys: Integers, items: Integers, key_count: int) -> tuple[Integers, Integers]:
    """Sort items by ``keys[item]``, equal keys as they stand; also where each key begins."""
    offset = np.zeros(key_count + 1, dtype=np.int64)
    for item in items:
        offset[keys[item] + 1] += 1
    for key in range(key_count):
        offset[key + 1] += offset[key]
    place = offset.copy()
    result = np.empty(items.size, dtype=np.int64)
    for item in items:
        result[place[keys[item]]] = item
        place[keys[item]] += 1
    return offset, result


@numba.njit(cache=True, nogil=True)
def build_arcs(
    end_a: Integers, end_b: Integers, bus_count: int
) -> tuple[Integers, Integers, Integers]:
    """Return offset by bus, and the bus and the branch of each arc."""
    tail = np.concatenate((end_a, end_b))
    head = np.concatenate((end_b, end_a))
    branch_count = end_a.size
    by_branch = np.empty(2 * branch_count, dtype=np.int64)
    by_branch[0::2] = np.arange(branch_count)
    by_branch[1::2] = np.arange(branch_count) + branch_count
    _, by_head = sort_stably(head, by_branch, bus_count)
    offset, arcs = sort_stably(tail, by_head, bus_count)
    arc_bus = np.empty(2 * branch_count, dtype=np.int64)
    arc_branch = np.empty(2 * branch_count, dtype=np.int64)
    for place in range(arcs.size):
        arc = arcs[place]
        arc_bus[place] = head[arc]
        arc_branch[place] = arc if arc < branch_count else arc - branch_count
    return offset, arc_bus, arc_branch


@numba.njit(cache=True, nogil=True)
def grow_tree(
    offset: Integers, arc_bus: Integers, arc_branch: Integers, roots: Integers
) -> tuple[Integers, Integers, Integers, Integers]:
    """Return order, and by bus its parent, its branch to it and the position of its root."""
    bus_count = offset.size - 1
    order = np.empty(bus_count, dtype=np.int64)
    parent = np.full(bus_count, ROOT, dtype=np.int64)
    branch = np.full(bus_count, ROOT, dtype=np.int64)
    root = np.full(bus_count, ROOT, dtype=np.int64)
    size = 0
    for number in range(roots.size):
        root[roots[number]] = number
        order[size] = roots[number]
        size += 1
    done = 0
    while done < size:
        bus = order[done]
        done += 1
        for arc in range(offset[bus], offset[bus + 1]):
            other = arc_bus[arc]
            if root[other] < 0:
                root[other] = root[bus]
                parent[other] = bus
                branch[other] = arc_branch[arc]
                order[size] = other
                size += 1
    return order[:size].copy(), parent, branch, root


@numba.njit(cache=True, nogil=True)
def find_top(above: Integers, bus: int) -> int:
    """Return the highest bus that marked branches lead to, and shorten the way there."""
    top = bus
    while above[top] != top:
        top = above[top]
    while above[bus] != top:
        bus, above[bus] = above[bus], top
    return top


@numba.njit(cache=True, nogil=True)
def find_parts(first: Integers, second: Integers, count: int) -> Integers:
    """Return for each of ``count`` buses the first bus of those that branches join it with."""
    above = np.arange(count)
    for number in range(first.size):
        a, b = find_top(above, first[number]), find_top(above, second[number])
        above[max(a, b)] = min(a, b)
    for bus in range(count):
        above[bus] = above[above[bus]]
    return above


@numba.njit(cache=True, nogil=True)
def mark_loops(
    order: Integers, parent: Integers, branch: Integers, end_a: Integers, end_b: Integers
) -> Flags:
    """Return whether the branch of a bus to its parent is part of a loop (no bridge).

    All sources hang on one imagined bus, so a path between two sources is a loop as well. Each
    branch outside the tree closes one; climbing from both its ends until they meet marks it, and
    what is marked is climbed only once.
    """
    bus_count = parent.size
    depth = np.full(bus_count + 1, -1, dtype=np.int64)
    up = np.full(bus_count + 1, bus_count, dtype=np.int64)
    for bus in order:
        if parent[bus] >= 0:
            up[bus] = parent[bus]
        depth[bus] = depth[up[bus]] + 1
    above = np.arange(bus_count + 1)
    in_loop = np.zeros(bus_count, dtype=np.bool_)
    for number in range(end_a.size):
        a, b = end_a[number], end_b[number]
        if depth[a] < 0 or branch[a] == number or branch[b] == number:
            continue
        a, b = find_top(above, a), find_top(above, b)
        while a != b:
            if depth[a] < depth[b]:
                a, b = b, a
            in_loop[a] = True
            above[a] = find_top(above, up[a])
            a = above[a]
    return in_loop


@numba.njit(cache=True, nogil=True)
def hand_down(order: Integers, parent: Integers, sets: Flags, own: Integers) -> Integers:
    """Give each bus its ``own`` value where ``sets`` is true, else that of its parent."""
    result = np.full(parent.size, -1, dtype=np.int64)
    for bus in order:
        if sets[bus] or parent[bus] < 0:
            result[bus] = own[bus]
        else:
            result[bus] = result[parent[bus]]
    return result


@numba.njit(cache=True, nogil=True)
def spread_busbar(
    order: Integers, parent: Integers, parent_kind: Codes, is_fed: Flags, coupler_kind: int
) -> Flags:
    """Return the buses that closed couplers join to a busbar that is fed directly."""
    is_busbar = is_fed.copy()
    for bus in order:
        if parent[bus] >= 0 and parent_kind[bus] == coupler_kind and is_busbar[parent[bus]]:
            is_busbar[bus] = True
    return is_busbar


@numba.njit(cache=True, nogil=True)
def mark_below(order: Integers, parent: Integers, top: int) -> Flags:
    """Return which buses the tree supplies through ``top``, itself included."""
    below = np.zeros(parent.size, dtype=np.bool_)
    below[top] = True
    for bus in order:
        if parent[bus] >= 0 and below[parent[bus]]:
            below[bus] = True
    return below


@numba.njit(cache=True, nogil=True)
def climb(parent: Integers, bus: int) -> Integers:
    """Return a bus and all above it, up to the root; nothing where the bus is -1."""
    count, at = 0, bus
    while at >= 0:
        count += 1
        at = parent[at]
    path = np.empty(count, dtype=np.int64)
    at = bus
    for place in range(count):
        path[place] = at
        at = parent[at]
    return path
