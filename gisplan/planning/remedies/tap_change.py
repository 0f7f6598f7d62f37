"""The first remedy: where only a low-voltage limit fails, another tap of the transformer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.proof.connection import prove
from gisplan.model.option import Remedy
from gisplan.planning.offers import proposal_of
from gisplan.planning.proven import proven_offer
from gisplan.planning.remedies.outcome import Outcome, violations, voltage_effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Transformers
    from gisplan.model.option import Option
    from gisplan.planning.offers import Offer
    from gisplan.planning.site import Site

KIND = "tap_change"
VOLTAGE_RULES = ("voltage.lv_min_pu", "voltage.lv_max_pu")

Setting = tuple[tuple[int, int], ...]
"""Pairs of transformer row and tap position."""


def try_tap_change(site: Site, offer: Offer, option: Option) -> Outcome:
    """Return the option with the smallest tap change that makes it feasible.

    Taps move together, by the same number of steps, at every transformer whose low-voltage network
    breaks a limit; they are judged in both load cases, for a tap stays where it is all year.
    """
    table = site.region.snapshot.grid.transformers
    rows = _transformers_to_tap(site, option)
    settings: list[Setting] = [
        tuple((row, int(table.tap_position[row]) + shift) for row in rows)
        for shift in _common_shifts(table, rows)
    ]
    if not settings:
        return Outcome(kind=KIND)
    proposals = [proposal_of(site, offer, setting) for setting in settings]
    results = prove(site.region.snapshot, site.state.base, proposals)
    for setting, proposal, result in zip(settings, proposals, results, strict=True):
        changed = proven_offer(site, offer, proposal, result)
        if changed.option.feasible:
            remedies = tuple(_remedy(table, *one, option, changed.option) for one in setting)
            mended = replace(changed.option, remedies=remedies)
            return Outcome(kind=KIND, mended=replace(changed, option=mended))
    return _in_vain(table, settings)


def _in_vain(table: Transformers, settings: Sequence[Setting]) -> Outcome:
    rows = [row for row, _ in settings[0]]
    tried = "; ".join(
        f"tap {', '.join(map(str, sorted(dict(one)[row] for one in settings)))} of transformer "
        f"{table.transformer_id[row]} ({table.name[row]})"
        for row in rows
    )
    return Outcome(kind=KIND, element=str(table.transformer_id[rows[0]]), tried=tried)


def _transformers_to_tap(site: Site, option: Option) -> tuple[int, ...]:
    """Return the transformers that feed the buses at which a voltage limit is broken.

    None where anything else is broken, which no tap mends.
    """
    broken = violations(option.findings)
    if not broken or any(finding.rule not in VOLTAGE_RULES for finding in broken):
        return ()
    region = site.region
    table = region.snapshot.grid.transformers
    own = np.flatnonzero(table.transformer_id == option.electrical.transformer)
    found = set()
    for finding in broken:
        bus = region.bus_row.get(finding.element.removeprefix("bus "))
        found.add(int(region.snapshot.topology.transformer[bus]) if bus is not None else -1)
    return tuple(sorted((found - {-1}) | ({int(own[0])} if -1 in found and len(own) else set())))


def _common_shifts(table: Transformers, rows: tuple[int, ...]) -> list[int]:
    """Return the steps by which all taps can move, smallest first; none where a step is unknown."""
    if not rows or not all(math.isfinite(table.tap_step_pct[row]) for row in rows):
        return []
    down = max(int(table.tap_min[row] - table.tap_position[row]) for row in rows)
    up = min(int(table.tap_max[row] - table.tap_position[row]) for row in rows)
    return sorted((shift for shift in range(down, up + 1) if shift), key=lambda s: (abs(s), s))


def _remedy(table: Transformers, row: int, position: int, before: Option, after: Option) -> Remedy:
    return Remedy(
        kind=KIND,
        element=str(table.transformer_id[row]),
        cost=0.0,
        tap_position=position,
        text=(
            f"Move the tap of transformer {table.transformer_id[row]} ({table.name[row]}) from "
            f"{int(table.tap_position[row])} to {position}: {voltage_effect(before, after)}"
        ),
    )
