"""The supply tree: known answers on small grids, networkx as the oracle on random ones."""

from __future__ import annotations

import itertools
import random
from dataclasses import fields, replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.model.grid import Grid, SwitchedKind
from gisplan.network.snapshot import Topology
from gisplan.network.topology import build_topology
from tests.grids import grid, row

ROOT = "the world"


def bus(g: Grid, name: str) -> int:
    return row(g.buses.bus_id, name)


def supplied(g: Grid, t: Topology) -> set[str]:
    return set(g.buses.bus_id[t.source >= 0].tolist())


def meshed(g: Grid, t: Topology) -> set[str]:
    return set(g.buses.bus_id[t.is_meshed].tolist())


def parents(g: Grid, t: Topology) -> dict[str, str]:
    names = g.buses.bus_id
    return {str(names[b]): str(names[p]) for b, p in enumerate(t.parent_bus.tolist()) if p >= 0}


def feeders(g: Grid, t: Topology) -> dict[str, str]:
    """Head line by bus, of the buses that belong to a feeder."""
    heads = g.lines.line_id[t.feeder_head]
    return {
        str(g.buses.bus_id[b]): str(heads[f]) for b, f in enumerate(t.feeder.tolist()) if f >= 0
    }


def transformers(g: Grid, rows: np.ndarray) -> dict[str, str]:  # type: ignore[type-arg]
    ids = g.transformers.transformer_id
    return {str(g.buses.bus_id[b]): str(ids[r]) for b, r in enumerate(rows.tolist()) if r >= 0}


def test_open_switch_is_not_crossed() -> None:
    g = grid("S1-A 100", "A-B 50 open", "B-C 50")
    assert supplied(g, build_topology(g)) == {"S1", "A"}


def test_open_switch_opens_its_own_end_only() -> None:
    g = grid("S1-A 100 open", "A-B 50 open@A")
    t = build_topology(g)
    assert t.line_from_closed[row(g.lines.line_id, "S1-A")]
    assert not t.line_to_closed[row(g.lines.line_id, "S1-A")]
    assert not t.line_from_closed[row(g.lines.line_id, "A-B")]
    assert t.line_to_closed[row(g.lines.line_id, "A-B")]


def test_closed_switch_is_crossed() -> None:
    g = grid("S1-A 100 closed@A")
    assert supplied(g, build_topology(g)) == {"S1", "A"}


def test_line_out_of_service_is_no_path() -> None:
    g = grid("S1-A 100 out", "S1-B 10", "B>L 630 out")
    assert supplied(g, build_topology(g)) == {"S1", "B"}


def test_open_transformer_switch_cuts_its_secondary_off() -> None:
    g = grid("S1-A 100", "A>B 630 open", "A>C 630 open@C")
    t = build_topology(g)
    assert supplied(g, t) == {"S1", "A"}
    assert not t.transformer_closed.any()


def test_closed_coupler_joins_buses_and_open_one_does_not() -> None:
    g = grid("S1=A", "A=B open")
    t = build_topology(g)
    assert supplied(g, t) == {"S1", "A"}
    assert t.parent_kind[bus(g, "A")] == SwitchedKind.BUS
    assert t.parent_branch[bus(g, "A")] == row(g.switches.switch_id, "S1=A")


def test_every_bus_stands_after_its_parent() -> None:
    g = grid("A-S1 100", "A-B 10", "B-C 10", "C-S2 10 open")
    t = build_topology(g)
    place = {b: i for i, b in enumerate(t.order.tolist())}
    assert all(place[t.parent_bus[b]] < place[b] for b in place if t.parent_bus[b] >= 0)
    assert sorted(place) == np.flatnonzero(t.source >= 0).tolist()


