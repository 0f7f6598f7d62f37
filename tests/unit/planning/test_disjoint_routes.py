"""Two sources for one customer: independent as asked, and no trench shared where it can be."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.model.application import Application, ApplicationKind
from gisplan.model.option import AccessKind
from gisplan.model.route_answer import Independence
from gisplan.planning.disjoint_routes import SourceSet, find_source_set
from gisplan.planning.routes import BayJudge
from gisplan.planning.site import Site, examine_site
from gisplan.planning.source_groups import NO_GROUP, SourceGroups, source_groups
from gisplan.planning.state import PlanningState
from tests.grids import grid
from tests.unit.planning.test_options import EAST_M, NORTH_M, at, region_of, state_of

KVA = 630.0

# two substations west and east; two feeders leave S, one leaves S2; streets make a ring and a spur
ROWS = (
    f"S substation_busbar 20000V {at(-900, 0)} bays=8/2 substation=West",
    f"S2 substation_busbar 20000V {at(1500, 0)} bays=8/2 substation=East",
    f"A ring_main_unit 20000V {at(-300, 0)} bays=4/1",
    f"B ring_main_unit 20000V {at(-300, 200)} bays=4/1",
    f"C ring_main_unit 20000V {at(600, 200)} bays=4/1",
    "S-A 600 i=362",
    "S-B 640 i=362",
    "S2-C 920 i=362",
    "A: 100 kW",
    "B: 100 kW",
    "C: 100 kW",
)


def ring(*points: tuple[float, float]) -> str:
    return " ".join(f"{EAST_M + x},{NORTH_M + y}" for x, y in points)


STREETS = (
    f"street {ring((-300, 0), (600, 0))} id=south",
    f"street {ring((-300, 200), (600, 200))} id=north",
    f"street {ring((0, 0), (0, 200))} id=west",
    f"street {ring((600, 0), (600, 200))} id=east",
)
SPUR = (f"street {ring((300, 0), (300, -400))} id=spur",)


def state_with(*more: str) -> PlanningState:
    return state_of(region_of(grid(*ROWS, *STREETS, *more)))


def site_at(state: PlanningState, x_m: float, y_m: float) -> Site:
    ((lon, lat),) = state.region.projection.to_lon_lat(np.array([[EAST_M + x_m, NORTH_M + y_m]]))
    return examine_site(
        Application(reference="D", lon=lon, lat=lat, kind=ApplicationKind.LOAD, demand_kva=KVA),
        state,
    )


def sources(
    state: PlanningState,
    x_m: float,
    y_m: float,
    independence: Independence = Independence.FEEDER,
    count: int = 2,
) -> SourceSet:
    site = site_at(state, x_m, y_m)
    return find_source_set(
        site,
        site.region.ground,
        BayJudge(site=site),
        count=count,
        independence=independence,
    )


def edges_of(found: SourceSet) -> list[set[int]]:
    return [
        {int(edge) for stretch in one.stretches for edge in stretch.parts.edge}
        for one in found.offers
    ]


def test_two_feeders_are_reached_by_ways_that_share_nothing() -> None:
    found = sources(state_with(), 0, 100)
    assert len(found.offers) == 2
    assert len(set(found.group_names)) == 2
    assert found.shared_length_m == 0
    assert found.reason == ""
    assert found.bound_cents is not None
    assert found.bound_cents <= found.total_cents


@pytest.mark.parametrize(
    ("independence", "names"),
    [(Independence.BUSBAR, {"S", "S2"}), (Independence.SUBSTATION, {"West", "East"})],
)
def test_sources_differ_in_what_is_asked(independence: Independence, names: set[str]) -> None:
    assert set(sources(state_with(), 0, 100, independence).group_names) == names


def test_more_independence_never_costs_less() -> None:
    state = state_with()
    costs = [sources(state, 0, 100, one).total_cents for one in Independence]
    assert costs == sorted(costs)


def test_three_substations_do_not_exist_and_that_is_said() -> None:
    found = sources(state_with(), 0, 100, Independence.SUBSTATION, count=3)
    assert len(found.offers) == 2
    assert "2 of 3 sources" in found.reason
    assert found.bound_cents is None


def test_bottom_of_a_spur_shares_the_spur_and_no_more() -> None:
    found = sources(state_with(*SPUR), 300, -420, Independence.SUBSTATION)
    assert len(found.offers) == 2
    # connectors of up to 150 m leave the spur at its end, so that less than its 400 m are shared
    assert 200 < found.shared_length_m <= 400
    assert "are shared" in found.reason


def test_site_without_corridors_finds_no_source() -> None:
    found = sources(state_with(), 0, 2500)
    assert found.offers == ()
    assert "no access point" in found.reason


def test_full_ring_main_unit_is_no_end() -> None:
    rows = [row.replace("bays=4/1", "bays=4/0") if row.startswith("B ") else row for row in ROWS]
    state = state_of(region_of(grid(*rows, *STREETS)))
    found = sources(state, 0, 100)
    b = int(np.flatnonzero(state.region.snapshot.grid.buses.bus_id == "B")[0])
    assert all((one.kind, one.bus) != (AccessKind.SPARE_BAY, b) for one in found.offers)


def groups(independence: Independence) -> tuple[SourceGroups, dict[str, int]]:
    region = state_with().region
    rows = {str(name): row for row, name in enumerate(region.snapshot.grid.buses.bus_id)}
    return source_groups(region.snapshot, independence), rows


def test_busbar_is_its_own_feeder_and_rings_belong_to_theirs() -> None:
    found, rows = groups(Independence.FEEDER)
    numbers = [int(found.bus[rows[name]]) for name in ("A", "B", "C", "S", "S2")]
    assert len(set(numbers)) == 5
    assert NO_GROUP not in numbers


def test_line_belongs_to_what_it_feeds() -> None:
    found, rows = groups(Independence.FEEDER)
    lines = state_with().region.snapshot.grid.lines
    for row in range(len(lines.line_id)):
        assert found.line[row] == found.bus[lines.to_bus[row]]
    assert rows


def test_unsupplied_bus_belongs_to_nothing() -> None:
    region = region_of(grid(*ROWS, *STREETS, f"X ring_main_unit 20000V {at(50, 200)}"))
    found = source_groups(region.snapshot, Independence.BUSBAR)
    lone = int(np.flatnonzero(region.snapshot.grid.buses.bus_id == "X")[0])
    assert found.bus[lone] == NO_GROUP
