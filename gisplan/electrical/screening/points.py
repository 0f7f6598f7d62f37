"""Candidates as places on the supply tree: at a bus, on a branch, or on a line that ends open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.base.ratings import line_limits_kva
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V, Demands, line_levels
from gisplan.electrical.flow.branch_model import KVA, Complexes
from gisplan.electrical.flow.power_flow import FREQUENCY_HZ
from gisplan.electrical.flow.segments import joint_positions
from gisplan.electrical.screening.path_kernel import PointArrays
from gisplan.model.grid import Flags, Floats, Integers
from gisplan.network.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Candidates as the kernel reads them, and which of them it cannot judge.

    ``needs_ac`` marks what hangs on a loop or lies on a line that closes one.
    """

    places: PointArrays
    is_supplied: Flags
    needs_ac: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """Points between buses, on the stretch between joints that each lies on.

    ``upper`` is the share of the stretch between its feeding end and the point, ``way`` the same
    as a share of the whole line, ``share`` how much of the line the stretch is.
    """

    node: Integers
    parent: Integers
    upper: Floats
    way: Floats
    share: Floats


def locate_points(snapshot: Snapshot, base: BaseState, candidates: Demands) -> Points:
    """Find the branch of the tree on which each candidate lies."""
    grid, tree = snapshot.grid, base.tree.arrays
    count = len(candidates)
    on_line = np.flatnonzero(candidates.bus < 0)
    line = candidates.line[on_line]
    stretch = _stretches(snapshot, base, line, candidates.offset_m[on_line])
    node, parent, upper = candidates.bus.copy(), tree.parent[candidates.bus], np.ones(count)
    node[on_line], parent[on_line], upper[on_line] = stretch.node, stretch.parent, stretch.upper
    end, level = candidates.bus.copy(), np.zeros(count, np.uint8)
    end[on_line], level[on_line] = grid.lines.from_bus[line], line_levels(grid)[line]
    stub, limit = np.zeros((2, count), np.complex128), np.full(count, np.inf)
    stub[:, on_line], limit[on_line] = _stubs(snapshot, line, stretch)
    holder = np.where(node >= 0, node, parent)
    is_supplied = (holder >= 0) & tree.is_supplied[holder]
    closes_loop = np.zeros(count, np.bool_)
    closes_loop[on_line] = base.tree.closes_loop[line]
    places = PointArrays(
        node=node,
        parent=parent,
        upper=upper,
        stub_impedance=stub[0],
        stub_admittance=stub[1],
        stub_limit_kva=limit,
        is_low=grid.buses.nominal_voltage_v[end] < MEDIUM_VOLTAGE_V,
        area=np.where(is_supplied, tree.area[holder], -1),
        level=level,
    )
    return Points(
        places=places,
        is_supplied=is_supplied | closes_loop,
        needs_ac=closes_loop | (is_supplied & tree.needs_ac[holder]),
    )


def select_points(points: PointArrays, rows: Integers) -> PointArrays:
    """Some of the points."""
    return PointArrays(
        node=points.node[rows],
        parent=points.parent[rows],
        upper=points.upper[rows],
        stub_impedance=points.stub_impedance[rows],
        stub_admittance=points.stub_admittance[rows],
        stub_limit_kva=points.stub_limit_kva[rows],
        is_low=points.is_low[rows],
        area=points.area[rows],
        level=points.level[rows],
    )


def _stretches(snapshot: Snapshot, base: BaseState, line: Integers, offset_m: Floats) -> _Stretch:
    """Find the stretch of each point, and how far along the point lies from its feeding end."""
    grid, joints = snapshot.grid, base.joints
    feeding = base.tree.feeding
    position = joint_positions(grid, line, offset_m)
    every = np.arange(len(grid.lines.line_id))
    first_joint = np.searchsorted(joints.line, every)
    # joints and points in one ascending number: line + position
    before = np.searchsorted(joints.line + joints.position, line + position, "right")
    rank = before - first_joint[line]
    fed_node = np.full(len(every) + len(joints) + 1, -1, np.int64)
    nodes = np.flatnonzero(base.tree.segment >= 0)
    fed_node[base.tree.segment[nodes]] = nodes
    node = fed_node[line + first_joint[line] + rank]
    bounds = np.concatenate([joints.position, [np.nan]])
    is_last = np.searchsorted(joints.line, line, "right") == before
    start = np.where(rank == 0, 0.0, bounds[before - 1])
    end = np.where(is_last, 1.0, bounds[np.minimum(before, len(joints))])
    backwards = feeding.is_reversed[line]
    share = (position - start) / (end - start)
    bus_count = len(grid.buses.bus_id)
    joint_above = np.where(backwards, before, before - 1)
    has_joint = np.where(backwards, ~is_last, rank > 0)
    open_parent = np.where(has_joint, bus_count + joint_above, feeding.feeding_bus[line])
    way = np.where(backwards, end - position, position - start)
    return _Stretch(
        node=node,
        parent=np.where(node >= 0, base.tree.arrays.parent[node], open_parent),
        upper=np.where(backwards, 1 - share, share),
        way=way,
        share=end - start,
    )


def _stubs(snapshot: Snapshot, line: Integers, stretch: _Stretch) -> tuple[Complexes, Floats]:
    """Impedance up to the point and admittance of the stretch per unit on 1 kVA, and the rating."""
    lines = snapshot.grid.lines
    voltage_v = snapshot.grid.buses.nominal_voltage_v[lines.from_bus[line]]
    length_km, systems = lines.length_m[line] / 1000, lines.parallel_count[line]
    ohm_per_km = lines.resistance_ohm_per_km[line] + 1j * lines.reactance_ohm_per_km[line]
    impedance = ohm_per_km * stretch.way * length_km / systems * KVA / voltage_v**2
    farad_per_km = np.nan_to_num(lines.capacitance_nf_per_km[line], nan=0.0) * 1e-9
    siemens = 2 * np.pi * FREQUENCY_HZ * farad_per_km * stretch.share * length_km * systems
    admittance = 1j * siemens * voltage_v**2 / KVA
    both: Complexes = np.stack([impedance, admittance])
    return both, line_limits_kva(snapshot.grid)[line]
