# ruff: noqa: PLR0912, PLR0915, PLR0917  (a kernel is one long loop over arrays)
"""The search kernel: Dijkstra on a circular bucket queue that can be stopped and resumed.

Invariants
- ``record[n, LABEL]`` is the least cost of node n found so far; a bucket holds the costs of one
  ``cost >> shift``, and once a bucket has been emptied its labels are final.
- ``link[n, STATE]`` holds the node before n on its way, times four, plus where n waits: in the ring
  of buckets (``QUEUED``), in the heap (``IN_HEAP``, at ``heap_at[n]``), or nowhere (``SETTLED``).
- A bucket is a linked list of entries from a pool; an entry whose node waits elsewhere, or whose
  label has gone to another bucket, is stale and is dropped.
- The ring holds the buckets ``current .. current + RING - 1``; what lies further is in the heap, so
  one very dear edge costs a logarithm and no memory. So is what finds no room in the pool.
- Within a bucket nodes come last in, first out, and a node whose label is lowered afterwards is
  settled again. Where that happens often (edges much cheaper than a bucket is wide, free ducts) the
  rest of the bucket goes through the heap in order of cost, so no graph makes a search slow.
- ``link[n, VIA]`` is the arc that the label came by (of a place: its row), or ``-1 - start``; of
  equal ways that arrive by arcs that cost something the lowest edge counts, and a start before any
  edge. An arc that costs nothing never replaces another, so ways have no circles.
- Targets are handed out by bucket, sorted by cost and number: equal costs come the same way every
  time.
- Nodes from ``node_count`` on are places: targets that hang at one or two nodes by a cost of their
  own and lead nowhere.
- A dead end or a bend (no target, at most one arc that does not lead back) that lies at most
  ``PASSED`` buckets ahead is settled as soon as it is reached, each time anew when its label is
  lowered: it never waits. Arcs need not lead both ways, and a node may have none.
- A node's arcs are read once when it is first reached, for nothing but to have them in the cache
  when it is settled (``ahead``).
- Everything that a search changed is listed in ``touched``; nothing else has to be cleared.
"""

from __future__ import annotations

import numpy as np

from gisplan.routing.street_heap_kernel import (
    AFTER,
    AGAIN,
    AGAIN_MAX,
    AHEAD,
    BEFORE,
    CURRENT,
    FREE,
    GIVEN,
    HAS_PLACES,
    HEAP_SIZE,
    IN_HEAP,
    IN_RING,
    LABEL,
    NODE,
    NODE_TARGET,
    ORDERED,
    QUEUED,
    READY,
    REST,
    RING,
    SETTLED,
    STATE,
    TOUCHED,
    UNREACHED,
    USED,
    VIA,
    WHERE,
    Arcs,
    Int32s,
    Int64s,
    Memory,
    TargetArrays,
    push,
    take,
    wait,
)
from gisplan.routing.uncounted_kernel import uncounted

PASSED = 4  # buckets ahead up to which bends are passed at once


@uncounted
def _lower(memory: Memory, shift: int, node: int, cost: int, by: int, before: int) -> None:
    """Record a way to a node that is cheaper than the one known, and queue it."""
    count, link, pool = memory.tally, memory.link, memory.pool
    old, bucket = memory.record[node, LABEL], cost >> shift
    where = link[node, STATE] & WHERE if old != UNREACHED else SETTLED
    memory.record[node, LABEL] = cost
    link[node, VIA], link[node, STATE] = by, (before << BEFORE) | where
    if old == UNREACHED:
        memory.touched[count[TOUCHED]] = node
        count[TOUCHED] += 1
    elif where == QUEUED and old >> shift == bucket:
        return
    elif where == SETTLED:
        count[AGAIN] += 1
    entry = count[FREE] if count[FREE] >= 0 else count[USED]
    if bucket >= count[CURRENT] + RING or bucket == count[ORDERED] or entry == len(pool):
        push(memory, node)
        return
    if where == IN_HEAP:
        take(memory, node)
    if count[FREE] >= 0:
        count[FREE] = pool[entry, AFTER]
    else:
        count[USED] += 1
    wait(memory, node, QUEUED)
    pool[entry, NODE] = node
    pool[entry, AFTER] = memory.ring[bucket & (RING - 1)]
    memory.ring[bucket & (RING - 1)] = entry
    count[IN_RING] += 1


@uncounted
def lay_start(
    memory: Memory, shift: int, node: Int64s, cost: Int64s, first: int, last: int
) -> None:
    """Begin a search from the starts ``first .. last - 1``; a negative cost is no start."""
    least = UNREACHED
    for row in range(first, last):
        if cost[row] >= 0:
            least = min(least, cost[row])
    memory.tally[CURRENT] = least >> shift
    memory.tally[ORDERED] = memory.tally[FREE] = -1
    for row in range(first, last):
        if 0 <= cost[row] < memory.record[node[row], LABEL]:
            _lower(memory, shift, node[row], cost[row], -1 - row, 0)


