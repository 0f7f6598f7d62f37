"""Places of candidates on the supply tree."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.base.base_state import BaseState, build_base_states
from gisplan.electrical.demand import Demands, LoadCase, join_demands, no_demands
from gisplan.electrical.screening.points import Points, locate_points, select_points
from gisplan.model.grid import Grid
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import (
    TOWN,
    bus,
    demand_at_buses,
    demand_on_line,
    line,
    snapshot,
)

CATALOGUE = load_catalogue("eu")
STUBS = ("A-Z 100 open", "Y-A 100 open@Y")


def base_of(g: Grid, *reserved: Demands) -> BaseState:
    held = {LoadCase.LOAD: join_demands(reserved)}
    return build_base_states(snapshot(g), CATALOGUE, reservations=held)[LoadCase.LOAD]


def located(g: Grid, asked: Demands, *reserved: Demands) -> Points:
    return locate_points(snapshot(g), base_of(g, *reserved), asked)


def test_a_bus_is_the_end_of_its_branch() -> None:
    g = grid(*TOWN)
    places = located(g, demand_at_buses([bus(g, "A2")], 1.0)).places
    assert (places.node[0], places.parent[0]) == (bus(g, "A2"), bus(g, "A1"))
    assert places.upper[0] == 1.0
    assert places.is_low[0]


@pytest.mark.parametrize("row", ["A1-A2 150", "A2-A1 150"])
def test_a_point_on_a_line_lies_between_its_ends(row: str) -> None:
    g = grid(*(row if text.startswith("A1-A2") else text for text in TOWN))
    name = row.split(maxsplit=1)[0]
    offset_m = 50.0 if name == "A1-A2" else 100.0
    places = located(g, demand_on_line(line(g, name), offset_m, 1.0)).places
    assert places.node[0] == bus(g, "A2")
    assert places.upper[0] == pytest.approx(1 / 3)


@pytest.mark.parametrize(("offset_m", "upper"), [(30.0, 0.5), (90.0, 0.5), (135.0, 0.5)])
def test_joints_of_promises_cut_the_line(offset_m: float, upper: float) -> None:
    g = grid(*TOWN)
    at = line(g, "A1-A2")
    held = [demand_on_line(at, place, 1.0) for place in (60.0, 120.0)]
    places = located(g, demand_on_line(at, offset_m, 1.0), *held).places
    first = len(g.buses.bus_id)
    chain = [bus(g, "A1"), first, first + 1, bus(g, "A2")]
    stretch = int(np.searchsorted([60.0, 120.0], offset_m))
    assert (places.parent[0], places.node[0]) == (chain[stretch], chain[stretch + 1])
    assert places.upper[0] == pytest.approx(upper)


@pytest.mark.parametrize("row", STUBS)
def test_a_point_on_a_stub_hangs_on_what_feeds_it(row: str) -> None:
    g = grid(*TOWN, row)
    stub = line(g, row.split(maxsplit=1)[0])
    place_m = 25.0 if row.startswith("A") else 75.0
    places = located(g, demand_on_line(stub, place_m, 1.0)).places
    assert (places.node[0], places.parent[0]) == (-1, bus(g, "A"))
    # NAYY 4x150 over 25 m on 0.4 kV and 1 kVA
    per_km = (0.208 + 0.08j) * 1e3 / 400**2
    assert places.stub_impedance[0] == pytest.approx(0.025 * per_km)
    # 261 nF / km over the whole 100 m: 1.312 var
    assert places.stub_admittance[0] == pytest.approx(1.312e-3j, rel=1e-3)
    assert places.stub_limit_kva[0] == pytest.approx(np.sqrt(3) * 0.4 * 270)
    behind = located(
        g, demand_on_line(stub, place_m, 1.0), demand_on_line(stub, (100 + place_m) / 2, 1.0)
    ).places
    assert behind.parent[0] in {bus(g, "A"), len(g.buses.bus_id)}


def test_what_nothing_feeds_is_told_from_what_needs_ac() -> None:
    g = grid(*TOWN, "X-Y 100", "A4-A3 60", "A-K 100 out")
    asked = join_demands(
        [
            demand_at_buses([bus(g, name) for name in ("Y", "A3", "A", "B1")], 1.0),
            *(demand_on_line(line(g, name), 20.0, 1.0) for name in ("X-Y", "A4-A3", "A-K")),
        ]
    )
    found = located(g, asked)
    assert found.is_supplied.tolist() == [False, True, True, True, False, True, False]
    # the loop hangs on A1
    assert found.needs_ac.tolist() == [False, True, False, False, False, True, False]


def test_the_area_is_that_of_the_holder() -> None:
    g = grid(*TOWN)
    area = base_of(g).tree.arrays.area
    places = located(g, demand_on_line(line(g, "A1-A2"), 20.0, 1.0)).places
    assert places.area[0] == area[bus(g, "A2")]
    head = located(g, demand_on_line(line(g, "H-M1"), 20.0, 1.0)).places
    assert head.area[0] == area[bus(g, "M1")] != area[bus(g, "H")]


def test_some_points_are_all_their_columns() -> None:
    g = grid(*TOWN)
    places = located(g, demand_at_buses([bus(g, n) for n in ("A1", "M2", "B2")], 1.0)).places
    chosen = select_points(places, np.array([2, 0]))
    for name, column in chosen._asdict().items():
        assert column.tolist() == getattr(places, name)[[2, 0]].tolist()


def test_no_candidates_have_no_places() -> None:
    assert len(located(grid(*TOWN), no_demands()).is_supplied) == 0
