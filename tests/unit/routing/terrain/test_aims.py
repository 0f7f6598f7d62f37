"""What ways lead to: groups, whole streets, places in the field; straight links; tolls."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.errors import InputError
from gisplan.routing.terrain.aims import Aims, Ends, Links
from gisplan.routing.terrain.parts import FieldPart, StreetPart
from gisplan.routing.terrain.runs import course_runs
from gisplan.routing.terrain.sources import GivenRaster
from gisplan.routing.terrain.streets import (
    Stops,
    Streets,
    Tolls,
    build_streets,
    field_stops,
    join_stops,
    street_stops,
)
from gisplan.routing.terrain.ways import WaysFound, WaysWanted, search_ways
from tests.unit.routing.terrain.oracle import raster_of
from tests.unit.routing.terrain.test_ways import FIELD, TWO_STREETS, streets_of

NO_STREETS = streets_of()


def asked(aims: Aims, *, streets: Streets = NO_STREETS, **given: object) -> WaysFound:
    values: dict[str, object] = {
        "source": GivenRaster(raster=FIELD),
        "stops": field_stops(np.array([[5.5, 20.5]])),
        "start": np.array([0]),
        "start_cents": np.array([0]),
        "aims": aims,
    }
    return search_ways(WaysWanted(streets=streets, **(values | given)))  # type: ignore[arg-type]


def test_a_target_of_several_places_is_met_at_the_nearest_and_told_once() -> None:
    xy = np.array([[35.5, 20.5], [15.5, 20.5], [25.5, 20.5]])
    aims = Aims(xy_m=xy, xy_group=np.array([4, 4, 9]))
    found = asked(aims, wanted=3)
    assert [way.target for way in found.ways] == [4, 9]
    assert [way.cost_cents for way in found.ways] == pytest.approx([500, 1000], abs=1)
    assert aims.group_count == 2


def test_a_street_is_met_anywhere_between_its_shares() -> None:
    def met(low: float, high: float) -> tuple[float, float]:
        aims = Aims(
            edge=np.array([0]),
            share_from=np.array([low]),
            share_to=np.array([high]),
            edge_group=np.array([3]),
        )
        (way,) = asked(aims, streets=TWO_STREETS).ways
        assert way.target == 3
        x, y = way.xy_m[-1]
        assert y == 30.5
        return float(x), way.cost_cents

    # the street lies 10 m north of the start, at a fifth of the field's price
    assert met(0.0, 1.0) == (pytest.approx(5.5, abs=0.6), pytest.approx(500, abs=5))
    x, cost = met(0.5, 1.0)
    assert x == pytest.approx(20.5, abs=0.6)
    assert 500 < cost <= 500 + 15 * 10 + 5


def test_street_nodes_are_targets_where_the_window_holds_them() -> None:
    (way,) = asked(
        Aims(node=np.array([1, 77]), node_group=np.array([5, 6])), streets=TWO_STREETS, wanted=2
    ).ways
    assert (way.target, way.xy_m[-1].tolist()) == (5, [40.5, 30.5])


def test_a_straight_link_is_taken_where_it_is_cheaper_and_is_field() -> None:
    stops: Stops = join_stops(
        field_stops(np.array([[5.5, 20.5], [35.5, 20.5]])),
        street_stops(TWO_STREETS, np.array([0]), np.array([0.25])),
    )
    links = Links(one=np.array([0]), other=np.array([2]), cents=np.array([40.0]))
    (way,) = asked(
        Aims(stop=np.array([1]), stop_group=np.array([0])),
        streets=TWO_STREETS,
        stops=stops,
        links=links,
    ).ways
    assert [type(part) for part in way.parts] == [FieldPart, StreetPart, FieldPart]
    assert way.parts[0].cost_cents == pytest.approx(40, abs=0.1)
    assert way.parts[0].xy_m.tolist() == [[5.5, 20.5], [10.5, 30.5]]
    assert way.cost_cents == pytest.approx(40 + 25 * 10 + 10 * 50, abs=5)


def test_a_toll_is_paid_by_who_passes_it() -> None:
    streets = build_streets(
        TWO_STREETS.graph.with_costs(np.array([400.0 + 300.0, 400.0])),
        TWO_STREETS.offset,
        TWO_STREETS.xy_m,
        tolls=Tolls(edge=np.array([0]), share=np.array([0.5]), cents=np.array([300.0])),
    )
    edge, share = np.zeros(5, dtype=np.int64), np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    assert streets.paid_cents(edge, share).tolist() == [0, 100, 500, 600, 700]
    assert streets.cheapest_cents_per_m == pytest.approx((400 - 1) / 40)
    here = street_stops(streets, np.array([0, 0, 0]), np.array([0.0, 0.25, 0.75]))
    shut = GivenRaster(raster=raster_of(np.full((41, 41), 5000)))
    found = asked(
        Aims(stop=np.array([1, 2]), stop_group=np.array([1, 2])),
        streets=streets,
        stops=here,
        source=shut,
        wanted=2,
    )
    assert [way.cost_cents for way in found.ways] == pytest.approx([100, 600], abs=1)


def test_a_question_without_targets_is_refused() -> None:
    with pytest.raises(InputError, match="1 starts and 0 targets"):
        asked(Aims())


def test_targets_far_off_make_the_window_grow_until_they_are_proven() -> None:
    wide = raster_of(np.full((400, 400), 50))
    found = asked(
        Aims(xy_m=np.array([[390.5, 20.5]]), xy_group=np.array([0])),
        source=GivenRaster(raster=wide),
    )
    assert found.ways[0].cost_cents == pytest.approx(385 * 50, abs=1)
    assert found.windows_searched > 1


def test_runs_of_a_course_have_one_price_each() -> None:
    costs = np.full((10, 10), 50)
    costs[:, 5:] = 20
    runs = course_runs(np.array([[1.0, 2.5], [9.0, 2.5]]), raster_of(costs))
    assert runs.from_m.tolist() == [0, 4]
    assert runs.to_m.tolist() == [4, 8]
    assert runs.cents_per_m.tolist() == [50, 20]
    beyond = course_runs(np.array([[8.0, 2.5], [14.0, 2.5]]), raster_of(costs))
    assert beyond.cents_per_m.tolist() == [20, -1]


def test_runs_add_up_to_the_course_however_it_bends() -> None:
    xy = np.array([[1.2, 1.3], [7.7, 8.1], [2.5, 9.9], [2.5, 0.1]])
    runs = course_runs(xy, raster_of(np.arange(100).reshape(10, 10)))
    assert (runs.to_m - runs.from_m).sum() == pytest.approx(np.hypot(*np.diff(xy, axis=0).T).sum())
    assert (np.diff(runs.cents_per_m) != 0).all()


def test_a_link_cheaper_than_any_ground_is_found_below_a_bound() -> None:
    # 8 m back at 50 cents, then a link of 10 cents, instead of 10 m ahead at 50 cents
    stops = field_stops(np.array([[20.5, 20.5], [30.5, 20.5], [12.5, 20.5]]))
    links = Links(one=np.array([2]), other=np.array([1]), cents=np.array([10.0]))
    aims = Aims(stop=np.array([1]), stop_group=np.array([0]))
    for bound in (None, 450):
        (way,) = asked(aims, stops=stops, links=links, bound_cents=bound).ways
        assert way.cost_cents == pytest.approx(410, abs=0.5)


def test_streets_far_beyond_a_raster_of_tiny_cells_take_no_memory_for_them() -> None:
    far = streets_of((0, 1, 400, [(0.0, 0.05), (90_000.0, 0.05)]))
    tiny = raster_of(np.full((10, 10), 50), cell_m=0.01)
    found = asked(
        Aims(stop=np.array([1]), stop_group=np.array([0])),
        streets=far,
        source=GivenRaster(raster=tiny),
        stops=field_stops(np.array([[0.015, 0.015], [0.085, 0.085]])),
    )
    assert len(found.ways) == 1


SHUT = GivenRaster(raster=raster_of(np.full((41, 41), 5000)))


def ends(*rows: tuple[int, int, float, int, float]) -> Ends:
    """Rows of node, edge, share, group and cents."""
    node, edge, share, group, cents = zip(*rows, strict=True)
    return Ends(
        node=np.array(node),
        edge=np.array(edge),
        share=np.array(share),
        group=np.array(group),
        cents=np.array(cents),
    )


def along_street(given: Ends, **values: object) -> WaysFound:
    """What a start at the first end of a street of 40 m at 10 cents a metre leads to."""
    here = street_stops(TWO_STREETS, np.array([0]), np.array([0.0]))
    return asked(Aims(ends=given), streets=TWO_STREETS, stops=here, source=SHUT, **values)


def test_a_target_is_reached_where_the_way_and_the_rest_cost_least_together() -> None:
    # 100 + 900, 200 + 50 or 400 + 10 cents to group 3; 400 + 0 to group 4
    given = ends((-1, 0, 0.25, 3, 900.0), (-1, 0, 0.5, 3, 50.0), (1, 0, 1.0, 3, 10.0),
                 (1, 0, 1.0, 4, 0.0))  # fmt: skip
    found = along_street(given, wanted=2)
    assert [(way.target, way.end) for way in found.ways] == [(3, 1), (4, 3)]
    assert [way.cost_cents for way in found.ways] == pytest.approx([250, 400], abs=1)
    (part,) = found.ways[0].parts
    assert isinstance(part, StreetPart)
    assert (part.share_from, part.share_to) == (0.0, 0.5)


def test_what_lies_behind_an_end_counts_in_the_order_of_targets_and_below_a_bound() -> None:
    given = ends((-1, 0, 0.25, 3, 900.0), (-1, 0, 0.75, 4, 5.0))
    assert [way.target for way in along_street(given, wanted=2).ways] == [4, 3]
    assert [way.target for way in along_street(given, wanted=1).ways] == [4]
    assert [way.target for way in along_street(given, wanted=2, bound_cents=900).ways] == [4]


def test_no_way_ends_on_a_street_that_is_shut_or_not_there() -> None:
    shut = build_streets(
        TWO_STREETS.graph.with_costs(np.array([400.0, np.inf])),
        TWO_STREETS.offset,
        TWO_STREETS.xy_m,
    )
    given = ends((-1, 1, 0.5, 3, 1.0), (77, 0, 0.0, 4, 1.0), (-1, 0, 0.5, 5, 1.0))
    here = street_stops(shut, np.array([0]), np.array([0.0]))
    found = asked(Aims(ends=given), streets=shut, stops=here, source=SHUT, wanted=3)
    assert [way.target for way in found.ways] == [5]
