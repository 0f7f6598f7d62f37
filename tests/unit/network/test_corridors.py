"""Corridors of hand-made towns with known answers."""

import numpy as np
import pytest
import shapely

from gisplan.model.grid import CorridorKind, Laying, Surface
from gisplan.network.corridors import build_corridors
from gisplan.network.snapshot import CorridorGraph
from gisplan.network.strands import CorridorSettings
from tests.grids import grid, row


def edge_lengths(graph: CorridorGraph, kind: CorridorKind) -> list[float]:
    return sorted(np.round(graph.edge_length_m[graph.edge_kind == kind], 2).tolist())


def node_at(graph: CorridorGraph, x_m: float, y_m: float) -> int:
    return int(np.argmin(np.hypot(graph.node_x_m - x_m, graph.node_y_m - y_m)))


def meetings(graph: CorridorGraph, node: int) -> list[tuple[int, int, float]]:
    rows = slice(graph.node_meeting_offset[node], graph.node_meeting_offset[node + 1])
    return [
        (int(line), int(bus), round(float(offset), 2))
        for line, bus, offset in zip(
            graph.meeting_line[rows],
            graph.meeting_bus[rows],
            graph.meeting_offset_m[rows],
            strict=True,
        )
    ]


def test_crossing_streets_are_cut_where_they_cross() -> None:
    graph = build_corridors(grid("street 0,50 100,50", "street 50,0 50,100"))
    assert edge_lengths(graph, CorridorKind.STREET) == [50.0] * 4
    assert len(graph.node_x_m) == 5
    assert len(graph.arc_edge) == 8


def test_main_is_a_corridor_and_can_be_met_along_it() -> None:
    town = grid("S1-A 100", "A-B 60")
    graph = build_corridors(town)
    start, middle = town.buses.x_m[row(town.buses.bus_id, "S1")], row(town.buses.bus_id, "A")
    line_one, line_two = row(town.lines.line_id, "S1-A"), row(town.lines.line_id, "A-B")
    at_a = node_at(graph, town.buses.x_m[middle], town.buses.y_m[middle])
    assert (line_one, -1, 100.0) in meetings(graph, at_a)
    assert (line_two, -1, 0.0) in meetings(graph, at_a)
    assert (line_one, -1, 0.0) in meetings(graph, node_at(graph, float(start), 0.0))
    assert sorted(graph.edge_line.tolist()) == sorted([line_one, line_two])


def test_service_and_overhead_line_are_no_corridor() -> None:
    graph = build_corridors(grid("S1-A 100", "A-B 20 service", "A-C 40 overhead"))
    assert edge_lengths(graph, CorridorKind.STREET) == [100.0]


def test_street_beside_a_main_is_linked_to_it() -> None:
    graph = build_corridors(grid("S1-A 100", "street 0,4 100,4"))
    assert graph.component.max() == 0
    assert 4.0 in edge_lengths(graph, CorridorKind.STREET)


def test_parts_that_do_not_meet_are_joined_over_open_ground() -> None:
    graph = build_corridors(grid("street 0,0 100,0", "street 0,80 100,80", "street 0,400 9,400"))
    assert edge_lengths(graph, CorridorKind.OPEN_GROUND) == [80.0, 320.0]
    assert graph.component.max() == 0


def test_gap_wider_than_the_default_stays_open() -> None:
    settings = CorridorSettings(open_ground_max_m=79.0)
    graph = build_corridors(grid("street 0,0 100,0", "street 0,80 100,80"), settings)
    assert edge_lengths(graph, CorridorKind.OPEN_GROUND) == []
    assert graph.component.max() == 1


def test_no_corridor_enters_a_building() -> None:
    town = grid("street 0,0 100,0", "obstacle 40,-5 60,-5 60,5 40,5")
    graph = build_corridors(town)
    house = shapely.box(40, -5, 60, 5).buffer(-0.02)
    edges = [shapely.LineString(graph.shape.row(edge)) for edge in range(len(graph.edge_from))]
    assert not any(edge.intersects(house) for edge in edges)
    assert edge_lengths(graph, CorridorKind.STREET) == [40.0, 40.0]


def test_cabinet_on_a_street_is_met_there_and_one_beside_it_adds_nothing() -> None:
    town = grid(
        "B cabinet 400V @50,0", "C cabinet 400V @30,20", "street 0,0 50,0", "street 50,0 100,0"
    )
    graph = build_corridors(town)
    node = node_at(graph, 50.0, 0.0)
    assert meetings(graph, node) == [(-1, row(town.buses.bus_id, "B"), 0.0)]
    assert edge_lengths(graph, CorridorKind.STREET) == [50.0, 50.0]
    assert row(town.buses.bus_id, "C") not in graph.meeting_bus


def test_pole_is_joined_to_the_nearest_street() -> None:
    town = grid("P pole 400V @50,20", "street 0,0 100,0", "street 0,60 100,60", "street 0,0 0,60")
    graph = build_corridors(town)
    assert meetings(graph, node_at(graph, 50.0, 20.0)) == [(-1, 0, 0.0)]
    assert edge_lengths(graph, CorridorKind.STREET) == [20.0, 50.0, 50.0, 60.0, 100.0]


def test_overhead_line_is_joined_where_it_comes_nearest() -> None:
    town = grid("S1-A 100 overhead", "street 30,10 30,90")
    graph = build_corridors(town)
    assert (row(town.lines.line_id, "S1-A"), -1, 30.0) in meetings(graph, node_at(graph, 30, 0))


