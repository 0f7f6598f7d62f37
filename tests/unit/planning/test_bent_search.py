"""Access points and ways where bends have a price, against every simple way there is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
import pytest
import shapely
import shapely.ops
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gisplan.errors import CatalogueError
from gisplan.model.grid import Grid
from gisplan.planning.access import KINDS
from gisplan.planning.bends import bend_price_cents, unweighed_bends
from gisplan.planning.bill import bill_rows
from gisplan.planning.candidates import Ground, find_candidates
from gisplan.planning.civil import connector_costs, edge_costs_cents, part_cost_cents
from gisplan.planning.route import connector_stretch, laid_out, route_stretches
from gisplan.planning.variants import Variant
from gisplan.planning.ways import Way, find_bent_way, find_way
from gisplan.routing.site import Connectors
from gisplan.rules.catalogue import Catalogue
from tests.grids import grid
from tests.unit.planning.test_candidates import EverythingPasses, low_voltage_variants
from tests.unit.planning.test_route import EU, at, options_of, state_with, with_values
from tests.unit.planning.towns import CATALOGUE, ground_of

STATION = (
    "S-T 500", "T>B 400", "T joint 20000V @0,0", "S substation_busbar 20000V @-500,0",
    "B transformer_board 400V @0,0",
)  # fmt: skip
LARGE_CENTS = 50_000


def bent_variants(demand_kva: float, bend_cents: int) -> tuple[Variant, ...]:
    return tuple(replace(one, bend_cents=bend_cents) for one in low_voltage_variants(demand_kva))


def corners(xy_m: np.ndarray) -> int:
    """Corners of 30 degrees and more, by the angle between legs."""
    legs = [b - a for a, b in itertools.pairwise(xy_m) if math.hypot(*(b - a)) > 1e-6]
    count = 0
    for one, other in itertools.pairwise(legs):
        cosine = float(one @ other) / (math.hypot(*one) * math.hypot(*other))
        count += math.degrees(math.acos(max(-1.0, min(1.0, cosine)))) > 30 - 1e-4
    return count


@dataclass
class Walk:
    """A way so far: vertices, money without bends and metres."""

    node: int
    xy_m: np.ndarray
    cents: int
    metres: float


def piece(ground: Ground, edge: int, start: float, end: float) -> np.ndarray:
    """Vertices of a part of an edge."""
    line = shapely.LineString(ground.corridors.shape.row(edge))
    part = shapely.ops.substring(line, start, end, normalized=True)
    return np.asarray(shapely.get_coordinates(part))


def walks(ground: Ground, variant: Variant, connectors: Connectors) -> Iterator[Walk]:
    """Every way that passes no node twice, by every landing and each end of its edge."""
    corridors = ground.corridors
    cents = edge_costs_cents(ground.civil, variant)
    streets: nx.MultiGraph[int] = nx.MultiGraph()
    streets.add_nodes_from(range(len(corridors.node_x_m)))
    for edge in np.flatnonzero(np.isfinite(cents)).tolist():
        streets.add_edge(int(corridors.edge_from[edge]), int(corridors.edge_to[edge]), key=edge)
    own = connector_costs(ground.civil, variant, connectors).total_cents
    for seed in range(len(connectors)):
        edge, share = int(connectors.edge[seed]), float(connectors.share[seed])
        for node, end in ((corridors.edge_from[edge], 0.0), (corridors.edge_to[edge], 1.0)):
            part = part_cost_cents(
                ground.civil, variant, np.array([edge]), np.array([share]), np.array([end])
            )[0]
            if not np.isfinite(part + own[seed]):
                continue
            begin = Walk(
                node=int(node),
                xy_m=np.vstack(
                    [connectors.start_xy_m[seed], connectors.xy_m[seed]]
                    + ([piece(ground, edge, share, end)] if share != end else [])
                ),
                cents=int(part + own[seed]),
                metres=float(
                    connectors.length_m[seed] + corridors.edge_length_m[edge] * abs(end - share)
                ),
            )
            yield begin
            for there in streets.nodes:
                if there == begin.node:
                    continue
                for way in nx.all_simple_edge_paths(streets, begin.node, there):
                    yield run(ground, begin, [step[2] for step in way], cents)


def run(ground: Ground, begin: Walk, way: list[int], cents: np.ndarray) -> Walk:
    corridors, here, rows = ground.corridors, begin.node, [begin.xy_m]
    for edge in way:
        forward = int(corridors.edge_from[edge]) == here
        rows.append(corridors.shape.row(edge)[:: 1 if forward else -1])
        here = int(corridors.edge_from[edge] + corridors.edge_to[edge]) - here
    return Walk(
        node=here,
        xy_m=np.vstack(rows),
        cents=begin.cents + int(cents[way].sum()),
        metres=begin.metres + float(corridors.edge_length_m[way].sum()),
    )


def brute_force(
    ground: Ground, variants: tuple[Variant, ...], connectors: Connectors
) -> dict[tuple[int, int], int]:
    """Cost of the cheapest connection of every element, bends included."""
    corridors, ends, joins = ground.corridors, ground.targets.ends.rows, ground.targets.ends.joins
    best: dict[tuple[int, int], int] = {}

    def offer(variant: Variant, met: tuple[int, int, int], walk: Walk) -> None:
        line, bus, kind = met
        if kind < len(KINDS) and KINDS[kind] in variant.kinds:
            beside = variant.beside_route_cents(np.array([kind]), np.array([walk.metres]))[0]
            total = walk.cents + int(beside) + corners(walk.xy_m) * variant.bend_cents
            best[line, bus] = min(total, best.get((line, bus), total))

    def beside(variant: Variant, row: int, walk: Walk, share: float) -> None:
        edge, end = int(ends.edge[row]), float(ends.share[row])
        part = part_cost_cents(
            ground.civil, variant, np.array([edge]), np.array([share]), np.array([end])
        )[0]
        if np.isfinite(part):
            metres = walk.metres + corridors.edge_length_m[edge] * abs(end - share)
            xy_m = [walk.xy_m, piece(ground, edge, share, end)] if share != end else [walk.xy_m]
            join = int(ends.join[row])
            if join >= 0:
                one = joins.connectors.take(np.array([join]))
                part += connector_costs(ground.civil, variant, one).total_cents[0]
                metres += float(one.length_m[0])
                xy_m += [one.xy_m, one.start_xy_m]
            longer = Walk(
                node=-1, xy_m=np.vstack(xy_m), cents=walk.cents + int(part), metres=metres
            )
            met = int(ends.line[row]), int(ends.bus[row]), int(ends.kind[row])
            offer(variant, met, longer)

    for variant in variants:
        own = connector_costs(ground.civil, variant, connectors).total_cents
        for seed in range(len(connectors)):
            landed = Walk(
                node=-1,
                xy_m=np.array([connectors.start_xy_m[seed], connectors.xy_m[seed]]),
                cents=int(own[seed]),
                metres=float(connectors.length_m[seed]),
            )
            for row in np.flatnonzero(ends.edge == connectors.edge[seed]).tolist():
                beside(variant, row, landed, float(connectors.share[seed]))
            for line in landed_lines(ground, connectors, seed):
                offer(variant, (line, -1, int(ground.access.line_kind[line])), landed)
        for walk in walks(ground, variant, connectors):
            first, last = corridors.node_meeting_offset[walk.node : walk.node + 2].tolist()
            for row in range(first, last):
                met = int(corridors.meeting_line[row]), int(corridors.meeting_bus[row])
                offer(variant, (*met, int(ground.access.meeting_kind[row])), walk)
            for row in np.flatnonzero(ends.node == walk.node).tolist():
                beside(variant, row, walk, float(ends.node_share[row]))
    return best


def landed_lines(ground: Ground, connectors: Connectors, seed: int) -> list[int]:
    """Lines that a landing touches where they may be joined."""
    corridors, edge = ground.corridors, int(connectors.edge[seed])
    first, last = corridors.edge_line_offset[edge : edge + 2].tolist()
    place = shapely.Point(connectors.xy_m[seed])
    return [
        line
        for line in corridors.edge_line[first:last].tolist()
        if ground.access.may_cut(
            np.array([line]), shapely.line_locate_point(ground.line_shapes[[line]], place)
        )[0]
    ]


@st.composite
def towns(draw: st.DrawFn) -> Grid:
    """A main of two joints, and streets between random places on a lattice of 10 m."""
    number = st.integers(0, 15)
    places = draw(st.lists(st.tuples(number, number), min_size=6, max_size=6, unique=True))
    at = [f"{10 * x + 10},{10 * y}" for x, y in places]
    joints = [f"J{n} joint 400V @{at[n]}" for n in range(2)]
    pairs = [(0, 2), (2, 3), (3, 1), (4, 0)]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=3, unique=True))
    streets = [f"street {at[a]} {at[b]} id=K{n}" for n, (a, b) in enumerate(chosen)]
    bent = f"street {at[1]} {at[5]} {at[3]} id=KB"
    return grid(*STATION, "B-J0 60", "J0-J1 60", *joints, *streets, bent)


@settings(max_examples=20, deadline=None)
@given(
    town=towns(),
    site=st.tuples(st.floats(0, 150), st.floats(0, 150)),
    bend_cents=st.sampled_from([1, 2_000, LARGE_CENTS, 1_000_000]),
)
def test_k_best_elements_equal_every_simple_way(
    town: Grid, site: tuple[float, float], bend_cents: int
) -> None:
    ground, index = ground_of(town)
    assume(len(ground.corridors.edge_from) <= 14)
    connectors = index.connectors(*site, 60.0)
    variants = bent_variants(9.0, bend_cents)[:2]
    pool = find_candidates(ground, variants, connectors, EverythingPasses(), wanted=3)
    expected = sorted(brute_force(ground, variants, connectors).values())[:3]
    assert [candidate.total_cents for candidate in pool.best()] == expected
    for candidate in pool.best():
        rows = bill_rows(
            CATALOGUE,
            kind=KINDS[candidate.kind],
            voltage_level="lv",
            variant=candidate.variant,
            stretches=route_stretches(ground.civil, ground.targets.ends, connectors, candidate),
        )
        assert sum(row.cents for row in rows) == candidate.total_cents


# from (10, -5) to (240, 105): by the frame two bends over 250 m, by the stairs four over 213 m
STAIRS = (
    *STATION, "B-J0 60", "J0 joint 400V @-60,0",
    "street 0,0 50,0 id=A", "street 200,100 250,100 id=Z", "street 50,0 200,0 200,100 id=Frame",
    "street 50,0 110,20 110,60 170,60 200,100 id=S",
)  # fmt: skip
DEAR_CENTS = 200_000


def stairs_way(bend_cents: int) -> tuple[Variant, Ground, Connectors, Connectors, Way]:
    ground, index = ground_of(grid(*STAIRS))
    variant = bent_variants(9.0, bend_cents)[0]
    here, there = index.connectors(10.0, -5.0, 20.0), index.connectors(240.0, 105.0, 20.0)
    found = find_bent_way(ground, variant, ground.priced(variant), here, there)
    assert found is not None
    return variant, ground, here, there, found


def test_straighter_street_wins_where_bends_are_dear() -> None:
    *_, dear = stairs_way(DEAR_CENTS)
    variant, ground, here, there, free = stairs_way(0)
    plain = find_way(ground, variant, ground.priced(variant), here, there)
    assert plain is not None
    assert (free.start, free.end, free.cost_cents) == (plain.start, plain.end, plain.cost_cents)
    assert free.parts.edge.tolist() == plain.parts.edge.tolist() != dear.parts.edge.tolist()


@pytest.mark.parametrize("bend_cents", [1, 2_000, DEAR_CENTS])
def test_way_costs_its_stretches_and_its_bends(bend_cents: int) -> None:
    variant, ground, here, there, way = stairs_way(bend_cents)
    last = connector_stretch(ground.civil, variant, there, way.end)
    stretches = [
        *laid_out(ground.civil, variant, here, way.start, way.parts),
        replace(last, xy_m=last.xy_m[::-1]),
    ]
    route_cents = sum(one.cost_cents for one in stretches)
    bends = corners(np.vstack([one.xy_m for one in stretches]))
    assert way.cost_cents == pytest.approx(route_cents + bends * bend_cents, abs=3)


@settings(max_examples=12, deadline=None)
@given(
    town=towns(),
    places=st.tuples(*[st.tuples(st.floats(0, 150), st.floats(0, 150))] * 2),
    bend_cents=st.sampled_from([1, 2_000, LARGE_CENTS]),
)
def test_way_to_a_place_equals_every_simple_way(
    town: Grid, places: tuple[tuple[float, float], tuple[float, float]], bend_cents: int
) -> None:
    ground, index = ground_of(town)
    here, there = (index.connectors(*place, 60.0) for place in places)
    assume(len(ground.corridors.edge_from) <= 14 and len(here) and len(there))
    variant = bent_variants(9.0, bend_cents)[0]
    own = connector_costs(ground.civil, variant, there).total_cents
    first = connector_costs(ground.civil, variant, here).total_cents
    costs = []
    for one, row in itertools.product(range(len(here)), range(len(there))):
        if (edge := int(here.edge[one])) == there.edge[row]:
            shares = float(here.share[one]), float(there.share[row])
            part = part_cost_cents(
                ground.civil, variant, np.array([edge]), *(np.array([one]) for one in shares)
            )[0]
            leg = [there.xy_m[row], there.start_xy_m[row]]
            begin = [here.start_xy_m[one], here.xy_m[one]]
            xy_m = np.vstack([*begin, piece(ground, edge, *shares), *leg])
            costs.append(first[one] + part + own[row] + corners(xy_m) * bend_cents)
    for walk in walks(ground, variant, here):
        for row in range(len(there)):
            edge, share = int(there.edge[row]), float(there.share[row])
            for end, side in ((0.0, ground.corridors.edge_from), (1.0, ground.corridors.edge_to)):
                if side[edge] == walk.node:
                    part = part_cost_cents(
                        ground.civil, variant, np.array([edge]), np.array([end]), np.array([share])
                    )[0]
                    leg = [there.xy_m[row], there.start_xy_m[row]]
                    xy_m = np.vstack([walk.xy_m, piece(ground, edge, end, share), *leg])
                    costs.append(walk.cents + part + own[row] + corners(xy_m) * bend_cents)
    found = find_bent_way(ground, variant, ground.priced(variant), here, there)
    assert (found is None) == (not np.isfinite(costs).any())
    assert found is None or found.cost_cents == min(costs)


def test_last_centimetres_of_a_way_are_paid_and_bend_as_its_first() -> None:
    ground, index = ground_of(grid(*STAIRS))
    variant = bent_variants(9.0, 2_000)[0]
    here, there = index.connectors(10.0, -5.0, 20.0), index.connectors(240.0, 100.04, 20.0)
    graph = ground.priced(variant)
    ways = [find_bent_way(ground, variant, graph, *ends) for ends in ((here, there), (there, here))]
    one, back = (way.cost_cents for way in ways if way is not None)
    assert one == pytest.approx(back, abs=3)


def test_edges_that_return_to_their_node_are_left_at_their_nearer_end() -> None:
    town = grid(
        *STATION, "B-J0 60", "J0 joint 400V @-60,0", "street 0,0 60,0 60,60 0,60 0,0 id=Ring",
    )  # fmt: skip
    ground, index = ground_of(town)
    connectors = index.connectors(50.0, 65.0, 10.0)
    pool = find_candidates(
        ground, bent_variants(9.0, LARGE_CENTS), connectors, EverythingPasses(), wanted=3
    )
    assert pool.best()
    for candidate in pool.best():
        stretches = route_stretches(ground.civil, ground.targets.ends, connectors, candidate)
        beside = candidate.variant.beside_route_cents(
            np.array([candidate.kind]), np.array([candidate.length_m])
        )
        bends = corners(np.vstack([one.xy_m for one in stretches]))
        paid = sum(one.cost_cents for one in stretches) + int(beside[0]) + bends * LARGE_CENTS
        assert paid == candidate.total_cents


def priced_bends(bend_cost: float) -> Catalogue:
    return with_values(EU, **{"civil.bend_cost": bend_cost})


def test_bends_are_a_line_of_the_bill_and_in_the_total() -> None:
    rows = (f"street {at(0, 0)} {at(300, 0)} verge id=K1",)
    free, priced = (
        options_of(state_with(*rows, catalogue=priced_bends(cost)))[0] for cost in (0.0, 125.0)
    )
    (bend,) = [row for row in priced.bill_of_materials if row.kind == "bend"]
    # the connector lands at a right angle on the street's western end, and the street is straight
    assert (bend.quantity, bend.unit_cost, bend.cost) == (1, 125.0, 125.0)
    assert priced.cost.total == pytest.approx(free.cost.total + 125.0)
    assert priced.cost.civil == pytest.approx(free.cost.civil + 125.0)
    assert not any(row.kind == "bend" for row in free.bill_of_materials)
    assert not any(one.rule == "civil.bend_cost" for one in priced.findings)


@pytest.mark.parametrize(
    ("rule", "value"), [("civil.bend_cost", -1.0), ("civil.bend_min_deg", 0.0)]
)
def test_price_of_bends_that_is_none_is_refused(rule: str, value: float) -> None:
    with pytest.raises(CatalogueError, match=rule):
        bend_price_cents(with_values(EU, **{rule: value}))


def test_way_that_did_not_weigh_its_bends_says_so() -> None:
    variant, ground, here, _, way = stairs_way(LARGE_CENTS)
    stretches = laid_out(ground.civil, variant, here, way.start, way.parts)
    (found,) = unweighed_bends(EU, variant, stretches)
    assert found.measured == corners(np.vstack([one.xy_m for one in stretches]))
    assert unweighed_bends(EU, replace(variant, bend_cents=0), stretches) == ()
