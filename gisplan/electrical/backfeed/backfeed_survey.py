"""Find in a snapshot how its medium-voltage network can be switched."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gisplan.electrical.backfeed.backfeed_layout import (
    NONE,
    LineEnd,
    Section,
    SwitchingLayout,
    Tie,
    is_medium_voltage,
    section_of,
)
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.model.grid import Flags, Grid, Integers, SwitchedKind, Transformers
from gisplan.network.snapshot import Snapshot, Topology
from gisplan.network.topology import HIGH_VOLTAGE_FROM_V


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edges:
    """Closed branches between medium-voltage buses; ``line`` is -1 where it is none."""

    first: Integers
    second: Integers
    line: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feeders:
    """Head end, section and part of every feeder; from ``count`` on those that end open."""

    heads: tuple[LineEnd, ...]
    sections: tuple[Section, ...]
    parts: tuple[int, ...]
    count: int


def with_single_units(snapshot: Snapshot) -> Snapshot:
    """Give one unit of every main transformer that stands for several a row of its own, at the end.

    So one unit can be out while the others carry on.
    """
    table = snapshot.grid.transformers
    several = np.flatnonzero(_is_main(table) & (table.parallel_count > 1))
    if not len(several):
        return snapshot
    columns = {
        field.name: np.concatenate([column, column[several]])
        for field in fields(Transformers)
        for column in [getattr(table, field.name)]
    }
    count = len(table.transformer_id)
    columns["parallel_count"][several] -= 1
    columns["parallel_count"][count:] = 1
    closed = snapshot.topology.transformer_closed
    return replace(
        snapshot,
        grid=replace(snapshot.grid, transformers=Transformers(**columns)),
        topology=replace(
            snapshot.topology, transformer_closed=np.concatenate([closed, closed[several]])
        ),
    )


def build_layout(snapshot: Snapshot) -> SwitchingLayout:
    """Find what can be switched; ``snapshot`` as ``with_single_units`` gives it."""
    grid, topology = snapshot.grid, snapshot.topology
    edges, is_medium = _closed_edges(grid, topology), is_medium_voltage(grid)
    is_busbar = is_medium & (topology.source >= 0) & (topology.feeder < 0)
    busbar, part = _groups(edges, is_medium, is_busbar)
    ring_parts, ring_heads = _rings(grid, edges, is_busbar, part)
    feeders = _feeders(grid, topology, busbar, part)
    ties = _ties(snapshot, busbar, feeders)
    main = _is_main(grid.transformers) & grid.transformers.in_service
    main &= topology.source[grid.transformers.hv_bus] >= 0
    feeding = np.flatnonzero(main & topology.transformer_closed)
    feeding = feeding[busbar[grid.transformers.lv_bus[feeding]] >= 0]
    return SwitchingLayout(
        busbar=busbar,
        part=part,
        feeder=topology.feeder,
        feeder_count=feeders.count,
        feeder_head=feeders.heads,
        feeder_section=feeders.sections,
        feeder_part=feeders.parts,
        ring_parts=ring_parts,
        ring_heads=ring_heads,
        ties=tuple(tie for tie in ties if tie.first.feeder >= 0 or tie.second.feeder >= 0),
        couplers=tuple(tie for tie in ties if _joins_busbars(tie, feeders.count)),
        main_transformers=tuple(feeding.tolist()),
        standby=tuple(np.flatnonzero(main & ~topology.transformer_closed).tolist()),
        held=_held(grid, edges, feeding, is_medium),
        joined_busbars=_joined(edges, busbar),
    )


def _groups(edges: _Edges, is_medium: Flags, is_busbar: Flags) -> tuple[Integers, Integers]:
    """Number of each bus's busbar and of its part with busbars cut away; -1 where it has none."""
    inside = is_busbar[edges.first] & is_busbar[edges.second]
    outside = ~(is_busbar[edges.first] | is_busbar[edges.second])
    busbar = np.where(is_busbar, _components(edges, inside, len(is_medium)), NONE)
    part = np.where(is_medium & ~is_busbar, _components(edges, outside, len(is_medium)), NONE)
    return busbar.astype(np.int64), part.astype(np.int64)


def _is_main(table: Transformers) -> Flags:
    is_main: Flags = (
        (table.hv_voltage_v >= HIGH_VOLTAGE_FROM_V)
        & (table.lv_voltage_v >= MEDIUM_VOLTAGE_V)
        & (table.lv_voltage_v < HIGH_VOLTAGE_FROM_V)
    )
    return is_main


def _closed_edges(grid: Grid, topology: Topology) -> _Edges:
    """Lines, bus-bus switches and transformers between medium-voltage buses that are closed."""
    lines, switches, units = grid.lines, grid.switches, grid.transformers
    is_medium = is_medium_voltage(grid)
    line = np.flatnonzero(lines.in_service & topology.line_from_closed & topology.line_to_closed)
    coupler = np.flatnonzero((switches.element_kind == SwitchedKind.BUS) & switches.closed)
    unit = np.flatnonzero(units.in_service & topology.transformer_closed)
    first = [lines.from_bus[line], switches.bus[coupler], units.hv_bus[unit]]
    second = [lines.to_bus[line], switches.element[coupler], units.lv_bus[unit]]
    row = np.concatenate([line, np.full(len(coupler) + len(unit), NONE)])
    a, b = np.concatenate(first), np.concatenate(second)
    inside = is_medium[a] & is_medium[b] & (a != b)
    return _Edges(first=a[inside], second=b[inside], line=row[inside])


