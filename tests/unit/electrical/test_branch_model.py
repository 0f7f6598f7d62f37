"""Pi equivalents by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gisplan.electrical.flow.branch_model import (
    coupler_pis,
    join,
    open_end_shunts,
    orient,
    segment_pis,
    select,
    transformer_pis,
)
from gisplan.electrical.flow.network_input import build_network
from gisplan.network.topology import build_topology
from tests.grids import grid


def test_a_line_is_its_impedance_on_one_kva() -> None:
    g = grid("S1-A 500 r=0.2 x=0.1 c=260 x2", nominal_voltage_v=400)
    pi = segment_pis(build_network(g, build_topology(g)))
    # half of 0.1 + 0.05j ohm on 0.4 kV and 1 kVA: times 1e3 / 160000
    assert pi.impedance[0] == pytest.approx((0.05 + 0.025j) / 160)
    # 2 * 260 nF / km * 0.5 km at 50 Hz and 400 V: 13.07 var, half of it at either end
    assert pi.half_first[0] == pytest.approx(0.5 * 0.01307j, rel=1e-3)
    assert pi.half_second[0] == pi.half_first[0]
    assert pi.ratio[0] == 1.0


def test_a_line_without_impedance_has_the_smallest_one() -> None:
    g = grid("S1-A 500 r=0 x=0", nominal_voltage_v=400)
    pi = segment_pis(build_network(g, build_topology(g)))
    # 1e-8 per unit on 1 MVA
    assert pi.impedance[0] == pytest.approx(1e-11j)


def test_a_transformer_is_seen_from_its_low_voltage_side() -> None:
    # 6 % of 400 kVA; 1.206 % of it is resistance; both tables are at nominal voltage
    pi = transformer_pis(grid("S1>A 400"))
    assert abs(pi.impedance[0]) == pytest.approx(0.06 / 400)
    assert pi.impedance[0].real == pytest.approx(0.01206 / 400)
    assert pi.ratio[0] == pytest.approx(1.0)
    # 1650 W of no-load loss, more than the no-load current of 0.2619 % explains: no susceptance
    assert (pi.half_first[0] + pi.half_second[0]) == pytest.approx(1.65)


def test_a_tap_at_the_high_side_changes_the_ratio_only() -> None:
    pi, neutral = transformer_pis(grid("S1>A 400 tap=2")), transformer_pis(grid("S1>A 400"))
    assert pi.ratio[0] == pytest.approx(1.05)
    assert pi.impedance[0] == neutral.impedance[0]


def test_a_tap_at_the_low_side_changes_the_impedance_too() -> None:
    g = grid("S1>A 400 tap=2")
    low = replace(g.transformers, tap_side=np.ones(1, np.uint8))
    pi = transformer_pis(replace(g, transformers=low))
    assert pi.ratio[0] == pytest.approx(1 / 1.05)
    assert abs(pi.impedance[0]) == pytest.approx(0.06 / 400 * 1.05**2)


def test_parallel_units_share_the_impedance() -> None:
    pi = transformer_pis(grid("S1>A 400 x2"))
    assert abs(pi.impedance[0]) == pytest.approx(0.06 / 800)


def test_resistance_is_at_most_the_impedance() -> None:
    pi = transformer_pis(grid("S1>A 400 vk=4 vkr=5"))
    assert pi.impedance[0] == pytest.approx(0.04 / 400)


def test_unknown_tap_step_and_no_load_data_count_as_none() -> None:
    g = grid("S1>A 400 tap=?")
    table = g.transformers
    unknown = np.full(1, np.nan)
    bare = replace(table, no_load_loss_w=unknown, no_load_current_pct=unknown)
    pi = transformer_pis(replace(g, transformers=bare))
    assert (pi.ratio[0], pi.half_first[0], pi.half_second[0]) == (1.0, 0.0, 0.0)


def test_a_branch_fed_from_its_second_end_is_turned_around() -> None:
    pi = transformer_pis(grid("S1>A 400 tap=2"))
    down, up = orient(pi, np.array([False])), orient(pi, np.array([True]))
    assert (down.ratio[0], up.ratio[0]) == (pytest.approx(1 / 1.05), pytest.approx(1.05))
    assert up.impedance[0] == pytest.approx(pi.impedance[0] * 1.05**2)
    assert (up.half_fed[0], up.half_feeding[0]) == (pi.half_first[0], pi.half_second[0])
    assert (down.half_fed[0], down.half_feeding[0]) == (pi.half_second[0], pi.half_first[0])


def test_an_open_end_leaves_the_charging_of_the_whole_line() -> None:
    g = grid("S1-A 20000 open")
    pi = segment_pis(build_network(g, build_topology(g)))
    # 273 nF / km over 20 km at 20 kV: 686.1 kvar, and a little more for the rise along the line
    charging = open_end_shunts(pi)[0]
    assert charging.imag == pytest.approx(686.1, rel=3e-3)
    assert charging.imag > 2 * pi.half_first[0].imag


def test_tables_are_joined_in_their_order() -> None:
    units, couplers = transformer_pis(grid("S1>A 400", "S1>B 250")), coupler_pis(1)
    both = join((couplers, units))
    assert both.impedance.tolist() == [0.0, *units.impedance.tolist()]
    assert select(both, np.array([2])).impedance[0] == units.impedance[1]
