"""The tables that a load fills: columns (units in the names), kinds, and possible values.

They mirror the migrations of the schema ``grid``; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType

from gisplan.ingest.words import BARRIER_WORDS, LAYING_WORDS
from gisplan.model.grid import (
    BarrierKind,
    BusKind,
    CorridorKind,
    CustomerClass,
    Installation,
    Laying,
    LineRole,
    Phases,
    Protection,
    Surface,
    SwitchedKind,
)

Scalar = str | float | int | bool


class ColumnKind(StrEnum):
    """How the values of a column are read."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "whole number"
    FLAG = "true or false"
    DATE = "date, as in 2027-03-01"


class Shape(StrEnum):
    """Kind of geometry of a table."""

    POINT = "Point"
    LINE = "LineString"
    AREA = "Polygon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; ``default`` stands where the mapping does not name it, never for a gap.

    Bounds are inclusive but for ``above``. ``words`` are other words for choices, in lower case.
    """

    name: str
    kind: ColumnKind
    required: bool = False
    default: Scalar | None = None
    choices: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table; ``mapping_only`` columns help reading and are not stored."""

    name: str
    id_column: str
    shape: Shape | None
    columns: tuple[Column, ...]
    mapping_only: tuple[Column, ...] = ()

    @property
    def known_columns(self) -> Mapping[str, Column]:
        """Every column that a mapping may name."""
        return {column.name: column for column in (*self.columns, *self.mapping_only)}


def _text(name: str, *, required: bool = False) -> Column:
    return Column(name=name, kind=ColumnKind.TEXT, required=required)


def _choice(
    name: str,
    members: type[IntEnum],
    default: IntEnum | None = None,
    words: Mapping[str, str] | None = None,
) -> Column:
    return Column(
        name=name,
        kind=ColumnKind.TEXT,
        required=True,
        default=None if default is None else default.name.lower(),
        choices=tuple(member.name.lower() for member in members),
        words=words or {},
    )


def _optional_choice(
    name: str, members: type[IntEnum], words: Mapping[str, str] | None = None
) -> Column:
    choices = tuple(member.name.lower() for member in members)
    return Column(name=name, kind=ColumnKind.TEXT, choices=choices, words=words or {})


def _number(
    name: str,
    *,
    required: bool = False,
    default: float | None = None,
    above: float | None = None,
    at_least: float | None = None,
) -> Column:
    return Column(
        name=name,
        kind=ColumnKind.NUMBER,
        required=required,
        default=default,
        above=above,
        at_least=at_least,
    )


