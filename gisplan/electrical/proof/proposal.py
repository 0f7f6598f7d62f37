"""A way to connect, as the AC proof needs it: access point, cable, demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.demand import LOAD_CASES, STATES, Demands
from gisplan.errors import InputError
from gisplan.model.grid import Floats, Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCable:
    """The cable from the access point to the customer; one leg of a loop-in.

    Zero-sequence values are ``None`` where unknown.
    """

    length_m: float
    resistance_ohm_per_km: float
    reactance_ohm_per_km: float
    capacitance_nf_per_km: float
    rated_current_a: float
    parallel_count: int = 1
    zero_resistance_ohm_per_km: float | None = None
    zero_reactance_ohm_per_km: float | None = None

    @property
    def resistance_ohm(self) -> float:
        """Resistance of all parallel systems together."""
        return self.resistance_ohm_per_km * self.length_m / 1000 / self.parallel_count

    @property
    def reactance_ohm(self) -> float:
        """Reactance of all parallel systems together."""
        return self.reactance_ohm_per_km * self.length_m / 1000 / self.parallel_count

    @property
    def capacitance_f(self) -> float:
        """Capacitance of all parallel systems together, per phase."""
        return self.capacitance_nf_per_km * 1e-9 * self.length_m / 1000 * self.parallel_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One way to connect a demand.

    The access point is ``bus``, or with bus -1 the place on ``line`` at ``offset_m`` along its
    shape. Without a cable the demand sits at the access point itself: an existing service. For a
    loop-in the line is cut at the place and both ends lead through a cable each to the new ring
    main unit. ``p_kw`` and ``q_kvar`` have a row per entry of ``LOAD_CASES`` and a column per
    entry of ``STATES``; feed-in is negative. ``tap_positions`` are pairs of transformer row and
    position; ``extra_injections`` (none, or one table per load case) come and go with the proposal.
    """

    bus: int = -1
    line: int = -1
    offset_m: float = 0.0
    cable: NewCable | None = None
    is_loop_in: bool = False
    p_kw: Floats
    q_kvar: Floats
    tap_positions: tuple[tuple[int, int], ...] = ()
    extra_injections: tuple[Demands, ...] = ()


def check_proposal(grid: Grid, proposal: Proposal) -> None:
    """Refuse a proposal that names no access point or whose numbers cannot be used.

    Raises
    ------
    InputError
        Saying what was found and what is expected.
    """
    shape = (len(LOAD_CASES), len(STATES))
    for name, power in (("p_kw", proposal.p_kw), ("q_kvar", proposal.q_kvar)):
        if power.shape != shape or not np.isfinite(power).all():
            raise InputError(
                f"proposal has {name} {power.tolist()}; expected finite numbers of shape {shape}: "
                f"a row per case of {[str(case) for case in LOAD_CASES]}, a column per state of "
                f"{STATES}"
            )
    at_bus = 0 <= proposal.bus < len(grid.buses.bus_id)
    on_line = 0 <= proposal.line < len(grid.lines.line_id) and np.isfinite(proposal.offset_m)
    if not (at_bus or (proposal.bus < 0 and on_line)):
        raise InputError(
            f"proposal connects at bus {proposal.bus}, line {proposal.line}, offset "
            f"{proposal.offset_m} m; expected a bus or a line of the grid with its offset"
        )
    if proposal.is_loop_in and (proposal.bus >= 0 or proposal.cable is None):
        raise InputError("a loop-in cuts a line and needs a cable; give line, offset_m and cable")
    if len(proposal.extra_injections) not in {0, len(LOAD_CASES)}:
        raise InputError(
            f"proposal has {len(proposal.extra_injections)} tables of extra injections; expected "
            f"none or one per load case of {[str(case) for case in LOAD_CASES]}"
        )
    if proposal.cable is not None:
        _check_cable(proposal.cable)
    for row, position in proposal.tap_positions:
        _check_tap(grid, row, position)


def _check_cable(cable: NewCable) -> None:
    impedance = abs(complex(cable.resistance_ohm_per_km, cable.reactance_ohm_per_km))
    if not (cable.length_m > 0 and impedance > 0 and cable.parallel_count > 0):
        raise InputError(
            f"new cable has length {cable.length_m} m, impedance {impedance} ohm/km and "
            f"{cable.parallel_count} systems; expected each above zero"
        )


def _check_tap(grid: Grid, row: int, position: int) -> None:
    table = grid.transformers
    if not 0 <= row < len(table.transformer_id):
        raise InputError(f"tap position for transformer row {row}, which the grid does not hold")
    if not table.tap_min[row] <= position <= table.tap_max[row]:
        raise InputError(
            f"tap position {position} of transformer {table.transformer_id[row]}; expected "
            f"{table.tap_min[row]} to {table.tap_max[row]}"
        )
