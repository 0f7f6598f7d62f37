"""Density maps as one file: colours in their place, grey where nothing is known, no address."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from gisplan.density.peak import Demands
from gisplan.export.classed_raster import NO_DATA, classed_surface
from gisplan.export.density_classes import NO_DATA_COLOUR
from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
from gisplan.model.density import DensityLayer, DensitySurface, DensityWeight
from gisplan.model.grid import Polylines
from gisplan.model.projection import Projection
from gisplan.services.density import DensityQuestion, LayerDensity
from gisplan.services.density_layer import LayerPoints
from maps.density_map import (
    density_palette,
    metric_classes,
    render_cells,
    render_density,
)
from maps.offline import find_loaded_addresses
from maps.web_raster import palette_png, tile_classes, web_classes
from tests.unit.export.surfaces import X_M, Y_M, empty_surface, masked_surface, surface

LINES = Polylines(offset=np.array([0, 2]), xy_m=np.array([[X_M - 300, Y_M], [X_M + 300, Y_M]]))
NO_LINES = Polylines(offset=np.array([0]), xy_m=np.empty((0, 2)))


def density(drawn: DensitySurface) -> LayerDensity:
    return LayerDensity(
        question=DensityQuestion(cell_m=10.0),
        surface=drawn,
        points=LayerPoints(
            layer=DensityLayer.APPLICATION,
            weight_kind=DensityWeight.DEMAND_KVA,
            x_m=np.array([X_M]),
            y_m=np.array([Y_M]),
            weight=np.array([9.0]),
            demands=Demands(
                power_kw=np.array([9.0]),
                customer_class=np.array([0], dtype=np.uint8),
                customer_count=np.array([1.0]),
            ),
            far_count=0,
        ),
        grid_lines=LINES,
        grid_version=1,
    )


def cells(density_per_km2: list[float], **facts: object) -> ElectricalAnswer:
    count = len(density_per_km2)
    west = X_M + 100.0 * np.arange(count)
    return ElectricalAnswer(
        facts={
            "unit": "kVA/km2",
            "total_unit": "kVA",
            "layer": "application",
            "weight": "demand_kva",
            "cell_count": count,
            "grid_version": 1,
            "profile": "eu",
            **facts,
        },
        notes=("<b>mind</b>",),
        tables=(
            ElementTable(
                element_kind="cell",
                columns={
                    "cell": np.array([f"<c{n}>" for n in range(count)], np.str_),
                    "density_kva_per_km2": np.array(density_per_km2),
                    "load_class": np.full(count, "", np.str_),
                },
                shape=np.asarray(shapely.box(west, Y_M, west + 100, Y_M + 100)).reshape(-1),
                srid=25832,
            ),
        ),
    )


@pytest.mark.parametrize("build", [surface, masked_surface, empty_surface])
def test_surface_is_one_file_in_two_languages_that_loads_nothing(build):
    html = render_density(density(build()), source="<made up>")
    assert find_loaded_addresses(html) == ()
    assert "density of the contract capacity" in html
    assert "合同容量密度" in html
    assert "&lt;made up&gt;" in html
    assert html == render_density(density(build()), source="<made up>")


def test_no_data_is_in_the_legend_only_where_there_is_none():
    assert "no data</span>" in render_density(density(masked_surface()))
    assert "no data</span>" not in render_density(density(surface()))


def test_cells_are_one_file_and_unknown_is_grey():
    html = render_cells(cells([90.0, np.nan, 3.0]), LINES)
    assert find_loaded_addresses(html) == ()
    assert NO_DATA_COLOUR in html
    assert "u0026lt;c0" in html
    assert "<c0>" not in html
    assert "&lt;b&gt;mind" in html
    assert "load_class" not in html  # nobody has one


def test_notes_and_how_it_was_made_are_in_two_languages():
    noted = replace(cells([9.0]), notes=("2 applications lie in no cell and are not in it",))
    for html in (render_cells(noted, LINES), render_density(density(masked_surface()))):
        assert "grid version 1" in html
        assert "电网版本 1" in html
    assert "2 项用电申请不在任何单元内，未计入" in render_cells(noted, LINES)
    assert "高斯核，带宽 80 m（给定）" in render_density(density(surface()))


@pytest.mark.parametrize("values", [[], [np.nan]])
def test_nothing_is_a_map_too(values):
    assert "kVA/km²" in render_cells(cells(values), NO_LINES)


def test_web_raster_keeps_classes_and_is_clear_beyond():
    raster = classed_surface(masked_surface())
    web = web_classes(metric_classes(raster))
    clear = len(raster.colours)
    assert set(np.unique(web.classes).tolist()) <= set(range(clear + 1))
    palette = density_palette(raster)
    assert len(palette) == clear + 1
    assert palette[clear][3] == 0
    assert 0 < palette[NO_DATA][3] < palette[1][3]
    (south, west), (north, east) = web.bounds
    assert west < 7.888 < east
    assert south < 48.458 < north


def test_tile_shows_the_peak_where_it_lies():
    raster = classed_surface(surface())
    row, column = np.unravel_index(np.argmax(surface().values), surface().values.shape)
    x_m = raster.x_min_m + 10 * (column + 0.5)
    y_m = raster.y_max_m - 10 * (row + 0.5)
    lon, lat = (
        float(one[0])
        for one in Projection(srid=25832).all_to_degrees(np.array([x_m]), np.array([y_m]))
    )
    zoom = 15
    across = (lon + 180) / 360 * 2**zoom
    down = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**zoom
    tile = tile_classes(metric_classes(raster), zoom=zoom, column=int(across), row=int(down))
    assert tile.shape == (256, 256)
    pixel = tile[int(down % 1 * 256), int(across % 1 * 256)]
    assert pixel == raster.codes.max()
    far = tile_classes(metric_classes(raster), zoom=zoom, column=0, row=0)
    assert (far == len(raster.colours)).all()
    assert palette_png(tile, density_palette(raster)).startswith(b"\x89PNG")
