"""Open points of rings, and what changes over when one moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.model.grid import Grid, SwitchedKind
from gisplan.network.snapshot import Snapshot
from gisplan.network.switching import (
    SwitchMove,
    find_moves,
    find_open_points,
    ring_elements,
    supplies_as_before,
    switched,
)
from gisplan.network.topology import build_topology
from tests.grids import grid, row
from tests.unit.electrical.networks import snapshot

RING = (
    "S1>S 25000 110/20",
    "S-A 100 closed@A",
    "A-B 100 closed@A closed@B",
    "B-C 100 open@C",
    "S-D 100 closed@D",
    "D-C 100 closed@D",
    "A>X 400",
    "X-Y 50",
)


def ring(*more: str, rows: tuple[str, ...] = RING) -> Snapshot:
    return snapshot(grid(*rows, *more))


def switch_names(g: Grid, rows: tuple[int, ...]) -> list[str]:
    return [str(g.switches.switch_id[one]) for one in rows]


def told(some: Snapshot, move: SwitchMove) -> tuple[list[str], str, str]:
    g = some.grid
    opened = str(g.switches.switch_id[move.open])
    return switch_names(g, move.close), opened, str(g.buses.bus_id[move.moved_bus])


def feeder_of(some: Snapshot, bus_id: str) -> int:
    return int(some.topology.feeder[row(some.grid.buses.bus_id, bus_id)])


def test_open_point_is_a_line_that_two_feeders_could_share() -> None:
    some = ring("X-Z 50 open@Z", "Y-Z 50", "A-N 100 open@N")
    (point,) = find_open_points(some.grid, some.topology)
    assert str(some.grid.lines.line_id[point.line]) == "B-C"
    assert switch_names(some.grid, point.close) == ["B-C@C"]


def test_open_bus_bus_switch_is_an_open_point() -> None:
    some = ring("A=D open", rows=RING[:3] + RING[4:5])
    (point,) = find_open_points(some.grid, some.topology)
    assert (point.line, switch_names(some.grid, point.close)) == (-1, ["A=D"])


def test_both_open_ends_are_closed() -> None:
    some = ring("A-D 100 open@A open@D", rows=RING[:3] + RING[4:5])
    (point,) = find_open_points(some.grid, some.topology)
    assert switch_names(some.grid, point.close) == ["A-D@A", "A-D@D"]


def test_moves_go_outward_from_the_open_point() -> None:
    some = ring()
    moves = [told(some, m) for m in find_moves(some.grid, some.topology, feeder_of(some, "B"))]
    assert moves == [
        (["B-C@C"], "A-B@B", "B"),
        (["B-C@C"], "A-B@A", "B"),
        (["B-C@C"], "S-A@A", "A"),
    ]


def test_each_feeder_of_a_ring_has_its_own_moves() -> None:
    some = ring()
    moves = [told(some, m)[1] for m in find_moves(some.grid, some.topology, feeder_of(some, "D"))]
    assert moves == ["D-C@D", "S-D@D"]


def test_open_point_within_a_feeder_moves_only_below_the_fork() -> None:
    some = ring("B-E 100 closed@E", "A-F 100 closed@F", "E-F 100 open@F", rows=RING[:3])
    moves = [told(some, m) for m in find_moves(some.grid, some.topology, feeder_of(some, "B"))]
    assert [opened for _, opened, _ in moves] == ["B-E@E", "A-B@B", "A-B@A", "A-F@F"]


def test_meshed_ring_is_left_alone() -> None:
    some = ring("A-B 100 id=twin")
    assert find_moves(some.grid, some.topology, feeder_of(some, "B")) == ()


@pytest.mark.parametrize("number", range(3))
def test_moved_part_hangs_on_the_neighbour_and_nothing_is_lost(number: int) -> None:
    some = ring()
    move = find_moves(some.grid, some.topology, feeder_of(some, "B"))[number]
    after = switched(some, dict.fromkeys(move.close, True) | {move.open: False})
    assert supplies_as_before(some.topology, after.topology)
    assert feeder_of(after, "B") == feeder_of(after, "D")
    assert (feeder_of(after, "A") == feeder_of(after, "D")) == (number == 2)
    assert feeder_of(after, "Y") == feeder_of(after, "A")


def test_closing_alone_meshes_and_opening_alone_cuts_off() -> None:
    some = ring()
    (move, *_) = find_moves(some.grid, some.topology, feeder_of(some, "B"))
    closed = switched(some, dict.fromkeys(move.close, True))
    opened = switched(some, {move.open: False})
    assert not supplies_as_before(some.topology, closed.topology)
    assert not supplies_as_before(some.topology, opened.topology)


def test_switching_leaves_the_snapshot_as_it_was() -> None:
    some = ring()
    before = some.grid.switches.closed.copy()
    switched(some, {0: not before[0]})
    assert (some.grid.switches.closed == before).all()


def test_ring_carries_lines_and_the_transformer_above() -> None:
    some = ring("S-Q 100", "Q-R 100")
    lines, names = some.grid.lines.line_id, set()
    for kind, element in ring_elements(some.grid, some.topology):
        if kind == SwitchedKind.LINE:
            names.add(str(lines[element]))
        else:
            names.add(str(some.grid.transformers.transformer_id[element]))
    assert names == {"S-A", "A-B", "S-D", "D-C", "S1>S"}


def test_grid_without_a_ring_has_none() -> None:
    some = ring(rows=RING[:3])
    assert find_open_points(some.grid, some.topology) == ()
    assert ring_elements(some.grid, some.topology) == frozenset()


@settings(max_examples=30, deadline=None)
@given(first=st.integers(1, 6), second=st.integers(1, 6), seed=st.integers(0, 10**6))
def test_every_move_of_a_random_ring_keeps_it_radial(first: int, second: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = [f"A{n}" for n in range(first)]
    other = [f"B{n}" for n in range(second)]
    rows = [
        f"{a}-{b} {rng.integers(50, 500)} closed@{b}" + (f" closed@{a}" if a != "S" else "")
        for names in (one, other)
        for a, b in zip(["S", *names], names, strict=False)
    ]
    some = snapshot(grid(*rows, f"{one[-1]}-{other[-1]} 80 open@{other[-1]}"))
    for feeder in range(len(some.topology.feeder_head)):
        for move in find_moves(some.grid, some.topology, feeder):
            after = switched(some, dict.fromkeys(move.close, True) | {move.open: False})
            assert supplies_as_before(some.topology, after.topology)
            assert not after.topology.is_meshed.any()
            moved = after.topology.feeder[move.moved_bus]
            assert moved == after.topology.feeder[move.taking_bus]
    assert (build_topology(some.grid).feeder == some.topology.feeder).all()
