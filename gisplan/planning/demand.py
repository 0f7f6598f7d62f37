"""What a new demand counts at each coincidence level, in each load case that it must survive.

Where the share of a class is flat, that is its demand times the share, everywhere. Where the share
depends on the number of customers, it is what the class draws together with the new one less what
it draws without, so it depends on who shares the element with the point: :func:`powers_at`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import LoadCase
from gisplan.model.application import ApplicationKind
from gisplan.model.option import Finding, Severity
from gisplan.planning.customers import added_shares
from gisplan.rules.types import LEVELS

if TYPE_CHECKING:
    from gisplan.model.application import Application
    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.held import Held
    from gisplan.rules.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDemand:
    """Demand of one load case by level (service, main, transformer, feeder, substation).

    Arrays of shape (5,); generation is negative. They hold where the number of customers is not
    known; ``of_many`` is ``None`` where it makes no difference.
    """

    load_case: LoadCase
    p_kw: Floats
    q_kvar: Floats
    customer_class: str = ""
    of_many: float | None = None


def case_demands(application: Application, catalogue: Catalogue) -> tuple[CaseDemand, ...]:
    """Return the load cases that an application is checked in; storage is checked in both."""
    return tuple(
        _case_demand(application, catalogue, load_case) for load_case in _cases(application.kind)
    )


def powers_at(
    demand: CaseDemand, held: Held, bus: Integers, line: Integers
) -> tuple[Floats, Floats]:
    """Return what a demand counts at each of several points, in kW and kvar; shape (points, 5).

    A point is a bus, or (``bus`` -1) lies on a line. Existing customers and earlier promises of the
    class that share an element with it lessen what it adds there; its own cable carries it in full.
    """
    beside = held.beside_kva2.get((demand.customer_class, demand.load_case))
    own_kva = math.hypot(demand.p_kw[0], demand.q_kvar[0])
    if beside is None or demand.of_many is None or own_kva == 0.0:
        count = len(bus)
        return np.tile(demand.p_kw, (count, 1)), np.tile(demand.q_kvar, (count, 1))
    square_kva2 = beside[:, held.sharing.nodes(bus, line)]
    shares = added_shares(demand.of_many, np.array(own_kva), square_kva2)
    by_level = np.vstack([np.ones(len(bus)), shares]).T
    return demand.p_kw[0] * by_level, demand.q_kvar[0] * by_level


def full_power(application: Application) -> tuple[float, float]:
    """Return the expected maximum demand in kW and kvar, at the application's power factor."""
    p_kw = application.expected_maximum_demand_kw or (
        application.demand_kva * application.power_factor
    )
    return p_kw, p_kw * math.tan(math.acos(application.power_factor))


def sizing_kva(application: Application) -> float:
    """Return what the own cable must carry: the contract, or the expected maximum if it is more."""
    return max(application.demand_kva, math.hypot(*full_power(application)))


def derived_demand(application: Application) -> tuple[Finding, ...]:
    """Say so where the expected maximum demand was derived and not given."""
    if application.expected_maximum_demand_kw is not None:
        return ()
    p_kw, _ = full_power(application)
    return (
        Finding(
            rule="demand.expected_maximum",
            severity=Severity.INFO,
            element=application.reference,
            text=(
                f"Expected maximum demand was not given; {p_kw:.1f} kW is the contract capacity "
                f"of {application.demand_kva:g} kVA at power factor {application.power_factor:g}"
            ),
            measured=round(p_kw, 3),
            unit="kW",
            confidence="unverified",
        ),
    )


def _cases(kind: ApplicationKind) -> tuple[LoadCase, ...]:
    if kind is ApplicationKind.GENERATION:
        return (LoadCase.FEED_IN,)
    if kind is ApplicationKind.STORAGE:
        return (LoadCase.LOAD, LoadCase.FEED_IN)
    return (LoadCase.LOAD,)


def _case_demand(application: Application, catalogue: Catalogue, load_case: LoadCase) -> CaseDemand:
    p_kw, q_kvar = full_power(application)
    of_many = catalogue.coincidence_of_many(application.customer_class, load_case)
    share = np.array(
        [catalogue.coincidence(application.customer_class, level, load_case) for level in LEVELS]
    )
    if load_case is LoadCase.FEED_IN:
        # generation is asked at its full active power; its reactive power is left at zero, which
        # neither helps nor hurts the voltage before a rule for it is agreed
        p_kw, q_kvar = -p_kw, 0.0
    return CaseDemand(
        load_case=load_case,
        p_kw=p_kw * share,
        q_kvar=q_kvar * share,
        customer_class=application.customer_class,
        of_many=of_many,
    )
