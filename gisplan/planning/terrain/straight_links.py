"""Straight lines beside the raster, at the prices of the cells between their ends.

They lead from the places of a question to their landings on corridors, and from one place to the
other. The raster knows ways from middle to middle of its cells only, which are longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.planning.crossable import crossing_price_cents
from gisplan.planning.terrain.stretches import priced_crossings
from gisplan.routing.terrain.aims import Links
from gisplan.routing.terrain.smoothing import line_cents
from gisplan.routing.terrain.streets import Stops, Streets, field_stops, join_stops, street_stops

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.planning.routes import RouteSite
    from gisplan.planning.terrain.ground import PricedField


def straight_links(
    placed: RouteSite, source: PricedField, streets: Streets, places_m: Floats
) -> tuple[Stops, Links]:
    """Return the places and their landings as stops, and straight links where nothing bars them.

    ``places_m`` has the shape (places, 2): the site, and where the question leads, if to a place.
    """
    to = placed.question.to
    stops = field_stops(places_m)
    landings = [placed.site.connectors, *([] if to is None else [placed.landings(to)])]
    direct = _straight_cents(placed, source, places_m[0], places_m[1:])
    one, other = [np.zeros(len(direct), np.int64)], [1 + np.arange(len(direct))]
    cents = [direct]
    for row, (xy_m, found) in enumerate(zip(places_m, landings, strict=True)):
        kept = found.take(np.flatnonzero(streets.graph.edge_cost[found.edge] >= 0))
        one.append(np.full(len(kept), row))
        other.append(len(stops) + np.arange(len(kept)))
        cents.append(_straight_cents(placed, source, xy_m, kept.xy_m))
        stops = join_stops(stops, street_stops(streets, kept.edge, kept.share))
    links = Links(one=np.concatenate(one), other=np.concatenate(other), cents=np.concatenate(cents))
    is_open = np.isfinite(links.cents)
    return stops, Links(
        one=links.one[is_open], other=links.other[is_open], cents=links.cents[is_open]
    )


def _straight_cents(placed: RouteSite, source: PricedField, xy_m: Floats, ends_m: Floats) -> Floats:
    """Return what straight lines from a place to others cost, infinity where forbidden."""
    if not len(ends_m):
        return np.zeros(0)
    around = np.vstack([ends_m, xy_m])
    (west, south), (east, north) = around.min(axis=0), around.max(axis=0)
    raster = source.cut(source.window_around((west, south, east, north)))
    ground = np.array([line_cents(xy_m, end_m, raster) for end_m in ends_m])
    return ground + _crossing_cents(placed, xy_m, ends_m)


def _crossing_cents(placed: RouteSite, xy_m: Floats, ends_m: Floats) -> Floats:
    """Return what the barriers between a place and others cost."""
    region = placed.site.region
    lines = shapely.linestrings(np.stack([np.broadcast_to(xy_m, ends_m.shape), ends_m], axis=1))
    line, crossed, _ = priced_crossings(region, np.asarray(lines, dtype=object))
    cents = crossing_price_cents(region.catalogue)[crossed.code]
    return np.bincount(line, cents, minlength=len(ends_m)).astype(np.float64)
