"""A site that has a service is first examined as an extension there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import UnknownElementError
from gisplan.model.grid import BusKind
from gisplan.planning.supply_mode import is_low_voltage

if TYPE_CHECKING:
    from gisplan.model.application import Application
    from gisplan.model.grid import Buses


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
