from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import rasterio
from rio_cogeo.cogeo import cog_validate

from gisplan.errors import InputError
from gisplan.export.classed_picture import PictureLabels
from gisplan.export.density_file import write_density
from gisplan.export.density_picture import how_made
from gisplan.export.raster import write_density_geotiff
from tests.unit.export.surfaces import X_M, Y_M, empty_surface, masked_surface, surface


@pytest.mark.parametrize("build", [surface, masked_surface, empty_surface])
def test_file_is_a_valid_cloud_optimised_geotiff(tmp_path, build):
    path = tmp_path / "density.tif"
    write_density_geotiff(build(), path)
    is_valid, errors, warnings = cog_validate(path, strict=True)
    assert (is_valid, errors, warnings) == (True, [], [])


def test_raster_lies_where_the_surface_does_and_keeps_the_total(tmp_path):
    path = tmp_path / "density.tif"
    drawn = surface()
    write_density_geotiff(drawn, path)
    with rasterio.open(path) as raster:
        values = raster.read(1).astype(float)
        row, column = raster.index(X_M, Y_M)
        assert raster.crs.to_epsg() == 25832
        assert tuple(raster.bounds) == (
            drawn.extent.x_min_m,
            drawn.extent.y_min_m,
            drawn.extent.x_max_m,
            drawn.extent.y_max_m,
        )
    assert values.sum() * 0.01**2 == pytest.approx(drawn.total, rel=1e-6)
    assert values[row, column] == pytest.approx(drawn.values[row, column], rel=1e-6)


def test_tags_name_unit_and_origin_and_no_date_unless_given(tmp_path):
    path = tmp_path / "density.tif"
    write_density_geotiff(surface(), path, title="Demand asked for")
    with rasterio.open(path) as raster:
        tags = raster.tags()
        assert raster.units == ("kVA/km2",)
        assert raster.descriptions == ("Demand asked for",)
    assert tags["UNIT"] == "kVA/km2"
    assert tags["TIFFTAG_SOFTWARE"].startswith("gisplan ")
    assert float(tags["BANDWIDTH_M"]) == 80.0
    assert "DATE" not in tags


def test_adapted_bandwidth_is_told_with_its_range(tmp_path):
    path = tmp_path / "density.tif"
    adapted = replace(surface(), bandwidth=replace(surface().bandwidth, range_m=(40.0, 160.0)))
    write_density_geotiff(adapted, path)
    with rasterio.open(path) as raster:
        tags = raster.tags()
    assert (tags["BANDWIDTH_MIN_M"], tags["BANDWIDTH_MAX_M"]) == ("40.0", "160.0")
    assert "adapted from 40 to 160 m" in how_made(adapted)


def test_given_date_is_written(tmp_path):
    path = tmp_path / "density.tif"
    write_density_geotiff(surface(), path, on=date(2026, 3, 1))
    with rasterio.open(path) as raster:
        assert raster.tags()["DATE"] == "2026-03-01"


def test_no_data_is_told_from_zero(tmp_path):
    path = tmp_path / "density.tif"
    write_density_geotiff(masked_surface(), path)
    with rasterio.open(path) as raster:
        assert np.isnan(raster.nodata)
        mask = raster.read_masks(1)
    assert mask[0, 0] == 0
    assert mask[mask.shape[0] // 2, mask.shape[1] // 2] == 255


def test_same_surface_is_the_same_bytes(tmp_path):
    write_density_geotiff(surface(), tmp_path / "a.tif")
    write_density_geotiff(surface(), tmp_path / "b.tif")
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


@pytest.mark.parametrize(("name", "head"), [("a.TIF", b"II*\0"), ("a.png", b"\x89PNG")])
def test_ending_decides_the_form(tmp_path, name, head):
    write_density(surface(), tmp_path / name, PictureLabels(title="Demand"))
    assert (tmp_path / name).read_bytes()[:4] in {head, b"II+\0"}


def test_unknown_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected one of \.tif"):
        write_density(surface(), tmp_path / "a.jpg", PictureLabels(title="Demand"))
