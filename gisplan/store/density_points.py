"""Weighted points for density, and the grid's lines and ground for its background, read in bulk.

The server packs each column into a few wide values, which numpy decodes without a Python object a
row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.model.density import DensityLayer
from gisplan.model.grid import CLASS_NAMES, Codes, Flags, Floats, Polylines
from gisplan.store.sql import query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection

    from gisplan.model.density import ApplicationFilter, DensityWeight


@dataclass(frozen=True, slots=True, kw_only=True)
class LonLatPoints:
    """Weighted places in degrees (EPSG:4326), in the order of the applications' numbers.

    ``power_kw``, ``customer_class`` and ``is_generation`` are empty where nobody asked for them.
    """

    lon: Floats
    lat: Floats
    weight: Floats
    power_kw: Floats
    customer_class: Codes
    is_generation: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPoints:
    """Weighted places of loads or generators in the working CRS; an unknown weight is NaN.

    ``customer_class`` and ``customer_count`` are empty for generators.
    """

    x_m: Floats
    y_m: Floats
    weight: Floats
    power_kw: Floats
    customer_class: Codes
    customer_count: Floats


def read_application_points(
    connection: Connection,
    *,
    weight: DensityWeight,
    chosen: ApplicationFilter,
    with_customers: bool = False,
) -> LonLatPoints:
    """Read place and weight of the chosen applications, on demand with who they are."""
    values = {
        "weight": weight.value,
        "with_customers": with_customers,
        "customer_classes": list(CLASS_NAMES),
        "chosen_classes": list(chosen.customer_classes),
        "kinds": [kind.value for kind in chosen.kinds],
        "statuses": [status.value for status in chosen.statuses],
        "applied_from": chosen.applied_from,
        "applied_until": chosen.applied_until,
    }
    number, *columns = _read(connection, "density_points", values, ">i8 >f8 >f8 >f8 >f8 >i4 >i4")
    if (np.diff(number) < 0).any():  # as the table lies on disk they mostly stand in order already
        order = np.argsort(number)
        columns = [column[order] if len(column) else column for column in columns]
    lon, lat, weights, power_kw, customer_class, is_generation = columns
    return LonLatPoints(
        lon=lon,
        lat=lat,
        weight=weights,
        power_kw=power_kw,
        customer_class=customer_class.astype(np.uint8),
        is_generation=is_generation.astype(np.bool_),
    )


def read_grid_points(
    connection: Connection, version_id: int, *, layer: DensityLayer, weight: DensityWeight
) -> GridPoints:
    """Read place and weight of the loads or the generators of a grid version."""
    if layer is DensityLayer.LOAD:
        name, types = "density_loads", ">f8 >f8 >f8 >f8 >i4 >i4"
    else:
        name, types = "density_generators", ">f8 >f8 >f8 >f8"
    values = {
        "version_id": version_id,
        "weight": weight.value,
        "customer_classes": list(CLASS_NAMES),
    }
    x_m, y_m, weights, power_kw, *customers = _read(connection, name, values, types)
    customer_class, customer_count = customers or (np.zeros(0), np.zeros(0))
    return GridPoints(
        x_m=x_m,
        y_m=y_m,
        weight=weights,
        power_kw=power_kw,
        customer_class=customer_class.astype(np.uint8),
        customer_count=customer_count,
    )


def read_grid_lines(connection: Connection, version_id: int) -> Polylines:
    """Read the mains of a grid version in its working CRS, by id."""
    count, xy_m = _read(connection, "density_lines", {"version_id": version_id}, ">i4 <f8")
    offset = np.concatenate(([0], np.cumsum(count.astype(np.int64))))
    return Polylines(offset=offset, xy_m=xy_m.reshape(-1, 2))


def read_grid_ground(connection: Connection, version_id: int) -> shapely.Geometry:
    """Read the smallest convex area around the buses of a grid version; empty without buses."""
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(query("density_ground"), {"version_id": version_id}).fetchone()
    return shapely.Polygon() if row is None or row[0] is None else shapely.from_wkb(bytes(row[0]))


def _read(
    connection: Connection, name: str, values: Mapping[str, object], types: str
) -> tuple[Floats, ...]:
    """Columns of a packed query, each of the type as the server packs it, as doubles."""
    with connection.cursor(binary=True) as cursor:
        chunks = cursor.execute(query(name), values).fetchall()
    return tuple(
        _decode([chunk[place] or b"" for chunk in chunks], packed_type)
        for place, packed_type in enumerate(types.split())
    )


def _decode(chunks: list[bytes], packed_type: str) -> Floats:
    """Join packed numbers and give them the machine's own double precision."""
    return np.frombuffer(b"".join(chunks), packed_type).astype(np.float64)
