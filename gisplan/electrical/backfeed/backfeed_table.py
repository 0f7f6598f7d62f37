"""What a backfeed state is judged by: its worst elements after the connection and before.

Judged are the feeders that hang together with the new connection in that state, the transformers
that feed its busbar, and whatever else the connection makes worse by more than a tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gisplan.electrical.backfeed.backfeed_layout import SwitchingLayout, is_medium_voltage
from gisplan.electrical.backfeed.backfeed_network import SwitchedNetwork
from gisplan.electrical.backfeed.backfeed_reach import Reach, find_reach, lost_buses
from gisplan.electrical.backfeed.backfeed_solve import SolvedState, SwitchPositions
from gisplan.electrical.backfeed.backfeed_states import SwitchedState
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V, LoadCase
from gisplan.model.grid import Flags, Floats, Grid, Integers
from gisplan.rules.catalogue import Catalogue, Rule

FAR_TOLERANCE_PU = 1e-4
FAR_TOLERANCE_RATIO = 1e-2
"""Changes below these are excused where the connection does not hang together with an element."""
NEW_CONNECTION = "new connection"
NEW_CABLE = "new cable"


class BackfeedLimit(StrEnum):
    """Ids of the catalogue's limits of backfeed states."""

    LINE = "backfeed.loading_max_line"
    TRANSFORMER = "backfeed.loading_max_transformer"
    LOW = "backfeed.voltage_min_pu"
    HIGH = "backfeed.voltage_max_pu"


