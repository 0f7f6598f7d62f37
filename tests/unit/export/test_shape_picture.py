"""Cells and corridors as pictures: classes, units, scale, date; grey where nothing is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from matplotlib.colors import to_hex
from matplotlib.image import imread

from gisplan.export.classed_picture import PictureLabels
from gisplan.export.classed_shapes import LITTLE_COLOUR, classed_cells, classed_corridors
from gisplan.export.density_classes import NO_DATA_COLOUR
from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
from gisplan.export.shape_picture import draw_shapes, write_shapes_png
from gisplan.model.grid import Polylines
from tests.unit.export.surfaces import X_M, Y_M

LABELS = PictureLabels(title="Demand", on=date(2026, 3, 1))
LINES = Polylines(offset=np.array([0, 2]), xy_m=np.array([[X_M - 300, Y_M], [X_M + 300, Y_M]]))


def cells(values: list[float], shapes: list[shapely.Geometry] | None = None) -> ElectricalAnswer:
    west = X_M + 100.0 * np.arange(len(values))
    boxes = np.asarray(shapely.box(west, Y_M, west + 100, Y_M + 100)).reshape(-1)
    return ElectricalAnswer(
        facts={
            "unit": "kVA/km2",
            "total_unit": "kVA",
            "cell_count": len(values),
            "grid_version": 1,
            "profile": "eu",
        },
        notes=(),
        tables=(
            ElementTable(
                element_kind="cell",
                columns={"density_kva_per_km2": np.array(values, np.float64)},
                shape=boxes if shapes is None else np.array(shapes, dtype=np.object_),
                srid=25832,
            ),
        ),
    )


def corridors(values: list[float]) -> ElectricalAnswer:
    begin = X_M + 100.0 * np.arange(len(values))
    lines = [shapely.LineString([(x, Y_M), (x + 90, Y_M + 50)]) for x in begin.tolist()]
    return ElectricalAnswer(
        facts={
            "unit": "1/km",
            "total_unit": "1",
            "total": 5.0,
            "point_count": 5,
            "length_m": 300.0,
            "bandwidth_m": 150.0,
            "piece_m": 25.0,
            "grid_version": 1,
        },
        notes=(),
        tables=(
            ElementTable(
                element_kind="corridor",
                columns={"density_per_km": np.array(values, np.float64)},
                shape=np.array(lines, dtype=np.object_),
                srid=25832,
            ),
        ),
    )


def words(figure) -> list[str]:
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    return [text.get_text() for text in figure.texts] + legend


def face_colours(figure) -> list[str]:
    return [to_hex(one) for one in figure.axes[0].collections[0].get_facecolors()]


def test_cells_have_the_colours_of_their_legend():
    shapes = classed_cells(cells([90.0, np.nan, 3.0]))
    figure = draw_shapes(shapes, LABELS)
    assert face_colours(figure) == [shapes.colours[code] for code in shapes.codes.tolist()]
    assert face_colours(figure)[1] == NO_DATA_COLOUR
    assert {"no data", "N", "Demand", "2026-03-01"} <= set(words(figure))
    assert figure.legends[0].get_title().get_text() == "kVA/km²"
    assert "3 cells · EPSG:25832 · grid version 1, profile eu" in words(figure)


def test_whole_of_all_cells_is_shown_in_true_proportions():
    figure = draw_shapes(classed_cells(cells([1.0, 2.0, 3.0, 4.0])), LABELS)
    axes = figure.axes[0]
    assert axes.get_xlim()[0] < X_M < X_M + 400 < axes.get_xlim()[1]
    assert axes.get_ylim()[0] < Y_M < Y_M + 100 < axes.get_ylim()[1]
    axes.apply_aspect()
    size = axes.get_window_extent()
    ratio = np.diff(axes.get_ylim())[0] / np.diff(axes.get_xlim())[0]
    assert size.height / size.width == pytest.approx(ratio, rel=1e-3)


def test_hole_of_a_polygon_shows_the_ground(tmp_path):
    ring = shapely.Polygon(
        shapely.Point(X_M, Y_M).buffer(500).exterior,
        [shapely.Point(X_M, Y_M).buffer(250).exterior],
    )
    path = tmp_path / "ring.png"
    write_shapes_png(classed_cells(cells([9.0], [ring])), path, LABELS)
    figure = draw_shapes(classed_cells(cells([9.0], [ring])), LABELS)
    pixels = imread(path)[:, :, :3]
    box = figure.axes[0].get_window_extent()
    scale = pixels.shape[1] / figure.bbox.width
    row, column = (
        pixels.shape[0] - int(scale * (box.y0 + box.y1) / 2),
        int(scale * (box.x0 + box.x1) / 2),
    )
    assert to_hex(pixels[row, column]) == "#f3f3ef"


@pytest.mark.parametrize("labels", [LABELS, replace(LABELS, lines=LINES)])
def test_nothing_is_grey_and_says_so(tmp_path, labels):
    figure = draw_shapes(classed_cells(cells([])), labels)
    axes = figure.axes[0]
    assert to_hex(axes.get_facecolor()) == NO_DATA_COLOUR
    assert axes.texts[0].get_text() == "no data"
    assert "no data" in words(figure)
    if labels.lines is not None:
        assert axes.get_xlim()[0] < X_M < axes.get_xlim()[1]


@pytest.mark.parametrize("values", [[np.nan], [0.0], [5.0]])
def test_one_small_cell_is_a_picture(values):
    tiny = shapely.box(X_M, Y_M, X_M + 1e-3, Y_M + 1e-3)
    axes = draw_shapes(classed_cells(cells(values, [tiny])), LABELS).axes[0]
    assert np.diff(axes.get_xlim())[0] == pytest.approx(200.0)


def test_corridors_are_lines_and_little_is_pale_not_white():
    shapes = classed_corridors(corridors([0.0, 56.0, np.nan]))
    figure = draw_shapes(shapes, LABELS)
    lines = figure.axes[0].collections[0]
    drawn = [to_hex(one) for one in lines.get_colors()]
    assert drawn == [NO_DATA_COLOUR, LITTLE_COLOUR, shapes.colours[-1]]
    widths = lines.get_linewidths()
    assert widths[2] > max(widths[:2])
    assert figure.legends[0].get_title().get_text() == "per km"


def test_corridors_without_data_are_grey():
    figure = draw_shapes(classed_corridors(corridors([np.nan, np.nan])), LABELS)
    assert {to_hex(one) for one in figure.axes[0].collections[0].get_colors()} == {NO_DATA_COLOUR}
    assert figure.axes[0].texts[0].get_text() == "no data"


@pytest.mark.parametrize("shapes", [classed_cells(cells([1.0])), classed_corridors(corridors([]))])
def test_same_picture_is_the_same_bytes(tmp_path, shapes):
    for name in "ab":
        write_shapes_png(shapes, tmp_path / f"{name}.png", LABELS)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
