"""Impedances and infeeds of the sequence networks, element by element, and what is unknown.

Impedances are in ohm, those of transformers at their low-voltage side and in main position.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.model.grid import Floats, Grid, Integers
from gisplan.network.snapshot import Topology
from gisplan.rules.catalogue import Catalogue

Complexes = npt.NDArray[np.complex128]

KNOWN = -1
RESISTANCE_RISE_PER_K = 0.004
"""Of copper, aluminium and aluminium alloy: IEC 60909-0:2016, clause 6.4 (line resistances)."""
REFERENCE_TEMPERATURE_C = 20.0


class FaultCase(StrEnum):
    """Largest current for ratings, smallest current for protection."""

    MAXIMUM = "max"
    MINIMUM = "min"


class UnknownData(NamedTuple):
    """What a sequence needs to know of each kind of element, in words."""

    line: str
    transformer: str
    source: str


MAXIMUM_DATA = UnknownData(
    "resistance or reactance", "rating or short-circuit voltage", "short-circuit power"
)
MINIMUM_DATA = MAXIMUM_DATA._replace(source="smallest short-circuit power")
ZERO_DATA = UnknownData(
    "zero-sequence resistance or reactance (r0, x0)",
    "zero-sequence impedance (it is only estimated for odd clock numbers)",
    "zero-sequence impedance",
)


def element_numbers(grid: Grid) -> tuple[int, int, int, int]:
    """First number of lines, transformers, sources, and the number that means "not supplied".

    One integer says which element's data are missing; -1 says that nothing is missing.
    """
    lines, transformers = len(grid.lines.line_id), len(grid.transformers.transformer_id)
    sources = lines + transformers
    return 0, lines, sources, sources + len(grid.sources.source_id)


def name_unknown(grid: Grid, unknown: UnknownData, element: int) -> str:
    """Say in words which datum of which element is missing."""
    _, transformer, source, not_supplied = element_numbers(grid)
    if element == not_supplied:
        return "nothing supplies it in this switching state"
    if element >= source:
        what, name = unknown.source, f"source {grid.sources.source_id[element - source]}"
    elif element >= transformer:
        row = element - transformer
        what = unknown.transformer
        name = f"transformer {grid.transformers.transformer_id[row]}"
    else:
        what, name = unknown.line, f"line {grid.lines.line_id[element]}"
    return f"the {what} of {name} is unknown"


def voltage_factors(grid: Grid, catalogue: Catalogue, case: FaultCase) -> Floats:
    """Voltage factor c of every bus.

    References
    ----------
    IEC 60909-0:2016, table 1.
    """
    low, high = {
        FaultCase.MAXIMUM: ("short_circuit.c_max_lv", "short_circuit.c_max_mv"),
        FaultCase.MINIMUM: ("short_circuit.c_min_lv", "short_circuit.c_min_mv"),
    }[case]
    is_low = grid.buses.nominal_voltage_v < MEDIUM_VOLTAGE_V
    return np.where(is_low, catalogue.value(low), catalogue.value(high))


def resistance_ratio(catalogue: Catalogue, case: FaultCase) -> float:
    """Line resistance over the one at 20 degC: cold for the largest current, hot for the smallest.

    R = R20 (1 + 0.004/K (temperature - 20 degC)), IEC 60909-0:2016, clause 6.4.
    """
    if case is FaultCase.MAXIMUM:
        return 1.0
    rise_k = catalogue.value("short_circuit.line_temperature_c") - REFERENCE_TEMPERATURE_C
    return 1.0 + RESISTANCE_RISE_PER_K * rise_k


def series_line_ohm(grid: Grid, r_ohm_per_km: Floats, x_ohm_per_km: Floats) -> Complexes:
    """Series impedance of all parallel systems of each line."""
    length_km = grid.lines.length_m / 1000 / grid.lines.parallel_count
    return _complex(r_ohm_per_km * length_km, x_ohm_per_km * length_km)


def _rated_transformer_ohm(grid: Grid) -> Complexes:
    """Short-circuit impedance of each row at its low-voltage side, in main position; no zeros."""
    table = grid.transformers
    impedance = table.short_circuit_voltage_pct / 100
    resistance = np.minimum(table.short_circuit_resistance_pct / 100, impedance)
    rated_va = table.rated_power_kva * 1e3 * table.parallel_count
    usable = (impedance > 0) & (rated_va > 0)
    base_ohm = table.lv_voltage_v**2 / np.where(usable, rated_va, np.nan)
    reactance = np.sqrt(impedance**2 - resistance**2)
    return _complex(resistance * base_ohm, reactance * base_ohm)


def transformer_ohm(grid: Grid, catalogue: Catalogue, case: FaultCase) -> Complexes:
    """Short-circuit impedance, for the largest current with the correction factor KT.

    KT = 0.95 cmax / (1 + 0.6 xT), IEC 60909-0:2016, clause 6.3.3; taps stay in main position.
    """
    series = _rated_transformer_ohm(grid)
    if case is FaultCase.MINIMUM:
        return series
    table = grid.transformers
    rated_va = table.rated_power_kva * 1e3 * table.parallel_count
    reactance = series.imag * rated_va / table.lv_voltage_v**2
    factor = voltage_factors(grid, catalogue, case)[table.lv_bus]
    corrected: Complexes = series * (0.95 * factor / (1 + 0.6 * reactance))
    return corrected


def source_infeeds(grid: Grid, catalogue: Catalogue, case: FaultCase) -> tuple[Complexes, Integers]:
    """Admittance of the sources at each bus, and which source's power is unknown there.

    ZQ = c Un^2 / Sk'', IEC 60909-0:2016, clause 6.2. An unknown R/X is the catalogue's.
    """
    table, first = grid.sources, element_numbers(grid)[2]
    power_mva = {
        FaultCase.MAXIMUM: table.short_circuit_power_mva,
        FaultCase.MINIMUM: table.short_circuit_power_min_mva,
    }[case]
    row = np.flatnonzero(table.bus >= 0)
    bus, power = table.bus[row], power_mva[row]
    power = np.where(power > 0, power, np.nan)
    ratio = table.rx_ratio[row]
    assumed = catalogue.value("short_circuit.source_rx_ratio")
    ratio = np.where(np.isfinite(ratio), ratio, assumed)
    factor = voltage_factors(grid, catalogue, case)[bus]
    size_s = power * 1e6 / (factor * grid.buses.nominal_voltage_v[bus] ** 2) / np.hypot(ratio, 1)
    admittance = _complex(size_s * ratio, -size_s)
    return _add_up(len(grid.buses.bus_id), bus, admittance, first + row)


def neutral_infeeds(
    grid: Grid, topology: Topology, catalogue: Catalogue
) -> tuple[Complexes, Integers]:
    """Zero-sequence admittance of the transformers (and, unknown, sources) at low-voltage buses."""
    table, (_, first, first_source, _) = grid.transformers, element_numbers(grid)
    low = grid.buses.nominal_voltage_v < MEDIUM_VOLTAGE_V
    closed = topology.transformer_closed & table.in_service & (topology.source[table.hv_bus] >= 0)
    unit = np.flatnonzero(closed & low[table.lv_bus])
    series = _rated_transformer_ohm(grid)[unit]
    resistance = catalogue.value("short_circuit.transformer_zero_resistance_ratio") * series.real
    reactance = catalogue.value("short_circuit.transformer_zero_reactance_ratio") * series.imag
    zero = _complex(resistance, reactance)
    known = (table.clock_number[unit] % 2 == 1) & np.isfinite(zero)
    zero[~known] = 1.0
    admittance = np.reciprocal(zero)
    admittance[~known] = complex(np.nan, np.nan)
    source = np.flatnonzero((grid.sources.bus >= 0) & low[grid.sources.bus])
    unknown = np.full(len(source), complex(np.nan, np.nan))
    return _add_up(
        len(low),
        np.concatenate([table.lv_bus[unit], grid.sources.bus[source]]),
        np.concatenate([admittance, unknown]),
        np.concatenate([first + unit, first_source + source]),
    )


def _complex(real: Floats, imaginary: Floats) -> Complexes:
    impedance = np.empty(len(real), np.complex128)
    impedance.real, impedance.imag = real, imaginary
    return impedance


def _add_up(
    bus_count: int, bus: Integers, admittance_s: Complexes, element: Integers
) -> tuple[Complexes, Integers]:
    """Admittance of each bus, and the first element at it whose admittance is unknown."""
    total = np.zeros(bus_count, np.complex128)
    np.add.at(total, bus, admittance_s)
    missing = np.full(bus_count, KNOWN)
    unknown = np.flatnonzero(~np.isfinite(admittance_s))[::-1]
    missing[bus[unknown]] = element[unknown]
    return total, missing
