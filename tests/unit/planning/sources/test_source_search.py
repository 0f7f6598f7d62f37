"""Two sources for one customer: independent as asked, and no trench shared where it can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gisplan.model.application import Application, ApplicationKind
from gisplan.model.option import AccessKind
from gisplan.model.route_answer import Independence
from gisplan.planning.candidates import Verdicts
from gisplan.planning.routes import BayJudge
from gisplan.planning.site import Site, examine_site
from gisplan.planning.sources.groups import NO_GROUP, SourceGroups, source_groups
from gisplan.planning.sources.source_search import (
    SourceSet,
    build_source_search,
    find_source_set,
)
from gisplan.planning.state import PlanningState
from tests.grids import grid
from tests.unit.planning.test_options import EAST_M, NORTH_M, at, region_of, state_of

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.planning.access import Meetings
    from gisplan.planning.variants import Variant

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionJudge:
    """Every element asks for a section of its own; a section reaches so far and no further."""

    needed_mm2: dict[tuple[int, int], float]
    section_reach_m: dict[float, float]

    def reach_m(self, variant: Variant) -> float:
        section = variant.conductor.section_mm2 * variant.parallel_count
        reached = [m for mm2, m in self.section_reach_m.items() if mm2 <= section]
        return max(reached, default=0.0)

    def judge(self, meetings: Meetings, variant: Variant, length_m: Floats) -> Verdicts:
        section = variant.conductor.section_mm2 * variant.parallel_count
        pairs = zip(meetings.line.tolist(), meetings.bus.tolist(), strict=True)
        needed = np.array([self.needed_mm2.get(pair, 0.0) for pair in pairs])
        is_short = length_m <= self.reach_m(variant)
        passes = (section >= needed) & is_short
        return Verdicts(
            passes=passes,
            reason=np.where(passes, "", "too thin"),
            mendable=np.zeros(len(passes), dtype=bool),
            too_long=(section >= needed) & ~is_short,
        )


def reaching(
    reach_m: dict[float, float], needed: dict[tuple[int, int], float] | None = None
) -> SourceSet:
    site = site_at(state_with(), 0, 100)
    judge = SectionJudge(needed_mm2=needed or {}, section_reach_m=reach_m)
    return find_source_set(
        site, site.region.ground, judge, count=2, independence=Independence.FEEDER
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


def sections_of(found: SourceSet) -> list[float]:
    return [one.variant.conductor.section_mm2 for one in found.offers if one.variant is not None]


def test_access_point_takes_the_thinnest_cable_that_it_lets_pass() -> None:
    free, asking = reaching({0: 9e3}), reaching({0: 9e3, 185: 9e4}, {(-1, row_of("A")): 240.0})
    assert sections_of(free) == [150.0, 150.0]
    assert sorted(sections_of(asking)) == [150.0, 240.0]
    assert {one.bus for one in free.offers} == {one.bus for one in asking.offers}
    assert asking.bound_cents is not None
    assert free.total_cents < asking.bound_cents <= asking.total_cents


def test_cable_goes_up_in_size_over_the_true_length() -> None:
    # A and B are 316 m off in a straight line and further along the streets
    found = reaching({0: 350.0, 240: 450.0})
    assert sections_of(found) == [240.0, 240.0]
    assert all(350 < one.length_m < 450 for one in found.offers)
    assert found.left_out == ()


def test_access_point_that_no_way_reaches_in_time_is_none() -> None:
    found = reaching({0: 300.0})
    assert found.offers == ()
    assert "too thin" in found.reason


def test_access_point_that_no_cable_serves_over_its_route_leaves_the_question() -> None:
    # free ducts lead to A over 600 m, the dear street over 400 m
    way = ring((0, 0), (0, -100), (-300, -100), (-300, 0))
    site = site_at(state_with(f"duct_bank {way} asphalt id=bank"), 0, 100)
    judge = SectionJudge(needed_mm2={}, section_reach_m={0: 450.0})
    found = find_source_set(
        site, site.region.ground, judge, count=2, independence=Independence.FEEDER
    )
    assert row_of("A") not in {one.bus for one in found.offers}
    assert any(told.startswith("A: too thin over") for told in found.left_out)


def test_refused_cable_leaves_its_access_point_to_the_next_larger_one() -> None:
    site = site_at(state_with(), 0, 100)
    judge = SectionJudge(needed_mm2={}, section_reach_m={0: 450.0})
    search = build_source_search(site, site.region.ground, judge, Independence.FEEDER)
    first, other = search.find(count=2).offers
    found = search.without_cables([first.cable_at]).find(count=2)
    assert first.variant is not None
    section_mm2 = first.variant.conductor.section_mm2 * first.variant.parallel_count
    larger = reaching({0: 450.0}, {first.element: section_mm2 + 1})
    assert sections_of(found) == sections_of(larger) != sections_of(search.find(count=2))
    assert found.total_cents == larger.total_cents
    assert other.cable_at in {one.cable_at for one in found.offers}
    assert first.element in {one.element for one in found.offers}


def row_of(bus_id: str) -> int:
    return int(np.flatnonzero(state_with().region.snapshot.grid.buses.bus_id == bus_id)[0])


def test_shared_trench_is_paid_once() -> None:
    first, second = sources(state_with(*SPUR), 300, -420, Independence.SUBSTATION).offers
    assert not any(one.is_shared for one in first.stretches)
    shared = [one for one in second.stretches if one.is_shared]
    assert sum(one.civil_cents + one.crossing_cents for one in shared) == 0
    assert all(one.cable_cents > 0 for one in shared)
    both = [edge for one in (first, second) for s in one.stretches for edge in s.parts.edge]
    assert sum(one.length_m for one in shared) > 200
    assert len(both) > len(set(both))
