"""The first rules: supply voltage, phases, number of sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.option import Finding, Severity

if TYPE_CHECKING:
    from gisplan.model.application import Application
    from gisplan.model.grid import Buses
    from gisplan.rules.catalogue import Catalogue

LOW_VOLTAGE_MAX_V = 1000.0  # IEC 60038: low voltage ends at 1 kV
MEDIUM_VOLTAGE_MAX_V = 60000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyMode:
    """How an application is to be supplied; ``refusal`` is empty where it can be.

    ``nominal_voltage_v`` is ``None`` where the grid holds no bus of the level.
    """

    voltage_level: str
    nominal_voltage_v: float | None
    phase_count: int
    sources_required: int
    findings: tuple[Finding, ...]
    refusal: tuple[str, ...]


def supply_mode(application: Application, buses: Buses, catalogue: Catalogue) -> SupplyMode:
    """Choose voltage level, phases and number of sources by the catalogue."""
    level = _voltage_level(application, catalogue)
    findings = [_voltage_finding(application, catalogue, level)]
    sources = int(catalogue.value(f"supply.sources_required.{application.importance}"))
    if sources > 1:
        findings.append(_sources_finding(application, catalogue, sources))
    phases = _phase_count(application, catalogue) if level == "lv" else 3
    if phases == 1:
        rule = catalogue.rule("supply.single_phase_max_kva")
        findings.append(rule.measure(application.demand_kva, element=application.reference))
    refusal = [f.text for f in findings if f.severity is Severity.VIOLATION]
    nominal_voltage_v = _nominal_voltage_v(buses, level)
    if nominal_voltage_v is None:
        refusal.append(f"this grid holds no bus of the level {level} that the demand asks for")
    return SupplyMode(
        voltage_level=level,
        nominal_voltage_v=nominal_voltage_v,
        phase_count=phases,
        sources_required=sources,
        findings=tuple(findings),
        refusal=tuple(refusal),
    )


def needs_backfeed(mode: SupplyMode, catalogue: Catalogue) -> bool:
    """Tell whether an application is refused where no backfeed holds, with it or without."""
    return mode.sources_required >= catalogue.value("backfeed.strict_from_sources")


def is_low_voltage(nominal_voltage_v: float) -> bool:
    """Tell whether a nominal voltage is low voltage (at most 1 kV)."""
    return nominal_voltage_v <= LOW_VOLTAGE_MAX_V


def _voltage_level(application: Application, catalogue: Catalogue) -> str:
    limit_kva = catalogue.value("supply.lv_max_kva")
    return "lv" if application.demand_kva <= limit_kva else "mv"


def _voltage_finding(application: Application, catalogue: Catalogue, level: str) -> Finding:
    rule = catalogue.rule("supply.lv_max_kva" if level == "lv" else "supply.mv_max_kva")
    return rule.measure(application.demand_kva, element=application.reference)


def _sources_finding(application: Application, catalogue: Catalogue, sources: int) -> Finding:
    return Finding(
        rule=f"supply.sources_required.{application.importance}",
        severity=Severity.WARNING,
        element=application.reference,
        text=(
            f"Importance class {application.importance} needs {sources} independent sources; every "
            "option below is one of them, the set of sources says which belong together"
        ),
        measured=1.0,
        limit=float(sources),
        margin=1.0 - sources,
        unit="sources",
        clause=catalogue.rule(f"supply.sources_required.{application.importance}").clause,
        confidence=catalogue.rule(f"supply.sources_required.{application.importance}").confidence,
    )


def _phase_count(application: Application, catalogue: Catalogue) -> int:
    if application.phases is not None:
        return application.phases
    limit_kva = catalogue.value("supply.single_phase_max_kva")
    return 1 if application.demand_kva <= limit_kva else 3


def _nominal_voltage_v(buses: Buses, level: str) -> float | None:
    """Return the commonest nominal voltage of the level in this grid, the lowest where equal."""
    volts = np.asarray(buses.nominal_voltage_v)
    if level == "lv":
        volts = volts[volts <= LOW_VOLTAGE_MAX_V]
    else:
        volts = volts[(volts > LOW_VOLTAGE_MAX_V) & (volts < MEDIUM_VOLTAGE_MAX_V)]
    values, counts = np.unique(volts, return_counts=True)
    return float(values[np.argmax(counts)]) if len(values) else None