def test_parent_branch_is_the_row_in_the_table_of_its_kind() -> None:
    g = grid("S1-A 100", "A>B 630", "S1-Z 10")
    t = build_topology(g)
    assert t.parent_branch[bus(g, "Z")] == row(g.lines.line_id, "S1-Z")
    assert t.parent_kind[bus(g, "B")] == SwitchedKind.TRANSFORMER
    assert t.parent_branch[bus(g, "B")] == row(g.transformers.transformer_id, "A>B")


def test_bus_without_supply_has_no_branch_source_or_feeder() -> None:
    g = grid("S1-A 100", "X-Y 10")
    t = build_topology(g)
    for column in (t.parent_bus, t.parent_branch, t.source, t.feeder, t.transformer):
        assert column[bus(g, "Y")] == -1
    assert t.parent_kind[bus(g, "Y")] == 255


def test_each_bus_belongs_to_the_nearest_source() -> None:
    g = grid("S1-A 100", "A-B 100", "B-C 100", "C-S2 100")
    t = build_topology(g)
    near_first = [bus(g, name) for name in ("S1", "A", "B", "C", "S2")]
    assert t.source[near_first].tolist() == [0, 0, 0, 1, 1]  # B is as near to both: the first


def test_path_of_fewest_branches_wins_and_then_the_first_bus_id() -> None:
    g = grid("S1-A 100", "S1-B 1", "A-C 100", "B-C 1", "C-D 1", "S1-D 900")
    t = build_topology(g)
    assert parents(g, t) == {"A": "S1", "B": "S1", "C": "A", "D": "S1"}


def test_ring_with_open_point_is_radial() -> None:
    g = grid("S1-A 100", "A-B 50 open", "S1-B 400")
    assert meshed(g, build_topology(g)) == set()


def test_loop_is_meshed_but_not_what_leads_to_it_or_hangs_on_it() -> None:
    g = grid("S1-A 10", "A-B 10", "B-C 10", "C-A 10", "C-D 10")
    assert meshed(g, build_topology(g)) == {"A", "B", "C"}


def test_parallel_lines_and_transformers_are_loops() -> None:
    g = grid("S1-A 10", "S1-A 10", "A-B 10", "B>C 630", "B>C 630")
    assert meshed(g, build_topology(g)) == {"S1", "A", "B", "C"}


def test_path_between_two_sources_is_a_loop() -> None:
    g = grid("S1-A 10", "A-S2 10", "A-B 10")
    assert meshed(g, build_topology(g)) == {"S1", "A", "S2"}


def test_two_sources_on_one_bus_are_no_loop_and_the_first_one_counts() -> None:
    g = grid("S1-A 10", "S2-B 10")
    t = build_topology(replace(g, sources=replace(g.sources, bus=np.array([bus(g, "S1")] * 2))))
    assert supplied(g, t) == {"S1", "A"}
    assert t.source[bus(g, "A")] == 0
    assert meshed(g, t) == set()


def test_loop_without_supply_is_not_meshed() -> None:
    g = grid("S1-A 10", "X-Y 10", "Y-Z 10", "Z-X 10")
    assert meshed(g, build_topology(g)) == set()


def test_line_from_a_bus_to_itself_is_no_branch() -> None:
    g = grid("S1-A 10", "A-A 10")
    assert meshed(g, build_topology(g)) == set()


SUBSTATION = ("S1 110000V", "S1>M 40000 110/20", "M-A 10", "A-B 10", "M-C 10", "B>L 630", "L-H 10")


def test_feeder_begins_at_the_busbar_of_the_main_transformer() -> None:
    g = grid(*SUBSTATION)
    assert feeders(g, build_topology(g)) == {
        "A": "M-A",
        "B": "M-A",
        "L": "M-A",
        "H": "M-A",
        "C": "M-C",
    }


def test_feeders_are_ordered_by_their_head_line() -> None:
    g = grid(*SUBSTATION)
    assert g.lines.line_id[build_topology(g).feeder_head].tolist() == ["M-A", "M-C"]


