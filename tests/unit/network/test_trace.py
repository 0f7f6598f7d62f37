"""Traces on a small substation with a ring that is open between C and B."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from gisplan.model.grid import SwitchedKind
from gisplan.network.topology import build_topology
from gisplan.network.trace import Trace, downstream, to_source, upstream
from gisplan.network.view import to_networkx
from tests.grids import grid, row

GRID = grid(
    "S1>M 40000 110/20",
    "M=N",
    "N-A 100",
    "A-B 40",
    "M-C 300",
    "C-B 50 open",
    "B>L 630",
    "L-H 30 service",
    "X-Y 10",
)
TOPOLOGY = build_topology(GRID)


def bus(name: str) -> int:
    return row(GRID.buses.bus_id, name)


def names(trace: Trace) -> list[str]:
    return [str(GRID.buses.bus_id[b]) for b in trace.bus]


def test_upstream_leads_to_the_source() -> None:
    assert names(upstream(TOPOLOGY, bus("H"))) == ["H", "L", "B", "A", "N", "M", "S1"]


def test_branches_of_a_trace_join_its_buses() -> None:
    trace = upstream(TOPOLOGY, bus("H"))
    assert trace.branch_kind.tolist() == [
        SwitchedKind.LINE,
        SwitchedKind.TRANSFORMER,
        SwitchedKind.LINE,
        SwitchedKind.LINE,
        SwitchedKind.BUS,
        SwitchedKind.TRANSFORMER,
    ]
    assert GRID.lines.line_id[trace.rows(SwitchedKind.LINE)].tolist() == ["L-H", "A-B", "N-A"]
    assert GRID.transformers.transformer_id[trace.rows(SwitchedKind.TRANSFORMER)].tolist() == [
        "B>L",
        "S1>M",
    ]
    assert GRID.switches.switch_id[trace.rows(SwitchedKind.BUS)].tolist() == ["M=N"]


def test_downstream_is_what_hangs_below() -> None:
    trace = downstream(TOPOLOGY, bus("A"))
    assert names(trace) == ["A", "B", "L", "H"]
    assert GRID.lines.line_id[trace.rows(SwitchedKind.LINE)].tolist() == ["A-B", "L-H"]


def test_downstream_of_a_leaf_is_the_leaf() -> None:
    trace = downstream(TOPOLOGY, bus("H"))
    assert names(trace) == ["H"]
    assert len(trace.branch) == 0


def test_downstream_of_the_source_is_all_that_is_supplied() -> None:
    assert sorted(names(downstream(TOPOLOGY, bus("S1")))) == [*"ABCHLMN", "S1"]


@pytest.mark.parametrize("trace", [upstream, downstream])
def test_bus_without_supply_is_alone_in_its_trace(trace) -> None:  # type: ignore[no-untyped-def]
    assert names(trace(TOPOLOGY, bus("X"))) == ["X"]
    assert len(trace(TOPOLOGY, bus("X")).branch) == 0


def test_way_to_source_adds_up_line_lengths() -> None:
    path = to_source(GRID, TOPOLOGY, bus("H"))
    assert path.line_length_m == 30 + 40 + 100
    assert GRID.lines.line_id[TOPOLOGY.feeder_head[path.feeder]] == "N-A"
    assert GRID.transformers.transformer_id[path.transformer] == "B>L"
    assert GRID.transformers.transformer_id[path.main_transformer] == "S1>M"
    assert GRID.sources.source_id[path.source] == "S1"
    assert not path.is_meshed


def test_way_through_a_loop_is_meshed() -> None:
    g = grid("S1-A 10", "A-B 10", "B-C 10", "C-A 10", "C-D 10")
    assert to_source(g, build_topology(g), row(g.buses.bus_id, "D")).is_meshed


def test_way_of_a_bus_without_supply_has_no_source() -> None:
    path = to_source(GRID, TOPOLOGY, bus("Y"))
    assert (path.source, path.feeder, path.line_length_m) == (-1, -1, 0)


def test_upstream_is_the_only_path_of_a_radial_grid() -> None:
    everything = to_networkx(GRID, TOPOLOGY, np.arange(len(GRID.buses.bus_id)))
    closed = nx.Graph(e[:2] for e in everything.edges(data="is_closed") if e[2])
    for name in "ABCHLMN":
        expected = nx.shortest_path(closed, name, "S1")
        assert names(upstream(TOPOLOGY, bus(name))) == expected
