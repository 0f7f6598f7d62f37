"""A site that has a service is first examined as an extension there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import UnknownElementError
from gisplan.model.grid import BusKind, LineRole
from gisplan.model.option import AccessKind
from gisplan.planning.supply_mode import is_low_voltage

if TYPE_CHECKING:
    from gisplan.model.application import Application
    from gisplan.model.grid import Buses
    from gisplan.model.option import Finding
    from gisplan.planning.site import Site


def find_existing_service(
    application: Application,
    buses: Buses,
    site_xy_m: tuple[float, float],
    *,
    max_distance_m: float,
) -> int:
    """Return the bus of the site's own low-voltage service, -1 where it has none.

    The application may name it; else it is the nearest customer bus within ``max_distance_m``.

    Raises
    ------
    UnknownElementError
        If the application names a bus that the grid does not hold.
    """
    if application.existing_bus_id is not None:
        return _named(application, buses)
    distance = np.hypot(buses.x_m - site_xy_m[0], buses.y_m - site_xy_m[1])
    near = np.flatnonzero((buses.kind == BusKind.CUSTOMER) & (distance <= max_distance_m))
    near = near[[is_low_voltage(float(volt)) for volt in buses.nominal_voltage_v[near]]]
    return int(near[np.argmin(distance[near])]) if len(near) else -1


def _named(application: Application, buses: Buses) -> int:
    rows = np.flatnonzero(buses.bus_id == application.existing_bus_id)
    if len(rows) == 0:
        raise UnknownElementError(
            f"application {application.reference} names the existing connection "
            f"{application.existing_bus_id}, which this grid version does not hold; leave it out "
            "or correct it"
        )
    return int(rows[0])


def check_service(site: Site, kind: AccessKind, bus: int) -> tuple[Finding, ...]:
    """Return whether an existing service carries the new demand in full beside what it carries.

    Nothing for other kinds of access point. The existing load is the diversified one that the
    source gives, which the survey must confirm.
    """
    if kind is not AccessKind.EXISTING_SERVICE:
        return ()
    grid, state = site.region.snapshot.grid, site.state
    ends = (grid.lines.from_bus == bus) | (grid.lines.to_bus == bus)
    services = np.flatnonzero(ends & (grid.lines.role == LineRole.SERVICE))
    rule = site.region.catalogue.rule("loading.line_max")
    element = f"service of bus {grid.buses.bus_id[bus]}"
    if len(services) == 0:
        return (rule.unknown(element=element, text=f"No line is recorded as {element}"),)
    worst = 0.0
    for demand in site.judge.demands:
        base = state.base[demand.load_case]
        p_kw = float(base.bus_p_kw[bus]) + float(demand.p_kw[0])
        q_kvar = float(base.bus_q_kvar[bus]) + float(demand.q_kvar[0])
        worst = max(worst, math.hypot(p_kw, q_kvar))
    worst += state.held.full_kva[str(grid.buses.bus_id[bus])]
    volts = float(grid.buses.nominal_voltage_v[bus])
    rated_a = float(np.sum((grid.lines.rated_current_a * grid.lines.parallel_count)[services]))
    ratio = worst * 1000.0 / (math.sqrt(3.0) * volts * rated_a)
    named = f"{element} ({grid.lines.line_id[services[0]]})"
    return (rule.measure(ratio, element=named),)
