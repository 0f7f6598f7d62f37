"""Hot and cold spots as a GeoTIFF, a picture, or cells with their figures."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio import Affine

from gisplan.density.hot_spots import HotSpotKind
from gisplan.export.cell_table import (
    CELL_ENDINGS,
    check_cell_count,
    square_shapes,
    sum_column,
    write_cell_table,
)
from gisplan.export.classed_picture import draw_classed, write_picture
from gisplan.export.classed_raster import ClassedRaster
from gisplan.export.density_classes import NO_DATA_COLOUR
from gisplan.export.density_file import PICTURE_ENDING, RASTER_ENDINGS, check_density_ending
from gisplan.export.electrical_table import ElementTable
from gisplan.export.written import written_whole

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from gisplan.export.classed_picture import PictureLabels
    from gisplan.model.grid import Codes, Floats

BANDS = ("kind", "score", "p_value", "sum")
KIND_TEXTS = {
    HotSpotKind.NO_DATA: "no data",
    HotSpotKind.NOT_SIGNIFICANT: "not significant",
    HotSpotKind.HOT: "hot",
    HotSpotKind.COLD: "cold",
}
KIND_COLOURS = {
    HotSpotKind.NO_DATA: NO_DATA_COLOUR,
    HotSpotKind.NOT_SIGNIFICANT: "#fbf7ee",
    HotSpotKind.HOT: "#c1121f",
    HotSpotKind.COLD: "#2b6cb0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpotRaster:
    """Kind, score and corrected p-value of every cell, with its sum and count; north first.

    All have the shape (rows, columns). Outside the study area ``kind`` is no data and the others
    are NaN.
    """

    kind: Codes
    score: Floats
    p_value: Floats
    sums: Floats
    counts: Floats
    x_min_m: float
    y_max_m: float
    cell_m: float
    srid: int
    sum_unit: str
    radius_m: float
    alpha: float

    def count_of(self, kind: HotSpotKind) -> int:
        """Number of cells of a kind."""
        return int(np.count_nonzero(self.kind == kind))


def write_hot_spots(raster: HotSpotRaster, path: Path, labels: PictureLabels) -> None:
    """Write hot spots; the ending says how.

    Raises
    ------
    InputError
        If there is no such ending, or the file cannot be written.
    """
    ending = path.suffix.lower()
    check_density_ending(path, (*RASTER_ENDINGS, PICTURE_ENDING, *CELL_ENDINGS))
    if ending == PICTURE_ENDING:
        classed = classed_hot_spots(raster)
        figure = draw_classed(classed, classed.extent, how_made(raster), labels)
        write_picture(figure, path, labels.title)
    elif ending in RASTER_ENDINGS:
        _write_geotiff(raster, path, labels.title, labels.on)
    else:
        write_cell_table(hot_spot_cells(raster), path)


def classed_hot_spots(raster: HotSpotRaster) -> ClassedRaster:
    """Kinds as classes of a picture or map."""
    kinds = sorted(HotSpotKind)
    return ClassedRaster(
        codes=raster.kind,
        colours=tuple(KIND_COLOURS[kind] for kind in kinds),
        texts=tuple(KIND_TEXTS[kind] for kind in kinds),
        heading="Hot spots",
        x_min_m=raster.x_min_m,
        y_max_m=raster.y_max_m,
        cell_m=raster.cell_m,
        srid=raster.srid,
    )


def hot_spot_cells(raster: HotSpotRaster) -> ElementTable:
    """Cells of the study area with their figures.

    Raises
    ------
    InputError
        If there are too many for a vector file.
    """
    row, column = np.nonzero(raster.kind != HotSpotKind.NO_DATA)
    check_cell_count(len(row), raster.cell_m)
    texts = np.array([KIND_TEXTS[kind] for kind in sorted(HotSpotKind)])
    sums = {} if raster.sum_unit == "1" else {sum_column(raster.sum_unit): raster.sums[row, column]}
    return ElementTable(
        element_kind="hot_spot",
        columns={
            "kind": texts[raster.kind[row, column]],
            "score": raster.score[row, column].round(6),
            "p_value": raster.p_value[row, column],
            "count": raster.counts[row, column].astype(np.int64),
            **sums,
        },
        shape=square_shapes(
            row, column, x_min_m=raster.x_min_m, y_max_m=raster.y_max_m, cell_m=raster.cell_m
        ),
        srid=raster.srid,
    )


def how_made(raster: HotSpotRaster) -> str:
    """How the hot spots were found."""
    return (
        f"Getis-Ord Gi*, cells of {raster.cell_m:g} m, discs of {raster.radius_m:g} m, false "
        f"discovery rate {raster.alpha:g} (Benjamini-Hochberg) · EPSG:{raster.srid}"
    )


def _write_geotiff(raster: HotSpotRaster, path: Path, title: str, on: date | None) -> None:
    """Write four 32-bit bands: kind, Gi* score, corrected p-value, sum; NaN is no data."""
    kind = np.where(raster.kind == HotSpotKind.NO_DATA, np.nan, raster.kind)
    tags = {
        "TITLE": title,
        "CELL_M": repr(float(raster.cell_m)),
        "RADIUS_M": repr(float(raster.radius_m)),
        "FALSE_DISCOVERY_RATE": repr(float(raster.alpha)),
        "SUM_UNIT": raster.sum_unit,
        "TIFFTAG_SOFTWARE": f"gisplan {version('gisplan')}",
        **{f"KIND_{kind.value}": text for kind, text in KIND_TEXTS.items() if kind},
        **({"DATE": on.isoformat()} if on else {}),
    }
    rows, columns = raster.kind.shape
    with (
        written_whole(path) as partial,
        rasterio.open(
            partial,
            "w",
            driver="COG",
            height=rows,
            width=columns,
            count=len(BANDS),
            dtype="float32",
            nodata=np.nan,
            crs=f"EPSG:{raster.srid}",
            transform=Affine(raster.cell_m, 0, raster.x_min_m, 0, -raster.cell_m, raster.y_max_m),
            compress="DEFLATE",
            predictor="YES",
            interleave="BAND",
            overview_resampling="NEAREST",  # an average of two kinds is none
        ) as file,
    ):
        bands = (kind, raster.score, raster.p_value, raster.sums)
        for band, values in enumerate(bands, start=1):
            file.write(values.astype(np.float32), band)
            file.set_band_description(band, BANDS[band - 1])
        file.units = ("1", "1", "1", raster.sum_unit)
        file.update_tags(**tags)
