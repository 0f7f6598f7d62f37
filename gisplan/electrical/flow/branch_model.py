"""Branches as pi equivalents per unit, the same that the AC power flow solves.

Assumptions: balanced steady state, shunts split evenly between both ends, a tap changes the ratio.
The base is 1 kVA and the nominal voltage of each side, so powers stay in kW and kvar.

References
----------
Power Grid Model documentation, LF Energy, "Components": line and transformer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gisplan.electrical.flow.network_input import Network
from gisplan.electrical.flow.power_flow import (
    BASE_POWER_VA,
    FREQUENCY_HZ,
    SMALLEST_IMPEDANCE_PU,
    clock_numbers,
)
from gisplan.model.grid import Flags, Floats, Grid, Integers

Complexes = npt.NDArray[np.complexfloating[Any, Any]]
KVA = 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pi:
    """Branches between two ends: an ideal transformer at the first, the impedance behind it.

    ``ratio`` is the open-circuit voltage at the first end over that at the second. ``clock`` is
    the phase shift in steps of 30 degrees by which the second end lags.
    """

    impedance: Complexes
    ratio: Floats
    half_first: Complexes
    half_second: Complexes
    clock: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class FedPi:
    """The same seen from the end that is fed: its impedance is referred to that end.

    ``ratio`` is the open-circuit voltage at the fed end over the voltage at the feeding end.
    """

    impedance: Complexes
    ratio: Floats
    half_fed: Complexes
    half_feeding: Complexes


def orient(pi: Pi, is_reversed: Flags) -> FedPi:
    """Turn branches so that they feed their second end, or their first where reversed."""
    return FedPi(
        impedance=np.where(is_reversed, pi.impedance * pi.ratio**2, pi.impedance),
        ratio=np.where(is_reversed, pi.ratio, 1 / pi.ratio),
        half_fed=np.where(is_reversed, pi.half_first, pi.half_second),
        half_feeding=np.where(is_reversed, pi.half_second, pi.half_first),
    )


def select(pi: Pi, rows: Integers) -> Pi:
    """Some of the branches."""
    return Pi(
        impedance=pi.impedance[rows],
        ratio=pi.ratio[rows],
        half_first=pi.half_first[rows],
        half_second=pi.half_second[rows],
        clock=pi.clock[rows],
    )


def join(parts: tuple[Pi, ...]) -> Pi:
    """All branches of several tables, in their order."""
    return Pi(
        impedance=np.concatenate([part.impedance for part in parts]),
        ratio=np.concatenate([part.ratio for part in parts]),
        half_first=np.concatenate([part.half_first for part in parts]),
        half_second=np.concatenate([part.half_second for part in parts]),
        clock=np.concatenate([part.clock for part in parts]),
    )


def segment_pis(network: Network) -> Pi:
    """Lines and their segments, one row a branch of the network."""
    voltage_v = network.node_voltage_v[np.searchsorted(network.node, network.from_node)]
    smallest_ohm = SMALLEST_IMPEDANCE_PU * voltage_v**2 / BASE_POWER_VA
    ohm = network.resistance_ohm + 1j * network.reactance_ohm
    ohm = np.where(np.abs(ohm) < smallest_ohm, network.resistance_ohm + 1j * smallest_ohm, ohm)
    half = np.pi * FREQUENCY_HZ * network.capacitance_f * voltage_v**2 / KVA * 1j
    return Pi(
        impedance=np.asarray(ohm * KVA / voltage_v**2, np.complex128),
        ratio=np.ones(len(ohm)),
        half_first=half,
        half_second=half,
        clock=np.zeros(len(ohm), np.int64),
    )


def coupler_pis(count: int) -> Pi:
    """Closed bus-bus switches: no impedance at all."""
    nothing = np.zeros(count, np.complex128)
    return Pi(
        impedance=nothing,
        ratio=np.ones(count),
        half_first=nothing,
        half_second=nothing,
        clock=np.zeros(count, np.int64),
    )


def transformer_pis(grid: Grid) -> Pi:
    """All transformers of a grid from the high to the low-voltage side."""
    table = grid.transformers
    at_high = table.tap_side == 0
    step = np.nan_to_num(table.tap_step_pct, nan=0.0) / 100
    moved = 1 + step * (table.tap_position - table.tap_neutral)
    high_v = table.hv_voltage_v * np.where(at_high, moved, 1.0)
    low_v = table.lv_voltage_v * np.where(at_high, 1.0, moved)
    nominal = grid.buses.nominal_voltage_v
    count = table.parallel_count
    rated_kva = table.rated_power_kva * count
    per_unit = (low_v / nominal[table.lv_bus]) ** 2 / rated_kva
    impedance = table.short_circuit_voltage_pct / 100
    resistance = np.minimum(table.short_circuit_resistance_pct / 100, impedance)
    reactance = np.sqrt(impedance**2 - resistance**2)
    no_load_kw = np.nan_to_num(table.no_load_loss_w, nan=0.0) / 1e3
    no_load = np.nan_to_num(table.no_load_current_pct, nan=0.0) / 100 * table.rated_power_kva
    susceptance = np.sqrt(np.maximum(no_load**2 - no_load_kw**2, 0.0))
    at_low = (no_load_kw - 1j * susceptance) * count * (nominal[table.lv_bus] / low_v) ** 2 / 2
    ratio = high_v / low_v * nominal[table.lv_bus] / nominal[table.hv_bus]
    return Pi(
        impedance=(resistance + 1j * reactance) * per_unit,
        ratio=ratio,
        half_first=at_low / ratio**2,
        half_second=at_low,
        clock=clock_numbers(grid),
    )


def open_end_shunts(pi: Pi) -> Complexes:
    """Admittance at the closed end of a branch whose other end is open."""
    behind = pi.half_second / (1 + pi.impedance * pi.half_second)
    shunt: Complexes = pi.half_first + behind
    return shunt
