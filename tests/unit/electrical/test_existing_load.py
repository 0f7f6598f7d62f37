"""Scaling of existing loads to measured peaks."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.demand import LoadCase
from gisplan.electrical.load.existing_load import existing_power, scaled_loads, scaling_factor
from gisplan.model.grid import Grid, Peaks
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid, row
from tests.unit.electrical.networks import TOWN, bus, line, transformer

EU = load_catalogue("eu")


def peaks(g: Grid, *rows: tuple[str, float, str]) -> Peaks:
    return Peaks(
        transformer=np.array([transformer(g, name) for name, _, _ in rows]),
        line=np.full(len(rows), -1),
        peak_kva=np.array([kva for _, kva, _ in rows]),
        measured_on=np.array([day for _, _, day in rows]),
    )


def apparent_kva(g: Grid, names: tuple[str, ...], p: np.ndarray, q: np.ndarray) -> float:  # type: ignore[type-arg]
    rows = [row(g.loads.load_id, name) for name in names]
    return float(abs((p[rows] + 1j * q[rows]).sum()))


def test_loads_below_a_measured_transformer_sum_up_to_its_peak() -> None:
    g = grid(*TOWN)
    loads = scaled_loads(g, build_topology(g), peaks(g, ("M1>A", 150.0, "2025-01-10")))
    assert apparent_kva(g, ("A2", "A3", "A4"), loads.p_kw, loads.q_kvar) == pytest.approx(150)
    # the ratio of active to reactive power of each load stays
    at = row(g.loads.load_id, "A2")
    assert loads.q_kvar[at] / loads.p_kw[at] == pytest.approx(15 / 60)


def test_loads_without_a_measured_transformer_stay_as_they_are() -> None:
    g = grid(*TOWN)
    loads = scaled_loads(g, build_topology(g), peaks(g, ("M1>A", 150.0, "2025-01-10")))
    assert loads.p_kw[row(g.loads.load_id, "B1")] == 40
    by_name = dict(
        zip(g.transformers.transformer_id.tolist(), loads.provenance.tolist(), strict=True)
    )
    assert by_name == {"M1>A": "measured", "M2>B": "estimated", "S1>H": "estimated"}


def test_newest_peak_counts() -> None:
    g = grid(*TOWN)
    found = scaled_loads(
        g,
        build_topology(g),
        peaks(g, ("M1>A", 90.0, "2025-12-01"), ("M1>A", 150.0, "2019-01-10")),
    )
    assert found.peak_kva[transformer(g, "M1>A")] == 90.0
    assert apparent_kva(g, ("A2", "A3", "A4"), found.p_kw, found.q_kvar) == pytest.approx(90)


def test_upper_peak_scales_what_the_lower_ones_leave() -> None:
    g = grid(*TOWN)
    measured = peaks(g, ("S1>H", 2000.0, "2025-01-10"), ("M1>A", 150.0, "2025-01-11"))
    loads = scaled_loads(g, build_topology(g), measured)
    assert apparent_kva(g, ("A2", "A3", "A4"), loads.p_kw, loads.q_kvar) == pytest.approx(150)
    everything = ("A2", "A3", "A4", "B1", "B2", "M2")
    assert apparent_kva(g, everything, loads.p_kw, loads.q_kvar) == pytest.approx(2000)
    assert loads.residual_kva[transformer(g, "S1>H")] == pytest.approx(0, abs=1e-9)


def test_upper_peak_below_the_lower_ones_leaves_a_residual() -> None:
    g = grid(*TOWN)
    measured = peaks(g, ("S1>H", 100.0, "2025-01-10"), ("M1>A", 150.0, "2025-01-11"))
    loads = scaled_loads(g, build_topology(g), measured)
    # the excess may be coincidence: what was not measured shrinks, but not to nothing
    assert apparent_kva(g, ("A2", "A3", "A4"), loads.p_kw, loads.q_kvar) == pytest.approx(150)
    assert 0 < loads.p_kw[row(g.loads.load_id, "M2")] < 1500
    assert loads.residual_kva[transformer(g, "S1>H")] > 50


def test_peak_above_a_transformer_without_load_scales_nothing() -> None:
    g = grid("S1>A 400", "S1>B 400", "B: 10 kW")
    loads = scaled_loads(g, build_topology(g), peaks(g, ("S1>A", 30.0, "2025-01-10")))
    assert loads.p_kw.tolist() == [10.0]
    assert loads.residual_kva[transformer(g, "S1>A")] == -30


def test_peak_of_an_idle_transformer_scales_nothing() -> None:
    g = grid("S1>A 400", "X>B 400", "B: 10 kW")
    loads = scaled_loads(g, build_topology(g), peaks(g, ("X>B", 30.0, "2025-01-10")))
    assert loads.p_kw.tolist() == [10.0]
    assert loads.provenance[transformer(g, "X>B")] == "estimated"


def test_factor_of_parallel_powers_is_their_ratio() -> None:
    # 2 kVA fixed and 3 kVA to scale, in phase: (11 - 2) / 3
    assert scaling_factor(3 + 0j, 2 + 0j, 11.0) == pytest.approx(3)
    # at right angles: 4 + (3 k)^2 = 25 gives k = sqrt(21) / 3
    assert scaling_factor(3 + 0j, 2j, 5.0) == pytest.approx(1.527525)


def test_factor_beside_measured_parts_is_at_least_peak_over_sum() -> None:
    # 12 kVA measured below, 3 kVA estimated, 10 kVA measured above: 10 / 15 and not zero
    assert scaling_factor(3 + 0j, 12 + 0j, 10.0) == pytest.approx(2 / 3)
    # 14 kVA above: 2 of the 3 kVA would fit, 14 / 15 stay
    assert scaling_factor(3 + 0j, 12 + 0j, 14.0) == pytest.approx(14 / 15)
    assert scaling_factor(0j, 12 + 0j, 10.0) == 1.0


def test_peak_of_a_feeder_scales_its_loads_and_no_others() -> None:
    g = grid("S-A 100", "S-B 100", "A: 30 kW", "B: 40 kW")
    measured = Peaks(
        transformer=np.array([-1, -1]),
        line=np.array([line(g, "S-A"), line(g, "S-A")]),
        peak_kva=np.array([60.0, 99.0]),
        measured_on=np.array(["2025-01-10", "2024-01-10"]),
    )
    loads = scaled_loads(g, build_topology(g), measured)
    assert loads.p_kw.tolist() == [60, 40]
    assert loads.line_peak_kva[line(g, "S-A")] == 60
    assert loads.line_residual_kva[line(g, "S-A")] == 0
    assert np.isnan(loads.line_residual_kva[line(g, "S-B")])


def test_loads_that_nothing_supplies_stay_as_they_are() -> None:
    g = grid("S-A 100", "X-Y 100", "A: 30 kW", "Y: 40 kW")
    measured = Peaks(
        transformer=np.array([-1]),
        line=np.array([line(g, "S-A")]),
        peak_kva=np.array([60.0]),
        measured_on=np.array(["2025-01-10"]),
    )
    assert scaled_loads(g, build_topology(g), measured).p_kw.tolist() == [60, 40]


def test_load_of_known_energy_alone_is_scaled_with_the_others() -> None:
    g = grid("S>A 400", "A: 10 kW", "A: 40000 kWh")
    g.loads.active_power_kw[g.loads.load_id == "A#2"] = np.nan
    g.loads.reactive_power_kvar[:] = 0.0
    loads = scaled_loads(g, build_topology(g), peaks(g, ("S>A", 40.0, "2025-01-10")), EU)
    # 40 MWh over 4000 h are 10 kW at power factor 0.95: |20 + j 3.2868| = 20.268 kVA before
    assert loads.p_kw[0] == pytest.approx(10 * 40 / 20.2683, rel=1e-4)
    assert loads.residual_kva[0] == pytest.approx(0, abs=1e-9)


def test_cases_weigh_load_and_generation_by_the_catalogue() -> None:
    g = grid("S1-A 100", "A: 100 kW 20 kvar", "A: gen 50 kW 5 kvar")
    catalogue, loads = load_catalogue("eu"), scaled_loads(g, build_topology(g))
    at = bus(g, "A")
    p, q = existing_power(g, loads, catalogue, LoadCase.LOAD)
    assert (p[at], q[at]) == (100, 20)
    p, q = existing_power(g, loads, catalogue, LoadCase.FEED_IN)
    # a tenth of the load, four fifths of the generation
    assert (p[at], q[at]) == pytest.approx((10 - 40, 2 - 4))
