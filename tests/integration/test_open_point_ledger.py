"""A promised open point goes through the ledger and stands for the next plan."""

from __future__ import annotations

from psycopg_pool import ConnectionPool

from gisplan.ingest.applications import read_applications
from gisplan.model.reservation import ReservationRow
from gisplan.network.switching import SwitchMove, find_moves
from gisplan.planning.state import PlanningState
from gisplan.services.plan import Planner
from gisplan.store.applications import read_reservations, reserve
from gisplan.store.connection import borrow
from tests.integration.conftest import SAMPLE

ONE, OTHER = read_applications(SAMPLE / "applications.csv")[:2]


def state_of(planner: Planner) -> PlanningState:
    planner.grid()
    assert planner._state is not None
    return planner._state


def first_move(state: PlanningState) -> SwitchMove:
    snapshot = state.region.snapshot
    feeders = range(len(snapshot.topology.feeder_head))
    return next(m for f in feeders for m in find_moves(snapshot.grid, snapshot.topology, f))


def row(state: PlanningState, switch: int, *, is_closed: bool) -> ReservationRow:
    return ReservationRow(
        element_id=str(state.region.snapshot.grid.switches.switch_id[switch]),
        element_kind="switch",
        level="feeder",
        load_case="load",
        p_kw=0.0,
        q_kvar=0.0,
        coincident_p_kw=0.0,
        coincident_q_kvar=0.0,
        tap_position=int(is_closed),
    )


def test_promised_open_point_survives_the_database(
    planner: Planner, sample_pool: ConnectionPool
) -> None:
    before = state_of(planner)
    move = first_move(before)
    rows = [row(before, switch, is_closed=True) for switch in move.close]
    rows.append(row(before, move.open, is_closed=False))
    stored = planner.plan(ONE)
    with borrow(sample_pool) as connection:
        reserve(connection, application_id=1, plan_id=stored.plan_id, rows=rows)
        held = {one.row for one in read_reservations(connection).reservations}
    assert held == set(rows)
    planner.plan(OTHER)
    after = state_of(planner)
    closed = after.region.snapshot.grid.switches.closed
    assert after.held.lost == ()
    assert closed[list(move.close)].all()
    assert not closed[move.open]
    moved = after.region.snapshot.topology.feeder
    assert moved[move.moved_bus] == moved[move.taking_bus]
