"""Connections promised one after another: each is proven with all those before it held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gisplan.model.reservation import HeldReservation, Ledger
from gisplan.planning.held import build_held
from gisplan.planning.options import plan_connection
from gisplan.planning.proving import prove_offers
from gisplan.planning.reserving import held_options, held_rows, reservation_rows
from gisplan.planning.site import examine_site
from gisplan.planning.state import build_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gisplan.model.application import Application
    from gisplan.model.option import Option
    from gisplan.model.reservation import ReservationRow
    from gisplan.planning.offers import Offer
    from gisplan.planning.state import PlanningState


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What becomes of an application: its option, or all sources that it needs.

    There are no ``options`` where nothing is feasible. ``offer`` is the one that was taken of those
    that it came with; ``refused`` says why the first of them was not, where none was. ``held`` is
    what all its options hold.
    """

    options: tuple[Option, ...]
    sources_required: int
    reasons: tuple[str, ...]
    refused: str
    offer: Offer | None
    held: tuple[HeldReservation, ...]

    @property
    def option(self) -> Option | None:
        """The option, the first of several sources; ``None`` where nothing is feasible."""
        return self.options[0] if self.options else None

    @property
    def cents(self) -> int:
        """What all of it costs, with every source that it needs."""
        return sum(round(option.cost.total * 100) for option in self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """The grid without what the applications in question hold, and the ledger of all others."""

    state: PlanningState
    ledger: Ledger

    def state_with(self, held: Sequence[HeldReservation]) -> PlanningState:
        """Return the grid with further promises held."""
        if not held:
            return self.state
        standing = self.state.standing
        ledger = replace(self.ledger, reservations=(*self.ledger.reservations, *held))
        more = build_held(standing.loaded, ledger)
        return build_state(standing.loaded, more, standing.measured, near=self.state)


def build_promises(
    state: PlanningState, ledger: Ledger, applications: Sequence[Application]
) -> Promises:
    """Take what the applications hold themselves out of a state: it does not stand in their way."""
    own = {application.reference for application in applications}
    kept = tuple(one for one in ledger.reservations if one.reference not in own)
    if len(kept) == len(ledger.reservations):
        return Promises(state=state, ledger=ledger)
    standing, others = state.standing, Ledger(sequence=ledger.sequence, reservations=kept)
    held = build_held(standing.loaded, others)
    cleared = build_state(standing.loaded, held, standing.measured, near=state)
    return Promises(state=cleared, ledger=others)


def settle(
    promises: Promises,
    applications: Sequence[Application],
    offers: Mapping[str, Sequence[Offer]],
    told: Callable[[int], None],
) -> dict[str, Settled]:
    """Connect applications one after another; each sees the promises of those before it.

    Who has some in ``offers`` takes the first that the power flow passes; everybody else, and who
    is refused all of them, what planning finds best then. ``told`` is called with how many are
    connected.
    """
    found: dict[str, Settled] = {}
    held: list[HeldReservation] = []
    for number, application in enumerate(applications):
        state = promises.state_with(held)
        offered = offers.get(application.reference, ())
        settled = _settle_one(application, state, offered, number)
        found[application.reference] = settled
        held.extend(settled.held)
        told(number + 1)
    return found


def prove_among(
    promises: Promises, application: Application, offer: Offer, others: Sequence[HeldReservation]
) -> Option:
    """Return an offer as an option, proven with the promises of all others held."""
    site = examine_site(application, promises.state_with(others))
    (proven,) = prove_offers(site, (offer,))
    return proven.option


def _settle_one(
    application: Application, state: PlanningState, offers: Sequence[Offer], number: int
) -> Settled:
    refused = ""
    for offer in offers:
        (proven,) = prove_offers(examine_site(application, state), (offer,))
        if proven.option.feasible:
            return Settled(
                options=(proven.option,),
                sources_required=1,
                reasons=(),
                refused="",
                offer=offer,
                held=_held(
                    application, reservation_rows(application, proven.option, state), number
                ),
            )
        refused = refused or refusal(proven.option)
    plan = plan_connection(application, state)
    return Settled(
        options=held_options(plan),
        sources_required=plan.sources_required,
        reasons=plan.reasons,
        refused=refused,
        offer=None,
        held=_held(application, held_rows(plan, state), number),
    )


def _held(
    application: Application, rows: Sequence[ReservationRow], number: int
) -> tuple[HeldReservation, ...]:
    return tuple(
        HeldReservation(
            application_id=-1 - number,  # no application of the store has it
            reference=application.reference,
            kind=application.kind,
            customer_class=application.customer_class,
            row=row,
        )
        for row in rows
    )


def refusal(option: Option) -> str:
    """Return the first violation of an option in words."""
    return next((one.text for one in option.findings if one.severity == "violation"), "refused")
