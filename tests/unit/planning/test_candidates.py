"""The k best elements equal brute force over every cable, landing, way and access point."""

from __future__ import annotations

import itertools
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gisplan.model.grid import Grid
from gisplan.model.option import AccessKind
from gisplan.planning.access import KINDS, Meetings
from gisplan.planning.candidates import Ground, Verdicts, find_candidates
from gisplan.planning.civil import connector_costs, edge_costs_cents, part_cost_cents
from gisplan.planning.route import route_stretches
from gisplan.planning.variants import Variant, build_variants
from gisplan.routing.site import Connectors, SiteIndex
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.planning.towns import ground_of

CATALOGUE = load_catalogue("eu")


class EverythingPasses:
    """A judge that never says no."""

    def judge(self, meetings: Meetings, variant: Variant, length_m: np.ndarray) -> Verdicts:
        return Verdicts(
            passes=np.ones(len(meetings), dtype=bool),
            reason=np.full(len(meetings), ""),
            mendable=np.zeros(len(meetings), dtype=bool),
            too_long=np.zeros(len(meetings), dtype=bool),
        )

    def reach_m(self, variant: Variant) -> float:
        return np.inf


class LongCablesAreThick:
    """A judge that asks for a larger section beyond a length, and bars one line altogether."""

    def __init__(self, reach_m_per_mm2: float, barred_line: int = -1) -> None:
        self.reach_m_per_mm2 = reach_m_per_mm2
        self.barred_line = barred_line

    def judge(self, meetings: Meetings, variant: Variant, length_m: np.ndarray) -> Verdicts:
        is_short, fits = length_m <= self.reach_m(variant), meetings.line != self.barred_line
        return Verdicts(
            passes=is_short & fits,
            reason=np.where(is_short & fits, "", "too far"),
            mendable=np.zeros(len(meetings), dtype=bool),
            too_long=~is_short & fits,
        )

    def reach_m(self, variant: Variant) -> float:
        # the micrometre keeps whole metres off the limit, where rounding would decide
        return self.reach_m_per_mm2 * variant.conductor.section_mm2 + 1e-6


def low_voltage_variants(demand_kva: float) -> tuple[Variant, ...]:
    return build_variants(
        CATALOGUE, voltage_level="lv", nominal_voltage_v=400.0, demand_kva=demand_kva
    )


def brute_force(
    ground: Ground, variants: tuple[Variant, ...], connectors: Connectors, judge: LongCablesAreThick
) -> dict[tuple[int, int], int]:
    """Cost of the cheapest passing connection of every element, by networkx and enumeration."""
    corridors = ground.corridors
    kinds = ground.access.meeting_kind
    best: dict[tuple[int, int], int] = {}
    for variant in variants:
        network = nx.MultiGraph()
        network.add_node("site")
        connector_cents = connector_costs(ground.civil, variant, connectors).total_cents.astype(int)
        edge_cents = edge_costs_cents(ground.civil, variant)

        def add(one: object, other: object, cents: float, metres: float) -> None:
            if np.isfinite(cents):
                network.add_edge(one, other, cents=int(cents), metres=metres)  # noqa: B023

        for edge, cents in enumerate(edge_cents):
            one, other = int(corridors.edge_from[edge]), int(corridors.edge_to[edge])
            add(one, other, cents, float(corridors.edge_length_m[edge]))
        for seed in range(len(connectors)):
            edge, share = connectors.edge[seed], connectors.share[seed]
            for node, end in ((corridors.edge_from[edge], 0.0), (corridors.edge_to[edge], 1.0)):
                part = part_cost_cents(
                    ground.civil, variant, np.array([edge]), np.array([share]), np.array([end])
                )
                length = float(corridors.edge_length_m[edge]) * abs(end - share)
                add(
                    "site",
                    int(node),
                    connector_cents[seed] + part[0],
                    float(connectors.length_m[seed]) + length,
                )
        ways = every_useful_way(network)
        for node, both in ways.items():
            first, last = corridors.node_meeting_offset[node : node + 2].tolist()
            for row, (cents, metres) in itertools.product(range(first, last), both):
                offer(
                    best,
                    variant,
                    judge,
                    corridors.meeting_line[row],
                    corridors.meeting_bus[row],
                    kinds[row],
                    cents,
                    metres,
                )
        everywhere_on_mains(ground, variant, connectors, connector_cents, ways, judge, best)
        at_stations(ground, variant, connectors, connector_cents, ways, judge, best)
        for seed in range(len(connectors)):
            edge = int(connectors.edge[seed])
            lines = corridors.edge_line[
                corridors.edge_line_offset[edge] : corridors.edge_line_offset[edge + 1]
            ]
            place = shapely.Point(connectors.xy_m[seed])
            for line in lines:
                offset_m = shapely.line_locate_point(ground.line_shapes[line], place)
                if not ground.access.may_cut(np.array([line]), np.array([offset_m]))[0]:
                    continue
                offer(
                    best,
                    variant,
                    judge,
                    line,
                    -1,
                    ground.access.line_kind[line],
                    connector_cents[seed],
                    float(connectors.length_m[seed]),
                )
    return best


