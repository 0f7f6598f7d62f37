"""What elements are called: id and name of a transformer, feeder, substation, limiting element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.model.grid import SwitchedKind

if TYPE_CHECKING:
    from gisplan.model.grid import Grid
    from gisplan.planning.state import PlanningState


def element_name(state: PlanningState, level: str, row: int) -> tuple[str, str]:
    """Return id and name of an element of a level of supply cells.

    A feeder is called by the line at its head, a substation by its transformer, or by its source
    where it has none.
    """
    snapshot = state.region.snapshot
    grid, units = snapshot.grid, snapshot.grid.transformers
    if level == "feeder":
        line = snapshot.topology.feeder_head[row]
        return str(grid.lines.line_id[line]), str(grid.lines.name[line])
    if row < len(units.transformer_id):
        return str(units.transformer_id[row]), str(units.name[row])
    source_id = str(grid.sources.source_id[row - len(units.transformer_id)])
    return source_id, source_id


def limiting_name(grid: Grid, kind: int, row: int) -> tuple[str, str, str]:
    """Return kind, id and name of what limits a capacity, empty where nothing is named."""
    if row < 0:
        return "", "", ""
    if kind == SwitchedKind.LINE:
        return "line", str(grid.lines.line_id[row]), str(grid.lines.name[row])
    if kind == SwitchedKind.TRANSFORMER:
        units = grid.transformers
        return "transformer", str(units.transformer_id[row]), str(units.name[row])
    return "bus", str(grid.buses.bus_id[row]), str(grid.buses.name[row])
