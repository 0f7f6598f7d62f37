"""What may be offered: an access point with its way and cable, before and after its proof."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import LOAD_CASES, STATES
from gisplan.electrical.proof.proposal import NewCable, Proposal
from gisplan.electrical.sizing.sizing import size_conductor
from gisplan.electrical.sizing.withstand import check_withstand
from gisplan.model.option import (
    AccessKind,
    AccessPoint,
    Conductor,
    ElectricalResult,
    Finding,
    Option,
    Route,
    Severity,
)
from gisplan.planning.access import KINDS
from gisplan.planning.access_findings import check_access
from gisplan.planning.bends import count_bends, unweighed_bends
from gisplan.planning.bill import bill_rows, cost_of
from gisplan.planning.demand import powers_at, sizing_kva
from gisplan.planning.existing import presumed_service_finding
from gisplan.planning.judge import access_name
from gisplan.planning.phases import ONE_PHASE, THREE_PHASES
from gisplan.planning.route import Stretch, route_stretches
from gisplan.planning.route_findings import check_route
from gisplan.planning.told_route import build_route
from gisplan.planning.variants import trunk_sections_mm2
from gisplan.planning.works_time import works_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gisplan.model.grid import Floats
    from gisplan.planning.bill import BillRow
    from gisplan.planning.candidates import CableAt, Candidate
    from gisplan.planning.existing import ExistingService
    from gisplan.planning.site import Site
    from gisplan.planning.variants import Variant
    from gisplan.planning.works_time import WorksTime


OfferKey = tuple[tuple[int, int, str, int], float]
NOTHING_REFUSED: Mapping[CableAt, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An access point that is worth a proof. ``variant`` is ``None`` at an existing service.

    ``line`` or ``bus`` is -1; ``reason`` says why screening refused it, empty where it did not.
    ``weighs_bends`` says whether the way was chosen with its bends at their price,
    ``failed_cables`` which cables a power flow refused here before, and why.
    """

    kind: AccessKind
    line: int
    bus: int
    offset_m: float
    variant: Variant | None
    stretches: tuple[Stretch, ...]
    reason: str
    presumed: bool = False
    weighs_bends: bool = False
    failed_cables: tuple[str, ...] = ()

    @property
    def cable_at(self) -> CableAt:
        """The cable at its element."""
        cable = "" if self.variant is None else self.variant.conductor.conductor_id
        count = 0 if self.variant is None else self.variant.parallel_count
        return self.line, self.bus, cable, count

    @property
    def key(self) -> OfferKey:
        """Identity among the offers of one application."""
        return self.cable_at, self.offset_m

    def after(self, refused: Mapping[CableAt, str]) -> Offer:
        """Return the same where cables were refused before; ``refused`` tells why."""
        here = (why for (line, bus, *_), why in refused.items() if (line, bus) == self.element)
        return replace(self, failed_cables=tuple(here))

    @property
    def element(self) -> tuple[int, int]:
        """Rows of its line and its bus, one of them -1."""
        return self.line, self.bus

    @property
    def length_m(self) -> float:
        """Length of the way from the site to the access point."""
        return sum(stretch.length_m for stretch in self.stretches)

    @property
    def cost_cents(self) -> int:
        """What it costs: route, equipment, joints and bends; nothing at an existing service."""
        if self.variant is None:
            return 0
        kind = np.array([KINDS.index(self.kind)])
        beside = self.variant.beside_route_cents(kind, np.array([self.length_m]))
        bends = count_bends(self.stretches, self.variant) if self.variant.bend_cents else 0
        route = sum(stretch.cost_cents for stretch in self.stretches)
        return route + int(beside[0]) + bends * self.variant.bend_cents


def extension_offer(service: ExistingService) -> Offer:
    """Return the extension of the site's own service: no digging, no new cable."""
    return Offer(
        kind=AccessKind.EXISTING_SERVICE,
        line=-1,
        bus=service.bus,
        offset_m=0.0,
        variant=None,
        presumed=service.presumed,
        stretches=(),
        reason="",
    )


def offers_of(
    site: Site, candidates: list[Candidate], refused: Mapping[CableAt, str] = NOTHING_REFUSED
) -> tuple[Offer, ...]:
    """Return candidates with their ways laid out; ``refused`` tells why cables failed before."""
    civil, ends = site.region.ground.civil, site.region.ground.targets.ends
    ways = site.ways_out
    return tuple(
        Offer(
            kind=KINDS[candidate.kind],
            line=candidate.line,
            bus=candidate.bus,
            offset_m=candidate.offset_m,
            variant=candidate.variant,
            stretches=tuple(route_stretches(civil, ends, ways, candidate)),
            reason=candidate.reason,
            weighs_bends=True,
        ).after(refused)
        for candidate in candidates
    )


