"""Ends of hand-drawn corridors that miss another one by a little."""

import numpy as np

from gisplan.model.grid import CorridorKind
from gisplan.network.corridors import build_corridors
from gisplan.network.snapshot import CorridorGraph
from gisplan.network.strands import CorridorSettings
from tests.grids import grid


def streets(*rows: str, joined_end_max_m: float = 1.0) -> CorridorGraph:
    settings = CorridorSettings(joined_end_max_m=joined_end_max_m, same_street_m=0.01)
    return build_corridors(grid(*(f"street {row}" for row in rows)), settings)


def test_end_that_misses_a_street_by_a_little_is_led_on_to_it() -> None:
    graph = streets("0,0 100,0", "50,0.8 50,60")
    assert graph.joined_end_xy_m.tolist() == [[50.0, 0.0]]
    assert sorted(graph.edge_length_m.tolist()) == [50.0, 50.0, 60.0]
    assert graph.component.max() == 0


def test_first_and_last_end_of_one_street_are_both_joined() -> None:
    graph = streets("0,0 100,0", "50,0.8 70,30 90,59.5", "0,60 100,60")
    assert sorted(map(tuple, graph.joined_end_xy_m.tolist())) == [(50.0, 0.0), (90.0, 60.0)]
    assert not (graph.edge_kind == CorridorKind.OPEN_GROUND).any()


def test_two_ends_that_face_each_other_become_one_way() -> None:
    graph = streets("0,0 50,0", "50.6,0 100,0")
    assert len(graph.joined_end_xy_m) == 2
    assert np.isclose(graph.edge_length_m.sum(), 100.0)
    assert graph.component.max() == 0


def test_end_further_away_than_the_default_is_left_alone() -> None:
    assert len(streets("0,0 100,0", "50,1.2 50,60").joined_end_xy_m) == 0
    assert len(streets("0,0 100,0", "50,1.2 50,60", joined_end_max_m=1.5).joined_end_xy_m) == 1


def test_end_that_touches_or_was_drawn_a_little_too_far_is_joined_already() -> None:
    graph = streets("0,0 100,0", "50,-0.7 50,60", "20,0 20,60")
    assert len(graph.joined_end_xy_m) == 0


def test_end_at_a_crossroads_takes_the_nearest_street_once() -> None:
    graph = streets("0,0 100,0", "50,0 50,-90", "50.2,0.5 50.2,80")
    assert graph.joined_end_xy_m.tolist() == [[50.2, 0.0]]


def test_ring_has_no_ends() -> None:
    assert len(streets("0,0 10,0 10,10 0,0", "0,-0.5 0.5,-40").joined_end_xy_m) == 1
