"""The open point of a ring moves where that lets a customer connect, and only then.

S is the substation busbar. One feeder runs S-A-B-C, the other S-E-D; line C-D closes the ring and
stands open at D. Line S-A carries 100 A, that is 3,464 kVA at 20 kV.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gisplan.electrical.demand import FEEDER, LoadCase
from gisplan.model.application import ApplicationKind
from gisplan.model.option import AccessKind, Option, Plan
from gisplan.model.reservation import HeldReservation, Ledger
from gisplan.network.topology import build_topology
from gisplan.planning.held import build_held
from gisplan.planning.promised_switches import relied_on
from gisplan.planning.region import Region
from gisplan.planning.remedies.open_points import MOST_TRIED
from gisplan.planning.reserving import reservation_rows
from gisplan.planning.state import PlanningState, build_state
from tests.grids import grid, row
from tests.unit.planning.test_options import NO_PEAKS, at, plan_at, region_of

CABLE = "r=0.161 x=0.117 c=273"
STATIONS = (("A", 1000, 0), ("B", 2000, 0), ("C", 3000, 0), ("D", 3000, 1000), ("E", 1500, 1000))


def ring_rows(
    *,
    switched: bool = True,
    far_i: float = 362.0,
    head_i: float = 100.0,
    ohm_per_km: float = 0.161,
    far_ohm_per_km: float = 0.161,
) -> list[str]:
    """Two feeders of 3,200 and 600 kW that meet at C-D."""
    near = f"r={ohm_per_km} x=0.117 c=273"
    far = f"r={far_ohm_per_km} x=0.117 c=273"

    def closed(*buses: str) -> str:
        return " ".join(f"closed@{bus}" for bus in buses) if switched else ""

    return [
        f"S substation_busbar 20000V {at(0, 0)} bays=8/0",
        *(f"{n} ring_main_unit 20000V {at(x, y)} bays=4/1" for n, x, y in STATIONS),
        f"S-A 1000 {near} i={head_i} {closed('A')}",
        f"A-B 1000 {near} i=362 {closed('A', 'B')}",
        f"B-C 1000 {near} i=362 {closed('B', 'C')}",
        f"C-D 1000 {CABLE} i=362 {closed('C')} open@D",
        f"S-E 1803 {far} i={far_i}",
        f"E-D 1500 {far} i={far_i}",
        "A: 1500 kW aggregate",
        "B: 1200 kW aggregate",
        "C: 500 kW aggregate",
        "D: 300 kW aggregate",
        "E: 300 kW aggregate",
    ]


@cache
def ring(*, switched: bool = True, **values: float) -> PlanningState:
    return stand(region_of(grid(*ring_rows(switched=switched, **values))))


def stand(region: Region, *held: HeldReservation) -> PlanningState:
    ledger = Ledger(sequence=len(held), reservations=held)
    return build_state(region, build_held(region, ledger), NO_PEAKS)


def plan_at_b(state: PlanningState, demand_kva: float = 630.0) -> Plan:
    return plan_at(state, 2000, 30, demand_kva=demand_kva, customer_class="industrial")


def bay_at_b(plan: Plan) -> Option:
    return next(
        o
        for o in plan.options
        if (o.access_point.kind, o.access_point.element_id) == (AccessKind.SPARE_BAY, "B")
    )


def switching(option: Option) -> dict[str, bool | None]:
    return {remedy.element: remedy.switch_closed for remedy in option.remedies}


def told(option: Option) -> list[str]:
    return [f.text for f in option.findings if f.rule == "remedy.open_point"]


def test_overloaded_feeder_hands_its_last_station_over() -> None:
    # 3,200 kW are 92.4 A on S-A; 630 kVA at power factor 0.95 add 0.8 of themselves at a feeder:
    # 3,700 kVA or 106.6 A. Without the 500 kW at C there remain 3,200 kVA or 92.2 A
    option = bay_at_b(plan_at_b(ring()))
    assert option.feasible
    assert {remedy.kind for remedy in option.remedies} == {"open_point"}
    assert switching(option) == {"C-D@D": True, "B-C@C": False}
    assert option.electrical.loading_max == pytest.approx(0.922, abs=0.005)
    assert option.cost.remedies == 0.0


def test_remedy_tells_its_effect() -> None:
    text = bay_at_b(plan_at_b(ring())).remedies[-1].text
    assert text.startswith("Open switch B-C@C at bus C of line B-C, C is fed from the other side")
    assert "highest loading 106.4% becomes 92.0%" in text
    assert "lowest voltage" in text


def test_feeder_with_room_keeps_its_open_point() -> None:
    assert bay_at_b(plan_at_b(ring(head_i=362.0))).remedies == ()


def test_smallest_part_that_suffices_changes_over() -> None:
    # 800 kVA more are 115 A and even without C 101 A: B goes over with its new customer
    option = bay_at_b(plan_at_b(ring(), demand_kva=1000.0))
    assert switching(option) == {"C-D@D": True, "A-B@B": False}
    assert option.electrical.feeder == "S-E"


def test_neighbour_that_cannot_carry_it_is_not_asked_to() -> None:
    option = bay_at_b(plan_at_b(ring(far_i=30.0)))
    assert not option.feasible
    assert option.remedies == ()
    assert told(option) == ["Tried without success: open point of the ring moved to " + names()]


def names() -> str:
    return "B-C@C, A-B@B, S-A@A"


def test_ring_without_recorded_switches_cannot_be_moved() -> None:
    option = bay_at_b(plan_at_b(ring(switched=False)))
    assert not option.feasible
    assert told(option) == []


def held_by(plan: Plan, state: PlanningState, number: int = 1) -> list[HeldReservation]:
    assert plan.best is not None
    return [
        HeldReservation(
            application_id=number,
            reference=f"N-{number}",
            kind="load",
            customer_class="industrial",
            row=one,
        )
        for one in reservation_rows(plan.application, plan.best, state)
    ]


def is_closed(state: PlanningState, switch_id: str) -> bool:
    switches = state.region.snapshot.grid.switches
    return bool(switches.closed[row(switches.switch_id, switch_id)])


def test_promised_open_point_stands_for_everybody_after() -> None:
    empty = ring()
    first = plan_at_b(empty)
    after = stand(empty.region, *held_by(first, empty))
    assert is_closed(after, "C-D@D")
    assert not is_closed(after, "B-C@C")
    loading = after.base[LoadCase.LOAD].line_loading_ratio[FEEDER]
    assert np.nanmax(loading) == pytest.approx(0.922, abs=0.005)
    assert after.held.lost == ()


def test_whoever_relies_on_a_promised_open_point_holds_it_too() -> None:
    empty = ring()
    after = stand(empty.region, *held_by(plan_at_b(empty), empty))
    second = plan_at(after, 1000, 30, demand_kva=500.0, customer_class="industrial")
    rows = held_by(second, after, number=2)
    alone = stand(empty.region, *rows)
    assert is_closed(alone, "C-D@D")


def test_open_point_that_cannot_stand_is_told_and_not_taken() -> None:
    empty = ring()
    rows = held_by(plan_at_b(empty), empty)
    opening = [one for one in rows if one.row.element_id == "B-C@C"]
    after = stand(empty.region, *opening)
    assert is_closed(after, "B-C@C")
    assert after.held.lost == ("N-1 at B-C@C",)


def test_switch_that_the_grid_does_not_hold_is_told() -> None:
    empty = ring()
    rows = held_by(plan_at_b(empty), empty)
    gone = [
        replace(one, row=replace(one.row, element_id="gone"))
        for one in rows
        if one.row.element_id == "B-C@C"
    ]
    assert stand(empty.region, *gone).held.lost == ("N-1 at gone",)


def test_present_topology_is_left_alone() -> None:
    state = ring()
    before = build_topology(state.region.snapshot.grid).feeder
    plan_at_b(state)
    assert (state.region.snapshot.topology.feeder == before).all()


def test_voltage_of_a_long_feeder_is_mended_by_a_shorter_one() -> None:
    # 7 ohm from station to station drop 5.6, 3.0 and 0.9 % under the existing load alone
    state = ring(ohm_per_km=7.0, head_i=362.0)
    option = bay_at_b(plan_at_b(state))
    assert option.feasible
    assert {remedy.kind for remedy in option.remedies} == {"open_point"}
    assert "lowest voltage 0.8" in option.remedies[-1].text
    assert (option.electrical.voltage_min_pu or 0.0) >= 0.9


def test_neighbour_without_a_solution_is_not_asked() -> None:
    option = bay_at_b(plan_at_b(ring(far_ohm_per_km=60.0)))
    assert not option.feasible
    assert told(option)


def test_full_main_transformer_hands_a_part_over_to_another() -> None:
    state = stand(
        region_of(
            grid(
                f"H substation_busbar 110000V {at(-10, 0)}",
                f"U substation_busbar 20000V {at(0, 0)} bays=8/0",
                f"V substation_busbar 20000V {at(0, 1000)} bays=8/0",
                *(f"{n} ring_main_unit 20000V {at(x, y)} bays=4/1" for n, x, y in STATIONS),
                "S1-H 100 r=0.1 x=0.1 c=0 i=1000",
                "H>U 3500 110/20 tap=-2",
                "H>V 25000 110/20 tap=-2",
                f"U-A 1000 {CABLE} i=362 closed@A",
                f"A-B 1000 {CABLE} i=362 closed@A closed@B",
                f"B-C 1000 {CABLE} i=362 closed@B closed@C",
                f"C-D 1000 {CABLE} i=362 closed@C open@D",
                f"V-D 3000 {CABLE} i=362",
                "A: 1500 kW aggregate",
                "B: 1200 kW aggregate",
                "C: 500 kW aggregate",
                # H>U cannot back this up today either, so no backfeed is lost
                "D: 600 kW aggregate",
            )
        )
    )
    option = bay_at_b(plan_at_b(state))
    assert option.feasible
    assert switching(option) == {"C-D@D": True, "B-C@C": False}


def test_many_places_are_tried_from_the_smallest_part_to_the_largest() -> None:
    names = [f"N{n:02d}" for n in range(20)]
    rows = [f"S substation_busbar 20000V {at(0, 0)} bays=8/0"]
    rows += [f"{n} ring_main_unit 20000V {at(100 * k + 100, 0)}" for k, n in enumerate(names)]
    ends = list(zip(["S", *names], names, strict=False))
    rows += [f"{a}-{b} 100 {CABLE} i=100 closed@{b}" for a, b in ends]
    rows += [f"{n}: 160 kW aggregate" for n in names]
    rows += [f"Z ring_main_unit 20000V {at(2200, 300)}", f"S-Z 3000 {CABLE} i=5"]
    rows += [f"N19-Z 400 {CABLE} i=100 open@Z", "Z: 100 kW aggregate"]
    state = stand(region_of(grid(*rows)))
    plan = plan_at(state, 1000, 30, demand_kva=630.0, customer_class="industrial")
    tried = {text for option in plan.options for text in told(option)}
    assert tried
    for text in tried:
        assert len(text.split(", ")) == MOST_TRIED
        assert "S-N00@N00" in text


def test_closed_bus_bus_switch_may_be_opened() -> None:
    rows = [
        f"S substation_busbar 20000V {at(0, 0)} bays=8/0",
        *(f"{n} ring_main_unit 20000V {at(x, y)} bays=4/1" for n, x, y in STATIONS),
        f"S-A 1000 {CABLE} i=100",
        f"B-C 2000 {CABLE} i=362",
        "A=B",
        f"C-D 1000 {CABLE} i=362 open@D",
        f"S-D 3000 {CABLE} i=362",
        "A: 2600 kW aggregate",
        "C: 600 kW aggregate",
        "D: 600 kW aggregate",  # more than S-A could back up today
    ]
    option = bay_at_b(plan_at_b(stand(region_of(grid(*rows)))))
    assert option.feasible
    assert switching(option) == {"C-D@D": True, "A=B": False}
    assert "switch A=B at bus A to bus B" in option.remedies[-1].text


def test_low_voltage_that_the_ring_cannot_raise_is_left_to_the_tap() -> None:
    rows = (
        f"B0 transformer_board 400V {at(1000, 0)}",
        f"K joint 400V {at(1000, -900)}",
        "A>B0 400 id=TB",
        "B0-K 900 r=0.208 x=0.08 c=261 i=270",
        "K: 40 kW aggregate",
    )
    state = stand(region_of(grid(*ring_rows(head_i=362.0), *rows)))
    plan = plan_at(state, 1010, -890, demand_kva=75.0, customer_class="industrial")
    (refused,) = [o for o in plan.options if not o.feasible]
    assert refused.access_point.element_id == "B0-K"
    rules = [f.rule for f in refused.findings if f.rule.startswith("remedy.")]
    assert rules == ["remedy.tap_change"]


def test_low_voltage_behind_a_long_feeder_is_raised_by_the_ring() -> None:
    rows = (
        f"B0 transformer_board 400V {at(3000, 0)}",
        f"K joint 400V {at(3000, -300)}",
        "C>B0 400 id=TC tap=?",
        "B0-K 300 r=0.208 x=0.08 c=261 i=270",
        "K: 40 kW aggregate",
    )
    state = stand(region_of(grid(*ring_rows(head_i=362.0, ohm_per_km=5.0), *rows)))
    plan = plan_at(state, 3010, -290, demand_kva=30.0, customer_class="industrial")
    option = next(o for o in plan.options if o.access_point.element_id == "B0-K")
    assert option.feasible
    assert {remedy.kind for remedy in option.remedies} == {"open_point"}


def test_feed_in_is_handed_over_where_it_raises_the_voltage_too_far() -> None:
    # 4 MW at C raise it over 2.5 ohm a kilometre by more than 10 %
    rows = ring_rows(head_i=362.0, ohm_per_km=8.0)
    light = [text.replace("kW aggregate", "kW household") for text in rows]
    state = stand(region_of(grid(*light)))
    plan = plan_at(
        state,
        3000,
        30,
        kind=ApplicationKind.GENERATION,
        demand_kva=3000.0,
        customer_class="generation",
    )
    option = next(o for o in plan.options if o.access_point.element_id == "C")
    assert option.feasible
    assert {remedy.kind for remedy in option.remedies} == {"open_point"}
    assert (option.electrical.voltage_max_pu or 9.0) <= 1.1


def test_promise_behind_a_bus_bus_switch_is_relied_on_by_both_its_sides() -> None:
    snapshot = ring().region.snapshot
    coupled = grid("S1-A 10", "S1-B 10", "A=C open", "B-C 10 closed@C")
    some = replace(snapshot, grid=coupled, topology=build_topology(coupled))
    move = {"A=C": True, "B-C@C": False}
    assert relied_on(some, (move,), "S1-A", {}) == move
    assert relied_on(some, (move,), "S1-B", {}) == move
    assert relied_on(some, (move,), "elsewhere", {}) == {}
    assert relied_on(some, (move,), "", {"A=C": False}) == {"A=C": False, "B-C@C": False}


def test_bay_that_is_missing_is_no_matter_for_a_switch() -> None:
    rows = [text.replace("bays=4/1", "bays=4/0") for text in ring_rows()]
    option = next(
        o
        for o in plan_at_b(stand(region_of(grid(*rows)))).options
        if o.access_point.kind is AccessKind.SPARE_BAY
    )
    assert not option.feasible
    assert (option.remedies, told(option)) == ((), [])
