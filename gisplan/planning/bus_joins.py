"""How stations and cabinets reach the corridors: by connectors, as a customer's site does.

A bus that is an access point is joined to every corridor within reach of a straight connector, by
the rules of a site's own connectors and at their prices. One that stands on a corridor is there
already: that connector has no length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.network.strands import TOUCH_M
from gisplan.planning.access import NO_ACCESS

if TYPE_CHECKING:
    from gisplan.model.grid import Grid, Integers
    from gisplan.planning.access import AccessTable
    from gisplan.routing.site import Connectors, SiteIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class BusJoins:
    """Connectors from buses to corridors, bus after bus; ``bus`` (connectors,) is ascending."""

    connectors: Connectors
    bus: Integers

    def __len__(self) -> int:
        return len(self.bus)

    def of(self, bus: int) -> Connectors:
        """Return the connectors of one bus, nearest first."""
        first, last = np.searchsorted(self.bus, [bus, bus + 1])
        return self.connectors.take(np.arange(first, last))


def build_bus_joins(grid: Grid, access: AccessTable, index: SiteIndex, reach_m: float) -> BusJoins:
    """Join every bus that is an access point to all corridors within reach."""
    bus = np.flatnonzero(access.bus_kind != NO_ACCESS)
    xy_m = np.column_stack([grid.buses.x_m[bus], grid.buses.y_m[bus]])
    connectors, place = index.connectors_of(xy_m, reach_m)
    return BusJoins(connectors=_without_specks(connectors), bus=bus[place])


def _without_specks(connectors: Connectors) -> Connectors:
    """Return connectors without length where a bus stands on its corridor but for rounding."""
    touches = connectors.length_m <= TOUCH_M
    met = connectors.met
    return replace(
        connectors,
        length_m=np.where(touches, 0.0, connectors.length_m),
        start_xy_m=np.where(touches[:, None], connectors.xy_m, connectors.start_xy_m),
        met=replace(
            met,
            rough_m=np.where(touches, 0.0, met.rough_m),
            added_m=np.where(touches, 0.0, met.added_m),
        ),
    )
