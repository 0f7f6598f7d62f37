"""The stored applications around every site, kept while neither they nor the grid change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gisplan.density.forecast_memory import ForecastMemory
from gisplan.planning.plan_density import Surroundings, build_surroundings, supply_area_km2
from gisplan.planning.supply_cells import build_supply_cells
from gisplan.store.application_table import applications_mark, read_application_table

if TYPE_CHECKING:
    from psycopg import Connection

    from gisplan.model.grid import Floats
    from gisplan.planning.state import PlanningState, Standing
    from gisplan.planning.supply_cells import SupplyCells
    from gisplan.store.application_table import ApplicationsMark


@dataclass(slots=True)
class SurroundingsCache:
    """Reads applications when their mark has moved; cells when taps or switches have.

    ``memory`` holds the forecasts of all that ask, whatever they ask about.
    Safe to share between threads: what is kept is replaced whole.
    """

    memory: ForecastMemory = field(default_factory=ForecastMemory, init=False)
    _cells: tuple[Standing, SupplyCells, Floats] | None = field(default=None, init=False)
    _last: tuple[ApplicationsMark, Surroundings] | None = field(default=None, init=False)

    def around(self, connection: Connection, state: PlanningState) -> Surroundings:
        """Return all stored applications on the cells of the grid as it stands."""
        cells, hull_km2 = self._cells_of(state)
        mark = applications_mark(connection)
        last = self._last
        if last is not None and last[0] == mark and last[1].cells is cells:
            return last[1]
        table = read_application_table(connection)
        made = build_surroundings(state, cells, hull_km2, table, memory=self.memory)
        self._last = mark, made
        return made

    def _cells_of(self, state: PlanningState) -> tuple[SupplyCells, Floats]:
        known = self._cells
        if known is None or known[0] is not state.standing:
            cells = build_supply_cells(state.region)
            known = state.standing, cells, supply_area_km2(state, cells)
            self._cells = known
        return known[1], known[2]
