"""A site that has a service is first examined as an extension there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError, UnknownElementError
from gisplan.model.grid import BusKind, LineRole
from gisplan.model.option import AccessKind, Finding, Severity
from gisplan.planning.supply_mode import LOW_VOLTAGE_MAX_V

if TYPE_CHECKING:
    from gisplan.model.application import Application
    from gisplan.planning.region import Region
    from gisplan.planning.site import Site
    from gisplan.planning.state import Footing


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingService:
    """The bus of a service, and whether it is only presumed to be the applicant's own."""

    bus: int
    presumed: bool


def find_existing_service(
    application: Application, region: Region, site_xy_m: tuple[float, float]
) -> ExistingService | None:
    """Return the site's own low-voltage service, None where it has none.

    The application may name it. Else it is the customer bus in the building at the site; where no
    building is recorded at all, the nearest customer bus within ``extension.max_distance_m``,
    which is then presumed only.

    Raises
    ------
    UnknownElementError
        If the application names a bus that the grid does not hold.
    InputError
        If it names a bus that is no customer's, or one that is too far from the site.
    """
    if application.existing_bus_id is not None:
        return ExistingService(bus=_named(application, region, site_xy_m), presumed=False)
    buses = region.snapshot.grid.buses
    own = (buses.kind == BusKind.CUSTOMER) & (buses.nominal_voltage_v <= LOW_VOLTAGE_MAX_V)
    distance = np.hypot(buses.x_m - site_xy_m[0], buses.y_m - site_xy_m[1])
    if region.site_index.has_forbidden:
        near = region.site_index.in_same_area(site_xy_m, buses.x_m, buses.y_m) & own
    else:
        near = own & (distance <= region.catalogue.value("extension.max_distance_m"))
    if not near.any():
        return None
    bus = int(np.argmin(np.where(near, distance, np.inf)))
    return ExistingService(bus=bus, presumed=not region.site_index.has_forbidden)


def _named(application: Application, region: Region, site_xy_m: tuple[float, float]) -> int:
    buses = region.snapshot.grid.buses
    name = f"application {application.reference} names the existing connection "
    name += f"{application.existing_bus_id}"
    bus = region.bus_row.get(str(application.existing_bus_id))
    if bus is None:
        raise UnknownElementError(
            f"{name}, which this grid version does not hold; leave it out or correct it"
        )
    kind = BusKind(int(buses.kind[bus]))
    if kind is not BusKind.CUSTOMER:
        raise InputError(
            f"{name}, which is a {kind.name.lower().replace('_', ' ')}; expected the bus of a "
            "customer's own service"
        )
    reach_m = region.catalogue.value("connector.max_length_m")
    distance_m = math.hypot(buses.x_m[bus] - site_xy_m[0], buses.y_m[bus] - site_xy_m[1])
    if distance_m > reach_m:
        raise InputError(
            f"{name}, {distance_m:.0f} m from the site; expected at most {reach_m:g} m. Correct "
            "the place or the connection"
        )
    return bus


def presumed_service_finding(bus_id: str) -> Finding:
    """Say that a service was taken for the applicant's own because it is the nearest."""
    return Finding(
        rule="extension.max_distance_m",
        severity=Severity.WARNING,
        element=f"bus {bus_id}",
        text=(
            f"No building is recorded; the service of bus {bus_id} is the nearest and may be a "
            "neighbour's. Name the existing connection in the application"
        ),
    )


def check_service(site: Site, kind: AccessKind, bus: int, footing: Footing) -> tuple[Finding, ...]:
    """Return whether an existing service carries the new demand in full beside what it carries.

    Nothing for other kinds of access point. The existing load is the diversified one that the
    source gives, which the survey must confirm.
    """
    if kind is not AccessKind.EXISTING_SERVICE:
        return ()
    grid, state = site.region.snapshot.grid, site.state
    ends = (grid.lines.from_bus == bus) | (grid.lines.to_bus == bus)
    in_use = (grid.lines.role == LineRole.SERVICE) & np.asarray(grid.lines.in_service)
    services = np.flatnonzero(ends & in_use)
    rule = site.region.catalogue.rule("loading.line_max")
    element = f"service of bus {grid.buses.bus_id[bus]}"
    if len(services) == 0:
        return (rule.unknown(element=element, text=f"No line is recorded as {element}"),)
    worst = 0.0
    for demand in site.judge.demands:
        base = footing.base[demand.load_case]
        p_kw = float(base.bus_p_kw[bus]) + float(demand.p_kw[0])
        q_kvar = float(base.bus_q_kvar[bus]) + float(demand.q_kvar[0])
        held_kva = state.held.full_kva.get((str(grid.buses.bus_id[bus]), demand.load_case), 0.0)
        own_kva = math.hypot(p_kw, q_kvar)
        if site.mode.phase_count == 1:
            # the phase that takes the new demand carries three times its balanced share
            own_kva += 2.0 * math.hypot(float(demand.p_kw[0]), float(demand.q_kvar[0]))
        worst = max(worst, own_kva + held_kva)
    volts = float(grid.buses.nominal_voltage_v[bus])
    rated_a = float(np.sum((grid.lines.rated_current_a * grid.lines.parallel_count)[services]))
    ratio = worst * 1000.0 / (math.sqrt(3.0) * volts * rated_a)
    named = f"{element} ({grid.lines.line_id[services[0]]})"
    return (rule.measure(ratio, element=named),)
