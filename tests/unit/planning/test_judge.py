"""What the judge refuses before any power flow: withstand and the section of a ring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gisplan.electrical.screening.screening import screening_limits
from gisplan.model.option import AccessKind
from gisplan.planning.access import KINDS, Meetings
from gisplan.planning.demand import case_demands
from gisplan.planning.judge import ElectricalJudge
from gisplan.planning.variants import Variant, build_variants
from tests.grids import row
from tests.unit.planning.test_options import (
    CATALOGUE,
    STATE,
    TOWN,
    application,
    region_of,
    state_of,
)
from tests.unit.planning.test_options import town as town_of

GRID = TOWN.snapshot.grid


def judge(**more: object) -> ElectricalJudge:
    large = application(TOWN, 100, 40, demand_kva=630.0, customer_class="commercial")
    return replace(
        ElectricalJudge(
            state=STATE,
            demands=case_demands(large, CATALOGUE),
            limits=screening_limits(CATALOGUE),
            nominal_voltage_v=20_000.0,
            phase_count=3,
        ),
        **more,  # type: ignore[arg-type]
    )


def variant(role: str, section_mm2: float) -> Variant:
    found = build_variants(
        CATALOGUE, voltage_level="mv", nominal_voltage_v=20_000.0, demand_kva=630.0
    )
    return next(
        v
        for v in found
        if (v.role, v.conductor.section_mm2, v.parallel_count) == (role, section_mm2, 1)
    )


def meeting(kind: AccessKind, *, line: int = -1, bus: int = -1) -> Meetings:
    return Meetings(
        kind=np.array([KINDS.index(kind)], dtype=np.uint8),
        line=np.array([line]),
        bus=np.array([bus]),
        offset_m=np.array([100.0]),
        node=np.array([0]),
        cost_cents=np.array([0]),
    )


AT_BAY = meeting(AccessKind.SPARE_BAY, bus=row(GRID.buses.bus_id, "T"))
ON_RING = meeting(AccessKind.LOOP_IN, line=row(GRID.lines.line_id, "T-R"))


def at_every_bus(current_ka: float) -> np.ndarray:  # type: ignore[type-arg]
    return np.full(len(GRID.buses.bus_id), current_ka)


@pytest.mark.parametrize(
    ("met", "role", "section_mm2"), [(AT_BAY, "branch", 150.0), (ON_RING, "trunk", 185.0)]
)
def test_cable_that_does_not_withstand_a_short_circuit_is_refused(
    met: Meetings, role: str, section_mm2: float
) -> None:
    thin, thick = variant(role, section_mm2), variant(role, 240.0)
    strong = judge(short_circuit_ka=at_every_bus(20.0))
    refused = strong.judge(met, thin, np.array([50.0]))
    assert not refused.passes.any()
    assert "withstand" in str(refused.reason[0])
    assert not refused.mendable.any()
    assert strong.judge(met, thick, np.array([50.0])).passes.all()


@pytest.mark.parametrize("known", [None, at_every_bus(np.nan)])
def test_unknown_short_circuit_current_refuses_nothing(known: object) -> None:
    told = judge(short_circuit_ka=known).judge(AT_BAY, variant("branch", 150.0), np.array([50.0]))
    assert told.passes.all()


def test_larger_of_both_ends_counts_on_a_line() -> None:
    known = at_every_bus(np.nan)
    known[row(GRID.buses.bus_id, "R")] = 30.0
    told = judge(short_circuit_ka=known).judge(ON_RING, variant("trunk", 240.0), np.array([50.0]))
    assert not told.passes.any()


def test_loop_in_keeps_the_section_of_the_ring() -> None:
    rows = town_of().lines
    ring = np.where(rows.line_id == "T-R", "na2xs2y-1x240-20kv", rows.conductor_type)
    region = region_of(replace(town_of(), lines=replace(rows, conductor_type=ring)))
    thick_ring = judge(state=state_of(region))
    refused = thick_ring.judge(ON_RING, variant("trunk", 185.0), np.array([50.0]))
    assert str(refused.reason[0]) == "a loop-in keeps the section of the ring that it cuts"
    assert thick_ring.judge(ON_RING, variant("trunk", 240.0), np.array([50.0])).passes.all()
