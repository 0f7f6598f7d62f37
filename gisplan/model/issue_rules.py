"""The rules that a grid is asked before it may serve, and how grave each answer is.

A caller may raise or lower a rule. Where the rows of a broken rule could not be stored at all,
lowering it means that these rows are left out, and the issue says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gisplan.model.issue import IssueSeverity

ERROR, WARNING, NOTE = IssueSeverity.ERROR, IssueSeverity.WARNING, IssueSeverity.NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRule:
    """One question; ``drops_row`` says that a row which breaks it cannot be stored."""

    text: str
    severity: IssueSeverity
    drops_row: bool = False


def _rule(severity: IssueSeverity, text: str, *, drops_row: bool = False) -> IssueRule:
    return IssueRule(text=text, severity=severity, drops_row=drops_row)


ISSUE_RULES: Mapping[str, IssueRule] = MappingProxyType(
    {
        # What was read, row by row.
        "id_missing": _rule(ERROR, "Every element has an id.", drops_row=True),
        "value_missing": _rule(ERROR, "Required values are there.", drops_row=True),
        "value_unreadable": _rule(ERROR, "Numbers, flags and texts can be read.", drops_row=True),
        "value_not_allowed": _rule(ERROR, "Kinds and classes are known ones.", drops_row=True),
        "value_out_of_range": _rule(ERROR, "Values are physically possible.", drops_row=True),
        "geometry_missing": _rule(ERROR, "Every element has a place.", drops_row=True),
        "geometry_empty": _rule(ERROR, "A geometry has vertices.", drops_row=True),
        "geometry_not_finite": _rule(ERROR, "Coordinates are finite numbers.", drops_row=True),
        "geometry_kind": _rule(ERROR, "A geometry is of its table's kind.", drops_row=True),
        "geometry_too_large": _rule(ERROR, "A geometry has few enough vertices.", drops_row=True),
        "geometry_invalid": _rule(ERROR, "Lines have extent, areas do not cross.", drops_row=True),
        "geometry_outside_crs": _rule(ERROR, "Coordinates suit their CRS.", drops_row=True),
        "geometry_far_away": _rule(ERROR, "Elements lie where the others lie.", drops_row=True),
        "geometry_flattened": _rule(NOTE, "Heights are dropped."),
        "geometry_split": _rule(NOTE, "Parts of a multi-part area or corridor become rows."),
        "crs_grid_missing": _rule(WARNING, "The best datum transformation is available."),
        "source_doubtful": _rule(NOTE, "The reader of the format finds nothing odd in the source."),
        "rows_left_out": _rule(WARNING, "The mapping leaves no row out."),
        "value_replaced": _rule(WARNING, "The mapping gives no row another value than the source."),
        "mapping_remark": _rule(
            WARNING, "The mapping has nothing to say that a planner must know."
        ),
        "line_shape_reversed": _rule(NOTE, "Lines are drawn from their first bus to their second."),
        "joint_created": _rule(NOTE, "Line ends have buses of their own."),
        "tap_position_assumed": _rule(NOTE, "Tap positions are known; unknown ones are neutral."),
        "value_from_conductor": _rule(
            NOTE, "Lines have electrical values of their own; missing ones are their type's."
        ),
        "element_not_supported": _rule(WARNING, "Every kind of element of the source is used."),
        "osm_way_incomplete": _rule(WARNING, "Ways of OpenStreetMap have all their nodes."),
        "osm_area_broken": _rule(WARNING, "Areas of OpenStreetMap have rings that close."),
        "osm_nothing_found": _rule(WARNING, "OpenStreetMap has something of every table asked."),
        # What rows say of each other.
        "id_duplicate": _rule(ERROR, "Ids are unique within their table.", drops_row=True),
        "line_end_unknown_bus": _rule(
            ERROR, "Both ends of a line are known buses.", drops_row=True
        ),
        "line_ends_equal": _rule(ERROR, "A line joins two different buses.", drops_row=True),
        "line_end_off_bus": _rule(WARNING, "A line ends where its bus is."),
        "length_not_positive": _rule(ERROR, "Lines have a positive length.", drops_row=True),
        "length_against_geometry": _rule(WARNING, "Lengths agree with the geometry."),
        "rating_missing": _rule(WARNING, "Lines have a rated current."),
        "line_without_impedance": _rule(
            WARNING, "Lines have an impedance; where two buses are one, a switch joins them."
        ),
        "conductor_type_unknown": _rule(WARNING, "Conductor types are known."),
        "line_voltage_mismatch": _rule(ERROR, "Both buses of a line have its voltage."),
        "transformer_bus_unknown": _rule(
            ERROR, "Both buses of a transformer are known and different.", drops_row=True
        ),
        "transformer_voltage_mismatch": _rule(
            ERROR, "Transformers suit the voltage of their buses."
        ),
        "transformer_impedance_impossible": _rule(
            ERROR, "A transformer's resistance is at most its impedance.", drops_row=True
        ),
        "tap_out_of_range": _rule(ERROR, "Taps stand where there are taps."),
        "element_bus_unknown": _rule(
            ERROR, "Loads, generators and sources have a known bus.", drops_row=True
        ),
        "source_doubled": _rule(ERROR, "A bus has at most one source."),
        "switch_bus_unknown": _rule(ERROR, "A switch has a known bus.", drops_row=True),
        "switch_element_unknown": _rule(ERROR, "A switch has a known element.", drops_row=True),
        "switch_not_at_element": _rule(
            ERROR, "A switch is at an end of its element.", drops_row=True
        ),
        "substation_unknown": _rule(WARNING, "Substations that buses name are known."),
        "corridor_end_near_miss": _rule(
            WARNING, "Ends of corridors meet the corridor that they nearly reach."
        ),
        "bays_inconsistent": _rule(ERROR, "There are not more spare bays than bays."),
        # What the whole says.
        "island_without_source": _rule(ERROR, "Every bus is fed by a source."),
        "fed_from_two_sources": _rule(WARNING, "Every bus is fed by one source alone."),
        "cycle_where_radial": _rule(ERROR, "Grids that are declared radial have no closed loop."),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Severities:
    """Severity of every rule after the caller's changes."""

    changed: Mapping[str, IssueSeverity] = field(default_factory=dict)

    def of(self, rule: str) -> IssueSeverity:
        """Severity of one rule."""
        return self.changed.get(rule, ISSUE_RULES[rule].severity)

    def drops_row(self, rule: str) -> bool:
        """Whether rows that break this rule are left out, because it was lowered."""
        return ISSUE_RULES[rule].drops_row and self.of(rule) is not IssueSeverity.ERROR
