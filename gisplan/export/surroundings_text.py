"""The density part of a plan draft in words, the same wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.export.feature import Value
    from gisplan.model.plan_density import ElementOutlook, PlanDensity


def surroundings_lines(density: PlanDensity) -> Iterator[tuple[str, str]]:
    """Yield heading and text of each line, headings once."""
    name = f"class {density.density_class}: " if density.density_class else ""
    yield "density", name + density.density_reason
    yield (
        "nearby",
        f"{density.nearby_count:,} other open application(s) of {density.nearby_kva:,.0f} kVA "
        f"within {density.nearby_radius_m:g} m",
    )
    for number, one in enumerate(density.supply):
        yield "" if number else "runs out", element_text(one)
    if any(one.until for one in density.supply):
        yield "", f"to come by the {density.forecast}"
    elif density.supply:
        yield "", density.forecast
    word = density.recommendation.replace("_", " ")
    yield "recommended", f"{word}: {density.recommendation_text}"


def element_text(one: ElementOutlook) -> str:
    """Say when an element runs out, and the figures behind."""
    room = "unknown" if one.headroom_kva is None else f"{one.headroom_kva:,.1f} kVA"
    if one.headroom_kva is None and one.runs_out is not None:
        room = "not limited"
    asked = f"this {one.own_kva:,.1f}, {one.asked_count:,} others {one.asked_kva:,.1f} kVA"
    grown = f", {one.growth_kva:,.0f} kVA to come until {one.until}" if one.until else ""
    limit = f" by {one.limiting_element}" if one.limiting_element else ""
    return f"{one.level} {one.name}: {season_text(one)}; headroom {room}{limit}, {asked}{grown}"


def season_text(one: ElementOutlook) -> str:
    """Say in which quarter an element runs out, with its interval."""
    if one.runs_out is None:
        return "unknown"
    if not one.runs_out and not one.earliest:
        return f"lasts until {one.until}" if one.until else "lasts today"
    if one.runs_out == one.latest == one.earliest:
        return one.runs_out
    until = f"and {one.latest}" if one.latest else f"and after {one.until}"
    expected = one.runs_out or f"not before {one.until} is expected"
    return f"{expected} (between {one.earliest} {until})"


def surroundings_columns(density: PlanDensity) -> dict[str, Value]:
    """Return the density part as one flat row."""
    first = next((one for one in density.supply if one.runs_out), None)
    return {
        "density_class": density.density_class,
        "nearby_count": density.nearby_count,
        "nearby_kva": density.nearby_kva,
        "runs_out": first.runs_out if first else None,
        "runs_out_element": first.element_id if first else None,
        "recommendation": density.recommendation.value,
    }
