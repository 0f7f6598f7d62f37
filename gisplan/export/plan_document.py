"""A plan as JSON, there and back, and as GeoJSON.

The same plan gives the same bytes: fields in the order of the model, numbers in their shortest
form, no clock, no NaN.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from gisplan.errors import InputError
from gisplan.export.feature import Feature, FeatureCollection, Geometry, Value
from gisplan.export.option_figures import customer_voltage_pu, load_band, voltage_range_pu
from gisplan.export.surroundings_text import surroundings_columns
from gisplan.model.option import Finding, LonLat, Option, Plan, Route, Severity

_PLAN = TypeAdapter(Plan)


def plan_to_json(plan: Plan) -> bytes:
    """Canonical JSON of a plan, UTF-8.

    Raises
    ------
    InputError
        If a number of the plan is not finite; what is unknown must be ``None``.
    """
    document = _PLAN.dump_python(plan, warnings=False)
    _refuse_non_finite(document)
    # Validated once more, so that 1 and 1.0 in the same field are the same bytes.
    return _json_bytes(_PLAN.dump_python(_PLAN.validate_python(document), mode="json"))


def plan_from_json(document: bytes) -> Plan:
    """Plan of a JSON document that ``plan_to_json`` made.

    Raises
    ------
    InputError
        If it is no such document; the message says where it differs.
    """
    try:
        plan = _PLAN.validate_json(document)
    except ValidationError as error:
        raise InputError(f"this is no plan document: {_places(error)}") from error
    _refuse_non_finite(_PLAN.dump_python(plan))
    return plan


def plan_to_geojson(plan: Plan) -> bytes:
    """Plan as GeoJSON (RFC 7946): the features of ``build_plan_features``."""
    return _json_bytes(build_plan_features(plan))


def build_plan_features(plan: Plan) -> FeatureCollection:
    """Site, then for each option its access point and its route, as features in lon/lat.

    Behind them come those of the sources that belong together, where several are needed.
    """
    application = plan.application
    site = _feature(
        _point((application.lon, application.lat)),
        role="site",
        reference=application.reference,
        kind=application.kind.value,
        demand_kva=application.demand_kva,
        feasible=plan.feasible,
        **(surroundings_columns(plan.density) if plan.density else {}),
    )
    features = [site]
    for option in plan.options:
        features.append(build_access_point_feature(option))
        features.append(build_route_feature(option))
    for option, supplied_by in sources_of(plan):
        for feature in (build_access_point_feature(option), build_route_feature(option)):
            own = {"role": f"source_{feature['properties']['role']}", "supplied_by": supplied_by}
            features.append({**feature, "properties": {**feature["properties"], **own}})
    return {"type": "FeatureCollection", "features": features}


def sources_of(plan: Plan) -> list[tuple[Option, str]]:
    """Return the sources that belong together and what supplies each; none where one is enough."""
    found = plan.supply_set
    return [] if found is None else list(zip(found.options, found.supplied_by, strict=True))


def all_options(plan: Plan) -> tuple[Option, ...]:
    """Return the options of a plan, then the sources that belong together."""
    return plan.options + tuple(option for option, _ in sources_of(plan))


def build_access_point_feature(option: Option) -> Feature:
    """Access point of an option, with the option's figures."""
    access_point = option.access_point
    return _feature(
        _point((access_point.lon, access_point.lat)), role="access_point", **summarise(option)
    )


def build_route_feature(option: Option) -> Feature:
    """Route of an option as one multi-line, with the option's figures."""
    geometry: Geometry = {"type": "MultiLineString", "coordinates": route_lines(option.route)}
    return _feature(geometry, role="route", **summarise(option))


def route_lines(route: Route) -> list[list[LonLat]]:
    """Coordinates of the segments of a route that have a length."""
    return [list(segment.coordinates) for segment in route.segments if len(segment.coordinates) > 1]


def summarise(option: Option) -> dict[str, Value]:
    """Figures of an option in one flat row, the same in every table that leaves the library."""
    conductor = option.conductor
    electrical = option.electrical
    low_pu, high_pu = voltage_range_pu(option)
    return {
        "rank": option.rank,
        "feasible": option.feasible,
        "access_kind": option.access_point.kind.value,
        "element_kind": option.access_point.element_kind,
        "element_id": option.access_point.element_id,
        "element_name": option.access_point.name,
        "offset_m": option.access_point.offset_m,
        "nominal_voltage_v": option.access_point.nominal_voltage_v,
        "route_length_m": option.route.length_m,
        "straight_line_m": option.route.straight_line_m,
        "lead_time_days": option.route.lead_time_days,
        "ready_on": option.route.ready_on,
        "conductor": conductor.conductor_id if conductor else None,
        "parallel_count": conductor.parallel_count if conductor else None,
        "phases": option.phases,
        "cost_civil": option.cost.civil,
        "cost_crossings": option.cost.crossings,
        "cost_cable": option.cost.cable,
        "cost_accessories": option.cost.accessories,
        "cost_equipment": option.cost.equipment,
        "cost_remedies": option.cost.remedies,
        "cost_total": option.cost.total,
        "currency": option.cost.currency,
        "voltage_min_pu": low_pu,
        "voltage_max_pu": high_pu,
        "voltage_at_customer_pu": customer_voltage_pu(option),
        "loading_max_ratio": electrical.loading_max,
        "limiting_element": electrical.limiting_element,
        "short_circuit_ka": electrical.short_circuit_ka,
        "short_circuit_min_ka": electrical.short_circuit_min_ka,
        "load_band": load_band(option).value,
        "gap_ratio": option.gap,
        "backfeed_states": len(option.backfeed),
        "backfeed_states_failed": sum(state.holds is False for state in option.backfeed),
        "violations": _texts(option.findings, Severity.VIOLATION),
        "to_survey": _texts(option.findings, Severity.SURVEY),
        "remedies": "; ".join(remedy.text for remedy in option.remedies) or None,
    }


def _texts(findings: Sequence[Finding], severity: Severity) -> str | None:
    """Texts of the findings of one severity, or nothing."""
    return "; ".join(f.text for f in findings if f.severity is severity) or None


def _point(place: LonLat) -> Geometry:
    return {"type": "Point", "coordinates": place}


def _feature(geometry: Geometry, **properties: Value) -> Feature:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _json_bytes(document: object) -> bytes:
    """Indented JSON with a newline at its end; refuses what JSON cannot say."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    return text.encode() + b"\n"


def _refuse_non_finite(document: object) -> None:
    """Raise if any number of a nested document is NaN or infinite, naming all of them."""
    found = list(_non_finite(document, "plan"))
    if found:
        raise InputError(
            f"{', '.join(found)} not finite; expected finite numbers, and none where it is unknown"
        )


def _non_finite(document: object, path: str) -> Iterator[str]:
    """Paths of the numbers that are NaN or infinite."""
    if isinstance(document, float) and not math.isfinite(document):
        yield f"{path} is {document}"
    elif isinstance(document, Mapping):
        for key, value in document.items():
            yield from _non_finite(value, f"{path}.{key}")
    elif isinstance(document, list | tuple):
        for index, value in enumerate(document):
            yield from _non_finite(value, f"{path}[{index}]")


def _places(error: ValidationError) -> str:
    """Where and why a document was refused, the first five places."""
    found = [
        f"{'.'.join(map(str, detail['loc'])) or 'document'}: {detail['msg']}"
        for detail in error.errors(include_url=False, include_input=False)
    ]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return "; ".join(found[:5]) + more
