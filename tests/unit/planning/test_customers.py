"""What one more customer adds, and what promises count for together.

T1 feeds two mains of its board B, T2 another board; both hang on one feeder of substation S.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisplan.electrical.demand import LEVELS, LoadCase
from gisplan.model.application import Application, ApplicationKind
from gisplan.model.grid import Floats, Grid
from gisplan.model.reservation import HeldReservation, Ledger, ReservationRow
from gisplan.network.corridors import build_corridors
from gisplan.network.snapshot import Snapshot
from gisplan.network.topology import build_topology
from gisplan.planning.customers import (
    ALONE,
    added_shares,
    build_sharing,
    existing_squares,
    square_sums,
)
from gisplan.planning.demand import case_demands, powers_at
from gisplan.planning.held import Held, build_held
from gisplan.planning.region import Region, build_region
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import bus, line

CATALOGUE = load_catalogue("eu")
STATES = ("service", *LEVELS)
ROWS = (
    "S-M1 100",
    "M1-M2 100",
    "M1>B 400",
    "M2>C 400",
    "B-X1 50",
    "X1-X2 50",
    "B-Y1 50",
    "C-Z1 50",
    "street 0,0 400,0",
)


def region(*loads: str) -> Region:
    built: Grid = grid(*ROWS, *loads, origin_m=(417700.0, 5367600.0))
    topology = build_topology(built)
    snapshot = Snapshot(grid=built, topology=topology, corridors=build_corridors(built))
    return build_region(snapshot, CATALOGUE)


def promise(
    number: int,
    element_id: str,
    p_kw: float,
    *,
    customer_class: str = "ev_charging",
    kind: str = "bus",
    stored: float = 0.5,
) -> list[HeldReservation]:
    """A promise as the ledger holds it; the coincident figures were made when it was given."""
    return [
        HeldReservation(
            application_id=number,
            reference=f"A-{number}",
            kind="load",
            customer_class=customer_class,
            row=ReservationRow(
                element_id=element_id,
                element_kind=kind,
                level=level,
                load_case="load",
                offset_m=10.0 if kind == "line" else None,
                p_kw=p_kw,
                q_kvar=0.0,
                coincident_p_kw=p_kw * (1.0 if level == "service" else stored),
                coincident_q_kvar=0.0,
            ),
        )
        for level in STATES
    ]


def held(some: Region, *promises: list[HeldReservation]) -> Held:
    rows = tuple(one for rows in promises for one in rows)
    return build_held(some, Ledger(sequence=0, reservations=rows))


def counted(state: Held) -> Floats:
    """Demand of all promises together, by state."""
    total: Floats = state.demands[LoadCase.LOAD].p_kw.sum(axis=0)
    return total


def asked(some: Region, state: Held, place: str, p_kw: float, **values: object) -> list[float]:
    """What one more customer of the class adds at a bus or on a line, by state."""
    given = {"reference": "N", "lon": 0.0, "lat": 0.0, "customer_class": "ev_charging"} | values
    (demand,) = case_demands(
        Application(
            kind=ApplicationKind.LOAD,
            demand_kva=p_kw,
            power_factor=1.0,
            **given,  # type: ignore[arg-type]
        ),
        CATALOGUE,
    )
    built = some.snapshot.grid
    on_line = "-" in place
    at = np.array([-1 if on_line else bus(built, place)])
    on = np.array([line(built, place) if on_line else -1])
    return [float(value) for value in powers_at(demand, state, at, on)[0][0]]


def test_buses_share_their_main_transformer_feeder_and_substation() -> None:
    built = region().snapshot.grid
    sharing = build_sharing(region().snapshot)
    main, transformer, feeder, substation = (
        {name: int(row[bus(built, name)]) for name in ("B", "X1", "X2", "Y1", "Z1", "M1")}
        for row in sharing.group
    )
    assert main["X1"] == main["X2"] != main["Y1"]
    assert main["B"] == main["M1"] == transformer["M1"] == ALONE
    assert transformer["X1"] == transformer["Y1"] == transformer["B"] != transformer["Z1"]
    assert len(set(feeder.values())) == len(set(substation.values())) == 1


def test_bus_behind_a_coupler_of_the_board_shares_the_main_that_leaves_it() -> None:
    built = grid("S>B 400", "B=D", "D-X1 50", "X1-X2 50")
    topology = build_topology(built)
    snapshot = Snapshot(grid=built, topology=topology, corridors=build_corridors(built))
    main = build_sharing(snapshot).group[0]
    assert main[bus(built, "D")] == ALONE
    assert main[bus(built, "X1")] == main[bus(built, "X2")] == line(built, "D-X1")


def test_point_on_a_line_stands_at_the_end_that_the_line_supplies() -> None:
    built = grid("S>B 400", "X-B 50", "P-Q 20")
    topology = build_topology(built)
    snapshot = Snapshot(grid=built, topology=topology, corridors=build_corridors(built))
    nodes = build_sharing(snapshot).nodes(
        np.array([-1, bus(built, "B"), -1]), np.array([line(built, "X-B"), -1, line(built, "P-Q")])
    )
    assert nodes.tolist() == [bus(built, "X"), bus(built, "B"), bus(built, "P")]


def test_existing_customers_count_with_their_contract_or_the_typical_one() -> None:
    some = region(
        "X1: 3 kW 2 customers contract=20",
        "X2: 3 kW 3 customers",
        "X2: 1 kW 0 customers contract=5",
        "Y1: 9 kW commercial",
    )
    squares = existing_squares(some.snapshot, build_sharing(some.snapshot), CATALOGUE, "household")
    built = some.snapshot.grid
    # two of 10 kVA, three of the typical 14 kVA; a row of nobody is nobody
    expected = 2 * 100 + 3 * 196
    assert squares[:, bus(built, "X1")].tolist() == [expected] * 4
    assert squares[:, bus(built, "Y1")].tolist() == [0, expected, expected, expected]
    assert squares[:, bus(built, "B")].tolist() == [0, expected, expected, expected]


def test_who_shares_with_nobody_counts_alone() -> None:
    some = region()
    sharing = build_sharing(some.snapshot)
    at = bus(some.snapshot.grid, "B")
    squares = square_sums(sharing, np.array([at, at]), np.array([9.0, 16.0]))
    assert squares[:, at].tolist() == [0, 25, 25, 25]


def test_first_customer_counts_in_full_and_the_fiftieth_less() -> None:
    first, second, fiftieth = added_shares(
        0.15, np.full(3, 11.0), np.array([0.0, 1.0, 49.0]) * 121.0
    )
    # n g(n) - (n - 1) g(n - 1) with g(n) = 0.15 + 0.85 / sqrt(n)
    assert first == 1.0
    assert second == pytest.approx(0.15 + 0.85 * (math.sqrt(2) - 1))
    assert fiftieth == pytest.approx(0.15 + 0.85 * (math.sqrt(50) - 7))


@pytest.mark.parametrize("number", [2, 7, 50, 400])
def test_growth_by_one_customer_is_the_change_of_the_catalogues_sum(number: int) -> None:
    for customer_class in ("household", "ev_charging"):
        of_many = CATALOGUE.coincidence_of_many(customer_class, "load")
        assert of_many is not None
        sums = [
            n * CATALOGUE.coincidence(customer_class, "transformer", "load", count=n)
            for n in (number - 1, number)
        ]
        added = added_shares(of_many, np.array([9.0]), np.array([81.0 * (number - 1)]))
        assert added[0] == pytest.approx(sums[1] - sums[0])


def test_new_customer_adds_less_where_others_share_the_element() -> None:
    some = region()
    state = held(some, *(promise(n, "X1", 11.0) for n in range(8)))
    at_x2, at_y1 = asked(some, state, "X2", 11.0), asked(some, state, "Y1", 11.0)
    # the ninth: 0.15 + 0.85 (3 - sqrt(8)) = 0.295837
    assert at_x2 == pytest.approx([11.0] + [11.0 * 0.295837] * 4, rel=1e-5)
    assert at_y1 == pytest.approx([11.0, 11.0] + [11.0 * 0.295837] * 3, rel=1e-5)
    assert asked(some, state, "X1-X2", 11.0) == at_x2


def test_flat_class_counts_by_its_level_everywhere() -> None:
    some = region("X1: 3 kW 40 customers heat_pump")
    heat_pump = asked(some, held(some), "X2", 9.0, customer_class="heat_pump")
    assert heat_pump == pytest.approx([9.0, 2.7, 1.0053, 0.945, 0.9])


def test_existing_customers_of_the_class_lessen_what_a_new_one_adds() -> None:
    some = region("X1: 9 kW 99 customers")
    added = asked(some, held(some), "X2", 14.0, customer_class="household")
    # the hundredth household of the typical size: 0.07 + 0.93 (10 - sqrt(99)) = 0.116617
    assert added[1:] == pytest.approx([14.0 * 0.116617] * 4, rel=1e-5)


def test_promises_are_counted_together_and_not_as_they_were_stored() -> None:
    some = region()
    state = held(some, *(promise(n, "X1", 11.0) for n in range(4)))
    # 4 g(4) = 4 (0.15 + 0.85 / 2) = 2.3
    assert counted(state) == pytest.approx([11.0 * 2.3] * 5)


def test_promises_of_other_mains_meet_at_the_transformer() -> None:
    some = region()
    state = held(some, promise(1, "X1", 11.0), promise(2, "Y1", 11.0), promise(3, "Z1", 11.0))
    two, three = 2 * (0.15 + 0.85 / math.sqrt(2)), 3 * (0.15 + 0.85 / math.sqrt(3))
    demands = state.demands[LoadCase.LOAD].p_kw
    assert demands[:, 1].tolist() == [11.0, 11.0, 11.0]
    assert demands[:, 2] == pytest.approx([11 * two / 2, 11 * two / 2, 11.0])
    assert demands[:, 3:] == pytest.approx(np.full((3, 2), 11 * three / 3))


def test_promises_of_flat_classes_stand_as_they_were_stored() -> None:
    some = region()
    state = held(some, promise(1, "X1", 9.0, customer_class="heat_pump", stored=0.1117))
    assert counted(state) == pytest.approx([9.0 * 0.1117] * 5)


def test_promise_on_a_line_counts_at_the_end_that_it_supplies() -> None:
    some = region()
    state = held(some, promise(1, "X1-X2", 11.0, kind="line"), promise(2, "X1", 11.0))
    together = 2 * (0.15 + 0.85 / math.sqrt(2))
    assert counted(state)[1] == pytest.approx(11.0 * together)


@given(st.lists(st.floats(1.0, 100.0), min_size=1, max_size=6), st.floats(1.0, 100.0))
def test_what_one_more_adds_is_what_the_promises_grow_by(sizes: list[float], own: float) -> None:
    some = HYPOTHESIS_REGION
    before = held(some, *(promise(n, "X1", p_kw) for n, p_kw in enumerate(sizes)))
    after = held(some, *(promise(n, "X1", p_kw) for n, p_kw in enumerate([*sizes, own])))
    added = asked(some, before, "X2", own)
    assert (counted(after) - counted(before))[1:] == pytest.approx(added[1:])
    assert all(0.15 * own <= value <= own * (1 + 1e-9) for value in added)


HYPOTHESIS_REGION = region("X1: 2 kW 3 customers ev_charging")
