"""What a plan's map says about the grid after a connection: badges, figures, backfeed states."""

from __future__ import annotations

from collections.abc import Iterable

from gisplan.export.option_figures import (
    LoadBand,
    backfeed_verdict,
    band_finding,
    customer_voltage_pu,
    holds_word,
    limiting_words,
    load_band,
    voltage_range_pu,
)
from gisplan.model.option import BackfeedState, ElectricalResult, Option, Severity
from maps.texts import escaped, number


def badges(option: Option) -> str:
    """Verdicts of an option in a line: feasible, load band, backfeed, what is to be surveyed."""
    parts = [("yes", "feasible") if option.feasible else ("no", "not feasible")]
    if band_finding(option) is not None:
        band = load_band(option)
        parts.append(("yes" if band is LoadBand.HOLDS else "unsure", f"load band: {band}"))
    if option.backfeed:
        all_hold = all(state.holds for state in option.backfeed)
        parts.append(("yes" if all_hold else "unsure", f"N-1: {backfeed_verdict(option)}"))
    to_survey = sum(finding.severity is Severity.SURVEY for finding in option.findings)
    if to_survey:
        parts.append(("unsure", f"{to_survey} to survey"))
    chips = " ".join(f'<span class="badge {kind}">{escaped(text)}</span>' for kind, text in parts)
    return f'<p class="badges">{chips}</p>'


def loading(option: Option) -> str:
    """Highest loading after the connection, and of what."""
    loading_ratio = option.electrical.loading_max
    if loading_ratio is None:
        return "unknown"
    return f"{loading_ratio:.0%} of {escaped(limiting_words(option.electrical))}"


def electrical_rows(option: Option) -> dict[str, str]:
    """Key figures of the grid after the connection, as HTML by name."""
    electrical = option.electrical
    rows = {
        "phases": escaped(option.phases),
        "voltage": _voltage(option),
        "highest loading": loading(option),
        "short circuit": _short_circuit(electrical),
        "transformer": escaped(electrical.transformer),
        "feeder": escaped(electrical.feeder),
        "checked by": escaped(electrical.method.replace("_", " ")),
    }
    found = band_finding(option)
    if found is not None:
        rows["load band"] = escaped(found.text)
    return rows


def _voltage(option: Option) -> str:
    low, high = voltage_range_pu(option)
    if low is None or high is None:
        return "unknown"
    at_customer = customer_voltage_pu(option)
    own = "" if at_customer is None else f", {number(at_customer)} at the customer"
    return f"{number(low)} to {number(high, 'p.u.')}{own}"


def _short_circuit(electrical: ElectricalResult) -> str:
    largest = number(electrical.short_circuit_ka, "kA", digits=3)
    return f"largest {largest}, smallest {number(electrical.short_circuit_min_ka, 'kA', digits=3)}"


def backfeed_block(option: Option) -> str:
    """Backfeed states as a table that unfolds; empty where there are none."""
    if not option.backfeed:
        return ""
    heads = ("state", "loading", "before", "U min", "before", "holds")
    head = "".join(f"<th>{name}</th>" for name in heads)
    rows = "".join(_backfeed_row(state) for state in option.backfeed)
    return (
        f"<details><summary>Backfeed states (N-1): {escaped(backfeed_verdict(option))}</summary>"
        f'<table class="states"><tr>{head}</tr>{rows}</table></details>'
    )


def _backfeed_row(state: BackfeedState) -> str:
    dark = f"; without supply: {state.unsupplied_buses} buses" if state.unsupplied_buses else ""
    return _row(
        escaped(state.state + dark),
        f"{_percent(state.loading_max)}<br>{escaped(state.limiting_element)}",
        _percent(state.loading_before),
        f"{_per_unit(state.voltage_min_pu)}<br>{escaped(state.voltage_min_bus)}",
        _per_unit(state.voltage_min_before_pu),
        holds_word(state),
    )


def _row(*cells: str) -> str:
    return f"<tr>{''.join(_cells(cells))}</tr>"


def _cells(cells: Iterable[str]) -> Iterable[str]:
    return (f"<td>{cell}</td>" for cell in cells)


def _percent(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.0%}"


def _per_unit(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
