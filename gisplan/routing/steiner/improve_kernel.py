# ruff: noqa: PLR0917  (kernels are long and take their arrays by position)
"""Kernel that improves a tree: each key path, each key node is taken out and bridged more cheaply.

Key nodes are the terminals and the nodes where three or more edges of the tree meet; a key path
joins two of them. One field of nearest tree nodes serves all moves: a move repairs only the part
of the field whose nearest node it takes out, and joins the pieces that are left by the cheapest
edges between their parts of the field.

Invariants
- Every edge costs more than nothing. A tree without idle ends stays one, and its cost only falls.
- Outside a move, ``label[n]`` is the cost from the nearest tree node ``base[n]`` to n, and
  ``via[n]`` is the arc that leads to n; tree nodes have the label 0 and themselves as base. Labels
  beyond a limit are ``FAR``.
- A way that is cheaper than what a move removes has only nodes whose label is less than half of
  that, because its nearer end is; so a move looks at no others.
- A move that does not lower the cost leaves tree and field as they were.

References
----------
E. Uchoa, R. F. Werneck, Fast local search for Steiner trees in graphs, 2010.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gisplan.routing.steiner.bucket_kernel import (
    CURRENT,
    SIZE,
    Buckets,
    draw,
    new_buckets,
    put,
    width_bits,
)
from gisplan.routing.steiner.heap_kernel import FAR, Int32s, Int64s, turn_round
from gisplan.routing.uncounted_kernel import uncounted, whole

PIECES = 8
"""Key nodes where more paths meet are never taken out."""


class Tree(NamedTuple):
    """A graph by its arcs, and the tree in it: ``used`` edges, ``degree`` of nodes in the tree."""

    offset: Int32s
    head: Int32s
    arc_edge: Int32s
    arc_cost: Int64s
    is_terminal: Int32s
    used: Int32s
    tail: Int32s
    back: Int32s
    degree: Int32s


class Field(NamedTuple):
    """The nearest tree node of every node, and the buckets that find it."""

    label: Int64s
    base: Int32s
    via: Int32s
    buckets: Buckets
    bits: int


class Move(NamedTuple):
    """Memory of one move: arcs and nodes that it takes out, the pieces left, and their bridges."""

    gone: Int32s
    is_gone: npt.NDArray[np.uint8]
    ends: Int32s
    piece: Int32s
    member: Int32s
    lost: Int32s
    old_label: Int64s
    old_base: Int32s
    old_via: Int32s
    bridge_cost: Int64s
    bridge: Int32s
    chosen: Int32s
    fresh: Int32s
    is_joined: npt.NDArray[np.uint8]


@uncounted
def _spread(offset: Int32s, head: Int32s, arc_cost: Int64s, field: Field, limit: int) -> None:
    """Lower the labels, up to a limit, of all nodes that the waiting nodes are nearest to."""
    label, base, via, buckets = field.label, field.base, field.via, field.buckets
    while buckets.state[SIZE] > 0:
        node = draw(buckets)
        if node < 0:
            buckets.state[CURRENT] += 1
            continue
        so_far = label[node]
        if so_far >> field.bits != buckets.state[CURRENT]:
            put(buckets, node, so_far >> field.bits)
            continue
        for p in range(offset[node], offset[node + 1]):
            other, cost = head[p], so_far + arc_cost[p]
            if cost < label[other] and cost <= limit:
                label[other], base[other], via[other] = cost, base[node], p
                put(buckets, other, cost >> field.bits)


@numba.njit(cache=True, nogil=True, inline="always")
def _wait(field: Field, node: int, label: int) -> None:
    """Give a node its label and let it wait for its turn."""
    field.label[node] = label
    put(field.buckets, node, label >> field.bits)


@numba.njit(cache=True, nogil=True, inline="always")
def _is_key(tree: Tree, node: int) -> bool:
    degree = tree.degree[node]
    return bool(degree > 2 or (degree > 0 and tree.is_terminal[node] == 1))


@uncounted
def _key_path(tree: Tree, first: int, gone: Int32s, count: int) -> int:
    """Append the arcs of the key path that begins with an arc; return how many stand there."""
    gone[count] = first
    count += 1
    p = first
    while not _is_key(tree, tree.head[p]):
        node = tree.head[p]
        for q in range(tree.offset[node], tree.offset[node + 1]):
            if tree.used[tree.arc_edge[q]] == 1 and tree.arc_edge[q] != tree.arc_edge[p]:
                p = q
                break
        gone[count] = p
        count += 1
    return count


@numba.njit(cache=True, nogil=True, inline="always")
def _choose(tree: Tree, move: Move, center: int, number: int, most: int) -> tuple[int, int]:
    """Write what a move takes out: a path, or after the last one all that meet at the node.

    Returns the number of arcs and of pieces, 0 where there is no such move.
    """
    first, last = tree.offset[center], tree.offset[center + 1]
    if first + number < last:
        if tree.used[tree.arc_edge[first + number]] == 0:
            return 0, 0
        arcs = _key_path(tree, first + number, move.gone, 0)
        move.ends[0], move.ends[1] = center, tree.head[move.gone[arcs - 1]]
        if move.ends[1] < center:  # its other end has tried it
            return 0, 0
        return arcs, 2
    if tree.is_terminal[center] == 1 or tree.degree[center] > most:
        return 0, 0
    arcs, pieces = 0, 0
    for p in range(first, last):
        if tree.used[tree.arc_edge[p]] == 1:
            arcs = _key_path(tree, p, move.gone, arcs)
            move.ends[pieces] = tree.head[move.gone[arcs - 1]]
            pieces += 1
    return arcs, pieces


@numba.njit(cache=True, nogil=True, inline="always")
def _switch(tree: Tree, p: int, state: int) -> None:
    """Take an arc's edge into the tree (1) or out of it (0)."""
    tree.used[tree.arc_edge[p]] = state
    tree.degree[tree.tail[p]] += 2 * state - 1
    tree.degree[tree.head[p]] += 2 * state - 1


