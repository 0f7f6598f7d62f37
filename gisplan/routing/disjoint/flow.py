"""The network behind disjoint routes: graph, targets, lower bounds and working memory."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.disjoint.flow_bound_kernel import bound_below
from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay, put_in
from gisplan.routing.disjoint.flow_state_kernel import (
    BEYOND,
    IS_MIXED,
    IS_OPEN,
    IS_TARGET,
    UNKNOWN,
    Rows,
    Space,
)
from gisplan.routing.places import check_places, whole_part_costs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.model.grid import Codes, Floats, Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.layout_kernel import Int32s
    from gisplan.routing.places import AccessPoints

LEAST_ROOM = 16
LONGEST_TOTAL_M = 4e9  # millimetres and the bits for nodes fit 62 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Memory for one query at a time, with room for so many start rows.

    States are numbered as ``flow_state_kernel`` says; ``joints`` counts nodes and places.
    """

    over: Overlay
    space: Space
    room: int
    joints: int
    is_split: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowNet:
    """A priced graph with its targets laid out; built once, asked many times, by many threads.

    ``bound`` int32 (nodes + places of targets, 4), or of no rows where none was wanted: least cost
    to go from each state to its nearest unit and to the nearest other one.
    """

    net: Net
    rows: Rows
    bound: Int32s
    place_count: int
    unit_count: int
    _cut: Overlay
    _mark: Codes
    _free: SimpleQueue[Workspace] = field(default_factory=SimpleQueue)

    @classmethod
    def build(
        cls, graph: CostGraph, targets: AccessPoints, edge_length_m: Floats, *, bounded: bool
    ) -> Self:
        """Return the network of a graph and its targets.

        Raises
        ------
        InputError
            If a target or a length is none.
        """
        check_places(targets, graph, "targets")
        net = net_of(graph, edge_length_m)
        unit = targets.unit().astype(np.int32)
        cut, place = _cut_edges(net, targets)
        state = np.where(targets.node >= 0, targets.node, graph.node_count + place)
        cost = np.asarray(targets.cost_cents, np.int64)
        states = graph.node_count + len(cut.share)
        rows = _chain_rows(state.astype(np.int32), unit, cost, states)
        bound = np.empty((0, 4), np.int32)
        if bounded:
            bound = bound_below(net, cut, states, rows.state, unit, cost)
        return cls(
            net=net,
            rows=rows,
            bound=bound,
            place_count=len(cut.share),
            unit_count=int(unit.max()) + 1,
            _cut=cut,
            _mark=_marks(net, cut, rows),
        )

    @contextmanager
    def workspace(self, start_count: int, *, is_split: bool) -> Iterator[Workspace]:
        """Lend working memory; queries of several threads get different ones."""
        space = self._take(start_count, is_split)
        yield space  # after an error the memory is not what it was: it is dropped
        self._free.put(space)

    def _take(self, start_count: int, is_split: bool) -> Workspace:
        try:
            space = self._free.get_nowait()
        except Empty:
            return self._new(max(start_count, LEAST_ROOM), is_split)
        if space.room >= start_count and space.is_split >= is_split:
            return space
        return self._new(max(start_count, space.room), is_split or space.is_split)

    def _new(self, room: int, is_split: bool) -> Workspace:
        over = _with_room(self._cut, room)
        joints = len(self.net.arc_offset) - 1 + len(over.share)
        states = (joints + self.unit_count + room) * (2 if is_split else 1)
        parts = len(self.net.edge_from) + len(over.share)
        arcs = 2 * (parts + len(self.rows.state) + room) + 2 * states
        mark = np.zeros(joints, np.uint8)
        mark[: len(self._mark)] = self._mark
        label = np.zeros((states, 4), np.int64)
        label[:, 0], label[:, 2] = BEYOND, UNKNOWN
        space = Space(
            label=label,
            link=np.empty((states, 2), np.int32),
            mark=mark,
            usage=np.zeros(joints, np.int32),
            flow=np.zeros(parts, np.int32),
            listed=np.zeros(parts, np.uint8),
            taken=np.full(self.unit_count, -1, np.int32),
            begun=np.zeros(2 * room, np.int32),
            key=np.empty((arcs, 2), np.int64),
            heap_state=np.empty(arcs, np.int32),
            touched=np.empty(states, np.int32),
            known=np.empty(states, np.int32),
            marked=np.empty(5 * joints, np.int32),
            mark_was=np.empty(5 * joints, np.uint8),
            used=np.empty(parts, np.int32),
            start=np.empty(room, np.int32),
            start_exit=np.empty(room, np.int32),
            start_cost=np.empty(room, np.int64),
            step=np.empty((states, 2), np.int32),
            share=np.empty((states, 2)),
            fill=np.zeros(8, np.int64),
        )
        return Workspace(over=over, space=space, room=room, joints=joints, is_split=is_split)


