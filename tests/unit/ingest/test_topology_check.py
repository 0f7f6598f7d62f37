"""Islands and loops of a grid that is being loaded."""

from __future__ import annotations

import numpy as np

from gisplan.ingest.topology_check import (
    check_radial,
    check_single_supply,
    check_supply,
    check_topology,
)
from gisplan.model.staged_topology import StagedTopology


def topology(buses: str, *branches: str, volt: float = 400.0) -> StagedTopology:
    """Buses as letters (a capital is a source), branches as pairs of letters."""
    index = {bus: row for row, bus in enumerate(buses)}
    return StagedTopology(
        bus_id=np.array(list(buses)),
        nominal_voltage_v=np.full(len(buses), volt),
        is_source=np.array([bus.isupper() for bus in buses]),
        x_m=np.arange(len(buses), dtype=float),
        y_m=np.full(len(buses), np.nan),
        branch_name=np.array([f"line {pair}" for pair in branches], dtype=np.str_),
        branch_from=np.array([index.get(pair[0], -1) for pair in branches], dtype=np.int64),
        branch_to=np.array([index.get(pair[1], -1) for pair in branches], dtype=np.int64),
    )


def test_an_island_is_one_issue_that_lists_its_buses() -> None:
    (issue,) = check_supply(topology("Sabc", "Sa", "bc"))
    assert issue.rule == "island_without_source"
    assert issue.element == "bus b"
    assert issue.found == "2 buses without a source: b, c"


def test_a_grid_that_is_fed_has_no_island() -> None:
    assert check_supply(topology("Sab", "Sa", "ab")) == []


def test_a_grid_without_buses_has_no_island() -> None:
    assert check_supply(topology("")) == []


def test_long_islands_are_listed_in_part() -> None:
    (issue,) = check_supply(topology("abcdefghijklmn", *(f"a{b}" for b in "bcdefghijklmn")))
    assert issue.found.endswith("l and 2 more")


def test_buses_of_two_sources_are_one_issue_with_the_way_between_them() -> None:
    (issue,) = check_single_supply(topology("SabT", "Sa", "ab", "Tb"))
    assert issue.rule == "fed_from_two_sources"
    assert issue.element == "bus S"
    assert issue.found == (
        "4 buses are fed from 2 sources, at the buses S, T; the first two are joined by"
        " line Sa, line ab, line Tb"
    )


def test_way_between_two_sources_is_the_shortest() -> None:
    (issue,) = check_single_supply(topology("SabTU", "Sa", "ab", "bT", "ST", "Ub"))
    assert issue.found.endswith("at the buses S, T, U; the first two are joined by line ST")


def test_sources_with_an_open_point_between_them_are_no_issue() -> None:
    assert check_single_supply(topology("SabT", "Sa", "Tb")) == []


def test_grids_of_two_sources_each_are_an_issue_each() -> None:
    assert len(check_single_supply(topology("STUV", "ST", "UV"))) == 2


def test_branches_to_unknown_buses_join_nothing() -> None:
    assert len(check_supply(topology("Sa", "Sx", "aa"))) == 1


def test_a_loop_is_found_without_the_branches_that_lead_to_it() -> None:
    (issue,) = check_radial(topology("Sabcd", "Sa", "ab", "bc", "ca", "cd"), 1000)
    assert issue.rule == "cycle_where_radial"
    assert issue.found == "a closed loop of 3 buses: line ab, line bc, line ca"


def test_two_loops_joined_by_a_branch_are_two() -> None:
    two = topology("abcdef", "ab", "bc", "ca", "cd", "de", "ef", "fd")
    assert len(check_radial(two, 1000)) == 2


def test_parallel_branches_are_a_loop_of_two() -> None:
    (issue,) = check_radial(topology("Sa", "Sa", "aS"), 1000)
    assert issue.found == "a closed loop of 2 buses: line Sa, line aS"


def test_a_ring_of_medium_voltage_is_not_declared_radial() -> None:
    assert check_radial(topology("Sab", "Sa", "ab", "bS", volt=20_000), 1000) == []


def test_loops_are_only_asked_for_where_radial_is_declared() -> None:
    ring = topology("Sab", "Sa", "ab", "bS")
    assert check_topology(ring, radial_below_v=None) == []
    assert len(check_topology(ring, radial_below_v=1000)) == 1


def test_place_is_told_where_known() -> None:
    (issue,) = check_supply(topology("Sa"))
    assert issue.x_m is None
