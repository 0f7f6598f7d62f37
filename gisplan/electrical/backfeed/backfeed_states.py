"""Backfeed states of a medium-voltage network: what is out, and what is closed to resupply it.

A feeder is resupplied through a tie (联络开关): an open switch of a line or between two buses whose
other side another feeder or a busbar supplies. A busbar is resupplied through what stands in
parallel, through a coupler or a standby transformer, or feeder by feeder through ties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gisplan.electrical.backfeed.backfeed_layout import LineEnd, Section, SwitchingLayout, Tie
from gisplan.model.grid import Grid


class Outage(StrEnum):
    """What is out in a backfeed state."""

    FEEDER_HEAD = "feeder head"
    TRANSFORMER = "transformer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switching:
    """What differs from the normal state; rows of lines, switches and transformers."""

    opened: tuple[LineEnd, ...] = ()
    closed: tuple[LineEnd, ...] = ()
    couplers: tuple[int, ...] = ()
    transformers_out: tuple[int, ...] = ()
    transformers_in: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedState:
    """One backfeed state.

    ``moved`` feeders are supplied from elsewhere, ``carriers`` supply them on top of their own;
    ``busbars`` are those whose transformers change what they carry. ``opened`` and ``closed`` say
    in words what is switched.
    """

    outage: Outage
    words: str
    opened: str
    closed: str
    switching: Switching
    out: int
    moved: frozenset[int] = frozenset()
    carriers: frozenset[int] = frozenset()
    busbars: frozenset[int] = frozenset()

    def concerns(self, section: Section) -> bool:
        """Whether what hangs on a feeder or busbar is burdened or moved in this state."""
        return (
            section.busbar in self.busbars
            or section.feeder in self.moved
            or section.feeder in self.carriers
        )


def head_states(grid: Grid, layout: SwitchingLayout) -> tuple[SwitchedState, ...]:
    """Every feeder head out, once for each tie that can resupply the feeder; rings need none."""
    states = [
        _tied(grid, layout, tie, moved, other)
        for tie in layout.ties
        for moved, other in ((tie.first, tie.second), (tie.second, tie.first))
        if moved.feeder >= 0 and not layout.is_ring(moved.feeder)
    ]
    return tuple(states + [_ring(grid, layout, end) for end in layout.ring_heads])


def _tied(
    grid: Grid, layout: SwitchingLayout, tie: Tie, moved: Section, other: Section
) -> SwitchedState:
    head = layout.feeder_head[moved.feeder]
    is_empty = moved.feeder >= layout.feeder_count
    carriers = layout.ring_of(other.feeder) if other.feeder >= 0 and not is_empty else frozenset()
    return SwitchedState(
        outage=Outage.FEEDER_HEAD,
        words=f"head of feeder {line_id(grid, head)} out, {tie_words(grid, tie)} closed",
        opened=end_words(grid, head),
        closed=tie_place(grid, tie),
        switching=_close((tie,), opened=(head,)),
        out=head.line,
        moved=frozenset({moved.feeder}),
        carriers=carriers,
    )


def _ring(grid: Grid, layout: SwitchingLayout, end: LineEnd) -> SwitchedState:
    inner = grid.lines.to_bus if end.at_from else grid.lines.from_bus
    return SwitchedState(
        outage=Outage.FEEDER_HEAD,
        words=f"head of feeder {line_id(grid, end)} out, its closed ring supplies it",
        opened=end_words(grid, end),
        closed="",
        switching=Switching(opened=(end,)),
        out=end.line,
        moved=layout.feeders_with(int(inner[end.line])),
    )


def transformer_states(
    grid: Grid, layout: SwitchingLayout, transformer: int, best_tie: Mapping[int, Tie]
) -> tuple[SwitchedState, ...]:
    """One main transformer out, once for each way to resupply its busbar.

    Parameters
    ----------
    best_tie
        The tie that each feeder of the busbar takes where nothing resupplies the busbar itself;
        feeders without one stay without supply.
    """
    busbar = layout.busbar_of_transformer(grid, transformer)
    name = f"transformer {unit_words(grid, transformer)} out"
    opened = f"transformer {unit_words(grid, transformer)}"
    if layout.holds_without(transformer):
        return (
            SwitchedState(
                outage=Outage.TRANSFORMER,
                words=f"{name}, what stands in parallel supplies its busbar",
                opened=opened,
                closed="",
                switching=Switching(transformers_out=(transformer,)),
                out=transformer,
                busbars=layout.busbars_with(busbar),
            ),
        )
    restoring = [
        *_coupled(grid, layout, transformer, name, opened),
        *_standby(grid, layout, transformer, name, opened),
    ]
    return tuple(restoring) or (_by_ties(grid, layout, transformer, best_tie),)


def needs_ties(grid: Grid, layout: SwitchingLayout, transformer: int) -> bool:
    """Whether only the ties of its feeders can replace a main transformer."""
    busbar = layout.busbar_of_transformer(grid, transformer)
    return not (
        layout.holds_without(transformer)
        or layout.couplers_of(busbar)
        or layout.standby_of(grid, busbar)
    )


def _coupled(
    grid: Grid, layout: SwitchingLayout, transformer: int, name: str, opened: str
) -> list[SwitchedState]:
    busbar = layout.busbar_of_transformer(grid, transformer)
    return [
        SwitchedState(
            outage=Outage.TRANSFORMER,
            words=f"{name}, {tie_words(grid, tie, 'coupler')} closed",
            opened=opened,
            closed=tie_place(grid, tie),
            switching=_close((tie,), transformers_out=(transformer,)),
            out=transformer,
            busbars=frozenset({tie.first.busbar, tie.second.busbar}),
        )
        for tie in layout.couplers_of(busbar)
    ]


def _standby(
    grid: Grid, layout: SwitchingLayout, transformer: int, name: str, opened: str
) -> list[SwitchedState]:
    busbar = layout.busbar_of_transformer(grid, transformer)
    return [
        SwitchedState(
            outage=Outage.TRANSFORMER,
            words=f"{name}, standby transformer {unit_words(grid, row)} closed",
            opened=opened,
            closed=f"transformer {unit_words(grid, row)}",
            switching=Switching(transformers_out=(transformer,), transformers_in=(row,)),
            out=transformer,
            busbars=frozenset({busbar}),
        )
        for row in layout.standby_of(grid, busbar)
    ]


def _by_ties(
    grid: Grid, layout: SwitchingLayout, transformer: int, best_tie: Mapping[int, Tie]
) -> SwitchedState:
    """Every feeder of the busbar leaves it and takes its best tie to another busbar."""
    busbar = layout.busbar_of_transformer(grid, transformer)
    own = layout.feeders_of(busbar)
    taken = {feeder: best_tie[feeder] for feeder in own if feeder in best_tie}
    heads = tuple(layout.feeder_head[feeder] for feeder in taken)
    others = [tie.other(feeder) for feeder, tie in taken.items()]
    carriers = [layout.ring_of(other.feeder) for other in others if other.feeder >= 0]
    words = [
        f"feeder {line_id(grid, layout.feeder_head[feeder])} by {tie_words(grid, tie)}"
        for feeder, tie in taken.items()
    ]
    left = [line_id(grid, layout.feeder_head[feeder]) for feeder in own if feeder not in taken]
    if left:
        words.append(f"without supply: feeder {', '.join(left)}")
    if not own:
        words.append("nothing resupplies its busbar")
    unit = f"transformer {unit_words(grid, transformer)}"
    return SwitchedState(
        outage=Outage.TRANSFORMER,
        words=f"{unit} out, {'; '.join(words)}",
        opened="; ".join([unit, *(end_words(grid, head) for head in heads)]),
        closed="; ".join(tie_place(grid, tie) for tie in taken.values()),
        switching=_close(tuple(taken.values()), opened=heads, transformers_out=(transformer,)),
        out=transformer,
        moved=frozenset(taken),
        carriers=frozenset().union(*carriers),
        busbars=frozenset({busbar}),
    )


def _close(
    ties: tuple[Tie, ...],
    *,
    opened: tuple[LineEnd, ...] = (),
    transformers_out: tuple[int, ...] = (),
) -> Switching:
    return Switching(
        opened=opened,
        closed=tuple(tie.line_end for tie in ties if tie.line_end is not None),
        couplers=tuple(tie.coupler for tie in ties if tie.line_end is None),
        transformers_out=transformers_out,
    )


def line_id(grid: Grid, end: LineEnd) -> str:
    """Id of the line that an end belongs to."""
    return str(grid.lines.line_id[end.line])


def end_words(grid: Grid, end: LineEnd) -> str:
    """Name the place where a line is switched."""
    bus = (grid.lines.from_bus if end.at_from else grid.lines.to_bus)[end.line]
    return f"line {line_id(grid, end)} at bus {grid.buses.bus_id[bus]}"


def tie_words(grid: Grid, tie: Tie, what: str = "tie") -> str:
    """Call a tie by its line, or by its switch between two buses."""
    if tie.line_end is not None:
        return f"{what} {line_id(grid, tie.line_end)}"
    return f"{what} {grid.switches.switch_id[tie.coupler]}"


def tie_place(grid: Grid, tie: Tie) -> str:
    """Name the switch that closes a tie."""
    if tie.line_end is not None:
        return end_words(grid, tie.line_end)
    return f"switch {grid.switches.switch_id[tie.coupler]}"


def unit_words(grid: Grid, row: int) -> str:
    """Id of a transformer; of one recorded as several equal units only one is out."""
    table = grid.transformers
    same = np.flatnonzero(table.transformer_id == table.transformer_id[row])
    if len(same) == 1:
        return str(table.transformer_id[row])
    return f"{table.transformer_id[row]} (1 of {int(table.parallel_count[same].sum())})"
