"""What customers hang on: a cell for each distribution transformer, feeder and substation.

The cell of a transformer holds its low-voltage customers, that of a feeder those at its medium
voltage, that of a substation those on its busbars. Each cell knows its element at every level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import cKDTree

from gisplan.electrical.load.existing_load import fed_bus, fed_bus_of_lines
from gisplan.model.application import OUTSIDE_MAX_M
from gisplan.planning.customers import build_sharing

if TYPE_CHECKING:
    from gisplan.model.application_table import ApplicationTable
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.planning.customers import Sharing
    from gisplan.planning.region import Region

LEVELS = ("transformer", "feeder", "substation")
NONE = -1
NEIGHBOURS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelElements:
    """The elements of one level.

    ``row`` is that of Transformers, of feeders, or of ``Sharing``'s substations; ``bus`` is the one
    behind each, where its headroom is asked.
    """

    row: Integers
    bus: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyCells:
    """Cells, and the element that each hangs on by level, -1 for none; shape (levels, cells).

    ``bus_cell`` is the cell of each bus, -1 where nothing supplies it. ``x_m``, ``y_m`` are the
    middle of a cell's buses. ``neighbours`` are the cells of its own level nearest to it.
    """

    levels: tuple[LevelElements, ...]
    element: Integers
    bus_cell: Integers
    x_m: Floats
    y_m: Floats
    neighbours: Integers
    sharing: Sharing

    def __len__(self) -> int:
        return int(self.element.shape[1])


def build_supply_cells(region: Region) -> SupplyCells:
    """Return the cells of the grid as its switches stand."""
    snapshot = region.snapshot
    grid, topology = snapshot.grid, snapshot.topology
    sharing = build_sharing(snapshot)
    group = sharing.group[1:]
    rows = [np.unique(one[one >= 0]) for one in group]
    heads = fed_bus_of_lines(topology, len(grid.lines.line_id))[topology.feeder_head]
    units = len(grid.transformers.transformer_id)
    fed = fed_bus(topology, units)
    is_main = rows[2] < units
    source_bus = np.append(grid.sources.bus, NONE)
    stations = np.where(
        is_main,
        np.append(fed, NONE)[np.where(is_main, rows[2], NONE)],
        source_bus[np.where(is_main, NONE, rows[2] - units)],
    )
    levels = (
        LevelElements(row=rows[0], bus=fed[rows[0]]),
        LevelElements(row=rows[1], bus=heads[rows[1]]),
        LevelElements(row=rows[2], bus=stations),
    )
    element, bus_cell = _cells(levels, group)
    x_m, y_m = _middles(bus_cell, element.shape[1], grid.buses.x_m, grid.buses.y_m)
    return SupplyCells(
        levels=levels,
        element=element,
        bus_cell=bus_cell,
        x_m=x_m,
        y_m=y_m,
        neighbours=_neighbours(x_m, y_m, element),
        sharing=sharing,
    )


def _cells(levels: tuple[LevelElements, ...], group: Integers) -> tuple[Integers, Integers]:
    """Return the elements of each cell and the cell of each bus."""
    places = np.array(
        [
            np.where(of_bus >= 0, np.searchsorted(level.row, of_bus), NONE)
            for level, of_bus in zip(levels, group, strict=True)
        ]
    )
    element, bus_cell, begin = [], np.full(group.shape[1], NONE), 0
    for index, level in enumerate(levels):
        own = np.full((len(levels), len(level.row)), NONE)
        own[index] = np.arange(len(level.row))
        above = places[index + 1 :, level.bus]
        own[index + 1 :] = np.where(level.bus >= 0, above, NONE)
        free = (bus_cell == NONE) & (places[index] >= 0)
        bus_cell[free] = begin + places[index, free]
        element.append(own)
        begin += len(level.row)
    return np.concatenate(element, axis=1), bus_cell


def _middles(bus_cell: Integers, count: int, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
    """Return the mean place of the buses of each cell; the grid's middle for one without."""
    number = np.bincount(bus_cell + 1, minlength=count + 1)[1:]
    found = []
    for axis_m in (x_m, y_m):
        total = np.bincount(bus_cell + 1, axis_m, count + 1)[1:]
        found.append(np.where(number > 0, total / np.maximum(number, 1), axis_m.mean()))
    return found[0], found[1]


