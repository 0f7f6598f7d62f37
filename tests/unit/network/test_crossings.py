"""Crossings of roads, railways and waters in hand-made towns."""

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gisplan.model.grid import BarrierKind
from gisplan.network.corridors import build_corridors
from gisplan.network.snapshot import CorridorGraph
from gisplan.network.strands import ROAD_LINK, CorridorSettings
from tests.grids import grid

APART = CorridorSettings(same_street_m=0.01, open_ground_max_m=0.01)


def town(*rows: str) -> CorridorGraph:
    return build_corridors(grid(*rows), APART)


def events(graph: CorridorGraph) -> list[tuple[str, float, float, float]]:
    """Kind of every crossing, its share, and where on the ground it is."""
    count = np.diff(graph.edge_crossing_offset)
    edge = np.repeat(np.arange(len(count)), count)
    start = np.column_stack([graph.node_x_m, graph.node_y_m])[graph.edge_from[edge]]
    end = np.column_stack([graph.node_x_m, graph.node_y_m])[graph.edge_to[edge]]
    place = start + graph.crossing_share[:, None] * (end - start)  # edges here are straight
    return sorted(
        (BarrierKind(int(kind)).name, round(float(share), 3), *np.round(xy, 2).tolist())
        for kind, share, xy in zip(graph.crossing_kind, graph.crossing_share, place, strict=True)
    )


def crossings(*rows: str) -> list[tuple[str, float, float]]:
    return [(kind, x, y) for kind, _, x, y in events(town(*rows))]


@pytest.mark.parametrize("kind", ["road", "rail", "water"])
def test_barrier_across_a_street_is_crossed_once_where_it_lies(kind: str) -> None:
    assert events(town("street 0,0 100,0", f"barrier {kind} 25,-9 25,9"))[0][1:] in (
        (0.25, 25.0, 0.0),
        (0.75, 25.0, 0.0),
    )


@pytest.mark.parametrize("kind", ["gas_main", "heat_main", "water_main"])
def test_main_of_another_utility_is_no_crossing(kind: str) -> None:
    assert crossings("street 0,0 100,0", f"barrier {kind} 25,-9 25,9") == []


def test_events_of_an_edge_stand_in_their_order_along_it() -> None:
    graph = town(
        "street 0,0 100,0", "barrier rail 80,-9 80,9", "barrier water 10,-9 10,9",
        "barrier road 50,-9 50,9",
    )  # fmt: skip
    assert graph.edge_crossing_offset.tolist() == [0, 3]
    assert np.all(np.diff(graph.crossing_share) > 0)
    kinds = [BarrierKind(int(kind)).name for kind in graph.crossing_kind]
    assert kinds in (["WATER", "ROAD", "RAIL"], ["RAIL", "ROAD", "WATER"])
    assert graph.crossing_barrier.tolist() in ([2, 1, 0], [0, 1, 2])


def only_links_cross(*rows: str) -> bool:
    """Tell that nothing crosses but the links between the sides of a road."""
    graph = town(*rows)
    edge = np.repeat(np.arange(len(graph.edge_from)), np.diff(graph.edge_crossing_offset))
    return bool((graph.corridor_id[graph.edge_corridor[edge]] == ROAD_LINK).all())


def test_street_does_not_cross_its_own_road() -> None:
    assert crossings("street 0,0 100,0", "barrier road 0,0 100,0") == []
    assert only_links_cross("street 0,0 50,1 100,-1", "barrier road -9,0 109,0")


def test_street_that_runs_within_a_road_for_a_while_crosses_where_it_changes_sides() -> None:
    road = "barrier road 0,0 100,0"
    assert len(crossings("street 20,30 30,0 60,0 70,-30", road)) == 1
    assert crossings("street 20,30 30,0 60,0 70,30", road) == []


def test_street_that_only_touches_a_river_does_not_cross_it() -> None:
    assert crossings("street 0,30 50,0 100,30", "barrier water 0,0 100,0") == []


def test_street_that_passes_beyond_the_end_of_a_road_does_not_cross_it() -> None:
    assert crossings("street 11,-30 11,30", "barrier road 0,0 10,0") == []


@pytest.mark.parametrize(
    "road", [["barrier road 0,0 100,0"], ["barrier road 0,0 50,0", "barrier road 50,0 100,0 id=R"]]
)
def test_street_that_ends_at_a_road_crosses_it_only_to_the_other_side(road: list[str]) -> None:
    assert only_links_cross("street 0,0 100,0", "street 50,0 50,60", *road)
    assert len(crossings("street 0,0 100,0", "street 50,0 50,60", *road)) == 1


@pytest.mark.parametrize(
    "road", [["barrier road 0,0 100,0"], ["barrier road 0,0 50,0", "barrier road 100,0 50,0 id=R"]]
)
def test_way_straight_over_a_crossroads_crosses_the_road_once(road: list[str]) -> None:
    assert len(crossings("street 0,0 100,0", "street 50,-60 50,60", *road)) == 1


