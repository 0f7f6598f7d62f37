"""The cost-to-connect map as a cloud-optimised GeoTIFF with a legend beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.export.csv_table import write_rows
from gisplan.export.geotiff import Band, cell_transform, write_cog
from gisplan.export.written import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from rasterio import Affine

    from gisplan.export.electrical_table import ElementTable
    from gisplan.export.feature import Value
    from gisplan.model.grid import Codes, Floats, Integers

LEGEND_COLUMNS = (
    "access_point",
    "access_kind",
    "access_element_kind",
    "access_id",
    "access_name",
    "offset_m",
    "is_uncertain",
    "limiting_kind",
    "limiting_id",
    "limiting_name",
    "loading_max_ratio",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRaster:
    """What connecting costs from the middle of every cell, north first.

    ``cost`` (rows, columns) is money, NaN where ``reason`` says why: an index into
    ``reason_texts``. ``access`` is the winner's row in the table of access points, -1 for none.
    """

    cost: Floats
    access: Integers
    reason: Codes
    reason_texts: tuple[str, ...]
    x_min_m: float
    y_max_m: float
    cell_m: float
    srid: int
    currency: str

    @property
    def transform(self) -> Affine:
        """Return from columns and rows to metres."""
        return cell_transform(self.x_min_m, self.y_max_m, self.cell_m)


def legend_path(path: Path) -> Path:
    """Return where the legend of a GeoTIFF lies."""
    return path.with_name(f"{path.stem}.legend.csv")


def write_cost_geotiff(
    raster: CostRaster,
    points: ElementTable,
    facts: Mapping[str, Value],
    path: Path,
    *,
    on: date | None = None,
) -> None:
    """Write three 32-bit bands, and beside them who the access points are.

    The bands are the cost, the winner's number in ``FILE.legend.csv``, and why there is no cost
    (the tags say in words; 0 where there is one). NaN is no data. The tags carry unit, demand, grid
    version and ledger, and the date only where it is given.

    Raises
    ------
    InputError
        If one of the files cannot be written.
    """
    winner = np.where(np.isfinite(raster.cost), raster.access, np.nan)
    write_cog(
        path,
        [
            Band(values=raster.cost, unit=raster.currency, description="cost"),
            Band(values=winner, unit="1", description="access point"),
            Band(values=raster.reason, unit="1", description="reason"),
        ],
        transform=raster.transform,
        srid=raster.srid,
        overview="NEAREST",  # an average of two access points is none
        tags=_tags(raster, facts),
        on=on,
    )
    _write_legend(raster, points, legend_path(path))


def _tags(raster: CostRaster, facts: Mapping[str, Value]) -> dict[str, str]:
    tags = {name.upper(): str(value) for name, value in facts.items() if value is not None}
    tags |= {"UNIT": raster.currency, "CELL_M": repr(float(raster.cell_m))}
    return tags | {f"REASON_{code}": text for code, text in enumerate(raster.reason_texts) if text}


def _write_legend(raster: CostRaster, points: ElementTable, path: Path) -> None:
    """Write the access points that are best for some cell."""
    used = set(np.unique(raster.access[np.isfinite(raster.cost)]).tolist())
    with written_whole(path) as partial:
        rows = (row for row in points.rows() if row["access_point"] in used)
        write_rows(partial, LEGEND_COLUMNS, rows)
