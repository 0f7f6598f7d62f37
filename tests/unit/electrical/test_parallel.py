"""Which branches are merged, which close loops, and how busbars hang."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.base.parallel import NO_COUPLER, busbars, hang_busbars_once
from gisplan.electrical.base.tree import SupplyTree, build_tree
from gisplan.electrical.flow.network_input import build_network
from gisplan.model.grid import Grid, SwitchedKind
from gisplan.network.topology import build_topology
from tests.grids import grid
from tests.unit.electrical.networks import bus


def tree_of(g: Grid) -> SupplyTree:
    topology = build_topology(g)
    return build_tree(build_network(g, topology), topology)


def names(g: Grid, tree: SupplyTree) -> set[str]:
    """Members of merged groups."""
    tables = {
        SwitchedKind.LINE: g.lines.line_id,
        SwitchedKind.TRANSFORMER: g.transformers.transformer_id,
    }
    kinds = tree.arrays.kind[tree.members.node]
    rows = tree.members.row
    return {str(tables[SwitchedKind(k)][r]) for k, r in zip(kinds, rows, strict=True)}


@pytest.mark.parametrize(
    ("rows", "merged", "chords"),
    [
        (("A>B 400", "A>B 400 id=T2"), {"A>B", "T2"}, 0),
        (("A>B 400", "A>C 250", "B=C"), {"A>B", "A>C"}, 0),
        (("A>B 400", "A>B 400 id=T2 tap=1"), set(), 1),
        (("A>B 400", "A>B 400 id=T2 clock=11"), set(), 1),
        (("A>B 400", "A>C 400", "B-C 10"), set(), 1),
        (("A-B 400", "B-A 100", "A-B 200 id=L3"), {"A-B", "B-A", "L3"}, 0),
        (("A-B 400", "A-C 300", "B-C 100"), set(), 1),
        (("A-B 400", "A>B 400 20/20 id=T2"), set(), 1),
        (("A=B", "A-B 400"), set(), 0),
        (("A=B", "B=C", "C=A"), set(), 0),
        (("A-B 100", "A-C 90", "B=C"), {"A-B", "A-C"}, 0),
        # a transformer drawn the other way round has the inverse ratio of the other one
        (("A>B 400 20/20 tap=2", "B>A 400 20/20 tap=2 id=T2"), set(), 1),
        (("A>B 400 20/20 clock=0", "B>A 400 20/20 clock=0 id=T2"), {"A>B", "T2"}, 0),
    ],
)
def test_what_is_parallel_is_merged_and_all_else_closes_loops(
    rows: tuple[str, ...], merged: set[str], chords: int
) -> None:
    g = grid("S1-A 100", *rows)
    tree = tree_of(g)
    assert names(g, tree) == merged
    assert len(tree.chords) == chords


def test_shares_of_a_group_sum_up_to_one() -> None:
    g = grid("S1-A 100", "A>B 400 vk=4", "A>B 250 id=T2", "A>B 630 id=T3", "S1-C 50", "C-S1 70")
    members = tree_of(g).members
    for node in np.unique(members.node):
        assert members.share[members.node == node].sum() == pytest.approx(1.0)
    # the branch of the tree stands first in its group
    assert len(members.node) == 5


def test_a_busbar_is_what_closed_couplers_join() -> None:
    g = grid("S1-A 100", "A=B", "B=C", "C=D open", "D-E 10")
    bar = busbars(build_network(g, build_topology(g)), len(g.buses.bus_id))
    assert bar[bus(g, "A")] == bar[bus(g, "B")] == bar[bus(g, "C")] != bar[bus(g, "D")]


def test_a_busbar_fed_twice_hangs_on_its_first_part() -> None:
    g = grid("S1-A 100", "S1-B 100", "A=B", "B-C 10")
    topology = build_topology(g)
    bar = busbars(build_network(g, topology), len(g.buses.bus_id))
    hung = hang_busbars_once(topology, bar)
    b = bus(g, "B")
    assert hung.parent_bus[b] == bus(g, "A")
    assert (hung.parent_kind[b], hung.parent_branch[b]) == (SwitchedKind.BUS, NO_COUPLER)
    assert topology.parent_bus[b] == bus(g, "S1")


def test_two_sources_on_one_busbar_stay_roots() -> None:
    g = grid("S1=S2", "S1-A 100", "S2-B 100")
    tree = tree_of(g)
    assert sorted(tree.root.tolist()) == [bus(g, "S1"), bus(g, "S2")]


def test_a_line_beside_a_coupler_does_not_feed() -> None:
    g = grid("S1-A 100", "A-B 100", "A=B", "B-C 10")
    tree = tree_of(g)
    b = bus(g, "B")
    assert tree.arrays.kind[b] == SwitchedKind.BUS
    assert tree.arrays.impedance[b] == 0
    assert not tree.arrays.needs_ac.any()
