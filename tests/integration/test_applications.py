from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import psycopg
import pytest

from gisplan.errors import ConflictError, InputError, UnknownElementError
from gisplan.export.plan_document import plan_from_json, plan_to_json
from gisplan.model.application import ApplicationKind
from gisplan.model.option import Plan
from gisplan.store.applications import (
    get_application,
    get_plan,
    ledger_sequence,
    list_applications,
    read_reservations,
    release,
    reserve,
    save_application,
    save_plan,
)
from gisplan.store.connection import connect
from gisplan.store.peaks import forget_feeder_peak, set_feeder_peak, set_measured_peak
from tests.web.applications import APPLICATION, ROW, build_plan
from tests.web.tiny_grid import insert_tiny_grid


@pytest.fixture
def connection(database_url):
    with connect(database_url, autocommit=True) as connection:
        yield connection


def store_plan(connection, url) -> tuple[int, int, Plan]:
    plan = build_plan(insert_tiny_grid(url))
    application_id = save_application(connection, plan.application)
    document = plan_to_json(plan).decode()
    plan_id = save_plan(connection, application_id=application_id, plan=plan, document=document)
    return application_id, plan_id, plan


def test_application_comes_back_as_it_was_saved(connection):
    application = replace(
        APPLICATION,
        phases=1,
        wanted_on="2026-05-01",
        synthetic=True,
        largest_motor_kw=7.5,
        largest_step_kva=20.0,
        steps_per_hour=12.0,
        phase="L2",
    )
    stored = get_application(connection, save_application(connection, application))
    assert (stored.application, stored.status) == (application, "received")


def test_same_reference_updates_the_application_and_keeps_its_status(connection, database_url):
    application_id, _, plan = store_plan(connection, database_url)
    changed = replace(plan.application, demand_kva=22.0, kind=ApplicationKind.EV)
    assert save_application(connection, changed) == application_id
    stored = get_application(connection, application_id)
    assert (stored.application, stored.status) == (changed, "planned")


def test_value_that_breaks_a_rule_is_refused_by_the_rule(connection):
    wrong = replace(APPLICATION, customer_class="castle")
    with pytest.raises(InputError, match="customer_class"):
        save_application(connection, wrong)


@pytest.mark.parametrize("demand_kva", [math.inf, math.nan, 0.0])
def test_demand_that_is_no_demand_is_refused(connection, demand_kva):
    with pytest.raises(InputError, match="demand_kva"):
        save_application(connection, replace(APPLICATION, demand_kva=demand_kva))


def test_pages_of_applications_follow_each_other_without_gap(connection):
    saved = [
        save_application(connection, replace(APPLICATION, reference=f"A-{n}")) for n in range(5)
    ]
    first = list_applications(connection, limit=3)
    second = list_applications(connection, limit=3, after=first[-1].application_id)
    assert [each.application_id for each in first + second] == saved


def test_unknown_application_is_named(connection):
    with pytest.raises(UnknownElementError, match="application 7 "):
        get_application(connection, 7)


def test_plan_document_survives_storage(connection, database_url):
    _, plan_id, plan = store_plan(connection, database_url)
    assert plan_from_json(get_plan(connection, plan_id).document.encode()) == plan


def test_route_of_an_option_is_stored_as_one_line(connection, database_url):
    _, plan_id, _ = store_plan(connection, database_url)
    statement = "select st_npoints(geom_3857) from planning.option where plan_id = %s and rank = 1"
    assert connection.execute(statement, (plan_id,)).fetchall() == [(3,)]


def test_option_without_way_has_no_line(connection, database_url):
    application_id, _, plan = store_plan(connection, database_url)
    still = replace(plan.options[0].route, length_m=0.0, segments=())
    plan = replace(plan, options=(replace(plan.options[0], route=still),))
    plan_id = save_plan(connection, application_id=application_id, plan=plan, document="{}")
    statement = "select geom_3857 is null from planning.option where plan_id = %s"
    assert connection.execute(statement, (plan_id,)).fetchall() == [(True,)]


def test_unknown_plan_is_named(connection):
    with pytest.raises(UnknownElementError, match="plan 9 "):
        get_plan(connection, 9)


def test_reserving_anew_replaces_what_was_held(connection, database_url):
    application_id, plan_id, _ = store_plan(connection, database_url)
    keys = {"application_id": application_id, "plan_id": plan_id}
    main = replace(ROW, element_id="main 1", element_kind="line", level="main", offset_m=12.5)
    reserve(connection, **keys, rows=[ROW, main])
    sequence = reserve(connection, **keys, rows=[main])
    ledger = read_reservations(connection)
    assert (ledger.sequence, [held.row for held in ledger.reservations]) == (sequence, [main])


def test_held_reservation_says_whose_it_is(connection, database_url):
    application_id, plan_id, _ = store_plan(connection, database_url)
    reserve(connection, application_id=application_id, plan_id=plan_id, rows=[ROW])
    (held,) = read_reservations(connection).reservations
    assert (held.application_id, held.reference) == (application_id, "A-1")
    assert (held.kind, held.customer_class) == ("load", "household")


