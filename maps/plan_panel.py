"""The column of words beside a plan's map: verdict, table of options, notes, legend."""

from __future__ import annotations

from collections.abc import Sequence

from gisplan.model.option import Option, Plan, Severity
from maps.electrical_texts import loading
from maps.plan_sources import set_verdict, source_legend, source_panel
from maps.plan_style import (
    INFEASIBLE_COLOUR,
    SITE_COLOUR,
    VOLTAGE_CLASSES,
    option_colour,
)
from maps.plan_texts import access_name, plan_head, plan_notes
from maps.texts import escaped, money, number


def build_panel(plan: Plan, grid_classes: Sequence[int]) -> str:
    """HTML of the whole column; ``grid_classes`` are the rows of ``VOLTAGE_CLASSES`` drawn."""
    parts = (
        plan_head(plan),
        _verdict(plan),
        source_panel(plan),
        _options_table(plan),
        plan_notes(plan),
        _legend(plan, grid_classes),
    )
    return f'<div id="panel">{"".join(parts)}</div>'


def _verdict(plan: Plan) -> str:
    """Whether the customer can be supplied: by the set where several sources are needed."""
    if plan.supply_set is not None:
        return set_verdict(plan.supply_set)
    best = plan.best
    if best is None:
        return '<p class="verdict no">No feasible option</p>'
    cost = money(best.cost.total, best.cost.currency)
    return f'<p class="verdict yes">Feasible: option {best.rank}, {cost}</p>'


def _options_table(plan: Plan) -> str:
    """One row an option; a click opens it on the map."""
    if not plan.options:
        return ""
    rows = "".join(_option_row(option) for option in plan.options)
    title = "Options" if plan.supply_set is None else "Single connections"
    return (
        f"<h2>{title}</h2><table class='options'><tr><th></th><th>access point</th>"
        "<th class='figure'>route</th><th class='figure'>cost</th></tr>"
        f"{rows}</table>"
    )


def _option_row(option: Option) -> str:
    currency = option.cost.currency
    return (
        f'<tr class="option" data-rank="{option.rank}">'
        f'<td><span class="chip" style="background:{option_colour(option)}">{option.rank}</span>'
        f"</td><td>{access_name(option)}<br>{_row_note(option)}</td>"
        f'<td class="figure">{number(option.route.length_m, "m", 3)}</td>'
        f'<td class="figure">{money(option.cost.total, currency)}</td></tr>'
    )


def _row_note(option: Option) -> str:
    """What limits an option, or forbids it."""
    violations = [f.text for f in option.findings if f.severity is Severity.VIOLATION]
    if not option.feasible:
        why = escaped(violations[0]) if violations else "see findings"
        return f'<span class="violation">not feasible: {why}</span>'
    return f'<span class="quiet">loading {loading(option)}</span>'


def _legend(plan: Plan, grid_classes: Sequence[int]) -> str:
    """Colours and what they stand for."""
    rows = [(_diamond(), "site")]
    rows += [(_line(colour, 5), f"route of {text}") for colour, text in source_legend(plan)]
    if plan.supply_set is not None and plan.supply_set.shared_length_m:
        rows.append((_line("#555", 5, dashed=True), "in the trench of another source"))
    rows += [
        (_line(option_colour(option), 5), f"route of option {option.rank}")
        for option in plan.options
        if option.feasible
    ]
    if any(not option.feasible for option in plan.options):
        rows.append((_line(INFEASIBLE_COLOUR, 3, dashed=True), "route that is not feasible"))
    if plan.options:
        rows.append(('<span class="chip" style="background:#555">1</span>', "access point, rank"))
    for index in grid_classes:
        _, name, colour, width_px = VOLTAGE_CLASSES[index]
        rows.append((_line(colour, width_px), f"grid, {name}"))
    cells = "".join(f"<tr><td>{sign}</td><td>{text}</td></tr>" for sign, text in rows)
    return f'<h2>Legend</h2><table class="legend">{cells}</table>'


def _line(colour: str, width_px: float, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="6 6"' if dashed else ""
    return (
        f'<svg width="34" height="12"><line x1="0" y1="6" x2="34" y2="6" '
        f'stroke="{colour}" stroke-width="{width_px}"{dash}/></svg>'
    )


def _diamond() -> str:
    return (
        '<svg width="34" height="16"><rect x="12" y="3" width="10" height="10" '
        f'fill="{SITE_COLOUR}" transform="rotate(45 17 8)"/></svg>'
    )
