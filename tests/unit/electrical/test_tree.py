"""The supply tree: its power flow against AC by power-grid-model, its shape, its ratings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.electrical.base.areas import areas
from gisplan.electrical.base.ratings import line_limits_kva, transformer_limits_kva
from gisplan.electrical.demand import FEEDER, MAIN, SUBSTATION, TRANSFORMER
from gisplan.electrical.flow.segments import Joints, build_joints
from gisplan.model.grid import Grid, Integers
from gisplan.network.topology import build_topology
from tests.grids import grid
from tests.unit.electrical.networks import TOWN, bus, line, random_town, transformer
from tests.unit.electrical.random_grids import random_network, tapped_anywhere
from tests.unit.electrical.tree_flow import (
    TreeFlow,
    dense_mismatch,
    difference_to_ac,
    lay_flow,
)

SEEDS = st.integers(0, 100_000)


def check_against_ac(flow: TreeFlow, within: float = 1e-8) -> None:
    """``within`` is per unit; a meshed net is as exact in a Newton step of its own matrix.

    The other model joins busbars by links that are not quite without impedance: about 1e-8 p.u. for
    each megawatt that passes.
    """
    found = difference_to_ac(flow)
    within += 2e-11 * float(np.abs(flow.power_kva).sum())
    assert found.voltage_pu < within
    assert found.transformer_loading < 100 * within
    assert found.transformer_kva < 1e6 * within
    assert found.current < 1e5 * within


def some_joints(g: Grid, seed: int) -> tuple[Joints, Integers]:
    pick = np.random.default_rng(seed)
    lines = np.flatnonzero(g.lines.in_service)
    chosen = pick.choice(lines, pick.integers(0, 4))
    joints, _ = build_joints(chosen, pick.uniform(0.05, 0.95, len(chosen)))
    return joints, pick.uniform(0, 8, len(joints)) + 1j * pick.uniform(0, 3, len(joints))


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_random_town_is_solved_as_by_ac(seed: int) -> None:
    check_against_ac(lay_flow(tapped_anywhere(grid(*random_town(seed)), seed)))


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.floats(0.5, 2.0))
def test_random_radial_network_with_joints_is_solved_as_by_ac(seed: int, load: float) -> None:
    g = random_network(seed, load=load, zero_impedance=False)
    joints, drawn = some_joints(g, seed)
    flow = lay_flow(g, joints, drawn)
    check_against_ac(flow)
    assert dense_mismatch(flow) < 1e-10


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(1, 8), st.integers(1, 2), st.floats(0.5, 3.0))
def test_weakly_meshed_network_is_solved_as_by_ac(
    seed: int, chords: int, sources: int, load: float
) -> None:
    g = random_network(seed, chords=chords, sources=sources, load=load, zero_impedance=False)
    joints, drawn = some_joints(g, seed)
    flow = lay_flow(g, joints, drawn)
    # power-grid-model stops at 1e-8 itself and joins busbars by a small impedance
    check_against_ac(flow, 2e-7)
    assert dense_mismatch(flow) < 1e-9


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(0, 4))
def test_lines_without_impedance_are_solved_as_by_ac(seed: int, chords: int) -> None:
    g = random_network(seed, chords=chords, zero_impedance=True)
    check_against_ac(lay_flow(g), 2e-7)


LOADED = ("C: 200 kW 40 kvar", "D: 100 kW 20 kvar")


@pytest.mark.parametrize(
    "rows",
    [
        ("S1-A 4000 open", "S1-B 3000", "B: 900 kW"),
        ("S1-A 4000 open@S1", "S1-B 100"),
        ("S1-A 9000", "A: 10 kW"),  # line charging
        ("S1>A 400 x2 tap=2", "A: 500 kW 100 kvar"),
        ("A>S1 400 tap=-2", "A-B 500", "B: 100 kW 20 kvar"),  # fed backwards
        ("S1-A 100", "B>A 400 20/20 tap=1", "B-C 300", "C: 200 kW"),
        ("S1-A 100", "A>B 400", "A>B 400 id=T2", "B-C 200", *LOADED, "C-D 10"),
        ("S1-A 100", "A>B 400", "A>C 400 id=T2", "B=C", "C-D 200", *LOADED),
        ("S1-A 100", "A>B 400 vk=4", "A>B 250 id=T2", "B-C 200", "C-D 20", *LOADED),
        ("S1-A 100", "A>B 400 tap=-1", "A>B 400 id=T2", "B-C 200", "C-D 20", *LOADED),
        ("S1-A 100", "A>B 400 x2", "A>C 250 id=T2", "B-C 30", "C-D 20", *LOADED),
        ("S1-A 500", "A-S1 700", "S1-A 900 r=0 x=0 c=0", "A: 1000 kW"),  # parallel lines
        ("S1-A 100", "S1-B 100", "A=B", "A-C 50", "B-D 50", "C=D", *LOADED),
        ("S1-A 100", "S1-B 400", "A=B", "B-C 100", "C-D 10", *LOADED),  # ring with a coupler
        ("S1-A 100", "S2-B 200", "A-C 300", "C-D 50", "D-B 40", *LOADED),  # two sources
        ("S1=S2", "S1-C 100", "S2-C 200", "C-D 100", *LOADED),
        ("S1=A", "A=B", "B=S1", "B-C 100", "C-D 10", *LOADED),  # a ring of couplers only
        ("S1-A 100 r=0 x=0 c=0", "A-C 1000", "C-D 5 r=0 x=0", *LOADED),
        ("S1-A 100", "A=B", "A-B 500", "B-C 100", "C-D 10", *LOADED),  # a line beside a coupler
        ("S1-A 100", "X-Y 100", "Y: 5 kW", "A: 10 kW"),  # an island
        ("S1-A 100", "A-B 100 out", "B: 5 kW", "A: 10 kW"),
        ("S1-A 100", "A>B 400 out", "B: 5 kW", "A: 10 kW"),
        ("S1-A 100", "A>B 400 open", "B: 5 kW", "A: 10 kW"),
        ("S1-A 100", "A>B 400 clock=5", "A>B 400 id=T2 clock=6", "B: 100 kW"),
        ("S1-A 100", "A>B 400 clock=5", "A>C 400 clock=5", "B-C 50", "C-D 9", *LOADED),
        # the shifts of both transformers cancel around the loop
        ("S1-A 100", "S1-C 90", "A>B 400 clock=5", "C>D 400 clock=5", "B-D 50", *LOADED),
    ],
)
def test_switching_state_is_solved_as_by_ac(rows: tuple[str, ...]) -> None:
    check_against_ac(lay_flow(grid(*rows)))


@pytest.mark.parametrize("row", ["A1-A2 150", "A2-A1 150"])
@pytest.mark.parametrize("positions", [(0.3,), (0.2, 0.7), (0.1, 0.5, 0.9)])
def test_joints_on_a_line_are_solved_however_it_is_drawn(
    row: str, positions: tuple[float, ...]
) -> None:
    rows = [row if text.startswith("A1-A2") else text for text in TOWN]
    g = grid(*rows, "A-A2 700", "A3-Z 90 open", "Y-A3 80 open@Y")
    for name in (row.split(maxsplit=1)[0], "A-A2", "A3-Z", "Y-A3", "A2-A3"):
        count = len(positions)
        joints, _ = build_joints(np.full(count, line(g, name)), np.array(positions))
        check_against_ac(lay_flow(g, joints, np.full(count, 6.0 + 2.0j)))


def test_a_joint_on_the_line_that_closes_a_loop_hangs_on_its_first_bus() -> None:
    g = grid(*TOWN, "A4-A3 100")
    joints, _ = build_joints(np.array([line(g, "A4-A3")]), np.array([0.4]))
    flow = lay_flow(g, joints, np.array([5.0 + 1j]))
    assert flow.tree.closes_loop[line(g, "A4-A3")]
    assert flow.tree.arrays.parent[-1] == bus(g, "A4")
    check_against_ac(flow)


def test_loops_that_force_an_equalising_current_have_no_operating_point() -> None:
    g = grid("S1-A 100", "A>B 400 clock=5", "A>B 400 id=T2 clock=11", "B: 100 kW")
    assert not lay_flow(g).solution.converged[0]


@pytest.mark.parametrize("p_kw", [50.0, 51.0, 54.0, 57.0, 59.0])
def test_meshed_network_near_collapse_ends_on_the_upper_branch(p_kw: float) -> None:
    rows = ["S1>A 630"]
    for n in range(20):
        rows += [f"{f'L{n - 1}' if n else 'A'}-L{n} 60", f"L{n}: {p_kw} kW {p_kw / 3:.6f} kvar"]
    rows += ["L19-A 60"]
    rows += [f"L{a}-L{b} 100" for a, b in ((3, 12), (5, 15), (1, 18), (7, 9), (2, 19), (4, 16))]
    check_against_ac(lay_flow(grid(*rows)), 1e-7)


def test_an_island_has_no_state() -> None:
    flow = lay_flow(grid("S1-A 100", "X-Y 100", "X>Z 400", "Z: 5 kW", "A: 10 kW"))
    g = flow.network.grid
    assert not flow.tree.arrays.is_supplied[[bus(g, "X"), bus(g, "Y"), bus(g, "Z")]].any()
    assert flow.elements.elements.line_current_a[0, line(g, "X-Y")] == 0.0
    assert flow.elements.transformer_p_kw[0, transformer(g, "X>Z")] == 0.0


def test_a_grid_without_a_source_is_an_empty_tree() -> None:
    flow = lay_flow(grid("A-B 100", "B: 10 kW"))
    assert len(flow.tree.order) == 0
    assert flow.solution.converged[0]


def test_every_node_stands_behind_its_parent() -> None:
    g = random_network(7, chords=4, sources=2)
    joints, drawn = some_joints(g, 1)
    tree = lay_flow(g, joints, drawn).tree
    place = np.full(len(tree.arrays.parent), -1)
    place[tree.order] = np.arange(len(tree.order))
    hung = tree.order[tree.arrays.parent[tree.order] >= 0]
    assert (place[tree.arrays.parent[hung]] < place[hung]).all()


def test_a_branch_is_judged_in_the_level_of_its_element() -> None:
    g = grid(*TOWN)
    arrays = lay_flow(g).tree.arrays
    expected = {"H": SUBSTATION, "M1": FEEDER, "A": TRANSFORMER, "A2": MAIN}
    assert {name: arrays.level[bus(g, name)] for name in expected} == expected


def test_ratings_are_powers_at_nominal_voltage() -> None:
    g = grid("S1>A 400", "A-B 100 x2", "B-C 10 i=?", "B: 10 kW")
    # sqrt(3) * 400 V * 2 * 270 A
    limit_kva = line_limits_kva(g)
    assert limit_kva[line(g, "A-B")] == pytest.approx(374.12, abs=0.01)
    assert np.isinf(limit_kva[line(g, "B-C")])
    high, low = transformer_limits_kva(g)
    assert (high[0], low[0]) == (400.0, 400.0)


def test_only_what_hangs_on_a_loop_needs_ac() -> None:
    g = grid("S1-A 100", "A-B 100", "B-C 100", "C-A 80", "C-D 50", "A-E 50", "S1-F 60")
    needs_ac = lay_flow(g).tree.arrays.needs_ac
    told = {n for n in "ABCDEF" if needs_ac[bus(g, n)]}
    assert told == {"A", "B", "C", "D", "E"}


def test_parallel_branches_are_no_loop() -> None:
    g = grid("S1-A 100", "A-S1 300", "A>B 400", "A>C 250", "B=C", "C-D 20")
    tree = lay_flow(g).tree
    assert not tree.arrays.needs_ac.any()
    assert len(tree.chords) == 0
    assert tree.closes_loop[[line(g, "S1-A"), line(g, "A-S1")]].all()
    assert not tree.closes_loop[line(g, "C-D")]


def test_low_voltage_behind_coupled_transformers_is_one_area() -> None:
    g = grid("S1-A 100", "A>B 400", "A>C 250", "B=C", "B-D 20", "C-E 20", "A>F 250", "F-G 9")
    area = lay_flow(g).tree.arrays.area
    assert len({int(area[bus(g, name)]) for name in "BCDE"}) == 1
    assert area[bus(g, "G")] != area[bus(g, "D")]
    assert len(set(areas(g, build_topology(g))[[bus(g, "D"), bus(g, "E")]])) == 2


def test_a_chain_of_coupled_areas_takes_the_first() -> None:
    rows = ["S1-A 100", "A>B 400", "A>C 400", "A>D 400", "B=C", "C=D", "D-E 20", "E>F 100 0.4/0.4"]
    area = lay_flow(grid(*rows)).tree.arrays.area
    g = grid(*rows)
    assert area[bus(g, "B")] == area[bus(g, "C")] == area[bus(g, "E")]
    assert area[bus(g, "F")] != area[bus(g, "E")]


def test_the_weakest_of_parallel_branches_limits_their_group() -> None:
    # 400 kVA with 4 % takes more than its share of the 250 kVA with 6 %: 400 / 4 to 250 / 6
    g = grid("S1-A 100", "A>B 400 vk=4 vkr=1", "A>B 250 vk=6 vkr=1.5 id=T2", "B: 300 kW")
    flow = lay_flow(g)
    node = bus(g, "B")
    assert flow.tree.arrays.row[node] == transformer(g, "A>B")
    share = (400 / 4) / (400 / 4 + 250 / 6)
    assert flow.tree.arrays.limit_fed_kva[node] == pytest.approx(400 / share)
    check_against_ac(flow)


def test_parallel_lines_take_the_sum_of_their_ratings_only_where_they_are_alike() -> None:
    g = grid("S1-A 500", "S1-A 500", "A: 1000 kW")
    alike = lay_flow(g).tree.arrays.limit_fed_kva[bus(g, "A")]
    assert alike == pytest.approx(2 * line_limits_kva(g)[0])
    h = grid("S1-A 500", "S1-A 1000", "A: 1000 kW")
    # the shorter one carries two thirds
    unequal = lay_flow(h).tree.arrays.limit_fed_kva[bus(h, "A")]
    assert unequal == pytest.approx(1.5 * line_limits_kva(h)[0])


def test_unknown_rating_of_a_parallel_line_leaves_the_other_to_limit() -> None:
    g = grid("S1-A 500 i=?", "S1-A 500 id=L2", "A: 1000 kW")
    arrays = lay_flow(g).tree.arrays
    assert arrays.row[bus(g, "A")] == line(g, "L2")
    assert np.isfinite(arrays.limit_fed_kva[bus(g, "A")])


def test_order_of_rows_changes_no_voltage() -> None:
    g = random_network(11, chords=3, zero_impedance=False)
    turned = replace(
        g,
        lines=replace(
            g.lines,
            from_bus=g.lines.to_bus,
            to_bus=g.lines.from_bus,
        ),
    )
    assert lay_flow(turned).voltage_pu == pytest.approx(lay_flow(g).voltage_pu, abs=1e-10)