def test_transformers_are_told_by_level() -> None:
    g = grid(*SUBSTATION)
    t = build_topology(g)
    assert transformers(g, t.transformer) == {"L": "B>L", "H": "B>L"}
    assert transformers(g, t.main_transformer) == dict.fromkeys("MABCLH", "S1>M")


def test_coupled_sections_are_one_busbar() -> None:
    g = grid("S1>M 40000 110/20", "M=N", "N-A 10", "M-B 10")
    t = build_topology(g)
    assert feeders(g, t) == {"A": "N-A", "B": "M-B"}
    assert transformers(g, t.main_transformer) == dict.fromkeys("MNAB", "S1>M")


def test_source_without_main_transformer_is_the_busbar() -> None:
    g = grid("S1=Z", "S1-A 10", "Z-B 10", "A-C 10")
    assert feeders(g, build_topology(g)) == {"A": "S1-A", "C": "S1-A", "B": "Z-B"}


def test_high_voltage_lines_before_the_main_transformer_are_no_feeders() -> None:
    g = grid("S1 110000V", "S1-H 5000", "H>M 40000 110/20", "M-A 10")
    assert feeders(g, build_topology(g)) == {"A": "M-A"}


def test_sources_decide_on_their_busbars_one_by_one() -> None:
    g = grid("S1 110000V", "S1-H 5000", "H>M 40000 110/20", "M-A 10", "S2-B 10")
    assert feeders(g, build_topology(g)) == {"A": "M-A", "B": "S2-B"}


def test_backfeed_through_another_busbar_stays_on_its_feeder() -> None:
    g = grid("S1>M 40000 110/20", "M-A 10", "A-N 10", "S2>N 40000 110/20 out", "N-B 10")
    assert feeders(g, build_topology(g))["B"] == "M-A"


def test_what_a_transformer_feeds_backwards_has_no_transformer() -> None:
    g = grid("S1 400V", "A>S1 630", "A-B 10")
    t = build_topology(g)
    assert supplied(g, t) == {"S1", "A", "B"}
    assert transformers(g, t.transformer) == {}


def test_regulating_transformer_changes_neither_level() -> None:
    g = grid("S1>M 40000 110/20", "M-A 10", "A>B 5000 20/10", "B>L 630 10/0.4")
    t = build_topology(g)
    assert transformers(g, t.transformer) == {"L": "B>L"}
    assert transformers(g, t.main_transformer) == dict.fromkeys("MABL", "S1>M")


def test_grid_without_branches_supplies_its_source_only() -> None:
    g = grid("S1", "A")
    t = build_topology(g)
    assert supplied(g, t) == {"S1"}
    assert len(t.feeder_head) == 0


# Random grids

NAMES = ("S1", "S2", *"ABCDEFG")


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    ends = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda e: e[0] != e[1])
    drawn = draw(st.lists(ends, min_size=1, max_size=14))
    forms = ("{}-{} 10", "{}-{} 10", "{}-{} 10 open", "{}-{} 10 out", "{}={}", "{}={} open")
    forms += ("{}>{} 630", "{}>{} 40000 110/20")
    return ["S1", "S2", *(draw(st.sampled_from(forms)).format(*end) for end in drawn)]


def oracle(g: Grid) -> nx.MultiGraph[object]:
    """Closed branches as networkx sees them, all sources hanging on one node."""
    graph: nx.MultiGraph[object] = nx.MultiGraph()
    graph.add_nodes_from(g.buses.bus_id.tolist())
    tables = (
        (g.lines.from_bus, g.lines.to_bus, g.lines.in_service, SwitchedKind.LINE),
        (
            g.transformers.hv_bus,
            g.transformers.lv_bus,
            g.transformers.in_service,
            SwitchedKind.TRANSFORMER,
        ),
    )
    switches = list(zip(*(getattr(g.switches, f.name) for f in fields(g.switches)), strict=True))
    for a, b, in_service, kind in tables:
        for r in range(len(a)):
            opened = any(k == kind and e == r and not c for _, _, k, e, c, _ in switches)
            if in_service[r] and not opened:
                graph.add_edge(str(g.buses.bus_id[a[r]]), str(g.buses.bus_id[b[r]]))
    for _, at, kind, element, closed, _ in switches:
        if kind == SwitchedKind.BUS and closed:
            graph.add_edge(str(g.buses.bus_id[at]), str(g.buses.bus_id[element]))
    graph.add_edges_from((ROOT, str(g.buses.bus_id[at])) for at in g.sources.bus)
    return graph


