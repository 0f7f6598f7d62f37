"""What the staged rows say of each other: one set-based query for every rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from psycopg.rows import dict_row, tuple_row
from psycopg.sql import SQL, Identifier

from gisplan.model.issue import Issue, IssueSeverity
from gisplan.model.issue_rules import ISSUE_RULES, Severities
from gisplan.model.staged_topology import StagedTopology
from gisplan.store.connection import translated_errors
from gisplan.store.sql import query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from psycopg import Connection

RELATION_RULES = (
    "id_duplicate",
    "line_end_unknown_bus",
    "line_ends_equal",
    "line_end_off_bus",
    "length_not_positive",
    "length_against_geometry",
    "rating_missing",
    "line_without_impedance",
    "conductor_type_unknown",
    "line_voltage_mismatch",
    "transformer_bus_unknown",
    "transformer_voltage_mismatch",
    "transformer_impedance_impossible",
    "tap_out_of_range",
    "element_bus_unknown",
    "source_doubled",
    "switch_bus_unknown",
    "switch_element_unknown",
    "switch_not_at_element",
    "substation_unknown",
    "bays_inconsistent",
)
# Leaving rows out may break the rules of others: a chain of a load on a line's end on a bus.
ROUNDS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationLimits:
    """How much data may differ before it is told; differences of drawing, not of the grid.

    Below ``impedance_min_ohm`` a line is as good as none (5 mm of a thin cable have more), and no
    tap changer moves the voltage by ``tap_change_max_pct``.
    """

    line_end_tolerance_m: float = 1.0
    length_ratio: float = 0.05
    length_rounding_m: float = 0.5
    voltage_ratio: float = 0.15
    impedance_min_ohm: float = 1e-6
    tap_change_max_pct: float = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """An issue, and the staged row that it is about (``None``: no single one)."""

    table: str
    row: str | None
    issue: Issue


def validate_staging(
    connection: Connection,
    *,
    severities: Severities,
    known_conductor_types: Iterable[str],
    limits: ValidationLimits | None = None,
    told: Callable[[int, int], None],
) -> list[Issue]:
    """Ask every relational rule; all issues come back, in a fixed order.

    Rows that break a rule which the caller lowered and which cannot be stored are taken out of the
    staging area, and the rules are asked again until no such row is left. ``told`` hears how many
    of how many rules have been asked.
    """
    parameters = _build_parameters(limits or ValidationLimits(), known_conductor_types)
    left_out: list[Issue] = []
    for _ in range(ROUNDS_MAX):
        found = _ask_rules(connection, parameters, told)
        dropped = [one for one in found if severities.drops_row(one.issue.rule)]
        if not dropped:
            return left_out + [one.issue for one in found]
        left_out += [_say_left_out(one.issue) for one in dropped]
        _delete_rows(connection, dropped)
    return left_out + [one.issue for one in found]


def read_topology(connection: Connection) -> StagedTopology:
    """Read buses and conducting branches from the staging area."""
    with (
        translated_errors(),
        connection.transaction(),
        connection.cursor(binary=True, row_factory=tuple_row) as cursor,
    ):
        buses = cursor.execute(query("load_topology_buses")).fetchall()
        branches = cursor.execute(query("load_topology_branches")).fetchall()
    position = {bus[0]: row for row, bus in enumerate(buses)}
    ids, voltages, sources, xs, ys = zip(*buses, strict=True) if buses else ([],) * 5
    names, starts, ends = zip(*branches, strict=True) if branches else ([],) * 3
    return StagedTopology(
        bus_id=np.array(ids, dtype=np.str_),
        nominal_voltage_v=np.array(voltages, dtype=np.float64),
        is_source=np.array(sources, dtype=np.bool_),
        x_m=np.array(xs, dtype=np.float64),
        y_m=np.array(ys, dtype=np.float64),
        branch_name=np.array(names, dtype=np.str_),
        branch_from=np.array([position.get(bus, -1) for bus in starts], dtype=np.int64),
        branch_to=np.array([position.get(bus, -1) for bus in ends], dtype=np.int64),
    )


def _build_parameters(
    limits: ValidationLimits, known_conductor_types: Iterable[str]
) -> dict[str, float | list[str]]:
    return {
        "tolerance_m": limits.line_end_tolerance_m,
        "ratio": limits.length_ratio,
        "rounding_m": limits.length_rounding_m,
        "voltage_ratio": limits.voltage_ratio,
        "impedance_min_ohm": limits.impedance_min_ohm,
        "tap_change_max_pct": limits.tap_change_max_pct,
        "known_conductor_types": sorted(known_conductor_types),
    }


def _ask_rules(
    connection: Connection,
    parameters: dict[str, float | list[str]],
    told: Callable[[int, int], None],
) -> list[_Found]:
    found: list[_Found] = []
    for number, rule in enumerate(RELATION_RULES):
        told(number, len(RELATION_RULES))
        found += _ask_rule(connection, rule, parameters)
    told(len(RELATION_RULES), len(RELATION_RULES))
    return found


def _ask_rule(
    connection: Connection, rule: str, parameters: dict[str, float | list[str]]
) -> list[_Found]:
    with (
        translated_errors(),
        connection.transaction(),
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        rows = cursor.execute(query(f"check_{rule}"), parameters).fetchall()
    severity: IssueSeverity = ISSUE_RULES[rule].severity
    return [
        _Found(
            table=row["table_name"],
            row=row["row_id"],
            issue=Issue(
                rule=rule,
                severity=severity,
                element=row["element"],
                found=row["found"],
                expected=row["expected"],
                x_m=row["x_m"],
                y_m=row["y_m"],
            ),
        )
        for row in rows
    ]


def _delete_rows(connection: Connection, dropped: Sequence[_Found]) -> None:
    with translated_errors(), connection.transaction():
        for table in sorted({one.table for one in dropped}):
            rows = [one.row for one in dropped if one.table == table]
            statement = SQL("delete from {} where ctid = any(%(rows)s::tid[])").format(
                Identifier("staging", table)
            )
            connection.execute(statement, {"rows": rows})


def _say_left_out(issue: Issue) -> Issue:
    return Issue(
        rule=issue.rule,
        severity=issue.severity,
        element=issue.element,
        found=f"{issue.found}; the row was left out",
        expected=issue.expected,
        x_m=issue.x_m,
        y_m=issue.y_m,
    )
