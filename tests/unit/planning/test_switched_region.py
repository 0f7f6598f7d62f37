"""Existing load in another switching state: what was measured before still says how much it is."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.model.grid import Peaks
from gisplan.planning.switched_region import with_switches
from tests.grids import row
from tests.unit.planning.remedies.test_open_points import ring

REGION = ring().region
GRID = REGION.snapshot.grid


def peaks_at(line_id: str, peak_kva: float) -> Peaks:
    return Peaks(
        transformer=np.array([-1]),
        line=np.array([row(GRID.lines.line_id, line_id)]),
        peak_kva=np.array([peak_kva]),
        measured_on=np.array([""]),
    )


def moved() -> dict[int, bool]:
    switch_id = GRID.switches.switch_id
    return {row(switch_id, "C-D@D"): True, row(switch_id, "B-C@C"): False}


def test_loads_keep_what_their_peak_said_and_the_peak_no_longer_scales() -> None:
    # 3,200 kW behind S-A were measured at 1,600 kVA; C (500 kW) goes over with half its load
    region, peaks = with_switches(REGION, peaks_at("S-A", 1600.0), moved())
    loads = region.snapshot.grid.loads
    at_c = loads.bus == row(GRID.buses.bus_id, "C")
    assert loads.active_power_kw[at_c].tolist() == pytest.approx([250.0])
    assert len(peaks.line) == 0


def test_switches_that_stand_so_already_change_nothing() -> None:
    switch = row(GRID.switches.switch_id, "C-D@D")
    region, _ = with_switches(REGION, peaks_at("S-A", 1600.0), {switch: False})
    assert region is REGION
