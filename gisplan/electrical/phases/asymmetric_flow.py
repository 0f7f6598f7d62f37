"""Asymmetric AC power flow of a low-voltage network by power-grid-model.

Assumptions: steady state at 50 Hz, constant-power demands between phase and neutral, lines with a
positive (= negative) and a zero sequence whose return path is the neutral with all that is parallel
to it, transformers Dyn whose zero-sequence impedance at the wye side equals the positive one. Phase
voltages are those against the neutral of the same place: with z0 = z1 + 3 zN the zero sequence
holds the drop over the neutral.

References
----------
Power Grid Model documentation, LF Energy, "Components" and "Calculations" (asymmetric).
IEC TR 60909-2:2008, zero-sequence impedance of four-core cables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from power_grid_model import ComponentType, LoadGenType, PowerGridModel, WindingType
from power_grid_model import initialize_array as new_array

from gisplan.electrical.flow.network_input import Network
from gisplan.electrical.flow.power_flow import (
    COLLAPSE_PU,
    IDEAL_SOURCE_VA,
    SMALLEST_IMPEDANCE_PU,
    Columns,
    Wanted,
    _links,
    _nodes,
    _transformers,
    clock_numbers,
    solve_batch,
)
from gisplan.model.grid import Flags, Floats, Integers

Complexes = npt.NDArray[np.complex128]

PHASE_COUNT = 3
DYN_CLOCK = 5
BASE_POWER_VA = 1e6
KVA = 1e3

_OUTPUT: Wanted = {
    ComponentType.node: ["energized", "u_pu", "u_angle"],
    ComponentType.line: ["i_from", "i_to"],
    ComponentType.transformer: ["i_from", "i_to"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroSequence:
    """Zero-sequence parameters of every branch of a network, parallel systems merged."""

    resistance_ohm: Floats
    reactance_ohm: Floats
    capacitance_f: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class AsymmetricResult:
    """Solutions, one row a scenario; the last axis is the phases.

    Voltages are phasors against neutral in p.u. of the nominal phase voltage, currents the larger
    one of both ends. NaN where a node is not energised or a scenario has no solution.
    """

    converged: Flags
    voltage_pu: Complexes
    branch_current_a: Floats
    transformer_from_a: Floats
    transformer_to_a: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class AsymmetricModel:
    """A network behind one Thevenin source, held by the solver."""

    network: Network
    load_count: int
    solver: PowerGridModel
    first_load_id: int
    first_transformer_id: int
    source_id: int

    @classmethod
    def build(
        cls,
        network: Network,
        zero: ZeroSequence,
        load_node: Integers,
        *,
        source_bus: int,
        source_impedance: complex,
    ) -> AsymmetricModel:
        """Hand a network over to the solver; the sources of the grid are left out.

        Parameters
        ----------
        load_node
            Node of each demand.
        source_impedance
            In p.u. of the source bus on a base of 1 kVA; zero is a stiff source.
        """
        first = int(network.node.max(initial=0)) + 1
        transformer_id = first + len(network.line)
        coupler_id = transformer_id + len(network.transformer)
        source_id = coupler_id + len(network.coupler)
        arrays = {
            ComponentType.node: _nodes(network),
            ComponentType.line: _asymmetric_lines(network, zero, first),
            ComponentType.transformer: _dyn_transformers(network, transformer_id),
            ComponentType.link: _links(network, coupler_id),
            ComponentType.source: _source(source_bus, source_impedance, source_id),
            ComponentType.asym_load: _asymmetric_loads(load_node, source_id + 1),
        }
        return cls(
            network=network,
            load_count=len(load_node),
            solver=PowerGridModel(arrays),
            first_load_id=source_id + 1,
            first_transformer_id=transformer_id,
            source_id=source_id,
        )

    def solve(
        self, power_kva: Complexes, source_voltage_pu: Floats, tap_position: Integers
    ) -> AsymmetricResult:
        """Solve all scenarios in one batch.

        Parameters
        ----------
        power_kva
            Shape (scenarios, demands, phases): kW + j kvar.
        source_voltage_pu
            Open-circuit voltage of the source, one a scenario.
        tap_position
            Shape (scenarios, transformers of the network).
        """
        update = {
            ComponentType.asym_load: self._load_update(power_kva),
            ComponentType.source: self._source_update(source_voltage_pu),
            ComponentType.transformer: self._tap_update(tap_position),
        }
        columns, solved = solve_batch(self.solver, update, len(power_kva), _OUTPUT, symmetric=False)
        return _result(columns, solved)

    def _load_update(self, power_kva: Complexes) -> np.ndarray:
        update = new_array("update", ComponentType.asym_load, power_kva.shape[:2])
        update["id"] = self.first_load_id + np.arange(self.load_count)
        update["p_specified"] = power_kva.real * 1e3
        update["q_specified"] = power_kva.imag * 1e3
        return update

    def _source_update(self, source_voltage_pu: Floats) -> np.ndarray:
        update = new_array("update", ComponentType.source, (len(source_voltage_pu), 1))
        update["id"] = self.source_id
        update["u_ref"] = source_voltage_pu[:, None]
        return update

    def _tap_update(self, tap_position: Integers) -> np.ndarray:
        recorded = self.network.grid.transformers.tap_position[self.network.transformer]
        changed = np.flatnonzero((tap_position != recorded).any(axis=0))
        update = new_array("update", ComponentType.transformer, (len(tap_position), len(changed)))
        update["id"] = self.first_transformer_id + changed
        update["tap_pos"] = tap_position[:, changed]
        return update


def unbalance_pct(voltage_pu: Complexes) -> Floats:
    """Voltage unbalance factor u2/u1 in percent, from phasors along the last axis.

    References
    ----------
    EN 50160:2010, 3.24 (negative over positive sequence component).
    """
    turn = np.exp(2j * np.pi / 3)
    positive = voltage_pu @ np.array([1, turn, turn**2])
    negative = voltage_pu @ np.array([1, turn**2, turn])
    return np.asarray(100 * np.abs(negative) / np.abs(positive))


def not_dyn(network: Network) -> Integers:
    """Rows of transformers whose recorded clock number is none of a Dyn transformer."""
    even = clock_numbers(network.grid)[network.transformer] % 2 == 0
    rows: Integers = network.transformer[even]
    return rows


def _asymmetric_lines(network: Network, zero: ZeroSequence, first_id: int) -> np.ndarray:
    lines = new_array("input", ComponentType.line, len(network.line))
    lines["id"] = first_id + np.arange(len(network.line))
    lines["from_node"], lines["to_node"] = network.from_node, network.to_node
    lines["from_status"], lines["to_status"] = network.from_closed, network.to_closed
    voltage_v = network.node_voltage_v[np.searchsorted(network.node, network.from_node)]
    smallest_ohm = SMALLEST_IMPEDANCE_PU * voltage_v**2 / BASE_POWER_VA
    for digit, part in (("1", network), ("0", zero)):
        is_zero = np.hypot(part.resistance_ohm, part.reactance_ohm) < smallest_ohm
        lines[f"r{digit}"] = part.resistance_ohm
        lines[f"x{digit}"] = np.where(is_zero, smallest_ohm, part.reactance_ohm)
        lines[f"c{digit}"] = part.capacitance_f
        lines[f"tan{digit}"] = 0.0
    return lines


def _dyn_transformers(network: Network, first_id: int) -> np.ndarray:
    """Take every transformer as Dyn; the clock number turns all phases alike."""
    units = _transformers(network, first_id)
    even = units["clock"] % 2 == 0
    units["clock"][even] = DYN_CLOCK
    units["winding_from"] = WindingType.delta
    units["winding_to"] = WindingType.wye_n
    return units


def _source(bus: int, impedance: complex, source_id: int) -> np.ndarray:
    source = new_array("input", ComponentType.source, 1)
    source["id"], source["node"], source["status"] = source_id, bus, 1
    source["u_ref"] = 1.0
    source["sk"] = KVA / abs(impedance) if impedance else IDEAL_SOURCE_VA
    source["rx_ratio"] = impedance.real / impedance.imag if impedance.imag else 0.1
    return source


def _asymmetric_loads(load_node: Integers, first_id: int) -> np.ndarray:
    loads = new_array("input", ComponentType.asym_load, len(load_node))
    loads["id"] = first_id + np.arange(len(load_node))
    loads["node"] = load_node
    loads["status"] = 1
    loads["type"] = LoadGenType.const_power
    loads["p_specified"] = loads["q_specified"] = 0.0
    return loads


def _result(output: Columns, solved: Flags) -> AsymmetricResult:
    node = output[ComponentType.node]
    size = np.where((node["energized"] == 1)[..., None], node["u_pu"], np.nan)
    # a solution on the lower branch of the P-V curve is no operating point
    collapsed = (np.nan_to_num(size, nan=1.0) < COLLAPSE_PU).any(axis=(1, 2))
    converged = solved & ~collapsed

    def current(kind: ComponentType, end: str) -> Floats:
        columns = output.get(kind)
        if columns is None:
            return np.empty((len(solved), 0, PHASE_COUNT))
        return np.where(converged[:, None, None], columns[end], np.nan)

    return AsymmetricResult(
        converged=converged,
        voltage_pu=np.where(converged[:, None, None], size * np.exp(1j * node["u_angle"]), np.nan),
        branch_current_a=np.maximum(
            current(ComponentType.line, "i_from"), current(ComponentType.line, "i_to")
        ),
        transformer_from_a=current(ComponentType.transformer, "i_from"),
        transformer_to_a=current(ComponentType.transformer, "i_to"),
    )
