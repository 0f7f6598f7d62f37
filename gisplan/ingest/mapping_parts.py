"""Parts of a mapping: where a value comes from, which rows count, how elements are placed.

A mapping comes from outside: its expressions are bounded, and nothing in it is ever executed.
"""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gisplan.ingest.tables import Scalar

EXPRESSION_LENGTH_MAX = 200
REPEATS_MAX = 3
FILTER_LENGTH_MAX = 500
SOURCE_NAME = "main"


def _check_expression(text: str) -> str:
    """Refuse what could run for ever: long expressions, many repeats, repeats of a group."""
    if len(text) > EXPRESSION_LENGTH_MAX:
        raise ValueError(f"has {len(text)} characters, allowed are {EXPRESSION_LENGTH_MAX}")
    bare = re.sub(r"\\.", "", text)
    if re.search(r"\)[*+{]", bare):
        raise ValueError("repeats a group; write the repeat inside the group")
    if len(re.findall(r"[*+{]", bare)) > REPEATS_MAX:
        raise ValueError(f"has more than {REPEATS_MAX} repeats")
    try:
        compiled = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if compiled.groups > 1:
        raise ValueError("has more than one group; mark the others with (?:...)")
    return text


def _check_filter(text: str) -> str:
    if len(text) > FILTER_LENGTH_MAX or ";" in text:
        raise ValueError(f"is longer than {FILTER_LENGTH_MAX} characters or holds a semicolon")
    return text


def _check_format(text: str) -> str:
    if text.count("{}") != 1 or "{" in text.replace("{}", "") or "}" in text.replace("{}", ""):
        raise ValueError("needs the place holder {} exactly once, as in 'mv/{}'")
    return text


def _check_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(f"{name!r} is no character encoding; for example utf-8 or gbk") from None


def as_list(value: object) -> object:
    """Let one part stand for a list of one."""
    return value if isinstance(value, (list, tuple)) else [value]


Expression = Annotated[str, AfterValidator(_check_expression)]
Filter = Annotated[str, AfterValidator(_check_filter)]
Format = Annotated[str, AfterValidator(_check_format)]
Crs = Annotated[str, Field(pattern=r"^EPSG:\d{4,6}$")]
Metres = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Reason = Annotated[str, Field(min_length=3, max_length=500)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Part(BaseModel):
    """Base of everything in a mapping: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class LayerReference(Part):
    """A layer of a source, or the rows of it that a filter (OGR SQL ``where``) keeps."""

    layer: str | None = None
    source: str = SOURCE_NAME
    where: Filter | None = None
    encoding: Annotated[str, AfterValidator(_check_encoding)] | None = None


class Condition(Part):
    """One test of one column; texts are compared after ``extract``, numbers as numbers."""

    column: str
    extract: Expression | None = None
    in_set: str | None = None
    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] | None = None
    at_least: Finite | None = None
    below: Finite | None = None
    is_null: bool | None = None

    @model_validator(mode="after")
    def _check_tests(self) -> Self:
        tests = ("in_set", "equals", "one_of", "at_least", "below", "is_null")
        if sum(getattr(self, test) is not None for test in tests) != 1:
            raise ValueError(f"needs exactly one of {', '.join(tests)}")
        return self


class Skip(Condition):
    """Rows to leave out, with the reason that the warning tells."""

    because: Reason


class Lookup(LayerReference):
    """The column ``value`` of the row of another layer whose column ``key`` has our value."""

    key: str
    value: str
    extract: Expression | None = None


class NearestBus(Part):
    """The id of the nearest bus within a distance, optionally of one voltage."""

    within_m: Metres
    nominal_voltage_v: float | None = None


class Value(Part):
    """Where the value of one of our columns comes from.

    Exactly one origin; then, in this order: ``extract``, ``lookup``, ``values``, ``factor`` and
    ``scale_by``, ``modulo``, ``format``; ``otherwise`` fills what is still missing.
    """

    column: str | None = None
    value: Scalar | None = None
    cases: tuple[Case, ...] | None = None
    nearest_bus: NearestBus | None = None
    length_of_geometry: Literal[True] | None = None
    extract: Expression | None = None
    lookup: Annotated[tuple[Lookup, ...], BeforeValidator(as_list)] = ()
    values: dict[str, Scalar] | None = None
    factor: Finite | None = None
    scale_by: str | None = None
    modulo: Annotated[int, Field(gt=0)] | None = None
    format: Format | None = None
    otherwise: Result | None = None

    @model_validator(mode="after")
    def _check_origin(self) -> Self:
        origins = ("column", "value", "cases", "nearest_bus", "length_of_geometry")
        if sum(getattr(self, origin) is not None for origin in origins) != 1:
            raise ValueError(f"needs exactly one of {', '.join(origins)}")
        return self


def _read_result(given: object) -> object:
    return {"value": given} if isinstance(given, (str, int, float)) else given


def _read_value(given: object) -> object:
    return {"column": given} if isinstance(given, str) else _read_result(given)


# In a column's place a bare text names a column; as the result of a case it is the value itself.
Result = Annotated[Value, BeforeValidator(_read_result)]
ColumnValue = Annotated[Value, BeforeValidator(_read_value)]


class Case(Condition):
    """What a value is where a condition holds; the first case that holds decides.

    ``because`` tells as a warning which rows it was, and why.
    """

    then: Result
    because: Reason | None = None


class Geometry(Part):
    """Geometry that is not the row's own: that of a bus, or straight between a line's buses."""

    of: str | None = None
    between_buses: Literal[True] | None = None

    @model_validator(mode="after")
    def _check_origin(self) -> Self:
        if (self.of is None) == (self.between_buses is None):
            raise ValueError("needs exactly one of of, between_buses")
        return self


class Snap(Part):
    """Line ends take the nearest bus within a distance; ``create_joints`` makes those that lack."""

    within_m: Metres
    create_joints: bool = False
