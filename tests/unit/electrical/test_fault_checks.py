"""Findings of an option about faults: switchgear, fuse or relay, earth-fault current."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gisplan.electrical.faults.fault_checks import check_faults
from gisplan.electrical.faults.short_circuit import (
    short_circuit_currents,
)
from gisplan.electrical.proof.proposal import NewCable, Proposal
from gisplan.model.grid import Grid
from gisplan.model.option import Finding, Severity
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import bus, line, powers, snapshot
from tests.unit.electrical.test_earth_fault import CABLE as MV_CABLE
from tests.unit.electrical.test_fault_loop import SERVICE

EU = load_catalogue("eu")
SOURCE = "S1 sk=500 skmin=300 rx=0.1"
ZERO = "r0=0.832 x0=0.32"
FUSE = "protection.lv_fuse_clearing_s"
RELAY = "protection.mv_relay_reach_ratio"
SWITCHGEAR = "short_circuit.switchgear_ka"


def findings(g: Grid, proposal: Proposal) -> dict[str, Finding]:
    currents = short_circuit_currents(snapshot(g), EU)
    return {one.rule: one for one in check_faults(snapshot(g), EU, currents, proposal)}


def at_bus(g: Grid, name: str, cable: NewCable | None = None, p_kw: float = 10.0) -> Proposal:
    return Proposal(bus=bus(g, name), cable=cable, **powers(p_kw))


def on_line(g: Grid, name: str, offset_m: float, cable: NewCable, **more: object) -> Proposal:
    return Proposal(line=line(g, name), offset_m=offset_m, cable=cable, **powers(10.0), **more)  # type: ignore[arg-type]


def lv(*rows: str) -> Grid:
    return grid(SOURCE, "S1>A 400", *rows)


def test_switchgear_is_compared_with_the_largest_current() -> None:
    # 500 MVA at 20 kV are 14.43 kA
    weak, strong = (grid(SOURCE, f"S1 kA={rated}", "S1-A 100 relay=300") for rated in (12.5, 16))
    found = findings(weak, at_bus(weak, "S1", MV_CABLE))[SWITCHGEAR]
    assert found.severity is Severity.VIOLATION
    assert found.measured == pytest.approx(14.434, abs=1e-3)
    assert found.margin == pytest.approx(-1.934, abs=1e-3)
    assert findings(strong, at_bus(strong, "S1", MV_CABLE))[SWITCHGEAR].severity is Severity.INFO


def test_unknown_rating_of_switchgear_asks_for_a_survey() -> None:
    g = grid(SOURCE, "S1-A 100", "A ring_main_unit", "A-B 100")
    found = findings(g, at_bus(g, "A", MV_CABLE))[SWITCHGEAR]
    assert found.severity is Severity.SURVEY
    assert "rated short-circuit current of the switchgear at bus A is unknown" in found.text
    assert SWITCHGEAR not in findings(g, at_bus(g, "B", MV_CABLE))
    assert SWITCHGEAR not in findings(g, on_line(g, "S1-A", 50, MV_CABLE))


def test_unknown_current_at_switchgear_names_the_source() -> None:
    g = grid("S1 sk=?", "S1-A 100", "A ring_main_unit kA=16")
    found = findings(g, at_bus(g, "A", MV_CABLE))[SWITCHGEAR]
    assert found.severity is Severity.SURVEY
    assert "the short-circuit power of source S1 is unknown" in found.text


def test_service_at_a_joint_hangs_on_the_fuse_of_its_main() -> None:
    g = lv(f"A-B 300 {ZERO} fuse=160")
    found = findings(g, on_line(g, "A-B", 100, SERVICE))
    assert found[FUSE].severity is Severity.INFO
    assert "at the new connection" in found[FUSE].text
    assert set(found) == {FUSE}


def test_long_service_is_not_cleared_in_time() -> None:
    g = lv(f"A-B 300 {ZERO} fuse=160")
    found = findings(g, on_line(g, "A-B", 300, replace(SERVICE, length_m=400)))[FUSE]
    assert found.severity is Severity.VIOLATION


def test_service_on_a_main_without_a_record_is_not_proven() -> None:
    g = lv(f"A-B 300 {ZERO}")
    found = findings(g, on_line(g, "A-B", 300, SERVICE))[FUSE]
    assert found.severity is Severity.SURVEY
    assert "the device at the feeding end of line A-B is unknown" in found.text


def test_place_behind_joints_alone_names_no_line() -> None:
    g = grid(SOURCE, "S1>A 400", "A joint", "A=B", f"B-C 9 {ZERO}")
    found = findings(g, at_bus(g, "B"))[FUSE]
    assert "no line on the way to it holds a recorded device" in found.text


def test_existing_service_that_was_slow_before_is_not_blamed() -> None:
    g = lv(f"A-B 700 {ZERO} fuse=250")
    found = findings(g, at_bus(g, "B"))[FUSE]
    assert found.severity is Severity.WARNING
    assert "before the connection" in found.text


def test_new_fuse_way_takes_the_smallest_fuse_that_carries_the_demand() -> None:
    g = lv(f"A-B 10 {ZERO} fuse=400")
    # 60 kW at 400 V are 86.6 A
    found = findings(g, at_bus(g, "A", SERVICE, p_kw=60.0))[FUSE]
    assert "gG fuse of 100 A at bus A" in found.text
    assert found.severity is Severity.INFO
    far = replace(SERVICE, length_m=600)
    assert findings(g, at_bus(g, "A", far, p_kw=60.0))[FUSE].severity is Severity.VIOLATION


def test_new_fuse_way_without_zero_sequence_or_fuse_is_not_proven() -> None:
    g = lv(f"A-B 10 {ZERO}")
    blind = replace(SERVICE, zero_resistance_ohm_per_km=None)
    assert "new cable is unknown" in findings(g, at_bus(g, "A", blind))[FUSE].text
    huge = findings(g, at_bus(g, "A", SERVICE, p_kw=1500.0))[FUSE]
    assert "no fuse is known that carries 2165 A" in huge.text


def test_medium_voltage_connection_is_reached_by_its_relay() -> None:
    g = grid(SOURCE, "S1-A 5000 c0=250 relay=600")
    found = findings(g, on_line(g, "S1-A", 2500, MV_CABLE))
    assert found[RELAY].severity is Severity.INFO
    assert "bus A" in found[RELAY].text
    assert "earth_fault.isolated_max_a" in found


def test_new_end_that_the_relay_does_not_reach_is_a_violation() -> None:
    g = grid(SOURCE, "S1-A 5000 relay=1900")
    far = replace(MV_CABLE, length_m=15000)
    found = findings(g, at_bus(g, "A", far))[RELAY]
    assert found.severity is Severity.VIOLATION
    assert "at the new connection" in found.text


def test_loop_in_lengthens_the_way_to_what_lies_behind() -> None:
    g = grid(SOURCE, "S1-A 5000 relay=600", "A-B 1000 open", "C-A 900 open@C", "S1-D 100")
    looped = on_line(g, "S1-A", 2500, MV_CABLE, is_loop_in=True)
    before = findings(g, replace(looped, cable=replace(MV_CABLE, length_m=1e-6)))[RELAY]
    after = findings(g, looped)[RELAY]
    assert "open end of line A-B" in after.text
    assert before.measured is not None
    assert after.measured is not None
    # two legs of 1 km behind 6 km more or less of the same cable
    assert after.measured < 0.9 * before.measured


def test_loop_in_on_a_line_that_ends_open_lengthens_it() -> None:
    g = grid(SOURCE, "S1-A 5000 open relay=600")
    found = findings(g, on_line(g, "S1-A", 2500, MV_CABLE, is_loop_in=True))[RELAY]
    longer = grid(SOURCE, "S1-A 5000 relay=600", "A-B 2000 r=0.206 x=0.116 open")
    expected = findings(longer, at_bus(longer, "A"))[RELAY]
    assert found.measured == pytest.approx(expected.measured, rel=1e-9)


def test_reach_that_was_too_short_before_is_told_apart() -> None:
    g = grid(SOURCE, "S1-A 20000 relay=1900")
    near = findings(g, on_line(g, "S1-A", 100, MV_CABLE))[RELAY]
    assert near.severity is Severity.WARNING
    assert "does not make it worse" in near.text
    worse = findings(g, at_bus(g, "A", MV_CABLE))[RELAY]
    assert worse.severity is Severity.VIOLATION
    assert "makes it worse" in worse.text


def test_new_feeder_is_told_the_largest_pick_up() -> None:
    g = grid(SOURCE, "S1-A 100")
    found = findings(g, at_bus(g, "S1", MV_CABLE))[RELAY]
    assert found.severity is Severity.SURVEY
    assert "must pick up at no more than" in found.text
    blind = grid("S1 sk=?", "S1-A 100")
    assert "no more than" not in findings(blind, at_bus(blind, "S1", MV_CABLE))[RELAY].text


def test_connection_without_a_cable_adds_no_earth_fault_current() -> None:
    g = grid(SOURCE, "S1-A 100 relay=300")
    assert set(findings(g, at_bus(g, "A"))) == {RELAY}