LOADINGS = (BackfeedLimit.LINE, BackfeedLimit.TRANSFORMER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """The worst element of one limit: its value and what it was before; NaN: did not exist."""

    limit: BackfeedLimit
    case: LoadCase
    element: str
    name: str
    value: float
    before: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedState:
    """One state: the worst after the connection and, apart, the worst before it.

    ``failed`` are load cases without an operating point, ``failed_before`` without the connection
    too. ``lost_buses`` counts buses that lose their supply; ``is_supplied`` tells about the
    connection itself. ``unrated`` lines carry its power with an unknown rating.
    """

    state: SwitchedState
    is_supplied: bool
    lost_buses: int
    failed: tuple[LoadCase, ...] = ()
    failed_before: tuple[LoadCase, ...] = ()
    after: tuple[Extreme, ...] = ()
    before: tuple[Extreme, ...] = ()
    unrated: tuple[str, ...] = ()

    def find(self, limit: BackfeedLimit) -> Extreme | None:
        """The worst element of a limit after the connection."""
        return next((one for one in self.after if one.limit == limit), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """Values of one limit, shape (cases, elements); ``counts`` are those that are judged.

    Where a state has a solution only without the connection, what was before still counts.
    """

    limit: BackfeedLimit
    value: Floats
    before: Floats
    counts: Flags
    row: Integers


def margin_ratio(catalogue: Catalogue, extreme: Extreme) -> float:
    """Margin to a limit as a share of what there is: 0 at the limit, 1 without load."""
    rule = catalogue.rule(extreme.limit)
    if extreme.limit in LOADINGS:
        return 1 - extreme.value / rule.value
    low, high = catalogue.value(BackfeedLimit.LOW), catalogue.value(BackfeedLimit.HIGH)
    away = extreme.value - low if extreme.limit is BackfeedLimit.LOW else high - extreme.value
    return away / ((high - low) / 2)


def is_broken(rule: Rule, value: float) -> bool:
    """Whether a value is beyond a limit; an unknown one is not."""
    return value > rule.value if rule.sense == "max" else value < rule.value


def judge_state(
    layout: SwitchingLayout,
    state: SwitchedState,
    *,
    placed: SwitchedNetwork,
    positions: SwitchPositions,
    solved: SolvedState,
    before: SolvedState,
    anchor_node: int,
    base: SwitchedNetwork,
) -> JudgedState:
    """Compare a state with the connection (``placed``) and without it (``base``).

    Parameters
    ----------
    positions
        Of this state alone, in the network with the connection.
    anchor_node
        Node at which the connection is; the feeders that hang there are judged.
    """
    grid, cases = placed.network.grid, placed.cases
    own = find_reach(layout, placed, positions, anchor_node)
    lost = lost_buses(placed, own)
    if not own.is_supplied:
        return JudgedState(state=state, is_supplied=False, lost_buses=lost)
    failed = [case for case, good in zip(cases, solved.converged, strict=True) if not good]
    dark = [case for case, good in zip(cases, before.converged, strict=True) if not good]
    figures = list(_figures(grid, placed, solved, own, base=base, before=before))
    return JudgedState(
        state=state,
        is_supplied=True,
        lost_buses=lost,
        failed=tuple(failed),
        failed_before=tuple(case for case in dark if case in failed),
        after=tuple(_worst(grid, cases, figures, of_before=False)),
        before=tuple(_worst(grid, cases, figures, of_before=True)),
        unrated=_unrated(grid, own),
    )


def _unrated(grid: Grid, own: Reach) -> tuple[str, ...]:
    at_medium = is_medium_voltage(grid)[grid.lines.from_bus]
    unknown = own.line & at_medium & ~np.isfinite(grid.lines.rated_current_a)
    return tuple(map(str, grid.lines.line_id[unknown]))


def _figures(
    grid: Grid,
    placed: SwitchedNetwork,
    solved: SolvedState,
    own: Reach,
    *,
    base: SwitchedNetwork,
    before: SolvedState,
) -> Iterator[_Figures]:
    yield _loading(BackfeedLimit.LINE, solved.line_ratio, before.line_ratio, own.line)
    if placed.cable is not None:
        rated_a = placed.cable.rated_current_a * placed.cable.parallel_count
        yield _new(BackfeedLimit.LINE, solved.cable_a / rated_a)
    steps_down = grid.transformers.lv_voltage_v >= MEDIUM_VOLTAGE_V
    unit_ratio = np.where(steps_down, solved.unit_ratio, np.nan)
    yield _loading(BackfeedLimit.TRANSFORMER, unit_ratio, before.unit_ratio, own.transformer)
    now = _at_buses(grid, placed, solved.voltage_pu)
    was = _at_buses(grid, base, before.voltage_pu)
    is_own = np.zeros(len(grid.buses.bus_id), np.bool_)
    in_grid = placed.network.node < len(is_own)
    is_own[placed.network.node[in_grid]] = own.node[in_grid]
    is_medium = is_medium_voltage(grid)
    for limit, sign in ((BackfeedLimit.LOW, -1.0), (BackfeedLimit.HIGH, 1.0)):
        worse = sign * (now - was) > FAR_TOLERANCE_PU
        counts = (is_own | worse) & is_medium
        yield _Figures(
            limit=limit, value=now, before=was, counts=counts, row=np.arange(len(is_own))
        )
        if placed.anchor_node >= len(is_own):
            column = int(np.searchsorted(placed.network.node, placed.anchor_node))
            yield _new(limit, solved.voltage_pu[:, column])


def _loading(limit: BackfeedLimit, value: Floats, before: Floats, own: Flags) -> _Figures:
    counts = own | (value - before > FAR_TOLERANCE_RATIO)
    return _Figures(limit=limit, value=value, before=before, counts=counts, row=np.arange(len(own)))


def _new(limit: BackfeedLimit, value: Floats) -> _Figures:
    """What comes with the connection and had no value before."""
    return _Figures(
        limit=limit,
        value=value[:, None],
        before=np.full((len(value), 1), np.nan),
        counts=np.isfinite(value)[:, None],
        row=np.array([-1]),
    )


def _at_buses(grid: Grid, placed: SwitchedNetwork, voltage_pu: Floats) -> Floats:
    values = np.full((len(voltage_pu), len(grid.buses.bus_id)), np.nan)
    in_grid = placed.network.node < values.shape[1]
    values[:, placed.network.node[in_grid]] = voltage_pu[:, in_grid]
    return values


def _worst(
    grid: Grid, cases: tuple[LoadCase, ...], figures: list[_Figures], *, of_before: bool
) -> Iterator[Extreme]:
    """The worst element of each limit; the first one of equals."""
    for limit in BackfeedLimit:
        sign = -1.0 if limit is BackfeedLimit.LOW else 1.0
        worst: Extreme | None = None
        for some in (one for one in figures if one.limit == limit):
            judged = some.before if of_before else some.value
            score = np.where(some.counts & np.isfinite(judged), sign * judged, -np.inf)
            if not score.size or np.isneginf(score.max()):
                continue
            case, place = np.unravel_index(int(np.argmax(score)), score.shape)
            if worst is not None and score[case, place] <= sign * worst.value:
                continue
            element, name = _element(grid, limit, int(some.row[place]))
            worst = Extreme(
                limit=limit,
                case=cases[case],
                element=element,
                name=name,
                value=float(judged[case, place]),
                before=float(some.before[case, place]),
            )
        if worst is not None:
            yield worst


def _element(grid: Grid, limit: BackfeedLimit, row: int) -> tuple[str, str]:
    """Element in words, and its name where it is called otherwise than its id."""
    if row < 0:
        return (NEW_CABLE if limit is BackfeedLimit.LINE else NEW_CONNECTION), ""
    kind, ids, names = {
        BackfeedLimit.LINE: ("line", grid.lines.line_id, grid.lines.name),
        BackfeedLimit.TRANSFORMER: (
            "transformer",
            grid.transformers.transformer_id,
            grid.transformers.name,
        ),
    }.get(limit, ("bus", grid.buses.bus_id, grid.buses.name))
    element_id, name = str(ids[row]), str(names[row])
    return f"{kind} {element_id}", name if name != element_id else ""
