"""Joint plans against a flow formulation solved by HiGHS, and towns with known answers."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.cost_graph import CostGraph, build_cost_graph
from gisplan.routing.steiner.trench_model import (
    Outcome,
    SharedTrenches,
    TrenchAccess,
    TrenchApplications,
)
from gisplan.routing.steiner.trenches import plan_shared_trenches
from tests.unit.routing.steiner.trench_oracle import Question, least_cost_cents


def applications(
    node: list[int],
    *,
    demand_kva: float = 10.0,
    cable_cents_per_m: int = 0,
    cables: int = 1,
    own_cents: float = np.inf,
) -> TrenchApplications:
    count = len(node)
    return TrenchApplications(
        node=np.array(node, dtype=np.int64),
        demand_kva=np.full(count, demand_kva),
        cable_cents_per_m=np.full(count, cable_cents_per_m),
        cables=np.full(count, cables),
        own_cents=np.full(count, own_cents),
    )


def access_points(
    node: list[int],
    *,
    equipment_cents: int = 0,
    connection_cents: int = 0,
    room_kva: float = np.inf,
    ways: float = np.inf,
) -> TrenchAccess:
    count = len(node)
    return TrenchAccess(
        node=np.array(node, dtype=np.int64),
        equipment_cents=np.full(count, equipment_cents),
        connection_cents=np.full(count, connection_cents),
        room_kva=np.full(count, room_kva),
        ways=np.full(count, ways),
    )


@st.composite
def questions(draw: st.DrawFn) -> Question:
    seed = draw(st.integers(0, 2**32 - 1))
    is_tight, has_one_price = draw(st.booleans()), draw(st.booleans())
    is_choosy = draw(st.booleans())
    rng = np.random.default_rng(seed)
    nodes, edges = int(rng.integers(2, 12)), int(rng.integers(1, 18))
    count, points = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    civil = rng.integers(0, int(rng.choice([20, 3000])), edges).astype(float)
    civil[rng.random(edges) < 0.05] = np.inf
    endless_edges, endless = np.full(edges, np.inf), np.full(points, np.inf)
    return Question(
        node_count=nodes,
        edge_from=rng.integers(0, nodes, edges),
        edge_to=rng.integers(0, nodes, edges),
        civil_cents=civil,
        length_m=rng.integers(0, 100, edges).astype(float),
        edge_ways=np.where(rng.random(edges) < 0.4, rng.integers(0, 4, edges), np.inf)
        if is_tight
        else endless_edges,
        applications=TrenchApplications(
            node=rng.integers(0, nodes, count),
            demand_kva=rng.integers(0, 50, count).astype(float),
            cable_cents_per_m=np.full(count, rng.integers(0, 20))
            if has_one_price
            else rng.integers(0, 20, count),
            cables=rng.integers(1, 3, count),
            own_cents=np.where(rng.random(count) < 0.4, rng.integers(0, 5000, count), np.inf),
        ),
        access=TrenchAccess(
            node=rng.integers(0, nodes, points),
            equipment_cents=rng.integers(0, 2000, points),
            connection_cents=rng.integers(0, 500, points) * int(rng.integers(0, 2)),
            room_kva=np.where(rng.random(points) < 0.5, rng.integers(0, 120, points), np.inf)
            if is_tight
            else endless,
            ways=np.where(rng.random(points) < 0.5, rng.integers(0, 4, points), np.inf)
            if is_tight
            else endless,
        ),
        admits=rng.random((count, points)) < 0.7 if is_choosy else None,
        dead_end=rng.random(nodes) < 0.2 if draw(st.booleans()) else None,
    )


def graph_of(question: Question) -> CostGraph:
    return build_cost_graph(
        question.edge_from,
        question.edge_to,
        question.civil_cents,
        node_count=question.node_count,
    )


def plan(question: Question) -> SharedTrenches:
    return plan_shared_trenches(
        graph_of(question),
        question.length_m,
        applications=question.applications,
        access=question.access,
        edge_ways=question.edge_ways,
        admits=question.admits,
        dead_end=question.dead_end,
    )


def only(question: Question, kept: np.ndarray) -> Question:
    apps = question.applications
    columns = {field.name: getattr(apps, field.name)[kept] for field in fields(apps)}
    admits = None if question.admits is None else question.admits[kept]
    return replace(question, applications=TrenchApplications(**columns), admits=admits)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(questions())
def test_plans_lie_between_the_bound_and_a_little_above_the_optimum(question: Question) -> None:
    found = plan(question)
    is_planned = found.outcome <= Outcome.LEFT_OUT
    if not is_planned.all():
        assert least_cost_cents(question) is None
    best = least_cost_cents(only(question, is_planned))
    assert best is not None
    assert found.lower_bound_cents <= best + 1e-6
    assert best - 1e-6 <= found.cost_cents <= 1.05 * best + 1e-6


@settings(max_examples=40, deadline=None)
@given(questions())
def test_ways_are_ways_within_all_room_and_shares_are_the_cost(question: Question) -> None:
    found = plan(question)
    apps, points = question.applications, question.access
    for row, (way, end) in enumerate(zip(found.way, found.access, strict=True)):
        here = int(apps.node[row])
        for edge in way:
            assert here in (question.edge_from[edge], question.edge_to[edge])
            here = int(question.edge_from[edge] + question.edge_to[edge]) - here
        assert here == (points.node[end] if end >= 0 else apps.node[row])
    assert sorted({int(edge) for way in found.way for edge in way}) == found.edges.tolist()
    for i, edge in enumerate(found.edges):
        users = [row for row, way in enumerate(found.way) if edge in way]
        assert found.users_of(i).tolist() == users
        assert apps.cables[users].sum() <= question.edge_ways[edge]
    for a in range(len(points.node)):
        on_point = found.access == a
        assert question.admits is None or question.admits[on_point, a].all()
        assert apps.demand_kva[on_point].sum() <= points.room_kva[a]
        assert on_point.sum() <= points.ways[a]
    cables = sum(
        apps.cable_cents_per_m[row] * question.length_m[way].sum()
        for row, way in enumerate(found.way)
    )
    assert found.cable_cents == cables
    assert found.civil_cents == question.civil_cents[found.edges].sum()
    assert found.share_cents.sum() == found.cost_cents
    assert 0.0 <= found.gap_ratio <= 1.0


@settings(max_examples=30, deadline=None)
@given(questions(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_the_cost(question: Question, random: object) -> None:
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    one = plan(question)
    points = question.access
    order = rng.permutation(len(points.node))
    columns = {field.name: getattr(points, field.name)[order] for field in fields(points)}
    admits = None if question.admits is None else question.admits[:, order]
    mixed = replace(question, access=TrenchAccess(**columns), admits=admits)
    kept = rng.permutation(len(question.applications.node))
    two = plan(only(mixed, kept))
    assert (one.cost_cents, one.lower_bound_cents) == (two.cost_cents, two.lower_bound_cents)
    assert one.outcome[kept].tolist() == two.outcome.tolist()


# A street 0 - 1 - 2 - 3 of 100 m a part, 50 a metre; side streets 1 - 4 and 2 - 5 of 10 m.
STREET = build_cost_graph(
    np.array([0, 1, 2, 1, 2]),
    np.array([1, 2, 3, 4, 5]),
    np.array([500_000, 500_000, 500_000, 50_000, 50_000]),
)
STREET_M = np.array([100.0, 100.0, 100.0, 10.0, 10.0])


def on_street(apps: TrenchApplications, points: TrenchAccess, **more: object) -> SharedTrenches:
    return plan_shared_trenches(STREET, STREET_M, applications=apps, access=points, **more)  # type: ignore[arg-type]


def test_the_common_trench_is_paid_once_and_split() -> None:
    found = on_street(applications([4, 5], cable_cents_per_m=1000), access_points([0]))
    # trench 0-1, 1-2 and both side streets; cables 110 m and 210 m at 10 a metre
    assert found.civil_cents == 1_100_000
    assert found.cable_cents == 320_000
    assert found.edges.tolist() == [0, 1, 3, 4]
    assert [found.users_of(i).tolist() for i in range(4)] == [[0, 1], [1], [0], [1]]
    assert found.share_cents.tolist() == [250_000 + 50_000 + 110_000, 750_000 + 50_000 + 210_000]
    assert found.separate_cents.tolist() == [660_000, 1_260_000]
    assert found.saving_cents == 500_000
    assert found.gap_ratio == 0.0


def test_a_full_trench_sends_the_second_cable_elsewhere() -> None:
    found = on_street(
        applications([4, 5]),
        access_points([0, 3]),
        edge_ways=np.array([1, np.inf, np.inf, np.inf, np.inf]),
    )
    assert found.access.tolist() == [0, 1]


def test_a_full_access_point_sends_the_second_application_to_the_next() -> None:
    for full in ({"room_kva": 15.0}, {"ways": 1.0}):
        found = on_street(applications([4, 4]), access_points([0, 3], **full))
        assert sorted(found.access.tolist()) == [0, 1]
        assert found.outcome.tolist() == [Outcome.CONNECTED] * 2


def test_where_there_is_no_room_the_reason_is_given() -> None:
    found = on_street(applications([4, 5]), access_points([0], room_kva=15.0))
    assert sorted(found.outcome.tolist()) == [Outcome.CONNECTED, Outcome.NO_ROOM]
    assert found.outcome.tolist().count(Outcome.NO_ROOM) == 1
    assert found.saving_cents == 0


def test_where_there_is_no_way_the_reason_is_given() -> None:
    cut = STREET.with_costs(np.where(np.arange(5) == 1, np.inf, STREET.edge_cost))
    found = plan_shared_trenches(
        cut, STREET_M, applications=applications([4, 5]), access=access_points([0])
    )
    assert found.outcome.tolist() == [Outcome.CONNECTED, Outcome.NO_WAY]
    assert found.separate_cents.tolist() == [550_000, -1]
    assert found.access.tolist() == [0, -1]


def test_who_is_cheaper_alone_is_left_out_at_its_own_cost() -> None:
    apps = applications([4, 5])
    apps = replace(apps, own_cents=np.array([np.inf, 400_000.0]))
    found = on_street(apps, access_points([0]))
    assert found.outcome.tolist() == [Outcome.CONNECTED, Outcome.LEFT_OUT]
    assert (found.own_cents, found.share_cents.tolist()) == (400_000, [550_000, 400_000])


def test_what_joining_would_add_is_told_of_who_is_left_out() -> None:
    apps = replace(applications([4, 5]), own_cents=np.array([np.inf, 400_000.0]))
    found = on_street(apps, access_points([0]))
    # beside the first: trench 1-2 and 2-5
    assert found.joining_cents.tolist() == [-1, 550_000]


def test_who_is_not_admitted_goes_to_the_next_access_point() -> None:
    found = on_street(
        applications([4, 4]), access_points([0, 3]), admits=np.array([[True, True], [False, True]])
    )
    # both go to 3: 1-4 and 1-2-3 are dug once
    assert found.access.tolist() == [1, 1]
    assert (found.cost_cents, found.lower_bound_cents) == (1_050_000, 1_050_000)


def test_nobody_passes_a_dead_end() -> None:
    ring = build_cost_graph(np.array([0, 1, 0, 2]), np.array([1, 3, 2, 3]), np.array([1, 1, 9, 9]))
    found = plan_shared_trenches(
        ring,
        np.ones(4),
        applications=applications([0, 1]),
        access=access_points([3]),
        dead_end=np.array([False, True, False, False]),
    )
    assert [way.tolist() for way in found.way] == [[2, 3], [1]]


def test_one_access_point_is_shared_where_two_would_cost_more() -> None:
    shared = on_street(applications([0, 3]), access_points([0, 3], equipment_cents=2_000_000))
    own = on_street(applications([0, 3]), access_points([0, 3], equipment_cents=1_000_000))
    assert (shared.cost_cents, len(set(shared.access.tolist()))) == (3_500_000, 1)
    assert (own.cost_cents, own.access.tolist()) == (2_000_000, [0, 1])


def test_without_applications_there_is_nothing_to_do() -> None:
    found = on_street(applications([]), access_points([0]))
    assert (found.cost_cents, found.lower_bound_cents, found.gap_ratio) == (0, 0, 0.0)


def test_without_access_points_nobody_has_a_way() -> None:
    found = on_street(applications([4, 5]), access_points([]))
    assert found.outcome.tolist() == [Outcome.NO_WAY] * 2
    paid = on_street(applications([4, 5], own_cents=70.0), access_points([]))
    assert paid.outcome.tolist() == [Outcome.LEFT_OUT] * 2
    assert (paid.cost_cents, paid.lower_bound_cents) == (140, 140)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("node", 6, "application 1 has node 6; expected 0 to 5"),
        ("node", -1, "application 1 has node -1"),
        ("demand_kva", np.nan, "application 1 has demand_kva nan"),
        ("demand_kva", np.inf, "application 1 has demand_kva inf"),
        ("cable_cents_per_m", -5, "application 1 has cable_cents_per_m -5"),
        ("cables", -1, "application 1 has cables -1"),
        ("own_cents", -0.5, "application 1 has own_cents -0.5"),
        ("cable_cents_per_m", 10**12, "all costs together"),
    ],
)
def test_a_number_that_is_none_is_refused_by_name(field: str, value: float, message: str) -> None:
    apps = applications([4, 5])
    column = getattr(apps, field).copy()
    column[1] = value
    with pytest.raises(InputError, match=message):
        plan_shared_trenches(
            STREET,
            STREET_M * 1000,
            applications=replace(apps, **{field: column}),
            access=access_points([0]),
        )


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(InputError, match="expected one length"):
        on_street(replace(applications([4, 5]), node=np.array([4])), access_points([0]))
    with pytest.raises(InputError, match="one row for each edge"):
        on_street(applications([4]), access_points([0]), edge_ways=np.ones(3))
    with pytest.raises(InputError, match="expected one whole number"):
        on_street(replace(applications([4]), cables=np.array([0.5])), access_points([0]))
    with pytest.raises(InputError, match="expected one for each"):
        on_street(replace(applications([4]), demand_kva=np.ones((1, 1))), access_points([0]))
    with pytest.raises(InputError, match="admits has shape"):
        on_street(applications([4]), access_points([0]), admits=np.ones(2, dtype=bool))
    with pytest.raises(InputError, match="dead_end has shape"):
        on_street(applications([4]), access_points([0]), dead_end=np.ones(6))


# 40 nodes in a line, 1000 each: what lies far off is left out of the bound
LINE = build_cost_graph(np.arange(39), np.arange(1, 40), np.full(39, 1000))


def test_a_bound_on_a_part_of_the_graph_is_the_bound() -> None:
    found = plan_shared_trenches(
        LINE, np.full(39, 1.0), applications=applications([18, 19]), access=access_points([20, 0])
    )
    assert (found.cost_cents, found.lower_bound_cents) == (2000, 2000)


def test_applications_beyond_the_memory_still_count_with_their_cables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gisplan.routing.steiner.trench_bound.MOST_POTENTIALS", 1)
    found = plan_shared_trenches(
        LINE,
        np.full(39, 1.0),
        applications=applications([18, 19], cable_cents_per_m=7),
        access=access_points([20]),
    )
    # one pays its trench in full, the other its cable alone
    assert (found.cost_cents, found.lower_bound_cents) == (2021, 2021)
