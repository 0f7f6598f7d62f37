"""The compiled network: immutable arrays that every worker maps and no request changes.

Indices refer to rows of the tables in ``Grid``; -1 means none. Distances are metres in the working
CRS. Every array is written once by the compiler and mapped read-only afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from gisplan.model.grid import Codes, Flags, Floats, Grid, Integers, Polylines, Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Which bus is fed from where, through closed switches and elements in service.

    ``order`` lists supplied buses, every bus after its parent. ``parent_kind`` holds a
    ``SwitchedKind`` code: the branch to the parent is a line, a transformer or a closed bus-bus
    switch; ``parent_branch`` is its row. ``is_meshed`` marks buses that a second path supplies too
    (the tree then shows only one of them). ``transformer`` is the distribution transformer
    (secondary below 1 kV) that feeds the bus, ``main_transformer`` the one that feeds its
    medium-voltage busbar. A feeder (馈线) is what hangs behind one line that leaves a substation
    busbar; ``feeder_head`` is that line.
    """

    order: Integers
    parent_bus: Integers
    parent_kind: Codes
    parent_branch: Integers
    source: Integers
    transformer: Integers
    main_transformer: Integers
    feeder: Integers
    feeder_head: Integers
    is_meshed: Flags
    line_from_closed: Flags
    line_to_closed: Flags
    transformer_closed: Flags


class Roadside(IntFlag):
    """What an edge has to do with the sides of a road, along which corridors lie on both.

    It may be the left or the right side itself, looking along it as drawn: who comes from the other
    side does not land on it. Or it leaves a road on one side, at its first or last vertex: there
    nobody lands, but on the side itself.
    """

    NONE = 0
    LEFT = 1
    RIGHT = 2
    FIRST_ON_ROAD = 4
    LAST_ON_ROAD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorGraph:
    """Corridors, noded at crossings, as an undirected graph in compressed sparse rows.

    ``arc_edge``/``arc_node`` of node n stand at ``arc_offset[n]:arc_offset[n + 1]``.
    A meeting says which element of the grid can be reached at a node: ``meeting_line`` with its
    ``meeting_offset_m`` along its drawing from its first bus, or ``meeting_bus`` (the other is
    -1); those of node n stand at ``node_meeting_offset[n]:node_meeting_offset[n + 1]``.
    ``edge_line`` lists the mains that run along an edge, likewise by ``edge_line_offset``.

    Edges side by side, of corridors that differ but lie on one line, have the same ``edge_place``.
    ``edge_roadside`` tells what an edge has to do with the sides of a road (codes of ``Roadside``);
    both sides are drawn on one line, but are places of their own.
    ``edge_corridor_row`` is the row of ``Grid.corridors`` that an edge is part of, -1 for links and
    traces of mains; ``edge_laying`` its code of ``Laying``. ``edge_cost_factor`` (1.0: plain
    ground) is the factor of the areas that the edge crosses, weighted by length.
    Crossings are events of an edge, in their order along it, at
    ``edge_crossing_offset[e]:edge_crossing_offset[e + 1]``: ``crossing_kind`` (codes of
    ``BarrierKind``), ``crossing_barrier`` (row of ``Grid.barriers``; -1: a street that only links
    know of) and ``crossing_share``, the place along the edge (0: its first node, 1: its last).
    Mains of others beside an edge stand likewise by ``edge_beside_offset``: ``beside_barrier``, the
    least distance and the metres of the edge within reach of ``CorridorSettings.beside_m``.
    ``joined_end_xy_m`` (ends, 2) are the places where an end that missed another corridor by a
    little was joined to it.
    """

    node_x_m: Floats
    node_y_m: Floats
    edge_from: Integers
    edge_to: Integers
    edge_length_m: Floats
    edge_kind: Codes
    edge_surface: Codes
    edge_corridor: Integers
    corridor_id: Texts
    shape: Polylines
    arc_offset: Integers
    arc_edge: Integers
    arc_node: Integers
    component: Integers
    node_meeting_offset: Integers
    meeting_line: Integers
    meeting_bus: Integers
    meeting_offset_m: Floats
    edge_line_offset: Integers
    edge_line: Integers
    edge_place: Integers
    edge_roadside: Codes
    edge_corridor_row: Integers
    edge_laying: Codes
    edge_cost_factor: Floats
    edge_crossing_offset: Integers
    crossing_kind: Codes
    crossing_barrier: Integers
    crossing_share: Floats
    edge_beside_offset: Integers
    beside_barrier: Integers
    beside_length_m: Floats
    beside_distance_m: Floats
    joined_end_xy_m: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One grid version, ready to be asked."""

    grid: Grid
    topology: Topology
    corridors: CorridorGraph
