"""Backfeed states against pandapower with the same switches thrown, and what they mean."""

from __future__ import annotations

import warnings
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from gisplan.electrical.backfeed.backfeed import (
    BackfeedBase,
    BackfeedProof,
    build_backfeed_base,
    find_unbacked,
    prove_backfeed,
)
from gisplan.electrical.backfeed.backfeed_states import SwitchedState
from gisplan.electrical.base.base_state import BaseState, build_base_states
from gisplan.electrical.demand import Demands, LoadCase, join_demands
from gisplan.electrical.proof.proposal import NewCable, Proposal
from gisplan.errors import InputError
from gisplan.model.grid import Grid
from gisplan.model.option import BackfeedState, Finding, Severity
from gisplan.network.snapshot import Snapshot
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import (
    COINCIDENT,
    MV_CABLE,
    SERVICE_CABLE,
    bus,
    demand_at_buses,
    demand_on_line,
    line,
    powers,
    proposal_at,
    snapshot,
    transformer,
)
from tests.unit.electrical.oracle import (
    add_bus,
    add_cable,
    add_load,
    grid_from_pandapower,
    pandapower_from_grid,
    solve,
    split_line,
)

CATALOGUE = load_catalogue("eu")

# two substations, a feeder of each with a tie between them, and a radial stub
PAIR = (
    "S1>H1 25000 110/20 tap=-3",
    "S2>H2 16000 110/20 tap=-3",
    "H1-A1 3000",
    "A1-A2 3000",
    "A2-B2 500 open",
    "H2-B1 2000",
    "B1-B2 3000",
    "H1-C1 1000",
    "A1: 2000 kW 500 kvar",
    "A2: 2000 kW 500 kvar",
    "B1: 3000 kW 300 kvar",
    "C1: 500 kW",
)
OWN_HEAD = "head of feeder H1-A1 out, tie A2-B2 closed"
NEIGHBOUR = "head of feeder H2-B1 out, tie A2-B2 closed"


def based(g: Grid, reserved: Demands | None = None) -> tuple[Snapshot, dict[LoadCase, BaseState]]:
    some = snapshot(g)
    held = {} if reserved is None else {LoadCase.LOAD: reserved}
    return some, build_base_states(some, CATALOGUE, reservations=held)


def proven(g: Grid, *proposals: Proposal, reserved: Demands | None = None) -> Any:
    some, bases = based(g, reserved)
    results = prove_backfeed(some, bases, CATALOGUE, proposals)
    return results[0] if len(results) == 1 else results


def state(proof: BackfeedProof, words: str) -> BackfeedState:
    (found,) = [one for one in proof.states if one.state == words]
    return found


def findings(proof: BackfeedProof, rule: str, severity: Severity) -> list[Finding]:
    return [one for one in proof.findings if one.rule == rule and one.severity is severity]


def violations(proof: BackfeedProof) -> list[Finding]:
    return [one for one in proof.findings if one.severity is Severity.VIOLATION]


def unloaded(g: Grid, base: BaseState) -> Any:
    """The oracle's net with the demands of one load case."""
    none = {"active_power_kw": np.empty(0), "reactive_power_kvar": np.empty(0)}
    empty = replace(
        g,
        loads=replace(g.loads, load_id=np.empty(0, "U1"), bus=np.empty(0, np.int64), **none),
        generators=replace(
            g.generators, generator_id=np.empty(0, "U1"), bus=np.empty(0, np.int64), **none
        ),
    )
    net = pandapower_from_grid(empty)
    net.ext_grid["vm_pu"] += base.source_shift_pu
    for row in np.flatnonzero((base.bus_p_kw != 0) | (base.bus_q_kvar != 0)):
        add_load(net, int(row), float(base.bus_p_kw[row]), float(base.bus_q_kvar[row]))
    return net


def set_line_end(net: Any, line_row: int, bus_row: int, *, closed: bool) -> None:
    import pandapower

    at = (net.switch.et == "l") & (net.switch.element == line_row) & (net.switch.bus == bus_row)
    if at.any():
        net.switch.loc[at, "closed"] = closed
    else:
        pandapower.create_switch(net, bus_row, line_row, "l", closed=closed)


def throw(net: Any, g: Grid, switched: SwitchedState) -> None:
    """Throw the switches of a state in the oracle's net."""
    for ends, closed in ((switched.switching.opened, False), (switched.switching.closed, True)):
        for end in ends:
            at = g.lines.from_bus if end.at_from else g.lines.to_bus
            set_line_end(net, end.line, int(at[end.line]), closed=closed)
    net.trafo.loc[list(switched.switching.transformers_out), "in_service"] = False


