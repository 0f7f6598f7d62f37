"""An example plan by hand: two options that can be built, one that cannot, in Schutterwald."""

from __future__ import annotations

from dataclasses import replace

from gisplan.model.application import Application, ApplicationKind
from gisplan.model.option import (
    AccessKind,
    AccessPoint,
    Baseline,
    Conductor,
    Cost,
    ElectricalResult,
    Finding,
    LonLat,
    Option,
    Plan,
    Provenance,
    Remedy,
    Route,
    RouteSegment,
    Severity,
    SupplySet,
)

SITE: LonLat = (7.8851, 48.4562)
CABINET: LonLat = (7.8838, 48.4559)
STATION: LonLat = (7.8872, 48.4570)
CORNER: LonLat = (7.8850, 48.4558)

LOADING = Finding(
    rule="loading.transformer",
    severity=Severity.VIOLATION,
    element="T_idx_35",
    text="transformer T_idx_35 would be overloaded",
    measured=1.04,
    limit=1.0,
    margin=-0.04,
    unit="1",
    clause="EU-L01",
    confidence="practice",
)
VOLTAGE = Finding(
    rule="voltage.lv.min",
    severity=Severity.INFO,
    element="lv/1421",
    text="lowest voltage at lv/1421",
    measured=0.9312,
    limit=0.9,
    margin=0.0312,
    unit="p.u.",
    clause="EN 50160",
    confidence="official",
)
BAY = Finding(
    rule="survey.fuse_way",
    severity=Severity.SURVEY,
    element="lv/210",
    text="free fuse ways are unknown: look into the cabinet",
)


def example_option(rank: int = 1) -> Option:
    """Build an option to the cabinet over the corner: 12 m of verge, 98 m of asphalt."""
    segments = (
        RouteSegment(
            length_m=12.0,
            corridor="connector",
            surface="verge",
            laying="trench",
            cost=900.0,
            coordinates=(SITE, CORNER),
        ),
        RouteSegment(
            length_m=98.0,
            corridor="street 17",
            surface="asphalt",
            laying="trench",
            cost=14_700.0,
            coordinates=(CORNER, CABINET),
        ),
    )
    return Option(
        rank=rank,
        feasible=True,
        access_point=AccessPoint(
            element_id="lv/210",
            element_kind="bus",
            name="Cabinet 210",
            kind=AccessKind.CABINET_FUSE_WAY,
            offset_m=None,
            nominal_voltage_v=400.0,
            equipment_id="fuse-way-100",
            lon=CABINET[0],
            lat=CABINET[1],
        ),
        route=Route(length_m=110.0, straight_line_m=101.5, segments=segments),
        conductor=Conductor(
            conductor_id="NAYY 4x150",
            role="main",
            section_mm2=150.0,
            parallel_count=1,
            length_m=114.0,
            rated_current_a=270.0,
        ),
        phases="L1 L2 L3",
        cost=Cost(
            civil=13_500.0,
            cable=2_100.0,
            equipment=650.0,
            remedies=0.0,
            total=16_250.0,
            currency="EUR",
        ),
        electrical=ElectricalResult(
            method="power flow",
            voltage_min_pu=0.9312,
            voltage_min_bus="lv/1421",
            voltage_max_pu=1.003,
            voltage_max_bus="lv/1",
            voltage_at_customer_pu=0.944,
            loading_max=0.87,
            limiting_element="T_idx_35",
            short_circuit_ka=None,
            transformer="T_idx_35",
            feeder="mv/12",
        ),
        findings=(VOLTAGE, BAY),
    )


def station_option(rank: int = 2) -> Option:
    """Build an option straight to the station, with a tap change as remedy."""
    option = example_option(rank)
    segment = RouteSegment(
        length_m=178.0,
        corridor="street 3",
        surface="paving",
        laying="duct",
        cost=24_000.0,
        coordinates=(SITE, STATION),
    )
    return replace(
        option,
        access_point=replace(
            option.access_point,
            element_id="lv/1",
            name="Station <Nord> & {{ Co }}",
            kind=AccessKind.TRANSFORMER_FUSE_WAY,
            lon=STATION[0],
            lat=STATION[1],
        ),
        route=Route(length_m=178.0, straight_line_m=178.0, segments=(segment,)),
        remedies=(Remedy(kind="tap", element="T_idx_35", cost=250.0, text="lower the tap by one"),),
        cost=replace(option.cost, remedies=250.0, total=26_900.0),
    )


def service_option(rank: int = 3) -> Option:
    """Build an option on the existing service: no route, no cable, an overloaded transformer."""
    option = example_option(rank)
    bare = replace(
        option,
        access_point=replace(
            option.access_point,
            element_id="service 1421",
            name="",
            kind=AccessKind.EXISTING_SERVICE,
            lon=SITE[0],
            lat=SITE[1],
        ),
        route=Route(length_m=0.0, straight_line_m=0.0, segments=()),
        conductor=None,
        findings=(),
    )
    return bare.with_findings(LOADING)


def example_plan(*options: Option) -> Plan:
    """Build a plan with these options, else with the three above."""
    chosen = options or (example_option(), station_option(), service_option())
    return Plan(
        application=Application(
            reference="S-0042",
            lon=SITE[0],
            lat=SITE[1],
            kind=ApplicationKind.LOAD,
            demand_kva=60.0,
            customer_class="commercial",
            synthetic=True,
        ),
        feasible=any(option.feasible for option in chosen),
        supply_voltage_v=400.0,
        sources_required=1,
        options=chosen,
        findings=(),
        reasons=(),
        baseline=Baseline(
            element_id="main 77",
            name="Main 77",
            lon=7.88,
            lat=48.46,
            straight_line_m=14.2,
            feasible=False,
            total_cost=None,
            text="Main 77 is 14 m away, but its transformer T_idx_35 would be overloaded.",
        ),
        provenance=Provenance(
            grid_version=3,
            grid_fingerprint="3f2a9c81d4e7b650",
            ledger_sequence=17,
            catalogue="eu 2026-01",
            profile="eu",
            software="gisplan 0.1.0",
        ),
    )


def refused_plan() -> Plan:
    """Build a plan without any option, with its reason."""
    return replace(
        example_plan(),
        options=(),
        feasible=False,
        baseline=None,
        reasons=("no access point within 1500 m has capacity for 60 kVA",),
    )


def plan_with_sources() -> Plan:
    """A plan of two sources, the second for a part in the trench of the first."""
    first, second = station_option(1), example_plan().options[0]
    shared = tuple(replace(one, is_shared=True) for one in second.route.segments[:1])
    route = replace(second.route, segments=shared + second.route.segments[1:])
    found = SupplySet(
        feasible=True,
        independence="feeder",
        options=(first, replace(second, rank=2, route=route)),
        supplied_by=("mv/1 <b>", "mv/2"),
        total_cost=first.cost.total + second.cost.total,
        shared_length_m=12.0,
        gap=None,
        findings=(BAY,),
    )
    return replace(example_plan(), supply_set=found, sources_required=2)
