"""Joints on lines and the segments between them."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.flow.network_input import build_network
from gisplan.electrical.flow.segments import build_joints, joint_positions, line_span_m
from gisplan.errors import InputError
from gisplan.network.topology import build_topology
from tests.grids import grid
from tests.unit.electrical.networks import bus, line


def test_line_without_joint_is_one_segment() -> None:
    g = grid("S1-A 100 r=0.3", "A-B 200 r=0.3")
    network = build_network(g, build_topology(g))
    # rows are sorted by id: A-B before S1-A
    assert network.resistance_ohm.tolist() == pytest.approx([0.06, 0.03])


def test_joints_share_a_line_by_their_distances() -> None:
    g = grid("S1-A 100 r=1 c=200", "A-B 200 r=1")
    at = np.array([line(g, "S1-A")] * 2)
    joints, row = build_joints(at, joint_positions(g, at, np.array([70.0, 20.0])))
    network = build_network(g, build_topology(g), joints=joints)
    cut = network.line == line(g, "S1-A")
    assert row.tolist() == [1, 0]
    assert network.resistance_ohm[cut].tolist() == pytest.approx([0.02, 0.05, 0.03])
    # 200 nF/km over 20, 50 and 30 m
    assert (network.capacitance_f[cut] * 1e9).tolist() == pytest.approx([4, 10, 6])
    first, second = (len(g.buses.bus_id) + n for n in range(2))
    assert network.from_node[cut].tolist() == [bus(g, "S1"), first, second]
    assert network.to_node[cut].tolist() == [first, second, bus(g, "A")]


def test_equal_points_are_one_joint() -> None:
    joints, row = build_joints(np.array([3, 3, 1]), np.array([0.5, 0.5, 0.5]))
    assert (joints.line.tolist(), row.tolist()) == ([1, 3], [1, 1, 0])


def test_open_end_stays_at_the_segment_of_that_end() -> None:
    g = grid("S1-A 100 open")
    joints, _ = build_joints(np.array([0]), np.array([0.5]))
    network = build_network(g, build_topology(g), joints=joints)
    assert network.from_closed.tolist() == [True, True]
    assert network.to_closed.tolist() == [True, False]


def test_offset_counts_along_the_drawing() -> None:
    # drawn 100 m long, surveyed 50 m
    g = grid("S1-A 50", "S1 @0,0", "A @100,0")
    assert line_span_m(g.lines).tolist() == [100.0]
    assert joint_positions(g, np.array([0]), np.array([25.0])).tolist() == [0.25]


def test_offset_beyond_the_end_is_held_inside() -> None:
    g = grid("S1-A 100")
    positions = joint_positions(g, np.array([0, 0]), np.array([-5.0, 700.0]))
    assert 0 < positions[0] < 0.001
    assert 0.999 < positions[1] < 1


def test_joint_outside_the_solved_part_is_refused_by_name() -> None:
    g = grid("S1-A 100", "A-B 100")
    joints, _ = build_joints(np.array([line(g, "A-B")]), np.array([0.5]))
    keep = g.buses.bus_id != "B"
    with pytest.raises(InputError, match="line A-B is cut"):
        build_network(g, build_topology(g), keep=keep, joints=joints)


def test_grid_without_lines_has_no_spans() -> None:
    assert len(line_span_m(grid("S1>A 400").lines)) == 0
