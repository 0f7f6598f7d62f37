"""The column mapping: what of a source becomes what of the grid, as a planner writes it in TOML.

``MAPPING.md`` beside this module is its manual.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gisplan.ingest.mapping_parts import (
    SOURCE_NAME,
    ColumnValue,
    Condition,
    Crs,
    Expression,
    Geometry,
    LayerReference,
    Part,
    Reason,
    Skip,
    Snap,
    as_list,
)
from gisplan.ingest.suggestion import describe_choice
from gisplan.ingest.tables import TABLES
from gisplan.model.issue import IssueSeverity
from gisplan.model.issue_rules import ISSUE_RULES


class Layer(LayerReference):
    """One source layer that becomes rows of one of our tables.

    ``remark`` is told as a warning: what a planner must know of these rows.
    """

    crs: Crs | None = None
    xy: tuple[str, str] | None = None
    decimal_comma: bool = False
    skip: Annotated[tuple[Skip, ...], BeforeValidator(as_list)] = ()
    geometry: Geometry | None = None
    snap: Snap | None = None
    remark: Reason | None = None
    columns: dict[str, ColumnValue]

    @property
    def title(self) -> str:
        """How messages call the layer."""
        prefix = "" if self.source == SOURCE_NAME else f"{self.source}:"
        return f"{prefix}{self.layer or 'only layer'}"


class NamedSet(LayerReference):
    """The values of a column, to be asked by ``in_set``; ``when`` may ask other sets."""

    column: str
    extract: Expression | None = None
    when: Annotated[tuple[Condition, ...], BeforeValidator(as_list)] = ()


class ConductorValues(Part):
    """Electrical values of a conductor type, for sources whose lines carry only the type."""

    resistance_ohm_per_km: Annotated[float, Field(ge=0)] | None = None
    reactance_ohm_per_km: Annotated[float, Field(ge=0)] | None = None
    capacitance_nf_per_km: Annotated[float, Field(ge=0)] | None = None
    zero_resistance_ohm_per_km: Annotated[float, Field(ge=0)] | None = None
    zero_reactance_ohm_per_km: Annotated[float, Field(ge=0)] | None = None
    zero_capacitance_nf_per_km: Annotated[float, Field(ge=0)] | None = None
    rated_current_a: Annotated[float, Field(gt=0)] | None = None
    installation: str | None = None


class Radial(Part):
    """Voltage below which the grid is declared to be run without closed loops."""

    below_v: Annotated[float, Field(gt=0)]


def _split_columns(table: str, given: object) -> object:
    """Separate our columns from the keys that describe the layer; refuse what is neither."""
    if not isinstance(given, dict):
        return given
    reserved = set(Layer.model_fields) - {"columns"}
    known = TABLES[table].known_columns
    for key in given:
        if key not in reserved and key not in known:
            choice = describe_choice(str(key), [*known, *sorted(reserved)])
            raise ValueError(
                f"{key!r} is neither a column of {table} nor a key of a layer; {choice}"
            )
    described: dict[str, Any] = {key: given[key] for key in given if key in reserved}
    described["columns"] = {key: given[key] for key in given if key in known}
    return described


def _check_severity_names(changed: dict[str, IssueSeverity]) -> dict[str, IssueSeverity]:
    for rule in changed:
        if rule not in ISSUE_RULES:
            raise ValueError(f"{rule!r} is no rule; {describe_choice(rule, ISSUE_RULES)}")
    return changed


SeverityChanges = Annotated[dict[str, IssueSeverity], AfterValidator(_check_severity_names)]


class Mapping(Part):
    """A whole mapping: the tables of the grid, each from any number of layers."""

    name: str = ""
    working_crs: Crs | None = None
    sources: dict[str, str] = Field(default_factory=dict)
    sets: dict[str, NamedSet] = Field(default_factory=dict)
    severity: SeverityChanges = Field(default_factory=dict)
    radial: Radial | None = None
    conductors: dict[str, ConductorValues] = Field(default_factory=dict)
    tables: dict[str, tuple[Layer, ...]]

    @model_validator(mode="before")
    @classmethod
    def _gather_tables(cls, given: object) -> object:
        if not isinstance(given, dict) or "tables" in given:
            return given
        known = {*cls.model_fields, *TABLES} - {"tables"}
        for key in given:
            if key not in known:
                raise ValueError(
                    f"{key!r} is neither a table nor a setting; "
                    + describe_choice(str(key), sorted(known))
                )
        described = {key: given[key] for key in given if key not in TABLES}
        described["tables"] = {
            name: [_split_columns(name, layer) for layer in _read_layers(name, given[name])]
            for name in TABLES
            if name in given
        }
        return described

    @model_validator(mode="after")
    def _check_contents(self) -> Self:
        if "bus" not in self.tables:
            raise ValueError("has no [[bus]]: a grid needs buses")
        for name, layers in self.tables.items():
            for layer in layers:
                _check_layer(name, layer)
        return self


def _read_layers(table: str, given: object) -> list[object]:
    if not isinstance(given, list):
        raise ValueError(f"[{table}] is written [[{table}]]: several layers may fill one table")
    return given


def _check_layer(table: str, layer: Layer) -> None:
    """Check that required columns are mapped and that geometry keys suit the table."""
    wanted = {
        column.name
        for column in TABLES[table].columns
        if column.required and column.default is None
    }
    if layer.snap:
        wanted -= {"from_bus_id", "to_bus_id"}
    missing = sorted(wanted - set(layer.columns) - _filled_by_conductors(table))
    if missing:
        raise ValueError(
            f"[[{table}]] of layer {layer.title} does not say where {', '.join(missing)} comes from"
        )
    if layer.snap and table != "line":
        raise ValueError(f"[[{table}]]: snap is for lines; use nearest_bus")
    if layer.geometry and (TABLES[table].shape is None):
        raise ValueError(f"[[{table}]] has no geometry")


def _filled_by_conductors(table: str) -> set[str]:
    return set(ConductorValues.model_fields) if table == "line" else set()