def every_useful_way(network: nx.MultiGraph) -> dict[int, list[tuple[int, float]]]:
    """Cents and metres of every way to each node but for those both dearer and longer."""
    ways: dict[object, list[tuple[int, float]]] = {"site": [(0, 0.0)]}
    changed: list[object] = ["site"]
    while changed:
        one = changed.pop()
        for _, other, price in network.edges(one, data=True):
            known = ways.get(other, [])
            further = {(c + price["cents"], m + price["metres"]) for c, m in ways[one]}
            useful = [
                (cents, metres)
                for cents, metres in sorted(further | set(known))
                if not any(
                    (c, m) != (cents, metres) and c <= cents and m <= metres
                    for c, m in further | set(known)
                )
            ]
            if useful != known:
                ways[other] = useful
                changed.append(other)
    return {node: both for node, both in ways.items() if isinstance(node, int)}


def everywhere_on_mains(  # type: ignore[no-untyped-def]
    ground, variant, connectors, connector_cents, ways, judge, best
) -> None:
    """Offer every half metre of every edge along a main, from both its ends and its landings."""
    corridors = ground.corridors
    for edge in np.flatnonzero(np.diff(corridors.edge_line_offset)).tolist():
        length_m = float(corridors.edge_length_m[edge])
        shares = np.append(np.arange(0.0, length_m, 0.5), [length_m]) / length_m
        shape = shapely.LineString(corridors.shape.row(edge))
        points = shapely.line_interpolate_point(shape, shares, normalized=True)
        starts = [
            (end, *way)
            for end, node in (
                (0.0, int(corridors.edge_from[edge])),
                (1.0, int(corridors.edge_to[edge])),
            )
            for way in ways.get(node, [])
        ]
        starts += [
            (float(connectors.share[row]), connector_cents[row], float(connectors.length_m[row]))
            for row in np.flatnonzero(connectors.edge == edge)
        ]
        for line in corridors.edge_line[
            corridors.edge_line_offset[edge] : corridors.edge_line_offset[edge + 1]
        ]:
            offset_m = shapely.line_locate_point(ground.line_shapes[line], points)
            allowed = ground.access.may_cut(np.full(len(shares), line), offset_m)
            kind = ground.access.line_kind[line]
            for start, cents, way_m in starts:
                part = part_cost_cents(
                    ground.civil,
                    variant,
                    np.full(len(shares), edge),
                    np.full(len(shares), start),
                    shares,
                )
                for at in np.flatnonzero(allowed & np.isfinite(part)):
                    away_m = way_m + abs(shares[at] - start) * length_m
                    offer(best, variant, judge, line, -1, kind, cents + part[at], away_m)


