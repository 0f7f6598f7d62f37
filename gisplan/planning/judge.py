"""The judge that the search is given: electrical screening, drop along the new cable, bays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import Demands
from gisplan.electrical.screening import REASONS, Screening, ScreeningLimits, screen
from gisplan.electrical.screening_kernel import VOLTAGE_TOO_HIGH, VOLTAGE_TOO_LOW
from gisplan.electrical.sizing import voltage_drop_pct
from gisplan.model.grid import SwitchedKind
from gisplan.planning.access import KINDS
from gisplan.planning.access_findings import BAY_KINDS
from gisplan.planning.candidates import Verdicts

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Grid
    from gisplan.planning.access import Meetings
    from gisplan.planning.demand import CaseDemand
    from gisplan.planning.state import PlanningState
    from gisplan.planning.variants import Variant

VOLTAGE_REASONS = VOLTAGE_TOO_LOW | VOLTAGE_TOO_HIGH
BAY_CODES = tuple(KINDS.index(kind) for kind in BAY_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricalJudge:
    """Passes what the screening finds feasible, or too close to a limit to tell without AC."""

    state: PlanningState
    demands: tuple[CaseDemand, ...]
    limits: ScreeningLimits
    nominal_voltage_v: float
    phase_count: int

    def judge(self, meetings: Meetings, variant: Variant, length_m: Floats) -> Verdicts:
        """Return a verdict for each meeting and the length of its new cable."""
        drop_pct = self.drop_pct(variant, length_m)
        limit_pct = self.state.region.catalogue.value("voltage.drop_service_max_pct")
        passes = drop_pct <= limit_pct
        reason = np.where(passes, "", f"the new cable would drop more than {limit_pct:g} %")
        has_bay = self._has_bay(meetings)
        mendable = passes & has_bay
        for demand in self.demands:
            screening = self._screen(meetings, demand)
            fits = screening.feasible | screening.uncertain
            told = self._told(screening)
            reason = np.where(passes & ~fits, told, reason)
            passes &= fits
            mendable &= fits | ((screening.reasons & ~np.uint8(VOLTAGE_REASONS)) == 0)
        return Verdicts(
            passes=passes & has_bay,
            reason=np.where(passes & ~has_bay, "no spare bay is left", reason),
            voltage_only=mendable & ~passes,
        )

    def drop_pct(self, variant: Variant, length_m: Floats) -> Floats:
        """Return the voltage drop of the full demand along the new cable, in percent.

        A single-phase demand drops six times as much as a balanced one: three times the current,
        out and back.
        """
        conductor = variant.conductor
        per_km = [
            voltage_drop_pct(
                active_power_kw=float(demand.p_kw[0]),
                reactive_power_kvar=float(demand.q_kvar[0]),
                length_m=1000.0,
                resistance_ohm_per_km=conductor.resistance_ohm_per_km / variant.parallel_count,
                reactance_ohm_per_km=conductor.reactance_ohm_per_km / variant.parallel_count,
                nominal_voltage_v=self.nominal_voltage_v,
            )
            for demand in self.demands
        ]
        worst = max(map(abs, per_km)) * (6.0 if self.phase_count == 1 else 1.0)
        return worst * length_m / 1000.0

    def _screen(self, meetings: Meetings, demand: CaseDemand) -> Screening:
        count = len(meetings)
        candidates = Demands(
            bus=meetings.bus,
            line=meetings.line,
            offset_m=meetings.offset_m,
            p_kw=np.tile(demand.p_kw, (count, 1)),
            q_kvar=np.tile(demand.q_kvar, (count, 1)),
        )
        region = self.state.region
        return screen(region.snapshot, self.state.base[demand.load_case], candidates, self.limits)

    def _told(self, screening: Screening) -> list[str]:
        grid = self.state.region.snapshot.grid
        return [
            told_reason(grid, int(code), int(kind), int(row), float(loading))
            for code, kind, row, loading in zip(
                screening.reasons,
                screening.limiting_kind,
                screening.limiting_row,
                screening.loading_max_ratio,
                strict=True,
            )
        ]

    def _has_bay(self, meetings: Meetings) -> Flags:
        """Return false where bays are recorded and all are taken; unknown is not zero."""
        buses, bays_held = self.state.region.snapshot.grid.buses, self.state.held.bays
        has_bay = np.ones(len(meetings), dtype=bool)
        for row in np.flatnonzero(np.isin(meetings.kind, BAY_CODES)):
            bus = int(meetings.bus[row])
            spare = int(buses.bays_spare[bus])
            has_bay[row] = spare < 0 or spare > bays_held[str(buses.bus_id[bus])]
        return has_bay


def told_reason(grid: Grid, code: int, kind: int, row: int, loading_ratio: float) -> str:
    """Return in words why screening said no, with the limiting element by name."""
    texts = [text for flag, text in REASONS.items() if code & flag]
    if row >= 0 and np.isfinite(loading_ratio):
        texts.append(f"{element_name(grid, kind, row)} would be at {loading_ratio:.0%}")
    return "; ".join(texts)


def element_name(grid: Grid, kind: int, row: int) -> str:
    """Return a line or transformer by id and name."""
    if kind == SwitchedKind.TRANSFORMER:
        table = grid.transformers
        return f"transformer {table.transformer_id[row]} ({table.name[row]})"
    return f"line {grid.lines.line_id[row]} ({grid.lines.name[row]})"


def access_name(grid: Grid, line: int, bus: int) -> str:
    """Return the element of an access point by name, by id where it has none."""
    if bus >= 0:
        return str(grid.buses.name[bus]) or str(grid.buses.bus_id[bus])
    return str(grid.lines.name[line]) or str(grid.lines.line_id[line])
