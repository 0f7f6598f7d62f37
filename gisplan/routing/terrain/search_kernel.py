# ruff: noqa: PLR0912, PLR0915, PLR0917  (kernels take their arrays by position and are long)
# mypy: disable-error-code="arg-type, no-any-return, return-value, assignment"
# (numba infers what numpy's stubs cannot say)
"""The search over raster cells and graph nodes: Dijkstra with a ring of buckets.

Places are the cells ``row * stride + column`` of a raster with a margin of walls on every side, and
behind them the nodes of a graph. Invariants
- ``record[2 * place]`` is ``2 * label + settled``: the least cost found so far in whole units and,
  in the lowest bit, whether the place was expanded at that label. ``UNREACHED`` where there is
  none (odd: nothing of the place is queued); 0 in walls, so that no way into one is ever cheaper.
- ``record[2 * place + 1]`` is the cost of a metre of the cell, ``WALL`` where it is forbidden. A
  step's sum over the cells that it touches reaches ``WALL`` exactly where one of them is a wall.
- Every step and arc costs one unit or more, so the way back always leads to lower labels.
- A bucket holds the places whose label lies in a stretch of ``2 ** width_bits``. A place whose
  label falls while its bucket is being emptied is expanded again, so labels are final when their
  bucket is empty, however small the least step is; the width decides the time and nothing else.
- A place that is not settled has an entry in the bucket of its label, or in an earlier one that
  passes it on when its turn comes (labels beyond the ring).
- ``pool`` is cut into chunks of 64 entries; the first names the chunk below it in the same bucket
  (or the next free chunk), ``position`` is the last entry of each bucket.
- ``block`` marks stretches of places that may hold labels, so that clearing skips the rest.

The steps stand in the loop and not in functions of their own: handing arrays to functions costs
numba more than the step itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Floats, Integers
    from gisplan.routing.layout_kernel import Int32s
    from gisplan.routing.terrain.steps import Labels

WALL = 1 << 27
UNREACHED = 0xFFFFFFFF
CHUNK_BITS = 6
CHUNK = 1 << CHUNK_BITS
LAST = CHUNK - 1
BLOCK_BITS = 7
STEPS_MAX = 32

# What ``control`` holds.
FREE, USED, CURRENT, FOUND, SETTLED, HIGHEST, CONTROL_SIZE = range(7)
# What ``search`` returns.
EXHAUSTED, ENOUGH, STOPPED, POOL_FULL = range(4)


@numba.njit(cache=True, nogil=True)
def next_chunk(pool: Int32s, control: Integers, place: int) -> int:
    """Put a new chunk on top of the full one before ``place``; return its first entry."""
    chunk = control[FREE]
    if chunk >= 0:
        control[FREE] = pool[chunk << CHUNK_BITS]
    else:
        chunk = control[USED]
        control[USED] += 1
    pool[chunk << CHUNK_BITS] = (place >> CHUNK_BITS) - 1
    return (chunk << CHUNK_BITS) + 1


@numba.njit(cache=True, nogil=True)
def push(
    position: Integers, pool: Int32s, control: Integers, place: int, bucket: int, current: int
) -> None:
    """Add a place to the bucket with this number, or to the last of the ring if it lies beyond."""
    mask = position.size - 1
    slot = min(bucket, current + mask) & mask
    at = position[slot] + 1
    if at & LAST == 0:
        at = next_chunk(pool, control, at)
    pool[at] = place
    position[slot] = at


@numba.njit(cache=True, nogil=True)
def clear(record: Labels, block: Codes, places: int) -> None:
    """Take all labels away."""
    eight = block.view(np.uint64)
    for group in range(eight.size):
        if eight[group] == 0:
            continue
        for number in range(8 * group, 8 * group + 8):
            if block[number] == 0:
                continue
            start = number << BLOCK_BITS
            for place in range(start, min(start + (1 << BLOCK_BITS), places)):
                record[2 * place] = 0 if record[2 * place + 1] == WALL else UNREACHED
        eight[group] = 0


@numba.njit(cache=True, nogil=True)
def seed(
    record: Labels,
    block: Codes,
    position: Integers,
    pool: Int32s,
    control: Integers,
    start: Integers,
    label: Integers,
    width_bits: int,
    ceiling: int,
) -> None:
    """Give the starts their labels and set the ring to the lowest of them."""
    for number in range(position.size):
        position[number] = number << CHUNK_BITS
        pool[number << CHUNK_BITS] = -1
    control[:] = 0
    control[FREE], control[USED] = -1, position.size
    if label.size:
        control[CURRENT] = (2 * label.min()) >> width_bits
    for number in range(start.size):
        place, key = start[number], 2 * label[number]
        if key < ceiling and key < np.int64(record[2 * place]) & ~1:
            record[2 * place] = key
            block[place >> BLOCK_BITS] = 1
            push(position, pool, control, place, key >> width_bits, control[CURRENT])


@numba.njit(cache=True, nogil=True)
def arc_units(cost: int, arc_bits: int) -> int:
    """Return the cost of an arc in units ``2 ** -arc_bits`` times as large, one at least."""
    if arc_bits >= 0:
        return max(cost << arc_bits, 1)
    return max((cost + (1 << (-arc_bits - 1))) >> -arc_bits, 1)


@numba.njit(cache=True, nogil=True)
def find_arcs(link: Integers, arc_offset: Integers, place: int, cell_count: int) -> tuple[int, int]:
    """Return where the arcs of a place start and end."""
    row = place - cell_count + link.size
    if place < cell_count:
        row = np.searchsorted(link, place)
        if row == link.size or link[row] != place:
            return 0, 0
    return arc_offset[row], arc_offset[row + 1]


@numba.njit(cache=True, nogil=True)
def note_target(
    target: Integers, met: Codes, found: Integers, control: Integers, place: int
) -> None:
    """List a place that was reached if it is a target that is not listed yet."""
    row = np.searchsorted(target, place)
    if row < target.size and target[row] == place and met[row] == 0:
        met[row] = 1
        found[control[FOUND]] = place
        control[FOUND] += 1


@numba.njit(cache=True, nogil=True)
def rest_units(goal: Floats, node_rest: Floats, place: int, stride: int, cell_count: int) -> float:
    """Return a lower bound of the doubled units from a place to the nearest target."""
    if place >= cell_count:
        return node_rest[place - cell_count]
    row, column = place // stride, place % stride
    rows = max(goal[0] - row, row - goal[1], 0.0)
    columns = max(goal[2] - column, column - goal[3], 0.0)
    return goal[4] * np.sqrt(rows * rows + columns * columns)


@numba.njit(cache=True, nogil=True)
def search(
    record: Labels,
    block: Codes,
    special: Codes,
    position: Integers,
    pool: Int32s,
    control: Integers,
    turn: Integers,
    factor: Integers,
    cheapest: int,
    shift: int,
    reach: int,
    width_bits: int,
    arc_bits: int,
    ceiling: int,
    stop: int,
    cell_count: int,
    link: Integers,
    arc_offset: Integers,
    arc_head: Integers,
    arc_cost: Integers,
    target: Integers,
    met: Codes,
    found: Integers,
    wanted: int,
    goal: Floats,
    node_rest: Floats,
    better: Integers,
) -> int:
    """Settle places bucket by bucket until enough targets are found or nothing is left.

    Parameters
    ----------
    record, block, position, pool, control : see above
    special : uint8, one bit a cell: set where the cell is a target or has arcs
    turn : (2 * 12,), the two sides of each quadrant, then of each half quadrant
    factor : (5,), doubled units in ``2 ** shift`` a cent a metre: steps (1,0) (1,1) (2,1) (3,1)
        (3,2), over the number of cells that they touch
    reach : 1, 2, 3 for 8, 16, 32 directions
    ceiling, stop : doubled units; no label reaches the first, no bucket at the second is opened
    arc_bits : a unit is ``2 ** -arc_bits`` times as large as that of arcs
    goal : first and last row and column of the targets, the least doubled units a cell side (0
        switches the lower bound off), and the doubled units by which it may err
    better : room for two numbers for each step and arc of one place
    """
    mask = position.size - 1
    half = np.int64(1) << (shift - 1)
    plain, far = reach == 1, 8 if reach > 1 else 0
    side, diagonal, knight, flat, steep = factor[0], factor[1], factor[2], factor[3], factor[4]
    chunks = (pool.size >> CHUNK_BITS) - (better.size >> 1)
    is_bounded, limit = goal[4] > 0, ceiling + goal[5]
    stride = turn[0]
    empty = 0
    while empty <= mask:
        current = control[CURRENT]
        if current << width_bits >= stop:
            return STOPPED
        slot = current & mask
        at = position[np.uintp(slot)]
        empty += 1
        while True:
            if at & LAST == 0:
                below = pool[np.uintp(at)]
                if below < 0:
                    break
                pool[np.uintp(at)] = control[FREE]
                control[FREE] = at >> CHUNK_BITS
                at = (np.int64(below) << CHUNK_BITS) + LAST
            position[np.uintp(slot)] = at
            if control[USED] > chunks:
                return POOL_FULL
            x = np.int64(pool[np.uintp(at)])
            at -= 1
            position[np.uintp(slot)] = at
            empty = 0
            key = np.int64(record[np.uintp(2 * x)])
            if key & 1 != 0 or (key >> width_bits) != current:
                if key & 1 == 0 and (key >> width_bits) > current:
                    push(position, pool, control, x, key >> width_bits, current)
                continue
            record[np.uintp(2 * x)] = key | 1
            control[SETTLED] += 1
            n = 0
            if (special[np.uintp(x >> 3)] >> (x & 7)) & 1 != 0:
                note_target(target, met, found, control, x)
                start, end = find_arcs(link, arc_offset, x, cell_count)
                for arc in range(start, end):
                    y = np.int64(arc_head[arc])
                    after = key + 2 * arc_units(arc_cost[arc], arc_bits)
                    if (after | 1) < np.int64(record[2 * y]):
                        better[2 * n], better[2 * n + 1] = y, after
                        n += 1
            if is_bounded and key + rest_units(goal, node_rest, x, stride, cell_count) >= limit:
                continue
            if x < cell_count:
                own = np.int64(record[np.uintp(2 * x + 1)])
                # Steps end no lower than this, so places with such a label need no look at costs.
                two, four, six = own + cheapest, own + 3 * cheapest, own + 5 * cheapest
                past_side = key + (((two * side) >> shift) << 1)
                past_diagonal = key + ((((two if plain else four) * diagonal) >> shift) << 1)
                past_knight = key + (((four * knight) >> shift) << 1)
                past_flat = key + (((six * flat) >> shift) << 1)
                past_steep = key + (((six * steep) >> shift) << 1)
                for quadrant in range(4):
                    a, b = turn[np.uintp(2 * quadrant)], turn[np.uintp(2 * quadrant + 1)]
                    y = x + a
                    before = np.int64(record[np.uintp(2 * y)])
                    if before > past_side:
                        total = own + np.int64(record[np.uintp(2 * y + 1)])
                        after = key + (max((total * side + half) >> shift, 1) << 1)
                        if total < WALL and (after | 1) < before:
                            better[np.uintp(2 * n)], better[np.uintp(2 * n + 1)] = y, after
                            n += 1
                    y = x + a + b
                    sides = np.int64(record[np.uintp(2 * (x + a) + 1)])
                    sides += np.int64(record[np.uintp(2 * (x + b) + 1)])
                    before = np.int64(record[np.uintp(2 * y)])
                    if before > past_diagonal:
                        total = own + np.int64(record[np.uintp(2 * y + 1)])
                        if not plain or sides >= 2 * WALL:
                            total += sides
                        after = key + (max((total * diagonal + half) >> shift, 1) << 1)
                        if total < WALL and (after | 1) < before:
                            better[np.uintp(2 * n)], better[np.uintp(2 * n + 1)] = y, after
                            n += 1
                for turned in range(4, 4 + far):
                    a, b = turn[np.uintp(2 * turned)], turn[np.uintp(2 * turned + 1)]
                    y = x + 2 * a + b
                    inner = own + np.int64(record[np.uintp(2 * (x + a) + 1)])
                    inner += np.int64(record[np.uintp(2 * (x + a + b) + 1)])
                    beyond = np.int64(record[np.uintp(2 * y + 1)])
                    before = np.int64(record[np.uintp(2 * y)])
                    if before > past_knight:
                        total = inner + beyond
                        after = key + (max((total * knight + half) >> shift, 1) << 1)
                        if total < WALL and (after | 1) < before:
                            better[np.uintp(2 * n)], better[np.uintp(2 * n + 1)] = y, after
                            n += 1
                    if reach < 3:
                        continue
                    inner += beyond
                    y = x + 3 * a + b
                    before = np.int64(record[np.uintp(2 * y)])
                    if before > past_flat:
                        total = inner + np.int64(record[np.uintp(2 * y + 1)])
                        total += np.int64(record[np.uintp(2 * (x + 2 * a) + 1)])
                        after = key + (max((total * flat + half) >> shift, 1) << 1)
                        if total < WALL and (after | 1) < before:
                            better[np.uintp(2 * n)], better[np.uintp(2 * n + 1)] = y, after
                            n += 1
                    y = x + 3 * a + 2 * b
                    before = np.int64(record[np.uintp(2 * y)])
                    if before > past_steep:
                        total = inner + np.int64(record[np.uintp(2 * y + 1)])
                        total += np.int64(record[np.uintp(2 * (x + 2 * a + 2 * b) + 1)])
                        after = key + (max((total * steep + half) >> shift, 1) << 1)
                        if total < WALL and (after | 1) < before:
                            better[np.uintp(2 * n)], better[np.uintp(2 * n + 1)] = y, after
                            n += 1
            for i in range(n):
                y, after = better[np.uintp(2 * i)], better[np.uintp(2 * i + 1)]
                before = np.int64(record[np.uintp(2 * y)])
                if after >= ceiling or (after | 1) >= before:  # the second: two arcs to one place
                    continue
                record[np.uintp(2 * y)] = after
                block[np.uintp(y >> BLOCK_BITS)] = 1
                bucket = after >> width_bits
                if before & 1 == 0 and (before >> width_bits) == bucket:
                    continue
                to = min(bucket, current + mask) & mask
                last = position[np.uintp(to)] + 1
                if last & LAST == 0:
                    last = next_chunk(pool, control, last)
                pool[np.uintp(last)] = y
                position[np.uintp(to)] = last
            at = position[np.uintp(slot)]
        position[np.uintp(slot)] = at
        if empty == 0:
            control[HIGHEST] = current
        control[CURRENT] = current + 1
        if control[FOUND] >= wanted:
            return ENOUGH
    return EXHAUSTED
