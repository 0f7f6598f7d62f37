"""The low-voltage network of a single-phase customer and the grid behind its transformer."""

from __future__ import annotations

import pytest

from gisplan.electrical.base.base_state import build_base_states
from gisplan.electrical.demand import LoadCase
from gisplan.electrical.phases.low_voltage_part import (
    LowVoltagePart,
    NotProven,
    find_low_voltage_part,
    upstream_impedance,
)
from gisplan.electrical.proof.proposal import Proposal
from gisplan.errors import InputError
from gisplan.model.grid import Grid
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import (
    MV_CABLE,
    TOWN,
    bus,
    line,
    powers,
    proposal_at,
    snapshot,
    solve_existing,
    transformer,
)

CATALOGUE = load_catalogue("eu")


def find(g: Grid, proposal: Proposal) -> LowVoltagePart | NotProven:
    s = snapshot(g)
    return find_low_voltage_part(s, build_base_states(s, CATALOGUE)[LoadCase.LOAD], proposal)


def at_line(g: Grid, name: str, offset_m: float) -> Proposal:
    return Proposal(line=line(g, name), offset_m=offset_m, **powers(4.6))  # type: ignore[arg-type]


def test_part_is_what_hangs_below_the_transformer() -> None:
    g = grid(*TOWN)
    part = find(g, proposal_at(bus(g, "A2"), 4.6))
    assert isinstance(part, LowVoltagePart)
    assert {str(name) for name in g.buses.bus_id[part.bus]} == {"A", "A1", "A2", "A3", "A4"}
    assert part.primary == bus(g, "M1")
    assert part.transformers.tolist() == [transformer(g, "M1>A")]


def test_buses_are_grouped_by_where_they_meet_the_customers_path() -> None:
    g = grid(*TOWN)
    part = find(g, proposal_at(bus(g, "A2"), 4.6))
    assert isinstance(part, LowVoltagePart)
    group = {name: int(part.group[bus(g, name)]) for name in ("A3", "A2", "A4", "A1", "A", "B1")}
    assert group == {"A3": 0, "A2": 0, "A4": 1, "A1": 1, "A": 2, "B1": -1}
    assert part.group_count == 3


@pytest.mark.parametrize(
    ("rows", "lowest"),
    [
        (("S1>A 250", "A-B 100", "B-C 100"), "C"),
        (("S1>A 250", "A-B 100", "C-B 100"), "C"),
        (("S1>A 250", "A-B 100", "B-C 100 open"), "B"),
        (("S1>A 250", "A-B 100", "C-B 100 open@C"), "B"),
    ],
)
def test_point_on_a_line_belongs_to_the_end_below_or_the_closed_one(
    rows: tuple[str, ...], lowest: str
) -> None:
    g = grid(*rows)
    name = next(str(n) for n in g.lines.line_id if n in {"B-C", "C-B"})
    part = find(g, at_line(g, name, 40))
    assert isinstance(part, LowVoltagePart)
    assert part.group[bus(g, lowest)] == 0


def test_two_transformers_at_one_place_are_one_network() -> None:
    g = grid("S1>A 250", "S1>A 400", "A-B 50")
    part = find(g, proposal_at(bus(g, "B"), 4.6))
    assert isinstance(part, LowVoltagePart)
    assert len(part.transformers) == 2


def test_network_fed_from_two_places_is_not_proven() -> None:
    g = grid("S1-M1 500", "S1-M2 700", "M1>A 250", "M2>B 250", "A-B 100")
    reason = find(g, proposal_at(bus(g, "B"), 4.6))
    assert isinstance(reason, NotProven)
    assert reason.is_supplied
    assert "M1>A, M2>B" in reason.text


def test_network_with_a_source_of_its_own_is_not_proven() -> None:
    g = grid("S1-A 100", "A-B 50", nominal_voltage_v=400)
    reason = find(g, proposal_at(bus(g, "B"), 4.6))
    assert isinstance(reason, NotProven)
    assert "source of its own" in reason.text


@pytest.mark.parametrize("place", ["B", "B-C"])
def test_access_point_without_supply_says_so(place: str) -> None:
    g = grid("S1>A 250", "A-B 100 open@A", "B-C 50")
    proposal = proposal_at(bus(g, "B"), 4.6) if place == "B" else at_line(g, "B-C", 10)
    reason = find(g, proposal)
    assert isinstance(reason, NotProven)
    assert not reason.is_supplied


def test_tap_of_another_transformer_is_not_proven() -> None:
    g = grid(*TOWN)
    proposal = proposal_at(bus(g, "A2"), 4.6, tap_positions=((transformer(g, "S1>H"), 1),))
    reason = find(g, proposal)
    assert isinstance(reason, NotProven)
    assert "S1>H" in reason.text


def test_medium_voltage_and_loop_in_are_refused() -> None:
    g = grid(*TOWN)
    with pytest.raises(InputError, match="bus M2 of 20000 V"):
        find(g, proposal_at(bus(g, "M2"), 4.6))
    loop_in = Proposal(
        line=line(g, "A-A1"),
        offset_m=5,
        cable=MV_CABLE,
        is_loop_in=True,
        **powers(4.6),  # type: ignore[arg-type]
    )
    with pytest.raises(InputError, match="as a loop-in"):
        find(g, loop_in)


def test_impedance_of_source_and_line_is_the_hand_calculation() -> None:
    # 500 MVA: 1 / 500,000 p.u. on 1 kVA, R/X 0.1; 2 km of 0.2 + j0.1 ohm/km at 20 kV: 1 kVA over
    # 400 MV^2 makes (0.4 + j0.2) * 2.5e-6
    g = grid("S1-M 2000 r=0.2 x=0.1")
    topology = build_topology(g)
    source = upstream_impedance(g, topology, bus(g, "S1"))
    assert abs(source) == pytest.approx(2e-6)
    assert source.real / source.imag == pytest.approx(0.1)
    of_line = upstream_impedance(g, topology, bus(g, "M")) - source
    assert of_line == pytest.approx(1e-6 + 0.5e-6j)


def test_smallest_short_circuit_power_counts() -> None:
    g = grid("S1 sk=500 skmin=250", "S1-M 100")
    assert abs(upstream_impedance(g, build_topology(g), bus(g, "S1"))) == pytest.approx(4e-6)


def test_unknown_short_circuit_power_is_stiff() -> None:
    g = grid("S1 sk=?", "S1-M 100")
    assert upstream_impedance(g, build_topology(g), bus(g, "S1")) == 0


@pytest.mark.parametrize(("p_kw", "q_kvar"), [(100.0, 0.0), (0.0, 100.0)])
def test_impedance_tells_how_the_power_flow_answers_a_small_load(
    p_kw: float, q_kvar: float
) -> None:
    rows = ("S1 sk=?", "S1>H 25000 110/20 tap=-3", "H=K", "K-M1 2000", "M1-M2 3000")
    before, after = grid(*rows), grid(*rows, f"M2: {p_kw} kW {q_kvar} kvar")
    at = bus(before, "M2")
    moved = [solve_existing(g)[1].voltage_pu[0, at] for g in (before, after)]
    impedance = upstream_impedance(before, build_topology(before), at)
    expected = (impedance * complex(p_kw, -q_kvar)).real
    assert (moved[0] - moved[1]) * moved[0] == pytest.approx(expected, rel=5e-3)