def swap(net: Any, g: Grid, *, head: tuple[str, str], tie: tuple[str, str]) -> None:
    """Open a head and close a tie, each a line and the bus at which it is switched."""
    set_line_end(net, line(g, head[0]), bus(g, head[1]), closed=False)
    set_line_end(net, line(g, tie[0]), bus(g, tie[1]), closed=True)


def data(cable: NewCable) -> tuple[float, float, float, float]:
    return (
        cable.resistance_ohm_per_km,
        cable.reactance_ohm_per_km,
        cable.capacitance_nf_per_km,
        cable.rated_current_a,
    )


@cache
def oberrhein() -> tuple[Grid, BackfeedBase]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandapower.networks

        g = grid_from_pandapower(pandapower.networks.mv_oberrhein())
    some = Snapshot(grid=g, topology=build_topology(g), corridors=None)  # type: ignore[arg-type]
    bases = build_base_states(some, CATALOGUE)
    return g, build_backfeed_base(some, bases, CATALOGUE)


def test_every_tie_of_oberrhein_is_a_state_of_both_its_feeders() -> None:
    _, base = oberrhein()
    ends = {(one.opened, one.closed) for one in base.heads}
    # five open line ends between feeders; the sixth one lies within a feeder and resupplies nobody
    assert len(base.heads) == len(ends) == 10
    assert {one.words.rsplit(" ", 2)[1] for one in base.heads} == {
        "line/000023", "line/000031", "line/000066", "line/000088", "line/000188"
    }  # fmt: skip


@pytest.mark.parametrize("case", list(LoadCase))
def test_head_states_of_oberrhein_equal_pandapower(case: LoadCase) -> None:
    g, base = oberrhein()
    base.solve(base.heads)
    place = list(base.bases).index(case)
    normal = unloaded(g, base.bases[case])
    for switched in base.heads:
        net = deepcopy(normal)
        throw(net, g, switched)
        found = base.solved[switched]
        np.testing.assert_allclose(found.voltage_pu[place], solve(net), atol=1e-6, rtol=0)
        np.testing.assert_allclose(
            found.unit_ratio[place] * 100, net.res_trafo.loading_percent, atol=1e-4, rtol=0
        )
        np.testing.assert_allclose(
            found.line_ratio[place] * 100, net.res_line.loading_percent, atol=1e-4, rtol=0
        )


def test_transformer_states_of_oberrhein_equal_pandapower() -> None:
    g, base = oberrhein()
    for row in base.layout.main_transformers:
        base._transformer_states(row)
    states = [one for some in base.by_transformer.values() for one in some]
    base.solve(states)
    assert len(states) == 2
    normal = unloaded(g, base.bases[LoadCase.LOAD])
    for switched in states:
        net = deepcopy(normal)
        throw(net, g, switched)
        np.testing.assert_allclose(
            base.solved[switched].voltage_pu[0], solve(net), atol=1e-6, rtol=0
        )


def test_what_oberrhein_breaks_already_is_a_violation_and_told_apart() -> None:
    g, base = oberrhein()
    at = int(g.lines.from_bus[np.flatnonzero(g.lines.line_id == "line/000193")[0]])
    (proof,) = prove_backfeed(
        base.snapshot, base.bases, CATALOGUE, [proposal_at(at, 100.0)], prepared=base
    )
    (broken,) = findings(proof, "backfeed.loading_max_line", Severity.VIOLATION)
    (told,) = findings(proof, "backfeed.loading_max_line", Severity.WARNING)
    assert "does not excuse a backfeed state" in broken.text
    assert told.text.startswith("Without this connection already: ")
    assert not any(one.holds for one in proof.states)


def connected(g: Grid, base: BaseState, at: int, cable: NewCable, p: float, q: float) -> Any:
    """The oracle's net with a new customer; its bus and cable stand last."""
    net = unloaded(g, base)
    customer = add_bus(net, at)
    add_cable(net, at, customer, cable.length_m, data(cable))
    add_load(net, customer, p, q)
    return net


def test_own_head_out_equals_pandapower_with_and_without_the_connection() -> None:
    g = grid(*PAIR)
    some, bases = based(g)
    proposal = proposal_at(bus(g, "A2"), 1500.0, 300.0, cable=MV_CABLE)
    (proof,) = prove_backfeed(some, bases, CATALOGUE, [proposal])
    found = state(proof, OWN_HEAD)
    values = []
    for net in (
        connected(g, bases[LoadCase.LOAD], bus(g, "A2"), MV_CABLE, 1500.0, 300.0),
        unloaded(g, bases[LoadCase.LOAD]),
    ):
        swap(net, g, head=("H1-A1", "H1"), tie=("A2-B2", "B2"))
        values.append((solve(net), net.res_line.loading_percent / 100))
    (volts, loadings), (volts_before, loadings_before) = values
    assert found.limiting_element == "line H2-B1"
    assert found.loading_max == pytest.approx(loadings[line(g, "H2-B1")], abs=1e-6)
    assert found.loading_before == pytest.approx(loadings_before[line(g, "H2-B1")], abs=1e-6)
    assert found.voltage_min_bus == "A1"
    assert found.voltage_min_pu == pytest.approx(volts[bus(g, "A1")], abs=1e-6)
    assert found.voltage_min_before_pu == pytest.approx(volts_before[bus(g, "A1")], abs=1e-6)
    assert (found.opened, found.closed) == ("line H1-A1 at bus H1", "line A2-B2 at bus B2")
    assert found.unsupplied_buses == 0
    assert found.holds is True


