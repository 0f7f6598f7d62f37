"""An application at the tiny grid, a plan for it, and what it would hold."""

from __future__ import annotations

from dataclasses import replace

from gisplan.model.application import Application, ApplicationKind
from gisplan.model.option import Plan
from gisplan.model.reservation import ReservationRow
from tests.plans import example_plan
from tests.web.tiny_grid import LAT, LON

APPLICATION = Application(
    reference="A-1", lon=LON, lat=LAT, kind=ApplicationKind.LOAD, demand_kva=9.0
)
ROW = ReservationRow(
    element_id="T/1",
    element_kind="transformer",
    level="transformer",
    load_case="load",
    p_kw=8.55,
    q_kvar=2.81,
    coincident_p_kw=3.4,
    coincident_q_kvar=1.1,
)


def build_plan(version: int) -> Plan:
    """The example plan, for the application and on the grid version."""
    plan = example_plan()
    provenance = replace(plan.provenance, grid_version=version)
    return replace(plan, application=APPLICATION, provenance=provenance)