def proposal_of(
    site: Site, offer: Offer, tap_positions: tuple[tuple[int, int], ...] = ()
) -> Proposal:
    """Return an offer as the AC proof takes it; load cases that are not asked draw nothing."""
    p_kw = np.zeros((len(LOAD_CASES), len(STATES)))
    q_kvar = np.zeros_like(p_kw)
    for demand in site.judge.demands:
        row = LOAD_CASES.index(demand.load_case)
        at, on = np.array([offer.bus]), np.array([offer.line])
        p_kw[row], q_kvar[row] = (part[0] for part in powers_at(demand, site.state.held, at, on))
    return Proposal(
        bus=offer.bus,
        line=offer.line,
        offset_m=offer.offset_m,
        cable=_new_cable(offer),
        is_loop_in=offer.kind is AccessKind.LOOP_IN,
        p_kw=p_kw,
        q_kvar=q_kvar,
        tap_positions=tap_positions,
    )


def _new_cable(offer: Offer) -> NewCable | None:
    if offer.variant is None:
        return None
    conductor = offer.variant.conductor
    return NewCable(
        length_m=max(offer.length_m, 0.1),
        resistance_ohm_per_km=conductor.resistance_ohm_per_km,
        reactance_ohm_per_km=conductor.reactance_ohm_per_km,
        capacitance_nf_per_km=conductor.capacitance_nf_per_km,
        rated_current_a=offer.variant.rated_current_a,
        parallel_count=offer.variant.parallel_count,
        zero_resistance_ohm_per_km=conductor.zero_resistance_ohm_per_km,
        zero_reactance_ohm_per_km=conductor.zero_reactance_ohm_per_km,
    )


def option_of(
    site: Site,
    offer: Offer,
    electrical: ElectricalResult | None = None,
    findings: tuple[Finding, ...] = (),
    *,
    phases: str = "",
) -> Option:
    """Return an offer as an option; without a proof it is one that screening refused."""
    point, bill = access_point(site, offer), _bill(site, offer)
    time = works_time(site.region, site.application, offer.stretches)
    base = Option(
        rank=0,
        feasible=True,
        access_point=point,
        route=_route(site, offer, time),
        conductor=_conductor(offer),
        phases=phases or (ONE_PHASE if site.mode.phase_count == 1 else THREE_PHASES),
        cost=cost_of(bill, site.region.catalogue.currency),
        electrical=electrical or refused_by_screening(),
        bill_of_materials=tuple(row.told() for row in bill),
    )
    held = site.state.held.bays[point.element_id]
    buses = site.region.snapshot.grid.buses
    bays_spare = int(buses.bays_spare[offer.bus]) if offer.bus >= 0 else -1
    named = f"{point.name} ({point.element_id})"
    return base.with_findings(
        *_screening_finding(offer, named),
        *findings,
        *_section_finding(site, offer, base.electrical.short_circuit_ka),
        *_withstand_finding(site, offer, base.electrical.short_circuit_ka),
        *_route_findings(site, offer, time),
        *((presumed_service_finding(point.element_id),) if offer.presumed else ()),
        *check_access(
            offer.kind, named, site.region.catalogue, bays_spare=bays_spare, bays_held=held
        ),
    )


def _route_findings(site: Site, offer: Offer, time: WorksTime) -> tuple[Finding, ...]:
    if offer.variant is None:
        return ()
    conductor, catalogue = offer.variant.conductor, site.region.catalogue
    bends = () if offer.weighs_bends else unweighed_bends(catalogue, offer.variant, offer.stretches)
    found = check_route(site.region, conductor, offer.stretches, time, site.application)
    return (*found, *bends)


def _section_finding(
    site: Site, offer: Offer, short_circuit_ka: float | None
) -> tuple[Finding, ...]:
    """Say why each smaller cable of the standard set fails; nothing where the smallest will do."""
    variant = offer.variant
    if variant is None:
        return ()
    rule = site.region.catalogue.rule("voltage.drop_service_max_pct")
    sizing = size_conductor(
        site.region.catalogue,
        voltage_level=variant.voltage_level,
        role=variant.role,
        demand_kva=sizing_kva(site.application),
        length_m=offer.length_m,
        nominal_voltage_v=site.judge.nominal_voltage_v,
        power_factor=site.application.power_factor,
        drop_max_pct=rule.value,
        phase_count=site.mode.phase_count,
        leg_count=variant.leg_count,
        trunk_section_mm2=_trunk_section_mm2(site, offer, variant),
        short_circuit_ka=short_circuit_ka,
    )
    own = variant.conductor.conductor_id, variant.parallel_count
    too_small = tuple(
        f"{one.parallel_count} x {one.conductor.name} fails ({', '.join(one.reasons)})"
        for one in sizing.rejected
        if (one.conductor.conductor_id, one.parallel_count) != own
    )
    smaller = "; ".join(too_small + offer.failed_cables)
    if not smaller:
        return ()
    return (
        Finding(
            rule="conductor.section",
            severity=Severity.INFO,
            element=variant.conductor.conductor_id,
            text=f"{variant.parallel_count} x {variant.conductor.name}: {smaller}",
            confidence=variant.conductor.confidence,
        ),
    )


