"""Cells or pieces of corridor in classes as a picture: legend, scale bar, title, date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.path import Path as DrawnPath
from shapely.geometry.polygon import orient

from gisplan.export.classed_picture import draw_page, write_picture
from gisplan.export.density_classes import NO_DATA_COLOUR
from gisplan.model.density import Extent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gisplan.export.classed_picture import PictureLabels
    from gisplan.export.classed_shapes import ClassedShapes
    from gisplan.model.grid import Floats

GROUND_COLOUR = "#f3f3ef"
_EDGE_COLOUR = "#8a8a8a"
_LINE_WIDTHS = (1.2, 0.9, 3.0)
"""Of lines without data, of the lowest class, and of the others."""

_SPARE_SHARE, _NARROWEST_M, _NARROWEST_SHARE = 0.03, 200.0, 0.4
_NOWHERE_M = np.array([0.0, 0.0, 1000.0, 1000.0])


def write_shapes_png(shapes: ClassedShapes, path: Path, labels: PictureLabels) -> None:
    """Draw shapes into a PNG file; the same shapes and labels give the same bytes.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    write_picture(draw_shapes(shapes, labels), path, labels.title)


def draw_shapes(shapes: ClassedShapes, labels: PictureLabels) -> Figure:
    """Draw shapes on a figure of its own."""
    is_lines = bool((shapely.get_dimensions(shapes.table.shape) == 1).any())

    def draw(axes: Axes) -> None:
        axes.set_facecolor(GROUND_COLOUR if len(shapes.table) else NO_DATA_COLOUR)
        axes.set_aspect("equal")
        (_draw_lines if is_lines else _draw_areas)(axes, shapes)

    return draw_page(
        shapes,
        _view(shapes, labels),
        shapes.made,
        labels,
        draw=draw,
        mark=_line if is_lines else None,
    )


def _view(shapes: ClassedShapes, labels: PictureLabels) -> Extent:
    """What is around all shapes, else around the lines of the caller, with a margin."""
    bounds = _NOWHERE_M
    if len(shapes.table):
        bounds = shapely.total_bounds(shapes.table.shape)
    elif labels.lines is not None and len(labels.lines):
        bounds = np.concatenate([labels.lines.xy_m.min(axis=0), labels.lines.xy_m.max(axis=0)])
    size = (bounds[2:] - bounds[:2]) * (1 + 2 * _SPARE_SHARE)
    half = np.maximum(size, max(_NARROWEST_SHARE * float(size.max()), _NARROWEST_M)) / 2
    middle = (bounds[:2] + bounds[2:]) / 2
    (west, south), (east, north) = (middle - half).tolist(), (middle + half).tolist()
    return Extent(x_min_m=west, y_min_m=south, x_max_m=east, y_max_m=north)


def _draw_areas(axes: Axes, shapes: ClassedShapes) -> None:
    """Draw each polygon in the colour of its class; rings inside it are holes."""
    parts, row = shapely.get_parts(shapes.table.shape, return_index=True)
    is_area = shapely.get_dimensions(parts) == 2
    paths = [_path(one) for one in parts[is_area]]
    axes.add_collection(
        PathCollection(
            paths,
            facecolors=_colours(shapes, row[is_area]),
            edgecolors=_EDGE_COLOUR,
            linewidths=0.3 if len(paths) < 5000 else 0.1,
        ),
        autolim=False,
    )


def _path(polygon: shapely.Polygon) -> DrawnPath:
    turned = orient(polygon)  # a hole is one where its ring turns the other way
    rings = [turned.exterior, *turned.interiors]
    return DrawnPath.make_compound_path(
        *(DrawnPath(shapely.get_coordinates(ring), closed=True) for ring in rings)
    )


def _draw_lines(axes: Axes, shapes: ClassedShapes) -> None:
    """Draw each piece in the colour of its class, the highest on top."""
    order = np.argsort(shapes.codes, kind="stable")
    axes.add_collection(
        LineCollection(
            [_places(one) for one in shapes.table.shape[order]],
            colors=_colours(shapes, order),
            linewidths=np.array(_LINE_WIDTHS)[np.minimum(shapes.codes[order], 2)],
        ),
        autolim=False,
    )


def _places(line: shapely.Geometry) -> Floats:
    places: Floats = shapely.get_coordinates(line)
    return places


def _colours(shapes: ClassedShapes, row: np.ndarray) -> Sequence[str]:
    return [shapes.colours[code] for code in shapes.codes[row].tolist()]


def _line(colour: str, text: str) -> Line2D:
    """Return the mark of a class of lines."""
    width = _LINE_WIDTHS[0] if colour == NO_DATA_COLOUR else _LINE_WIDTHS[2]
    return Line2D([], [], color=colour, label=text, linewidth=width)