def test_a_neighbour_that_this_feeder_backs_up_burdens_it() -> None:
    g = grid(*PAIR)
    some, bases = based(g)
    (proof,) = prove_backfeed(
        some, bases, CATALOGUE, [proposal_at(bus(g, "A1"), 1500.0, 300.0, cable=MV_CABLE)]
    )
    found = state(proof, NEIGHBOUR)
    net = connected(g, bases[LoadCase.LOAD], bus(g, "A1"), MV_CABLE, 1500.0, 300.0)
    swap(net, g, head=("H2-B1", "H2"), tie=("A2-B2", "B2"))
    volts = solve(net)
    assert found.limiting_element == "line H1-A1"
    assert found.loading_max == pytest.approx(
        net.res_line.loading_percent[line(g, "H1-A1")] / 100, abs=1e-6
    )
    assert found.voltage_min_bus == "B1"
    assert found.voltage_min_pu == pytest.approx(volts[bus(g, "B1")], abs=1e-6)


@pytest.mark.parametrize("name", ["A1-A2", "H1-A1"])
def test_loop_in_equals_pandapower(name: str) -> None:
    g = grid(*PAIR)
    some, bases = based(g)
    proposal = Proposal(
        line=line(g, name), offset_m=1200.0, cable=MV_CABLE, is_loop_in=True,
        **powers(1000.0, 200.0),
    )  # fmt: skip
    (proof,) = prove_backfeed(some, bases, CATALOGUE, [proposal])
    found = state(proof, NEIGHBOUR)
    net = unloaded(g, bases[LoadCase.LOAD])
    near = split_line(net, line(g, name), 1200.0 / 3000.0)
    rest = len(net.line) - 1
    behind = add_bus(net, near)
    net.line.loc[rest, "from_bus"] = behind
    customer = add_bus(net, near)
    legs = [
        add_cable(net, end, customer, MV_CABLE.length_m, data(MV_CABLE)) for end in (near, behind)
    ]
    add_load(net, customer, 1000.0, 200.0)
    swap(net, g, head=("H2-B1", "H2"), tie=("A2-B2", "B2"))
    volts = solve(net)
    judged = [*(bus(g, one) for one in ("A1", "A2", "B1", "B2")), customer]
    assert found.voltage_min_pu == pytest.approx(volts[judged].min(), abs=1e-6)
    head, leg = net.res_line.loading_percent[line(g, "H1-A1")], net.res_line.loading_percent[legs]
    # a leg that carries the neighbour too is thinner than the trunk that it belongs to
    expected = ("new cable", leg.max()) if name == "H1-A1" else ("line H1-A1", head)
    assert found.limiting_element == expected[0]
    assert found.loading_max == pytest.approx(expected[1] / 100, abs=1e-6)
    assert (found.loading_before is None) == (name == "H1-A1")


def test_tee_on_a_tie_line_counts_to_the_feeder_that_charges_it() -> None:
    g = grid(*PAIR)
    proposal = Proposal(line=line(g, "A2-B2"), offset_m=200.0, cable=MV_CABLE, **powers(300.0))
    assert [one.state for one in proven(g, proposal).states][:2] == [OWN_HEAD, NEIGHBOUR]


def test_transformer_out_moves_its_feeders_by_their_ties_and_counts_what_is_dark() -> None:
    g = grid(*PAIR)
    proof = proven(g, proposal_at(bus(g, "A2"), 500.0, cable=MV_CABLE))
    words = "transformer S1>H1 out, feeder H1-A1 by tie A2-B2; without supply: feeder H1-C1"
    found = state(proof, words)
    # the busbar H1 and the stub C1
    assert found.unsupplied_buses == 2
    assert found.loading_max == state(proof, OWN_HEAD).loading_max
    assert found.opened == "transformer S1>H1; line H1-A1 at bus H1"


