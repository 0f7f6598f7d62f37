"""The density part of a plan: it tells, and changes nothing that the plan decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gisplan.density.forecast_memory import ForecastMemory
from gisplan.electrical.screening.capacity import Direction
from gisplan.export.plan_document import plan_from_json, plan_to_geojson, plan_to_json
from gisplan.export.surroundings_text import element_text, season_text, surroundings_lines
from gisplan.model.application import Application, ApplicationKind
from gisplan.model.application_table import ApplicationTable, build_application_table
from gisplan.model.option import AccessKind, Plan, Severity
from gisplan.model.plan_density import ElementOutlook, PlanDensity, Recommendation
from gisplan.planning.capacity_gap import capacity_gap
from gisplan.planning.options import plan_connection
from gisplan.planning.outlook import build_outlook, build_quarters
from gisplan.planning.plan_advice import recommend
from gisplan.planning.plan_density import (
    Surroundings,
    build_surroundings,
    supply_area_km2,
    with_density,
)
from gisplan.planning.supply_cells import build_supply_cells, place_applications
from tests.unit.planning.test_options import CATALOGUE, STATE, TOWN, application

CELLS = build_supply_cells(TOWN)


def around_of(table: ApplicationTable) -> Surroundings:
    hull_km2 = supply_area_km2(STATE, CELLS)
    return build_surroundings(STATE, CELLS, hull_km2, table, memory=ForecastMemory())


def told(one: Application, *others: Application, status: str = "received") -> tuple[Plan, Plan]:
    """The plan without and with its surroundings."""
    table = build_application_table(others, status=status)
    around = around_of(table)
    plan = plan_connection(one, STATE)
    return plan, with_density(plan, STATE, around)


def density_of(plan: Plan) -> PlanDensity:
    assert plan.density is not None
    return plan.density


def site(**values: object) -> Application:
    return application(TOWN, 100.0, 30.0, **values)


def neighbours(count: int, **values: object) -> list[Application]:
    return [
        application(TOWN, 70.0 + 5 * n, 15.0, reference=f"N-{n}", **values) for n in range(count)
    ]


def test_it_changes_neither_options_nor_feasibility() -> None:
    plan, made = told(site(), *neighbours(5, customer_class="industrial", demand_kva=300.0))
    assert replace(made, density=None, findings=plan.findings) == plan
    assert all(
        one.severity is not Severity.VIOLATION for one in made.findings[len(plan.findings) :]
    )


def test_neighbours_are_those_in_the_radius_and_never_the_application_itself() -> None:
    far = application(TOWN, 900.0, 15.0, reference="far")
    own = site(reference="A-1")
    _, made = told(site(), own, far, *neighbours(2))
    density = density_of(made)
    assert (density.nearby_count, density.nearby_kva) == (2, 18.0)
    assert density.applications_counted == 3


def test_the_application_stored_or_not_gives_the_same_bytes() -> None:
    others = neighbours(3, applied_on="2025-01-02")
    _, first = told(site(applied_on="2025-06-01"), *others)
    _, second = told(site(applied_on="2025-06-01"), site(applied_on="2025-06-01"), *others)
    assert plan_to_json(first) == plan_to_json(second)


def test_supply_tells_what_is_asked_and_left() -> None:
    _, made = told(site(), *neighbours(2))
    unit, feeder, substation = density_of(made).supply
    assert (unit.level, unit.element_id, feeder.element_id) == ("transformer", "TB", "S-T")
    assert substation.level == "substation"
    assert unit.own_kva == pytest.approx(9 * 0.1117, abs=1e-3)
    assert unit.asked_kva == pytest.approx(2 * 9 * 0.1117 * 0.6, abs=1e-3)
    assert unit.headroom_kva == pytest.approx(297.5, rel=0.05)
    assert (unit.runs_out, unit.asked_count, unit.limiting_element) == ("", 2, "TB")


def test_warning_names_the_rule_where_most_of_a_headroom_is_asked() -> None:
    many = neighbours(3, customer_class="industrial", demand_kva=300.0)
    plan, made = told(site(), *many)
    warned = [
        one for one in made.findings[len(plan.findings) :] if one.severity is Severity.WARNING
    ]
    assert [one.rule for one in warned] == ["density.headroom_use_max"]
    assert warned[0].element == "TB"
    assert warned[0].measured == pytest.approx((1.0 + 3 * 300 * 0.85 * 0.6) / 297.5, rel=0.05)
    assert density_of(made).supply[0].runs_out == "today"


def test_forecast_has_a_season_and_says_what_it_rests_on() -> None:
    days = [f"2025-{month:02}-05" for month in range(1, 13)]
    stream = [
        application(
            TOWN,
            70.0,
            15.0,
            reference=f"D-{n}",
            applied_on=day,
            demand_kva=60.0,
            customer_class="commercial",
        )
        for n, day in enumerate(days)
    ]
    _, made = told(site(), *stream, status="withdrawn")
    unit, density = density_of(made).supply[0], density_of(made)
    assert density.forecast.startswith(
        "smoothed mean at low voltage, by 12 dated applications over 12 months up to 2025-12"
    )
    assert "interval is wide" in density.forecast
    assert unit.runs_out is not None
    assert unit.runs_out.startswith("2026") or unit.runs_out.startswith("2027")
    assert unit.earliest is not None
    assert unit.earliest <= unit.runs_out
    assert unit.until == "2030-Q4"


def test_plan_and_capacity_gap_tell_one_forecast() -> None:
    # the regression is chosen: three times as many applications a month in the last year
    days = [(y, m) for y in (2023, 2024, 2025) for m in range(1, 13)]
    stream = [
        application(
            TOWN,
            70.0,
            15.0,
            reference=f"D-{n}-{k}",
            applied_on=f"{year}-{month:02}-05",
            demand_kva=2.0,
            customer_class="commercial",
        )
        for n, (year, month) in enumerate(days)
        for k in range(2 + n)
    ]
    own = stream[-1]
    _, made = told(own, *stream, status="withdrawn")
    assert density_of(made).forecast.startswith("regression at low voltage, by 702 dated")
    table = build_application_table(stream, status="withdrawn")
    outlook = build_outlook(
        table,
        place_applications(TOWN, CELLS, table),
        CELLS,
        held=STATE.held,
        catalogue=CATALOGUE,
        direction=Direction.LOAD,
    )
    month = outlook.newest_month or 0
    quarters = build_quarters(month, month + 60)
    gap = capacity_gap(STATE, outlook, outlook.forecast(ForecastMemory()), quarters)
    ids = TOWN.snapshot.grid.transformers.transformer_id[CELLS.levels[0].row]
    row = ids.tolist().index("TB")
    unit = density_of(made).supply[0]
    assert unit.growth_kva == pytest.approx(gap.levels[0].growth_kva[row], abs=1e-3)


def test_many_new_neighbours_recommend_the_next_section_up() -> None:
    plan, made = told(site(), *neighbours(4))
    density = density_of(made)
    assert density.recommendation is Recommendation.LARGER_SECTION
    best = plan.best
    assert best is not None
    assert best.conductor is not None
    assert best.conductor.conductor_id in density.recommendation_text
    finding = made.findings[-1]
    assert (finding.rule, finding.measured) == ("density.nearby_applications_min", 4.0)


def test_few_neighbours_or_such_with_a_service_recommend_nothing() -> None:
    for others in (neighbours(2), neighbours(6, existing_bus_id="H")):
        density = density_of(told(site(), *others)[1])
        assert density.recommendation is Recommendation.NONE
        assert density.recommendation_text


def test_own_service_has_no_cable_to_take_larger() -> None:
    house = application(TOWN, 60, 20)
    density = density_of(told(house, *neighbours(5))[1])
    assert density.recommendation is Recommendation.NONE
    assert "no larger cable" in density.recommendation_text


def test_new_switchgear_gets_spare_bays_for_large_neighbours() -> None:
    plan = plan_connection(site(demand_kva=600.0, customer_class="industrial"), STATE)
    option = plan.options[0]
    point = replace(option.access_point, kind=AccessKind.LOOP_IN)
    looped = replace(plan, options=(replace(option, access_point=point, feasible=True),))
    advice = recommend(looped, CATALOGUE, np.array([900.0]))
    assert advice.recommendation is Recommendation.SPARE_BAYS
    assert "3 spare bays" in advice.text
    assert recommend(looped, CATALOGUE, np.array([9.0])).recommendation is Recommendation.NONE
    assert recommend(replace(plan, options=()), CATALOGUE, np.array([])).text == (
        "no option is feasible"
    )


def test_largest_section_has_none_above() -> None:
    plan = plan_connection(site(), STATE)
    option = plan.best
    assert option is not None
    assert option.conductor is not None
    thick = replace(option, conductor=replace(option.conductor, section_mm2=1e4))
    advice = recommend(replace(plan, options=(thick,)), CATALOGUE, np.full(5, 9.0))
    assert advice.recommendation is Recommendation.NONE


def test_small_town_has_no_density_class_and_says_why() -> None:
    density = density_of(told(site())[1])
    assert density.density_class is None
    assert density.density_reason.startswith("no class")


def test_plan_without_an_option_still_tells_its_neighbours() -> None:
    refused = site(demand_kva=50_000.0, customer_class="industrial")
    _, made = told(refused, *neighbours(2))
    density = density_of(made)
    assert (density.supply, density.nearby_count) == ((), 2)
    assert "no place in the grid" in density.density_reason


def test_generation_is_asked_of_the_hosting_capacity() -> None:
    sun = site(
        kind=ApplicationKind.GENERATION,
        demand_kva=10.0,
        power_factor=1.0,
        customer_class="household",
    )
    others = neighbours(2, kind=ApplicationKind.GENERATION, demand_kva=10.0, power_factor=1.0)
    unit = density_of(told(sun, *others, *neighbours(0))[1]).supply[0]
    assert (unit.own_kva, unit.asked_kva) == (10.0, pytest.approx(2 * 10 * 0.6))


def test_documents_carry_it_there_and_back() -> None:
    _, made = told(site(), *neighbours(4, applied_on="2025-01-02"))
    assert plan_from_json(plan_to_json(made)) == made
    assert b'"recommendation": "larger_section"' in plan_to_geojson(made)
    lines = list(surroundings_lines(density_of(made)))
    assert [heading for heading, _ in lines if heading] == [
        "density",
        "nearby",
        "runs out",
        "recommended",
    ]


@pytest.mark.parametrize(
    ("runs_out", "earliest", "latest", "until", "text"),
    [
        (None, None, None, "2030-Q4", "unknown"),
        ("", "", "", "2030-Q4", "lasts until 2030-Q4"),
        ("", "", "", "", "lasts today"),
        ("today", "today", "today", "2030-Q4", "today"),
        ("2027-Q1", "2026-Q1", "2028-Q1", "2030-Q4", "2027-Q1 (between 2026-Q1 and 2028-Q1)"),
        ("2027-Q1", "2026-Q1", "", "2030-Q4", "2027-Q1 (between 2026-Q1 and after 2030-Q4)"),
        ("", "2029-Q1", "", "2030-Q4", "not before 2030-Q4 is expected (between 2029-Q1"),
    ],
)
def test_season_in_words(
    runs_out: str | None, earliest: str | None, latest: str | None, until: str, text: str
) -> None:
    one = ElementOutlook(
        level="feeder",
        element_id="f",
        name="F",
        headroom_kva=None,
        limited_by="none",
        limiting_element="",
        own_kva=1.0,
        asked_kva=0.0,
        asked_count=0,
        growth_kva=0.0,
        until=until,
        runs_out=runs_out,
        earliest=earliest,
        latest=latest,
    )
    assert season_text(one).startswith(text)
    assert ("headroom unknown" in element_text(one)) == (runs_out is None)