def _trunk_section_mm2(site: Site, offer: Offer, variant: Variant) -> float:
    """Return the section that a ring keeps where it is looped in; zero elsewhere."""
    if offer.kind is not AccessKind.LOOP_IN:
        return 0.0
    line = np.array([offer.line], dtype=np.int64)
    lines, level = site.region.snapshot.grid.lines, variant.voltage_level
    return float(trunk_sections_mm2(site.region.catalogue, lines, line, level)[0])


def _withstand_finding(
    site: Site, offer: Offer, short_circuit_ka: float | None
) -> tuple[Finding, ...]:
    """Return whether the new cable withstands a short circuit at its access point."""
    if offer.variant is None:
        return ()
    return (
        check_withstand(
            site.region.catalogue,
            offer.variant.conductor,
            short_circuit_ka=short_circuit_ka,
            element=offer.variant.conductor.conductor_id,
        ),
    )


def refused_by_screening() -> ElectricalResult:
    """Return the electrical figures of an option that was not worth a power flow: none."""
    return ElectricalResult(
        method="screening",
        voltage_min_pu=None,
        voltage_min_bus="",
        voltage_max_pu=None,
        voltage_max_bus="",
        voltage_at_customer_pu=None,
        loading_max=None,
        limiting_element="",
        short_circuit_ka=None,
        transformer="",
        feeder="",
    )


def _screening_finding(offer: Offer, element: str) -> tuple[Finding, ...]:
    if not offer.reason:
        return ()
    return (
        Finding(
            rule="electrical.screening",
            severity=Severity.VIOLATION,
            element=element,
            text=f"Refused at {element}: {offer.reason}",
        ),
    )


def access_xy_m(site: Site, offer: Offer) -> Floats:
    """Return the place of an access point, shape (2,)."""
    if offer.stretches:
        end: Floats = offer.stretches[-1].xy_m[-1]
        return end
    buses = site.region.snapshot.grid.buses
    return np.array([buses.x_m[offer.bus], buses.y_m[offer.bus]])


def access_point(site: Site, offer: Offer) -> AccessPoint:
    """Return the element and place where the new cable meets the grid."""
    grid = site.region.snapshot.grid
    on_line = offer.line >= 0
    ((lon, lat),) = site.region.projection.to_lon_lat(access_xy_m(site, offer)[None, :])
    bus = int(grid.lines.from_bus[offer.line]) if on_line else offer.bus
    return AccessPoint(
        element_id=str(grid.lines.line_id[offer.line] if on_line else grid.buses.bus_id[bus]),
        element_kind="line" if on_line else "bus",
        name=access_name(grid, offer.line, offer.bus),
        kind=offer.kind,
        offset_m=round(offer.offset_m, 3) if on_line else None,
        nominal_voltage_v=float(grid.buses.nominal_voltage_v[bus]),
        equipment_id=site.region.catalogue.equipment(
            offer.kind, site.mode.voltage_level
        ).equipment_id,
        lon=lon,
        lat=lat,
    )


def _route(site: Site, offer: Offer, time: WorksTime) -> Route:
    if not offer.stretches:
        return Route(length_m=0.0, straight_line_m=0.0, segments=())
    away = access_xy_m(site, offer) - offer.stretches[0].xy_m[0]
    return build_route(site.region, offer.stretches, float(np.hypot(away[0], away[1])), time)


def _conductor(offer: Offer) -> Conductor | None:
    if offer.variant is None:
        return None
    variant = offer.variant
    return Conductor(
        conductor_id=variant.conductor.conductor_id,
        role=variant.role,
        section_mm2=variant.conductor.section_mm2,
        parallel_count=variant.parallel_count,
        length_m=round(offer.length_m * variant.leg_count, 3),
        rated_current_a=variant.rated_current_a,
    )


def _bill(site: Site, offer: Offer) -> tuple[BillRow, ...]:
    return bill_rows(
        site.region.catalogue,
        kind=offer.kind,
        voltage_level=site.mode.voltage_level,
        variant=offer.variant,
        stretches=offer.stretches,
    )
