"""What corridors cost, by hand: every surface and laying, a free duct, a rail crossing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.network.corridors import build_corridors
from gisplan.network.strands import STREET_LINK
from gisplan.planning.civil import (
    CivilWorks,
    build_civil_works,
    connector_costs,
    edge_costs_cents,
    part_cost_cents,
    part_costs,
)
from gisplan.planning.crossable import CROSSINGS, NO_PRICE
from gisplan.planning.variants import Variant, build_variants
from gisplan.routing.site import Connectors, MetGround
from gisplan.rules.catalogue import Catalogue, load_catalogue
from tests.grids import grid

CATALOGUE = load_catalogue("eu")
WAYS = {
    "asphalt": "street 0,{y} 100,{y} asphalt",
    "paving": "street 0,{y} 100,{y} paving direct_burial",
    "verge": "street 0,{y} 100,{y} verge",
    "field": "open_ground 0,{y} 100,{y} open_ground",
    "new-duct": "street 0,{y} 100,{y} asphalt duct",
    "trough": "street 0,{y} 100,{y} paving trough",
    "drilled": "street 0,{y} 100,{y} asphalt drilling",
    "one-duct": "duct_bank 0,{y} 100,{y} asphalt ducts=1",
    "ducts": "duct_bank 0,{y} 100,{y} asphalt",
    "open-trench": "trench 0,{y} 100,{y} verge",
    "poles": "overhead 0,{y} 100,{y} verge",
    "span": "street 0,{y} 100,{y} verge overhead_span",
}
BUSES = ("S-T 100", "S substation_busbar @-5000,0", "T joint @-5100,0")


def town(*more: str) -> CivilWorks:
    """The ways above, 50 m apart, and what a test adds."""
    rows = [f"{row.format(y=50 * n)} id={key}" for n, (key, row) in enumerate(WAYS.items())]
    return works(*rows, *more)


def works(*rows: str, catalogue: Catalogue = CATALOGUE) -> CivilWorks:
    built = grid(*BUSES, *rows)
    return build_civil_works(build_corridors(built), built, catalogue)


def variant(section_mm2: float, parallel_count: int = 1, *, level: str = "lv") -> Variant:
    """NAYY 4x50 is 6 EUR/m, NAYY 4x150 9 EUR/m, each with 2 % spare length."""
    return next(
        one
        for one in build_variants(
            CATALOGUE,
            voltage_level=level,
            nominal_voltage_v=400.0 if level == "lv" else 20_000.0,
            demand_kva=9.0,
        )
        if one.conductor.section_mm2 == section_mm2 and one.parallel_count == parallel_count
    )


def edges(civil: CivilWorks, name: str) -> np.ndarray:
    corridors = civil.corridors
    return np.flatnonzero(corridors.corridor_id[corridors.edge_corridor] == name)


def euro(civil: CivilWorks, one: Variant, name: str) -> float:
    return float(edge_costs_cents(civil, one)[edges(civil, name)].sum()) / 100


TOWN = town()
THIN = variant(50.0)


@pytest.mark.parametrize(
    ("name", "civil_eur_per_m"),
    [
        ("asphalt", 91),
        ("paving", 75),
        ("verge", 51),
        ("field", 110),
        ("new-duct", 121),
        ("trough", 172),
        ("drilled", 165),
        ("one-duct", 7),
        ("ducts", 7),
        ("open-trench", 14),
    ],
)
def test_metre_costs_its_surface_and_laying_and_the_cable(
    name: str, civil_eur_per_m: float
) -> None:
    assert euro(TOWN, THIN, name) == pytest.approx(100 * (civil_eur_per_m + 6 * 1.02), abs=0.02)


@pytest.mark.parametrize("name", ["poles", "span"])
def test_cable_hangs_on_no_pole(name: str) -> None:
    assert euro(TOWN, THIN, name) == np.inf


def test_overhead_conductor_hangs_on_poles_and_lies_in_no_trench() -> None:
    bare = replace(THIN, conductor=replace(THIN.conductor, installation="overhead"))
    for name in ("poles", "span"):
        assert euro(TOWN, bare, name) == pytest.approx(100 * (38 + 6.12), abs=0.02)
    assert euro(TOWN, bare, "verge") == np.inf


def test_each_system_takes_a_duct_and_is_pulled_in_for_itself() -> None:
    pair = variant(150.0, 2)
    assert euro(TOWN, pair, "one-duct") == np.inf
    assert euro(TOWN, pair, "ducts") == pytest.approx(100 * 2 * (7 + 9 * 1.02), abs=0.02)
    # in a trench the works are paid once
    assert euro(TOWN, pair, "verge") == pytest.approx(100 * (51 + 2 * 9 * 1.02), abs=0.02)


def test_costs_are_whole_cents() -> None:
    costs = edge_costs_cents(TOWN, variant(150.0, 3))
    finite = costs[np.isfinite(costs)]
    assert (finite == np.rint(finite)).all()


def test_area_makes_works_dearer_and_not_the_cable() -> None:
    field = works("street 0,0 100,0 verge id=K", "obstacle 40,-5 60,-5 60,5 40,5 cost=3")
    # 20 of 100 m at three times 51 EUR/m: 51 * (80 + 60) and the cable over 100 m
    assert euro(field, THIN, "K") == pytest.approx(51 * 140 + 612, abs=0.05)


def test_area_leaves_a_paved_street_within_it_alone() -> None:
    area = "obstacle -5,-5 105,-5 105,5 -5,5 cost=3 kind=forest"
    paved, verge = (works(f"street 0,0 100,0 {s} id=K", area) for s in ("asphalt", "verge"))
    assert euro(paved, THIN, "K") == pytest.approx(100 * 91 + 612, abs=0.05)
    assert euro(verge, THIN, "K") == pytest.approx(100 * 51 * 3 + 612, abs=0.05)


def test_area_leaves_ducts_and_trenches_of_others_alone() -> None:
    area = "obstacle 40,-5 60,-5 60,5 40,5 cost=3"
    assert euro(works("duct_bank 0,0 100,0 id=K", area), THIN, "K") == pytest.approx(1312)


@settings(max_examples=30, deadline=None)
@given(
    x_m=st.floats(-20, 100), y_m=st.floats(-20, 560), size_m=st.floats(5, 80),
    factor=st.floats(1.0, 9.0),
)  # fmt: skip
def test_new_area_never_cheapens_an_edge(
    x_m: float, y_m: float, size_m: float, factor: float
) -> None:
    corners = [(0, 0), (size_m, 0), (size_m, size_m), (0, size_m)]
    ring = " ".join(f"{x_m + dx:.3f},{y_m + dy:.3f}" for dx, dy in corners)
    harder = town(f"obstacle {ring} cost={factor:.4f}")
    for name in WAYS:
        assert euro(harder, THIN, name) >= euro(TOWN, THIN, name)


RAILWAY = works("street 0,0 100,0 verge id=K", "barrier rail 30,-50 30,50 owner=DB id=R7")


def test_crossing_is_an_event_with_its_own_price() -> None:
    assert euro(RAILWAY, THIN, "K") == pytest.approx(100 * 57.12 + 18_500, abs=0.02)


@pytest.mark.parametrize(
    ("low", "high", "crossed"), [(0.0, 0.2, 0), (0.2, 0.4, 1), (0.3, 1.0, 1), (0.31, 1.0, 0)]
)
@pytest.mark.parametrize("backwards", [False, True])
def test_part_pays_the_crossings_that_lie_in_it(
    low: float, high: float, crossed: int, backwards: bool
) -> None:
    (edge,) = edges(RAILWAY, "K")
    graph = RAILWAY.corridors
    if graph.node_x_m[graph.edge_from[edge]] > graph.node_x_m[graph.edge_to[edge]]:
        low, high = 1 - high, 1 - low  # the edge runs from east to west
    share = np.array([[low, high]])
    first, last = share[:, 1 if backwards else 0], share[:, 0 if backwards else 1]
    cost = part_cost_cents(RAILWAY, THIN, np.array([edge]), first, last)
    expected = 100 * (high - low) * 57.12 + crossed * 18_500
    assert cost[0] / 100 == pytest.approx(expected, abs=0.02)


@settings(max_examples=50, deadline=None)
@given(share=st.floats(0, 1), edge=st.integers(0, len(TOWN.works) - 1))
def test_parts_make_up_the_edge(share: float, edge: int) -> None:
    pair = variant(150.0, 2)
    places = np.array([edge, edge, edge])
    parts = part_costs(TOWN, pair, places, np.array([0.0, 0.0, share]), np.array([1.0, share, 1.0]))
    whole, first, last = parts.total_cents
    assert whole == edge_costs_cents(TOWN, pair)[edge]
    assert whole == np.inf or abs(first + last - whole) <= 1


def test_mains_of_others_have_no_price() -> None:
    assert set(CROSSINGS) == {"street", "road", "rail", "water"}
    beside = works("street 0,0 100,0 verge id=K", "barrier gas_main 30,-50 30,50 id=G1")
    assert euro(beside, THIN, "K") == pytest.approx(100 * 57.12, abs=0.02)


@pytest.mark.parametrize(("gap_m", "is_street"), [(6.0, True), (2.0, False)])
def test_link_across_a_street_is_a_crossing_and_a_short_one_mends_a_drawing(
    gap_m: float, is_street: bool
) -> None:
    two_sides = works("street 0,0 100,0 verge id=K1", f"street 0,{gap_m} 100,{gap_m} verge id=K2")
    links = edges(two_sides, STREET_LINK)
    assert len(links)
    one = float(edge_costs_cents(two_sides, THIN)[links[0]]) / 100
    # asphalt, cable, and 240 EUR for the street
    assert one == pytest.approx(gap_m * 97.12 + 240 * is_street, abs=0.02)
    assert (two_sides.crossing_code == NO_PRICE).all() != is_street


def straight(length_m: float, *, rough_m: float = 0.0, added_m: float = 0.0) -> Connectors:
    """One connector that crosses nothing."""
    none = np.zeros(1)
    plain = MetGround.nothing(1)
    return Connectors(
        edge=np.zeros(1, dtype=np.int64),
        share=none,
        length_m=np.array([length_m]),
        xy_m=np.array([[length_m, 0.0]]),
        start_xy_m=np.zeros((1, 2)),
        met=replace(plain, rough_m=np.array([rough_m]), added_m=np.array([added_m])),
    )


def test_connector_is_a_trench_in_verge() -> None:
    costs = connector_costs(TOWN, THIN, straight(30.0))
    assert costs.civil_cents.tolist() == [153_000]
    assert costs.cable_cents.tolist() == [18_360]


def test_rough_ground_under_a_connector_is_open_ground_with_its_factor() -> None:
    # 10 m of verge at 51, 20 m of open ground at 110 with factor 1.5
    costs = connector_costs(TOWN, THIN, straight(30.0, rough_m=20.0, added_m=10.0))
    assert costs.civil_cents.tolist() == [51_000 + 330_000]
