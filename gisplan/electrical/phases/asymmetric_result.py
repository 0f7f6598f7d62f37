"""What the asymmetric power flow says about a single-phase customer on each phase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V, LoadCase
from gisplan.electrical.phases.asymmetric_flow import unbalance_pct
from gisplan.electrical.phases.asymmetric_scenarios import (
    BEFORE_MAIN,
    BEFORE_TRANSFORMER,
    ON_MAIN,
    ON_TRANSFORMER,
    SERVICE,
    SolvedPhases,
    UnknownPhases,
)
from gisplan.electrical.proof.proof import NEW_CONNECTION
from gisplan.electrical.proof.proposal import NewCable
from gisplan.electrical.proof.worst import OWN_TOLERANCE_PU, OWN_TOLERANCE_RATIO
from gisplan.model.grid import Flags, Floats, Integers

PHASES = ("L1", "L2", "L3")
LOWEST = "voltage.lv_min_pu"
HIGHEST = "voltage.lv_max_pu"
LINE = "loading.line_max"
TRANSFORMER = "loading.transformer_max"
UNBALANCE = "quality.unbalance_max_pct"
TOLERANCES = {
    LOWEST: OWN_TOLERANCE_PU,
    HIGHEST: OWN_TOLERANCE_PU,
    LINE: OWN_TOLERANCE_RATIO,
    TRANSFORMER: OWN_TOLERANCE_RATIO,
    UNBALANCE: 100 * OWN_TOLERANCE_PU,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseWorst:
    """The worst element that a rule asks about, in the rule's unit, after and before.

    ``is_worsened`` is whether the connection makes this element worse.
    """

    rule: str
    case: LoadCase
    element: str
    value: float
    before: float
    is_worsened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseResult:
    """The customer on one phase; worst cases over the load cases, voltages against neutral.

    ``worst`` holds, for every rule, the worst element that the connection makes worse and the worst
    that it does not. The customer's voltages, its cable's loading and drop are those with the full
    demand on its own phase; NaN where there is no new cable, or where a state has no solution.
    """

    phase: str
    converged: bool
    failed_states: tuple[str, ...] = ()
    voltage_at_customer_pu: float = np.nan
    voltage_at_customer_max_pu: float = np.nan
    base_voltage_at_customer_pu: float = np.nan
    base_voltage_at_customer_max_pu: float = np.nan
    own_cable_loading_ratio: float = np.nan
    voltage_drop_pct: float = np.nan
    worst: tuple[PhaseWorst, ...] = ()

    @property
    def voltage_min_pu(self) -> float:
        """Lowest voltage of the low-voltage network."""
        return min(self._values(LOWEST), default=np.nan)

    @property
    def voltage_max_pu(self) -> float:
        """Highest voltage of the low-voltage network."""
        return max(self._values(HIGHEST), default=np.nan)

    @property
    def line_loading_max_ratio(self) -> float:
        """Highest loading of a phase of a line; NaN where no rating is known."""
        return max(self._values(LINE), default=np.nan)

    @property
    def transformer_loading_max_ratio(self) -> float:
        """Highest loading of a phase of a transformer that feeds the network."""
        return max(self._values(TRANSFORMER), default=np.nan)

    @property
    def unbalance_pct(self) -> float:
        """Voltage unbalance factor u2/u1 at the customer."""
        return max(self._values(UNBALANCE), default=np.nan)

    def _values(self, rule: str) -> list[float]:
        return [worst.value for worst in self.worst if worst.rule == rule]


@dataclass(frozen=True, slots=True, kw_only=True)
class SinglePhaseResult:
    """A single-phase customer, proven on each phase, and the phase that it gets.

    ``not_proven`` says why nothing was solved; ``phases`` is empty then. ``assumed_lines`` are
    those whose zero sequence was assumed, out of ``line_count``; ``assumed_dyn`` the transformers
    that were taken as Dyn against their recorded clock number.
    """

    phases: tuple[PhaseResult, ...] = ()
    assigned: str = ""
    supplied: bool = True
    not_proven: str = ""
    access: str = ""
    unknown: tuple[UnknownPhases, ...] = ()
    assumed_lines: tuple[str, ...] = ()
    line_count: int = 0
    has_new_cable: bool = False
    assumed_dyn: tuple[str, ...] = ()

    @property
    def best(self) -> PhaseResult | None:
        """The result on the assigned phase."""
        return next((one for one in self.phases if one.phase == self.assigned), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """Elements of one rule in one case, with values after and before."""

    rule: str
    case: LoadCase
    row: Integers
    value: Floats
    before: Floats
    worse: Flags = field(init=False)

    def __post_init__(self) -> None:
        worse = self.sign * (self.value - self.before) > TOLERANCES[self.rule]
        object.__setattr__(self, "worse", worse)

    @property
    def sign(self) -> float:
        """1 where high values are bad, -1 where low ones are."""
        return -1.0 if self.rule == LOWEST else 1.0


def read_phase(solved: SolvedPhases, cable: NewCable | None, phase: int) -> PhaseResult:
    """Gather what all states of one phase say."""
    failed = tuple(
        f"{case}/{name}"
        for number, case in enumerate(solved.cases)
        for kind, name in ((SERVICE, "service"), (ON_MAIN, "main"), (ON_TRANSFORMER, "transformer"))
        if not solved.result.converged[solved.row[number, phase, kind]]
    )
    if failed:
        return PhaseResult(phase=PHASES[phase], converged=False, failed_states=failed)
    nodes = solved.layout.network.node
    customer = int(np.searchsorted(nodes, solved.layout.customer_node))
    access = int(np.searchsorted(nodes, solved.layout.access_node))
    voltage = np.abs(solved.result.voltage_pu[:, :, 0])
    service, before = solved.row[:, phase, SERVICE], solved.row[:, phase, BEFORE_MAIN]
    own, base = voltage[service, customer], voltage[before, customer]
    return PhaseResult(
        phase=PHASES[phase],
        converged=True,
        voltage_at_customer_pu=float(own.min()),
        voltage_at_customer_max_pu=float(own.max()),
        base_voltage_at_customer_pu=float(base.min()),
        base_voltage_at_customer_max_pu=float(base.max()),
        own_cable_loading_ratio=_cable_loading(solved, cable, service),
        voltage_drop_pct=(
            float(np.abs(voltage[service, access] - own).max() * 100) if cable else np.nan
        ),
        worst=_find_worst(solved, phase, customer),
    )


def _cable_loading(solved: SolvedPhases, cable: NewCable | None, service: Integers) -> float:
    if cable is None:
        return np.nan
    current_a = solved.result.branch_current_a[service, -1].max()
    return float(current_a / (cable.rated_current_a * cable.parallel_count))


def _find_worst(solved: SolvedPhases, phase: int, customer: int) -> tuple[PhaseWorst, ...]:
    found: dict[tuple[str, bool], PhaseWorst] = {}
    for judged in _judge(solved, phase, customer):
        for is_worsened in (True, False):
            among = np.flatnonzero((judged.worse == is_worsened) & np.isfinite(judged.value))
            if not len(among):
                continue
            place = among[np.argmax(judged.sign * judged.value[among])]
            value, key = float(judged.value[place]), (judged.rule, is_worsened)
            if key in found and judged.sign * (value - found[key].value) <= 0:
                continue
            found[key] = PhaseWorst(
                rule=judged.rule,
                case=judged.case,
                element=_element(solved, judged.rule, int(judged.row[place])),
                value=value,
                before=float(judged.before[place]),
                is_worsened=is_worsened,
            )
    return tuple(found.values())


def _judge(solved: SolvedPhases, phase: int, customer: int) -> Iterator[_Judged]:
    """Yield every rule with all elements of the network, case by case."""
    network, result = solved.layout.network, solved.result
    low = np.flatnonzero(network.node_voltage_v < MEDIUM_VOLTAGE_V)
    line = np.flatnonzero(network.line >= 0)
    for number, case in enumerate(solved.cases):
        row = solved.row[number, phase]
        voltage = np.abs(result.voltage_pu[row][:, low])
        nodes = np.repeat(low, voltage.shape[-1])
        for rule in (LOWEST, HIGHEST):
            after, before = voltage[ON_MAIN].ravel(), voltage[BEFORE_MAIN].ravel()
            yield _Judged(rule=rule, case=case, row=nodes, value=after, before=before)
        loading = _line_loading(solved, row, line)
        yield _Judged(
            rule=LINE, case=case, row=line, value=loading[ON_MAIN], before=loading[BEFORE_MAIN]
        )
        loading = _transformer_loading(solved, row)
        yield _Judged(
            rule=TRANSFORMER,
            case=case,
            row=network.transformer,
            value=loading[ON_TRANSFORMER],
            before=loading[BEFORE_TRANSFORMER],
        )
        unbalance = unbalance_pct(result.voltage_pu[row][:, customer])
        yield _Judged(
            rule=UNBALANCE,
            case=case,
            row=np.array([customer]),
            value=unbalance[[SERVICE]],
            before=unbalance[[BEFORE_MAIN]],
        )


def _line_loading(solved: SolvedPhases, row: Integers, line: Integers) -> Floats:
    network = solved.layout.network
    lines, of = network.grid.lines, network.line[line]
    current_a = solved.result.branch_current_a[row][:, line].max(axis=-1)
    return np.asarray(current_a / (lines.rated_current_a[of] * lines.parallel_count[of]))


def _transformer_loading(solved: SolvedPhases, row: Integers) -> Floats:
    """Worse side of the most loaded phase, current over rated current."""
    table, of = solved.layout.network.grid.transformers, solved.layout.network.transformer
    rated_va = table.rated_power_kva[of] * table.parallel_count[of] * 1e3
    high = solved.result.transformer_from_a[row].max(axis=-1) * table.hv_voltage_v[of]
    low = solved.result.transformer_to_a[row].max(axis=-1) * table.lv_voltage_v[of]
    return np.asarray(np.sqrt(3) * np.maximum(high, low) / rated_va)


def _element(solved: SolvedPhases, rule: str, row: int) -> str:
    network = solved.layout.network
    grid = network.grid
    if rule == LINE:
        return f"line {grid.lines.line_id[network.line[row]]}"
    if rule == TRANSFORMER:
        return f"transformer {grid.transformers.transformer_id[row]}"
    return node_name(solved, int(network.node[row]))


def node_name(solved: SolvedPhases, node: int) -> str:
    """Say what a node is: a bus, a joint on a line, or the new connection."""
    network, layout = solved.layout.network, solved.layout
    count = len(network.grid.buses.bus_id)
    if node < count:
        return f"bus {network.grid.buses.bus_id[node]}"
    if node == layout.customer_node and node != layout.access_node:
        return NEW_CONNECTION
    return f"joint on line {network.grid.lines.line_id[network.joints.line[node - count]]}"
