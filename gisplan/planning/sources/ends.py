"""Where routes to several sources may end: access points, and the cables that may lead to each.

Which cable an access point takes depends on what lies behind it (a ring keeps its section, a short
circuit asks for a thicker one), so the judge is asked about every cable. It is asked with a length
that no route can undercut; with the length of the route found it is asked again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.access import KINDS, joined_meetings, meetings_at
from gisplan.planning.candidates import landing_meetings
from gisplan.planning.sources.groups import NO_GROUP, source_groups
from gisplan.routing.search import Starts, Targets, start_search

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.model.route_answer import Independence
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.access import Meetings
    from gisplan.planning.candidates import CableAt, Ground, Judge
    from gisplan.planning.site import Site
    from gisplan.planning.variants import Variant
    from gisplan.routing.site import Connectors

TOLD_REASONS = 3
MM_PER_M = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEnds:
    """Access points with a known source, one row for each and place where it is met.

    That is a ``node`` (rows,), or on an ``edge`` at its ``share``; the others are -1. A bus may be
    met by connectors: ``join`` (rows,) is the row among those of ``AccessEnds``, or -1.
    ``point`` int64 (rows,) numbers them, ``group`` what supplies each, by its name in
    ``group_names``. ``passes`` bool (rows, variants) tells which cables the judge lets pass there,
    ``beside_cents`` int64 (rows, variants) what is paid beside the route at the least;
    ``least_length_m`` (rows,) is a length that no route undercuts. ``refusals`` say why others are
    none, the most frequent reason first.
    """

    meetings: Meetings
    node: Integers
    edge: Integers
    share: Floats
    join: Integers
    variants: tuple[Variant, ...]
    point: Integers
    group: Integers
    group_names: tuple[str, ...]
    passes: Flags
    beside_cents: Integers
    least_length_m: Floats
    refusals: tuple[str, ...]

    def without(self, elements: frozenset[tuple[int, int]]) -> Flags:
        """Return which rows are left, shape (rows,), when elements (line, bus) are shut."""
        pairs = zip(self.meetings.line.tolist(), self.meetings.bus.tolist(), strict=True)
        return np.array([pair not in elements for pair in pairs], dtype=bool)

    def without_cables(self, refused: Iterable[CableAt]) -> SourceEnds:
        """Return the same with cables that are refused at elements."""
        passes, meetings = self.passes.copy(), self.meetings
        for line, bus, conductor_id, count in refused:
            at = (meetings.line == line) & (meetings.bus == bus)
            own = [
                (one.conductor.conductor_id, one.parallel_count) == (conductor_id, count)
                for one in self.variants
            ]
            passes[np.ix_(at, own)] = False
        return replace(self, passes=passes)


def source_ends(
    site: Site, ground: Ground, judge: Judge, independence: Independence
) -> SourceEnds | None:
    """Return where routes to sources may end; ``None`` where nothing known can be reached."""
    if len(site.connectors) == 0 or not site.variants:
        return None
    groups = source_groups(site.region.snapshot, independence)
    every = _every_place(site, ground)
    group = groups.of(every.met.line, every.met.bus)
    known = np.flatnonzero(group != NO_GROUP)
    places, group = every.take(known), group[known]
    least_m = _least_length_m(site, ground, places)
    reached = np.flatnonzero(np.isfinite(least_m))
    if len(reached) == 0:
        return None
    places, group, least_m = places.take(reached), group[reached], least_m[reached]
    meetings = places.met
    shape = len(meetings), len(site.variants)
    passes, beside = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int64)
    reason = np.full(len(meetings), "", dtype=object)
    for column, variant in enumerate(site.variants):
        fits = np.flatnonzero(np.isin(meetings.kind, [KINDS.index(kind) for kind in variant.kinds]))
        if len(fits) == 0:
            continue
        some = meetings.take(fits)
        verdicts = judge.judge(some, variant, least_m[fits])
        passes[fits, column] = verdicts.passes
        beside[fits, column] = variant.beside_route_cents(some.kind, least_m[fits])
        reason[fits] = verdicts.reason
    lines = len(site.region.snapshot.grid.lines.line_id)
    return SourceEnds(
        meetings=meetings,
        node=places.node,
        edge=places.edge,
        share=places.share,
        join=places.join,
        variants=site.variants,
        point=np.where(meetings.line >= 0, meetings.line, lines + meetings.bus),
        group=group,
        group_names=groups.names,
        passes=passes,
        beside_cents=beside,
        least_length_m=least_m,
        refusals=_refusals(reason[~passes.any(axis=1)].tolist()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where access points are met; see ``SourceEnds``."""

    met: Meetings
    node: Integers
    edge: Integers
    share: Floats
    join: Integers

    def take(self, rows: Integers) -> _Places:
        """Return some of the places."""
        return _Places(
            met=self.met.take(rows),
            node=self.node[rows],
            edge=self.edge[rows],
            share=self.share[rows],
            join=self.join[rows],
        )


