from __future__ import annotations

from datetime import date

import geopandas
import numpy as np
import pytest
import rasterio
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from rio_cogeo.cogeo import cog_validate

from gisplan.density.hot_spots import HotSpotKind
from gisplan.errors import InputError
from gisplan.export.classed_picture import PictureLabels, draw_classed
from gisplan.export.density_classes import NO_DATA_COLOUR
from gisplan.export.hot_spot_raster import (
    KIND_COLOURS,
    HotSpotRaster,
    classed_hot_spots,
    hot_spot_cells,
    how_made,
    write_hot_spots,
)
from tests.unit.export.surfaces import X_M, Y_M

LABELS = PictureLabels(title="Hot spots", on=date(2026, 3, 1))


def raster(kind=((0, 1), (2, 3)), unit: str = "kVA") -> HotSpotRaster:
    codes = np.array(kind, dtype=np.uint8)
    known = np.where(codes == HotSpotKind.NO_DATA, np.nan, 1.0)
    return HotSpotRaster(
        kind=codes,
        score=known * codes,
        p_value=known * 0.01,
        sums=known * 9.0,
        counts=known * 3,
        x_min_m=X_M,
        y_max_m=Y_M,
        cell_m=250.0,
        srid=25832,
        sum_unit=unit,
        radius_m=500.0,
        alpha=0.05,
    )


def test_geotiff_is_valid_and_tells_what_its_kinds_are(tmp_path):
    path = tmp_path / "spots.tif"
    write_hot_spots(raster(), path, LABELS)
    assert cog_validate(path, strict=True) == (True, [], [])
    with rasterio.open(path) as file:
        assert file.descriptions == ("kind", "score", "p_value", "sum")
        kind, tags = file.read(1), file.tags()
    assert np.isnan(kind[0, 0])
    assert kind.ravel()[1:].tolist() == [1.0, 2.0, 3.0]
    assert (tags["KIND_2"], tags["KIND_3"], tags["DATE"]) == ("hot", "cold", "2026-03-01")


def test_cells_are_those_of_the_study_area(tmp_path):
    path = tmp_path / "spots.gpkg"
    write_hot_spots(raster(), path, LABELS)
    found = geopandas.read_file(path)
    assert found["kind"].tolist() == ["not significant", "hot", "cold"]
    assert found["sum_kva"].tolist() == [9.0] * 3
    assert "sum_1" not in hot_spot_cells(raster(unit="1")).columns


def test_picture_has_four_classes_and_grey_is_no_data(tmp_path):
    classed = classed_hot_spots(raster())
    figure = draw_classed(classed, classed.extent, how_made(raster()), LABELS)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["cold", "hot", "not significant", "no data"]
    assert classed.colours[0] == NO_DATA_COLOUR
    assert len(set(KIND_COLOURS.values())) == 4


def test_area_without_data_is_all_grey_and_says_so(tmp_path):
    path = tmp_path / "spots.png"
    nothing = raster(kind=((0, 0), (0, 0)))
    write_hot_spots(nothing, path, LABELS)
    pixels = imread(path)[:, :, :3]
    assert np.allclose(pixels[250, 200], to_rgb(NO_DATA_COLOUR), atol=0.01)
    assert len(hot_spot_cells(nothing)) == 0


def test_unknown_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match="no export of density"):
        write_hot_spots(raster(), tmp_path / "spots.jpg", LABELS)