@numba.njit(cache=True, nogil=True, inline="always")
def _take_out(tree: Tree, move: Move, arcs: int) -> int:
    """Take the chosen arcs out of the tree, mark the nodes that leave it; return the cost."""
    removed = 0
    for i in range(arcs):
        removed += tree.arc_cost[move.gone[i]]
        _switch(tree, move.gone[i], 0)
    for i in range(arcs):
        p = move.gone[i]
        for node in (tree.tail[p], tree.head[p]):
            if tree.degree[node] == 0 and tree.is_terminal[node] == 0:
                move.is_gone[node] = 1
    return removed


@numba.njit(cache=True, nogil=True, inline="always")
def _mark_pieces(tree: Tree, move: Move, pieces: int) -> tuple[int, int]:
    """Write to ``piece`` the number of the piece of every tree node; return nodes and largest."""
    members, largest, most = 0, 0, 0
    for i in range(pieces):
        done, start = members, members
        move.member[members] = move.ends[i]
        move.piece[move.ends[i]] = i
        members += 1
        while done < members:
            node = move.member[done]
            done += 1
            for p in range(tree.offset[node], tree.offset[node + 1]):
                if tree.used[tree.arc_edge[p]] == 1 and move.piece[tree.head[p]] < 0:
                    move.piece[tree.head[p]] = i
                    move.member[members] = tree.head[p]
                    members += 1
        if members - start > most:
            most, largest = members - start, i
    return members, largest


@numba.njit(cache=True, nogil=True, inline="always")
def _lose_nodes(tree: Tree, move: Move, arcs: int, field: Field) -> int:
    """List the nodes that left the tree in ``lost``; return how many they are."""
    count = 0
    for i in range(arcs):
        for node in (tree.tail[move.gone[i]], tree.head[move.gone[i]]):
            if move.is_gone[node] == 1 and field.label[node] == 0:
                _lose(field, move, count, node)
                count += 1
    return count


@numba.njit(cache=True, nogil=True, inline="always")
def _lose(field: Field, move: Move, count: int, node: int) -> None:
    """Forget the nearest tree node of a node, and keep in ``lost`` what stood there."""
    move.lost[count], move.old_label[count] = node, field.label[node]
    move.old_base[count], move.old_via[count] = field.base[node], field.via[node]
    field.label[node] = FAR