def _components(edges: _Edges, chosen: Flags, count: int) -> Integers:
    pairs = edges.first[chosen], edges.second[chosen]
    ones = np.ones(len(pairs[0]))
    joined = coo_array((ones, pairs), shape=(count, count))
    _, label = connected_components(joined, directed=False)
    return label.astype(np.int64)


def _rings(
    grid: Grid, edges: _Edges, is_busbar: Flags, part: Integers
) -> tuple[frozenset[int], tuple[LineEnd, ...]]:
    """Parts that hang on busbars by more than one branch, and the ends of their head lines."""
    at_first, at_second = is_busbar[edges.first], is_busbar[edges.second]
    leaving = np.flatnonzero(at_first ^ at_second)
    inner = part[np.where(at_first, edges.second, edges.first)[leaving]]
    number, uses = np.unique(inner, return_counts=True)
    rings = number[uses > 1]
    rows = edges.line[leaving[np.isin(inner, rings)]]
    heads = [
        LineEnd(line=int(row), at_from=bool(is_busbar[grid.lines.from_bus[row]]))
        for row in rows[rows >= 0]
    ]
    return frozenset(rings.tolist()), tuple(heads)


def _feeders(grid: Grid, topology: Topology, busbar: Integers, part: Integers) -> _Feeders:
    """Collect the feeders of the topology, then the lines that leave a busbar and end open."""
    by_line = topology.parent_kind == SwitchedKind.LINE
    heads: list[LineEnd] = []
    sections: list[Section] = []
    parts: list[int] = []
    for line in topology.feeder_head.tolist():
        first = int(np.flatnonzero(by_line & (topology.parent_branch == line))[0])
        above = int(topology.parent_bus[first])
        heads.append(LineEnd(line=line, at_from=bool(grid.lines.from_bus[line] == above)))
        sections.append(Section(feeder=len(sections), busbar=int(busbar[above])))
        parts.append(int(part[first]))
    count = len(heads)
    for line in _open_at_one_end(grid, topology).tolist():
        at_from = bool(topology.line_from_closed[line])
        near = int((grid.lines.from_bus if at_from else grid.lines.to_bus)[line])
        if busbar[near] >= 0:
            heads.append(LineEnd(line=line, at_from=at_from))
            sections.append(Section(feeder=len(sections), busbar=int(busbar[near])))
            parts.append(NONE)
    return _Feeders(heads=tuple(heads), sections=tuple(sections), parts=tuple(parts), count=count)


def _open_at_one_end(grid: Grid, topology: Topology) -> Integers:
    """Lines in service with one open end."""
    ends_open = topology.line_from_closed ^ topology.line_to_closed
    return np.flatnonzero(ends_open & grid.lines.in_service)


def _ties(snapshot: Snapshot, busbar: Integers, feeders: _Feeders) -> list[Tie]:
    """Open connections between supplied medium-voltage buses of different feeders or busbars."""
    grid, topology = snapshot.grid, snapshot.topology
    lines, switches = grid.lines, grid.switches
    usable = is_medium_voltage(grid) & (topology.source >= 0)
    ending_open = {head.line: n for n, head in enumerate(feeders.heads) if n >= feeders.count}

    def section(bus: int) -> Section:
        return section_of(busbar, topology.feeder, feeders.sections, bus)

    found: list[Tie] = []
    for row in _open_at_one_end(grid, topology).tolist():
        open_at_from = not topology.line_from_closed[row]
        ends = int(lines.from_bus[row]), int(lines.to_bus[row])
        far, near = ends if open_at_from else ends[::-1]
        if usable[far] and usable[near]:
            own = ending_open.get(row)
            first = section(near) if own is None else feeders.sections[own]
            end = LineEnd(line=row, at_from=open_at_from)
            found.append(Tie(line_end=end, coupler=NONE, first=first, second=section(far)))
    is_open = (switches.element_kind == SwitchedKind.BUS) & ~switches.closed
    for row in np.flatnonzero(is_open & (switches.element >= 0)).tolist():
        a, b = int(switches.bus[row]), int(switches.element[row])
        if usable[a] and usable[b]:
            found.append(Tie(line_end=None, coupler=row, first=section(a), second=section(b)))
    return [tie for tie in found if tie.first != tie.second]


def _joins_busbars(tie: Tie, feeder_count: int) -> bool:
    """Whether a tie joins two busbars: a coupler, or a line between them that ends open."""
    at_busbar = [not 0 <= side.feeder < feeder_count for side in (tie.first, tie.second)]
    return all(at_busbar) and tie.first.busbar != tie.second.busbar


def _held(grid: Grid, edges: _Edges, main: Integers, is_medium: Flags) -> frozenset[int]:
    """Main transformers beside which another one feeds the same island."""
    island = _components(edges, np.ones(len(edges.first), np.bool_), len(is_medium))
    fed = island[grid.transformers.lv_bus[main]]
    source_bus = grid.sources.bus[grid.sources.bus >= 0]
    direct = island[source_bus[is_medium[source_bus]]]
    return frozenset(
        int(row)
        for row, own in zip(main, fed, strict=True)
        if np.count_nonzero(fed == own) > 1 or own in direct
    )


def _joined(edges: _Edges, busbar: Integers) -> tuple[frozenset[int], ...]:
    """Groups of busbars that rings or lines join."""
    island = _components(edges, np.ones(len(edges.first), np.bool_), len(busbar))
    groups: dict[int, set[int]] = {}
    for bus in np.flatnonzero(busbar >= 0).tolist():
        groups.setdefault(int(island[bus]), set()).add(int(busbar[bus]))
    return tuple(frozenset(group) for group in groups.values())
