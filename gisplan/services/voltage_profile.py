"""The voltage along the way of supply, from the source to a new customer, before and after.

What stands at the customer is what the AC proof found there with the demand in full; everybody else
stands as the mains see them (state "service"). A single-phase customer's low-voltage network is
that of the asymmetric power flow, on the customer's own phase against neutral.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import MAIN, STATES, LoadCase
from gisplan.electrical.phases.asymmetric_result import PHASES
from gisplan.electrical.phases.asymmetric_scenarios import BEFORE_MAIN, SERVICE, solve_phases
from gisplan.electrical.phases.low_voltage_part import NotProven, find_low_voltage_part
from gisplan.electrical.proof.proof import ProofResult
from gisplan.electrical.proof.proof_model import solve_group
from gisplan.electrical.proof.voltage_budget import Part, Share, voltage_budget
from gisplan.planning.checks import asked_bases
from gisplan.services.option_proposal import proposal_of_option, site_of
from gisplan.services.supply_way import CUSTOMER, JOINT, Place, is_supplied, supply_way

if TYPE_CHECKING:
    from gisplan.electrical.phases.asymmetric_scenarios import SolvedPhases
    from gisplan.electrical.proof.proof_model import Group
    from gisplan.electrical.proof.proposal import Proposal
    from gisplan.model.application import Application
    from gisplan.model.option import Option
    from gisplan.planning.site import Site
    from gisplan.planning.state import PlanningState
    from gisplan.rules.catalogue import Catalogue

SERVICE_STATE = STATES.index("service")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePoint:
    """A place on the way; ``part`` is what leads to it, ``distance_m`` sums lines from the source.

    ``voltage_before_pu`` is ``None`` where there was nothing before. The limits are those of the
    catalogue at this voltage level.
    """

    element: str
    name: str
    part: Part
    nominal_voltage_v: float
    distance_m: float
    voltage_pu: float
    voltage_before_pu: float | None
    limit_min_pu: float
    limit_max_pu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageProfile:
    """The way in one load case, from the source on; ``phase`` is empty where it is balanced.

    ``shares`` say what each part adds; a tap is told apart from its transformer where balanced.
    """

    load_case: LoadCase
    phase: str
    points: tuple[ProfilePoint, ...]
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageProfiles:
    """One profile a load case that the option is asked in; without any, ``reason`` says why."""

    profiles: tuple[VoltageProfile, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connection:
    """An option solved with its remedies; ``today`` is the state without them."""

    site: Site
    today: PlanningState
    proposal: Proposal
    group: Group
    way: tuple[Place, ...]


_Read = Callable[[Place], tuple[float, float | None]]
"""Gives the voltage of a place, and what it was before."""


def voltage_profiles(
    state: PlanningState, application: Application, option: Option
) -> VoltageProfiles:
    """Solve an option again, with its remedies, and read the voltages on its way of supply.

    Raises
    ------
    UnknownElementError
        If the option names an element that the grid version does not hold.
    InputError
        If the option is none of this application and catalogue.
    """
    if any(remedy.kind == "phase_swap" for remedy in option.remedies):
        return VoltageProfiles(
            reason="another customer changes its phase; the findings tell what that does"
        )
    site = site_of(state, application, option)
    proposal = proposal_of_option(site, option)
    snapshot, bases = site.region.snapshot, asked_bases(site, site.state.base)
    if not is_supplied(snapshot, proposal):
        return VoltageProfiles(reason="nothing supplies the access point")
    group = solve_group(snapshot, bases, [proposal], is_whole=True)
    if not group.result.converged.all():
        return VoltageProfiles(reason="no operating point exists with this connection")
    connection = _Connection(
        site=site,
        today=state,
        proposal=proposal,
        group=group,
        way=tuple(supply_way(snapshot, proposal)),
    )
    if option.phases in PHASES:
        return _single_phase(connection, option.phases)
    return VoltageProfiles(profiles=tuple(_balanced(connection, case) for case in group.cases))


def _balanced(connection: _Connection, case: LoadCase) -> VoltageProfile:
    snapshot = connection.site.region.snapshot
    proof = ProofResult(converged=True, supplied=True, is_low_voltage=False, whole_network=True)
    base = connection.site.state.base[case]
    shares = voltage_budget(snapshot, base, proof, proposal=connection.proposal)
    return VoltageProfile(
        load_case=case,
        phase="",
        points=_points(connection, _balanced_reader(connection, case)),
        shares=_rounded(shares),
    )


def _balanced_reader(connection: _Connection, case: LoadCase) -> _Read:
    """Read the balanced power flow; before stands what the buses have today."""
    group, before = connection.group, connection.today.base[case]
    row = group.scenarios(0, group.cases.index(case)).start + SERVICE_STATE

    def read(place: Place) -> tuple[float, float | None]:
        node = _node(place, int(group.access_node[0]), int(group.customer_node[0]))
        after = group.result.voltage_pu[row, np.searchsorted(group.network.node, node)]
        was = float(before.voltage_pu[MAIN, place.bus]) if place.bus >= 0 else np.nan
        return float(after), was if np.isfinite(was) else None

    return read


def _node(place: Place, access: int, customer: int) -> int:
    return {JOINT: access, CUSTOMER: customer}.get(place.bus, place.bus)


def _single_phase(connection: _Connection, phase: str) -> VoltageProfiles:
    """Read the low voltage from the asymmetric power flow, what is above from the balanced one."""
    site, proposal = connection.site, connection.proposal
    snapshot, bases = site.region.snapshot, asked_bases(site, site.state.base)
    part = find_low_voltage_part(snapshot, next(iter(bases.values())), proposal)
    if isinstance(part, NotProven):
        return VoltageProfiles(reason=part.text)
    held = site.state.held.phase_codes
    solved = solve_phases(
        snapshot, bases, site.region.catalogue, proposal, held_phases=held, part=part
    )
    return VoltageProfiles(
        profiles=tuple(_of_phase(connection, solved, case, phase) for case in solved.cases)
    )


def _of_phase(
    connection: _Connection, solved: SolvedPhases, case: LoadCase, phase: str
) -> VoltageProfile:
    above = _balanced_reader(connection, case)
    row = solved.row[solved.cases.index(case), PHASES.index(phase)]
    layout, nodes = solved.layout, solved.layout.network.node

    def read(place: Place) -> tuple[float, float | None]:
        if not place.is_low:
            return above(place)
        node = _node(place, layout.access_node, layout.customer_node)
        voltage = np.abs(solved.result.voltage_pu[row, np.searchsorted(nodes, node), 0])
        before = None if place.bus == CUSTOMER else float(voltage[BEFORE_MAIN])
        return float(voltage[SERVICE]), before

    points = _points(connection, read)
    return VoltageProfile(
        load_case=case, phase=phase, points=points, shares=_rounded(_summed(points))
    )


def _points(connection: _Connection, read: _Read) -> tuple[ProfilePoint, ...]:
    along_m = np.cumsum([place.length_m for place in connection.way])
    return tuple(
        _point(connection.site.region.catalogue, place, float(distance_m), read(place))
        for place, distance_m in zip(connection.way, along_m, strict=True)
    )


def _point(
    catalogue: Catalogue, place: Place, distance_m: float, voltages: tuple[float, float | None]
) -> ProfilePoint:
    level = "lv" if place.is_low else "mv"
    after, before = voltages
    return ProfilePoint(
        element=place.element,
        name=place.name,
        part=place.part,
        nominal_voltage_v=place.nominal_voltage_v,
        distance_m=round(distance_m, 3),
        voltage_pu=round(after, 6),
        voltage_before_pu=None if before is None else round(before, 6),
        limit_min_pu=catalogue.value(f"voltage.{level}_min_pu"),
        limit_max_pu=catalogue.value(f"voltage.{level}_max_pu"),
    )


def _summed(points: tuple[ProfilePoint, ...]) -> tuple[Share, ...]:
    """Sum what each part adds along the points."""
    changes: dict[Part, float] = {}
    at_pu = 1.0
    for point in points:
        changes[point.part] = changes.get(point.part, 0.0) + 100 * (point.voltage_pu - at_pu)
        at_pu = point.voltage_pu
    return tuple(Share(part=part, change_pct=change) for part, change in changes.items())


def _rounded(shares: tuple[Share, ...]) -> tuple[Share, ...]:
    # adding zero takes the sign from a zero
    return tuple(replace(share, change_pct=round(share.change_pct, 4) + 0.0) for share in shares)
