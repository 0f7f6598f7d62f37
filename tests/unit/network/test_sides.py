"""Both sides of a road: ways along a side cross nothing, known by hand and by drawing the sides."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.network.corridors import build_corridors
from gisplan.network.snapshot import CorridorGraph, Roadside
from gisplan.network.strands import ROAD_LINK, CorridorSettings
from tests.grids import grid

APART = CorridorSettings(same_street_m=0.01, open_ground_max_m=0.01)
Place = tuple[float, float]

CROSSROADS = ["street -90,0 90,0", "street 0,-60 0,60"]
N, S, E, W = (0.0, 60.0), (0.0, -60.0), (90.0, 0.0), (-90.0, 0.0)


def town(*rows: str) -> CorridorGraph:
    return build_corridors(grid(*rows), APART)


def crossings_between(graph: CorridorGraph, start: Place, end: Place) -> int:
    """The fewest crossings of any way from one place to another."""
    network: nx.MultiGraph[int] = nx.MultiGraph()
    count = np.diff(graph.edge_crossing_offset)
    ends = zip(graph.edge_from.tolist(), graph.edge_to.tolist(), count.tolist(), strict=True)
    network.add_weighted_edges_from(ends)
    here, there = (
        np.flatnonzero(np.hypot(graph.node_x_m - x, graph.node_y_m - y) < 0.005).tolist()
        for x, y in (start, end)
    )
    assert here
    assert there
    lengths = nx.multi_source_dijkstra_path_length(network, set(here))
    return int(min(lengths[node] for node in there))


ROAD_ROWS = [
    ["barrier road -200,0 200,0"],
    ["barrier road 200,0 -200,0"],
    ["barrier road -200,0 0,0 id=R1", "barrier road 200,0 0,0 id=R2"],
    ["barrier road -200,1 0,1 200,-1"],
]


@pytest.mark.parametrize("road", ROAD_ROWS)
def test_turns_into_a_road_at_a_crossroads_of_four_cross_nothing(road: list[str]) -> None:
    graph = town(*CROSSROADS, *road)
    turns = itertools.product((N, S), (E, W))
    assert [crossings_between(graph, *turn) for turn in turns] == [0, 0, 0, 0]
    assert crossings_between(graph, E, W) == 0
    assert crossings_between(graph, N, S) == 1


def test_turns_at_a_crossroads_of_two_roads_cross_nothing() -> None:
    graph = town(*CROSSROADS, "barrier road -200,0 200,0", "barrier road 0,-200 0,200 id=R2")
    turns = itertools.product((N, S), (E, W))
    assert [crossings_between(graph, *turn) for turn in turns] == [0, 0, 0, 0]
    assert crossings_between(graph, N, S) == crossings_between(graph, E, W) == 1


def test_way_along_one_side_of_a_road_passes_streets_on_both_sides() -> None:
    streets = [f"street {x},0 {x},{y}" for x, y in ((-60, -50), (-20, 50), (20, -50), (60, 50))]
    graph = town("street -90,0 90,0", *streets, "barrier road -200,0 200,0")
    assert crossings_between(graph, (-60.0, -50.0), (20.0, -50.0)) == 0
    assert crossings_between(graph, (-20.0, 50.0), (60.0, 50.0)) == 0
    assert crossings_between(graph, (-60.0, -50.0), (60.0, 50.0)) == 1
    assert crossings_between(graph, (-20.0, 50.0), (20.0, -50.0)) == 1


def test_road_that_ends_is_gone_around() -> None:
    graph = town(*CROSSROADS, "barrier road -200,0 90,0")
    assert crossings_between(graph, N, S) == 0
    assert crossings_between(town(*CROSSROADS, "barrier road -200,0 95,0"), N, S) == 1


def test_road_may_be_crossed_at_every_node_on_it() -> None:
    graph = town("street -90,0 90,0", "barrier road -200,0 200,0")
    link = graph.corridor_id[graph.edge_corridor] == ROAD_LINK
    assert np.bincount(graph.edge_roadside[~link]).tolist() == [0, 1, 1]
    assert np.diff(graph.edge_crossing_offset)[link].tolist() == [1, 1]


def test_street_that_runs_along_a_road_before_it_leaves_is_on_that_side() -> None:
    rows = ["street -90,0 0,0", "street 0,0 30,0 40,40", "street 0,0 0,-60", "street 0,0 0,60"]
    graph = town(*rows, "barrier road -200,0 200,0")
    assert crossings_between(graph, N, (40.0, 40.0)) == 0
    assert crossings_between(graph, S, (40.0, 40.0)) == 1


def test_two_and_two_streets_meeting_on_a_road_without_a_corridor_have_their_sides() -> None:
    arms = [(-40.0, 60.0), (40.0, 60.0), (-40.0, -60.0), (40.0, -60.0)]
    graph = town(*(f"street 0,0 {x},{y}" for x, y in arms), "barrier road -200,0 200,0")
    assert crossings_between(graph, arms[0], arms[1]) == 0
    assert crossings_between(graph, arms[2], arms[3]) == 0
    assert crossings_between(graph, arms[0], arms[3]) == 1


def test_corners_beside_the_axis_keep_their_sides_however_short_and_slanting_their_edges() -> None:
    rows = ["street -20,0 40,75", "street 0,30 20,0", "street 0,0 0,30", "street 0,30 -40,90"]
    graph = town(*rows, "barrier road 0,-99 0,999")  # two of them meet 1.8 m beside the axis
    places = [(-20.0, 0.0), (-40.0, 90.0), (40.0, 75.0), (20.0, 0.0)]
    found = [crossings_between(graph, *pair) for pair in itertools.combinations(places, 2)]
    assert found == [0, 1, 1, 1, 1, 0]


@pytest.mark.parametrize("road", ROAD_ROWS)
def test_street_across_two_corridors_beside_the_axis_crosses_their_road_once(
    road: list[str],
) -> None:
    rows = ["street -90,-0.8 90,-0.8", "street -90,0.8 90,0.8", "street 0,-60 0,60"]
    graph = town(*rows, *road)
    assert crossings_between(graph, N, S) == 1
    for east, start in itertools.product([(90.0, -0.8), (90.0, 0.8)], (N, S)):
        assert crossings_between(graph, start, east) == 0


def test_sides_are_places_of_their_own_with_one_drawing() -> None:
    graph = town(*CROSSROADS, "barrier road -200,0 200,0")
    sided = np.flatnonzero(graph.edge_roadside & (Roadside.LEFT | Roadside.RIGHT))
    assert sorted(graph.edge_roadside[sided].tolist()) == [1, 1, 2, 2]
    assert sorted(np.delete(graph.edge_roadside, sided).tolist())[3:] in ([4, 4], [4, 8], [8, 8])
    assert len(set(graph.edge_place[sided].tolist())) == 4
    assert graph.edge_length_m[sided].tolist() == pytest.approx([90.0] * 4, abs=0.01)
    link = graph.corridor_id[graph.edge_corridor] == ROAD_LINK
    assert graph.edge_length_m[link].tolist() == pytest.approx([0.002] * 3)
    for edge in range(len(graph.edge_from)):
        xy = graph.shape.row(edge)
        for place, node in zip(
            xy[[0, -1]], (graph.edge_from[edge], graph.edge_to[edge]), strict=True
        ):
            assert place.tolist() == [graph.node_x_m[node], graph.node_y_m[node]]


def test_main_along_a_road_is_met_on_both_sides() -> None:
    rows = ["A joint 400V @-90,0", "B joint 400V @90,0", "A-B 180"]
    graph = town(*rows, *CROSSROADS, "barrier road -200,0 200,0")
    sided = np.flatnonzero(graph.edge_roadside & (Roadside.LEFT | Roadside.RIGHT))
    assert np.diff(graph.edge_line_offset)[sided].tolist() == [1] * 4
    link = graph.corridor_id[graph.edge_corridor] == ROAD_LINK
    assert np.diff(graph.edge_line_offset)[link].tolist() == [0, 0, 0]
    for place in (E, W):
        assert crossings_between(graph, N, place) == 0


ARMS = st.lists(
    st.tuples(st.integers(0, 8), st.sampled_from([-1, 1]), st.integers(-1, 1)),
    min_size=2,
    max_size=5,
    unique_by=lambda arm: arm[:2],
)


@settings(max_examples=25, deadline=None)
@given(ARMS, st.lists(st.integers(0, 8), max_size=3, unique=True), st.booleans(), st.booleans())
def test_crossings_are_those_of_a_road_whose_sides_are_drawn(
    arms: list[tuple[int, int, int]], cuts: list[int], turned: bool, slanted: bool
) -> None:
    """A side is drawn 3 m off the axis; wherever a street leaves, a link leads across."""
    far = {(30 * (2 * n + lean), 60 * side): (60 * n, side) for n, side, lean in arms}
    west, east = -60, 60 * 9
    on_axis = [f"street {west},0 {east},0"]
    on_axis += [f"street {foot},0 {x},{y}" for (x, y), (foot, _) in far.items()]
    drawn = [f"street {west},{side * 3} {east},{side * 3}" for side in (-1, 1)]
    drawn += [f"street {foot},{side * 3} {x},{y}" for (x, y), (foot, side) in far.items()]
    drawn += [f"street {foot},-3 {foot},3" for foot in sorted({foot for foot, _ in far.values()})]
    places = [-300, *sorted(60 * n for n in cuts), 900]
    tilt = 1 if slanted else 0
    roads = []
    for number, (one, other) in enumerate(itertools.pairwise(places)):
        ends = [
            f"{one},{tilt if one < 100 else -tilt}",
            f"{other},{tilt if other < 100 else -tilt}",
        ]
        roads.append(f"barrier road {' '.join(ends[::-1] if turned else ends)} id=R{number}")
    on_one_line, apart = town(*on_axis, *roads), town(*drawn, "barrier road -300,0 900,0")
    for start, end in itertools.combinations(far, 2):
        places_of = [(float(x), float(y)) for x, y in (start, end)]
        found = crossings_between(on_one_line, *places_of)
        assert found == crossings_between(apart, *places_of)
