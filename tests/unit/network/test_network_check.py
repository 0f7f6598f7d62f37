"""What is broken in the corridors of hand-made towns."""

import numpy as np
import pytest

from gisplan.network.corridors import build_corridors
from gisplan.network.network_check import check_network
from gisplan.network.network_report import (
    CheckSettings,
    FaultKind,
    FaultSeverity,
    NetworkFault,
    NetworkReport,
)
from tests.grids import grid

WARNING, NOTE = FaultSeverity.WARNING, FaultSeverity.NOTE


def check(*rows: str, settings: CheckSettings | None = None) -> NetworkReport:
    town = grid(*rows)
    return check_network(town, build_corridors(town), settings)


def faults(report: NetworkReport, kind: FaultKind) -> list[NetworkFault]:
    return [fault for fault in report.faults if fault.kind is kind]


def names(report: NetworkReport, kind: FaultKind) -> list[tuple[str, str]]:
    return [(fault.element, fault.other) for fault in faults(report, kind)]


def test_network_in_one_piece_has_no_warning() -> None:
    report = check("S1-A 100", "street 0,0 100,0", "street 100,0 100,80")
    assert len(report.parts) == 1
    assert not report.is_broken


def test_parts_are_told_by_length_with_who_is_served_there() -> None:
    report = check(
        "S1-A 100",
        "A: 3 kW 5 customers",
        "street 0,3 100,3",
        "street 3000,0 3400,0",
        "street 9000,0 9050,0",
    )
    parts = report.parts
    assert parts.length_m.round().tolist()[0] == 400
    assert parts.access_count.tolist() == [0, 2, 0]  # the source's busbar and the main
    assert parts.customer_count.tolist() == [0, 5, 0]
    assert (parts.x_m[0], parts.y_m[0]) == (3200.0, 0.0)
    separate = faults(report, FaultKind.SEPARATE_PART)
    assert [fault.element for fault in separate] == ["part 2", "part 3"]
    assert "2 elements with access points serve it alone" in separate[0].text
    assert "no access point can be reached from it" in separate[1].text
    assert report.is_broken


def test_customers_beside_no_corridor_are_counted() -> None:
    report = check("S1-A 1000 service", "A: 2 kW 4 customers", "street 0,0 100,0")
    assert report.parts.customer_count.tolist() == [0]
    assert report.customers_unreached == 4


def test_grid_without_corridors_has_no_parts() -> None:
    report = check("S1-A 100 service", "A: 2 kW 4 customers")
    assert len(report.parts) == 0
    assert report.customers_unreached == 4


def test_gap_that_the_compiler_closed_is_a_warning() -> None:
    (gap,) = faults(
        check("S1-A 100", "street 100,0 100,50", "street 100,90 100,200"), FaultKind.BRIDGED_GAP
    )
    assert (gap.severity, gap.distance_m) == (WARNING, 40.0)
    assert (gap.x_m, gap.y_m) == (100.0, 70.0)


@pytest.mark.parametrize(
    ("gap_m", "severity", "state"),
    [
        (0.5, NOTE, "joined"),
        (5.0, NOTE, "linked as if across a street"),
        (12.0, WARNING, "not joined"),
    ],
)
def test_end_that_misses_another_corridor_is_told_with_what_became_of_it(
    gap_m: float, severity: FaultSeverity, state: str
) -> None:
    report = check("street 0,0 100,0 id=K1", f"street 50,{gap_m} 50,80 id=K2")
    (miss,) = faults(report, FaultKind.NEAR_MISS)
    assert (miss.element, miss.other, miss.severity) == ("K2", "K1", severity)
    assert miss.distance_m == gap_m
    assert (miss.x_m, miss.y_m) == (50.0, gap_m)
    assert state in miss.text


def test_end_that_touches_or_is_far_misses_nothing() -> None:
    rows = ("street 0,0 100,0", "street 50,0 50,80", "street 20,12 20,80")
    near = CheckSettings(near_miss_m=10.0)
    assert names(check(*rows, settings=near), FaultKind.NEAR_MISS) == []


def test_station_and_overhead_line_without_corridor_are_told() -> None:
    report = check("S1-A 400 overhead", "C cabinet 400V @9000,9000", "street 5000,0 5100,0")
    told = names(report, FaultKind.ACCESS_OFF_CORRIDOR)
    assert told == [("bus S1", ""), ("line S1-A", ""), ("bus C", "")]


def test_corridors_drawn_twice_are_told_whichever_way_they_run() -> None:
    report = check(
        "street 0,0 50,0 100,0 id=K1", "street 100,0 50,0 0,0 id=K2", "street 0,9 100,9 id=K3"
    )
    assert names(report, FaultKind.DUPLICATE) == [("K2", "K1")]


def test_ways_between_the_same_places_are_parallel() -> None:
    report = check("street 0,0 100,0 id=K1", "street 0,0 50,60 100,0 id=K2")
    ((one, other),) = names(report, FaultKind.PARALLEL_EDGES)
    assert {one, other} == {"K1", "K2"}


def test_corridors_of_two_kinds_on_one_line_are_not_parallel() -> None:
    report = check("street 0,0 100,0 id=K1", "duct_bank 0,0 100,0 ducts=2 id=K2")
    assert names(report, FaultKind.PARALLEL_EDGES) == []


def test_full_ducts_and_corridors_without_length_are_told() -> None:
    report = check(
        "street 0,0 100,0",
        "duct_bank 0,9 100,9 ducts=0 id=D1",
        "duct_bank 0,20 100,20 ducts=1",
        "street 5,5 5,5.01 id=Z",
    )
    assert names(report, FaultKind.FULL_DUCTS) == [("D1", "")]
    (zero,) = faults(report, FaultKind.ZERO_LENGTH)
    assert (zero.element, zero.distance_m) == ("Z", 0.01)


def test_dead_end_is_where_a_corridor_ends_and_nothing_can_be_met() -> None:
    report = check("S1-A 100", "street 0,0 100,0 id=K1", "street 100,0 100,50 id=K2")
    ((element, _),) = names(report, FaultKind.DEAD_END)
    assert element == "K2"


def test_report_does_not_depend_on_the_order_of_corridors() -> None:
    rows = ["street 0,0 100,0 id=A", "street 0,12 100,12 id=B", "street 500,0 640,0 id=C"]
    one, other = check(*rows), check(*rows[::-1])
    assert [(f.kind, f.x_m, f.y_m) for f in one.faults] == [
        (f.kind, f.x_m, f.y_m) for f in other.faults
    ]
    assert np.allclose(one.parts.length_m, other.parts.length_m)
