"""Where a cable may end, on the corridors and off them: every access point, wherever it is met."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.model.grid import Installation
from gisplan.planning.access import KINDS, Meetings
from gisplan.planning.offers import Offer
from gisplan.planning.route import connector_stretch
from gisplan.planning.unreached import SAME_PLACE_M
from gisplan.routing.terrain.aims import Aims, Ends

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Floats, Integers
    from gisplan.planning.access_ends import PricedTargets
    from gisplan.planning.site import Site
    from gisplan.planning.variants import Variant


def access_aims(site: Site, variant: Variant, apart_m: float, ends: Ends) -> Aims:
    """Return the access points of a cable as targets; a group is a row of lines, then of buses.

    A cable main is met anywhere along the corridor on it, an overhead one at places ``apart_m``
    apart, a station at its place, at the corridor nodes that lead into it, or by ``ends``.
    """
    ground, corridors = site.region.ground, site.region.snapshot.corridors
    access, grid = ground.access, site.region.snapshot.grid
    codes = np.array([KINDS.index(kind) for kind in variant.kinds])
    line_count = len(grid.lines.line_id)
    bus_open = np.isin(access.bus_kind, codes) & _has_bay(site, access.bus_kind)
    node = np.repeat(np.arange(len(corridors.node_x_m)), np.diff(corridors.node_meeting_offset))
    line, bus = corridors.meeting_line, corridors.meeting_bus
    is_met = np.isin(access.meeting_kind, codes) & ((bus < 0) | bus_open[bus])
    line_open = np.isin(access.line_kind, codes)
    overhead = line_open & (grid.lines.installation == Installation.OVERHEAD)
    parts, part_line = _along_mains(site, line_open & ~overhead)
    poles, pole_line = _along_overhead(site, np.flatnonzero(overhead), apart_m)
    buses = np.flatnonzero(bus_open)
    return Aims(
        node=node[is_met],
        node_group=np.where(line >= 0, line, line_count + bus)[is_met],
        edge=parts[:, 0].astype(np.int64),
        share_from=parts[:, 1],
        share_to=parts[:, 2],
        edge_group=part_line,
        xy_m=np.vstack([poles, np.column_stack([grid.buses.x_m[buses], grid.buses.y_m[buses]])]),
        xy_group=np.concatenate([pole_line, line_count + buses]),
        ends=ends,
    )


def end_rows(site: Site, targets: PricedTargets, variant: Variant) -> Integers:
    """Return the rows of ``targets.ends`` by which a cable may end, each place on an edge once."""
    ends, access = targets.ends, site.region.ground.access
    is_open = ends.leads_to(variant) & (ends.is_at_node | ends.is_direct)
    rows = np.flatnonzero(is_open)
    bus = ends.rows.bus[rows]
    kept: Integers = rows[(bus < 0) | _has_bay(site, access.bus_kind)[bus]]
    return kept


def street_ends(site: Site, targets: PricedTargets, variant: Variant, rows: Integers) -> Ends:
    """Return rows of ``targets.ends`` as ends of ways, at the prices that plans pay there."""
    some, line_count = targets.ends.rows.take(rows), len(site.region.snapshot.grid.lines.line_id)
    return Ends(
        node=np.where(targets.ends.is_at_node[rows], some.node, -1),
        edge=some.edge,
        share=some.share,
        group=np.where(some.line >= 0, some.line, line_count + some.bus),
        cents=targets.part_cents(variant, rows, some.share),
    )


def offers_in_sight(site: Site, variant: Variant) -> list[Offer]:
    """Return the stations inside areas that a site sees, by the straight way that plans offer.

    Their own ground is shut, so no way over the ground ends there.
    """
    region, straight = site.region, site.straight
    access, buses = region.ground.access, region.snapshot.grid.buses
    codes = np.array([KINDS.index(kind) for kind in variant.kinds])
    is_open = np.isin(access.bus_kind, codes) & _has_bay(site, access.bus_kind)
    places = shapely.points(buses.x_m[straight.bus], buses.y_m[straight.bus])
    held, _ = region.site_index.forbidden_tree.query(places, predicate="intersects")
    return [
        Offer(
            kind=KINDS[int(access.bus_kind[straight.bus[row]])],
            line=-1,
            bus=int(straight.bus[row]),
            offset_m=0.0,
            variant=variant,
            stretches=(connector_stretch(region.ground.civil, variant, straight.connectors, row),),
            reason="",
        )
        for row in np.unique(held).tolist()
        if is_open[straight.bus[row]]
    ]


def _has_bay(site: Site, kind: Codes) -> Flags:
    """Return false for buses whose bays are recorded and all taken."""
    bus = np.arange(len(kind))
    nothing = np.full(len(kind), -1)
    every = Meetings(
        kind=kind,
        line=nothing,
        bus=bus,
        offset_m=np.zeros(len(kind)),
        node=nothing,
        cost_cents=np.zeros_like(bus),
    )
    return site.judge.has_bay(every)


def _along_mains(site: Site, wanted: Flags) -> tuple[Floats, Integers]:
    """Return the parts of edges where mains may be joined: edge and two shares, and the line."""
    ground, corridors = site.region.ground, site.region.snapshot.corridors
    edge = np.repeat(np.arange(len(corridors.edge_from)), np.diff(corridors.edge_line_offset))
    line = corridors.edge_line
    kept = wanted[line]
    edge, line = edge[kept], line[kept]
    ends = [
        _offset_m(site, line, nodes[edge]) for nodes in (corridors.edge_from, corridors.edge_to)
    ]
    first_m, last_m = ground.access.line_first_m[line], ground.access.line_last_m[line]
    span_m = ends[1] - ends[0]
    runs = np.abs(span_m) > SAME_PLACE_M
    edge, line, span_m = edge[runs], line[runs], span_m[runs]
    one, other = ((bound[runs] - ends[0][runs]) / span_m for bound in (first_m, last_m))
    low = np.clip(np.minimum(one, other), 0.0, 1.0)
    high = np.clip(np.maximum(one, other), 0.0, 1.0)
    some = low < high
    return np.column_stack([edge, low, high])[some], line[some]


def _offset_m(site: Site, line: Integers, node: Integers) -> Floats:
    """Return how far along lines the feet of corridor nodes are."""
    corridors = site.region.snapshot.corridors
    points = shapely.points(corridors.node_x_m[node], corridors.node_y_m[node])
    offset: Floats = shapely.line_locate_point(site.region.ground.line_shapes[line], points)
    return offset


def _along_overhead(site: Site, lines: Integers, apart_m: float) -> tuple[Floats, Integers]:
    """Return places along overhead mains where they may be teed off, and the line of each."""
    access, shapes = site.region.ground.access, site.region.ground.line_shapes
    places, owner = [np.zeros((0, 2))], [np.zeros(0, dtype=np.int64)]
    for line in lines.tolist():
        at_m = np.arange(apart_m / 2, float(shapes[line].length), apart_m)
        at_m = at_m[access.may_cut(np.full(len(at_m), line), at_m)]
        places.append(shapely.get_coordinates(shapely.line_interpolate_point(shapes[line], at_m)))
        owner.append(np.full(len(at_m), line))
    return np.vstack(places), np.concatenate(owner).astype(np.int64)


def end_of(site: Site, group: int, xy_m: Floats) -> tuple[int, int, float, Floats]:
    """Return line, bus, offset along the line and the place where a way to a target ends.

    ``xy_m`` (2,) is where the search ended, which on the raster is the middle of a cell; the foot
    of it on a line may lie nearer to a station than the line may be cut.
    """
    grid, access = site.region.snapshot.grid, site.region.ground.access
    line_count = len(grid.lines.line_id)
    if group < line_count:
        shape = site.region.ground.line_shapes[group]
        foot_m = float(shapely.line_locate_point(shape, shapely.Point(xy_m)))
        first_m, last_m = access.line_first_m[group], access.line_last_m[group]
        offset_m = float(np.clip(foot_m, first_m, last_m))
        foot = shapely.get_coordinates(shapely.line_interpolate_point(shape, offset_m))[0]
        return group, -1, offset_m, foot
    bus = group - line_count
    return -1, bus, 0.0, np.array([grid.buses.x_m[bus], grid.buses.y_m[bus]])
