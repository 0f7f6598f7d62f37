"""Fuses, breakers and relays: which one clears a fault, and whether it is proven to."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisplan.electrical.faults.fault_endings import farthest_loop_ending, farthest_relay_ending
from gisplan.electrical.faults.protection import (
    check_feeder,
    check_low_voltage,
    check_mains,
    clearing_time_s,
)
from gisplan.electrical.faults.protection_zones import find_zones, open_ends
from gisplan.electrical.faults.short_circuit import short_circuit_currents
from gisplan.model.grid import Grid
from gisplan.model.option import Finding, Severity
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import bus, line, snapshot

EU = load_catalogue("eu")
SOURCE = "S1 sk=500 skmin=300 rx=0.1"
ZERO = "r0=0.832 x0=0.32"


def lv(*rows: str) -> Grid:
    return grid(SOURCE, "S1>A 400", *rows)


def mains(*rows: str) -> Finding:
    g = lv(*rows)
    (finding,) = check_mains(snapshot(g), EU, short_circuit_currents(snapshot(g), EU))
    return finding


def feeder(name: str, *rows: str) -> Finding:
    g = grid(SOURCE, *rows)
    return check_feeder(snapshot(g), EU, short_circuit_currents(snapshot(g), EU), line(g, name))


def zones_at(rows: Sequence[str], name: str) -> tuple[str, str]:
    g = grid(*rows)
    zones = find_zones(g, build_topology(g))
    ids = [*g.lines.line_id, ""]
    b = bus(g, name)
    return ids[zones.device[b]], ids[zones.unrecorded[b]]


@pytest.mark.parametrize(("current_a", "time_s"), [(320, 5.0), (820, 0.1), (5000, 0.1)])
def test_fuse_clears_at_the_gates_of_its_standard(current_a: float, time_s: float) -> None:
    fuse = EU.find_fuse(63)
    assert fuse is not None
    assert clearing_time_s(fuse, current_a) == pytest.approx(time_s)


def test_fuse_need_not_clear_below_its_conventional_current() -> None:
    fuse = EU.find_fuse(100)
    assert fuse is not None
    assert math.isinf(clearing_time_s(fuse, 159.9))
    assert clearing_time_s(fuse, 160.0) == pytest.approx(7200)


@given(st.floats(20, 5e4), st.floats(1, 3), st.sampled_from(EU.fuses))
def test_more_current_never_clears_later(current_a, factor, fuse) -> None:
    assert clearing_time_s(fuse, current_a * factor) <= clearing_time_s(fuse, current_a)


@given(st.floats(20, 5e4), st.sampled_from(list(zip(EU.fuses, EU.fuses[1:], strict=False))))
def test_larger_fuse_never_clears_sooner(current_a, pair) -> None:
    assert clearing_time_s(pair[0], current_a) <= clearing_time_s(pair[1], current_a)


def test_every_fuse_is_within_a_fifth_of_a_makers_average_curve() -> None:
    # all ratings that both know; the curves are coarse. The table is no proven ceiling: at 5 s it
    # asks for up to 15 % less current than these average curves (50 A, 80 A), which is unsafe
    import pandapower

    known = pandapower.create_empty_network().std_types["fuse"]
    compared = 0
    for fuse in EU.fuses:
        for series in ("NH-1", "NH-2"):
            curve = known.get(f"Siemens {series}-{fuse.rated_current_a:g}")
            if curve is None:
                continue
            times, currents = np.log(curve["t_avg"][::-1]), np.log(curve["x_avg"][::-1])
            real_a = np.exp(np.interp(np.log([5.0, 0.1]), times, currents))
            assert [fuse.current_5s_a, fuse.current_100ms_a] == pytest.approx(real_a, rel=0.25)
            assert fuse.current_5s_a > 0.86 * real_a[0]
            compared += 1
    assert compared == 14


def test_nearest_recorded_device_protects() -> None:
    rows = (SOURCE, "S1>A 400", "A-B 100 fuse=250", "B-C 50 fuse=100", "C-D 50", "D-E 9")
    assert zones_at(rows, "E") == ("B-C", "")
    assert zones_at(rows, "B") == ("A-B", "")


def test_device_may_stand_unseen_only_where_switchgear_is() -> None:
    rows = (SOURCE, "S1>A 400", "A-B 100 fuse=250", "B-C 50", "C-D 50", "D-E 9", "D cabinet")
    assert zones_at(rows, "D") == ("A-B", "")
    assert zones_at(rows, "E") == ("A-B", "D-E")


def test_transformer_ends_a_zone() -> None:
    rows = (SOURCE, "S1-M 100 relay=300", "M>A 400", "A-B 10")
    assert zones_at(rows, "M") == ("S1-M", "")
    assert zones_at(rows, "A") == ("", "")
    assert zones_at(rows, "B") == ("", "A-B")


def test_line_fed_from_its_second_bus_begins_there() -> None:
    assert zones_at((SOURCE, "S1>A 400", "B-A 10", "C-B 10 fuse=63"), "B") == ("", "B-A")


def test_lines_that_end_open_have_a_zone_of_their_own() -> None:
    g = lv("A-B 100 open fuse=63", "C-A 50 open@C", "A-D 10 out", "X-Y 10 open")
    zones = find_zones(g, build_topology(g))
    ids = g.lines.line_id
    stubs = open_ends(g, build_topology(g))
    assert list(ids[stubs]) == ["A-B", "C-A"]
    assert ids[zones.line_device[line(g, "A-B")]] == "A-B"
    assert zones.line_device[line(g, "C-A")] == -1
    assert ids[zones.line_unrecorded[line(g, "C-A")]] == "C-A"


def test_fuse_at_a_short_main_is_proven() -> None:
    finding = mains(f"A-B 100 {ZERO} fuse=160")
    assert finding.severity is Severity.INFO
    assert finding.rule == "protection.lv_fuse_clearing_s"
    assert finding.element == "line A-B"
    assert finding.measured is not None
    assert finding.measured <= 0.11
    assert finding.confidence == "unverified"


def test_fuse_at_a_long_main_is_too_slow() -> None:
    # 600 m of 4x150: 2 Z1 + Z0 is near 1.0 ohm, sqrt(3) 360 V over it near 600 A; 250 A need 1650
    finding = mains(f"A-B 600 {ZERO} fuse=250")
    assert finding.severity is Severity.VIOLATION
    assert finding.margin is not None
    assert finding.margin < 0
    assert "fuse of 250 A at line A-B clears" in finding.text
    assert "bus B" in finding.text


def test_fuse_that_need_not_clear_is_told() -> None:
    finding = mains(f"A-B 900 {ZERO} fuse=315")
    assert finding.severity is Severity.VIOLATION
    assert "not even within 3 h for certain" in finding.text
    assert finding.measured == 10800


def test_rating_between_two_standard_ones_counts_as_the_larger() -> None:
    assert "fuse of 250 A" in mains(f"A-B 100 {ZERO} fuse=224").text


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (("A-B 100 fuse=160",), "(r0, x0) of line A-B is unknown"),
        ((f"A-B 100 {ZERO} fuse=?",), "device at line A-B is unknown"),
        ((f"A-B 100 {ZERO} fuse=2000",), "no fuse as large as 2000 A"),
        ((f"A-B 100 {ZERO} fuse=160", f"A-B 100 {ZERO}"), "line A-B is part of a loop"),
        ((f"A-B 100 {ZERO} fuse=160 out",), "nothing is supplied through it"),
    ],
)
def test_what_is_missing_is_not_proven(rows, why) -> None:
    finding = mains(*rows)
    assert finding.severity is Severity.SURVEY
    assert finding.measured is None
    assert why in finding.text
    assert "not proven" in finding.text


def test_slow_fuse_is_not_proven_where_a_nearer_one_may_stand() -> None:
    finding = mains(f"A-B 300 {ZERO} fuse=250", f"B-C 300 {ZERO}", "B cabinet")
    assert finding.severity is Severity.SURVEY
    assert "may stand at the feeding end of line B-C" in finding.text


def test_loop_behind_a_fuse_does_not_share_its_current() -> None:
    finding = mains(f"A-B 10 {ZERO} fuse=160", *(f"{x} 50 {ZERO}" for x in ("B-C", "C-D", "B-D")))
    assert finding.severity is Severity.INFO


def test_farthest_place_may_be_an_open_end() -> None:
    g = lv(f"A-B 100 {ZERO} fuse=160", f"B-C 200 {ZERO} open", f"D-B 300 {ZERO} open@D")
    found = farthest_loop_ending(
        snapshot(g), short_circuit_currents(snapshot(g), EU), line(g, "A-B")
    )
    assert found.name == "the open end of line D-B"


def test_breaker_must_be_reached_by_the_smallest_current() -> None:
    near, far = (mains(f"A-B {length} {ZERO} relay=500") for length in (100, 900))
    assert near.rule == "protection.lv_breaker_reach_ratio"
    assert near.severity is Severity.INFO
    assert far.severity is Severity.VIOLATION
    assert "times the pick-up of 500 A" in far.text


def test_place_without_any_device_names_the_line() -> None:
    g = lv(f"A-B 100 {ZERO}")
    currents = short_circuit_currents(snapshot(g), EU)
    ending = farthest_loop_ending(snapshot(g), currents, -1)
    finding = check_low_voltage(snapshot(g), EU, ending)
    assert finding.severity is Severity.SURVEY


def test_relay_reaches_the_two_phase_fault_at_the_far_end() -> None:
    # ZQ = 20^2 / 300 = 1.3333 ohm (R/X 0.1), line 10 km hot 0.161 * 1.24 and 0.117 ohm/km:
    # |0.1327 + 1.9964 + j(1.3267 + 1.17)| = 3.281 ohm; 20 kV / 2 / 3.281 = 3048 A
    finding = feeder("S1-A", "S1-A 10000 relay=600")
    assert finding.measured == pytest.approx(3048 / 600, rel=1e-3)
    assert finding.severity is Severity.INFO
    assert finding.rule == "protection.mv_relay_reach_ratio"


def test_relay_with_a_high_pick_up_does_not_reach() -> None:
    finding = feeder("S1-A", "S1-A 10000 relay=2500")
    assert finding.severity is Severity.VIOLATION
    assert "bus A" in finding.text


def test_second_relay_takes_over_its_own_part() -> None:
    g = grid(SOURCE, "S1-A 1000 relay=600", "A-B 9000 relay=300", "A-C 2000")
    ending = farthest_relay_ending(
        snapshot(g), short_circuit_currents(snapshot(g), EU), line(g, "S1-A")
    )
    assert ending.name == "bus C"


def test_backfeed_state_is_judged_with_its_own_switching_state() -> None:
    lines = ("S1-A 4000 relay=900", "B-C 6000", "S1-C 4000 relay=900")
    normal = feeder("S1-C", *lines, "A-B 6000")
    assert "loop" in normal.text
    backfed = feeder("S1-C", "S1-A 4000 relay=900 open@S1", "A-B 6000", *lines[1:])
    alone = feeder("S1-C", *lines, "A-B 6000 open")
    assert backfed.measured is not None
    assert alone.measured is not None
    assert backfed.measured < alone.measured
    assert "bus A" in backfed.text or "line S1-A" in backfed.text


def test_relay_of_a_dead_feeder_protects_nothing() -> None:
    finding = feeder("S1-A", "S1-A 100 relay=300 out")
    assert finding.severity is Severity.SURVEY
    assert "nothing is supplied through it" in finding.text


def test_fuse_above_1_kv_is_not_proven() -> None:
    assert "has a fuse, unknown above 1 kV" in feeder("S1-A", "S1-A 100 fuse=63").text


def test_unknown_source_leaves_the_reach_unproven() -> None:
    g = grid("S1 sk=?", "S1-A 100 relay=300")
    finding = check_feeder(
        snapshot(g), EU, short_circuit_currents(snapshot(g), EU), line(g, "S1-A")
    )
    assert "smallest short-circuit power of source S1 is unknown" in finding.text
