"""What a plan's map says in words: panel, pop-ups, legend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gisplan.export.option_figures import WORST_FIRST
from gisplan.model.option import AccessKind, Finding, Option, Plan, Remedy, Route, Severity
from maps.electrical_texts import backfeed_block, badges, electrical_rows
from maps.texts import escaped, money, number, table, voltage

ACCESS_NAMES = {
    AccessKind.EXISTING_SERVICE: "existing service",
    AccessKind.SERVICE_JOINT: "service joint",
    AccessKind.CABINET_FUSE_WAY: "fuse way of a cabinet",
    AccessKind.TRANSFORMER_FUSE_WAY: "fuse way of a transformer board",
    AccessKind.SPARE_BAY: "spare bay",
    AccessKind.LOOP_IN: "loop-in",
    AccessKind.TEE_OFF: "tee-off",
    AccessKind.SUBSTATION_BAY: "substation bay",
}

_SEVERITY_SIGNS = {
    Severity.VIOLATION: "✗",
    Severity.SURVEY: "?",
    Severity.WARNING: "!",
    Severity.INFO: "i",
}
_GROUPS = {
    Severity.VIOLATION: "Violations",
    Severity.SURVEY: "To be surveyed or found out",
    Severity.WARNING: "Warnings",
    Severity.INFO: "Notes: limits that are kept, reasons",
}


def access_name(option: Option) -> str:
    """Kind and place of an access point in one line."""
    access_point = option.access_point
    name = access_point.name or access_point.element_id
    return f"{ACCESS_NAMES[access_point.kind]}, {escaped(name)}"


def option_title(option: Option) -> str:
    """Rank, kind and place of an option in one line."""
    return f"{option.rank}. {access_name(option)}"


def option_details(option: Option) -> str:
    """All figures of an option as HTML for a pop-up."""
    parts = [
        f"<h3>{option_title(option)}</h3>{badges(option)}",
        table(_cost_rows(option)),
        _remedies(option.remedies),
        f"<h4>Grid after the connection</h4>{table(_technical_rows(option))}",
        backfeed_block(option),
        findings_list(option.findings),
        _surfaces(option.route),
        _bill(option),
        _segments(option),
    ]
    return "".join(parts)


def findings_list(findings: Sequence[Finding]) -> str:
    """Findings by severity, the worst first; notes unfold on a click."""
    groups = [(one, [f for f in findings if f.severity is one]) for one in WORST_FIRST]
    return "".join(_group(severity, some) for severity, some in groups if some)


def _group(severity: Severity, findings: Sequence[Finding]) -> str:
    items = "".join(map(_finding_item, findings))
    is_open = "" if severity is Severity.INFO else " open"
    return (
        f'<details class="{severity.value}"{is_open}>'
        f"<summary>{_GROUPS[severity]} ({len(findings)})</summary>"
        f"<ul class='findings'>{items}</ul></details>"
    )


def plan_head(plan: Plan) -> str:
    """Application as HTML for the panel."""
    application = plan.application
    facts = [
        application.kind.value,
        number(application.demand_kva, "kVA"),
        application.customer_class.replace("_", " "),
        f"importance {application.importance.value}",
    ]
    if plan.supply_voltage_v is not None:
        facts.append(f"supplied at {voltage(plan.supply_voltage_v)}")
    if plan.sources_required > 1:
        facts.append(f"{plan.sources_required} sources required")
    if application.synthetic:
        facts.append("synthetic example")
    return (
        f"<h1>Connection plan {escaped(application.reference)}</h1>"
        f"<p>{' · '.join(escaped(fact) for fact in facts)}</p>"
    )


def plan_notes(plan: Plan) -> str:
    """Reasons, findings of the plan, baseline and provenance as HTML for the panel."""
    parts = []
    if plan.reasons:
        parts.append("<h2>Reasons</h2>" + _bullets(plan.reasons))
    if plan.findings:
        parts.append(findings_list(plan.findings))
    if plan.baseline:
        parts.append(f"<h2>Nearest by straight line</h2><p>{escaped(plan.baseline.text)}</p>")
    provenance = plan.provenance
    parts.append(
        f'<p class="quiet">grid version {provenance.grid_version} '
        f"({escaped(provenance.grid_fingerprint[:12])}), ledger {provenance.ledger_sequence}, "
        f"catalogue {escaped(provenance.catalogue[:12])}, profile {escaped(provenance.profile)}, "
        f"{escaped(provenance.software)}. Provisional until surveyed.</p>"
    )
    return "".join(parts)


def _cost_rows(option: Option) -> dict[str, str]:
    cost = option.cost
    parts = {
        "civil works": cost.civil,
        "crossings": cost.crossings,
        "cable": cost.cable,
        "joints and cable ends": cost.accessories,
        "equipment": cost.equipment,
        "remedies": cost.remedies,
        "total": cost.total,
    }
    return {name: money(amount, cost.currency) for name, amount in parts.items()}


def _technical_rows(option: Option) -> dict[str, str]:
    conductor = option.conductor
    rows = {
        "route": f"{number(option.route.length_m, 'm')} "
        f"({number(option.route.straight_line_m, 'm')} straight)",
        "access at": voltage(option.access_point.nominal_voltage_v),
        "cable": "none"
        if conductor is None
        else f"{conductor.parallel_count} × {escaped(conductor.conductor_id)}",
        **electrical_rows(option),
    }
    return {name: text for name, text in rows.items() if text}


def _surfaces(route: Route) -> str:
    """Metres of each surface and laying, the longest first."""
    metres: dict[str, float] = {}
    for segment in route.segments:
        kind = f"{segment.surface}, {segment.laying}".replace("_", " ")
        metres[kind] = metres.get(kind, 0.0) + segment.length_m
    longest_first = sorted(metres.items(), key=lambda item: (-item[1], item[0]))
    rows = {escaped(kind): number(length_m, "m") for kind, length_m in longest_first}
    return f"<h4>Trench</h4>{table(rows)}" if rows else ""


def _bill(option: Option) -> str:
    """Bill of materials, folded."""
    currency = option.cost.currency
    rows = [
        (
            escaped(item.item),
            number(item.quantity, item.unit),
            number(item.unit_cost),
            money(item.cost, currency),
        )
        for item in option.bill_of_materials
    ]
    return _folded("Bill of materials", ("item", "quantity", "price", "cost"), rows)


def _segments(option: Option) -> str:
    """Stretches of the route from the site on, folded."""
    currency = option.cost.currency
    rows = [
        (
            escaped(segment.corridor),
            escaped(f"{segment.surface}, {segment.laying}".replace("_", " ")),
            number(segment.length_m, "m"),
            money(segment.cost, currency),
        )
        for segment in option.route.segments
    ]
    return _folded("Segments", ("corridor", "ground", "length", "cost"), rows)


def _folded(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table that unfolds on a click; cells are HTML already."""
    if not rows:
        return ""
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f"<details><summary>{title} ({len(rows)})</summary>"
        f"<table><tr>{head}</tr>{body}</table></details>"
    )


def _finding_item(finding: Finding) -> str:
    figures = ""
    if finding.measured is not None and finding.limit is not None:
        figures = (
            f" {number(finding.measured, finding.unit)}, "
            f"limit {number(finding.limit, finding.unit)}"
        )
        if finding.margin is not None:
            figures += f", margin {number(finding.margin, finding.unit)}"
    source = ", ".join(filter(None, (finding.rule, finding.clause, finding.confidence)))
    return (
        f'<li class="{finding.severity.value}"><b>{_SEVERITY_SIGNS[finding.severity]}</b> '
        f"{escaped(finding.text)}{figures} "
        f'<span class="quiet">[{escaped(source)}]</span></li>'
    )


def _remedies(remedies: Sequence[Remedy]) -> str:
    """Remedies that the option needs."""
    if not remedies:
        return ""
    return "<h4>Remedies</h4>" + _bullets(remedy.text for remedy in remedies)


def _bullets(texts: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escaped(text)}</li>" for text in texts) + "</ul>"