def _integer(
    name: str,
    *,
    required: bool = False,
    default: int | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Column:
    return Column(
        name=name,
        kind=ColumnKind.INTEGER,
        required=required,
        default=default,
        at_least=at_least,
        at_most=at_most,
    )


def _flag(name: str, *, default: bool | None = None) -> Column:
    return Column(name=name, kind=ColumnKind.FLAG, required=True, default=default)


def _table(
    name: str, shape: Shape | None, *columns: Column, hints: tuple[Column, ...] = ()
) -> Table:
    identity = _text(f"{name}_id", required=True)
    return Table(
        name=name,
        id_column=identity.name,
        shape=shape,
        columns=(identity, *columns),
        mapping_only=hints,
    )


_TAP_SIDE = Column(name="tap_side", kind=ColumnKind.TEXT, choices=("hv", "lv"))

# In the order of loading: what follows may refer to what stands before.
TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            _table("substation", Shape.POINT, _text("name")),
            _table(
                "bus",
                Shape.POINT,
                _text("name"),
                _choice("bus_kind", BusKind, BusKind.JOINT),
                _number("nominal_voltage_v", required=True, above=0),
                _text("substation_id"),
                _integer("bays_total", at_least=0),
                _integer("bays_spare", at_least=0),
                _number("rated_short_circuit_current_ka", above=0),
            ),
            _table(
                "line",
                Shape.LINE,
                _text("name"),
                _text("from_bus_id", required=True),
                _text("to_bus_id", required=True),
                _number("length_m", required=True),
                _number("resistance_ohm_per_km", required=True, at_least=0),
                _number("reactance_ohm_per_km", required=True, at_least=0),
                _number("capacitance_nf_per_km", at_least=0),
                _number("rated_current_a", above=0),
                _integer("parallel_count", required=True, default=1, at_least=1),
                _choice("installation", Installation, Installation.UNKNOWN),
                _choice("role", LineRole, LineRole.MAIN),
                _text("conductor_type"),
                _flag("in_service", default=True),
                _number("zero_resistance_ohm_per_km", at_least=0),
                _number("zero_reactance_ohm_per_km", at_least=0),
                _number("zero_capacitance_nf_per_km", at_least=0),
                _optional_choice("protection", Protection),
                _number("protection_current_a", above=0),
                hints=(_number("nominal_voltage_v", above=0),),
            ),
            _table(
                "transformer",
                Shape.POINT,
                _text("name"),
                _text("hv_bus_id", required=True),
                _text("lv_bus_id", required=True),
                _number("rated_power_kva", required=True, above=0),
                _number("hv_voltage_v", required=True, above=0),
                _number("lv_voltage_v", required=True, above=0),
                _number("short_circuit_voltage_pct", required=True, above=0),
                _number("short_circuit_resistance_pct", required=True, at_least=0),
                _number("no_load_loss_w", at_least=0),
                _number("no_load_current_pct", at_least=0),
                _integer("clock_number", at_least=0, at_most=11),
                _TAP_SIDE,
                _integer("tap_position"),
                _integer("tap_neutral"),
                _integer("tap_min"),
                _integer("tap_max"),
                _number("tap_step_pct"),
                _integer("parallel_count", required=True, default=1, at_least=1),
                _flag("in_service", default=True),
            ),
            _table(
                "switch",
                None,
                _text("bus_id", required=True),
                _choice("element_kind", SwitchedKind),
                _text("element_id", required=True),
                _flag("closed"),
                _flag("remote", default=False),
            ),
            _table(
                "source",
                None,
                _text("bus_id", required=True),
                _number("voltage_pu", required=True, above=0),
                _number("short_circuit_power_mva", above=0),
                _number("rx_ratio", at_least=0),
                _number("short_circuit_power_min_mva", above=0),
            ),
            _table(
                "load",
                None,
                _text("bus_id", required=True),
                _number("active_power_kw", required=True),
                _number("reactive_power_kvar", required=True),
                _choice("customer_class", CustomerClass),
                _integer("customer_count", required=True, at_least=0),
                _optional_choice("phases", Phases),
                _number("annual_energy_kwh", at_least=0),
                _number("contract_capacity_kva", above=0),
            ),
            _table(
                "generator",
                None,
                _text("bus_id", required=True),
                _number("active_power_kw", required=True),
                _number("reactive_power_kvar", required=True),
            ),
            _table(
                "corridor",
                Shape.LINE,
                _choice("corridor_kind", CorridorKind),
                _choice("surface", Surface),
                _text("evidence", required=True),
                _integer("free_ducts", at_least=0),
                _optional_choice("laying", Laying, LAYING_WORDS),
                _text("owner"),
                _number("permit_lead_time_days", at_least=0),
                Column(name="excavation_ban_until", kind=ColumnKind.DATE),
            ),
            _table(
                "obstacle",
                Shape.AREA,
                _text("obstacle_kind", required=True),
                Column(name="cost_factor", kind=ColumnKind.NUMBER, at_least=1),
                _flag("wayleave", default=False),
            ),
            _table(
                "barrier",
                Shape.LINE,
                _choice("barrier_kind", BarrierKind, words=BARRIER_WORDS),
                _text("owner"),
                _number("permit_lead_time_days", at_least=0),
            ),
        )
    }
)
