"""What a new demand counts at each coincidence level, in each load case that it must survive."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import LoadCase
from gisplan.model.application import ApplicationKind
from gisplan.model.option import Finding, Severity
from gisplan.rules.types import LEVELS

if TYPE_CHECKING:
    from gisplan.model.application import Application
    from gisplan.model.grid import Floats
    from gisplan.rules.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDemand:
    """Demand of one load case by level (service, main, transformer, feeder, substation).

    Arrays of shape (5,); generation is negative.
    """

    load_case: LoadCase
    p_kw: Floats
    q_kvar: Floats


def case_demands(application: Application, catalogue: Catalogue) -> tuple[CaseDemand, ...]:
    """Return the load cases that an application is checked in; storage is checked in both."""
    return tuple(
        _case_demand(application, catalogue, load_case) for load_case in _cases(application.kind)
    )


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
    share = np.array(
        [catalogue.coincidence(application.customer_class, level, load_case) for level in LEVELS]
    )
    if load_case is LoadCase.FEED_IN:
        # generation is asked at its full active power; its reactive power is left at zero, which
        # neither helps nor hurts the voltage before a rule for it is agreed
        return CaseDemand(load_case=load_case, p_kw=-p_kw * share, q_kvar=0.0 * share)
    return CaseDemand(load_case=load_case, p_kw=p_kw * share, q_kvar=q_kvar * share)