def test_the_better_of_two_ties_replaces_a_transformer() -> None:
    g = grid(*PAIR, "S2>H3 16000 110/20", "H3-D1 500", "D1-A1 300 open")
    proof = proven(g, proposal_at(bus(g, "A2"), 500.0, cable=MV_CABLE))
    assert [one.state for one in proof.states if "transformer S1>H1" in one.state] == [
        "transformer S1>H1 out, feeder H1-A1 by tie D1-A1; without supply: feeder H1-C1"
    ]
    assert {one.state for one in proof.states if one.state.startswith("head")} == {
        OWN_HEAD,
        NEIGHBOUR,
        "head of feeder H1-A1 out, tie D1-A1 closed",
        "head of feeder H3-D1 out, tie D1-A1 closed",
    }


def test_coupler_resupplies_a_busbar_and_burdens_both_transformers() -> None:
    g = grid(*PAIR, "H1=H2 open")
    some, bases = based(g)
    proof = prove_backfeed(
        some, bases, CATALOGUE, [proposal_at(bus(g, "C1"), 900.0, 100.0, cable=MV_CABLE)]
    )[0]
    own = state(proof, "transformer S1>H1 out, coupler H1=H2 closed")
    other = state(proof, "transformer S2>H2 out, coupler H1=H2 closed")
    assert own.closed == "switch H1=H2"
    for found, out, left in ((own, "S1>H1", "S2>H2"), (other, "S2>H2", "S1>H1")):
        net = connected(g, bases[LoadCase.LOAD], bus(g, "C1"), MV_CABLE, 900.0, 100.0)
        net.switch.loc[net.switch.et == "b", "closed"] = True
        net.trafo.loc[transformer(g, out), "in_service"] = False
        volts = solve(net)
        assert found.limiting_element == f"transformer {left}"
        assert found.loading_max == pytest.approx(
            net.res_trafo.loading_percent[transformer(g, left)] / 100, abs=1e-6
        )
        lowest = bus(g, found.voltage_min_bus)
        assert found.voltage_min_pu == pytest.approx(volts[lowest], abs=1e-6)
        assert found.unsupplied_buses == 0


def test_a_line_between_busbars_that_ends_open_is_a_coupler() -> None:
    g = grid(*PAIR, "H1-H2 800 open")
    proof = proven(g, proposal_at(bus(g, "C1"), 900.0, cable=MV_CABLE))
    assert state(proof, "transformer S1>H1 out, coupler H1-H2 closed").closed == (
        "line H1-H2 at bus H2"
    )


def test_transformers_in_parallel_need_no_switching() -> None:
    g = grid(*PAIR, "S1>H1 16000 110/20 tap=-3 id=T2")
    some, bases = based(g)
    proof = prove_backfeed(
        some, bases, CATALOGUE, [proposal_at(bus(g, "C1"), 900.0, 100.0, cable=MV_CABLE)]
    )[0]
    found = state(proof, "transformer S1>H1 out, what stands in parallel supplies its busbar")
    net = connected(g, bases[LoadCase.LOAD], bus(g, "C1"), MV_CABLE, 900.0, 100.0)
    net.trafo.loc[transformer(g, "S1>H1"), "in_service"] = False
    solve(net)
    assert found.limiting_element == "transformer T2"
    assert found.loading_max == pytest.approx(
        net.res_trafo.loading_percent[transformer(g, "T2")] / 100, abs=1e-6
    )
    assert state(proof, "transformer T2 out, what stands in parallel supplies its busbar")


def test_of_several_equal_units_one_is_out() -> None:
    rows = ("H1-A1 3000", "A1: 9000 kW 900 kvar")
    g = grid("S1>H1 8000 110/20 x2", *rows)
    some, bases = based(g)
    (proof,) = prove_backfeed(some, bases, CATALOGUE, [proposal_at(bus(g, "A1"), 500.0)])
    one = grid("S1>H1 8000 110/20", *rows)
    net = unloaded(one, bases[LoadCase.LOAD])
    add_load(net, bus(one, "A1"), 500.0, 0.0)
    volts = solve(net)
    assert len(proof.states) == 2
    for found in proof.states:
        assert found.state == (
            "transformer S1>H1 (1 of 2) out, what stands in parallel supplies its busbar"
        )
        assert found.limiting_element == "transformer S1>H1"
        assert found.loading_max == pytest.approx(net.res_trafo.loading_percent[0] / 100, abs=1e-6)
        assert found.voltage_min_pu == pytest.approx(volts[bus(one, "A1")], abs=1e-6)


def test_standby_transformer_is_switched_in() -> None:
    g = grid(*PAIR, "S1>H1 10000 110/20 tap=-3 open id=T2")
    proof = proven(g, proposal_at(bus(g, "C1"), 900.0, cable=MV_CABLE))
    found = state(proof, "transformer S1>H1 out, standby transformer T2 closed")
    assert (found.closed, found.limiting_element) == ("transformer T2", "transformer T2")
    assert found.unsupplied_buses == 0


