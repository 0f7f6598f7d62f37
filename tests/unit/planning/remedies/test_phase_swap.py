"""A known single-phase customer moves to another phase where that lets a new one connect.

1,200 m of main carry 10 kW on each phase: one customer on L1, two of 8 and 2 kW on L2 and on L3.
The new one of 4 kVA at H breaks the lowest voltage on every phase; with the 2 kW of L2 on another
phase, L2 carries the new customer with 12 kW, not 14.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from gisplan.electrical.phases.asymmetric import check_single_phase, prove_single_phase
from gisplan.model.grid import Phases
from gisplan.model.option import Finding, Option, Severity
from gisplan.planning.existing import ExistingService
from gisplan.planning.offers import Offer, extension_offer, option_of, proposal_of
from gisplan.planning.remedies.outcome import Outcome
from gisplan.planning.remedies.phase_swap import try_phase_swap
from gisplan.planning.site import Site, examine_site
from tests.grids import grid
from tests.unit.planning.test_options import CATALOGUE, application, at, region_of, state_of

KNOWN = ("J: 10 kW L1", "J: 2 kW L2", "J: 8 kW L2", "J: 2 kW L3", "J: 8 kW L3")


@cache
def site_of(*loads: str, demand_kva: float = 4.0, phases: int = 1, main_m: int = 1200) -> Site:
    town = grid(
        f"S substation_busbar 20000V {at(-400, 0)}",
        f"T ring_main_unit 20000V {at(0, 0)}",
        f"B transformer_board 400V {at(0, 0)}",
        f"J joint 400V {at(main_m, 0)}",
        f"H customer 400V {at(main_m, 20)}",
        "S-T 400 r=0.161 x=0.117 c=273 i=362",
        "T>B 400 id=TB",
        f"B-J {main_m} r=0.208 x=0.08 r0=0.832 x0=0.32 c=0 c0=0 i=270",
        "J-H 20 service r=0.642 x=0.083 r0=2.568 x0=0.332 c=0 c0=0 i=142",
        *loads,
    )
    state = state_of(region_of(town))
    asked = application(
        state.region,
        main_m,
        20,
        demand_kva=demand_kva,
        phases=phases,
        customer_class="commercial",
        existing_bus_id="H",
    )
    return examine_site(asked, state)


def offer_at(site: Site) -> Offer:
    bus = site.region.bus_row["H"]
    return extension_offer(ExistingService(bus=bus, presumed=False))


def refused(site: Site, *more: Finding) -> Option:
    """The option with what the single-phase proof says of it."""
    bases = {d.load_case: site.state.base[d.load_case] for d in site.judge.demands}
    offer = offer_at(site)
    result = prove_single_phase(
        site.region.snapshot, bases, CATALOGUE, proposal_of(site, offer), {}
    )
    option = option_of(site, offer).with_findings(*check_single_phase(result, CATALOGUE), *more)
    return replace(option, electrical=replace(option.electrical, transformer="TB"))


def swap(site: Site, *more: Finding) -> Outcome:
    return try_phase_swap(site, offer_at(site), refused(site, *more))


def test_moving_one_customer_lets_the_new_one_connect() -> None:
    site = site_of(*KNOWN)
    assert not refused(site).feasible
    proven = swap(site).mended
    assert proven is not None
    mended = proven.option
    assert mended.feasible
    (remedy,) = mended.remedies
    assert (remedy.kind, remedy.element, remedy.cost) == ("phase_swap", "J", 0.0)
    assert remedy.text.startswith("Move the customer J#2 at bus J from L2 to L1")
    assert f"with the new customer on {mended.phases}" in remedy.text
    lowest = [f.measured for f in mended.findings if f.rule == "voltage.lv_min_pu"]
    assert all(value is not None and value >= 0.9 for value in lowest)


def test_swap_that_others_would_pay_for_is_not_offered() -> None:
    # with 12 kW of L1 on L2 the new one fits on L1, and the 24 kW on L2 break every limit there
    outcome = swap(site_of("J: 12 kW L1", "J: 12 kW L2", "J: 12 kW L3", main_m=1300))
    assert outcome.mended is None


def test_swap_leaves_the_snapshot_as_it_was() -> None:
    site = site_of(*KNOWN)
    before = site.region.snapshot.grid.loads.phases.copy()
    assert swap(site).mended is not None
    assert (site.region.snapshot.grid.loads.phases == before).all()
    assert Phases.L1 in before


def test_customer_of_unknown_phase_is_not_moved() -> None:
    site = site_of("J: 10 kW three", "J: 32 kW three", main_m=1000)
    assert not refused(site).feasible
    assert swap(site) == Outcome(kind="phase_swap")


def test_swaps_in_vain_are_told() -> None:
    outcome = swap(site_of("J: 12 kW L1", "J: 12 kW L2", "J: 12 kW L3", main_m=1300))
    assert outcome.mended is None
    assert outcome.tried.startswith("moving the customer J at bus J from L")
    assert outcome.element == "J"


def test_feasible_or_three_phase_customers_need_no_swap() -> None:
    near = site_of(*KNOWN, main_m=200)
    assert refused(near).feasible
    assert swap(near) == Outcome(kind="phase_swap")
    assert swap(site_of(*KNOWN, phases=3, demand_kva=9.0)) == Outcome(kind="phase_swap")


def test_swap_is_not_tried_where_something_else_stands_in_the_way() -> None:
    other = Finding(
        rule="loading.transformer_max", severity=Severity.VIOLATION, element="x", text="full"
    )
    assert swap(site_of(*KNOWN), other) == Outcome(kind="phase_swap")
