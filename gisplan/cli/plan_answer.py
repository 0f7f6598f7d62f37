"""What ``gisplan plan`` prints: options side by side, then the best one question by question."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.table import Table

from gisplan.export.option_figures import (
    Question,
    backfeed_verdict,
    band_finding,
    by_question,
    counted,
    customer_voltage_pu,
    folded,
    holds_word,
    limiting_words,
    load_band,
    violations,
    voltage_range_pu,
)
from gisplan.export.surroundings_text import surroundings_lines
from gisplan.model.option import Severity
from gisplan.planning.reserving import held_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import Console

    from gisplan.model.option import ElectricalResult, Finding, Option, Plan

WHY_WIDTH = 48
NAME_WIDTH = 15
WIDE_FROM = 150
"""Columns of the terminal from which on the table holds everything, and else how much of it."""
FIRST_COUNT = 9
SIGNS = {
    Severity.VIOLATION: "NO",
    Severity.SURVEY: "?",
    Severity.WARNING: "!",
    Severity.INFO: "-",
}
HEADINGS = (
    "",
    "access point",
    "route m",
    "cable",
    "phases",
    "cost",
    "U p.u.",
    "loading",
    "limited by",
    "Ik kA",
    "load band",
    "N-1",
)


def print_plans(plans: Sequence[Plan], console: Console, *, all_findings: bool = False) -> None:
    """Print one plan in full, several as a table of their best options."""
    if len(plans) == 1:
        _print_plan(plans[0], console, all_findings=all_findings)
    else:
        console.print(summary_table(plans))


def print_held(plans: Sequence[Plan], console: Console) -> None:
    """Print what is held now for each customer who needs several sources, or that nothing is."""
    for made in plans:
        if made.sources_required < 2:
            continue
        points = [one.access_point for one in held_options(made)]
        names = ", ".join(f"{point.name} ({point.element_id})" for point in points)
        told = f"held in full at each of {names}" if points else "nothing is held"
        _say(console, made.application.reference, told)


def _print_plan(made: Plan, console: Console, *, all_findings: bool) -> None:
    table = Table(title=_headline(made), title_justify="left")
    headings = HEADINGS if console.width >= WIDE_FROM else HEADINGS[:FIRST_COUNT]
    for name in headings:
        table.add_column(name)
    for option in made.options:
        table.add_row(*option_cells(option)[: len(headings)])
    console.print(table)
    _print_reasons(made, console)
    _print_supply_set(made, console)
    shown = made.best or next(iter(made.options), None)
    for option in made.options:
        if all_findings or option is shown:
            _print_option(option, console, all_findings=all_findings)
        else:
            _say(console, f"option {option.rank}", _in_a_line(option))
    _print_rest(made, console, all_findings=all_findings)


def _print_supply_set(made: Plan, console: Console) -> None:
    """Print the sources that belong together, where the customer needs several."""
    found = made.supply_set
    if found is None:
        return
    proof = "" if found.gap is None else f", at most {found.gap:.2%} above the cheapest routes"
    currency = found.options[0].cost.currency if found.options else ""
    table = Table(
        title=f"Sources independent by {found.independence}: "
        f"{'feasible' if found.feasible else 'NOT feasible'}, {found.total_cost:,.2f} {currency} "
        f"together, {found.shared_length_m:.1f} m of trench shared{proof}",
        title_justify="left",
    )
    table.add_column("supplied by")
    headings = HEADINGS if console.width >= WIDE_FROM else HEADINGS[:FIRST_COUNT]
    for name in headings:
        table.add_column(name)
    for option, source in zip(found.options, found.supplied_by, strict=True):
        table.add_row(source, *option_cells(option)[: len(headings)])
    console.print(table)
    for finding in found.findings:
        if finding.severity is not Severity.INFO:
            console.print(f"{SIGNS[finding.severity]} {finding.text}")


def _print_reasons(made: Plan, console: Console) -> None:
    """Print why there are few options, but for what the options themselves tell."""
    told = {finding.text for option in made.options for finding in violations(option)}
    for reason in made.reasons:
        if not any(text in reason for text in told):
            _say(console, "", reason)


def _say(console: Console, name: str, text: str) -> None:
    """Print a text beside its name, wrapped under itself."""
    wrapped = textwrap.fill(
        text,
        width=max(console.width - 1, NAME_WIDTH + 40),
        initial_indent=name.ljust(NAME_WIDTH),
        subsequent_indent=" " * NAME_WIDTH,
        break_long_words=False,
        break_on_hyphens=False,
    )
    console.print(wrapped, highlight=False, no_wrap=True, overflow="ignore", crop=False)


def option_cells(option: Option) -> tuple[str, ...]:
    """Return an option as the cells of a table row."""
    electrical, conductor, point = option.electrical, option.conductor, option.access_point
    band = band_finding(option)
    return (
        str(option.rank) if option.feasible else "no",
        f"{point.kind.replace('_', ' ')} {point.name} ({point.element_id})",
        f"{option.route.length_m:.0f}",
        f"{conductor.parallel_count} x {conductor.conductor_id}" if conductor else "existing",
        option.phases,
        f"{option.cost.total:,.0f} {option.cost.currency}",
        _range(*voltage_range_pu(option)),
        _share(electrical.loading_max),
        electrical.limiting_name or electrical.limiting_element,
        _range(electrical.short_circuit_min_ka, electrical.short_circuit_ka, digits=2),
        "" if band is None else load_band(option).partition(" ")[0],
        backfeed_verdict(option),
    )


def _range(low: float | None, high: float | None, *, digits: int = 3) -> str:
    """Return both ends, the known one, or nothing."""
    known = [f"{value:.{digits}f}" for value in (low, high) if value is not None]
    return "-".join(known)


def _print_option(option: Option, console: Console, *, all_findings: bool) -> None:
    """Print an option question by question, what is violated first."""
    point = option.access_point
    console.print(f"\noption {option.rank}: {point.kind.replace('_', ' ')} {point.name}")
    for finding in violations(option):
        _say(console, SIGNS[finding.severity], _told(finding))
    others = [one for one in option.findings if one.severity is not Severity.VIOLATION]
    figures, groups = _figures(option), by_question(others)
    for question in Question:
        some = groups.get(question, ())
        lines = _lines(figures.get(question, ""), some, all_findings=all_findings)
        for number, line in enumerate(lines):
            _say(console, "" if number else question, line)
    if option.backfeed:
        console.print(backfeed_table(option))


def _lines(figure: str, findings: Sequence[Finding], *, all_findings: bool) -> Iterator[str]:
    """Yield what is told of one question: the figure, what to look at, how much is folded."""
    if all_findings:
        yield from [figure] * bool(figure)
        yield from (f"{SIGNS[one.severity]} {_told(one)}" for one in findings)
        return
    parts = folded(findings)
    head = [figure, _kept(parts.kept)]
    if parts.repeated:
        head.append(f"{len(parts.repeated)} more of the same rules")
    if any(head):
        yield "; ".join(filter(None, head))
    yield from (f"{SIGNS[one.severity]} {_told(one)}" for one in parts.told)


def _kept(notes: Sequence[Finding]) -> str:
    """Say how many limits are kept, and the least margin where all have one unit."""
    if not notes:
        return ""
    text = f"{len(notes)} limit{'s' if len(notes) > 1 else ''} kept"
    known = [(one.margin, one) for one in notes if one.margin is not None]
    if not known or len({one.unit for _, one in known}) > 1:
        return text
    margin, nearest = min(known, key=lambda pair: pair[0])
    shown = f"{margin:.1%}" if nearest.unit == "" else f"{margin:.4g} {nearest.unit}"
    return f"{text}, least margin {shown} ({nearest.element})"


def _told(finding: Finding) -> str:
    source = f"{finding.rule}, {finding.confidence}" if finding.confidence else finding.rule
    return f"{finding.text} [{source}]"


def _figures(option: Option) -> Mapping[Question, str]:
    """Return the figures of an option in words, by what they answer."""
    cable = option.conductor
    return {
        Question.VOLTAGE: _voltage(option),
        Question.LOADING: _loading(option.electrical),
        Question.SHORT_CIRCUIT: _short_circuit(option.electrical),
        Question.CABLE: f"{cable.parallel_count} x {cable.conductor_id}, {cable.length_m:.0f} m"
        if cable
        else "",
        Question.ROUTE: _route(option),
        Question.PHASES: option.phases,
        Question.BACKFEED: backfeed_verdict(option),
        Question.REMEDIES: "; ".join(remedy.text for remedy in option.remedies),
    }


def _route(option: Option) -> str:
    """Return the metres of each way of laying, and when the works can be done."""
    metres: dict[str, float] = {}
    for segment in option.route.segments:
        kind = f"{segment.surface} {segment.laying}".replace("_", " ")
        metres[kind] = metres.get(kind, 0.0) + segment.length_m
    longest_first = sorted(metres.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{length_m:.0f} m {kind}" for kind, length_m in longest_first]
    ready_on, days = option.route.ready_on, option.route.lead_time_days
    if parts and days:
        parts.append(f"ready on {ready_on}" if ready_on else f"{days:.0f} days")
    return ", ".join(parts)


def _voltage(option: Option) -> str:
    low, high = voltage_range_pu(option)
    if low is None or high is None:
        return ""
    at_customer = customer_voltage_pu(option)
    text = f"{low:.4f} to {high:.4f} p.u."
    return text if at_customer is None else f"{text}, {at_customer:.4f} at the customer"


def _loading(electrical: ElectricalResult) -> str:
    if electrical.loading_max is None:
        return ""
    return f"{electrical.loading_max:.1%} of {limiting_words(electrical)}"


def _short_circuit(electrical: ElectricalResult) -> str:
    if electrical.short_circuit_ka is None:
        return "" if electrical.method == "screening" else "Ik unknown"
    least = electrical.short_circuit_min_ka
    smallest = "smallest unknown" if least is None else f"smallest {least:.3g} kA"
    return f"Ik {electrical.short_circuit_ka:.3g} kA at most, {smallest}"


def _in_a_line(option: Option) -> str:
    """Say why an option is refused, or how much there is to look at."""
    broken = violations(option)
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        return f"no: {broken[0].text}{more}"
    remedies = [remedy.text for remedy in option.remedies]
    return "; ".join([*remedies, counted(option.findings)])


def _print_rest(made: Plan, console: Console, *, all_findings: bool) -> None:
    """Print what concerns the whole plan, and how much was folded."""
    for finding in made.findings:
        if all_findings or finding.severity is not Severity.INFO:
            _say(console, "plan", f"{SIGNS[finding.severity]} {_told(finding)}")
    if made.baseline is not None:
        _say(console, "nearest", made.baseline.text)
    for heading, text in surroundings_lines(made.density) if made.density else ():
        _say(console, heading, text)
    if all_findings:
        return
    shown = made.best or next(iter(made.options), None)
    hidden = sum(len(one.findings) for one in made.options if one is not shown)
    hidden += sum(one.severity is Severity.INFO for one in made.findings)
    hidden += folded(shown.findings).folded_count if shown else 0
    if hidden:
        _say(console, "", f"{hidden} findings are folded; --all-findings tells them")


def backfeed_table(option: Option) -> Table:
    """Return the backfeed states of an option as a table, each figure with what it was before."""
    table = Table(title=f"option {option.rank}: backfeed states", title_justify="left")
    for name in ("state", "loading", "before", "limited by", "U min", "before", "at bus", "dark"):
        table.add_column(name)
    table.add_column("holds")
    for state in option.backfeed:
        table.add_row(
            state.state,
            _share(state.loading_max),
            _share(state.loading_before),
            state.limiting_element,
            _range(state.voltage_min_pu, None),
            _range(state.voltage_min_before_pu, None),
            state.voltage_min_bus,
            str(state.unsupplied_buses),
            holds_word(state),
        )
    return table


def _share(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.0%}"


def _headline(made: Plan) -> str:
    application = made.application
    verdict = "feasible" if made.feasible else "not feasible"
    return (
        f"{application.reference}: {application.demand_kva:g} kVA {application.kind} at "
        f"{made.supply_voltage_v or 0:g} V: {verdict}"
    )


def summary_table(plans: Sequence[Plan]) -> Table:
    """Return several plans as a table: the best option of each, or the reason why there is none."""
    table = Table(title=f"{len(plans)} plans, {sum(p.feasible for p in plans)} feasible")
    for name in ("reference", "kVA", "kind", "access point", "route m", "cost", "loading", "why"):
        table.add_column(name, no_wrap=True)
    for made in plans:
        table.add_row(*_summary_cells(made))
    return table


def _summary_cells(made: Plan) -> Iterable[str]:
    application, best = made.application, made.best
    cells = option_cells(best) if best else ("no", "none", *[""] * 7)
    why = cells[8] if best else "; ".join(made.reasons[:1])
    return (
        application.reference,
        f"{application.demand_kva:g}",
        application.kind,
        cells[1],
        cells[2],
        cells[5],
        cells[7],
        textwrap.shorten(why, WHY_WIDTH, placeholder="..."),
    )