def test_radial_stub_is_a_warning_and_no_violation() -> None:
    g = grid("S1>H1 25000 110/20", "H1-C1 1000", "C1: 500 kW")
    proof = proven(g, proposal_at(bus(g, "C1"), 500.0, cable=MV_CABLE))
    told = [one for one in proof.findings if one.rule == "backfeed.none"]
    assert [one.severity for one in told] == [Severity.WARNING, Severity.WARNING]
    assert "feeder H1-C1 is a radial stub" in told[0].text
    assert "transformer S1>H1 out" in told[1].text
    assert violations(proof) == []


def test_a_state_that_leaves_the_connection_dark_proves_nothing() -> None:
    g = grid(*PAIR)
    proof = proven(g, proposal_at(bus(g, "C1"), 500.0, cable=MV_CABLE))
    (found,) = proof.states
    assert (found.holds, found.loading_max, found.voltage_min_pu) == (None, None, None)


def test_own_bay_at_a_busbar_is_a_stub() -> None:
    g = grid(*PAIR, "H1=H2 open")
    proof = proven(g, proposal_at(bus(g, "H1"), 500.0, cable=MV_CABLE))
    assert [one.state for one in proof.states] == [
        "transformer S1>H1 out, coupler H1=H2 closed",
        "transformer S2>H2 out, coupler H1=H2 closed",
    ]
    (told,) = [one for one in proof.findings if one.rule == "backfeed.none"]
    assert "the new feeder at bus H1 is a radial stub" in told.text


def test_a_limit_broken_by_the_connection_says_so() -> None:
    g = grid(*PAIR)
    proof = proven(g, proposal_at(bus(g, "A2"), 6000.0, 1000.0, cable=MV_CABLE))
    (broken,) = findings(proof, "backfeed.loading_max_line", Severity.VIOLATION)
    assert broken.measured is not None
    assert broken.measured > 1.0
    assert "before 55." in broken.text
    assert "excuse" not in broken.text
    assert findings(proof, "backfeed.loading_max_line", Severity.WARNING) == []
    assert state(proof, OWN_HEAD).holds is False


def test_a_limit_broken_before_is_a_violation_though_nothing_gets_worse() -> None:
    g = grid(*PAIR, "B2: 6000 kW 1000 kvar")
    # feeding in at the load case relieves the neighbour, and yet its backfeed does not hold
    proof = proven(g, proposal_at(bus(g, "A2"), -200.0, cable=MV_CABLE))
    found = state(proof, OWN_HEAD)
    assert found.loading_max is not None
    assert found.loading_before is not None
    assert found.loading_max < found.loading_before
    (broken,) = findings(proof, "backfeed.loading_max_line", Severity.VIOLATION)
    assert "the limit was broken before already" in broken.text
    (told,) = findings(proof, "backfeed.loading_max_line", Severity.WARNING)
    assert "Without this connection already" in told.text


def test_states_that_the_connection_breaks_and_those_broken_before_are_two_findings() -> None:
    g = grid(
        "S1>H1 25000 110/20", "S2>H2 25000 110/20", "S3>H3 25000 110/20",
        "H1-A 1000", "A-B 500 open", "A-C 500 open", "H2-B 1000", "H3-C 1000 i=100",
        "A: 4000 kW", "B: 6000 kW", "C: 200 kW",
    )  # fmt: skip
    proof = proven(g, proposal_at(bus(g, "A"), 4000.0, cable=MV_CABLE))
    texts = [one.text for one in findings(proof, "backfeed.loading_max_line", Severity.VIOLATION)]
    assert len(texts) == 2
    assert "excuse" not in texts[0]
    assert "line H3-C" in texts[1]
    assert "does not excuse" in texts[1]


def test_state_that_did_not_hold_before_refuses_only_who_asks_for_a_backfeed() -> None:
    g = grid(*PAIR, "B2: 6000 kW 1000 kvar")
    some = snapshot(g)
    bases = build_base_states(some, CATALOGUE)
    proposal = proposal_at(bus(g, "A2"), 200.0, cable=MV_CABLE)
    (lenient,) = prove_backfeed(some, bases, CATALOGUE, [proposal], is_strict=False)
    assert findings(lenient, "backfeed.loading_max_line", Severity.VIOLATION) == []
    texts = [one.text for one in findings(lenient, "backfeed.loading_max_line", Severity.WARNING)]
    assert any("this state did not hold before" in text for text in texts)
    assert state(lenient, OWN_HEAD).holds is False
    (strict,) = prove_backfeed(some, bases, CATALOGUE, [proposal], is_strict=True)
    assert findings(strict, "backfeed.loading_max_line", Severity.VIOLATION)


