"""Single-phase customers: hand calculation, the balanced base state, pandapower as the oracle."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest

from gisplan.electrical.base.base_state import build_base_states
from gisplan.electrical.demand import MAIN, Demands, LoadCase
from gisplan.electrical.phases.asymmetric import (
    PhaseResult,
    SinglePhaseResult,
    assign_phase,
    check_single_phase,
    prove_single_phase,
    prove_single_phases,
)
from gisplan.electrical.phases.asymmetric_flow import unbalance_pct
from gisplan.electrical.phases.asymmetric_scenarios import BEFORE_MAIN, SERVICE, solve_phases
from gisplan.electrical.phases.low_voltage_part import LowVoltagePart, find_low_voltage_part
from gisplan.electrical.proof.connection import prove
from gisplan.electrical.proof.proposal import Proposal
from gisplan.errors import InputError
from gisplan.model.grid import Codes, Grid, Phases
from gisplan.model.option import Finding, Severity
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import (
    COINCIDENT,
    SERVICE_CABLE,
    TOWN,
    bus,
    demand_at_buses,
    demand_on_line,
    line,
    powers,
    proposal_at,
    snapshot,
    transformer,
)
from tests.unit.electrical.phase_oracle import (
    phase_powers,
    phase_voltages,
    solve_phases_by_pandapower,
)

CATALOGUE = load_catalogue("eu")
PHASE_WORDS = ("L1", "L2", "L3", "three")
ZERO = "r0=0.832 x0=0.32 c=0 c0=0"
ROWS = (
    "S1 sk=1000000",
    "S1>A 250",
    f"A-B 120 {ZERO}",
    "B-C 80 r=0.642 x=0.083 r0=2.568 x0=0.332 c=0 c0=0",
    f"A-D 60 {ZERO}",
    "B: 12 kW 3 kvar three",
    "B: 3 kW 0.5 kvar L1",
    "C: 2 kW 0.4 kvar L2",
    "D: 4 kW 1 kvar L2",
    "D: 2 kW L3",
)


def solve(
    g: Grid,
    proposal: Proposal,
    *,
    reservations: dict[LoadCase, Demands] | None = None,
    held: dict[LoadCase, Codes] | None = None,
) -> SinglePhaseResult:
    s = snapshot(g)
    bases = build_base_states(s, CATALOGUE, reservations=reservations)
    return prove_single_phase(s, bases, CATALOGUE, proposal, held or {})


def by_phase(result: SinglePhaseResult) -> dict[str, PhaseResult]:
    return {one.phase: one for one in result.phases}


def best(result: SinglePhaseResult) -> PhaseResult:
    assert result.best is not None
    return result.best


def findings(result: SinglePhaseResult, rule: str) -> list[Finding]:
    return [one for one in check_single_phase(result, CATALOGUE) if one.rule == rule]


def states(g: Grid, proposal: Proposal, kind: int) -> Sequence[np.ndarray]:  # type: ignore[type-arg]
    """Phasors of the load case in one kind of state, per phase of the customer, turned back."""
    s = snapshot(g)
    bases = build_base_states(s, CATALOGUE)
    part = find_low_voltage_part(s, bases[LoadCase.LOAD], proposal)
    assert isinstance(part, LowVoltagePart)
    solved = solve_phases(s, bases, CATALOGUE, proposal, held_phases={}, part=part)
    return [
        np.roll(solved.result.voltage_pu[solved.row[0, phase, kind]], phase, axis=1)
        for phase in range(3)
    ]


def test_neutral_of_equal_section_drops_six_times_the_balanced_drop() -> None:
    # 1 kW over 0.05 ohm and back over 0.05 ohm at 400 / sqrt(3) V: 4.33 A * 0.1 ohm = 0.433 V, that
    # is 0.1875 %; balanced: 1 kW * 0.05 ohm / (400 V)^2 = 0.03125 %
    g = grid("S1 sk=1000000", "S1>A 100000 vk=0.001 vkr=0", "A-B 100 r=0.5 x=0 r0=2 x0=0 c=0")
    proposal = proposal_at(bus(g, "B"), 1)
    s = snapshot(g)
    balanced = prove(s, build_base_states(s, CATALOGUE), [proposal])[0].voltage_at_customer_pu
    single = best(solve(g, proposal)).voltage_at_customer_pu
    assert 1 - single == pytest.approx(1.875e-3, rel=5e-3)
    assert (1 - single) / (1 - balanced) == pytest.approx(6, rel=1e-2)


@pytest.mark.parametrize("phase", range(3))
def test_four_wire_network_agrees_with_pandapower(phase: int) -> None:
    g = grid(*ROWS)
    customer = bus(g, "C")
    drawn = phase_powers(g)
    drawn[customer, phase] = drawn.get((customer, phase), 0j) + complex(4.6, 1)
    net = solve_phases_by_pandapower(g, drawn)
    phasors = states(g, proposal_at(customer, 4.6, 1), SERVICE)[phase]
    assert np.abs(phasors) == pytest.approx(phase_voltages(net), abs=1e-5)
    unbalance = net.res_bus_3ph.unbalance_percent.to_numpy(float)
    assert unbalance_pct(phasors) == pytest.approx(unbalance, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_random_network_agrees_with_pandapower(seed: int) -> None:
    pick = random.Random(seed)
    rows, names = (
        ["S1 sk=1000000", f"S1>A {pick.choice([160, 400])} tap={pick.randint(-1, 1)}"],
        ["A"],
    )
    for n in range(12):
        r, x = pick.uniform(0.1, 0.9), pick.uniform(0.05, 0.1)
        zero = f"r0={r * pick.uniform(2, 5):.4f} x0={x * pick.uniform(2, 5):.4f} c0=0"
        length_m = pick.randint(10, 80)
        rows.append(f"{pick.choice(names)}-N{n} {length_m} r={r:.4f} x={x:.4f} c=0 {zero}")
        rows.append(f"N{n}: {pick.uniform(0.5, 4):.2f} kW 0.6 kvar {pick.choice(PHASE_WORDS)}")
        names.append(f"N{n}")
    g = grid(*rows)
    customer, drawn = bus(g, "N11"), phase_powers(g)
    drawn[customer, 1] = drawn.get((customer, 1), 0j) + complex(3.7, 0.5)
    expected = phase_voltages(solve_phases_by_pandapower(g, drawn))
    phasors = states(g, proposal_at(customer, 3.7, 0.5), SERVICE)[1]
    assert np.abs(phasors) == pytest.approx(expected, abs=1e-5)


def test_stiff_source_holds_the_medium_voltage() -> None:
    g = grid("S1 sk=?", *ROWS[1:])
    phasors = states(g, proposal_at(bus(g, "C"), 4.6), SERVICE)[0]
    assert np.abs(phasors[bus(g, "S1")]) == pytest.approx([1.0] * 3, abs=1e-9)


def test_loadings_agree_with_pandapower() -> None:
    g = grid(*ROWS)
    drawn = phase_powers(g)
    drawn[bus(g, "C"), 2] = complex(4.6, 1)
    net = solve_phases_by_pandapower(g, drawn)
    result = by_phase(solve(g, proposal_at(bus(g, "C"), 4.6, 1)))["L3"]
    current_a = net.res_line_3ph.filter(like="i_").max(axis=1).to_numpy(float)[:3] * 1e3
    assert result.line_loading_max_ratio == pytest.approx(
        (current_a / g.lines.rated_current_a).max(), rel=1e-3
    )
    loading = net.res_trafo_3ph[[f"loading_{name}_percent" for name in "abc"]].to_numpy(float)
    assert result.transformer_loading_max_ratio == pytest.approx(loading.max() / 100, rel=2e-2)


def test_balanced_loads_have_the_voltages_of_the_base_state() -> None:
    g = grid(*(row if ":" not in row or "M2:" in row else f"{row} three" for row in TOWN))
    s = snapshot(g)
    base = build_base_states(s, CATALOGUE)[LoadCase.LOAD]
    phasors = states(g, proposal_at(bus(g, "A2"), 4.6), BEFORE_MAIN)[0]
    low = [bus(g, name) for name in ("A", "A1", "A2", "A3", "A4")]
    part = find_low_voltage_part(s, base, proposal_at(bus(g, "A2"), 4.6))
    assert isinstance(part, LowVoltagePart)
    nodes = np.flatnonzero(part.bus | (np.arange(len(part.bus)) == part.primary))
    found = np.abs(phasors[np.searchsorted(nodes, low)])
    assert found == pytest.approx(
        np.repeat(base.voltage_pu[MAIN, low][:, None], 3, axis=1), abs=1e-7
    )


def test_customer_gets_the_phase_that_is_least_loaded() -> None:
    g = grid(*ROWS[:5], "B: 4 kW L1", "C: 3 kW L2")
    assert solve(g, proposal_at(bus(g, "C"), 4.6)).assigned == "L3"


def test_phases_that_are_loaded_alike_give_the_first() -> None:
    g = grid(*ROWS[:6])
    result = solve(g, proposal_at(bus(g, "C"), 4.6))
    assert result.assigned == "L1"
    voltages = [one.voltage_at_customer_pu for one in result.phases]
    assert voltages == pytest.approx([voltages[0]] * 3)


def test_generation_gets_the_phase_with_most_load() -> None:
    g = grid(*ROWS[:5], "B: 40 kW L2 industrial", "C: 3 kW L1")
    feeds_in = Proposal(
        bus=bus(g, "C"),
        p_kw=np.outer([0.0, -4.6], np.ones(5)),
        q_kvar=np.zeros((2, 5)),
    )
    result = solve(g, feeds_in)
    assert result.assigned == "L2"
    assert best(result).voltage_at_customer_max_pu > 1.0


def test_earlier_promises_count_on_their_phase() -> None:
    g = grid(*ROWS[:5])
    promised = {LoadCase.LOAD: demand_at_buses([bus(g, "B"), bus(g, "C")], [4.6, 4.6])}
    held = {LoadCase.LOAD: np.array([Phases.L1, Phases.L2], np.uint8)}
    result = solve(g, proposal_at(bus(g, "C"), 4.6), reservations=promised, held=held)
    assert result.assigned == "L3"


def test_three_phase_promise_is_balanced_and_a_small_unknown_one_gathers() -> None:
    g = grid(*ROWS[:5])
    at = bus(g, "C")

    def lowest(p_kw: float, *codes: Phases) -> float:
        promised = {LoadCase.LOAD: demand_at_buses([at], p_kw)}
        held = {LoadCase.LOAD: np.array(codes, np.uint8)} if codes else {}
        result = solve(g, proposal_at(at, 2), reservations=promised, held=held)
        return best(result).voltage_at_customer_pu

    assert lowest(4, Phases.THREE) > lowest(4, Phases.UNKNOWN)
    assert lowest(4) == lowest(4, Phases.UNKNOWN)
    assert lowest(40, Phases.THREE) == lowest(40, Phases.UNKNOWN)


def test_promise_on_a_line_and_one_elsewhere_are_placed() -> None:
    g = grid(*TOWN)
    at_line = {LoadCase.LOAD: demand_on_line(line(g, "A1-A2"), 60, 4, 1)}
    elsewhere = {LoadCase.LOAD: demand_on_line(line(g, "B-B1"), 60, 4, 1)}
    proposal = proposal_at(bus(g, "A2"), 4.6)
    alone, near, far = (
        best(solve(g, proposal, reservations=promised)).voltage_at_customer_pu
        for promised in (None, at_line, elsewhere)
    )
    assert alone - near > 1e-3
    assert 0 <= alone - far < 1e-4


def test_several_existing_loads_together_say_what_each_says_alone() -> None:
    g = grid(*ROWS)
    proposal = proposal_at(bus(g, "C"), 3.0)
    footings = [
        build_base_states(snapshot(g), CATALOGUE, load_factor=factor) for factor in (0.8, 1.0, 1.2)
    ]
    together = prove_single_phases(snapshot(g), footings, CATALOGUE, proposal, {})
    assert together == tuple(
        prove_single_phase(snapshot(g), bases, CATALOGUE, proposal, {}) for bases in footings
    )
    lowest = [best(result).voltage_min_pu for result in together]
    assert lowest == sorted(lowest, reverse=True)


def test_wrong_number_of_held_phases_is_refused() -> None:
    g = grid(*ROWS)
    with pytest.raises(InputError, match="2 phases for 0 reservations"):
        solve(g, proposal_at(bus(g, "C"), 1), held={LoadCase.LOAD: np.ones(2, np.uint8)})


def test_new_cable_drops_voltage_over_phase_and_neutral() -> None:
    # 4.6 kW over 40 m of 0.642 ohm/km with 230.9 V: 19.9 A * 2 * 0.02568 ohm = 1.02 V, 0.443 %
    g = grid(*ROWS[:5])
    result = best(solve(g, proposal_at(bus(g, "B"), 4.6, cable=SERVICE_CABLE)))
    assert result.voltage_drop_pct == pytest.approx(0.443, abs=0.01)
    assert result.own_cable_loading_ratio == pytest.approx(19.92 / 142, rel=2e-2)


def test_demand_counts_in_full_at_the_customer_and_coincident_upstream() -> None:
    g = grid(*ROWS[:5])
    full = best(solve(g, proposal_at(bus(g, "C"), 4.6)))
    shared = best(
        solve(g, Proposal(bus=bus(g, "C"), **powers(4.6, 0, COINCIDENT)))  # type: ignore[arg-type]
    )
    assert shared.voltage_at_customer_pu == full.voltage_at_customer_pu
    assert shared.line_loading_max_ratio == pytest.approx(
        0.6 * full.line_loading_max_ratio, rel=2e-2
    )
    assert shared.voltage_min_pu > full.voltage_min_pu


def test_tap_that_comes_with_the_connection_lifts_the_customer() -> None:
    g = grid(*ROWS)
    tap = ((transformer(g, "S1>A"), -1),)
    plain = best(solve(g, proposal_at(bus(g, "C"), 4.6)))
    lifted = best(solve(g, proposal_at(bus(g, "C"), 4.6, tap_positions=tap)))
    assert lifted.voltage_at_customer_pu - plain.voltage_at_customer_pu == pytest.approx(
        0.0256, abs=1e-3
    )
    assert lifted.base_voltage_at_customer_pu == pytest.approx(plain.base_voltage_at_customer_pu)


def test_point_on_a_line_lies_between_its_ends() -> None:
    g = grid(*ROWS)
    on_line = Proposal(line=line(g, "A-B"), offset_m=60, **powers(4.6))  # type: ignore[arg-type]
    between = solve(g, on_line)
    ends = [best(solve(g, proposal_at(bus(g, name), 4.6))) for name in ("A", "B")]
    assert between.access == "joint on line A-B"
    at_a, at_b = (end.voltage_at_customer_pu for end in ends)
    assert at_b < best(between).voltage_at_customer_pu < at_a


def test_injections_of_the_proposal_are_balanced_and_those_elsewhere_left_out() -> None:
    g = grid(*TOWN)
    extra = (demand_at_buses([bus(g, "A2"), bus(g, "B1")], 10.0), demand_at_buses([], 0.0))
    on_line = (demand_on_line(line(g, "A1-A2"), 149.9, 10.0), demand_at_buses([], 0.0))
    plain, at_bus, at_line = (
        best(solve(g, proposal_at(bus(g, "A2"), 4.6, extra_injections=injections)))
        for injections in ((), extra, on_line)
    )
    assert at_bus.voltage_at_customer_pu < plain.voltage_at_customer_pu
    assert at_line.voltage_at_customer_pu == pytest.approx(at_bus.voltage_at_customer_pu, abs=1e-5)


def test_unknown_phases_lower_the_voltage_and_are_told() -> None:
    unknown = grid(*ROWS[:5], "C: 2 kW", "C: 2 kW", "B: 6 kW 3 customers")
    known = grid(*ROWS[:5], "C: 2 kW three", "C: 2 kW three", "B: 6 kW three 3 customers")
    proposal = proposal_at(bus(unknown, "C"), 4.6)
    low, high = best(solve(unknown, proposal)), best(solve(known, proposal))
    assert low.voltage_at_customer_pu < high.voltage_at_customer_pu
    # five equal customers: all five on one phase 3 / 243 = 1.2 %, so four of five at 95 %
    told = findings(solve(unknown, proposal), "single_phase.unknown_quantile")
    assert "5 existing single-phase customers (10.0 kVA together)" in told[0].text
    assert "80 % of their load" in told[0].text
    assert told[0].severity is Severity.SURVEY
    assert findings(solve(known, proposal), "single_phase.unknown_quantile") == []


def test_assumed_zero_sequence_is_told() -> None:
    g = grid("S1>A 250", "A-B 100", f"B-C 50 {ZERO}")
    told = findings(
        solve(g, proposal_at(bus(g, "C"), 4.6, cable=SERVICE_CABLE)), "single_phase.r0_r1_ratio"
    )
    assert "1 of 2 lines (first: line A-B) and the new cable" in told[0].text
    assert told[0].severity is Severity.WARNING
    known = grid("S1>A 250", f"A-B 100 {ZERO}")
    assert (
        findings(solve(known, proposal_at(bus(known, "B"), 4.6)), "single_phase.r0_r1_ratio") == []
    )


def test_ratio_of_the_catalogue_stands_for_an_unknown_zero_sequence() -> None:
    unknown = grid("S1>A 250", "A-B 100 r=0.2 x=0.08 c=0")
    known = grid("S1>A 250", "A-B 100 r=0.2 x=0.08 c=0 r0=0.8 x0=0.32 c0=0")
    voltages = [
        best(solve(g, proposal_at(bus(g, "B"), 4.6))).voltage_at_customer_pu
        for g in (unknown, known)
    ]
    assert voltages[0] == pytest.approx(voltages[1], abs=1e-9)


def test_transformer_that_is_no_dyn_is_told() -> None:
    g = grid("S1>A 250 clock=0", f"A-B 100 {ZERO}")
    result = solve(g, proposal_at(bus(g, "B"), 4.6))
    assert result.assumed_dyn == ("S1>A",)
    told = [one for one in check_single_phase(result, CATALOGUE) if "no Dyn" in one.text]
    assert told[0].severity is Severity.SURVEY
    same = solve(grid("S1>A 250", f"A-B 100 {ZERO}"), proposal_at(bus(g, "B"), 4.6))
    assert best(same).voltage_at_customer_pu == best(result).voltage_at_customer_pu


def test_demand_beyond_collapse_is_a_violation_without_numbers() -> None:
    g = grid("S1>A 100", f"A-B 1500 {ZERO}")
    result = solve(g, proposal_at(bus(g, "B"), 300))
    told = check_single_phase(result, CATALOGUE)
    assert [one.severity for one in told] == [Severity.VIOLATION]
    assert told[0].measured is None
    assert "load/service" in told[0].text


def test_low_voltage_on_one_phase_is_a_violation_that_the_balanced_proof_misses() -> None:
    g = grid("S1>A 250", f"A-B 600 {ZERO}")
    proposal = proposal_at(bus(g, "B"), 20)
    s = snapshot(g)
    balanced = prove(s, build_base_states(s, CATALOGUE), [proposal])[0].voltage_at_customer_pu
    assert balanced > 0.98
    worst = findings(solve(g, proposal), "voltage.lv_min_pu")
    assert {one.severity for one in worst} == {Severity.VIOLATION}


def test_limit_that_was_breached_before_is_told_apart() -> None:
    rows = ("S1>A 250", f"A-B 900 {ZERO}", f"A-C 20 {ZERO}", "B: 100 kW three")
    g = grid(*rows)
    far = findings(solve(g, proposal_at(bus(g, "C"), 2)), "voltage.lv_min_pu")
    texts = " | ".join(one.text for one in far if one.severity is not Severity.INFO)
    assert "breached before" in texts
    near = findings(solve(g, proposal_at(bus(g, "B"), 4)), "voltage.lv_min_pu")
    worse = [one for one in near if one.severity is Severity.VIOLATION]
    assert any("this makes it worse" in one.text for one in worse)


def test_existing_service_that_is_relieved_keeps_a_warning_only() -> None:
    g = grid("S1>A 250", f"A-B 900 {ZERO}", "B: 100 kW three")
    relief = Proposal(bus=bus(g, "B"), **powers(-2))  # type: ignore[arg-type]
    told = findings(solve(g, relief), "voltage.lv_min_pu")
    at_customer = [one for one in told if "at the customer" in one.text]
    assert at_customer[0].severity is Severity.WARNING
    assert "does not make it worse" in at_customer[0].text


@pytest.mark.parametrize(
    ("rows", "text", "severity"),
    [
        (("S1>A 250", "A-B 50 open@A"), "nothing supplies", Severity.VIOLATION),
        (
            ("S1-M1 50", "S1-M2 90", "M1>A 250", "M2>C 250", "A-B 5", "B-C 5"),
            "not proven",
            Severity.SURVEY,
        ),
    ],
)
def test_what_cannot_be_solved_is_told(
    rows: tuple[str, ...], text: str, severity: Severity
) -> None:
    g = grid(*rows)
    result = solve(g, proposal_at(bus(g, "B"), 4.6))
    assert result.best is None
    told = check_single_phase(result, CATALOGUE)
    assert [one.severity for one in told] == [severity]
    assert text in told[0].text


def test_phase_without_a_solution_is_never_chosen() -> None:
    kept = PhaseResult(
        phase="L3", converged=True, voltage_at_customer_pu=0.8, voltage_at_customer_max_pu=0.8
    )
    lost = PhaseResult(phase="L1", converged=False, failed_states=("load/main",))
    assert assign_phase((lost, kept), CATALOGUE) == "L3"
    assert math.isnan(lost.voltage_min_pu)
    assert math.isnan(lost.unbalance_pct)
    told = check_single_phase(
        SinglePhaseResult(phases=(lost, kept), assigned="L3", access="bus B"), CATALOGUE
    )
    assert "L1 no operating point" in told[0].text


def test_unused_demand_is_still_proven_in_the_load_case() -> None:
    g = grid(*ROWS)
    assert best(solve(g, proposal_at(bus(g, "C"), 0))).converged


def test_unbalance_is_the_ratio_of_sequence_components() -> None:
    turn = np.exp(2j * np.pi / 3)
    positive = np.array([1, turn**2, turn])
    assert unbalance_pct(positive) == pytest.approx(0, abs=1e-12)
    assert unbalance_pct(positive + 0.02 * positive.conj()) == pytest.approx(2)