def test_plan_on_an_old_ledger_holds_nothing(connection, database_url):
    application_id, plan_id, _ = store_plan(connection, database_url)
    keys = {"application_id": application_id, "plan_id": plan_id}
    reserve(connection, **keys, rows=[ROW], expected_sequence=0)
    with pytest.raises(ConflictError, match="stands at 1, the plan was made on 0"):
        reserve(connection, **keys, rows=[], expected_sequence=0)
    assert len(read_reservations(connection).reservations) == 1
    assert ledger_sequence(connection) == 1


def test_of_many_on_the_same_reading_one_holds(connection, database_url):
    application_id, plan_id, _ = store_plan(connection, database_url)

    def book(_: int) -> bool:
        with psycopg.connect(database_url) as own:
            try:
                keys = {"application_id": application_id, "plan_id": plan_id}
                reserve(own, **keys, rows=[ROW], expected_sequence=0)
            except ConflictError:
                return False
            return True

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(book, range(8))) == 1


def test_released_capacity_is_held_no_more(connection, database_url):
    application_id, plan_id, _ = store_plan(connection, database_url)
    reserve(connection, application_id=application_id, plan_id=plan_id, rows=[ROW])
    assert release(connection, application_id=application_id) == 2
    assert read_reservations(connection).reservations == ()
    assert get_application(connection, application_id).status == "planned"


def test_reserving_for_nobody_is_refused_and_moves_nothing(connection):
    with pytest.raises(UnknownElementError, match="application 5 "):
        reserve(connection, application_id=5, plan_id=1, rows=[])
    assert ledger_sequence(connection) == 0


def test_every_change_leaves_an_event(connection, database_url):
    application_id, plan_id, _ = store_plan(connection, database_url)
    reserve(connection, application_id=application_id, plan_id=plan_id, rows=[ROW], actor="anna")
    release(connection, application_id=application_id)
    statement = "select actor, action, subject from planning.event order by event_id"
    subject = f"application {application_id}"
    expected = [("anna", "reserve", subject), ("planner", "release", subject)]
    assert connection.execute(statement).fetchall() == expected


def test_measured_peak_moves_the_ledger_and_can_be_corrected(connection, database_url):
    insert_tiny_grid(database_url)
    day = date(2026, 1, 14)
    set_measured_peak(connection, transformer_id="T/1", measured_on=day, peak_kva=390.0)
    sequence = set_measured_peak(connection, transformer_id="T/1", measured_on=day, peak_kva=310.0)
    peaks = connection.execute("select peak_kva from grid.measured_peak").fetchall()
    assert (sequence, peaks) == (2, [(310.0,)])


def test_what_disturbs_others_is_brought_up_to_date(connection):
    save_application(connection, replace(APPLICATION, largest_motor_kw=7.5, steps_per_hour=2.0))
    number = save_application(connection, replace(APPLICATION, largest_step_kva=9.0, phase="L1"))
    stored = get_application(connection, number).application
    assert (stored.largest_motor_kw, stored.steps_per_hour) == (None, None)
    assert (stored.largest_step_kva, stored.phase) == (9.0, "L1")


def test_feeder_and_transformer_of_one_id_have_peaks_of_their_own(connection, database_url):
    insert_tiny_grid(database_url)
    day = date(2026, 1, 14)
    connection.execute("update grid.line set line_id = 'T/1' where line_id = 'main 1'")
    set_measured_peak(connection, transformer_id="T/1", measured_on=day, peak_kva=390.0)
    sequence = set_feeder_peak(connection, line_id="T/1", measured_on=day, peak_kva=310.0)
    peaks = "select element_kind, peak_kva from grid.measured_peak order by element_kind"
    assert sequence == 2
    assert connection.execute(peaks).fetchall() == [("line", 310.0), ("transformer", 390.0)]
    forget_feeder_peak(connection, line_id="T/1", measured_on=day)
    assert connection.execute(peaks).fetchall() == [("transformer", 390.0)]
    with pytest.raises(UnknownElementError, match="line T/1 has no peak"):
        forget_feeder_peak(connection, line_id="T/1", measured_on=day)


def test_peak_of_an_unknown_feeder_is_refused(connection, database_url):
    insert_tiny_grid(database_url)
    day = date(2026, 1, 14)
    with pytest.raises(UnknownElementError, match="line T/1 is not in the active"):
        set_feeder_peak(connection, line_id="T/1", measured_on=day, peak_kva=1.0)
    assert ledger_sequence(connection) == 0


def test_peak_of_an_unknown_transformer_is_refused(connection, database_url):
    insert_tiny_grid(database_url)
    day = date(2026, 1, 14)
    with pytest.raises(UnknownElementError, match="T/2"):
        set_measured_peak(connection, transformer_id="T/2", measured_on=day, peak_kva=1.0)
    assert ledger_sequence(connection) == 0
