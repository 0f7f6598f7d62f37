"""Weighted points for density, and the grid's lines for its background, read in bulk.

The server packs each column into a few wide values, which numpy decodes without a Python object a
row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.grid import Floats, Polylines
from gisplan.store.sql import query

if TYPE_CHECKING:
    from psycopg import Connection

    from gisplan.model.density import ApplicationFilter, DensityWeight


@dataclass(frozen=True, slots=True, kw_only=True)
class LonLatPoints:
    """Weighted places in degrees (EPSG:4326), in the order of the applications' numbers."""

    lon: Floats
    lat: Floats
    weight: Floats


def read_application_points(
    connection: Connection, *, weight: DensityWeight, chosen: ApplicationFilter
) -> LonLatPoints:
    """Read place and weight of the chosen applications."""
    values = {
        "weight": weight.value,
        "kinds": [kind.value for kind in chosen.kinds],
        "statuses": [status.value for status in chosen.statuses],
        "applied_from": chosen.applied_from,
        "applied_until": chosen.applied_until,
    }
    with connection.cursor(binary=True) as cursor:
        chunks = cursor.execute(query("density_points"), values).fetchall()
    lon, lat, weights = (_decode([chunk[i] for chunk in chunks], ">f8") for i in range(3))
    return LonLatPoints(lon=lon, lat=lat, weight=weights)


def read_grid_lines(connection: Connection, version_id: int) -> Polylines:
    """Read the mains of a grid version in its working CRS, by id."""
    with connection.cursor(binary=True) as cursor:
        chunks = cursor.execute(query("density_lines"), {"version_id": version_id}).fetchall()
    count = _decode([chunk[0] for chunk in chunks], ">i4").astype(np.int64)
    xy_m = _decode([chunk[1] for chunk in chunks], "<f8").reshape(-1, 2)
    return Polylines(offset=np.concatenate(([0], np.cumsum(count))), xy_m=xy_m)


def _decode(chunks: list[bytes], packed_type: str) -> Floats:
    """Join packed numbers and give them the machine's own double precision."""
    return np.frombuffer(b"".join(chunks), packed_type).astype(np.float64)
