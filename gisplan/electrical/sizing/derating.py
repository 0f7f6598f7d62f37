"""The current that a cable may carry as it is laid: its rated current and the factors on it."""

from __future__ import annotations

from gisplan.rules.catalogue import Catalogue, ConductorType

GROUND_RULES = ("derating.ground_temperature", "derating.laying")
GROUPING_RULES = {
    ("lv", 2): "derating.lv_parallel_2",
    ("lv", 3): "derating.lv_parallel_3",
    ("lv", 4): "derating.lv_parallel_4",
    ("mv", 2): "derating.mv_parallel_2",
    ("mv", 3): "derating.mv_parallel_3",
    ("mv", 4): "derating.mv_parallel_4",
}


def derated_current_a(
    catalogue: Catalogue, conductor: ConductorType, *, system_count: int = 1
) -> float:
    """Return what one system may carry, with ``system_count`` systems side by side in one trench.

    The product of the catalogue's factors, as the standards on current ratings apply them. Both
    legs of a loop-in count as systems, because they share their trench.

    Raises
    ------
    CatalogueError
        If the catalogue has no factor for so many systems.

    References
    ----------
    IEC 60364-5-52:2009, clause 523 (current-carrying capacities); IEC 60502-2:2014, annex B.
    """
    return conductor.rated_current_a * derating_factor(
        catalogue, conductor, system_count=system_count
    )


def derating_factor(
    catalogue: Catalogue, conductor: ConductorType, *, system_count: int = 1
) -> float:
    """Return the factor on the rated current of one system; 1 for an overhead line."""
    if conductor.installation == "overhead":
        return 1.0
    factor = 1.0
    for rule_id in GROUND_RULES:
        factor *= catalogue.value(rule_id)
    if system_count > 1:
        factor *= catalogue.value(_grouping_rule(conductor.voltage_level, system_count))
    return factor


def _grouping_rule(voltage_level: str, system_count: int) -> str:
    named = f"derating.{voltage_level}_parallel_{system_count}"
    return GROUPING_RULES.get((voltage_level, system_count), named)
