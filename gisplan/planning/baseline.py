"""What "the nearest by straight line" would have chosen, beside what is proposed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gisplan.model.option import Baseline

if TYPE_CHECKING:
    from gisplan.model.option import Option
    from gisplan.planning.candidates import Pool
    from gisplan.planning.site import Site


def straight_line_baseline(
    site: Site, options: tuple[Option, ...], pool: Pool | None
) -> Baseline | None:
    """Return the nearest access element by straight line and what becomes of it.

    ``None`` where the grid has no access element of the level.
    """
    nearest = site.region.access_places[site.mode.voltage_level].find_nearest(site.xy_m)
    if nearest is None:
        return None
    line, bus = nearest.line, nearest.bus
    distance_m = math.dist(site.xy_m, nearest.xy_m)
    ((lon, lat),) = site.region.projection.to_lon_lat(nearest.xy_m[None, :])
    grid = site.region.snapshot.grid
    element_id = str(grid.lines.line_id[line] if line >= 0 else grid.buses.bus_id[bus])
    name = str(grid.lines.name[line] if line >= 0 else grid.buses.name[bus]) or element_id
    start = f"The nearest by straight line is {name}, {distance_m:.0f} m away"
    feasible, cost, outcome = _outcome(element_id, (line, bus), options, pool)
    return Baseline(
        element_id=element_id,
        name=name,
        lon=lon,
        lat=lat,
        straight_line_m=round(distance_m, 3),
        feasible=feasible,
        total_cost=cost,
        text=f"{start}: {outcome}",
    )


def _outcome(
    element_id: str, element: tuple[int, int], options: tuple[Option, ...], pool: Pool | None
) -> tuple[bool | None, float | None, str]:
    """Return whether it is feasible, its cost, and both in words."""
    for option in options:
        same_kind = (option.access_point.element_kind == "line") == (element[0] >= 0)
        if same_kind and option.access_point.element_id == element_id:
            total = f"{option.cost.total:,.0f} {option.cost.currency}"
            return option.feasible, option.cost.total, _rank_text(option, total)
    if pool is None:
        return None, None, "not examined, because the application is refused before"
    if (passed := pool.passed.get(element)) is not None:
        cost = passed.total_cents / 100
        return None, cost, f"reached on the ground for {cost:,.0f}, not among the options listed"
    if (failed := pool.failed.get(element)) is not None:
        return False, failed.total_cents / 100, f"not feasible: {failed.reason}"
    if not any(option.feasible for option in options):
        return None, None, "on the ground it was not reached"
    return None, None, "dearer to reach on the ground than the best options, or refused there"


def _rank_text(option: Option, total: str) -> str:
    if not option.feasible:
        return f"not feasible, at {total}"
    if option.rank == 1:
        return f"also the best option, at {total}"
    return f"option {option.rank}, at {total}"