def test_two_mains_in_one_trench_are_both_met() -> None:
    town = grid("S1-A 100", "S1-B 100", "A joint @100,0", "B joint @100,0")
    graph = build_corridors(town)
    assert len(graph.edge_from) == 1
    assert sorted(graph.edge_line.tolist()) == [0, 1]


def test_order_of_the_source_does_not_matter() -> None:
    streets = ["street 0,50 100,50 id=K1", "street 50,0 50,100 id=K2", "street 0,0 100,90 id=K3"]
    one, other = build_corridors(grid(*streets)), build_corridors(grid(*reversed(streets)))
    assert np.array_equal(one.node_x_m, other.node_x_m)
    assert np.array_equal(one.arc_node, other.arc_node)
    assert np.array_equal(one.shape.xy_m, other.shape.xy_m)


def test_grid_without_any_corridor_gives_an_empty_graph() -> None:
    graph = build_corridors(grid("S1-A 100 overhead"))
    assert len(graph.node_x_m) == 0
    assert graph.arc_offset.tolist() == [0]


def test_parts_are_joined_to_the_nearest_at_every_distance() -> None:
    streets = [f"street 0,{y} 100,{y}" for y in (0, 12, 40, 90, 190, 400, 900)]
    graph = build_corridors(grid(*streets))
    assert edge_lengths(graph, CorridorKind.OPEN_GROUND) == [12, 28, 50, 100, 210, 500]


def test_street_between_two_forbidden_areas_is_cut_by_both() -> None:
    town = grid(
        "street 0,0 100,0", "obstacle 20,-5 30,-5 30,5 20,5", "obstacle 28,-5 50,-5 50,5 28,5"
    )
    graph = build_corridors(town, CorridorSettings(open_ground_max_m=1.0))
    assert edge_lengths(graph, CorridorKind.STREET) == [20.0, 50.0]


def test_recorded_right_of_way_opens_a_forbidden_area() -> None:
    town = grid("street 0,0 100,0", "obstacle 40,-5 60,-5 60,5 40,5 wayleave")
    graph = build_corridors(town)
    assert edge_lengths(graph, CorridorKind.STREET) == [100.0]
    assert graph.edge_cost_factor.tolist() == [1.0]


@pytest.mark.parametrize(("street", "trench"), [("K1", "K2"), ("K2", "K1")])
def test_trench_and_street_on_one_line_are_both_there_whatever_their_names(
    street: str, trench: str
) -> None:
    graph = build_corridors(grid(f"street 0,0 100,0 id={street}", f"trench 0,0 100,0 id={trench}"))
    assert graph.edge_kind.tolist() == [CorridorKind.TRENCH, CorridorKind.STREET]
    assert graph.edge_place.tolist() == [0, 0]
    assert graph.arc_edge.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "other",
    ["street 0,0 100,0 verge", "street 0,0 100,0 duct", "street 0,0 100,0 owner=B"],
)
def test_corridors_that_differ_on_one_line_are_edges_side_by_side(other: str) -> None:
    town = grid("street 0,0 100,0 owner=A id=K1", other + " id=K2")
    graph = build_corridors(town)
    assert sorted(graph.edge_corridor_row.tolist()) == [0, 1]
    assert graph.edge_length_m.tolist() == [100.0, 100.0]


def test_corridor_that_is_given_twice_is_one_edge() -> None:
    graph = build_corridors(grid("street 0,0 100,0 id=K1", "street 0,0 100,0 id=K2"))
    assert graph.edge_corridor_row.tolist() == [0]


def test_ducts_beside_part_of_a_street_are_an_edge_of_their_own_there() -> None:
    town = grid("street 0,0 100,0", "duct_bank 30,0 70,0 ducts=2 duct owner=tele")
    graph = build_corridors(town)
    assert edge_lengths(graph, CorridorKind.DUCT_BANK) == [40.0]
    assert edge_lengths(graph, CorridorKind.STREET) == [30.0, 30.0, 40.0]
    duct = np.flatnonzero(graph.edge_kind == CorridorKind.DUCT_BANK)
    assert graph.edge_laying[duct].tolist() == [Laying.DUCT]
    assert np.unique(graph.edge_place).tolist() == [0, 1, 2]


def test_trace_of_a_main_counts_only_where_no_corridor_is_given() -> None:
    town = grid("S1-A 100", "street 0,0 60,0 asphalt")
    graph = build_corridors(town)
    assert dict(
        zip(graph.edge_length_m.round(2).tolist(), graph.edge_surface.tolist(), strict=True)
    ) == {60.0: Surface.ASPHALT, 40.0: Surface.PAVING}
    assert graph.edge_line.tolist() == [0, 0]
    assert sorted(graph.edge_corridor_row.tolist()) == [-1, 0]


def test_links_and_traces_belong_to_no_corridor_of_the_source() -> None:
    graph = build_corridors(grid("S1-A 100", "street 0,4 100,4"))
    given = graph.edge_corridor_row >= 0
    assert graph.edge_length_m[given].tolist() == [100.0]
    assert (graph.edge_laying == Laying.UNKNOWN).all()


def test_full_duct_bank_is_no_corridor() -> None:
    graph = build_corridors(grid("duct_bank 0,0 100,0 ducts=0", "duct_bank 0,5 100,5 ducts=2"))
    assert edge_lengths(graph, CorridorKind.DUCT_BANK) == [100.0]


def test_corridor_shorter_than_a_centimetre_is_no_corridor() -> None:
    assert len(build_corridors(grid("street 0,0 0.001,0")).edge_from) == 0