def _neighbours(x_m: Floats, y_m: Floats, element: Integers) -> Integers:
    """Return the nearest cells of the same level; -1 where there are fewer."""
    cells = element.shape[1]
    found = np.full((cells, NEIGHBOURS), NONE)
    level = np.argmax(element >= 0, axis=0)
    for one in np.unique(level):
        rows = np.flatnonzero(level == one)
        places = np.column_stack([x_m[rows], y_m[rows]])
        away, near = cKDTree(places).query(places, k=NEIGHBOURS + 1)
        others = np.isfinite(away) & (near != np.arange(len(rows))[:, None])
        cell = np.append(rows, NONE)[np.where(others, near, len(rows))]
        order = np.argsort(~others, axis=1, kind="stable")
        found[rows] = np.take_along_axis(cell, order, axis=1)[:, :NEIGHBOURS]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedApplications:
    """Where applications lie, in metres, and what they hang on.

    ``bus`` stands for the point of each, -1 where the place lies outside the region or no element
    of its voltage level is there; ``cell`` likewise.
    """

    x_m: Floats
    y_m: Floats
    bus: Integers
    cell: Integers

    def take(self, rows: Integers | Flags) -> PlacedApplications:
        """Return some of the rows."""
        return PlacedApplications(
            x_m=self.x_m[rows], y_m=self.y_m[rows], bus=self.bus[rows], cell=self.cell[rows]
        )


def join_places(*parts: PlacedApplications) -> PlacedApplications:
    """Return the rows of several, one after the other."""
    return PlacedApplications(
        x_m=np.concatenate([one.x_m for one in parts]),
        y_m=np.concatenate([one.y_m for one in parts]),
        bus=np.concatenate([one.bus for one in parts]),
        cell=np.concatenate([one.cell for one in parts]),
    )


def place_applications(
    region: Region, cells: SupplyCells, table: ApplicationTable
) -> PlacedApplications:
    """Hang each application on its existing bus, else on the nearest element of its level."""
    x_m, y_m = region.projection.all_to_metres(table.lon, table.lat)
    is_low = table.demand_kva <= region.catalogue.value("supply.lv_max_kva")
    bus = np.full(len(table), NONE)
    for row in np.flatnonzero(is_low & (table.existing_bus_id != "")):
        bus[row] = region.bus_row.get(str(table.existing_bus_id[row]), NONE)
    is_new = (bus == NONE) & _is_inside(region, x_m, y_m)
    for level, of_level in (("lv", is_low), ("mv", ~is_low)):
        rows = np.flatnonzero(of_level & is_new)
        bus[rows] = _nearest_buses(region, cells, level, x_m[rows], y_m[rows])
    cell = np.append(cells.bus_cell, NONE)[bus]
    return PlacedApplications(x_m=x_m, y_m=y_m, bus=bus, cell=cell)


def _is_inside(region: Region, x_m: Floats, y_m: Floats) -> Flags:
    buses = region.snapshot.grid.buses
    inside: Flags = np.isfinite(x_m) & np.isfinite(y_m)
    for place_m, axis_m in ((x_m, buses.x_m), (y_m, buses.y_m)):
        inside &= (place_m >= axis_m.min() - OUTSIDE_MAX_M) & (
            place_m <= axis_m.max() + OUTSIDE_MAX_M
        )
    return inside


def _nearest_buses(
    region: Region, cells: SupplyCells, level: str, x_m: Floats, y_m: Floats
) -> Integers:
    """Return the bus that stands for the nearest element, the first where several are as near."""
    places = region.access_places[level]
    found = np.full(len(x_m), NONE)
    if len(x_m) == 0 or len(places.tree.geometries) == 0:
        return found
    asked, row = places.tree.query_nearest(shapely.points(x_m, y_m), all_matches=True)
    first = np.lexsort((row, asked))
    asked, at = np.unique(asked[first], return_index=True)
    nearest = row[first][at]
    found[asked] = cells.sharing.nodes(places.bus[nearest], places.line[nearest])
    return found