def at_stations(  # type: ignore[no-untyped-def]
    ground, variant, connectors, connector_cents, ways, judge, best
) -> None:
    """Offer every connector of every station, from both ends of its edge and from its landings."""
    corridors, joins = ground.corridors, ground.targets.ends.joins
    own_cents = connector_costs(ground.civil, variant, joins.connectors).total_cents
    for join, bus in enumerate(joins.bus.tolist()):
        edge, share = int(joins.connectors.edge[join]), float(joins.connectors.share[join])
        starts = [
            (end, *way)
            for end, node in (
                (0.0, int(corridors.edge_from[edge])),
                (1.0, int(corridors.edge_to[edge])),
            )
            for way in ways.get(node, [])
        ]
        starts += [
            (float(connectors.share[row]), connector_cents[row], float(connectors.length_m[row]))
            for row in np.flatnonzero(connectors.edge == edge)
        ]
        for start, cents, way_m in starts:
            part = part_cost_cents(
                ground.civil, variant, np.array([edge]), np.array([start]), np.array([share])
            )[0]
            if not np.isfinite(part):
                continue
            along_m = abs(share - start) * float(corridors.edge_length_m[edge])
            length_m = way_m + along_m + float(joins.connectors.length_m[join])
            kind = ground.access.bus_kind[bus]
            offer(best, variant, judge, -1, bus, kind, cents + part + own_cents[join], length_m)


def offer(best, variant, judge, line, bus, kind, cents, metres) -> None:  # type: ignore[no-untyped-def]
    if kind >= len(KINDS) or KINDS[kind] not in variant.kinds:
        return
    if metres > judge.reach_m(variant) or line == judge.barred_line:
        return
    beside = variant.beside_route_cents(np.array([kind]), np.array([metres]))
    total = int(cents) + int(beside[0])
    key = int(line), int(bus)
    best[key] = min(total, best.get(key, total))


TOWN = (
    "S-T 500", "T>B 400", "B-J1 60", "J1-J2 60", "J2-J3 60", "B-K1 80", "K1-K2 80",
    "B transformer_board 400V @0,0", "J1 joint 400V @60,0", "J2 joint 400V @120,0",
    "J3 joint 400V @180,0", "K1 joint 400V @0,80", "K2 cabinet 400V @0,160",
    "T joint 20000V @0,0", "S substation_busbar 20000V @-500,0",
    "street 60,0 60,160", "street 0,160 180,160 id=K9 verge", "street 180,0 180,160",
    "barrier rail 90,-60 90,130 id=R1", "obstacle 100,40 170,40 170,120 100,120 cost=1.5 id=F1",
)  # fmt: skip


def sites(town: Grid) -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(st.floats(-40, 200), st.floats(-40, 200))


def test_nearest_main_is_the_best_access_point_of_an_easy_site() -> None:
    ground, index = ground_of(grid(*TOWN))
    connectors = index.connectors(100.0, 30.0, 150.0)
    pool = find_candidates(
        ground, low_voltage_variants(9.0), connectors, EverythingPasses(), wanted=3
    )
    best = pool.best()[0]
    assert KINDS[best.kind] is AccessKind.SERVICE_JOINT
    assert (best.length_m, best.offset_m) == (30.0, 40.0)
    # 30 m of verge and NAYY 4x50 with 2 % spare at (51 + 6.12) EUR/m, a joint of 900 EUR, an end
    assert best.total_cents == 30 * 5712 + 90000 + 4500