def test_state_that_held_before_refuses_everybody_who_breaks_it() -> None:
    g = grid(*PAIR)
    some = snapshot(g)
    bases = build_base_states(some, CATALOGUE)
    proposal = proposal_at(bus(g, "A2"), 6000.0, 1000.0, cable=MV_CABLE)
    (proof,) = prove_backfeed(some, bases, CATALOGUE, [proposal], is_strict=False)
    assert findings(proof, "backfeed.loading_max_line", Severity.VIOLATION)


def test_voltage_collapse_is_a_finding() -> None:
    g = grid(
        "S1>H1 25000 110/20", "S2>H2 25000 110/20", "H1-A 1000", "A-B 500 open",
        "H2-B 40000 r=0.6 x=0.3", "A: 100 kW",
    )  # fmt: skip
    proof = proven(g, proposal_at(bus(g, "A"), 12000.0, 3000.0, cable=MV_CABLE))
    found = state(proof, "head of feeder H1-A out, tie A-B closed")
    assert (found.holds, found.voltage_min_pu, found.unsupplied_buses) == (False, None, 0)
    collapse = next(one for one in violations(proof) if "collapse" in one.text)
    assert "none before" not in collapse.text


def test_collapse_without_the_connection_is_told_apart() -> None:
    g = grid(
        "S1>H1 25000 110/20", "S2>H2 25000 110/20", "H1-A 1000", "A-B 500 open",
        "H2-B 40000 r=0.6 x=0.3", "A: 12000 kW 3000 kvar",
    )  # fmt: skip
    proof = proven(g, proposal_at(bus(g, "A"), 100.0, cable=MV_CABLE))
    assert any("there was none before either" in one.text for one in violations(proof))
    told = findings(proof, "backfeed.voltage_min_pu", Severity.WARNING)
    assert any("Without this connection already" in one.text for one in told)


def test_collapse_where_a_limit_was_broken_before_refuses_only_who_asks_for_a_backfeed() -> None:
    # 3,200 kW over 40 km stand below 0.9 p.u. when the tie is closed; 12,200 kW have no solution
    g = grid(
        "S1>H1 25000 110/20", "S2>H2 25000 110/20", "H1-A 1000 i=1000", "A-B 500 open",
        "H2-B 40000 r=0.6 x=0.3", "A: 3200 kW 800 kvar",
    )  # fmt: skip
    some, bases = based(g)
    proposal = proposal_at(bus(g, "A"), 9000.0, 2000.0, cable=MV_CABLE)
    (lenient,) = prove_backfeed(some, bases, CATALOGUE, [proposal], is_strict=False)
    assert violations(lenient) == []
    told = findings(lenient, "backfeed.voltage_min_pu", Severity.WARNING)
    assert any("collapse" in one.text and "did not hold before" in one.text for one in told)
    assert any("Without this connection already" in one.text for one in told)
    (strict,) = prove_backfeed(some, bases, CATALOGUE, [proposal], is_strict=True)
    assert any("collapse" in one.text for one in violations(strict))


def test_feeders_whose_backfeed_is_broken_whoever_connects_are_known_before() -> None:
    some, bases = based(grid(*PAIR, "B2: 6000 kW 1000 kvar"))
    unbacked = find_unbacked(build_backfeed_base(some, bases, CATALOGUE))
    names = some.grid.buses.bus_id[unbacked].tolist()
    # both feeders of the tie, the stub C1 and the busbars have no state that breaks
    assert names == ["A1", "A2", "B1", "B2"]
    some, bases = based(grid(*PAIR))
    assert not find_unbacked(build_backfeed_base(some, bases, CATALOGUE)).any()


@pytest.mark.parametrize("name", ["A1", "A2", "B1", "B2"])
def test_where_no_backfeed_holds_every_load_is_refused(name: str) -> None:
    g = grid(*PAIR, "B2: 6000 kW 1000 kvar")
    assert violations(proven(g, proposal_at(bus(g, name), 10.0, cable=MV_CABLE)))


def test_unknown_rating_proves_nothing() -> None:
    g = grid(*(row.replace("B1-B2 3000", "B1-B2 3000 i=?") for row in PAIR))
    proof = proven(g, proposal_at(bus(g, "A2"), 500.0, cable=MV_CABLE))
    assert state(proof, OWN_HEAD).holds is None
    (asked,) = findings(proof, "backfeed.loading_max_line", Severity.SURVEY)
    assert "rated current of line B1-B2 is unknown" in asked.text


