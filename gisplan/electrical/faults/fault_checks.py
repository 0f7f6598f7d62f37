"""Findings of an option that concern faults: switchgear, protection, earth-fault current.

The withstand of the new cable is checked with its sizing (``gisplan.electrical.sizing.withstand``).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.electrical.faults.earth_fault import check_earth_fault
from gisplan.electrical.faults.fault_data import name_unknown
from gisplan.electrical.faults.fault_endings import (
    NONE,
    Ending,
    device_of,
    farthest_relay_ending,
    new_loop_ending,
    new_relay_ending,
)
from gisplan.electrical.faults.protection import (
    FUSE_RULE,
    RELAY_RULE,
    check_low_voltage,
    check_medium_voltage,
    measure_fuse,
    not_proven,
)
from gisplan.electrical.faults.protection_zones import SWITCHGEAR
from gisplan.electrical.faults.short_circuit import element_at, place_of, voltage_bus
from gisplan.model.grid import BusKind
from gisplan.model.option import Finding, Severity
from gisplan.units import three_phase_current_a

if TYPE_CHECKING:
    from gisplan.electrical.faults.short_circuit import ShortCircuits
    from gisplan.electrical.proof.proposal import Proposal
    from gisplan.network.snapshot import Snapshot
    from gisplan.rules.catalogue import Catalogue

SWITCHGEAR_RULE = "short_circuit.switchgear_ka"
SWITCHGEAR_CLAUSE = "IEC 62271-1:2017, rated short-time withstand current"
RATED_KINDS = (*SWITCHGEAR, BusKind.RING_MAIN_UNIT)
SAME_RATIO = 1e-9


def check_faults(
    snapshot: Snapshot, catalogue: Catalogue, currents: ShortCircuits, proposal: Proposal
) -> tuple[Finding, ...]:
    """Findings of one way to connect; violations make it infeasible."""
    grid = snapshot.grid
    bus = int(voltage_bus(grid, place_of(proposal))[0])
    findings = _check_switchgear(snapshot, currents, proposal)
    if grid.buses.nominal_voltage_v[bus] < MEDIUM_VOLTAGE_V:
        return (*findings, _check_low_voltage(snapshot, catalogue, currents, proposal))
    findings += (_check_medium_voltage(snapshot, catalogue, currents, proposal),)
    if proposal.cable is None:
        return findings
    legs = 2 if proposal.is_loop_in else 1
    earth = check_earth_fault(
        grid, catalogue, currents.earth, bus=bus, cable=proposal.cable, legs=legs
    )
    return findings + earth


def _check_switchgear(
    snapshot: Snapshot, currents: ShortCircuits, proposal: Proposal
) -> tuple[Finding, ...]:
    """Compare the largest current at an access bus with the rating of what stands there."""
    if proposal.bus < 0:
        return ()
    buses = snapshot.grid.buses
    element = f"bus {buses.bus_id[proposal.bus]}"
    rated_ka = float(buses.rated_short_circuit_current_ka[proposal.bus])
    largest_ka = float(currents.maximum_ka[proposal.bus])
    if math.isnan(rated_ka) and buses.kind[proposal.bus] not in RATED_KINDS:
        return ()
    reason = f"the rated short-circuit current of the switchgear at {element} is unknown"
    if math.isnan(largest_ka):
        missing = int(element_at(currents.maximum, place_of(proposal))[0])
        reason = name_unknown(snapshot.grid, currents.maximum.unknown, missing)
    if math.isnan(rated_ka) or math.isnan(largest_ka):
        return (_switchgear_finding(Severity.SURVEY, element, f"is not proven: {reason}"),)
    margin_ka = rated_ka - largest_ka
    finding = _switchgear_finding(
        Severity.INFO if margin_ka >= 0 else Severity.VIOLATION,
        element,
        f"{largest_ka:.2f} kA at {element}, rated are {rated_ka:g} kA",
    )
    return (replace(finding, measured=largest_ka, limit=rated_ka, margin=margin_ka),)


def _switchgear_finding(severity: Severity, element: str, text: str) -> Finding:
    return Finding(
        rule=SWITCHGEAR_RULE,
        severity=severity,
        element=element,
        text=f"Short-circuit strength of switchgear: {text}",
        unit="kA",
        clause=SWITCHGEAR_CLAUSE,
        confidence="unverified",
    )


def _check_low_voltage(
    snapshot: Snapshot, catalogue: Catalogue, currents: ShortCircuits, proposal: Proposal
) -> Finding:
    ending = new_loop_ending(snapshot, currents, proposal)
    kind = snapshot.grid.buses.kind[proposal.bus] if proposal.bus >= 0 else BusKind.JOINT
    if proposal.cable is not None and kind in SWITCHGEAR:
        return _check_new_fuse(snapshot, catalogue, proposal, ending)
    finding = check_low_voltage(snapshot, catalogue, ending)
    if proposal.cable is None and finding.severity is Severity.VIOLATION:
        text = f"{finding.text}; this was so before the connection"
        return replace(finding, severity=Severity.WARNING, text=text)
    return finding


def _check_new_fuse(
    snapshot: Snapshot, catalogue: Catalogue, proposal: Proposal, ending: Ending
) -> Finding:
    """Return whether the smallest new fuse that carries the demand clears a fault at its end.

    The demand counts as balanced; parallel systems stand behind one set of fuses.
    """
    bus = proposal.bus
    power_kva = float(np.hypot(proposal.p_kw[:, 0], proposal.q_kvar[:, 0]).max())
    voltage_v = float(snapshot.grid.buses.nominal_voltage_v[bus])
    current_a = three_phase_current_a(apparent_power_kva=power_kva, nominal_voltage_v=voltage_v)
    rule, fuse = catalogue.rule(FUSE_RULE), catalogue.find_fuse(current_a)
    if ending.why_unknown:
        return not_proven(rule, ending, ending.why_unknown)
    if fuse is None:
        return not_proven(rule, ending, f"no fuse is known that carries {current_a:.0f} A")
    element = f"bus {snapshot.grid.buses.bus_id[bus]}"
    return measure_fuse(catalogue, fuse, ending, element)


def _check_medium_voltage(
    snapshot: Snapshot, catalogue: Catalogue, currents: ShortCircuits, proposal: Proposal
) -> Finding:
    device = device_of(currents, proposal)
    if device == NONE:
        return _check_new_relay(snapshot, catalogue, currents, proposal)
    before = farthest_relay_ending(snapshot, currents, device)
    after = farthest_relay_ending(snapshot, currents, device, proposal)
    finding = check_medium_voltage(snapshot, catalogue, after)
    if finding.severity is not Severity.VIOLATION:
        return finding
    was = check_medium_voltage(snapshot, catalogue, before)
    if was.severity is not Severity.VIOLATION:
        return finding
    if after.current_ka < before.current_ka * (1 - SAME_RATIO):
        worse = f"{finding.text}; the limit was breached before, this makes it worse"
        return replace(finding, text=worse)
    same = f"{finding.text}; the limit was breached before, this does not make it worse"
    return replace(finding, severity=Severity.WARNING, text=same)


def _check_new_relay(
    snapshot: Snapshot, catalogue: Catalogue, currents: ShortCircuits, proposal: Proposal
) -> Finding:
    """Say what the relay in front of a place with none on record must be set to at most."""
    ending = new_relay_ending(snapshot, currents, proposal)
    finding = check_medium_voltage(snapshot, catalogue, ending)
    if math.isnan(ending.current_ka):
        return finding
    rule = catalogue.rule(RELAY_RULE)
    largest_a = ending.current_ka * 1e3 / rule.value
    return replace(
        finding, text=f"{finding.text}; it must pick up at no more than {largest_a:.0f} A"
    )
