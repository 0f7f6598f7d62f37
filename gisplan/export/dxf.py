"""Lines and points as a drawing (DXF) in metres of the working CRS, one layer a thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ezdxf import units
from ezdxf.filemanagement import new

from gisplan.export.written import written_whole

if TYPE_CHECKING:
    from pathlib import Path

    from gisplan.model.grid import Floats

TEXT_HEIGHT_M = 2.0
COLOURS = (1, 5, 3, 6, 4, 30, 2)
"""AutoCAD colour numbers of the layers, in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLine:
    """A polyline of shape (vertices, 2) in metres, on a layer."""

    layer: str
    xy_m: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPoint:
    """A point with a text beside it, on a layer."""

    layer: str
    x_m: float
    y_m: float
    text: str


def write_dxf(
    path: Path, lines: tuple[DrawnLine, ...], points: tuple[DrawnPoint, ...], *, srid: int
) -> None:
    """Write a drawing; its CRS stands in the header's project name, because DXF knows none."""
    document = new("R2010", units=units.M)
    document.header["$PROJECTNAME"] = f"EPSG:{srid}"
    space = document.modelspace()
    for number, layer in enumerate(
        dict.fromkeys([*(line.layer for line in lines), *(point.layer for point in points)])
    ):
        document.layers.add(layer, color=COLOURS[number % len(COLOURS)])
    for line in lines:
        space.add_lwpolyline(line.xy_m.tolist(), dxfattribs={"layer": line.layer})
    for point in points:
        place = (point.x_m, point.y_m)
        space.add_point(place, dxfattribs={"layer": point.layer})
        space.add_text(
            point.text,
            height=TEXT_HEIGHT_M,
            dxfattribs={"layer": point.layer, "insert": place},
        )
    with written_whole(path) as partial:
        document.saveas(partial)
