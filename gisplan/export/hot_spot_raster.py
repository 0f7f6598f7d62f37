"""Hot and cold spots as a GeoTIFF, a picture, or cells with their figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
from gisplan.export.geotiff import Band, cell_transform, write_cog

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from gisplan.export.classed_picture import PictureLabels
    from gisplan.model.grid import Codes, Floats

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
    bands = [
        Band(values=kind, unit="1", description="kind"),
        Band(values=raster.score, unit="1", description="score"),
        Band(values=raster.p_value, unit="1", description="p_value"),
        Band(values=raster.sums, unit=raster.sum_unit, description="sum"),
    ]
    write_cog(
        path,
        bands,
        transform=cell_transform(raster.x_min_m, raster.y_max_m, raster.cell_m),
        srid=raster.srid,
        overview="NEAREST",  # an average of two kinds is none
        tags={
            "TITLE": title,
            "CELL_M": repr(float(raster.cell_m)),
            "RADIUS_M": repr(float(raster.radius_m)),
            "FALSE_DISCOVERY_RATE": repr(float(raster.alpha)),
            "SUM_UNIT": raster.sum_unit,
            **{f"KIND_{kind.value}": text for kind, text in KIND_TEXTS.items() if kind},
        },
        on=on,
    )