def test_closed_ring_resupplies_itself() -> None:
    g = grid("S1>H1 25000 110/20", "H1-A 1000", "A-B 500", "H1-B 1500", "A: 2000 kW", "B: 1000 kW")
    some, bases = based(g)
    proof = prove_backfeed(some, bases, CATALOGUE, [proposal_at(bus(g, "A"), 500.0)])[0]
    words = [one.state for one in proof.states]
    assert words[:2] == [
        "head of feeder H1-A out, its closed ring supplies it",
        "head of feeder H1-B out, its closed ring supplies it",
    ]
    net = unloaded(g, bases[LoadCase.LOAD])
    add_load(net, bus(g, "A"), 500.0, 0.0)
    set_line_end(net, line(g, "H1-A"), bus(g, "H1"), closed=False)
    assert proof.states[0].voltage_min_pu == pytest.approx(solve(net)[bus(g, "A")], abs=1e-6)


def test_ring_of_a_neighbour_is_burdened_as_a_whole() -> None:
    g = grid(
        "S1>H1 25000 110/20", "S2>H2 25000 110/20", "H1-A 1000", "A-B 500", "H1-B 1500",
        "B-C 700 open", "H2-C 1000", "A: 2000 kW", "C: 1000 kW",
    )  # fmt: skip
    proof = proven(g, proposal_at(bus(g, "A"), 500.0))
    assert "head of feeder H2-C out, tie B-C closed" in [one.state for one in proof.states]


def test_a_line_that_supplies_nobody_yet_is_backed_up_from_its_far_end() -> None:
    g = grid(*PAIR, "H1-B2 2500 open id=spare")
    proposal = Proposal(line=line(g, "spare"), offset_m=500.0, cable=MV_CABLE, **powers(500.0))
    words = [one.state for one in proven(g, proposal).states]
    assert words[:2] == [
        "head of feeder spare out, tie spare closed",
        "head of feeder H2-B1 out, tie spare closed",
    ]


def test_an_open_switch_between_two_buses_is_a_tie() -> None:
    g = grid(*(row.replace("A2-B2 500 open", "A2=B2 open") for row in PAIR))
    some, bases = based(g)
    proof = prove_backfeed(some, bases, CATALOGUE, [proposal_at(bus(g, "A2"), 800.0)])[0]
    found = state(proof, "head of feeder H1-A1 out, tie A2=B2 closed")
    net = unloaded(g, bases[LoadCase.LOAD])
    add_load(net, bus(g, "A2"), 800.0, 0.0)
    net.switch.loc[net.switch.et == "b", "closed"] = True
    set_line_end(net, line(g, "H1-A1"), bus(g, "H1"), closed=False)
    assert found.voltage_min_pu == pytest.approx(solve(net)[bus(g, "A1")], abs=1e-6)
    assert found.closed == "switch A2=B2"


def test_low_voltage_draws_more_where_the_voltage_is_lower() -> None:
    rows = (*PAIR, "A1>T 630", "T-L 200", "L: 150 kW 30 kvar", "T: 200 kW 50 kvar")
    g = grid(*rows)
    held = join_demands(
        [demand_at_buses([bus(g, "L")], 40.0), demand_on_line(line(g, "T-L"), 80.0, 30.0, 5.0)]
    )
    some, bases = based(g, held)
    (proof,) = prove_backfeed(
        some, bases, CATALOGUE, [proposal_at(bus(g, "A2"), 4000.0, 500.0, cable=MV_CABLE)]
    )
    net = connected(g, bases[LoadCase.LOAD], bus(g, "A2"), MV_CABLE, 4000.0, 500.0)
    add_load(net, bus(g, "L"), 40.0, 0.0)
    add_load(net, split_line(net, line(g, "T-L"), 0.4), 30.0, 5.0)
    swap(net, g, head=("H1-A1", "H1"), tie=("A2-B2", "B2"))
    expected = solve(net)[bus(g, "A1")]
    assert state(proof, OWN_HEAD).voltage_min_pu == pytest.approx(expected, abs=5e-6)


def test_low_voltage_that_two_feeders_supply_is_solved_whole() -> None:
    rows = (*PAIR, "A1>T 630", "B1>U 630", "T-U 150", "T: 100 kW")
    g = grid(*rows)
    some, bases = based(g)
    base = build_backfeed_base(some, bases, CATALOGUE)
    assert {bus(g, "T"), bus(g, "U")} <= set(base.placed.network.node)