@settings(max_examples=40, deadline=None)
@example(
    site=(61.0, -9.0), reach_m_per_mm2=2.0, barred=0, demand_kva=9.0, drum_length_m=25.0
)  # a dearer way saves a joint
@example(
    site=(1e-4, -39.99999999999999),
    reach_m_per_mm2=0.3,
    barred=5,
    demand_kva=9.0,
    drum_length_m=500.0,
)  # a way as long as the reach
@given(
    site=sites(grid(*TOWN)),
    reach_m_per_mm2=st.floats(0.3, 4.0),
    barred=st.integers(-1, 5),
    demand_kva=st.sampled_from([9.0, 120.0, 250.0]),
    drum_length_m=st.sampled_from([25.0, 60.0, 500.0]),
)
def test_k_best_elements_equal_brute_force(
    site: tuple[float, float],
    reach_m_per_mm2: float,
    barred: int,
    demand_kva: float,
    drum_length_m: float,
) -> None:
    ground, index = GROUND
    connectors = index.connectors(*site, 150.0)
    judge = LongCablesAreThick(reach_m_per_mm2, barred)
    variants = tuple(
        replace(one, drum_length_m=drum_length_m) for one in low_voltage_variants(demand_kva)
    )
    pool = find_candidates(ground, variants, connectors, judge, wanted=3)
    expected = sorted(brute_force(ground, variants, connectors, judge).values())[:3]
    assert [candidate.total_cents for candidate in pool.best()] == expected


GROUND: tuple[Ground, SiteIndex] = ground_of(grid(*TOWN))


def test_element_that_always_fails_is_kept_with_its_reason() -> None:
    ground, index = GROUND
    connectors = index.connectors(100.0, 30.0, 150.0)
    pool = find_candidates(
        ground, low_voltage_variants(9.0), connectors, LongCablesAreThick(0.0), wanted=3
    )
    assert pool.best() == []
    rejected = pool.rejected()
    assert {candidate.reason for candidate in rejected} == {"too far"}
    cheapest = sorted(candidate.total_cents for candidate in pool.failed.values())
    assert [candidate.total_cents for candidate in rejected[:3]] == cheapest[:3]


def test_best_of_every_kind_that_fails_is_kept_with_its_reason() -> None:
    ground, index = GROUND
    connectors = index.connectors(100.0, 30.0, 150.0)
    pool = find_candidates(
        ground, low_voltage_variants(9.0), connectors, LongCablesAreThick(0.0), wanted=3
    )
    kinds = [candidate.kind for candidate in pool.rejected()]
    assert set(kinds) == {candidate.kind for candidate in pool.failed.values()}
    assert len(kinds[3:]) == len(set(kinds[3:]) - set(kinds[:3])) > 0


def test_site_without_corridors_in_reach_finds_nothing() -> None:
    ground, index = GROUND
    connectors = index.connectors(5000.0, 5000.0, 150.0)
    pool = find_candidates(
        ground, low_voltage_variants(9.0), connectors, EverythingPasses(), wanted=3
    )
    assert len(connectors) == 0
    assert pool.examined == 0


@pytest.mark.parametrize(
    ("demand_kva", "sections"), [(9.0, [50, 150, 150, 150, 150]), (120.0, [150] * 4)]
)
def test_cable_that_cannot_carry_the_demand_is_no_variant(
    demand_kva: float, sections: list[float]
) -> None:
    # 120 kVA at 400 V is 173 A: NAYY 4x50 carries 142 A, NAYY 4x150 carries 270 A
    found = [variant.conductor.section_mm2 for variant in low_voltage_variants(demand_kva)]
    assert found == sections


def test_main_is_joined_as_near_to_its_station_as_it_may_be() -> None:
    town = grid(
        "S-T 500", "T>B 400", "B-J 60", "B transformer_board 400V @0,0", "J joint 400V @60,0",
        "T joint 20000V @0,0", "S substation_busbar 20000V @-500,0", "street -60,0 0,0 id=K",
    )  # fmt: skip
    ground, index = ground_of(town)
    connectors = index.connectors(-40.0, 10.0, 20.0)
    variants = low_voltage_variants(9.0)
    pool = find_candidates(ground, variants, connectors, EverythingPasses(), wanted=5)
    (joint,) = [one for one in pool.best() if KINDS[one.kind] is AccessKind.SERVICE_JOINT]
    assert joint.offset_m == pytest.approx(5.0)
    assert joint.length_m == pytest.approx(10.0 + 40.0 + 5.0)
    stretches = route_stretches(ground.civil, ground.targets.ends, connectors, joint)
    assert stretches[-1].xy_m[-1].tolist() == pytest.approx([5.0, 0.0])
    beside = int(joint.variant.beside_route_cents(np.array([joint.kind]), np.array([55.0]))[0])
    assert sum(one.cost_cents for one in stretches) + beside == joint.total_cents


