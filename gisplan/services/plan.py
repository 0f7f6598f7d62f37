"""The use case "plan an application": reads grid and ledger, plans, stores, reserves."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from gisplan.errors import ConflictError
from gisplan.export.plan_document import plan_to_json
from gisplan.model.reservation import HeldReservation, Ledger
from gisplan.planning.held import build_held
from gisplan.planning.options import plan_connection
from gisplan.planning.plan_density import with_density
from gisplan.planning.region import build_region
from gisplan.planning.reserving import held_rows
from gisplan.planning.state import PlanningState, build_state, peaks_with
from gisplan.rules.catalogue import load_catalogue
from gisplan.services.snapshot import load_snapshot
from gisplan.services.surroundings import SurroundingsCache
from gisplan.services.voltage_profile import voltage_profiles
from gisplan.store.application_table import applications_mark, read_application_table
from gisplan.store.applications import (
    ledger_sequence,
    read_reservations,
    refuse_change_of_held,
    reserve,
    save_application,
    save_plan,
)
from gisplan.store.connection import borrow
from gisplan.store.grid_reader import active_version, read_peaks

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from gisplan.density.forecast_memory import ForecastMemory
    from gisplan.model.application import Application
    from gisplan.model.application_table import ApplicationTable
    from gisplan.model.grid import Grid
    from gisplan.model.option import Option, Plan
    from gisplan.model.reservation import ReservationRow
    from gisplan.planning.region import Region
    from gisplan.services.voltage_profile import VoltageProfiles
    from gisplan.store.application_table import ApplicationsMark

ATTEMPTS = 5  # how often a plan is made anew when somebody else reserved in between


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """A plan and its number in the store."""

    plan_id: int
    plan: Plan


@dataclass(slots=True, kw_only=True)
class Planner:
    """Plans applications on the active grid version with everything that is held.

    Safe to share between threads: the prepared region and state are replaced whole, never changed.
    """

    pool: ConnectionPool
    cache_root: Path
    catalogue_override: Path | None = None
    _region: Region | None = field(default=None, init=False)
    _ledger: Ledger | None = field(default=None, init=False)
    _state: PlanningState | None = field(default=None, init=False)
    _surroundings: SurroundingsCache = field(default_factory=SurroundingsCache, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)
    _booking: Lock = field(default_factory=Lock, init=False)

    def grid(self) -> Grid:
        """Return the grid version that serves, for maps of plans."""
        with borrow(self.pool) as connection, self._lock:
            return self._present_state(connection).region.snapshot.grid

    def state(self) -> PlanningState:
        """Return the grid version that serves with everything that is held."""
        with borrow(self.pool) as connection, self._lock:
            return self._present_state(connection)

    def state_and_ledger(self) -> tuple[PlanningState, Ledger]:
        """Return the state that serves and the promises that it was made with."""
        with borrow(self.pool) as connection, self._lock:
            state = self._present_state(connection)
            return state, self._ledger or read_reservations(connection)

    @property
    def forecasts(self) -> ForecastMemory:
        """The forecasts that plans and capacity gaps share."""
        return self._surroundings.memory

    def applications(self) -> ApplicationTable:
        """Return all stored applications."""
        with borrow(self.pool) as connection:
            return read_application_table(connection)

    def applications_mark(self) -> ApplicationsMark:
        """Return a mark of all stored applications: while it stays, so do they."""
        with borrow(self.pool) as connection:
            return applications_mark(connection)

    def profiles(self, application: Application, option: Option) -> VoltageProfiles:
        """Return the voltages on the way of supply of an option, as the grid stands now.

        Raises
        ------
        UnknownElementError
            If the option names an element that the grid version does not hold.
        InputError
            If the option is none of this application and catalogue.
        """
        return voltage_profiles(self._state_for(application), application, option)

    def propose(self, application: Application) -> Plan:
        """Plan without storing anything."""
        return self._planned(application, self._state_for(application))

    def propose_with_peak(
        self, application: Application, transformer: str, peak_kva: float
    ) -> Plan:
        """Plan as if a transformer, by id or name, had been measured at this peak.

        Raises
        ------
        UnknownElementError
            If the grid version has no such transformer.
        """
        state = self._state_for(application)
        peaks = peaks_with(state, transformer, peak_kva)
        return self._planned(application, build_state(state.standing.loaded, state.held, peaks))

    def plan(self, application: Application, *, reserve: bool = False) -> StoredPlan:
        """Plan, store the plan, and hold its capacity if asked to: of all sources it needs.

        Raises
        ------
        ConflictError
            If others kept reserving while this plan was made, five times in a row; or if the
            application holds capacity and this plan, which holds nothing, would change it.
        """
        if not reserve:
            return self._plan_only(application)
        with self._booking:  # within one process promises queue; others are met by trying again
            for _ in range(ATTEMPTS - 1):
                try:
                    return self._plan_and_hold(application)
                except ConflictError:
                    continue
            return self._plan_and_hold(application)

    def _planned(self, application: Application, state: PlanningState) -> Plan:
        """Plan, and tell of the stored applications around."""
        plan = plan_connection(application, state)
        with borrow(self.pool) as connection:
            around = self._surroundings.around(connection, state)
        return with_density(plan, state, around)

    def _plan_only(self, application: Application) -> StoredPlan:
        plan = self._planned(application, self._state_for(application))
        with borrow(self.pool) as connection, connection.transaction():
            refuse_change_of_held(connection, application)
            application_id = save_application(connection, application)
            return self._save(connection, application_id, plan)

    def _plan_and_hold(self, application: Application) -> StoredPlan:
        """Plan and hold; where nothing is feasible, what was held before is given back."""
        state = self._state_for(application)
        plan = self._planned(application, state)
        rows = held_rows(plan, state)
        held_before = application.reference in state.held.references
        with borrow(self.pool) as connection, connection.transaction():
            application_id = save_application(connection, application)
            stored = self._save(connection, application_id, plan)
            if rows or held_before:
                reserve(
                    connection,
                    application_id=application_id,
                    plan_id=stored.plan_id,
                    rows=rows,
                    expected_sequence=state.held.sequence,
                )
        if rows or held_before:
            self._remember(application, application_id, rows, state.held.sequence)
        return stored

    @staticmethod
    def _save(connection: Connection, application_id: int, plan: Plan) -> StoredPlan:
        document = plan_to_json(plan).decode()
        plan_id = save_plan(connection, application_id=application_id, plan=plan, document=document)
        return StoredPlan(plan_id=plan_id, plan=plan)

    def _remember(
        self,
        application: Application,
        application_id: int,
        rows: tuple[ReservationRow, ...],
        sequence: int,
    ) -> None:
        """Carry our own promise into the ledger in memory, which spares reading it all again."""
        with self._lock:
            ledger = self._ledger
            if ledger is None or ledger.sequence != sequence:
                return
            kept = tuple(one for one in ledger.reservations if one.application_id != application_id)
            own = tuple(
                HeldReservation(
                    application_id=application_id,
                    reference=application.reference,
                    kind=application.kind,
                    customer_class=application.customer_class,
                    row=row,
                )
                for row in rows
            )
            self._ledger = Ledger(sequence=sequence + 1, reservations=kept + own)

    def _state_for(self, application: Application) -> PlanningState:
        """Return the present state; an application's own promises do not stand in its way."""
        with borrow(self.pool) as connection, self._lock:
            state = self._present_state(connection)
            ledger = self._ledger
        if ledger is None or application.reference not in state.held.references:
            return state
        held = build_held(state.standing.loaded, ledger, leave_out=application.reference)
        return build_state(state.standing.loaded, held, state.standing.measured, near=state)

    def _present_state(self, connection: Connection) -> PlanningState:
        version_id = active_version(connection).version_id
        sequence = ledger_sequence(connection)
        state = self._state
        if state is not None and state.is_current(version_id, sequence):
            return state
        if self._region is None or self._region.snapshot.grid.version_id != version_id:
            self._region = self._read_region(connection)
        if self._ledger is None or self._ledger.sequence != sequence:
            self._ledger = read_reservations(connection)
        peaks = read_peaks(connection, self._region.snapshot.grid)
        held = build_held(self._region, self._ledger)
        self._state = build_state(self._region, held, peaks, near=state)
        return self._state

    def _read_region(self, connection: Connection) -> Region:
        snapshot = load_snapshot(connection, self.cache_root)
        catalogue = load_catalogue(snapshot.grid.profile, override=self.catalogue_override)
        return build_region(snapshot, catalogue)