def test_node_on_a_railway_is_crossed_once_by_who_goes_on_beyond_it() -> None:
    rows = ["street 0,0 50,0", "street 50,0 100,0 owner=B", "barrier rail 50,-9 50,9"]
    assert len(crossings(*rows)) == 1


def test_most_edges_of_a_node_on_a_railway_decide_its_side() -> None:
    arms = ["street 0,0 50,0", "street 20,-40 50,0", "street 50,0 100,0"]
    graph = town(*arms, "barrier rail 50,-90 50,90")
    (only,) = np.flatnonzero(np.diff(graph.edge_crossing_offset))
    ends = graph.node_x_m[[graph.edge_from[only], graph.edge_to[only]]]
    assert sorted(ends.tolist()) == [50.0, 100.0]


def test_tracks_side_by_side_of_one_owner_are_one_crossing() -> None:
    tracks = ["barrier rail 50,-9 50,9 owner=DB", "barrier rail 54,-9 54,9 owner=DB id=R2"]
    assert len(crossings("street 0,0 100,0", *tracks)) == 1
    assert len(crossings("street 0,0 100,0", tracks[0], "barrier rail 54,-9 54,9 owner=SWEG")) == 2
    assert len(crossings("street 0,0 100,0", tracks[0], "barrier rail 60,-9 60,9 owner=DB")) == 2


def test_link_across_a_street_crosses_it_where_no_road_is_given() -> None:
    rows = ["street 0,0 100,0", "street 0,7 100,7"]
    graph = build_corridors(grid(*rows))
    assert {(kind, x) for kind, _, x, _ in events(graph)} == {("ROAD", 0.0), ("ROAD", 100.0)}
    assert graph.crossing_barrier.tolist() == [-1, -1]
    assert graph.crossing_share.tolist() == [0.5, 0.5]


def test_link_across_a_street_whose_road_is_given_crosses_that_road_or_none() -> None:
    rows = ["street 0,0 100,0", "street 0,7 100,7"]
    between = build_corridors(grid(*rows, "barrier road 0,3.5 100,3.5"))
    assert between.crossing_barrier.tolist() == [0, 0]
    beside = build_corridors(grid(*rows, "barrier road 0,12 100,12"))
    assert beside.crossing_barrier.tolist() == []
    elsewhere = build_corridors(grid(*rows, "barrier road 0,900 100,900"))
    assert elsewhere.crossing_barrier.tolist() == [-1, -1]


def test_order_of_barriers_does_not_matter() -> None:
    rows = ["barrier road 20,-9 20,9 id=B1", "barrier rail 60,-9 60,9 id=B2"]
    street = "street 0,0 100,0"
    assert events(town(street, *rows)) == events(town(street, *reversed(rows)))


def test_direction_of_a_barrier_does_not_matter() -> None:
    streets = ["street 0,0 100,0", "street 50,-60 50,60", "street 0,40 100,40"]
    one = events(town(*streets, "barrier road 0,0 100,0", "barrier water 30,-9 30,90"))
    other = events(town(*streets, "barrier road 100,0 0,0", "barrier water 30,90 30,-9"))
    assert one == other


PLACES = st.tuples(
    st.integers(-3, 3).map(lambda n: 20 * n), st.integers(0, 9).map(lambda n: 15 * n)
)
WAYS = st.lists(st.lists(PLACES, min_size=2, max_size=4, unique=True), min_size=1, max_size=5)


@given(WAYS, st.sampled_from(["rail", "road", "water"]))
@example(ways=[[(-20, 0), (40, 75)], [(0, 0), (0, 30), (20, 0), (-40, 90)]], kind="road")
def test_every_way_to_the_other_side_crosses_an_odd_number_of_times(
    ways: list[list[tuple[int, int]]], kind: str
) -> None:
    """Nodes lie on the barrier too; edges may run along a road, which has two sides."""
    along = any(a[0] == b[0] == 0 for way in ways for a, b in itertools.pairwise(way))
    assume(kind == "road" or not along)
    streets = ["street " + " ".join(f"{x},{y}" for x, y in way) for way in ways]
    graph = town(*streets, f"barrier {kind} 0,-99 0,999")
    odd = np.diff(graph.edge_crossing_offset) % 2
    known = {node: int(x > 0) for node, x in enumerate(graph.node_x_m) if abs(x) > 2}
    network: nx.Graph[int] = nx.Graph()
    for start, end, weight in zip(graph.edge_from, graph.edge_to, odd, strict=True):
        network.add_edge(int(start), int(end), odd=int(weight))
    for part in nx.connected_components(network):
        parity = {}
        first = min(part)
        for node, path in nx.single_source_shortest_path(network, first).items():
            parity[node] = sum(network.edges[e]["odd"] for e in itertools.pairwise(path)) % 2
        sides = {(known[node] + parity[node]) % 2 for node in part if node in known}
        assert len(sides) <= 1