def test_site_beside_a_station_goes_straight_to_where_its_main_may_be_joined() -> None:
    town = grid(
        "S-T 500", "T>B 400", "B-J 60", "B transformer_board 400V @0,0", "J joint 400V @60,0",
        "T joint 20000V @0,0", "S substation_busbar 20000V @-500,0",
    )  # fmt: skip
    ground, index = ground_of(town)
    connectors = index.connectors(2.0, 10.0, 20.0)
    pool = find_candidates(
        ground, low_voltage_variants(9.0), connectors, EverythingPasses(), wanted=5
    )
    (joint,) = [one for one in pool.best() if KINDS[one.kind] is AccessKind.SERVICE_JOINT]
    assert joint.length_m == pytest.approx(10.0 + 3.0)
    stretches = route_stretches(ground.civil, ground.targets.ends, connectors, joint)
    assert [one.length_m for one in stretches] == pytest.approx([10.0, 3.0])
    assert stretches[-1].xy_m[-1].tolist() == pytest.approx([5.0, 0.0])


# two ways from the site to the cabinet: 60 m of paving at (75 + 6.12) EUR/m with NAYY 4x50, or
# 84 m of verge at (51 + 6.12) EUR/m
TWO_WAYS = (
    "S-T 500", "T>B 400", "T joint 20000V @-10,0", "S substation_busbar 20000V @-500,0",
    "B cabinet 400V @0,0",
    "street 0,0 0,60 id=K1 paving", "street 0,60 12,60 12,0 0,0 id=K2 verge",
)  # fmt: skip
CABINET_CENTS = 45000 + 2 * 4500


@pytest.mark.parametrize(
    ("reach_m", "drum_m", "bend_cents", "length_m", "cents"),
    [
        (500.0, 500.0, 0, 84.0, 84 * 5712),
        (70.0, 500.0, 0, 60.0, 60 * 8112),
        (500.0, 70.0, 0, 60.0, 60 * 8112),  # a joint of 260 EUR more on the verge
        (500.0, 80.0, 0, 60.0, 60 * 8112),
        (500.0, 84.0, 0, 84.0, 84 * 5712),
        (500.0, 500.0, 100, 84.0, 84 * 5712 + 2 * 100),
        (70.0, 500.0, 100, 60.0, 60 * 8112),
    ],
)
def test_dearer_way_is_taken_where_the_cheapest_is_too_long_or_needs_a_joint(
    reach_m: float, drum_m: float, bend_cents: int, length_m: float, cents: int
) -> None:
    ground, index = ground_of(grid(*TWO_WAYS))
    connectors = index.connectors(0.0, 60.0, 150.0)
    connectors = connectors.take(np.flatnonzero(connectors.length_m == 0))
    variants = tuple(
        replace(one, drum_length_m=drum_m * (1 + one.spare_length_ratio), bend_cents=bend_cents)
        for one in low_voltage_variants(9.0)
    )
    judge = LongCablesAreThick(reach_m / 50, barred_line=0)
    best = find_candidates(ground, variants, connectors, judge, wanted=1).best()[0]
    assert (best.length_m, best.total_cents) == (length_m, cents + CABINET_CENTS)
    stretches = route_stretches(ground.civil, ground.targets.ends, connectors, best)
    assert sum(stretch.length_m for stretch in stretches) == pytest.approx(length_m)
