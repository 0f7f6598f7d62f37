"""Lists of applications from CSV or GeoJSON; every fault is named at once, by row."""

from __future__ import annotations

import csv
import json
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING, Annotated, Any, Literal

import shapely
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gisplan.errors import SourceError
from gisplan.ingest.parcels import check_geometry, check_parcel, inner_place, parse_parcel
from gisplan.model.application import Application, ApplicationKind, Importance
from gisplan.model.grid import CustomerClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILE_BYTES_MAX = 64 * 1024 * 1024
FAULTS_SHOWN = 20
METRES = "; convert metres first, for instance with ogr2ogr -t_srs EPSG:4326"
REQUIRED = {
    "reference": "a name that no other row has",
    "lon": "degrees east, -180 to 180 (WGS 84)",
    "lat": "degrees north, -90 to 90 (WGS 84)",
    "demand_kva": "the contract capacity asked for in kVA, above 0",
}
CLASSES = tuple(one.name.lower() for one in CustomerClass)
DEFAULT_CLASS = {
    ApplicationKind.LOAD: "household",
    ApplicationKind.GENERATION: "household",
    ApplicationKind.STORAGE: "household",
    ApplicationKind.EV: "ev_charging",
}

STEPS_PER_HOUR_MAX = 36_000  # ten a second: faster than flicker is defined for

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, le=1e7)]
Phase = Literal["L1", "L2", "L3"]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]


def _read_parcel_value(value: object) -> object:
    """Return WKT, GeoJSON or corners as the ring of a parcel; others are left to be refused."""
    if isinstance(value, str):
        return parse_parcel(value)
    if isinstance(value, (list, tuple)):
        try:
            return check_parcel(value)
        except TypeError as error:
            raise ValueError("parcel is no list of corners; expected lon, lat of each") from error
    return value


Parcel = Annotated[tuple[tuple[float, float], ...], BeforeValidator(_read_parcel_value)]
"""Closed outer ring in lon/lat; corners, WKT and GeoJSON are read."""


class ApplicationRow(BaseModel):
    """One application as it comes from outside; unknown columns are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    reference: Name
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    kind: ApplicationKind = ApplicationKind.LOAD
    demand_kva: Positive
    customer_class: str | None = None
    installed_power_kw: Positive | None = None
    transformer_unit_kva: Positive | None = None
    expected_maximum_demand_kw: Positive | None = None
    power_factor: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.95
    phases: Annotated[int, Field(ge=1, le=3, multiple_of=1)] | None = None
    importance: Importance = Importance.ORDINARY
    existing_bus_id: Name | None = None
    applied_on: Day | None = None
    wanted_on: Day | None = None
    synthetic: bool = False
    largest_motor_kw: Positive | None = None
    largest_step_kva: Positive | None = None
    steps_per_hour: (
        Annotated[float, Field(gt=0, le=STEPS_PER_HOUR_MAX, allow_inf_nan=False)] | None
    ) = None
    phase: Phase | None = None
    parcel: Parcel | None = None

    def to_application(self) -> Application:
        """Return the row as a fact, its class chosen by its kind where none is given.

        Raises
        ------
        ValueError
            If class or number of phases is none that exists, or a phase is named of three.
        """
        customer_class = self.customer_class or DEFAULT_CLASS[self.kind]
        if customer_class not in CLASSES:
            raise ValueError(f"customer_class is {customer_class}; expected one of {CLASSES}")
        if self.phases == 2:
            raise ValueError("phases is 2; expected 1 or 3")
        check_phase(self.phases, self.phase)
        values = self.model_dump() | {
            "customer_class": customer_class,
            "applied_on": self.applied_on.isoformat() if self.applied_on else None,
            "wanted_on": self.wanted_on.isoformat() if self.wanted_on else None,
        }
        return Application(**values)


def read_applications(path: Path) -> tuple[Application, ...]:
    """Read a list of applications.

    CSV has one column a field of ``Application`` and a header, a parcel as WKT; GeoJSON has points
    whose properties are those fields (lon and lat come from the point), or parcels (lon and lat are
    those of the properties, else of a place on the parcel).

    Raises
    ------
    SourceError
        Naming every row that cannot be used, what was found and what was expected.
    """
    applications: list[Application] = []
    faults: list[str] = []
    for place, values in _rows(path):
        if isinstance(values, str):
            faults.append(f"{place}: {values}")
            continue
        try:
            applications.append(ApplicationRow.model_validate(values).to_application())
        except ValidationError as error:
            faults.extend(f"{place}: {text}" for text in _faults(error))
        except ValueError as error:
            faults.append(f"{place}: {error}")
    faults.extend(_doubles(applications))
    if not applications and not faults:
        raise SourceError(f"{path} holds no applications; expected a row for each")
    if faults:
        shown = "\n  ".join(faults[:FAULTS_SHOWN])
        more = f"\n  and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
        raise SourceError(f"{path} cannot be used; correct these rows:\n  {shown}{more}")
    return tuple(applications)


def parse_application(values: Mapping[str, object]) -> Application:
    """Return one application from named values; those that are ``None`` take their default.

    Raises
    ------
    SourceError
        Naming every value that cannot be used.
    """
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return ApplicationRow.model_validate(given).to_application()
    except ValidationError as error:
        raise SourceError("; ".join(_faults(error))) from error
    except ValueError as error:
        raise SourceError(str(error)) from error


def check_phase(phases: int | None, phase: str | None) -> None:
    """Refuse the name of one phase beside a number of three.

    Raises
    ------
    ValueError
        If both are given and contradict each other.
    """
    if phase is not None and phases == 3:
        raise ValueError(f"phase is {phase} and phases is 3; expected one of them alone, or 1")


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False):
        name = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "missing":
            yield f"{name} is missing; expected {REQUIRED[name]}"
        elif name in {"lon", "lat"}:
            far = METRES if "than_equal" in fault["type"] else ""
            yield f"{name} is {str(fault['input'])[:60]!r}; expected {REQUIRED[name]}{far}"
        else:
            yield f"{name} is {str(fault['input'])[:60]!r}; {fault['msg']}"


def _doubles(applications: list[Application]) -> Iterator[str]:
    seen: set[str] = set()
    for application in applications:
        if application.reference in seen:
            yield f"reference {application.reference} stands twice; references are unique"
        seen.add(application.reference)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Yield where each application stands and its values, or the fault why it has none."""
    text = _text(path)
    if path.suffix.lower() == ".csv":
        yield from _csv_rows(path, text)
    elif path.suffix.lower() in {".geojson", ".json"}:
        yield from _geojson_rows(path, text)
    else:
        raise SourceError(f"{path} ends in {path.suffix!r}; expected .csv or .geojson")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise SourceError(f"{path} is larger than {FILE_BYTES_MAX // 2**20} MiB; split it")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error


