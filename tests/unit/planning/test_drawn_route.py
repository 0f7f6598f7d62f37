"""A drawn line costs what the cheapest way that it may mean costs, as a proposed route does."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gisplan.planning.drawn_route import drawn_stretches
from gisplan.planning.region import Region
from gisplan.planning.route import Stretch, connector_stretch, laid_out
from gisplan.planning.state import PlanningState
from gisplan.planning.told_route import route_crossings
from gisplan.planning.variants import Variant
from gisplan.planning.ways import find_way
from gisplan.planning.works_time import works_time
from gisplan.routing.drawn_stops import TOUCH_M
from gisplan.routing.site import Connectors
from tests.grids import grid
from tests.unit.planning.test_candidates import low_voltage_variants
from tests.unit.planning.test_crossable import application, planned
from tests.unit.planning.test_place_routes import way
from tests.unit.planning.towns import region_of

VARIANT: Variant = low_voltage_variants(9.0)[0]
SURFACES = ("asphalt", "paving", "verge", "open_ground")
TRUNK = ("S-T 300", "T>B 630", "B-C 100")


def town_of(seed: int) -> Region:
    """Bent streets, some with a second side or a duct 3 m beside it, two roads and a house.

    One road leads across the streets, the other one along some of them.
    """
    rng = np.random.default_rng(seed)
    places = {
        (i, j): np.round(np.array([70.0 * i, 70.0 * j + 500.0]) + rng.uniform(-12, 12, 2), 1)
        for i in range(4)
        for j in range(4)
    }
    rows: list[str] = []
    for i in range(4):
        for j in range(4):
            for one in ((i + 1, j), (i, j + 1)):
                if one in places:
                    ends = np.array([places[i, j], places[one]])
                    rows += corridor_rows(ends, rng)
    y_m = float(np.round(500 + rng.uniform(20, 50) + 70.0 * rng.integers(0, 3), 1))
    axis = " ".join(f"{x},{y}" for x, y in (places[i, 2] for i in range(4)))
    rows.append(f"barrier road {axis} id=axis")
    house = "obstacle 84,584 96,584 96,596 84,596 kind=building"
    return region_of(grid(*TRUNK, *rows, f"barrier road -60,{y_m} 300,{y_m + 5}", house))


def corridor_rows(ends: np.ndarray, rng: np.random.Generator) -> list[str]:
    rows = [f"street {text(ends)} {rng.choice(SURFACES)}"]
    step = ends[1] - ends[0]
    aside = np.round(3.0 * np.array([-step[1], step[0]]) / np.hypot(*step), 2)
    if rng.random() < 0.3:
        rows.append(f"street {text(ends + aside)} {rng.choice(SURFACES)}")
    if rng.random() < 0.2:
        rows.append(f"duct_bank {text(ends)}")
    return rows


def text(xy_m: np.ndarray) -> str:
    return " ".join(f"{x},{y}" for x, y in np.round(xy_m, 2))


def landings(region: Region, place: np.ndarray) -> Connectors:
    return region.site_index.connectors(float(place[0]), float(place[1]), 150.0)


def proposed(region: Region, one: np.ndarray, other: np.ndarray) -> list[Stretch]:
    ground = region.ground
    here, there = (
        region.site_index.connectors(*map(float, place), 150.0) for place in (one, other)
    )
    way = find_way(ground, VARIANT, ground.priced(VARIANT), here, there)
    assume(way is not None)
    assert way is not None
    last = connector_stretch(ground.civil, VARIANT, there, way.end)
    return [*laid_out(ground.civil, VARIANT, here, way.start, way.parts), last]


def stands_on_corridor(region: Region, *places: np.ndarray) -> bool:
    """Tell whether a line from there begins on a corridor, and so takes no straight way beside."""
    found = [landings(region, place) for place in places]
    return any(len(some) and some.length_m.min() <= TOUCH_M for some in found)


def line_of(stretches: list[Stretch]) -> np.ndarray:
    xy = np.concatenate([*(one.xy_m for one in stretches[:-1]), stretches[-1].xy_m[::-1]])
    moved = np.concatenate([[True], np.hypot(*np.diff(xy, axis=0).T) > 1e-9])
    return xy[moved]


def cents(stretches: list[Stretch]) -> int:
    return sum(one.cost_cents for one in stretches)


PLACE = st.tuples(st.floats(-40.0, 250.0), st.floats(460.0, 750.0)).map(np.array)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), PLACE, PLACE)
@example(648, np.array([79.0, 522.0]), np.array([137.0, 541.0]))  # lands 4 cm before a road
def test_proposed_route_drawn_again_costs_what_was_proposed(
    seed: int, one: np.ndarray, other: np.ndarray
) -> None:
    assume(np.hypot(*(one - other)) > 1.0)
    region = town_of(seed)
    assume(not stands_on_corridor(region, one, other))
    route = proposed(region, one, other)
    drawn, findings = drawn_stretches(region, VARIANT, line_of(route))
    assert cents(drawn) == pytest.approx(cents(route), abs=len(route) + len(drawn))
    assert findings == ()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), PLACE, PLACE, st.floats(0.2, 3.0))
@example(1000, np.array([0.0, 600.0]), np.array([214.4, 570.0]), 1.2)  # begins 4.5 cm off a duct
def test_line_along_corridors_is_never_cheaper_than_the_cheapest_route(
    seed: int, one: np.ndarray, other: np.ndarray, shake_m: float
) -> None:
    assume(np.hypot(*(one - other)) > 1.0)
    region = town_of(seed)
    route = proposed(region, one, other)
    line = line_of(route)
    shaken = line + np.random.default_rng(seed).uniform(-shake_m, shake_m, line.shape)
    shaken[[0, -1]] = line[[0, -1]]
    drawn, _ = drawn_stretches(region, VARIANT, shaken)
    assume(all(stretch.corridor != "off corridors" for stretch in drawn))
    assert cents(drawn) >= cents(route) - len(route) - len(drawn)


def test_line_through_a_house_is_told_so() -> None:
    _, findings = drawn_stretches(town_of(1), VARIANT, np.array([(60.0, 590.0), (120.0, 590.0)]))
    assert [one.rule for one in findings] == ["route.forbidden_area"]
    assert findings[0].measured == pytest.approx(12.0, abs=0.01)


def drawn_over_a_field(
    *rows: str, line: tuple[tuple[float, float], ...]
) -> tuple[PlanningState, list[Stretch]]:
    """A line far from corridors, on the ground of rows."""
    state = planned(*rows)
    drawn, findings = drawn_stretches(state.region, VARIANT, np.array(line))
    assert findings == ()
    return state, drawn


ACROSS = ((300.0, 0.0), (310.0, 20.0), (310.0, 50.0))


@pytest.mark.parametrize(("kind", "price"), [("road", 2_600), ("rail", 18_500), ("water", 9_200)])
def test_line_over_a_field_pays_for_what_it_crosses(kind: str, price: int) -> None:
    barrier = f"barrier {kind} 250,30 400,30 owner=X permit=200 id=B"
    state, (free,) = drawn_over_a_field(barrier, line=ACROSS)
    _, (plain,) = drawn_over_a_field(line=ACROSS)
    assert free.corridor == plain.corridor == "off corridors"
    assert free.cost_cents == plain.cost_cents + 100 * price
    (crossing,) = route_crossings(state.region, free.crossed)
    assert (crossing.kind, crossing.barrier, crossing.owner) == (kind, "B", "X")
    time = works_time(state.region, application(state, (300.0, 0.0)), [free])
    assert time.longest is not None
    assert (time.longest.days, time.longest.owner) == (200.0, "X")


def test_line_over_paved_streets_pays_for_each_and_waits_for_their_bans() -> None:
    street = "street 250,{0} 400,{0} owner=city permit=77 ban=2027-0{1}-01 id=s{1}"
    streets = [street.format(y, n) for n, y in enumerate((100, 200, 300), start=1)]
    line = ((300.0, -80.0), (310.0, 50.0), (310.0, 490.0))
    state, drawn = drawn_over_a_field(*streets, line=line)
    assert sum(one.crossing_cents for one in drawn) == 3 * 24_000
    time = works_time(state.region, application(state, line[0]), drawn)
    assert time.banned_until == datetime.date(2027, 3, 1)
    assert time.banned_corridor == "street: s3"


def test_line_with_a_vertex_on_a_railway_crosses_it_once_and_a_touch_is_none() -> None:
    rail = "barrier rail 250,30 400,30 id=R"
    _, (over,) = drawn_over_a_field(rail, line=((300.0, 0.0), (310.0, 30.0), (330.0, 50.0)))
    _, (touching,) = drawn_over_a_field(rail, line=((300.0, 0.0), (310.0, 30.0), (330.0, 0.0)))
    assert [over.crossing_cents, touching.crossing_cents] == [1_850_000, 0]


def test_line_through_a_wood_pays_its_factor() -> None:
    wood = "obstacle 290,10 330,10 330,30 290,30 cost=2 kind=wood id=W"
    line = ((310.0, 0.0), (310.0, 50.0))
    _, (free,) = drawn_over_a_field(wood, line=line)
    _, (plain,) = drawn_over_a_field(line=line)
    assert free.civil_cents - plain.civil_cents == pytest.approx(2_000 * 110, abs=1)


def test_line_that_leaves_the_corridor_along_a_road_crosses_nothing() -> None:
    rows = "street 250,0 400,0 id=axis", "barrier road 200,0 500,0 id=B33"
    _, drawn = drawn_over_a_field(*rows, line=((260.0, 0.0), (300.0, 0.0), (320.0, 40.0)))
    assert [one.corridor for one in drawn] == ["street: axis", "off corridors"]
    assert sum(one.crossing_cents for one in drawn) == 0


ROAD_STREET = planned("street 300,0 600,0 id=axis", "barrier road 200,0 700,0 id=B33")


def drawn_cents(state: PlanningState, *line: tuple[float, float]) -> int:
    return cents(drawn_stretches(state.region, VARIANT, np.array(line))[0])


def test_line_straight_across_a_road_with_a_corridor_pays_for_the_crossing() -> None:
    # 80 m of open ground at 110 EUR, the cable at 6.12 EUR and the road at 2,600 EUR; as proposed,
    # with 30 m of own ground at 51 EUR, the straight way costs 10,119.60 EUR
    line = (450.0, 40.0), (450.0, -40.0)
    assert drawn_cents(ROAD_STREET, *line) == 1_188_960
    assert way(ROAD_STREET, *line).cost.total == pytest.approx(10_119.60, abs=1)


def test_line_along_a_road_changes_sides_at_a_node_that_it_passes() -> None:
    # connectors of 20 m and 40 m, 150 m of asphalt at 91 EUR, 210 m of cable and the road
    street = planned(
        "street 300,0 600,0 id=axis", "street 450,0 450,80", "barrier road 200,0 700,0"
    )
    line = (350.0, 20.0), (350.0, 0.0), (500.0, 0.0), (500.0, -40.0)
    by_hand = 20 * 51 + 30 * 51 + 10 * 110 + 150 * 91 + 210 * 6.12 + 2_600
    assert drawn_cents(street, *line) == pytest.approx(100 * by_hand, abs=50)


ACROSS_M = st.floats(6.0, 60.0)
STREET = planned("street 300,0 600,0 id=axis")
STREET_M = st.floats(310.0, 590.0)


def saved_cents(state: PlanningState, *line: tuple[float, float]) -> float:
    """What a straight line saves as drawn, between places as they come back from degrees."""
    places = state.region.projection.to_lon_lat(np.array(line))
    drawn = [state.region.projection.to_metres(*place) for place in places]
    return 100 * way(state, *line).cost.total - drawn_cents(state, *drawn)


@settings(max_examples=15, deadline=None)
@given(st.floats(320.0, 440.0), ACROSS_M, st.floats(0.0, 1.0), ACROSS_M)
@example(320.0, 47.0, 1.0, 60.0)
def test_line_across_a_road_is_never_cheaper_than_the_proposed_route(
    x_m: float, north_m: float, askew: float, south_m: float
) -> None:
    end = x_m + askew * (north_m + south_m), -south_m
    assert saved_cents(ROAD_STREET, (x_m, north_m), end) < 1


@settings(max_examples=15, deadline=None)
@given(STREET_M, ACROSS_M, STREET_M, ACROSS_M)
@example(310.0, 50.0, 440.0, 0.5)
def test_line_across_a_street_at_any_angle_is_never_cheaper_than_the_proposed_route(
    x_m: float, north_m: float, other_x_m: float, south_m: float
) -> None:
    off_m = np.hypot(x_m - other_x_m, north_m + south_m) * max(north_m, south_m)
    assume(off_m < 150.0 * (north_m + south_m))
    for state in (STREET, ROAD_STREET):
        assert saved_cents(state, (x_m, north_m), (other_x_m, -south_m)) < 1


OVER_ROAD = planned("street 300,-100 300,100 verge id=over", "barrier road 200,0 400,0 id=B33")


@settings(max_examples=15, deadline=None)
@given(st.integers(240, 296), st.integers(3, 12), st.integers(304, 360), st.integers(3, 12))
@example(291, 4, 338, 8)
def test_line_that_crosses_a_road_beside_a_street_pays_for_the_road(
    x_m: int, south_m: int, other_x_m: int, north_m: int
) -> None:
    line = (float(x_m), -float(south_m)), (float(other_x_m), float(north_m))
    drawn, _ = drawn_stretches(OVER_ROAD.region, VARIANT, np.array(line))
    crossed = [one for part in drawn for one in route_crossings(OVER_ROAD.region, part.crossed)]
    assert [one.barrier for one in crossed] == ["B33"]
    assert saved_cents(OVER_ROAD, *line) < 1