def test_promises_at_medium_voltage_count_coincident() -> None:
    g = grid(*PAIR)
    held = join_demands(
        [
            demand_at_buses([bus(g, "B1")], 500.0, 100.0, COINCIDENT),
            demand_on_line(line(g, "A1-A2"), 1000.0, 800.0, 100.0, COINCIDENT),
        ]
    )
    some, bases = based(g, held)
    (proof,) = prove_backfeed(some, bases, CATALOGUE, [proposal_at(bus(g, "A2"), 800.0)])
    net = unloaded(g, bases[LoadCase.LOAD])
    # lines and voltages are judged at the level "feeder", the fourth state
    add_load(net, bus(g, "B1"), 500.0 * COINCIDENT[3], 100.0 * COINCIDENT[3])
    joint = split_line(net, line(g, "A1-A2"), 1 / 3)
    add_load(net, joint, 800.0 * COINCIDENT[3], 100.0 * COINCIDENT[3])
    add_load(net, bus(g, "A2"), 800.0, 0.0)
    swap(net, g, head=("H1-A1", "H1"), tie=("A2-B2", "B2"))
    volts = solve(net)
    assert state(proof, OWN_HEAD).voltage_min_pu == pytest.approx(volts[bus(g, "A1")], abs=1e-6)


def test_main_transformers_are_judged_at_the_level_of_the_substation() -> None:
    g = grid(*PAIR)
    full = proposal_at(bus(g, "A2"), 3000.0, cable=MV_CABLE)
    shared = replace(full, **powers(3000.0, 0.0, (1.0, 1.0, 1.0, 1.0, 0.2)))
    one, other = (
        next(f for f in proof.findings if f.rule == "backfeed.loading_max_transformer")
        for proof in proven(g, full, shared)
    )
    assert one.measured is not None
    assert other.measured is not None
    assert other.measured < one.measured - 0.1


def test_what_comes_with_the_proposal_counts_at_its_board() -> None:
    g = grid(*PAIR, "A1>T 630", "T-L 200", "L: 50 kW")
    extra = join_demands(
        [demand_at_buses([bus(g, "L")], 100.0), demand_on_line(line(g, "T-L"), 50.0, 60.0)]
    )
    none = demand_at_buses([], 0.0)
    plain = proposal_at(bus(g, "A2"), 500.0)
    more = replace(plain, extra_injections=(extra, none))
    without, with_it = (state(proof, OWN_HEAD).voltage_min_pu for proof in proven(g, plain, more))
    assert without is not None
    assert with_it is not None
    assert with_it < without


def test_taps_of_the_proposal_are_set() -> None:
    g = grid(*PAIR)
    plain = proposal_at(bus(g, "A2"), 500.0)
    raised = replace(plain, tap_positions=((transformer(g, "S2>H2"), -6),))
    without, with_it = (state(proof, OWN_HEAD).voltage_min_pu for proof in proven(g, plain, raised))
    assert without is not None
    assert with_it is not None
    assert with_it > without + 0.03


def test_only_cases_in_which_the_connection_draws_are_asked() -> None:
    g = grid(*PAIR, "A2: gen 9000 kW")
    load_only = proposal_at(bus(g, "A2"), 500.0)
    both = replace(load_only, p_kw=np.full((2, 5), 500.0))
    one, other = (state(proof, OWN_HEAD).voltage_max_pu for proof in proven(g, load_only, both))
    assert one is not None
    assert other is not None
    assert other > one + 0.005


def test_prepared_states_give_the_same_answer_twice() -> None:
    g = grid(*PAIR)
    some, bases = based(g)
    base = build_backfeed_base(some, bases, CATALOGUE)
    proposal = proposal_at(bus(g, "A2"), 1500.0, 300.0, cable=MV_CABLE)
    first, second = (
        prove_backfeed(some, bases, CATALOGUE, [proposal], prepared=base) for _ in range(2)
    )
    assert first == second == prove_backfeed(some, bases, CATALOGUE, [proposal])


@pytest.mark.parametrize("name", ["L", "S1", "Z"])
def test_low_and_high_voltage_and_what_is_dark_have_no_states(name: str) -> None:
    g = grid(*PAIR, "A1>T 630", "T-L 200", "Z-Y 100")
    proof = proven(g, proposal_at(bus(g, name), 20.0, cable=SERVICE_CABLE))
    assert proof == BackfeedProof()


def test_a_proposal_without_an_access_point_is_refused() -> None:
    with pytest.raises(InputError, match="expected a bus or a line"):
        proven(grid(*PAIR), proposal_at(-1, 20.0))


@pytest.mark.parametrize("profile", ["eu", "cn"])
def test_every_limit_of_backfeed_states_is_in_both_profiles(profile: str) -> None:
    catalogue = load_catalogue(profile)
    assert {one for one in catalogue.rules if one.startswith("backfeed.")} == {
        "backfeed.loading_max_line",
        "backfeed.loading_max_transformer",
        "backfeed.none",
        "backfeed.strict_from_sources",
        "backfeed.voltage_max_pu",
        "backfeed.voltage_min_pu",
    }
