"""What planning answers: findings, access points, routes, options, plans.

Shown the same in the command line, the API and the page; places are lon/lat (EPSG:4326) here,
because these facts leave the library.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from gisplan.model.application import Application
from gisplan.model.plan_density import PlanDensity

LonLat = tuple[float, float]


class Severity(StrEnum):
    """A violation makes an option infeasible; the others are told and keep it."""

    VIOLATION = "violation"
    SURVEY = "survey"
    WARNING = "warning"
    INFO = "info"


class AccessKind(StrEnum):
    """Kind of access point (接入点)."""

    EXISTING_SERVICE = "existing_service"
    SERVICE_JOINT = "service_joint"
    CABINET_FUSE_WAY = "cabinet_fuse_way"
    TRANSFORMER_FUSE_WAY = "transformer_fuse_way"
    SPARE_BAY = "spare_bay"
    LOOP_IN = "loop_in"
    TEE_OFF = "tee_off"
    SUBSTATION_BAY = "substation_bay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule, asked of one element: what was measured, what is allowed, how much is left.

    ``margin`` is positive where the rule is kept, in ``unit``. ``measured``, ``limit`` and
    ``margin`` are ``None`` where the value is unknown; the text then says what must be found out.
    """

    rule: str
    severity: Severity
    element: str
    text: str
    measured: float | None = None
    limit: float | None = None
    margin: float | None = None
    unit: str = ""
    clause: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPoint:
    """Where a new cable meets the grid: an element, and on a line the metres along it."""

    element_id: str
    element_kind: str
    name: str
    kind: AccessKind
    offset_m: float | None
    nominal_voltage_v: float
    equipment_id: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCrossing:
    """One crossing of a street, road, rail or water; ``barrier`` is its id, empty where unknown.

    The permit's lead time is that of the catalogue where ``permit_is_recorded`` is false.
    """

    kind: str
    barrier: str
    owner: str
    method: str
    cost: float
    permit_lead_time_days: float
    permit_is_recorded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSegment:
    """A stretch of one corridor, surface and laying.

    ``cost`` is the sum of its civil works, cable and crossings; ``owner`` is empty where unknown.
    ``is_shared`` marks a trench that another route of the same set pays for.
    """

    length_m: float
    corridor: str
    surface: str
    laying: str
    cost: float
    coordinates: tuple[LonLat, ...]
    civil_cost: float = 0.0
    cable_cost: float = 0.0
    crossing_cost: float = 0.0
    crossings: tuple[RouteCrossing, ...] = ()
    owner: str = ""
    is_shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """From the site to the access point.

    ``lead_time_days`` runs from the application to the end of the works, bans on digging apart;
    ``ready_on`` is that day with them (ISO 8601), ``None`` where the application has no date.
    """

    length_m: float
    straight_line_m: float
    segments: tuple[RouteSegment, ...]
    lead_time_days: float | None = None
    ready_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conductor:
    """The new cable: catalogue row, number of parallel systems, its length."""

    conductor_id: str
    role: str
    section_mm2: float
    parallel_count: int
    length_m: float
    rated_current_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Money, all of one currency; ``accessories`` are joints and terminations of the new cable."""

    civil: float
    cable: float
    equipment: float
    remedies: float
    total: float
    currency: str
    crossings: float = 0.0
    accessories: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BillItem:
    """One row of a bill of materials: what, how much of it, at which price.

    ``kind`` is civil, pole, crossing, cable, joint, termination, bend or equipment; ``codes`` tell
    which one (laying and surface, level and kind of pole, what is crossed, the cable, the kind of
    access point), for translation.
    ``cost`` is exact; quantity and unit cost may differ from it by rounding.
    """

    kind: str
    codes: tuple[str, ...]
    item: str
    quantity: float
    unit: str
    unit_cost: float
    cost: float
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricalResult:
    """What the AC power flow says after the connection; ``None`` where it was not asked.

    Short-circuit currents are the initial three-phase ones where the new cable begins. Ratios and
    per-unit values are worst cases over the load cases of the application.
    """

    method: str
    voltage_min_pu: float | None
    voltage_min_bus: str
    voltage_max_pu: float | None
    voltage_max_bus: str
    voltage_at_customer_pu: float | None
    loading_max: float | None
    limiting_element: str
    short_circuit_ka: float | None
    transformer: str
    feeder: str
    limiting_name: str = ""
    short_circuit_min_ka: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfeedState:
    """One backfeed state of a medium-voltage connection, worst over the load cases.

    Each figure stands beside what the same element had in this state before the connection;
    ``None`` where that did not exist or where there is nothing to tell. ``loading_max`` is that of
    the element nearest to its limit. ``holds`` is ``None`` where it is not proven: a rating is
    unknown, or nothing supplies the connection in this state.
    """

    state: str
    opened: str
    closed: str
    loading_max: float | None
    loading_before: float | None
    limiting_element: str
    voltage_min_pu: float | None
    voltage_min_before_pu: float | None
    voltage_min_bus: str
    voltage_max_pu: float | None
    voltage_max_before_pu: float | None
    voltage_max_bus: str
    unsupplied_buses: int
    holds: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Something that makes an option feasible which would not be.

    ``kind`` is tap_change (``element`` is a transformer, ``tap_position`` where its tap stands
    then), open_point (a switch, ``switch_closed`` how it stands then; one remedy a switch) or
    phase_swap (a bus).
    """

    kind: str
    element: str
    cost: float
    text: str
    tap_position: int | None = None
    switch_closed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to connect.

    ``gap`` is the proven distance of its cost to the best of its element, 0..1; ``None`` where
    nothing is proven, because the option fails or the search ended before it was complete.
    """

    rank: int
    feasible: bool
    access_point: AccessPoint
    route: Route
    conductor: Conductor | None
    phases: str
    cost: Cost
    electrical: ElectricalResult
    remedies: tuple[Remedy, ...] = ()
    findings: tuple[Finding, ...] = ()
    gap: float | None = None
    backfeed: tuple[BackfeedState, ...] = ()
    bill_of_materials: tuple[BillItem, ...] = ()

    def with_findings(self, *findings: Finding) -> Option:
        """Same option with more findings; a violation among them makes it infeasible."""
        violated = any(finding.severity is Severity.VIOLATION for finding in findings)
        return replace(
            self, findings=self.findings + findings, feasible=self.feasible and not violated
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What "the nearest by straight line" would have chosen, and what becomes of it."""

    element_id: str
    name: str
    lon: float
    lat: float
    straight_line_m: float
    feasible: bool | None
    total_cost: float | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplySet:
    """Options that together supply a customer who needs several sources (多电源).

    Each carries the whole demand alone. ``independence`` says what they must not have in common
    (feeder, busbar, substation), ``supplied_by`` what each hangs on. ``gap`` is the proven distance
    of the total to the cheapest set of routes, 0..1, ``None`` where trenches are shared or a source
    is missing.
    """

    feasible: bool
    independence: str
    options: tuple[Option, ...]
    supplied_by: tuple[str, ...]
    total_cost: float
    shared_length_m: float
    gap: float | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Everything that decides the answer: the same provenance gives the same bytes."""

    grid_version: int
    grid_fingerprint: str
    ledger_sequence: int
    catalogue: str
    profile: str
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The answer to one application. ``reasons`` say why there are fewer than three options.

    ``supply_voltage_v`` is ``None`` where the grid holds no bus of the level that is asked for.
    ``supply_set`` holds the sources that belong together, ``None`` where one is enough. ``density``
    tells of the surroundings, ``None`` where nobody asked the stored applications.
    """

    application: Application
    feasible: bool
    supply_voltage_v: float | None
    sources_required: int
    options: tuple[Option, ...]
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]
    baseline: Baseline | None
    provenance: Provenance
    supply_set: SupplySet | None = None
    density: PlanDensity | None = None

    @property
    def best(self) -> Option | None:
        """First feasible option, if there is one."""
        return next((option for option in self.options if option.feasible), None)