@numba.njit(cache=True, nogil=True, inline="always")
def _repair(tree: Tree, field: Field, move: Move, count: int, reach: int, limit: int) -> int:
    """Find the nearest nodes anew of ``lost``, and where they were gone and within ``reach``.

    What is lost hangs together by ``via``; returns how many nodes that are.
    """
    label, base, via, at = field.label, field.base, field.via, 0
    while at < count:
        node = move.lost[at]
        at += 1
        for p in range(tree.offset[node], tree.offset[node + 1]):
            other = tree.head[p]
            if via[other] == p and label[other] <= reach and move.is_gone[base[other]] == 1:
                _lose(field, move, count, other)
                count += 1
    for i in range(count):
        node = move.lost[i]
        if move.is_gone[base[node]] == 0:
            continue
        best = int(FAR)
        for p in range(tree.offset[node], tree.offset[node + 1]):
            other = tree.head[p]
            cost = label[other] + tree.arc_cost[p]
            if cost < best and cost <= limit and move.is_gone[base[other]] == 0:
                best = cost
                base[node], via[node] = base[other], tree.back[p]
        if best < FAR:
            _wait(field, node, best)
    _spread(tree.offset, tree.head, tree.arc_cost, field, limit)
    return count


@numba.njit(cache=True, nogil=True, inline="always")
def _find_bridges(
    tree: Tree, field: Field, move: Move, members: int, largest: int, removed: int
) -> None:
    """Write for each two pieces the arc that joins them most cheaply, the first of equal ones."""
    label, base, seen = field.label, field.base, move.fresh
    move.bridge_cost[:] = FAR
    at, size = 0, 0
    for i in range(members):
        if move.piece[move.member[i]] != largest:
            seen[size] = move.member[i]
            size += 1
    while at < size:
        node = seen[at]
        at += 1
        i = move.piece[base[node]]
        for p in range(tree.offset[node], tree.offset[node + 1]):
            other = tree.head[p]
            if 2 * label[other] >= removed:
                continue
            j = move.piece[base[other]]
            if i == j:
                if field.via[other] == p and label[other] > 0:
                    seen[size] = other
                    size += 1
                continue
            cost = label[node] + tree.arc_cost[p] + label[other]
            best = move.bridge_cost[i, j]
            if cost < best or (cost == best and p < move.bridge[i, j]):
                move.bridge_cost[i, j], move.bridge_cost[j, i] = cost, cost
                move.bridge[i, j], move.bridge[j, i] = p, p


@numba.njit(cache=True, nogil=True, inline="always")
def _span_pieces(move: Move, pieces: int) -> int:
    """Write to ``chosen`` the bridges of the cheapest tree of all pieces; return its cost."""
    is_joined = move.is_joined
    is_joined[:] = 0
    is_joined[0] = 1
    added = 0
    for step in range(pieces - 1):
        best, joined = int(FAR), -1
        for i in range(pieces):
            for j in range(pieces):
                if is_joined[i] == 1 and is_joined[j] == 0 and move.bridge_cost[i, j] < best:
                    best, joined = move.bridge_cost[i, j], j
                    move.chosen[step] = move.bridge[i, j]
        if joined < 0:
            return int(FAR)
        is_joined[joined] = 1
        added += best
    return added


@uncounted
def _lay_bridges(tree: Tree, field: Field, move: Move, bridges: int) -> int:
    """Take the chosen bridges and the ways to their ends into the tree; return the new nodes."""
    count = 0
    for i in range(bridges):
        bridge = move.chosen[i]
        _switch(tree, bridge, 1)
        for start in (tree.tail[bridge], tree.head[bridge]):
            node = start
            while field.base[node] != node:
                move.fresh[count] = node
                count += 1
                p = field.via[node]
                if tree.used[tree.arc_edge[p]] == 1:
                    break  # the rest of the way is there already
                _switch(tree, p, 1)
                node = tree.tail[p]
    return count


