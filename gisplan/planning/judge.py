"""The judge that the search is given: electrical screening, drop along the new cable, bays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import Demands
from gisplan.electrical.screening.screening import REASONS, Screening, ScreeningLimits, screen
from gisplan.electrical.screening.screening_kernel import (
    LINE_OVERLOADED,
    TRANSFORMER_OVERLOADED,
    VOLTAGE_TOO_HIGH,
    VOLTAGE_TOO_LOW,
)
from gisplan.electrical.sizing.sizing import voltage_drop_pct
from gisplan.model.grid import SwitchedKind
from gisplan.network.switching import ring_elements
from gisplan.planning.access import KINDS
from gisplan.planning.access_findings import BAY_KINDS
from gisplan.planning.candidates import Verdicts
from gisplan.planning.demand import powers_at
from gisplan.planning.variants import keeps_trunk_section

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Grid
    from gisplan.planning.access import Meetings
    from gisplan.planning.demand import CaseDemand
    from gisplan.planning.state import PlanningState
    from gisplan.planning.variants import Variant

VOLTAGE_REASONS = VOLTAGE_TOO_LOW | VOLTAGE_TOO_HIGH
LOADING_REASONS = LINE_OVERLOADED | TRANSFORMER_OVERLOADED
NOT_BACKED = (
    "a backfeed state of its feeder breaks a limit already, and this customer needs one that holds"
)
BAY_CODES = tuple(KINDS.index(kind) for kind in BAY_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricalJudge:
    """Passes what the screening finds feasible, or too close to a limit to tell without AC.

    ``short_circuit_ka`` is the largest initial short-circuit current by bus, NaN where unknown;
    a cable that does not withstand it is refused, what is unknown is told with the option.
    ``unbacked`` flags buses whose backfeed breaks a limit already, for who needs one that holds.
    """

    state: PlanningState
    demands: tuple[CaseDemand, ...]
    limits: ScreeningLimits
    nominal_voltage_v: float
    phase_count: int
    short_circuit_ka: Floats | None = None
    unbacked: Flags | None = None

    def judge(self, meetings: Meetings, variant: Variant, length_m: Floats) -> Verdicts:
        """Return a verdict for each meeting and the length of its new cable."""
        catalogue, lines = self.state.region.catalogue, self.state.region.snapshot.grid.lines
        keeps = keeps_trunk_section(catalogue, lines, variant, meetings.line)
        passes = self.withstands(meetings, variant)
        reason = np.where(passes, "", "the new cable would not withstand a short circuit")
        has_bay = self.has_bay(meetings)
        mendable = passes & has_bay
        is_backed = self.is_backed(meetings)
        reason = np.where(passes & ~is_backed, NOT_BACKED, reason)
        passes &= is_backed
        for demand in self.demands:
            screening = self.screened(meetings, demand)
            fits = screening.feasible | screening.uncertain
            told = self._told(screening)
            reason = np.where(passes & ~fits, told, reason)
            passes &= fits
            mendable &= fits | self._mendable(screening)
        reason = np.where(passes & ~has_bay, "no spare bay is left", reason)
        limit_pct, is_short = self._drop_max_pct, length_m <= self.reach_m(variant)
        reason = np.where(is_short, reason, f"the new cable would drop more than {limit_pct:g} %")
        fits_short = keeps & passes & has_bay
        return Verdicts(
            passes=fits_short & is_short,
            reason=np.where(keeps, reason, "a loop-in keeps the section of the ring that it cuts"),
            mendable=keeps & is_short & mendable & ~passes,
            too_long=fits_short & ~is_short,
        )

    def reach_m(self, variant: Variant) -> float:
        """Return the longest new cable whose voltage drop holds, infinity where nothing drops."""
        per_m = float(self.drop_pct(variant, np.ones(1))[0])
        return self._drop_max_pct / per_m if per_m > 0 else np.inf

    @property
    def _drop_max_pct(self) -> float:
        return self.state.region.catalogue.value("voltage.drop_service_max_pct")

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

    def _mendable(self, screening: Screening) -> Flags:
        """Return whether only such limits fail as a tap or another open point may mend.

        Those are voltages, and the loading of what a medium-voltage ring hangs on.
        """
        only_voltage: Flags = (screening.reasons & ~np.uint8(VOLTAGE_REASONS)) == 0
        only_limits = (screening.reasons & ~np.uint8(VOLTAGE_REASONS | LOADING_REASONS)) == 0
        if not (only_limits & ~only_voltage).any():
            return only_voltage
        snapshot = self.state.region.snapshot
        on_ring = ring_elements(snapshot.grid, snapshot.topology)
        loaded = [
            (int(kind), int(row)) in on_ring
            for kind, row in zip(screening.limiting_kind, screening.limiting_row, strict=True)
        ]
        mendable: Flags = only_voltage | (only_limits & np.array(loaded, dtype=bool))
        return mendable

    def withstands(self, meetings: Meetings, variant: Variant) -> Flags:
        """Return false where the current of a short circuit is known and too high."""
        if self.short_circuit_ka is None:
            return np.ones(len(meetings), dtype=bool)
        lines, known_ka = self.state.region.snapshot.grid.lines, self.short_circuit_ka
        at_ends = np.fmax(
            known_ka[lines.from_bus[meetings.line]], known_ka[lines.to_bus[meetings.line]]
        )
        largest_ka = np.where(meetings.bus >= 0, known_ka[meetings.bus], at_ends)
        withstands: Flags = ~(largest_ka > variant.withstand_ka)
        return withstands

    def is_backed(self, meetings: Meetings) -> Flags:
        """Return false where a backfeed must hold and does not, whoever connects.

        A line counts by that end of it which hangs on a feeder.
        """
        if self.unbacked is None:
            return np.ones(len(meetings), dtype=bool)
        snapshot = self.state.region.snapshot
        lines, feeder = snapshot.grid.lines, snapshot.topology.feeder
        first, second = lines.from_bus[meetings.line], lines.to_bus[meetings.line]
        end = np.where(feeder[second] >= 0, second, first)
        is_backed: Flags = ~self.unbacked[np.where(meetings.bus >= 0, meetings.bus, end)]
        return is_backed

    def screened(self, meetings: Meetings, demand: CaseDemand) -> Screening:
        """Return what screening finds for one load case at each meeting."""
        p_kw, q_kvar = powers_at(demand, self.state.held, meetings.bus, meetings.line)
        candidates = Demands(
            bus=meetings.bus,
            line=meetings.line,
            offset_m=meetings.offset_m,
            p_kw=p_kw,
            q_kvar=q_kvar,
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

    def has_bay(self, meetings: Meetings) -> Flags:
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