def net_of(graph: CostGraph, edge_length_m: Floats) -> Net:
    """Return a graph and the lengths of its edges as the kernels take them.

    Raises
    ------
    InputError
        If a length is not finite, is below 0, or there is not one for each edge.
    """
    length_m = np.ascontiguousarray(edge_length_m, dtype=np.float64)
    if length_m.shape != (graph.edge_count,):
        raise InputError(
            f"lengths have shape {length_m.shape}; expected one for each of {graph.edge_count}"
        )
    wrong = np.flatnonzero(~(np.isfinite(length_m) & (length_m >= 0)))
    if len(wrong):
        raise InputError(
            f"edge {wrong[0]} is {length_m[wrong[0]]} m long; expected a number from 0 up"
        )
    if length_m.sum() > LONGEST_TOTAL_M:
        raise InputError(
            f"the edges are {length_m.sum():.4g} m long together; expected at most "
            f"{LONGEST_TOTAL_M:.4g} m: check the unit"
        )
    return Net(
        arc_offset=graph.arc_offset,
        arc=graph.arc,
        arc_edge=graph.arc_edge,
        edge_from=graph.edge_from,
        edge_to=graph.edge_to,
        edge_cost=graph.edge_cost,
        edge_length_m=length_m,
    )


def _cut_edges(net: Net, targets: AccessPoints) -> tuple[Overlay, Integers]:
    """Put the places of targets into their edges; return them and the place of each target."""
    inside = np.flatnonzero(targets.node < 0)
    part_cost = whole_part_costs(targets)[inside]
    key = np.column_stack([targets.edge[inside], targets.share[inside], part_cost])
    unique, inverse = np.unique(key.astype(np.float64), axis=0, return_inverse=True)
    over = Overlay(
        cut=np.full((len(net.edge_from), 2), -1, np.int32),
        link=np.empty((len(unique), 3), np.int32),
        share=np.empty(len(unique)),
        cost=np.empty((len(unique), 2), np.int64),
    )
    for row, (edge, share, first, last) in enumerate(unique.tolist()):
        put_in(net, over, row, int(edge), share, int(first), int(last))
    place = np.full(len(targets), -1, np.int64)
    place[inside] = inverse.reshape(-1)
    return over, place


def _chain_rows(state: Int32s, unit: Int32s, cost: Integers, states: int) -> Rows:
    """Chain the target rows of each state in their order."""
    first = np.full(states, -1, np.int32)
    follow = np.full(len(state), -1, np.int32)
    order = np.argsort(state, kind="stable")
    same = state[order][1:] == state[order][:-1]
    follow[order[:-1][same]] = order[1:][same]
    heads = order[np.concatenate([[True], ~same])]
    first[state[heads]] = heads
    return Rows(first=first, state=state, next=follow, unit=unit, cost=cost)


def _marks(net: Net, cut: Overlay, rows: Rows) -> Codes:
    mark = np.zeros(len(rows.first), np.uint8)
    edges = np.flatnonzero(cut.cut[:, 0] >= 0)
    mark[net.edge_from[edges]] |= IS_MIXED
    mark[net.edge_to[edges]] |= IS_MIXED
    mark[rows.state] |= IS_TARGET
    pairs = np.unique(np.column_stack([rows.state, rows.unit]), axis=0)
    state, units = np.unique(pairs[:, 0], return_counts=True)
    mark[state[units > 1]] |= IS_OPEN
    return mark


def _with_room(cut: Overlay, room: int) -> Overlay:
    return Overlay(
        cut=cut.cut.copy(),
        link=np.concatenate([cut.link, np.full((room, 3), -1, np.int32)]),
        share=np.concatenate([cut.share, np.zeros(room)]),
        cost=np.concatenate([cut.cost, np.zeros((room, 2), np.int64)]),
    )