@uncounted
def _try(tree: Tree, field: Field, move: Move, arcs: int, pieces: int, limit: int) -> int:
    """Take the chosen arcs out and join the pieces; undo it unless that gains; return the gain."""
    removed = _take_out(tree, move, arcs)
    members, largest = _mark_pieces(tree, move, pieces)
    lost = _lose_nodes(tree, move, arcs, field)
    lost = _repair(tree, field, move, lost, removed // 2, removed // 2)
    _find_bridges(tree, field, move, members, largest, removed)
    gain = removed - _span_pieces(move, pieces)
    if gain > 0:
        fresh = _lay_bridges(tree, field, move, pieces - 1)
        _repair(tree, field, move, lost, int(FAR) - 1, limit)
        for i in range(fresh):
            node = move.fresh[i]
            field.base[node] = node
            _wait(field, node, 0)
        _spread(tree.offset, tree.head, tree.arc_cost, field, limit)
    else:
        for i in range(lost):
            node = move.lost[i]
            field.label[node] = move.old_label[i]
            field.base[node], field.via[node] = move.old_base[i], move.old_via[i]
    for i in range(arcs):
        p = move.gone[i]
        move.is_gone[tree.tail[p]], move.is_gone[tree.head[p]] = 0, 0
        if gain <= 0:
            _switch(tree, p, 1)
    for i in range(members):
        move.piece[move.member[i]] = -1
    return max(0, gain)


@numba.njit(cache=True, nogil=True)
def _build_field(tree: Tree, gone: Int32s) -> tuple[Field, int]:
    """Return the field of a tree, and its limit: half of the most that a move removes."""
    count = tree.degree.size
    field = Field(
        np.full(count, FAR, np.int64),
        np.full(count, -1, np.int32),
        np.full(count, -1, np.int32),
        new_buckets(count),
        width_bits(tree.arc_cost),
    )
    return field, _fill_field(tree, field, gone)


@uncounted
def _fill_field(tree: Tree, field: Field, gone: Int32s) -> int:
    """Give all nodes within the limit their nearest tree node; return the limit."""
    count, limit = tree.degree.size, whole(0)
    for node in range(count):
        around = 0
        if tree.degree[node] > 0:
            field.base[node] = node
            _wait(field, node, 0)
        if _is_key(tree, node):
            for p in range(tree.offset[node], tree.offset[node + 1]):
                if tree.used[tree.arc_edge[p]] == 1:
                    for i in range(_key_path(tree, p, gone, 0)):
                        around += tree.arc_cost[gone[i]]
        limit = max(limit, around // 2 + 1)
    _spread(tree.offset, tree.head, tree.arc_cost, field, limit)
    return limit


@numba.njit(cache=True, nogil=True)
def improve(
    offset: Int32s,
    head: Int32s,
    arc_edge: Int32s,
    arc_cost: Int64s,
    is_terminal: Int32s,
    used: Int32s,
    passes: int,
    most: int,
) -> int:
    """Improve a tree without idle ends in place, in at most so many passes; return the gain.

    Key nodes are taken out where at most ``most`` paths meet (``PIECES`` at most; 2: none).
    """
    count = offset.size - 1
    tail, back = turn_round(offset, head, arc_edge)
    degree = np.zeros(count, np.int32)
    for p in range(head.size):
        degree[tail[p]] += used[arc_edge[p]]
    tree = Tree(offset, head, arc_edge, arc_cost, is_terminal, used, tail, back, degree)
    gone = np.empty(count + PIECES, np.int32)
    field, limit = _build_field(tree, gone)
    move = Move(
        gone,
        np.zeros(count, np.uint8),
        np.empty(PIECES, np.int32),
        np.full(count, -1, np.int32),
        np.empty(count, np.int32),
        np.empty(count, np.int32),
        np.empty(count, np.int64),
        np.empty(count, np.int32),
        np.empty(count, np.int32),
        np.empty((PIECES, PIECES), np.int64),
        np.empty((PIECES, PIECES), np.int32),
        np.empty(PIECES, np.int32),
        np.empty(2 * count, np.int32),
        np.zeros(PIECES, np.uint8),
    )
    return _improve(tree, field, move, passes, most, limit)


@uncounted
def _improve(tree: Tree, field: Field, move: Move, passes: int, most: int, limit: int) -> int:
    """Try all moves again and again while one gains."""
    total = whole(0)
    for _ in range(passes):
        before = total
        for center in range(tree.degree.size):
            for number in range(tree.offset[center + 1] - tree.offset[center] + 1):
                if not _is_key(tree, center):
                    break
                arcs, pieces = _choose(tree, move, center, number, most)
                if pieces > 0:
                    total += _try(tree, field, move, arcs, pieces, limit)
        if total == before:
            break
    return total
