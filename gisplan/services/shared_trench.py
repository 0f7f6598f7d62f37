"""The use case "several applications at once": who may share a trench, and what that spares."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gisplan.errors import InputError
from gisplan.planning.region import refuse_outside
from gisplan.planning.shared_trench.answer import shared_trench_answer
from gisplan.planning.shared_trench.joint_plan import plan_jointly
from gisplan.planning.shared_trench.promises import build_promises

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gisplan.model.application import Application
    from gisplan.model.shared_trench import SharedTrenchAnswer
    from gisplan.services.plan import Planner

MOST_APPLICATIONS = 40
"""Together; every one of them is proven with all others held, three times at least."""


def share_trenches(
    planner: Planner,
    applications: Sequence[Application],
    show: Callable[[str, int, int], None] = lambda _doing, _done, _total: None,
) -> SharedTrenchAnswer:
    """Plan several applications together on the grid version that serves; nothing is stored.

    Parameters
    ----------
    show
        Is called with what is being done, how many steps of it are done and of how many; a joint
        plan that is refused in part is tried again, from its first step.

    Raises
    ------
    InputError
        If there are fewer than two, more than 40, or two of one reference.
    OutsideAreaError
        If some lie outside the loaded region; all of them are named.
    """
    check_applications(applications)
    state, ledger = planner.state_and_ledger()
    refuse_outside(applications, state.region)
    promises = build_promises(state, ledger, applications)
    plan = plan_jointly(applications, promises, show)
    return shared_trench_answer(plan, applications, promises)


def check_applications(applications: Sequence[Application]) -> None:
    """Refuse what is no set of applications to plan together.

    Raises
    ------
    InputError
        Naming how many there are, or the references that are there twice.
    """
    count = len(applications)
    if not 2 <= count <= MOST_APPLICATIONS:
        raise InputError(
            f"{count} application{'' if count == 1 else 's'}; expected 2 to {MOST_APPLICATIONS} "
            "that are planned together (one by itself: gisplan plan)"
        )
    counted = Counter(application.reference for application in applications)
    twice = sorted(reference for reference, times in counted.items() if times > 1)
    if twice:
        raise InputError(
            f"references that are there more than once: {', '.join(twice)}; expected one "
            "application for each"
        )
