"""The sources that belong together on a plan's map: routes in colours of their own, words beside.

A customer who needs several sources is answered by the set of them; single options stay beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import folium

from gisplan.model.option import Option, Plan, RouteSegment, Severity, SupplySet
from maps.layers import Bound
from maps.plan_style import SOURCE_COLOURS
from maps.plan_texts import access_name, findings_list, option_details
from maps.texts import escaped, money, number

FIRST_LAYER = 100
"""Rows of options count from 1; those of sources stand behind as many as there will ever be."""


def source_colour(number_of: int) -> str:
    """Colour of a source, counted from 1."""
    return SOURCE_COLOURS[(number_of - 1) % len(SOURCE_COLOURS)]


def source_layer(plan: Plan) -> folium.FeatureGroup | None:
    """Routes of the set over those of the options, each with a pin of its letter."""
    found = plan.supply_set
    if found is None or not found.options:
        return None
    group = folium.FeatureGroup(name="sources")
    for count, (option, source) in enumerate(_sources(found), start=1):
        title = _title(option, source, count)
        for segment in option.route.segments:
            if len(segment.coordinates) > 1:
                path = _line(segment, option, count)
                Bound(title, option_details(option)).add_to(path)
                path.add_to(group)
        _pin(option, title, count).add_to(group)
    return group


def _line(segment: RouteSegment, option: Option, count: int) -> folium.PolyLine:
    """A stretch of a route; in a shared trench it is broken, so that both colours show."""
    broken = "10 10" if segment.is_shared else None
    return folium.PolyLine(  # type: ignore[no-untyped-call]
        [(lat, lon) for lon, lat in segment.coordinates],
        color=source_colour(count),
        weight=5,
        opacity=0.95,
        dash_array=broken if option.feasible else "6 6",
        line_cap="butt",
    )


def source_panel(plan: Plan) -> str:
    """HTML of the sources: what supplies each, what they cost together, what they share."""
    found = plan.supply_set
    if found is None:
        return ""
    rows = "".join(
        _row(option, source, count) for count, (option, source) in enumerate(_sources(found), 1)
    )
    head = (
        "<tr><th></th><th>source</th><th class='figure'>route</th><th class='figure'>cost</th></tr>"
    )
    table = f"<table class='options sources'>{head}{rows}</table>" if rows else ""
    return (
        f"<h2>Sources, independent by {escaped(found.independence)}</h2>{table}"
        f"<p>{_together(found)}</p>{findings_list(found.findings)}"
    )


def set_verdict(found: SupplySet) -> str:
    """HTML of whether the set holds, with what it costs together."""
    if not found.feasible:
        return '<p class="verdict no">No set of sources that holds</p>'
    cost = money(found.total_cost, _currency(found))
    count = len(found.options)
    return f'<p class="verdict yes">Feasible with {count} independent sources, {cost} together</p>'


def source_legend(plan: Plan) -> list[tuple[str, str]]:
    """Return colour and words of every source, and of the trench that they share."""
    found = plan.supply_set
    if found is None:
        return []
    return [
        (source_colour(count), f"source {_letter(count)}: {escaped(source)}")
        for count, (_, source) in enumerate(_sources(found), start=1)
    ]


def _sources(found: SupplySet) -> Sequence[tuple[Option, str]]:
    return list(zip(found.options, found.supplied_by, strict=True))


def _letter(count: int) -> str:
    return chr(ord("A") + (count - 1) % 26)


def _title(option: Option, source: str, count: int) -> str:
    cost = money(option.cost.total, option.cost.currency)
    verdict = "" if option.feasible else " · not feasible"
    return (
        f"Source {_letter(count)}, supplied by {escaped(source)} · {access_name(option)} · "
        f"{number(option.route.length_m, 'm', 3)} · {cost}{verdict}"
    )


def _pin(option: Option, title: str, count: int) -> folium.Marker:
    """A pin below the place, for those of the options stand above it."""
    icon = folium.DivIcon(
        html=f'<div class="chip pin source" style="background:{source_colour(count)}">'
        f"{_letter(count)}</div>",
        icon_size=(24, 24),
        icon_anchor=(12, -8),
        popup_anchor=(0, 8),
        class_name="pin-holder",
    )
    pin = folium.Marker([option.access_point.lat, option.access_point.lon], icon=icon)
    Bound(title, option_details(option), [FIRST_LAYER + count]).add_to(pin)
    return pin


def _row(option: Option, source: str, count: int) -> str:
    colour, layer = source_colour(count), FIRST_LAYER + count
    return (
        f'<tr class="option source" data-rank="{layer}">'
        f'<td><span class="chip" style="background:{colour}">{_letter(count)}</span></td>'
        f"<td>{access_name(option)}<br><span class='quiet'>supplied by {escaped(source)}</span>"
        f'{_refusal(option)}</td><td class="figure">{number(option.route.length_m, "m", 3)}</td>'
        f'<td class="figure">{money(option.cost.total, option.cost.currency)}</td></tr>'
    )


def _refusal(option: Option) -> str:
    violations = [f.text for f in option.findings if f.severity is Severity.VIOLATION]
    if not violations:
        return ""
    return f'<br><span class="violation">not feasible: {escaped(violations[0])}</span>'


def _together(found: SupplySet) -> str:
    """Say what the sources cost and share together, and how near to the cheapest that is."""
    shared = (
        f"{number(found.shared_length_m, 'm')} of trench are shared and paid once"
        if found.shared_length_m
        else "no trench is shared"
    )
    proof = "" if found.gap is None else f"; at most {found.gap:.2%} above the cheapest routes"
    return f"{money(found.total_cost, _currency(found))} together; {shared}{proof}."


def _currency(found: SupplySet) -> str:
    return found.options[0].cost.currency if found.options else ""
