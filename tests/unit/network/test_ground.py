"""Dearer areas and mains of others along an edge, by hand."""

import numpy as np
import pytest

from gisplan.network.corridors import build_corridors
from gisplan.network.snapshot import CorridorGraph
from gisplan.network.strands import CorridorSettings
from tests.grids import grid

APART = CorridorSettings(same_street_m=0.01, open_ground_max_m=0.01)


def town(*rows: str) -> CorridorGraph:
    return build_corridors(grid(*rows), APART)


def test_factor_is_weighted_by_the_length_within_the_area() -> None:
    graph = town("street 0,0 100,0", "obstacle 80,-5 120,-5 120,5 80,5 cost=3")
    assert graph.edge_cost_factor.tolist() == pytest.approx([0.8 + 0.2 * 3])


def test_factors_of_areas_that_overlap_add_up_what_they_add() -> None:
    area = "obstacle 50,-5 100,-5 100,5 50,5"
    graph = town("street 0,0 100,0", f"{area} cost=3", f"{area} cost=2 id=O2")
    assert graph.edge_cost_factor.tolist() == pytest.approx([0.5 + 0.5 * (1 + 2 + 1)])


def test_area_elsewhere_and_factor_one_change_nothing() -> None:
    areas = ["obstacle 0,50 9,50 9,59 cost=9", "obstacle 0,-5 90,-5 90,5 cost=1 id=O2"]
    assert town("street 0,0 100,0", *areas).edge_cost_factor.tolist() == [1.0]


def test_right_of_way_keeps_the_factor_of_a_dear_area() -> None:
    graph = town("street 0,0 100,0", "obstacle -9,-5 109,-5 109,5 -9,5 cost=2 wayleave")
    assert graph.edge_cost_factor.tolist() == pytest.approx([2.0])


def test_main_beside_an_edge_gives_distance_and_length() -> None:
    graph = town("street 0,0 100,0", "barrier gas_main 20,1.8 70,1.8 90,40")
    assert graph.edge_beside_offset.tolist() == [0, 1]
    assert graph.beside_barrier.tolist() == [0]
    assert graph.beside_distance_m.tolist() == pytest.approx([1.8])
    # 50 m of it, and 2.4 m to each side, where its ends are 3 m away (1.8, 2.4, 3)
    assert graph.beside_length_m.tolist() == pytest.approx([54.8])


def test_every_main_within_three_metres_counts_and_no_other() -> None:
    graph = town(
        "street 0,0 100,0",
        "barrier gas_main 0,-1 100,-1 id=B1",
        "barrier heat_main 0,2 100,2 id=B2",
        "barrier water_main 0,3.1 100,3.1 id=B3",
        "barrier rail 0,2 100,2 id=B4",
    )
    assert graph.beside_barrier.tolist() == [0, 1]
    assert graph.beside_distance_m.tolist() == pytest.approx([1.0, 2.0])


def test_main_that_crosses_is_not_beside() -> None:
    graph = town("street 0,0 100,0", "barrier heat_main 50,-20 50,20")
    assert len(graph.beside_barrier) == 0


def test_main_of_others_is_no_corridor() -> None:
    graph = town("street 0,0 100,0", "barrier gas_main 0,30 100,30")
    assert np.unique(graph.node_y_m).tolist() == [0.0]
