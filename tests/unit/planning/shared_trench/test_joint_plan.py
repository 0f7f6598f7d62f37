"""Several applications in a cul-de-sac: what they share, known by hand and from HiGHS.

The street leads 250 m north from the end of the main at (180, 0). A house beside it reaches the
main by the street alone: a connector over open ground may be 150 m long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from gisplan.export.shared_trench_file import shared_trenches_to_json
from gisplan.model.application import Application, Importance
from gisplan.model.grid import Surface
from gisplan.model.reservation import Ledger
from gisplan.model.shared_trench import JointConnection, SharedTrenchAnswer
from gisplan.planning.shared_trench.access import admitted, trench_access
from gisplan.planning.shared_trench.answer import paid_cents, shared_trench_answer
from gisplan.planning.shared_trench.costs import split_costs
from gisplan.planning.shared_trench.ground import build_trench_ground
from gisplan.planning.shared_trench.joint_plan import (
    JointPlan,
    at_the_cost_of_others,
    plan_jointly,
    shared_trenches,
)
from gisplan.planning.shared_trench.members import find_members
from gisplan.planning.shared_trench.promises import Promises, build_promises, settle
from gisplan.planning.shared_trench.ways import beside_others, joint_ways, needed_current_a
from gisplan.planning.state import PlanningState
from gisplan.routing.steiner.trench_model import TrenchApplications
from gisplan.routing.steiner.trenches import plan_shared_trenches
from tests.grids import grid
from tests.unit.planning.test_options import (
    CATALOGUE,
    EAST_M,
    NORTH_M,
    application,
    at,
    hold,
    plan_at,
    region_of,
    state_of,
    town,
)
from tests.unit.planning.test_route import with_values
from tests.unit.planning.towns import region_of as towns_region_of
from tests.unit.routing.steiner.trench_oracle import Question, least_cost_cents

STREET = f"street {EAST_M + 180},{NORTH_M} {EAST_M + 180},{NORTH_M + 250} id=K1"
LAKE = (
    f"obstacle {EAST_M + 300},{NORTH_M + 100} {EAST_M + 400},{NORTH_M + 100} "
    f"{EAST_M + 400},{NORTH_M + 200} {EAST_M + 300},{NORTH_M + 200} kind=lake id=O1"
)
CUL_DE_SAC = state_of(region_of(town(STREET, LAKE)))
ASPHALT_PER_M = CATALOGUE.civil_cost_per_m(Surface.ASPHALT)
NOTHING_HELD = Ledger(sequence=0, reservations=())


def house(reference: str, x_m: float, y_m: float, **values: object) -> Application:
    return application(CUL_DE_SAC.region, x_m, y_m, reference=reference, **values)


def promises_of(state: PlanningState, ledger: Ledger = NOTHING_HELD) -> Promises:
    return build_promises(state, ledger, ())


def shown(_doing: str, done: int, total: int) -> None:
    assert 0 < done <= total


def joint_plan(*applications: Application, state: PlanningState = CUL_DE_SAC) -> JointPlan:
    return plan_jointly(applications, promises_of(state), shown)


def answer_of(*applications: Application, state: PlanningState = CUL_DE_SAC) -> SharedTrenchAnswer:
    promises = promises_of(state)
    return shared_trench_answer(plan_jointly(applications, promises, shown), applications, promises)


def one(answer: SharedTrenchAnswer, reference: str) -> JointConnection:
    (found,) = (found for found in answer.connections if found.reference == reference)
    return found


A = house("A", 195, 200)
B = house("B", 165, 220)


@pytest.fixture(scope="module")
def two() -> SharedTrenchAnswer:
    return answer_of(A, B)


def test_two_in_a_cul_de_sac_share_the_street_and_save_its_trench(two: SharedTrenchAnswer) -> None:
    # the street from the first landing, 200 m up, down to the main
    assert two.shared_length_m == pytest.approx(200, abs=0.01)
    (pair,) = two.pairs
    assert (pair.references, pair.length_m) == (("A", "B"), two.shared_length_m)
    assert two.saving == pytest.approx(200 * ASPHALT_PER_M, abs=0.02)


def test_each_has_its_own_cable_all_the_way(two: SharedTrenchAnswer) -> None:
    lengths = [found.option.route.length_m for found in two.connections if found.option]
    # 15 m to the street each
    assert lengths == pytest.approx([215, 235], abs=0.01)
    assert one(two, "A").shared_length_m == one(two, "B").shared_length_m == two.shared_length_m
    assert one(two, "A").shared_with == ("B",)


def test_all_pay_the_same_part_of_what_they_would_pay_alone(two: SharedTrenchAnswer) -> None:
    parts = [found.cost / found.alone_cost for found in two.connections]  # type: ignore[operator]
    assert parts[0] == pytest.approx(parts[1], abs=1e-5)
    assert sum(found.cost or 0 for found in two.connections) == pytest.approx(two.total_cost)


def test_trenches_tell_who_lies_in_them_and_are_paid_once(two: SharedTrenchAnswer) -> None:
    by_users = {stretch.references: stretch for stretch in two.trenches}
    assert by_users["A", "B"].saved == pytest.approx(two.saving)
    metres = sum(stretch.length_m for stretch in two.trenches)
    assert metres == pytest.approx(215 + 235 - 200, abs=0.02)


def test_the_bound_is_no_higher_than_the_plan_and_near_it(two: SharedTrenchAnswer) -> None:
    assert two.lower_bound <= two.total_cost
    assert two.gap < 0.01


def test_input_order_does_not_matter(two: SharedTrenchAnswer) -> None:
    assert shared_trenches_to_json(answer_of(B, A)) == shared_trenches_to_json(two)


def test_who_shares_no_trench_is_planned_by_itself_with_the_reason() -> None:
    on_main, far = house("A", 30, 10), house("B", 230, -10)
    found = answer_of(on_main, far)
    assert (found.saving, found.shared_length_m, found.pairs) == (0.0, 0.0, ())
    assert one(found, "A").reason
    assert one(found, "A").cost == one(found, "A").alone_cost
    assert found.total_cost == found.separate_cost


def test_two_at_one_place_share_their_whole_trench() -> None:
    found = answer_of(A, replace(A, reference="A2"))
    assert found.shared_length_m == pytest.approx(215, abs=0.01)
    assert one(found, "A").cost == pytest.approx(one(found, "A2").cost, abs=0.011)


def test_a_site_that_nothing_leads_to_is_told_and_the_others_share() -> None:
    found = answer_of(A, B, house("L", 350, 150))
    in_lake = one(found, "L")
    assert (in_lake.option, in_lake.cost, in_lake.alone_cost) == (None, None, None)
    assert "forbidden area" in in_lake.reason
    assert found.shared_length_m == pytest.approx(200, abs=0.01)


def test_who_digs_nothing_or_needs_two_sources_takes_no_part() -> None:
    extension = house("H", 60, 20, existing_bus_id="H")
    important = house("W", 195, 100, demand_kva=200.0, importance=Importance.SECOND)
    plan = joint_plan(A, extension, important)
    assert plan.members == ("A",)
    assert "existing service" in plan.reasons["H"]
    assert "independent sources" in plan.reasons["W"] or "cannot be" in plan.reasons["W"]
    assert "nobody else" in plan.reasons["A"]


def test_the_last_bay_is_given_once() -> None:
    # T has one spare bay
    both = [house(name, x_m, 20, demand_kva=630.0, customer_class="commercial", phases=3)
            for name, x_m in (("M1", -10), ("M2", -20))]  # fmt: skip
    separate = settle(promises_of(CUL_DE_SAC), both, {}, lambda _: None)
    ends = [its.option.access_point.element_id for its in separate.values() if its.option]
    assert ends.count("T") <= 1
    found = answer_of(*both)
    ends = [seen.option.access_point.element_id for seen in found.connections if seen.option]
    assert ends.count("T") <= 1


def test_what_an_application_holds_itself_does_not_stand_in_its_way() -> None:
    plan = plan_at(CUL_DE_SAC, 195, 200, reference="A")
    rows = tuple(hold(plan, CUL_DE_SAC))
    region = CUL_DE_SAC.region
    ledger = Ledger(sequence=1, reservations=rows)
    held = build_promises(
        state_of(region, *rows, sequence=1), ledger, [replace(A, reference="N-1")]
    )
    assert held.ledger.reservations == ()
    assert held.state.held.references == frozenset()


def test_more_cables_than_the_catalogue_has_factors_for_are_told() -> None:
    row = [house(f"R{n}", 195 if n % 2 else 165, 180 + 8 * n) for n in range(6)]
    found = answer_of(*row)
    assert any("6 cables lie side by side" in note for note in found.notes)
    assert found.saving > 4 * 180 * ASPHALT_PER_M
    for seen in found.connections:
        assert seen.cost is not None
        assert seen.alone_cost is not None
        assert seen.cost <= seen.alone_cost


def test_a_cable_among_others_carries_less() -> None:
    separate = settle(promises_of(CUL_DE_SAC), [A], {}, lambda _: None)
    ((member,), _) = find_members([A], CUL_DE_SAC, separate)
    alone, among = (beside_others(member, member.cable, count) for count in (1, 4))
    factor = CATALOGUE.value("derating.lv_parallel_4")
    assert among.rated_current_a == pytest.approx(alone.rated_current_a * factor)
    assert beside_others(member, member.cable, 9) == among
    # 9 kVA at 0.9 x 400 V, within the allowed loading of a line
    assert needed_current_a(member) == pytest.approx(
        9000 / (np.sqrt(3) * 360) / CATALOGUE.value("loading.line_max"), rel=1e-3
    )


@pytest.mark.parametrize("seed", range(4))
def test_trenches_agree_with_an_independent_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    homes = [
        house(f"N{n}", 180 + float(rng.choice([-12, 12])), float(rng.integers(160, 240)))
        for n in range(3)
    ]
    separate = settle(promises_of(CUL_DE_SAC), homes, {}, lambda _: None)
    members, _ = find_members(homes, CUL_DE_SAC, separate)
    trenches = build_trench_ground(members, CUL_DE_SAC.region.ground)
    question = Question(
        node_count=trenches.graph.node_count,
        edge_from=trenches.graph.edge_from,
        edge_to=trenches.graph.edge_to,
        civil_cents=np.where(
            trenches.graph.edge_cost < 0, np.inf, trenches.graph.edge_cost.astype(float)
        ),
        length_m=trenches.length_m,
        edge_ways=trenches.edge_ways,
        applications=TrenchApplications(
            node=trenches.site_node,
            demand_kva=np.full(3, 9.0),
            cable_cents_per_m=np.array([member.price_cents_per_m for member in members]),
            cables=np.ones(3, dtype=np.int64),
            own_cents=np.array([float(member.own_cents) for member in members]),
        ),
        access=trench_access(members, trenches.meetings),
        admits=admitted(members, trenches.meetings, trenches.meeting_xy_m, ()),
        dead_end=trenches.dead_end,
    )
    found = plan_shared_trenches(
        trenches.graph,
        trenches.length_m,
        applications=question.applications,
        access=question.access,
        edge_ways=question.edge_ways,
        admits=question.admits,
        dead_end=question.dead_end,
    )
    best = least_cost_cents(question)
    assert best is not None
    # found in whole cents
    assert found.lower_bound_cents <= best + 1
    assert best - 1 <= found.cost_cents <= 1.01 * best
    joint = joint_plan(*homes)
    assert best - 1 <= joint.total_cents <= sum(its.cents for its in separate.values())


@pytest.mark.parametrize("seed", range(3))
def test_parts_sum_up_to_the_plan_and_nobody_pays_more_than_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    homes = [
        house(
            f"N{n}",
            float(rng.choice([100, 165, 195, 210])),
            float(rng.uniform(20, 250)),
            demand_kva=float(rng.choice([9.0, 60.0, 120.0, 630.0])),
            customer_class="commercial",
            phases=3,
        )
        for n in range(4)
    ]
    plan = joint_plan(*homes)
    paid = paid_cents(plan)
    assert sum(paid.values()) == plan.total_cents
    assert all(
        cents <= plan.separate[reference].cents
        for reference, cents in paid.items()
        if plan.separate[reference].option is not None
    )
    told = shared_trench_answer(plan, homes, promises_of(CUL_DE_SAC))
    assert told.lower_bound <= told.total_cost <= told.separate_cost


def test_costs_are_split_in_proportion_to_what_each_would_pay() -> None:
    groups: Sequence[Sequence[str]] = (("a", "b"), ("c", "d"))
    own = {"a": 300, "b": 100, "c": 50, "d": 50}
    assert split_costs(groups, (200, 100), own, 0) == {"a": 150, "b": 50, "c": 50, "d": 50}
    # what others pay more is borne by those that save something
    assert split_costs(groups, (200, 100), own, 40) == {"a": 180, "b": 60, "c": 50, "d": 50}
    assert split_costs((("a", "b"),), (201,), own, 0) == {"a": 151, "b": 50}


def test_a_joint_plan_that_leaves_others_without_a_connection_is_refused() -> None:
    plan = joint_plan(A, B, house("C", 30, 10))
    assert at_the_cost_of_others(plan) == {}
    nothing = replace(plan.settled["C"], options=())
    found = at_the_cost_of_others(replace(plan, settled=plan.settled | {"C": nothing}))
    assert found == dict.fromkeys(("A", "B"), found["A"])
    assert "leaves C without a connection" in found["A"]


def test_a_joint_plan_that_costs_others_more_than_it_saves_is_refused() -> None:
    plan = joint_plan(A, B, house("C", 30, 10))
    own = plan.settled["C"].options[0]
    saved_cents = 200 * ASPHALT_PER_M * 100

    def with_more(cents: float) -> JointPlan:
        dearer = replace(own, cost=replace(own.cost, total=own.cost.total + cents / 100))
        one = replace(plan.settled["C"], options=(dearer,))
        return replace(plan, settled=plan.settled | {"C": one})

    assert at_the_cost_of_others(with_more(saved_cents - 10)) == {}
    assert "others would pay" in at_the_cost_of_others(with_more(saved_cents + 10))["A"]


# a main that carries anything, a transformer that carries both, an own cable that may drop much
STRONG = state_of(
    towns_region_of(
        grid(
            f"S substation_busbar 20000V {at(-400, 0)}",
            f"T ring_main_unit 20000V {at(0, 0)}",
            f"B transformer_board 400V {at(0, 0)}",
            f"J3 joint 400V {at(180, 0)}",
            "S-T 400 i=362",
            "T>B 630 id=TB",
            "B-J3 180 r=0.005 x=0.005 c=261 i=4000",
            "B: 1 kW",
            STREET,
        ),
        with_values(CATALOGUE, **{"voltage.drop_service_max_pct": 15.0}),
    )
)


def test_cables_that_others_lie_beside_are_all_counted() -> None:
    # 147 kVA need 236 A: one NAYY 4x150 carries that beside one other and not beside two, which
    # 200 kVA take; so there are four systems in the trench
    homes = [
        replace(house(name, x_m, y_m), demand_kva=kva, customer_class="commercial")
        for name, x_m, y_m, kva in (("A", 195, 200, 147.0), ("B", 165, 220, 200.0))
    ]
    separate = settle(promises_of(STRONG), homes, {}, lambda _: None)
    members, _ = find_members(homes, STRONG, separate)
    trenches = build_trench_ground(members, STRONG.region.ground)
    assert [member.cable.system_count for member in members] == [1, 2]
    ways = joint_ways(members, trenches, shared_trenches(members, trenches, ()))
    assert [way.cable.system_count for way in ways] == [2, 2]
    for way in ways:
        assert way.systems == 4
        among = beside_others(way.member, way.cable, 4)
        assert way.cable.rated_current_a == among.rated_current_a
        assert {offer.variant.system_count for offer in way.offers if offer.variant} == {2}