def _every_place(site: Site, ground: Ground) -> _Places:
    """Return all access points of the site's level, wherever corridors or landings meet them."""
    corridors, ends, landings = ground.corridors, ground.targets.ends, site.connectors
    kinds = tuple({kind: None for variant in site.variants for kind in variant.kinds})
    codes = [KINDS.index(kind) for kind in kinds]
    nodes = np.flatnonzero(np.diff(corridors.node_meeting_offset))
    at_nodes = meetings_at(corridors, ground.access, kinds, nodes, np.zeros_like(nodes))
    wanted = np.isin(ends.rows.kind, codes) & ends.is_open
    beside = np.flatnonzero(wanted & (ends.is_direct | ends.is_at_node))
    rows, on_node = ends.rows.take(beside), ends.is_at_node[beside]
    touched = landing_meetings(ground, landings)
    seed = -1 - touched.node
    inner = np.isin(touched.kind, codes) & (landings.share[seed] > 0) & (landings.share[seed] < 1)
    touched, seed = touched.take(inner), seed[inner]
    none, no_share = np.full(len(at_nodes), -1), np.zeros(len(at_nodes))
    return _Places(
        met=joined_meetings(
            [at_nodes, ends.meetings(beside, rows.node, np.zeros_like(beside)), touched]
        ),
        node=np.concatenate(
            [at_nodes.node, np.where(on_node, rows.node, -1), np.full(len(seed), -1)]
        ),
        edge=np.concatenate([none, np.where(on_node, -1, rows.edge), landings.edge[seed]]),
        share=np.concatenate([no_share, np.where(on_node, 0.0, rows.share), landings.share[seed]]),
        join=np.concatenate([none, rows.join, np.full(len(seed), -1)]),
    )


def _least_length_m(site: Site, ground: Ground, places: _Places) -> Floats:
    """Return the length of the shortest way to each place, infinity where there is none.

    Whatever cable lies there: an edge counts that is open to any of them.
    """
    corridors, landings = ground.corridors, site.connectors
    graphs = [ground.priced(variant) for variant in site.variants]
    is_open = np.any([graph.edge_cost >= 0 for graph in graphs], axis=0)
    whole_mm = np.floor(corridors.edge_length_m * MM_PER_M)
    graph = graphs[0].with_costs(np.where(is_open, whole_mm, np.inf))
    is_met = np.ones(graph.node_count, dtype=np.uint8)
    label_m = np.full(graph.node_count, np.inf)
    with start_search(graph, _starts_mm(landings, corridors), Targets.at_nodes(is_met)) as search:
        nodes = search.next_nodes(graph.node_count)
        label_m[nodes] = search.cost_cents(nodes) / MM_PER_M
    own_m = np.append(ground.targets.ends.joins.connectors.length_m, 0.0)[places.join]
    length_m: Floats = _on_edges_m(corridors, landings, label_m, places, is_open) + own_m
    return length_m


def _on_edges_m(
    corridors: CorridorGraph,
    landings: Connectors,
    label_m: Floats,
    places: _Places,
    is_open: Flags,
) -> Floats:
    """Return the length up to nodes and places on open edges, from their ends or a landing."""
    length_m = np.append(label_m, np.inf)[places.node]
    rows = np.flatnonzero(places.edge >= 0)
    rows = rows[is_open[places.edge[rows]]]
    edge, share = places.edge[rows], places.share[rows]
    along_m = corridors.edge_length_m[edge]
    from_first = label_m[corridors.edge_from[edge]] + share * along_m
    from_last = label_m[corridors.edge_to[edge]] + (1 - share) * along_m
    length_m[rows] = np.minimum(from_first, from_last)
    order = np.argsort(landings.edge, kind="stable")
    first, last = (np.searchsorted(landings.edge[order], edge, side=s) for s in ("left", "right"))
    for row in np.flatnonzero(last > first).tolist():
        near = order[first[row] : last[row]]
        direct = landings.length_m[near] + np.abs(landings.share[near] - share[row]) * along_m[row]
        length_m[rows[row]] = min(length_m[rows[row]], float(direct.min()))
    return length_m


def _starts_mm(landings: Connectors, corridors: CorridorGraph) -> Starts:
    """Return both ends of every landing's edge, with the millimetres that lead there at least."""
    along_m = corridors.edge_length_m[landings.edge]
    to_first_m = landings.length_m + along_m * landings.share
    to_last_m = landings.length_m + along_m * (1 - landings.share)
    return Starts.at(
        np.concatenate([corridors.edge_from[landings.edge], corridors.edge_to[landings.edge]]),
        np.floor(np.concatenate([to_first_m, to_last_m]) * MM_PER_M).astype(np.int64),
    )


def _refusals(reasons: list[str]) -> tuple[str, ...]:
    """Return the reasons why access points take no cable, with how many each refuses."""
    counts = Counter(reason for reason in reasons if reason)
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TOLD_REASONS]
    return tuple(f"{reason} ({count} places)" for reason, count in common)
