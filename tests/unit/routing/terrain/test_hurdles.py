"""Hurdles are crossed at their price, gone around where that is cheaper, never slipped through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.routing.terrain.aims import Aims
from gisplan.routing.terrain.hurdles import Hurdles, wall_off
from gisplan.routing.terrain.parts import FieldPart
from gisplan.routing.terrain.smoothing import smooth_way
from gisplan.routing.terrain.sources import GivenRaster
from gisplan.routing.terrain.streets import field_stops
from gisplan.routing.terrain.ways import WaysFound, WaysWanted, search_ways
from tests.unit.routing.terrain.oracle import raster_of
from tests.unit.routing.terrain.test_ways import streets_of

FIELD = raster_of(np.full((41, 41), 50))


def hurdles_of(*lines: tuple[Sequence[tuple[float, float]], float, int]) -> Hurdles:
    """Lines with cents and group."""
    return Hurdles(
        shape=np.array([shapely.LineString(line) for line, _, _ in lines], dtype=object),
        cents=np.array([cents for _, cents, _ in lines], dtype=np.float64),
        group=np.array([group for _, _, group in lines], dtype=np.int64),
    )


def crossed(hurdles: Hurdles, start: tuple[float, float], end: tuple[float, float]) -> WaysFound:
    return search_ways(
        WaysWanted(
            source=GivenRaster(raster=FIELD),
            streets=streets_of(),
            stops=field_stops(np.array([start, end])),
            start=np.array([0]),
            start_cents=np.array([0]),
            aims=Aims(stop=np.array([1]), stop_group=np.array([7])),
            hurdles=hurdles,
        )
    )


def cents(*args: object) -> float:
    found = crossed(*args)  # type: ignore[arg-type]
    assert [way.target for way in found.ways] == [7]
    return found.ways[0].cost_cents


def test_a_hurdle_costs_its_price_once_however_it_lies() -> None:
    for line in ([(20.3, -5), (20.3, 50)], [(10.2, -5), (31.7, 50)], [(20, -5), (20, 50)]):
        found = cents(hurdles_of((line, 900, 0)), (5.5, 20.5), (35.5, 20.5))
        assert found == pytest.approx(30 * 50 + 900, rel=0.02)


def test_tracks_of_one_group_are_paid_once_and_of_two_twice() -> None:
    one, other = [(20.3, -5), (20.3, 50)], [(21.9, -5), (21.9, 50)]
    ends = (5.5, 20.5), (35.5, 20.5)
    assert cents(hurdles_of((one, 900, 0), (other, 900, 0)), *ends) == pytest.approx(2400, rel=0.02)
    assert cents(hurdles_of((one, 900, 0), (other, 900, 1)), *ends) == pytest.approx(3300, rel=0.02)


def test_the_end_of_a_hurdle_is_gone_around_where_that_is_cheaper() -> None:
    short = hurdles_of(([(20.3, 18), (20.3, 50)], 900, 0))
    found = crossed(short, (5.5, 20.5), (35.5, 20.5)).ways[0]
    assert found.cost_cents < 30 * 50 + 200
    assert not any(isinstance(part, FieldPart) and part.is_passage for part in found.parts)


def test_who_stands_on_a_hurdle_is_on_neither_side() -> None:
    line = hurdles_of(([(20.3, -5), (20.3, 50)], 900, 0))
    assert cents(line, (20.4, 20.5), (35.5, 20.5)) == pytest.approx(15 * 50, rel=0.03)
    assert cents(line, (20.4, 20.5), (5.5, 20.5)) == pytest.approx(15 * 50, rel=0.03)


def test_a_passage_stays_where_it_is_when_the_way_is_pulled_straight() -> None:
    line = hurdles_of(([(20.3, -5), (20.3, 50)], 900, 0))
    found = crossed(line, (5.5, 8.5), (35.5, 30.5))
    way = smooth_way(found.ways[0], found.raster, tolerance_m=0.5)
    passages = [part for part in way.parts if isinstance(part, FieldPart) and part.is_passage]
    assert len(passages) == 1
    course = shapely.LineString(way.xy_m)
    assert shapely.intersection(course, shapely.LineString([(20.3, -5), (20.3, 50)])).geom_type == (
        "Point"
    )


def test_nothing_to_cross_leaves_the_raster_as_it_is() -> None:
    raster, passages = wall_off(FIELD, hurdles_of(), np.zeros((0, 2)))
    assert raster is FIELD
    assert len(passages.one) == 0


PLACES = st.tuples(st.integers(2, 38), st.integers(2, 38))
ENDS = st.tuples(st.floats(0, 41), st.floats(0, 41))


@settings(max_examples=40, deadline=None)
@given(PLACES, PLACES, ENDS, ENDS, st.integers(0, 2000))
def test_a_hurdle_never_cheapens_and_never_costs_more_than_its_price(
    start: tuple[int, int],
    end: tuple[int, int],
    first: tuple[float, float],
    last: tuple[float, float],
    price: int,
) -> None:
    one, other = ((float(x) + 0.5, float(y) + 0.5) for x, y in (start, end))
    free = cents(hurdles_of(), one, other)
    hurdles = hurdles_of(([first, last], float(price), 0))
    found = cents(hurdles, one, other)
    assert found >= free - 0.5
    # a straight passage may lead a few cells aside
    assert found <= free + 2 * price + 8 * 50
