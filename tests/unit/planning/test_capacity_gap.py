"""Applications on supply cells, what is asked of each element, and when it runs out.

The town of ``test_options``: transformer TB feeds the board B and its main along the x axis, RC
feeds C; both hang on the feeder S-T of the source S.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from gisplan.density.capacity_gap import NOW
from gisplan.density.forecast_memory import ForecastMemory
from gisplan.electrical.demand import LoadCase
from gisplan.electrical.screening.capacity import Direction
from gisplan.model.application import Application, ApplicationKind
from gisplan.model.application_table import (
    ApplicationTable,
    build_application_table,
    join_tables,
)
from gisplan.model.reservation import HeldReservation, ReservationRow
from gisplan.planning.capacity_gap import CapacityGap, capacity_gap, headroom_at
from gisplan.planning.element_names import element_name, limiting_name
from gisplan.planning.land_limits import LandUse, land_limits
from gisplan.planning.outlook import (
    NO_QUARTERS,
    Outlook,
    Quarters,
    build_outlook,
    build_quarters,
    month_name,
    months_of,
)
from gisplan.planning.state import PlanningState
from gisplan.planning.supply_areas import supply_areas
from gisplan.planning.supply_cells import LEVELS, build_supply_cells, place_applications
from tests.unit.planning.test_options import (
    CATALOGUE,
    EAST_M,
    NORTH_M,
    STATE,
    TOWN,
    application,
    region_of,
    state_of,
    town,
)

CELLS = build_supply_cells(TOWN)
RECEIVED = CATALOGUE.value("density.realisation_rate.received")
PLANNED = CATALOGUE.value("density.realisation_rate.planned")


def table_of(*applications: Application, status: str = "received") -> ApplicationTable:
    return build_application_table(applications, status=status)


def outlook_of(
    table: ApplicationTable,
    state: PlanningState = STATE,
    direction: Direction = Direction.LOAD,
) -> Outlook:
    cells = build_supply_cells(state.region)
    return build_outlook(
        table,
        place_applications(state.region, cells, table),
        cells,
        held=state.held,
        catalogue=CATALOGUE,
        direction=direction,
    )


def gap_of(outlook: Outlook, quarters: Quarters = NO_QUARTERS) -> CapacityGap:
    parts = outlook.forecast(ForecastMemory()) if len(quarters) else ()
    return capacity_gap(STATE, outlook, parts, quarters)


def near_board(number: int, **values: object) -> Application:
    return application(TOWN, 70.0, 15.0, reference=f"B-{number}", **values)


def near_c(number: int, **values: object) -> Application:
    return application(TOWN, 250.0, 15.0, reference=f"C-{number}", **values)


def of_unit(unit: str) -> int:
    ids = TOWN.snapshot.grid.transformers.transformer_id[CELLS.levels[0].row]
    return int(np.flatnonzero(ids == unit)[0])


def test_every_cell_knows_its_transformer_feeder_and_substation() -> None:
    names = [
        [element_name(STATE, level, int(row))[0] for row in elements.row]
        for level, elements in zip(LEVELS, CELLS.levels, strict=True)
    ]
    assert names == [["RC", "TB"], ["S-T"], ["S"]]
    assert CELLS.element.tolist() == [[0, 1, -1, -1], [0, 0, 0, -1], [0, 0, 0, 0]]
    assert len(CELLS) == 4


def test_bus_belongs_to_the_cell_nearest_below_it() -> None:
    bus_id = TOWN.snapshot.grid.buses.bus_id
    cell = {str(one): int(CELLS.bus_cell[row]) for row, one in enumerate(bus_id)}
    assert cell["J3"] == cell["B"] == cell["H"] == of_unit("TB")
    assert cell["C1"] == of_unit("RC")
    assert (cell["T"], cell["R"], cell["S"]) == (2, 2, 3)


def test_neighbours_are_the_other_cells_of_the_level() -> None:
    assert CELLS.neighbours[0].tolist() == [1, -1, -1, -1, -1, -1]
    assert CELLS.neighbours[2].tolist() == [-1] * 6


def test_application_hangs_on_its_own_bus_else_on_the_nearest_main() -> None:
    table = table_of(
        near_c(1),
        near_c(2, existing_bus_id="H"),
        near_c(3, existing_bus_id="gone"),
        near_board(4, demand_kva=900.0),
    )
    cell = place_applications(TOWN, CELLS, table).cell
    assert cell.tolist() == [of_unit("RC"), of_unit("TB"), of_unit("RC"), 2]


def test_place_outside_the_region_is_in_no_cell() -> None:
    far = replace(near_board(1), lon=20.0)
    placed = place_applications(TOWN, CELLS, table_of(far))
    assert placed.cell.tolist() == [-1]
    assert outlook_of(table_of(far)).asked_kva.sum() == 0


def test_asked_is_demand_times_coincidence_times_what_is_built() -> None:
    # heat pumps of 9 kVA at 0.95: 0.1117 of the demand at the transformer, 0.105 and 0.1 above
    table = join_tables(
        table_of(near_board(1), near_board(2)), table_of(near_board(3), status="planned")
    )
    asked = outlook_of(table).asked_kva[:, of_unit("TB")]
    built = 2 * RECEIVED + PLANNED
    assert asked == pytest.approx(9.0 * built * np.array([0.1117, 0.105, 0.1]))
    assert outlook_of(table).asked_count[of_unit("TB")] == 3


def test_expected_maximum_counts_where_it_is_given() -> None:
    one = near_board(1, expected_maximum_demand_kw=1.9, power_factor=0.95)
    asked = outlook_of(table_of(one)).asked_kva[0, of_unit("TB")]
    assert asked == pytest.approx(2.0 * 0.1117 * RECEIVED)


def test_joint_demand_of_counted_classes_is_less_than_of_each_alone() -> None:
    many = [near_board(n, customer_class="ev_charging", demand_kva=11.0) for n in range(20)]
    one = outlook_of(table_of(many[0])).asked_kva[0].sum()
    assert outlook_of(table_of(*many)).asked_kva[0].sum() < 20 * one


def test_refused_and_withdrawn_ask_for_nothing() -> None:
    for status in ("refused", "withdrawn", "accepted"):
        outlook = outlook_of(table_of(near_board(1), status=status))
        assert (outlook.asked_kva.sum(), outlook.is_open.sum()) == (0, 0)


def test_who_holds_capacity_asks_for_nothing_more() -> None:
    row = ReservationRow(
        element_id="H",
        element_kind="bus",
        level="service",
        load_case="load",
        p_kw=9.0,
        q_kvar=0.0,
        coincident_p_kw=9.0,
        coincident_q_kvar=0.0,
    )
    held = HeldReservation(
        application_id=1, reference="B-1", kind="load", customer_class="heat_pump", row=row
    )
    state = state_of(TOWN, held)
    outlook = outlook_of(table_of(near_board(1), near_board(2)), state)
    assert outlook.is_open.tolist() == [False, True]


def test_storage_asks_in_both_directions_and_a_load_in_one() -> None:
    table = table_of(
        near_board(1, kind=ApplicationKind.STORAGE, customer_class="commercial", demand_kva=20.0),
        near_board(2),
        near_board(3, kind=ApplicationKind.GENERATION, demand_kva=10.0, power_factor=1.0),
    )
    assert outlook_of(table).is_open.tolist() == [True, True, False]
    fed_in = outlook_of(table, direction=Direction.GENERATION)
    assert fed_in.is_open.tolist() == [True, False, True]
    # feed-in coincides in full and counts its active power
    assert fed_in.asked_kva[0].sum() == pytest.approx((20 * 0.95 + 10) * RECEIVED)


def test_headroom_is_the_capacity_of_the_bus_behind_each_element() -> None:
    gap = gap_of(outlook_of(table_of(near_board(1))))
    unit = gap.levels[0].headroom
    # 400 kVA at full load, of which its own reactance takes 4 %, less the 102 kW and 10 kvar there
    assert unit.kva[of_unit("TB")] == pytest.approx(400 - 102.5, rel=0.05)
    kind, row = int(unit.element_kind[1]), int(unit.element_row[1])
    assert limiting_name(TOWN.snapshot.grid, kind, row)[:2] == ("transformer", "TB")
    assert unit.kva[of_unit("TB")] == headroom_at(STATE, CELLS.levels[0].bus, Direction.LOAD).kva[1]


def test_transformer_without_room_for_today_runs_out_today() -> None:
    many = [
        near_board(n, customer_class="industrial", demand_kva=300.0, applied_on="2025-03-01")
        for n in range(3)
    ]
    outlook = outlook_of(table_of(*many))
    gap = gap_of(outlook)
    assert gap.levels[0].season.tolist() == [gap.lasts, NOW]
    assert gap.cells.seasons.season[of_unit("TB")] == NOW
    share = gap.cells.grants.share[of_unit("TB")]
    headroom = gap.levels[0].headroom.kva[of_unit("TB")]
    assert share * outlook.asked_kva[0, of_unit("TB")] == pytest.approx(headroom)


def monthly(count: int) -> list[Application]:
    """So many applications of 30 kVA in each month of 2024 and 2025."""
    days = [f"{year}-{month:02}-10" for year in (2024, 2025) for month in range(1, 13)]
    return [
        near_board(100 * n + k, applied_on=day, customer_class="commercial", demand_kva=30.0)
        for n, day in enumerate(days)
        for k in range(count)
    ]


def test_season_by_hand_from_a_steady_stream() -> None:
    # built: 30 kVA * 0.75 * RECEIVED = 13.5 a month; nothing asked for today (all refused)
    outlook = outlook_of(table_of(*monthly(1), status="refused"))
    quarters = build_quarters(outlook.newest_month or 0, 2030 * 12)
    gap = gap_of(outlook, quarters)
    unit = of_unit("TB")
    months = gap.levels[0].headroom.kva[unit] / (30 * 0.75 * RECEIVED)
    season = int(gap.levels[0].season[unit])
    assert season == pytest.approx(months / 3, abs=1.2)
    assert gap.levels[0].earliest[unit] <= season <= gap.levels[0].latest[unit]
    assert gap.levels[0].earliest[unit] < gap.levels[0].latest[unit]


def test_more_applications_never_move_the_season_later() -> None:
    seasons = []
    for count in (1, 2, 4):
        outlook = outlook_of(table_of(*monthly(count)))
        quarters = build_quarters(outlook.newest_month or 0, 2030 * 12)
        gap = gap_of(outlook, quarters)
        seasons.append(gap.cells.seasons.season[of_unit("TB")])
    assert seasons == sorted(seasons, reverse=True)


def test_order_of_applications_does_not_matter() -> None:
    table = table_of(*monthly(1), near_c(1))
    turned = table.take(np.arange(len(table))[::-1])
    quarters = build_quarters(2025 * 12 + 11, 2028 * 12)
    one, other = (gap_of(outlook_of(each), quarters) for each in (table, turned))
    for mine, its in zip(one.levels, other.levels, strict=True):
        assert np.allclose(mine.growth_kva, its.growth_kva)
        assert mine.season.tolist() == its.season.tolist()


def test_bus_on_a_loop_has_no_known_headroom_and_its_cell_stays_unknown() -> None:
    ring = region_of(town("J3-B 200 r=0.208 x=0.08 c=261 i=270", "R-S 700 r=0.161 i=362"))
    state = state_of(ring)
    outlook = outlook_of(table_of(near_board(1)), state)
    gap = capacity_gap(state, outlook, (), NO_QUARTERS)
    assert np.isnan(gap.levels[0].headroom.kva[of_unit("TB")])
    assert gap.cells.seasons.season[of_unit("TB")] == -1
    assert np.isnan(gap.cells.grants.share[of_unit("TB")])


def test_undated_applications_are_asked_for_and_not_forecast() -> None:
    outlook = outlook_of(table_of(near_board(1)))
    assert (outlook.newest_month, len(outlook.dated)) == (None, 0)
    assert outlook.forecast(ForecastMemory()) == ()


def test_quarters_are_those_of_the_calendar() -> None:
    quarters = build_quarters(2025 * 12 + 10, 2026 * 12 + 5)  # November 2025, to June 2026
    assert quarters.end_months.tolist() == [1, 4, 7]
    assert [quarters.told(one) for one in range(-1, 5)] == [
        None,
        "today",
        "2025-Q4",
        "2026-Q1",
        "2026-Q2",
        "",
    ]
    whole = build_quarters(2025 * 12 + 11, 2026 * 12)  # December 2025, to January 2026
    assert whole.end_months.tolist() == [3]


def test_months_of_days() -> None:
    table = table_of(near_board(1, applied_on="2025-03-31"), near_board(2))
    assert months_of(table.applied_on).tolist() == [2025 * 12 + 2, -1]
    assert month_name(2025 * 12 + 2) == "2025-03"
    assert len(months_of(np.empty(0))) == 0


def test_fingerprint_is_another_where_a_value_is() -> None:
    table = table_of(near_board(1), near_board(2))
    marks = {
        table.fingerprint(),
        replace(table, demand_kva=table.demand_kva + 1).fingerprint(),
        replace(table, status=np.array(["planned", "received"])).fingerprint(),
        table.take(np.array([0])).fingerprint(),
    }
    assert len(marks) == 4
    assert table.take(np.array([0, 1])).fingerprint() == table.fingerprint()


REACH_M = STATE.region.catalogue.value("density.supply_area_reach_m")


def test_supply_areas_do_not_overlap_and_hold_their_own_loads() -> None:
    grid = TOWN.snapshot.grid
    areas = supply_areas(grid, CELLS, 0, reach_m=REACH_M)
    rc, tb = areas[of_unit("RC")], areas[of_unit("TB")]
    assert rc.intersection(tb).area == pytest.approx(0, abs=1e-6)
    assert rc.area > 0
    assert tb.covers(_point(60, 20))
    (feeder,) = supply_areas(grid, CELLS, 1, reach_m=REACH_M)
    assert feeder.area == pytest.approx(rc.area + tb.area, rel=0.2)


def _point(x_m: float, y_m: float) -> shapely.Point:
    return shapely.Point(EAST_M + x_m, NORTH_M + y_m)


def land_of(density: float) -> LandUse:
    box = shapely.box(EAST_M - 2000, NORTH_M - 2000, EAST_M + 2000, NORTH_M + 2000)
    return LandUse(shape=np.array([box]), saturation_mva_per_km2=np.array([density]))


def test_limit_of_a_cell_is_its_ground_times_the_density_there() -> None:
    limits = land_limits(STATE, CELLS, land_of(2.0))
    areas = supply_areas(TOWN.snapshot.grid, CELLS, 0, reach_m=REACH_M)
    area_km2 = areas[of_unit("TB")].area / 1e6
    assert limits.limit_kva[of_unit("TB")] == pytest.approx(area_km2 * 2000)
    assert limits.existing_kva[of_unit("TB")] == pytest.approx(102.5, rel=0.05)
    assert np.isnan(limits.limit_kva[2:]).all()
    nowhere = LandUse(shape=np.array([shapely.box(0, 0, 1, 1)]), saturation_mva_per_km2=np.ones(1))
    assert np.isnan(land_limits(STATE, CELLS, nowhere).limit_kva).all()


def test_growth_bends_under_the_limit_of_the_land() -> None:
    outlook = outlook_of(table_of(*monthly(4), status="refused"))
    quarters = build_quarters(outlook.newest_month or 0, 2035 * 12)
    straight = gap_of(outlook, quarters).levels[0]
    limits = land_limits(STATE, CELLS, land_of(0.4))
    bent = gap_of(replace(outlook, land=limits), quarters)
    unit = of_unit("TB")
    room_kva = limits.limit_kva[unit] - limits.existing_kva[unit]
    assert straight.growth_kva[unit] > room_kva > 0
    assert bent.levels[0].growth_kva[unit] <= room_kva * (1 + 1e-9)
    assert bent.levels[1].growth_kva[0] < gap_of(outlook, quarters).levels[1].growth_kva[0]


def test_land_that_is_full_is_named_and_unknown_load_has_no_limit() -> None:
    outlook = outlook_of(table_of(*monthly(1), status="refused"))
    assert not outlook.is_full.any()
    limits = land_limits(STATE, CELLS, land_of(0.01))
    assert replace(outlook, land=limits).is_full.tolist() == [False, True, False, False]
    dark = dict(STATE.base)
    load = dark[LoadCase.LOAD]
    dark[LoadCase.LOAD] = replace(
        load, transformer_p_kw=np.full_like(load.transformer_p_kw, np.nan)
    )
    unknown = replace(STATE, footing=replace(STATE.footing, base=dark))
    assert np.isnan(land_limits(unknown, CELLS, land_of(2.0)).limit_kva).all()


def test_what_is_older_than_ten_years_has_no_part_in_the_forecast() -> None:
    old = near_board(999, applied_on="1901-01-01", customer_class="commercial", demand_kva=30.0)
    outlook = outlook_of(table_of(*monthly(1), old))
    assert len(outlook.dated) == 24
    (part,) = outlook.forecast(ForecastMemory())
    assert part.forecast.known < 25
