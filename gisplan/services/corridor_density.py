"""Density of a layer along the corridors, so that a river between two streets does not blur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.ops import substring

from gisplan.density.along_network import density_along_network
from gisplan.errors import InputError
from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
from gisplan.model.density import DensityLayer, DensityWeight
from gisplan.network.snapshot import Roadside
from gisplan.network.strands import line_shapes, place_points
from gisplan.services.density_layer import EVERY_APPLICATION, read_layer
from gisplan.services.snapshot import load_snapshot
from gisplan.store.grid_reader import active_version

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from psycopg import Connection

    from gisplan.density.along_network import NetworkDensity
    from gisplan.export.feature import Value
    from gisplan.model.density import ApplicationFilter
    from gisplan.model.grid import Floats, Integers
    from gisplan.network.snapshot import CorridorGraph, Snapshot
    from gisplan.services.density_layer import LayerPoints

    Progress = Callable[[str, int, int], None]

CORRIDOR = "corridor"
BANDWIDTH_PIECES_MAX = 400
NO_CORRIDORS = "the grid version has no corridors: load streets, for example from OpenStreetMap"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorDensityQuestion:
    """What is summed, how smoothly, and how far from a corridor it may lie.

    ``bandwidth_m`` is the standard deviation along a straight street; corridors are cut into
    pieces of about ``piece_m``; points beyond ``reach_m`` of all corridors are left out and told.
    """

    bandwidth_m: float = 150.0
    piece_m: float = 25.0
    reach_m: float = 150.0
    layer: DensityLayer = DensityLayer.APPLICATION
    weight: DensityWeight = DensityWeight.DEMAND_KVA
    applications: ApplicationFilter = EVERY_APPLICATION


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """Points on corridors: segment, metres along it, weight, and how many lie on none."""

    segment: Integers
    offset_m: Floats
    weight: Floats
    far_count: int


def density_of_corridors(
    connection: Connection,
    cache_root: Path,
    question: CorridorDensityQuestion,
    *,
    progress: Progress | None = None,
) -> ElectricalAnswer:
    """Return the density on every piece of corridor of the grid version that serves.

    Corridors that lie side by side in one place count once: the first of them stands for all, and
    the left side of a road for both.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    InputError
        If there are no corridors, or layer and weight, bandwidth, piece or reach cannot be used.
    """
    _check(question)
    tell = progress or _untold
    tell("reading", 0, 3)
    snapshot = load_snapshot(connection, cache_root)
    points = read_layer(
        connection,
        active_version(connection),
        layer=question.layer,
        weight=question.weight,
        applications=question.applications,
    )
    corridors = snapshot.corridors
    if len(corridors.edge_from) == 0:
        raise InputError(NO_CORRIDORS)
    tell("placing", 1, 3)
    edge = _drawn_once(corridors)
    shapes = line_shapes(corridors.shape)[edge]
    placed = _place(points, shapes, corridors.edge_length_m[edge], question.reach_m)
    tell("density", 2, 3)
    found = density_along_network(
        corridors.edge_from[edge],
        corridors.edge_to[edge],
        corridors.edge_length_m[edge],
        point_segment=placed.segment,
        point_offset_m=placed.offset_m,
        weight=placed.weight,
        bandwidth_m=question.bandwidth_m,
        piece_m=question.piece_m,
    )
    pieces = _pieces(snapshot.grid.working_srid, corridors, edge, shapes, found)
    tell("density", 3, 3)
    return ElectricalAnswer(
        facts=_facts(snapshot, question, placed, found),
        notes=_notes(points, placed, question),
        tables=(pieces,),
    )


def _drawn_once(corridors: CorridorGraph) -> Integers:
    """Return one edge of each place, and of a road with two sides the left one."""
    one_side = np.flatnonzero((corridors.edge_roadside & Roadside.RIGHT) == 0)
    _, first = np.unique(corridors.edge_place[one_side], return_index=True)
    edge: Integers = one_side[first]
    return edge


def _check(question: CorridorDensityQuestion) -> None:
    """Refuse sizes that cannot be used; the work grows with the bandwidth in pieces."""
    for name in ("bandwidth_m", "piece_m", "reach_m"):
        size_m = getattr(question, name)
        if not 0 < size_m < np.inf:
            what = name.removesuffix("_m")
            raise InputError(f"{what} is {size_m} m; expected a finite, positive number of metres")
    most_m = BANDWIDTH_PIECES_MAX * question.piece_m
    if question.bandwidth_m > most_m:
        raise InputError(
            f"bandwidth is {question.bandwidth_m:g} m, more than {BANDWIDTH_PIECES_MAX} pieces of "
            f"{question.piece_m:g} m: take at most {most_m:g} m, or longer pieces"
        )


def _place(points: LayerPoints, shapes: np.ndarray, length_m: Floats, reach_m: float) -> _Placed:
    """Put every point of known weight on the nearest corridor; of equal ones on the first."""
    known = points.is_known
    places = place_points(np.column_stack([points.x_m[known], points.y_m[known]]))
    tree = shapely.STRtree(shapes)
    point, segment = tree.query_nearest(places, max_distance=reach_m)
    order = np.lexsort((segment, point))
    near, first = np.unique(point[order], return_index=True)
    chosen = segment[order][first]
    share = shapely.line_locate_point(shapes[chosen], places[near], normalized=True)
    return _Placed(
        segment=chosen.astype(np.int64),
        offset_m=np.clip(share, 0.0, 1.0) * length_m[chosen],
        weight=points.weight[known][near],
        far_count=len(places) - len(near),
    )


def _facts(
    snapshot: Snapshot,
    question: CorridorDensityQuestion,
    placed: _Placed,
    found: NetworkDensity,
) -> dict[str, Value]:
    unit = question.weight.unit
    return {
        "grid_version": snapshot.grid.version_id,
        "layer": question.layer.value,
        "weight": question.weight.value,
        "unit": f"{unit}/km",
        "total": round(float(placed.weight.sum()), 6),
        "total_unit": unit,
        "point_count": len(placed.weight),
        "far_count": placed.far_count,
        "peak": round(float(found.density_per_km.max(initial=0.0)), 6),
        "bandwidth_m": question.bandwidth_m,
        "piece_m": question.piece_m,
        "reach_m": question.reach_m,
        "length_m": round(float((found.to_m - found.from_m).sum()), 1),
    }


def _notes(
    points: LayerPoints, placed: _Placed, question: CorridorDensityQuestion
) -> tuple[str, ...]:
    notes = list(points.warnings)
    if placed.far_count:
        notes.append(
            f"{placed.far_count:,} {points.noun} lie more than {question.reach_m:g} m from every "
            "corridor and are left out"
        )
    if not len(placed.weight):
        notes.append(f"none of the {points.noun} lies at a corridor: there is no data")
    return tuple(notes)


def _pieces(
    srid: int, corridors: CorridorGraph, edge: Integers, shapes: np.ndarray, found: NetworkDensity
) -> ElementTable:
    """Return a row a piece; without any point the density is unknown and not zero."""
    has_data = bool(found.density_per_km.any())
    density = found.density_per_km.round(3)
    drawn_m = shapely.length(shapes)[found.segment]
    scale = drawn_m / corridors.edge_length_m[edge][found.segment]
    parts = [
        substring(shapes[segment], start, end)
        for segment, start, end in zip(
            found.segment, found.from_m * scale, found.to_m * scale, strict=True
        )
    ]
    return ElementTable(
        element_kind=CORRIDOR,
        columns={
            "corridor": corridors.corridor_id[corridors.edge_corridor[edge[found.segment]]],
            "from_m": found.from_m.round(2),
            "to_m": found.to_m.round(2),
            "density_per_km": density if has_data else np.full(len(density), np.nan),
        },
        shape=np.array(parts, dtype=object),
        srid=srid,
    )


def _untold(_doing: str, _done: int, _total: int) -> None:
    """Nobody watches."""
