"""Whether a verdict survives an error of the existing load, which is an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gisplan.model.option import Finding, Severity

if TYPE_CHECKING:
    from gisplan.rules.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFailure:
    """A limit that is broken when all existing load is multiplied by ``load_factor``."""

    load_factor: float
    finding: Finding


def band_factors(catalogue: Catalogue) -> tuple[float, float]:
    """Return the factors of the existing load at the lower and at the upper edge of its band."""
    band = catalogue.value("load.band_pct") / 100.0
    return max(0.0, 1.0 - band), 1.0 + band


def band_finding(catalogue: Catalogue, failed: Sequence[EdgeFailure]) -> Finding:
    """Say whether a yes still stands at both edges of the load band, and else what breaks where.

    Parameters
    ----------
    failed
        What breaks at the edges; none where the verdict holds. The first one of each edge is told,
        and the figures of the very first are those of the finding.
    """
    if not failed:
        return _finding(catalogue, Severity.INFO, f"Holds with existing load {_edges(catalogue)}")
    told = "; ".join(_told(one) for one in _first_of_each(failed))
    text = f"Does not hold at every edge of the load band ({_edges(catalogue)}): {told}"
    return _finding(catalogue, Severity.WARNING, text, failed[0].finding)


def refusal_finding(catalogue: Catalogue, failed: Sequence[EdgeFailure]) -> Finding:
    """Say whether a no still stands at both edges of the load band, and else where it is a yes.

    Parameters
    ----------
    failed
        What breaks at the edges; an edge without a failure would be a yes.
    """
    broken = {one.load_factor for one in failed}
    kept = [factor for factor in band_factors(catalogue) if factor not in broken]
    if not kept:
        text = f"Is refused with existing load {_edges(catalogue)} alike"
        return _finding(catalogue, Severity.INFO, text)
    at = " and at ".join(f"{factor:.0%}" for factor in kept)
    text = f"Would be feasible at {at} of the existing load; a measured peak decides"
    return _finding(catalogue, Severity.WARNING, text)


def _first_of_each(failed: Sequence[EdgeFailure]) -> list[EdgeFailure]:
    first: dict[float, EdgeFailure] = {}
    for one in failed:
        first.setdefault(one.load_factor, one)
    return [first[factor] for factor in sorted(first)]


def _told(failure: EdgeFailure) -> str:
    finding = failure.finding
    if finding.measured is None or finding.limit is None:
        return (
            f"at {failure.load_factor:.0%} of the existing load {finding.element}: {finding.text}"
        )
    unit = f" {finding.unit}" if finding.unit else ""
    return (
        f"at {failure.load_factor:.0%} of the existing load {finding.element} is at "
        f"{finding.measured:.4g}{unit}, limit {finding.limit:.4g}{unit} ({finding.rule})"
    )


def _edges(catalogue: Catalogue) -> str:
    low, high = band_factors(catalogue)
    return f"at {low:.0%} and at {high:.0%}"


def _finding(
    catalogue: Catalogue, severity: Severity, text: str, broken: Finding | None = None
) -> Finding:
    rule = catalogue.rule("load.band_pct")
    return Finding(
        rule=rule.rule_id,
        severity=severity,
        element="existing load" if broken is None else broken.element,
        text=text,
        measured=None if broken is None else broken.measured,
        limit=None if broken is None else broken.limit,
        margin=None if broken is None else broken.margin,
        unit="" if broken is None else broken.unit,
        clause=rule.clause or rule.source,
        confidence=rule.confidence,
    )
