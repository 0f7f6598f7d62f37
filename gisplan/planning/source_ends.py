"""Where routes to several sources may end: access points, and the cables that may lead to each.

Which cable an access point takes depends on what lies behind it (a ring keeps its section, a short
circuit asks for a thicker one), so the judge is asked about every cable. It is asked with a length
that no route can undercut; with the length of the route found it is asked again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.access import KINDS, joined_meetings, meetings_at
from gisplan.planning.source_groups import NO_GROUP, source_groups
from gisplan.routing.search import Starts, Targets, start_search

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.model.route_answer import Independence
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.access import Meetings
    from gisplan.planning.candidates import Ground, Judge
    from gisplan.planning.site import Site
    from gisplan.planning.variants import Variant
    from gisplan.routing.site import Connectors

TOLD_REASONS = 3
MM_PER_M = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEnds:
    """Access points with a known source, one row for each and node where it is met.

    ``point`` int64 (rows,) numbers them, ``group`` what supplies each, by its name in
    ``group_names``. ``passes`` bool (rows, variants) tells which cables the judge lets pass there,
    ``beside_cents`` int64 (rows, variants) what is paid beside the route at the least;
    ``least_length_m`` (rows,) is a length that no route undercuts. ``refusals`` say why others are
    none, the most frequent reason first.
    """

    meetings: Meetings
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


def source_ends(
    site: Site, ground: Ground, judge: Judge, independence: Independence
) -> SourceEnds | None:
    """Return where routes to sources may end; ``None`` where nothing known can be reached."""
    if len(site.connectors) == 0 or not site.variants:
        return None
    met = _known_sources(site, ground, independence)
    if met is None:
        return None
    meetings, group, names = met
    least_m = _least_length_m(site, ground, meetings)
    reached = np.flatnonzero(np.isfinite(least_m))
    if len(reached) == 0:
        return None
    meetings, group, least_m = meetings.take(reached), group[reached], least_m[reached]
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
        variants=site.variants,
        point=np.where(meetings.line >= 0, meetings.line, lines + meetings.bus),
        group=group,
        group_names=names,
        passes=passes,
        beside_cents=beside,
        least_length_m=least_m,
        refusals=_refusals(reason[~passes.any(axis=1)].tolist()),
    )


def _known_sources(
    site: Site, ground: Ground, independence: Independence
) -> tuple[Meetings, Integers, tuple[str, ...]] | None:
    """Return all access points of the site's level, the group of each, and the groups' names."""
    groups = source_groups(site.region.snapshot, independence)
    corridors = ground.corridors
    nodes = np.flatnonzero(np.diff(corridors.node_meeting_offset))
    kinds = {variant.kinds: None for variant in site.variants}
    met = joined_meetings(
        [meetings_at(corridors, ground.access, one, nodes, np.zeros_like(nodes)) for one in kinds]
    )
    group = groups.of(met.line, met.bus)
    known = np.flatnonzero(group != NO_GROUP)
    return (met.take(known), group[known], groups.names) if len(known) else None


def _least_length_m(site: Site, ground: Ground, met: Meetings) -> Floats:
    """Return the length of the shortest way to each meeting, infinity where there is none.

    Whatever cable lies there: an edge counts that is open to any of them.
    """
    corridors, landings = ground.corridors, site.connectors
    graphs = [ground.priced(variant) for variant in site.variants]
    is_open = np.any([graph.edge_cost >= 0 for graph in graphs], axis=0)
    whole_mm = np.floor(corridors.edge_length_m * MM_PER_M)
    graph = graphs[0].with_costs(np.where(is_open, whole_mm, np.inf))
    is_met = np.zeros(graph.node_count, dtype=np.uint8)
    is_met[met.node] = 1
    length_m = np.full(graph.node_count, np.inf)
    with start_search(graph, _starts_mm(landings, corridors), Targets.at_nodes(is_met)) as search:
        nodes = search.next_nodes(int(is_met.sum()))
        length_m[nodes] = search.cost_cents(nodes) / MM_PER_M
    return length_m[met.node]


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