@uncounted
def find_stray(node: Int64s, node_count: int) -> int:
    """Return the first row whose node is not there, -1 if all are."""
    for row in range(len(node)):
        if node[row] < 0 or node[row] >= node_count:
            return row
    return -1


@uncounted
def _reach_places(
    targets: TargetArrays, memory: Memory, shift: int, node_count: int, node: int
) -> None:
    """Lower the labels of the places that hang at a node."""
    key = memory.record[node, LABEL]
    for row in range(targets.offset[node], targets.offset[node + 1]):
        place, cost = node_count + targets.place[row], key + targets.place_cost[row]
        if cost < memory.record[place, LABEL]:
            _lower(memory, shift, place, cost, row, node)


@uncounted
def _put_in_order(memory: Memory, shift: int) -> None:
    """Let the rest of the current bucket go through the heap."""
    count, pool, link = memory.tally, memory.pool, memory.link
    count[ORDERED] = count[CURRENT]
    slot = count[CURRENT] & (RING - 1)
    entry = memory.ring[slot]
    while entry >= 0:
        node, after = pool[entry, NODE], pool[entry, AFTER]
        pool[entry, AFTER] = count[FREE]
        count[FREE] = entry
        count[IN_RING] -= 1
        is_here = memory.record[node, LABEL] >> shift == count[CURRENT]
        if is_here and link[node, STATE] & WHERE == QUEUED:
            push(memory, node)
        entry = after
    memory.ring[slot] = -1


@uncounted
def _sort_ready(memory: Memory) -> None:
    """Sort the targets of the bucket just emptied by cost and number, each once."""
    ready, record = memory.ready, memory.record
    size, gap = memory.tally[READY], 1
    while 3 * gap < size:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, size):
            node, at = ready[i], i
            cost = record[node, LABEL]
            while at >= gap:
                other = ready[at - gap]
                other_cost = record[other, LABEL]
                if other_cost < cost or (other_cost == cost and other < node):
                    break
                ready[at] = other
                at -= gap
            ready[at] = node
        gap //= 3
    kept = min(size, 1)
    for i in range(1, size):
        if ready[i] != ready[i - 1]:
            ready[kept] = ready[i]
            kept += 1
    memory.tally[READY] = kept