def _csv_rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    try:
        reader = csv.DictReader(StringIO(text), strict=True)
        missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
        if text.strip() and missing:
            raise SourceError(
                f"{path}: the header is {','.join(reader.fieldnames or ())[:200]!r} and lacks "
                f"{', '.join(missing)}; expected names separated by commas, of "
                f"{', '.join(ApplicationRow.model_fields)}"
            )
        for number, row in enumerate(reader, start=2):
            if None in row:
                yield f"row {number}", f"holds more cells than the {len(row) - 1} of the header"
                continue
            yield f"row {number}", {name: value for name, value in row.items() if value}
    except csv.Error as error:
        raise SourceError(
            f"{path}: no CSV that can be read, line {reader.line_num}: {error}"
        ) from error


def _geojson_rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    try:
        features = json.loads(text)["features"]
        if not isinstance(features, list):
            raise TypeError("its features are no list")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(
            f"{path} is no GeoJSON FeatureCollection of points or parcels with properties: "
            f"{error!r}"
        ) from error
    for number, feature in enumerate(features, start=1):
        try:
            values: dict[str, Any] | str = _feature_values(feature)
        except ValueError as error:
            values = str(error)
        except (KeyError, TypeError, RecursionError, shapely.errors.GEOSException) as error:
            values = f"no Feature with a geometry and properties: {error!r}"
        yield f"feature {number}", values


def _feature_values(feature: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a feature and what its geometry says of the site."""
    geometry, properties = feature["geometry"], feature["properties"]
    if geometry is None:
        raise ValueError("the geometry is null; expected a Point, or a parcel as a Polygon")
    if geometry["type"] == "Point":
        place = geometry["coordinates"]
        if len(place) < 2:
            raise ValueError(f"the Point is {place}; expected longitude and latitude")
        return {**properties, "lon": place[0], "lat": place[1]}
    ring = check_geometry(shapely.from_geojson(json.dumps(geometry)))
    lon, lat = inner_place(ring)
    return {"lon": lon, "lat": lat, **properties, "parcel": ring}
