"""Cells and pieces of corridor in classes of density, as pictures, maps and tiles show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.export.cell_table import density_column
from gisplan.export.classed_raster import NO_DATA, class_codes, class_look
from gisplan.export.density_classes import class_bounds, unit_text
from gisplan.export.density_phrases import SEPARATOR

if TYPE_CHECKING:
    from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
    from gisplan.model.grid import Codes

LITTLE_COLOUR = "#b9c4cf"
"""Of the lowest class of lines: a white one would not be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassedShapes:
    """Rows of a table, the class of each, and what the classes look like.

    ``codes`` is ``NO_DATA`` or the number of a class from 1; ``colours`` and ``texts`` begin with
    those of no data. ``heading`` says what is classed, with its unit, ``made`` how it was found.
    """

    table: ElementTable
    codes: Codes
    colours: tuple[str, ...]
    texts: tuple[str, ...]
    heading: str
    made: str

    @property
    def has_data(self) -> bool:
        """Whether the class of any row is known."""
        return bool(self.codes.any())

    @property
    def has_gaps(self) -> bool:
        """Whether that of any row is not, or there is no row."""
        return not (len(self.codes) and self.codes.all())


def classed_cells(answer: ElectricalAnswer) -> ClassedShapes:
    """Cells by their density; grey where it is unknown."""
    return _classed(answer, density_column(str(answer.facts["total_unit"])), _cells_made(answer))


def classed_corridors(answer: ElectricalAnswer) -> ClassedShapes:
    """Pieces of corridor by their density; grey where it is unknown, pale where it is little."""
    return _classed(answer, "density_per_km", _corridors_made(answer), lowest=LITTLE_COLOUR)


def _classed(
    answer: ElectricalAnswer, column: str, made: str, lowest: str | None = None
) -> ClassedShapes:
    (table,) = answer.tables
    values = np.asarray(table.columns[column], dtype=np.float64)
    bounds = class_bounds(values)
    colours, texts = class_look(bounds)
    if lowest is not None:
        first = NO_DATA + 1
        colours = (*colours[:first], lowest, *colours[first + 1 :])
    return ClassedShapes(
        table=table,
        codes=class_codes(values, bounds),
        colours=colours,
        texts=texts,
        heading=unit_text(str(answer.facts["unit"])),
        made=made,
    )


def _cells_made(answer: ElectricalAnswer) -> str:
    facts = answer.facts
    return SEPARATOR.join(
        (
            f"{facts['cell_count']:,} cells",
            f"EPSG:{answer.tables[0].srid}",
            f"grid version {facts['grid_version']}, profile {facts['profile']}",
        )
    )


def _corridors_made(answer: ElectricalAnswer) -> str:
    facts = answer.facts
    unit = "" if facts["total_unit"] == "1" else f" {facts['total_unit']}"
    return SEPARATOR.join(
        (
            f"{facts['point_count']:,} points, {float(facts['total'] or 0):,.0f}{unit} on "
            f"{float(facts['length_m'] or 0) / 1000:,.1f} km of corridors",
            f"heat along the corridors, bandwidth {facts['bandwidth_m']:g} m, pieces of about "
            f"{facts['piece_m']:g} m",
            f"EPSG:{answer.tables[0].srid}",
            f"grid version {facts['grid_version']}",
        )
    )