@uncounted
def _empty_buckets(
    arcs: Arcs, targets: TargetArrays, memory: Memory, shift: int, bound: int
) -> bool:
    """Empty buckets until one had targets, which are then ready but not sorted.

    Returns False where nothing below the bound is left. What is common stands here at length,
    because calls with their arrays would take most of the time; what is rare is called. Indices
    are unsigned where they can be: numba looks for negative ones otherwise.
    """
    offset, arc, arc_edge, flag = arcs.offset, arcs.arc, arcs.arc_edge, targets.flag
    record, link, touched, pool = memory.record, memory.link, memory.touched, memory.pool
    ready, heap, ring = memory.ready, memory.heap, memory.ring
    count = memory.tally
    node_count, mask, room = len(offset) - 1, RING - 1, len(pool)
    current, ready_count, touched_count = count[CURRENT], 0, count[TOUCHED]
    in_ring, free, used = count[IN_RING], count[FREE], count[USED]
    is_open, ahead = True, 0
    while ready_count == 0:
        far = record[heap[0], LABEL] >> shift if count[HEAP_SIZE] > 0 else UNREACHED
        if in_ring > 0:
            while ring[current & mask] < 0 and current < far:
                current += 1
        elif far != UNREACHED:
            current = max(current, far)
        if (in_ring == 0 and far == UNREACHED) or current << shift >= bound:
            is_open = False
            break
        slot, again, settled, ordered = np.uint32(current & mask), 0, 0, -1
        while True:
            last_in = ring[slot]
            if last_in >= 0:
                entry = np.uint32(last_in)
                node = np.uint32(pool[entry, NODE])
                ring[slot] = pool[entry, AFTER]
                pool[entry, AFTER] = free
                free = last_in
                in_ring -= 1
                key = record[node, LABEL]
                state = link[node, STATE]
                if key >> shift != current or state & WHERE != QUEUED:
                    continue
                link[node, STATE] = state | SETTLED
            elif count[HEAP_SIZE] > 0 and record[heap[0], LABEL] >> shift == current:
                node = np.uint32(heap[0])
                key = record[node, LABEL]
                take(memory, node)  # type: ignore[arg-type]
            else:
                break
            kind = NODE_TARGET if node >= node_count else flag[node]
            if kind != 0:
                if kind & NODE_TARGET:
                    ready[ready_count] = node
                    ready_count += 1
                if node >= node_count:
                    continue
                if kind & HAS_PLACES:
                    count[CURRENT], count[IN_RING], count[FREE] = current, in_ring, free
                    count[USED], count[TOUCHED], count[ORDERED] = used, touched_count, ordered
                    _reach_places(targets, memory, shift, node_count, node)  # type: ignore[arg-type]
                    in_ring, free = count[IN_RING], count[FREE]
                    used, touched_count = count[USED], count[TOUCHED]
            for row in range(np.uint64(offset[node]), np.uint64(offset[node + np.uint32(1)])):
                tail, key_here, at = node, key, row
                while True:  # on over bends, from which but one way leads on
                    step = arc[at, 1]
                    if step < 0:
                        break
                    head = np.uint32(arc[at, 0])
                    cost = key_here + step
                    old = record[head, LABEL]
                    behind = np.int64(tail) << BEFORE
                    if cost >= old:
                        if cost == old and step > 0:
                            by = link[head, VIA]
                            if by >= 0 and arc_edge[at] < arc_edge[by]:
                                link[head, VIA] = at
                                link[head, STATE] = behind | (link[head, STATE] & WHERE)
                        break
                    bucket = cost >> shift
                    record[head, LABEL] = cost
                    where = SETTLED
                    first = np.uint32(offset[head])
                    ways = np.uint32(offset[head + np.uint32(1)]) - first
                    if old == UNREACHED:
                        touched[touched_count] = head
                        touched_count += 1
                        if ways > 0:
                            ahead ^= arc[first, 0]
                    else:
                        where = link[head, STATE] & WHERE
                        if where == QUEUED:
                            if old >> shift == bucket:
                                record[head, REST] = behind << 32 | np.int64(at)
                                break
                        elif where == SETTLED:
                            again += 1
                    if (
                        ways <= 2
                        and where == SETTLED
                        and bucket <= current + PASSED
                        and flag[head] == 0
                    ):
                        on, backs = np.uint64(first), 0
                        for way in range(np.uint64(first), np.uint64(first + ways)):
                            if np.uint32(arc[way, 0]) == tail and backs == 0:
                                backs = 1
                            else:
                                on = np.uint64(way)
                        if ways <= 1 + backs:
                            record[head, REST] = (behind | SETTLED) << 32 | np.int64(at)
                            if ways == backs:
                                break
                            at, tail, key_here = on, head, cost  # type: ignore[assignment]
                            continue
                    taken = free if free >= 0 else used
                    if bucket >= current + RING or bucket == ordered or taken == room:
                        record[head, REST] = (behind | where) << 32 | np.int64(at)
                        push(memory, head)  # type: ignore[arg-type]
                        break
                    if where == IN_HEAP:
                        take(memory, head)  # type: ignore[arg-type]
                    entry = np.uint32(taken)
                    if free >= 0:
                        free = pool[entry, AFTER]
                    else:
                        used += 1
                    record[head, REST] = behind << 32 | np.int64(at)
                    pool[entry, NODE] = head
                    place = np.uint32(bucket & mask)
                    pool[entry, AFTER] = ring[place]
                    ring[place] = taken
                    in_ring += 1
                    break
            settled += 1
            if again > AGAIN_MAX + settled // 2 and ordered != current:
                count[CURRENT], count[IN_RING], count[FREE] = current, in_ring, free
                _put_in_order(memory, shift)
                in_ring, free, ordered = count[IN_RING], count[FREE], current
    count[CURRENT], count[IN_RING], count[FREE], count[USED] = current, in_ring, free, used
    count[TOUCHED], count[GIVEN], count[READY] = touched_count, 0, ready_count
    count[AHEAD] = ahead
    return is_open


@uncounted
def next_targets(
    arcs: Arcs,
    targets: TargetArrays,
    memory: Memory,
    shift: int,
    bound: int,
    found: Int32s,
) -> int:
    """Fill ``found`` with the next targets that cost less than ``bound``; return how many.

    Fewer than ``len(found)`` means that nothing below the bound is left.
    """
    count, size = memory.tally, 0
    while True:
        while count[GIVEN] < count[READY] and size < len(found):
            node = memory.ready[count[GIVEN]]
            if memory.record[node, LABEL] >= bound:
                return size
            found[size] = node
            size += 1
            count[GIVEN] += 1
        if size == len(found) or not _empty_buckets(arcs, targets, memory, shift, bound):
            return size
        _sort_ready(memory)


@uncounted
def forget(memory: Memory) -> None:
    """Clear what the last search left, in time proportional to what it touched."""
    record, touched, count = memory.record, memory.touched, memory.tally
    for i in range(count[TOUCHED]):
        record[np.uint32(touched[i]), LABEL] = UNREACHED
    memory.ring[:] = -1
    count[:] = 0
