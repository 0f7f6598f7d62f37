"""Which options are shown, and in which order."""

from dataclasses import replace

from gisplan.model.option import AccessKind, Option
from gisplan.planning.ranking import FAILED_SHOWN, FEASIBLE_SHOWN, chosen, ranked
from tests.plans import example_option

EXAMPLE = example_option()


def option(cost: float, kind: AccessKind, *, feasible: bool = True) -> Option:
    point = replace(EXAMPLE.access_point, kind=kind, element_id=f"{kind} {cost}")
    return replace(
        EXAMPLE, access_point=point, cost=replace(EXAMPLE.cost, total=cost), feasible=feasible
    )


def itself(some: Option) -> Option:
    return some


def test_feasible_options_come_first_then_the_cheapest() -> None:
    shown = ranked(
        [
            option(5.0, AccessKind.SPARE_BAY, feasible=False),
            option(30.0, AccessKind.SPARE_BAY),
            option(20.0, AccessKind.TEE_OFF),
        ]
    )
    assert [(one.rank, one.cost.total) for one in shown] == [(1, 20.0), (2, 30.0), (3, 5.0)]


def test_only_the_best_are_shown_and_the_best_of_every_kind() -> None:
    many = [option(float(cost), AccessKind.SPARE_BAY) for cost in range(10)]
    shown = chosen([*many, option(99.0, AccessKind.LOOP_IN)], itself)
    assert len(shown) == FEASIBLE_SHOWN + 1
    assert shown[-1].access_point.kind is AccessKind.LOOP_IN


def test_few_failures_are_shown_and_always_the_own_service() -> None:
    failures = [option(float(cost), AccessKind.SERVICE_JOINT, feasible=False) for cost in range(10)]
    own = option(50.0, AccessKind.EXISTING_SERVICE, feasible=False)
    shown = chosen([*failures, own], itself)
    assert len(shown) == FAILED_SHOWN + 1
    assert own in shown


def test_best_failure_of_every_kind_is_shown() -> None:
    joints = [option(float(cost), AccessKind.SERVICE_JOINT, feasible=False) for cost in range(5)]
    board = option(50.0, AccessKind.TRANSFORMER_FUSE_WAY, feasible=False)
    shown = chosen([*joints, board], itself)
    assert [one.cost.total for one in shown] == [0.0, 1.0, 2.0, 50.0]


def test_order_does_not_depend_on_the_order_given() -> None:
    some = [option(7.0, kind) for kind in AccessKind]
    assert ranked(some) == ranked(reversed(some))