@settings(max_examples=150, deadline=None)
@given(text=rows())
def test_supply_equals_reachability(text: list[str]) -> None:
    g = grid(*text)
    assert supplied(g, build_topology(g)) == nx.node_connected_component(oracle(g), ROOT) - {ROOT}


@settings(max_examples=150, deadline=None)
@given(text=rows())
def test_meshed_buses_touch_a_branch_that_is_no_bridge(text: list[str]) -> None:
    g = grid(*text)
    graph = oracle(g).subgraph(nx.node_connected_component(oracle(g), ROOT))
    bridges = {frozenset(edge) for edge in nx.bridges(graph)}
    in_loop = {frozenset(edge[:2]) for edge in graph.edges} - bridges
    assert meshed(g, build_topology(g)) == set(itertools.chain(*in_loop)) - {ROOT}


@settings(max_examples=150, deadline=None)
@given(text=rows())
def test_tree_is_a_shortest_path_tree_in_branches(text: list[str]) -> None:
    g = grid(*text)
    depth = nx.single_source_shortest_path_length(oracle(g), ROOT)
    for child, parent in parents(g, build_topology(g)).items():
        assert depth[child] == depth[parent] + 1
        assert oracle(g).has_edge(child, parent)


@settings(max_examples=100, deadline=None)
@given(text=rows(), order=st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(text: list[str], order: random.Random) -> None:
    shuffled = list(text)
    order.shuffle(shuffled)
    kept = [line for line in text if not _is_repeated(line, text)]
    shuffled = [line for line in shuffled if line in kept]
    one, other = grid(*kept), grid(*shuffled)
    for field in fields(Topology):
        np.testing.assert_array_equal(
            getattr(build_topology(one), field.name), getattr(build_topology(other), field.name)
        )


def _is_repeated(line: str, text: list[str]) -> bool:
    return sum(other.partition(" ")[0] == line.partition(" ")[0] for other in text) > 1


@settings(max_examples=100, deadline=None)
@given(
    parent=st.lists(st.integers(0, 9), min_size=1, max_size=9), names=st.permutations("ABCDEFGHIJ")
)
def test_renumbering_a_radial_grid_changes_neither_supply_nor_feeder(
    parent: list[int], names: list[str]
) -> None:
    """Bus i + 1 hangs on an earlier bus; the letters that they are called by are exchanged."""
    edges = [(p % (i + 1), i + 1) for i, p in enumerate(parent)]

    def build(called: list[str]) -> Grid:
        label = ["S1", *called]
        return grid(*(f"{label[a]}-{label[b]} 10 id=line{b}" for a, b in edges))

    plain, renamed = build(list("ABCDEFGHIJ")), build(list(names))
    translation = {"S1": "S1", **dict(zip("ABCDEFGHIJ", names, strict=True))}
    expected = feeders(plain, build_topology(plain))
    assert feeders(renamed, build_topology(renamed)) == {
        translation[b]: head for b, head in expected.items()
    }


@pytest.mark.parametrize("size", [1, 2, 2000])
def test_long_chain_is_traced_to_its_end(size: int) -> None:
    names = ["S1", *(f"B{i:05}" for i in range(size))]
    g = grid(*(f"{a}-{b} 1" for a, b in itertools.pairwise(names)))
    t = build_topology(g)
    assert len(t.order) == size + 1
    assert (t.feeder >= 0).sum() == size
