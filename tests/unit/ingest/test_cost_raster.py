"""Cost rasters from GeoTIFF."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio import Affine
from rasterio.errors import NotGeoreferencedWarning

from gisplan.errors import InputError, SourceError
from gisplan.ingest import cost_raster
from gisplan.ingest.cost_raster import read_cost_raster

NORTH_UP = Affine(2, 0, 500_000, 0, -2, 5_600_010)


def written(
    folder: Path,
    values: list[list[float]] | np.ndarray,
    *,
    crs: str | None = "EPSG:25832",
    transform: Affine = NORTH_UP,
    nodata: float | None = None,
    dtype: str = "float32",
) -> Path:
    path = folder / "cost.tif"
    array = np.array(values, dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=array.shape[0],
            width=array.shape[1],
            count=1,
            dtype=dtype,
            crs=crs,
            transform=transform,
            nodata=nodata,
        ) as raster:
            raster.write(array, 1)
    return path


def test_money_a_metre_becomes_cents(tmp_path: Path) -> None:
    raster = read_cost_raster(written(tmp_path, [[1.5, 0.02], [20, 100]]), srid=25832)
    assert raster.cost_cents_per_m.tolist() == [[150, 2], [2000, 10000]]
    assert (raster.x_min_m, raster.y_max_m, raster.cell_m) == (500_000, 5_600_010, 2)
    assert raster.srid == 25832


def test_cells_without_a_figure_are_forbidden(tmp_path: Path) -> None:
    path = written(tmp_path, [[1, np.inf, -7, 1e9]], nodata=-7)
    raster = read_cost_raster(path, srid=25832)
    assert raster.cost_cents_per_m.tolist() == [[100, -1, -1, -1]]


def test_another_crs_is_brought_to_the_working_one(tmp_path: Path) -> None:
    path = written(tmp_path, np.full((40, 40), 3.0), crs="EPSG:32632")
    moved = read_cost_raster(path, srid=25832)
    assert (moved.cost_cents_per_m == 300).mean() > 0.9
    lonlat = Affine(2e-4, 0, 9.0, 0, -1e-4, 50.0)
    path = written(tmp_path, np.full((40, 40), 3.0), crs="EPSG:4326", transform=lonlat)
    raster = read_cost_raster(path, srid=25832)
    assert 8 < raster.cell_m < 16
    x, y = np.array([500_300.0]), np.array([5_538_500.0])
    assert raster.cells_of(x, y)[0] >= 0
    assert set(np.unique(raster.cost_cents_per_m)) == {-1, 300}


@pytest.mark.parametrize(
    "transform",
    [
        Affine(2, 0, 500_000, 0, -4, 5_600_010),
        Affine(2, 0, 500_000, 0, 2, 5_600_010),
        Affine.translation(500_000, 5_600_010) @ Affine.rotation(30) @ Affine.scale(2, -2),
    ],
)
def test_cells_that_are_not_square_or_turned_are_made_so(tmp_path: Path, transform: Affine) -> None:
    raster = read_cost_raster(
        written(tmp_path, np.full((30, 30), 4.0), transform=transform), srid=25832
    )
    x, y = transform @ (15, 15)
    cell = raster.cells_of(np.array([x]), np.array([y]))[0]
    assert raster.cost_cents_per_m.reshape(-1)[cell] == 400


def test_a_raster_without_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no CRS; write it into the file"):
        read_cost_raster(written(tmp_path, [[1]], crs=None), srid=25832)


@pytest.mark.parametrize("wrong", [-3.0, 0.0, np.nan])
def test_what_is_no_price_is_refused_with_its_place(tmp_path: Path, wrong: float) -> None:
    with pytest.raises(InputError, match=rf"1 cells .* {wrong} a metre in row 1, column 0"):
        read_cost_raster(written(tmp_path, [[1], [wrong]]), srid=25832)


def test_nan_is_forbidden_where_it_is_declared_as_no_data(tmp_path: Path) -> None:
    path = written(tmp_path, [[1, np.nan]], nodata=np.nan)
    assert read_cost_raster(path, srid=25832).cost_cents_per_m.tolist() == [[100, -1]]


def test_a_band_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no band 2; expected 1 to 1"):
        read_cost_raster(written(tmp_path, [[1]]), srid=25832, band=2)


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="complex"):
        read_cost_raster(written(tmp_path, [[1]], dtype="complex64"), srid=25832)


def test_a_raster_without_any_cost_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no cell has a cost"):
        read_cost_raster(written(tmp_path, [[np.inf]]), srid=25832)


def test_a_huge_raster_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_raster, "LARGEST_CELLS", 3)
    with pytest.raises(InputError, match="2 x 2 cells; expected at most 3"):
        read_cost_raster(written(tmp_path, [[1, 1], [1, 1]]), srid=25832)


def test_what_is_no_raster_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "note.tif"
    path.write_text("not a raster")
    with pytest.raises(SourceError, match="cannot be read as a raster"):
        read_cost_raster(path, srid=25832)


@pytest.mark.parametrize("transform", [Affine.identity(), Affine(0, 0, 500_000, 0, 0, 5_600_010)])
def test_a_raster_whose_cells_lie_nowhere_is_refused(tmp_path: Path, transform: Affine) -> None:
    path = written(tmp_path, [[1, 2], [3, 4]], transform=transform)
    with pytest.raises(InputError, match="does not say where its cells lie"):
        read_cost_raster(path, srid=25832)


def test_a_file_that_only_names_a_raster_is_refused(tmp_path: Path) -> None:
    target = written(tmp_path, [[1.0]])
    path = tmp_path / "named.tif"
    path.write_text(
        f"""<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Float32" band="1">
        <SimpleSource><SourceFilename>{target}</SourceFilename></SimpleSource></VRTRasterBand>
        </VRTDataset>"""
    )
    with pytest.raises(SourceError, match="cannot be read as a raster"):
        read_cost_raster(path, srid=25832)


def test_blocks_of_rows_make_the_same_raster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, np.arange(1.0, 13.0).reshape(6, 2))
    whole = read_cost_raster(path, srid=25832)
    monkeypatch.setattr(cost_raster, "BLOCK_CELLS", 5)
    assert (read_cost_raster(path, srid=25832).cost_cents_per_m == whole.cost_cents_per_m).all()
    with pytest.raises(InputError, match=r"2 cells .* -1.0 a metre in row 1, column 0"):
        read_cost_raster(written(tmp_path, [[1], [-1], [5], [5], [5], [-2]]), srid=25832)
