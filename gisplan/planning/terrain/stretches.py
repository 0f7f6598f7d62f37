"""From a way over streets and field to the stretches that a planner reads, priced exactly.

What the search paid on the raster is left behind: the course is pulled straight, every metre of it
counts at the price of its own cell, and every barrier that it crosses at the catalogue's price.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import shapely
import shapely.ops

from gisplan.network.crossings import EdgeGeometries, find_crossings
from gisplan.network.strands import CorridorSettings
from gisplan.planning.crossable import (
    NO_PRICE,
    Crossed,
    crossing_code_of_kind,
    crossing_price_cents,
)
from gisplan.planning.route import (
    EdgeParts,
    Stretch,
    free_stretch,
    merged_stretches,
    stretches_along,
)
from gisplan.routing.terrain.parts import FieldPart, StreetPart, TerrainWay
from gisplan.routing.terrain.runs import Runs, course_runs
from gisplan.routing.terrain.smoothing import smooth_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.region import Region
    from gisplan.planning.terrain.ground import Field
    from gisplan.planning.variants import Variant
    from gisplan.routing.site import Geometries
    from gisplan.routing.terrain.raster import CostRaster

RUNS_MAX = 24
"""A stretch over so many prices, as rasters with a price for each cell have, is told as one."""
TOLERANCE_M = 0.5
SHORTEST_M = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedWindow:
    """The ground that a search has looked at: what all costs there, and the works alone."""

    whole: CostRaster
    civil: CostRaster


def terrain_stretches(
    region: Region,
    field: Field,
    variant: Variant,
    way: TerrainWay,
    window: PricedWindow,
    *,
    end_m: Floats | None = None,
) -> list[Stretch]:
    """Return a way as stretches, from its start on.

    ``end_m`` is the place of an access point in the last cell, where the way does not reach it.
    """
    stretches: list[Stretch] = []
    last = [] if end_m is None else [FieldPart(xy_m=np.array([way.xy_m[-1], end_m]), cost_cents=0)]
    parts_of_way = _joined_parts((*_long_parts(way), *last))
    kinds = groupby(parts_of_way, key=lambda part: isinstance(part, FieldPart))
    for is_field, parts in kinds:
        if is_field:
            xy_m = _course([part for part in parts if isinstance(part, FieldPart)], window.whole)
            stretches += field_stretches(region, field, variant, xy_m, window.civil)
        else:
            stretches += _along(region, variant, [p for p in parts if isinstance(p, StreetPart)])
    nothing = free_stretch(variant, way.xy_m[[0, 0]], civil_per_m=0.0)
    return merged_stretches([one for one in stretches if one.length_m > 0] or [nothing])


def _long_parts(way: TerrainWay) -> Iterator[FieldPart | StreetPart]:
    """Return the parts of a way without streets that are only crossed."""
    for part in way.parts:
        if isinstance(part, FieldPart) or _length_m(part.xy_m) > SHORTEST_M:
            yield part


def _joined_parts(parts: Iterable[FieldPart | StreetPart]) -> Iterator[FieldPart | StreetPart]:
    """Return parts with those over the field that follow each other as one, passages apart."""
    held: FieldPart | None = None
    for part in parts:
        if not isinstance(part, FieldPart) or part.is_passage:
            if held is not None:
                yield held
            held = None
            yield part
        elif held is None:
            held = part
        else:
            xy_m = np.vstack([held.xy_m, part.xy_m])
            held = FieldPart(xy_m=xy_m, cost_cents=held.cost_cents + part.cost_cents)
    if held is not None:
        yield held


def _course(parts: list[FieldPart], raster: CostRaster) -> Floats:
    """Return parts over the field that follow each other as one course, pulled straight."""
    smooth = [smooth_part(part, raster, tolerance_m=TOLERANCE_M).xy_m for part in parts]
    xy = np.vstack(smooth)
    kept = np.append(True, (np.diff(xy, axis=0) != 0).any(axis=1))
    course: Floats = xy[kept]
    return course


def _along(region: Region, variant: Variant, parts: list[StreetPart]) -> list[Stretch]:
    civil = region.ground.civil
    shares = EdgeParts(
        edge=np.array([part.edge for part in parts], np.int64),
        share_from=np.array([part.share_from for part in parts]),
        share_to=np.array([part.share_to for part in parts]),
    )
    return stretches_along(civil, variant, shares)


def field_stretches(
    region: Region, field: Field, variant: Variant, xy_m: Floats, civil: CostRaster
) -> list[Stretch]:
    """Return a course over open ground, (vertices, 2), as stretches of one price each."""
    length_m = _length_m(xy_m)
    if length_m <= SHORTEST_M:
        return []
    runs = course_runs(xy_m, civil)
    if len(runs) > RUNS_MAX:
        runs = _mean(runs)
    crossed, at_m = crossed_by(region, xy_m)
    last = np.searchsorted(runs.to_m, at_m, side="left").clip(0, len(runs) - 1)
    line = shapely.LineString(xy_m)
    stretches = []
    for n in range(len(runs)):
        from_m, to_m = float(runs.from_m[n]), float(runs.to_m[n])
        middle = line.interpolate((from_m + to_m) / 2)
        surface, is_priced = field.surface_at(np.array([middle.x, middle.y]))
        bare = free_stretch(
            variant,
            shapely.get_coordinates(shapely.ops.substring(line, from_m, to_m)),
            civil_per_m=float(runs.cents_per_m[n]) / 100,
        )
        met = crossed.take(np.flatnonzero(last == n))
        stretches.append(
            replace(
                bare,
                surface=surface,
                crossing_cents=int(crossing_price_cents(region.catalogue)[met.code].sum()),
                crossed=met,
                price_source="" if is_priced else field.name,
            )
        )
    return stretches


def _mean(runs: Runs) -> Runs:
    """Return runs as one at their mean price."""
    length_m = runs.to_m - runs.from_m
    return Runs(
        from_m=runs.from_m[:1],
        to_m=runs.to_m[-1:],
        cents_per_m=np.array([float(runs.cents_per_m @ length_m / length_m.sum())]),
    )


def crossed_by(region: Region, xy_m: Floats) -> tuple[Crossed, Floats]:
    """Return the barriers that a course crosses at a price, and where along it (crossings,)."""
    _, crossed, share = priced_crossings(region, np.array([shapely.LineString(xy_m)], dtype=object))
    return crossed, share * _length_m(xy_m)


def priced_crossings(region: Region, lines: Geometries) -> tuple[Integers, Crossed, Floats]:
    """Return the barriers that lines cross at a price: row of the line, what, share of the line."""
    count = len(lines)
    apart = EdgeGeometries(
        geometry=lines,
        start=np.arange(count),
        end=count + np.arange(count),
        is_street_link=np.zeros(count, dtype=bool),
        is_along=np.zeros(count, dtype=bool),
        crosses=np.full(count, -1),
        is_split=np.zeros(2 * count, dtype=bool),
    )
    found = find_crossings(apart, region.snapshot.grid.barriers, CorridorSettings())
    code = crossing_code_of_kind()[found.kind]
    priced = np.flatnonzero(code != NO_PRICE)
    crossed = Crossed(
        code=code[priced],
        barrier=found.barrier[priced],
        edge=np.full(len(priced), -1, dtype=np.int64),
    )
    line = np.repeat(np.arange(count), np.diff(found.offset))
    return line[priced], crossed, found.share[priced]


def _length_m(xy_m: Floats) -> float:
    return float(np.hypot(*np.diff(xy_m, axis=0).T).sum())
