"""A plan made by hand for the tiny grid: one feasible option, one that is refused."""

from __future__ import annotations

from gisplan.model.application import Application, ApplicationKind
from gisplan.model.option import (
    AccessKind,
    AccessPoint,
    Baseline,
    Conductor,
    Cost,
    ElectricalResult,
    Finding,
    Option,
    Plan,
    Provenance,
    Route,
    RouteSegment,
    Severity,
)
from gisplan.model.reservation import ReservationRow
from tests.web.tiny_grid import LAT, LON

CABINET = (7.89364, 48.45532)
STATION = (7.89229, 48.45530)
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


def build_application(reference: str = "A-1", **changes: object) -> Application:
    given: dict[str, object] = {
        "reference": reference,
        "lon": LON,
        "lat": LAT,
        "kind": ApplicationKind.LOAD,
        "demand_kva": 9.0,
    }
    return Application(**{**given, **changes})  # type: ignore[arg-type]


def build_plan(application: Application, *, version: int = 1, sequence: int = 0) -> Plan:
    return Plan(
        application=application,
        feasible=True,
        supply_voltage_v=400.0,
        sources_required=1,
        options=(_cabinet_option(), _station_option()),
        findings=(),
        reasons=("only two access points lie within reach",),
        baseline=Baseline(
            element_id="lv/2",
            name="Cabinet 2",
            straight_line_m=56.0,
            feasible=True,
            total_cost=4_200.0,
            text="would be chosen too",
        ),
        provenance=Provenance(
            grid_version=version,
            grid_fingerprint="tiny",
            ledger_sequence=sequence,
            catalogue="eu",
            profile="eu",
            software="gisplan test",
        ),
    )


def _cabinet_option() -> Option:
    return Option(
        rank=1,
        feasible=True,
        access_point=_access_point("lv/2", AccessKind.CABINET_FUSE_WAY, CABINET),
        route=_route(CABINET, 62.0),
        conductor=_conductor(62.0),
        phases="L1 L2 L3",
        cost=Cost(
            civil=3_000.0,
            cable=900.0,
            equipment=300.0,
            remedies=0.0,
            total=4_200.0,
            currency="EUR",
        ),
        electrical=_electrical(0.973, 0.61),
        findings=(
            Finding(
                rule="voltage.min_lv",
                severity=Severity.INFO,
                element="lv/3",
                text="lowest voltage at bus lv/3",
                measured=0.973,
                limit=0.9,
                margin=0.073,
                unit="p.u.",
                clause="EN 50160, 4.2.2",
                confidence="official",
            ),
        ),
    )


def _station_option() -> Option:
    option = Option(
        rank=2,
        feasible=True,
        access_point=_access_point("lv/1", AccessKind.TRANSFORMER_FUSE_WAY, STATION),
        route=_route(STATION, 162.0),
        conductor=_conductor(162.0),
        phases="L1 L2 L3",
        cost=Cost(
            civil=8_100.0,
            cable=2_400.0,
            equipment=400.0,
            remedies=0.0,
            total=10_900.0,
            currency="EUR",
        ),
        electrical=_electrical(0.969, 1.41),
    )
    return option.with_findings(
        Finding(
            rule="loading.max_transformer",
            severity=Severity.VIOLATION,
            element="T/1",
            text="transformer T/1 would be loaded to 141 %",
            measured=1.41,
            limit=1.0,
            margin=-0.41,
            unit="1",
            confidence="practice",
        )
    )


def _access_point(bus_id: str, kind: AccessKind, place: tuple[float, float]) -> AccessPoint:
    return AccessPoint(
        element_id=bus_id,
        element_kind="bus",
        name="",
        kind=kind,
        offset_m=None,
        nominal_voltage_v=400.0,
        equipment_id="fuse_way",
        lon=place[0],
        lat=place[1],
    )


def _route(end: tuple[float, float], length_m: float) -> Route:
    street = (LON, end[1])
    first = RouteSegment(
        length_m=12.0,
        corridor="",
        surface="open_ground",
        laying="trench",
        cost=900.0,
        coordinates=((LON, LAT), street),
    )
    second = RouteSegment(
        length_m=length_m - 12.0,
        corridor="street 1",
        surface="asphalt",
        laying="trench",
        cost=3_000.0,
        coordinates=(street, end),
    )
    return Route(length_m=length_m, straight_line_m=56.0, segments=(first, second))


def _conductor(length_m: float) -> Conductor:
    return Conductor(
        conductor_id="NAYY 4x50",
        role="service",
        section_mm2=50.0,
        parallel_count=1,
        length_m=length_m,
        rated_current_a=142.0,
    )


def _electrical(voltage_min_pu: float, loading_max: float) -> ElectricalResult:
    return ElectricalResult(
        method="ac",
        voltage_min_pu=voltage_min_pu,
        voltage_min_bus="lv/3",
        voltage_max_pu=1.0,
        voltage_max_bus="lv/1",
        voltage_at_customer_pu=voltage_min_pu,
        loading_max=loading_max,
        limiting_element="T/1",
        short_circuit_ka=1.2,
        transformer="T/1",
        feeder="",
    )
