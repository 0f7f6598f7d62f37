"""Short-circuit currents: hand calculations, IEC TR 60909-4 and pandapower as the oracle."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest

from gisplan.electrical.faults.fault_kernel import walk_down
from gisplan.electrical.faults.short_circuit import (
    FaultPlaces,
    ShortCircuits,
    access_short_circuit,
    currents_at,
    option_short_circuit,
    short_circuit_currents,
)
from gisplan.electrical.proof.proposal import NewCable, Proposal
from gisplan.model.grid import Grid
from gisplan.network.snapshot import Snapshot
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.fault_oracle import fault_currents_ka, fault_net
from tests.unit.electrical.networks import bus, line, powers, random_town, snapshot
from tests.unit.electrical.oracle import add_cable, grid_from_pandapower, split_line
from tests.unit.electrical.sample import sample_grid

EU = load_catalogue("eu")
SOURCE = "S1 sk=500 skmin=300 rx=0.1"
CABLE = NewCable(
    length_m=400,
    resistance_ohm_per_km=0.206,
    reactance_ohm_per_km=0.116,
    capacitance_nf_per_km=250,
    rated_current_a=319,
)
RING = (SOURCE, "S1-A 2000", "A-B 1000 x2", "B-C 1500", "A-C 700", "C-D 300", "D>L 400", "L-M 120")


def find(g: Grid) -> ShortCircuits:
    return short_circuit_currents(snapshot(g), EU)


def assert_like_oracle(g: Grid) -> None:
    # without geometry the corridors have nothing to node
    currents = short_circuit_currents(
        Snapshot(grid=g, topology=build_topology(g), corridors=None),  # type: ignore[arg-type]
        EU,
    )
    net = fault_net(g)
    for case, ours in (("max", currents.maximum_ka), ("min", currents.minimum_ka)):
        np.testing.assert_allclose(ours, fault_currents_ka(net, case), rtol=1e-6)


def on_line(g: Grid, name: str, offset_m: float, **more: object) -> Proposal:
    return Proposal(line=line(g, name), offset_m=offset_m, **powers(10.0), **more)  # type: ignore[arg-type]


def at_bus(g: Grid, name: str, **more: object) -> Proposal:
    return Proposal(bus=bus(g, name), **powers(10.0), **more)  # type: ignore[arg-type]


def test_current_at_a_source_is_its_short_circuit_power() -> None:
    currents = find(grid(SOURCE, "S1-A 100"))
    # 500 MVA / (sqrt(3) 20 kV) and 300 MVA / (sqrt(3) 20 kV)
    assert currents.maximum_ka[1] == pytest.approx(14.434, abs=1e-3)
    assert currents.minimum_ka[1] == pytest.approx(8.660, abs=1e-3)


def test_line_is_cold_for_the_largest_and_hot_for_the_smallest_current() -> None:
    # no reactance: 1.1 * 400 V / sqrt(3) / 0.1 ohm; 0.9 * 400 V / sqrt(3) / 0.124 ohm
    g = grid("S1 sk=1000000000 skmin=1000000000", "S1-A 1000 r=0.1 x=0", nominal_voltage_v=400)
    currents = find(g)
    assert currents.maximum_ka[bus(g, "A")] == pytest.approx(2.5403, abs=1e-4)
    assert currents.minimum_ka[bus(g, "A")] == pytest.approx(1.6761, abs=1e-4)


def test_transformer_is_corrected_for_the_largest_current_only() -> None:
    # ZT = 0.06 * 0.4^2 / 0.63 = 15.238 mohm; KT = 0.95 * 1.1 / (1 + 0.6 * 0.06) = 1.00869
    g = grid("S1 sk=1000000000 skmin=1000000000", "S1>A 630 vk=6 vkr=0")
    currents = find(g)
    assert currents.maximum_ka[bus(g, "A")] == pytest.approx(254.034 / 15.3705, rel=1e-4)
    assert currents.minimum_ka[bus(g, "A")] == pytest.approx(207.846 / 15.2381, rel=1e-4)


def test_published_low_voltage_example(tmp_path) -> None:
    # IEC TR 60909-4, low-voltage example, data and results from general knowledge (text not seen):
    # 34.62 kA at F1, 34.12 kA at F2, 6.95 kA at F3, c = 1.05, transformers 20/0.41 kV
    override = tmp_path / "utility.toml"
    override.write_text(
        '[[rule]]\nrule_id = "short_circuit.c_max_lv"\ntitle = "c"\nvalue = 1.05\nunit = "1"\n'
        'sense = "value"\napplies_to = "bus"\nsource = "IEC 60909-0"\nclause = ""\n'
        'valid_from = "2000-01-01"\nconfidence = "secondary"\n'
    )
    power_mva = math.sqrt(3) * 20 * 10
    g = grid(
        f"S1 sk={power_mva} skmin={power_mva} rx=0.1",
        "F1 400V",
        "B 400V",
        f"S1>F1 630 20/0.41 vk=4 vkr={6.5 / 6.3}",
        f"S1>B 400 20/0.41 vk=4 vkr={4.6 / 4}",
        "F1-F2 10 x2 r=0.077 x=0.079",
        "B-F2 4 x2 r=0.208 x=0.068",
        "F2-C 20 r=0.271 x=0.087",
        "C-F3 50 r=0.3704 x=0.297",
    )
    currents = short_circuit_currents(snapshot(g), load_catalogue("eu", override=override))
    found = [currents.maximum_ka[bus(g, name)] for name in ("F1", "F2", "F3")]
    assert found == pytest.approx([34.62, 34.12, 6.95], rel=2e-3)


def oberrhein() -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandapower.networks

        net = pandapower.networks.mv_oberrhein()
    net.ext_grid["s_sc_max_mva"], net.ext_grid["s_sc_min_mva"] = 2000.0, 1500.0
    net.ext_grid["rx_max"] = 0.1
    return net


@pytest.mark.parametrize("all_closed", [False, True])
def test_mv_oberrhein_agrees_with_pandapower(all_closed: bool) -> None:
    net = oberrhein()
    if all_closed:
        net.switch["closed"] = True  # type: ignore[attr-defined]
    assert_like_oracle(grid_from_pandapower(net))


def test_sample_region_agrees_with_pandapower() -> None:
    g = sample_grid()
    smallest = np.full(len(g.sources.bus), 1500.0)
    assert_like_oracle(replace(g, sources=replace(g.sources, short_circuit_power_min_mva=smallest)))


@pytest.mark.parametrize("seed", range(8))
def test_random_radial_grids_agree_with_pandapower(seed: int) -> None:
    assert_like_oracle(grid(*random_town(seed), SOURCE))


@pytest.mark.parametrize(
    "rows",
    [
        RING,
        (*RING, "M>N 250 0.4/0.4", "D>L 250 id=T2"),
        ("S1 sk=500 skmin=300", "S1>A 400 x2", "S1>A 630 vk=4 id=T2", "A-B 100", "A-B 80"),
        (SOURCE, "S2 sk=200 skmin=150 rx=0.3", "S1-A 500", "A-B 500", "B-S2 900", "B-C 200"),
        (SOURCE, "S1-A 400", "A=B", "B-C 300", "C=D", "D-A 500", "C-E 100", "E=F", "F=E"),
        (SOURCE, "S1-A 400", "S1>A2 400", "A>B2 630", "A2-B2 100", "B2-C2 70"),
        (SOURCE, "S1-A 100", "A-B 0.001", "A-B 0.001", "B-C 200"),
        (SOURCE, "S1-A 100", "A=B", "B=A", "B-C 200"),
        (SOURCE, "S1-A 100 open", "A-B 100", "S1-C 50 out"),
    ],
)
def test_loops_and_parallel_units_agree_with_pandapower(rows) -> None:
    assert_like_oracle(grid(*rows))


def test_buses_joined_without_impedance_have_the_same_current() -> None:
    g = grid(SOURCE, "S1-A 400", "A-B 0", "A-B 300 id=L2", "B-C 100", "S1-C 800")
    currents = find(g)
    assert currents.maximum_ka[bus(g, "A")] == currents.maximum_ka[bus(g, "B")]


def test_kernel_equals_a_plain_walk() -> None:
    order, parent = np.array([2, 0, 1]), np.array([2, 0, -1, -1])
    scale = np.array([4.0, 0.25, 1.0, 1.0], np.complex128)
    series = np.array([1j, 2.0, 3 + 1j, 9.0], np.complex128)
    expected = np.full(4, complex(np.nan, np.nan))
    for b in order:
        above = expected[parent[b]] * scale[b] if parent[b] >= 0 else 0
        expected[b] = above + series[b]
    np.testing.assert_array_equal(walk_down(order, parent, scale, series), expected)
    np.testing.assert_array_equal(walk_down.py_func(order, parent, scale, series), expected)
    assert expected[1] == ((3 + 1j) * 4 + 1j) * 0.25 + 2


def test_unknown_power_leaves_the_currents_unknown_and_names_the_source() -> None:
    g = grid("S1 sk=?", "S2 sk=500 skmin=300", "S1-A 100", "S2-B 100")
    currents = find(g)
    assert np.isnan(currents.maximum_ka[[bus(g, "S1"), bus(g, "A")]]).all()
    assert np.isfinite(currents.maximum_ka[bus(g, "B")])
    assert "largest short-circuit current of 2 buses" in currents.unknown[0]
    assert "the short-circuit power of source S1 is unknown" in currents.unknown[0]
    assert "smallest short-circuit power of source S1" in currents.unknown[1]


def test_one_unknown_source_spoils_what_is_coupled_with_it() -> None:
    g = grid("S1 sk=500 skmin=300", "S2 sk=?", "S1-A 100", "A-S2 100", "A-B 50")
    currents = find(g)
    assert np.isnan(currents.maximum_ka).all()
    assert "source S2" in currents.unknown[0]


def test_unknown_data_in_a_loop_is_named_and_stays_in_the_loop() -> None:
    g = grid(SOURCE, "S1-A 100", "A-B 100", "B-C 100 r=?", "A-C 100", "C-D 10", "S1-E 10")
    currents = find(g)
    assert np.isfinite(currents.maximum_ka[[bus(g, "S1"), bus(g, "E")]]).all()
    assert np.isnan(currents.maximum_ka[[bus(g, name) for name in "ABCD"]]).all()
    assert "resistance or reactance of line B-C is unknown" in currents.unknown[0]


def test_transformer_without_impedance_is_unknown() -> None:
    currents = find(grid(SOURCE, "S1>A 400 vk=0 vkr=0", "S1>B 400"))
    assert "short-circuit voltage of transformer S1>A is unknown" in currents.unknown[0]


def test_what_nothing_supplies_is_told() -> None:
    g = grid(SOURCE, "S1-A 100", "B-C 100")
    currents = find(g)
    assert np.isnan(currents.maximum_ka[bus(g, "C")])
    assert "2 buses is unknown: nothing supplies it" in currents.unknown[0]


def test_many_reasons_are_counted() -> None:
    rows = [f"S{n} sk=?" for n in range(1, 13)]
    currents = find(grid(*rows))
    assert "2 buses for 2 more missing data" in currents.unknown[10]


def test_assumed_ratio_and_generators_left_out_are_told() -> None:
    g = grid("S1 rx=? sk=500 skmin=500", "S1-A 10", "A: gen 30 kW")
    currents = find(g)
    assert "R/X of source S1 is unknown and taken as 0.1" in currents.assumed[0]
    assert currents.assumed[1] == "generators of the grid (1) are not counted"
    assert currents.maximum_ka[bus(g, "S1")] == pytest.approx(14.434, abs=1e-3)


@pytest.mark.parametrize("name", ["S1-A", "B-C", "A-C", "C-D", "L-M"])
@pytest.mark.parametrize("share", [0.001, 0.3, 0.999])
def test_point_on_a_line_agrees_with_a_line_that_is_cut(name: str, share: float) -> None:
    g = grid(*RING)
    net = fault_net(g)
    row = line(g, name)
    place = on_line(g, name, share * float(g.lines.length_m[row]))
    joint = split_line(net, row, share)
    net.line["endtemp_degree"] = 80.0
    found = option_short_circuit(snapshot(g), find(g), place)
    expected = [fault_currents_ka(net, case)[joint] for case in ("max", "min")]
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["S1-A", "B-C", "A-C", "C-D", "L-M"])
def test_ends_of_a_line_have_exactly_the_currents_of_its_buses(name: str) -> None:
    g = grid(*RING)
    currents, row = find(g), line(g, name)
    ends = ((0.0, g.lines.from_bus[row]), (float(g.lines.length_m[row]), g.lines.to_bus[row]))
    for offset_m, b in ends:
        found = option_short_circuit(snapshot(g), currents, on_line(g, name, offset_m))
        expected = (currents.maximum_ka[b], currents.minimum_ka[b])
        assert found == pytest.approx(expected, rel=1e-12)


def test_point_on_a_line_that_ends_open_counts_from_its_feeding_end() -> None:
    g = grid(SOURCE, "S1-A 1000 open", "B-S1 1000 open@B")
    at = [option_short_circuit(snapshot(g), find(g), on_line(g, "S1-A", m))[0] for m in (0, 1000)]
    back = option_short_circuit(snapshot(g), find(g), on_line(g, "B-S1", 0.0))[0]
    assert at[0] == pytest.approx(find(g).maximum_ka[bus(g, "S1")])
    # 0.161 + 0.117j ohm behind 1.1 * 400 / 500 = 0.88 ohm with R/X = 0.1
    behind = abs(complex(0.0876 + 0.161, 0.8756 + 0.117))
    assert at[1] == pytest.approx(1.1 * 20 / math.sqrt(3) / behind, rel=1e-3)
    assert back == pytest.approx(at[1])


@pytest.mark.parametrize("name", ["C-D", "B-C", "A-B"])
def test_loop_in_agrees_with_a_line_led_through_two_cables(name: str) -> None:
    g = grid(*RING)
    net = fault_net(g)
    row = line(g, name)
    legs = replace(CABLE, parallel_count=2)
    first = split_line(net, row, 0.4)
    second = len(net.bus)
    unit = second + 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandapower

        for _ in range(2):
            pandapower.create_bus(net, vn_kv=20.0)
    net.line.loc[net.line.index[-1], "from_bus"] = second
    for end in (first, second):
        cable = add_cable(net, end, unit, 400, (0.103, 0.058, 0.0, 300.0))
        net.line.loc[cable, ["r0_ohm_per_km", "x0_ohm_per_km", "c0_nf_per_km"]] = 1.0
    net.line["endtemp_degree"] = 80.0
    proposal = on_line(g, name, 0.4 * float(g.lines.length_m[row]), cable=legs, is_loop_in=True)
    found = option_short_circuit(snapshot(g), find(g), proposal)
    expected = [fault_currents_ka(net, case)[unit] for case in ("max", "min")]
    assert found == pytest.approx(expected, rel=1e-6)


def test_new_cable_lowers_the_current_by_its_own_impedance() -> None:
    g = grid("S1 sk=1000000000 skmin=1000000000", "S1-A 1 r=0 x=0.000001")
    proposal = at_bus(g, "A", cable=replace(CABLE, parallel_count=2))
    found = option_short_circuit(snapshot(g), find(g), proposal)
    # 0.4 km / 2: 0.0412 + 0.0232j ohm, hot 0.051088 + 0.0232j ohm
    assert found[0] == pytest.approx(1.1 * 20 / math.sqrt(3) / 0.047283, rel=1e-4)
    assert found[1] == pytest.approx(1.0 * 20 / math.sqrt(3) / 0.056109, rel=1e-4)


def test_cable_begins_with_the_current_of_its_access_point() -> None:
    g = grid(*RING)
    currents = find(g)
    proposal = at_bus(g, "B", cable=CABLE)
    assert access_short_circuit(snapshot(g), currents, proposal) == (
        currents.maximum_ka[bus(g, "B")],
        currents.minimum_ka[bus(g, "B")],
    )


def test_many_places_are_found_at_once() -> None:
    g = grid(*RING)
    currents = find(g)
    places = FaultPlaces(
        bus=np.array([bus(g, "A"), -1]),
        line=np.array([-1, line(g, "S1-A")]),
        offset_m=np.array([np.nan, 2000.0]),
        resistance_ohm=np.zeros(2),
        reactance_ohm=np.zeros(2),
        is_loop_in=np.zeros(2, np.bool_),
    )
    maximum, minimum = currents_at(snapshot(g), currents, places)
    assert maximum[0] == pytest.approx(maximum[1])
    assert minimum[0] == pytest.approx(currents.minimum_ka[bus(g, "A")])


def test_line_without_length_has_the_current_of_its_buses() -> None:
    g = grid(SOURCE, "S1-A 0", "A-B 100")
    found = option_short_circuit(snapshot(g), find(g), on_line(g, "S1-A", 0.0))
    looped = on_line(g, "S1-A", 0.0, cable=CABLE, is_loop_in=True)
    assert found[0] == pytest.approx(find(g).maximum_ka[bus(g, "S1")])
    assert option_short_circuit(snapshot(g), find(g), looped)[0] < found[0]
