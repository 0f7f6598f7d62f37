"""Cells, corridors and supply areas in classes as vector tiles, and their legend."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer

from api.density_layer import DensityLegend, LegendClass, figure_of
from gisplan.export.capacity_gap_classes import CLASSES, gap_class
from gisplan.export.classed_shapes import classed_cells, classed_corridors
from gisplan.export.electrical_table import ElementTable
from gisplan.store.tiles import TileShapes
from maps.web_raster import EARTH_RADIUS_M, WEB_SRID

if TYPE_CHECKING:
    import numpy.typing as npt

    from api.density_layer import Figure
    from gisplan.export.classed_shapes import ClassedShapes
    from gisplan.export.electrical_table import ElectricalAnswer
    from gisplan.model.grid import Codes, Floats, Integers
    from gisplan.services.capacity_gap import GapAnswer

CLASS, COLOUR = "class", "colour"
FEATURES_MAX, SHAPES_MAX = 5_000, 20_000
TILE_UNITS, BUFFER_UNITS = 4096, 64
_OUTWARD = np.array([-1.0, -1.0, 1.0, 1.0])
SMALLEST_UNITS = 0.5
"""What is smaller than this in a tile has no place on its grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebShapes:
    """Rows of a table in Web Mercator with the number of the class of each, and its colours."""

    table: ElementTable
    codes: Codes
    colours: tuple[str, ...]
    shape: npt.NDArray[np.object_]
    tree: shapely.STRtree
    side_m: Floats

    def in_tile(self, zoom: int, column: int, row: int) -> TileShapes:
        """Return what a tile shows, with all that is known of each row, its class and colour.

        Where it would be more than ``FEATURES_MAX``, each class is one feature without figures; of
        more than ``SHAPES_MAX``, about a pixel each, those of the highest classes stay.
        """
        side_m = 2 * math.pi * EARTH_RADIUS_M / 2**zoom
        west_m = column * side_m - math.pi * EARTH_RADIUS_M
        north_m = math.pi * EARTH_RADIUS_M - row * side_m
        tile = shapely.box(west_m, north_m - side_m, west_m + side_m, north_m)
        box = shapely.box(*shapely.bounds(tile) + side_m * BUFFER_UNITS / TILE_UNITS * _OUTWARD)
        rows = np.sort(self.tree.query(box))
        rows = rows[self.side_m[rows] >= SMALLEST_UNITS * side_m / TILE_UNITS]
        if len(rows) > FEATURES_MAX:
            return self._by_class(rows)
        return TileShapes(
            layer=self.table.element_kind,
            numbers=rows.tolist(),
            wkb=shapely.to_wkb(self.shape[rows]).tolist(),
            properties=self._properties(rows),
        )

    def _by_class(self, rows: Integers) -> TileShapes:
        """Return one shape a class, small ones as they meet and not one by one."""
        highest = np.argsort(self.codes[rows], kind="stable")[::-1][:SHAPES_MAX]
        rows = rows[np.sort(highest)]
        codes = self.codes[rows]
        there = np.unique(codes).tolist()
        shapes = [_joined(self.shape[rows[codes == code]]) for code in there]
        return TileShapes(
            layer=self.table.element_kind,
            numbers=there,
            wkb=shapely.to_wkb(np.array(shapes, dtype=np.object_)).tolist(),
            properties=[json.dumps({CLASS: one, COLOUR: self.colours[one]}) for one in there],
        )

    def _properties(self, rows: Integers) -> list[str]:
        table = self.table
        chosen = ElementTable(
            element_kind=table.element_kind,
            columns={name: column[rows] for name, column in table.columns.items()},
            shape=table.shape[rows],
            srid=table.srid,
        )
        pairs = zip(chosen.rows(), self.codes[rows].tolist(), strict=True)
        return [
            json.dumps({**row, CLASS: code, COLOUR: self.colours[code]}, allow_nan=False)
            for row, code in pairs
        ]


def _joined(shapes: npt.NDArray[np.object_]) -> shapely.Geometry:
    """Return areas without the borders between them, lines and points as one of many parts."""
    parts = shapely.get_parts(shapes)
    match int(shapely.get_dimensions(parts).max()):
        case 2:
            return shapely.coverage_union_all(shapes)
        case 1:
            return shapely.MultiLineString(list(parts))
    return shapely.MultiPoint(list(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownShapes:
    """Layers of tiles, and the legend of their classes."""

    layers: tuple[WebShapes, ...]
    legend: DensityLegend


def web_shapes(table: ElementTable, codes: Codes, colours: tuple[str, ...]) -> WebShapes:
    """Return the rows of a table, each with its class, as tiles take them."""
    change = Transformer.from_crs(table.srid, WEB_SRID, always_xy=True)

    def project(xy_m: Floats) -> Floats:
        return np.column_stack(change.transform(xy_m[:, 0], xy_m[:, 1]))

    shape = shapely.transform(table.shape, project)
    box = shapely.bounds(shape)
    side_m = np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
    is_point = shapely.get_dimensions(shape) == 0
    return WebShapes(
        table=table,
        codes=codes,
        colours=colours,
        shape=shape,
        tree=shapely.STRtree(shape),
        side_m=np.where(is_point, np.inf, side_m),
    )


def shown_cells(answer: ElectricalAnswer) -> ShownShapes:
    """Return cells as a layer; their legend counts what is in them."""
    facts = answer.facts
    figures = (
        figure_of("counted", int(facts["point_count"] or 0)),
        figure_of("sum", float(facts["total"] or 0), str(facts["total_unit"])),
        figure_of("cells", int(facts["cell_count"] or 0)),
    )
    return _shown(classed_cells(answer), answer, figures)


def shown_corridors(answer: ElectricalAnswer) -> ShownShapes:
    """Return pieces of corridor as a layer."""
    facts = answer.facts
    figures = (
        figure_of("counted", int(facts["point_count"] or 0)),
        figure_of("sum", float(facts["total"] or 0), str(facts["total_unit"])),
        figure_of("bandwidth", float(facts["bandwidth_m"] or 0), "m"),
    )
    return _shown(classed_corridors(answer), answer, figures)


def shown_gap(answer: GapAnswer) -> ShownShapes:
    """Return supply areas and the elements of their level, by the season that they last until."""
    level = answer.tables.facts["level"]
    units = next(one for one in answer.tables.tables if one.element_kind == level)
    colours = tuple(colour for _, colour in CLASSES)
    layers = (
        web_shapes(table, np.array([gap_class(row) for row in table.rows()], np.uint8), colours)
        for table in (answer.areas, units)
    )
    return ShownShapes(
        layers=tuple(layers),
        legend=DensityLegend(
            heading=f"Supply areas by {level} that run out",
            classes=[LegendClass(colour=colour, text=text) for text, colour in CLASSES],
            figures=[],
            notes=list(answer.tables.notes),
        ),
    )


def _shown(
    shapes: ClassedShapes, answer: ElectricalAnswer, figures: tuple[Figure, ...]
) -> ShownShapes:
    pairs = list(zip(shapes.colours, shapes.texts, strict=True))
    legend = DensityLegend(
        heading=shapes.heading,
        classes=[LegendClass(colour=colour, text=text) for colour, text in reversed(pairs)],
        figures=list(figures),
        notes=list(answer.notes),
    )
    layer = web_shapes(shapes.table, shapes.codes, shapes.colours)
    return ShownShapes(layers=(layer,), legend=legend)
