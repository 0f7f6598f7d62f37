"""Answers of the electrical commands as one HTML file: every element coloured by its class."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import folium
import shapely
from branca.element import Figure

from gisplan.export.electrical_table import ElectricalAnswer, ElementTable, lon_lat_shapes
from gisplan.export.feature import Feature, FeatureCollection, Value
from maps.element_classes import (
    ElementClass,
    Row,
    capacity_class,
    capacity_classes,
    loading_class,
    loading_classes,
    verdict_class,
    verdict_classes,
    voltage_class,
    voltage_classes,
)
from maps.layers import ATTRIBUTION, Controls, RawText, ZoomedMarkers, grid_group
from maps.offline import render_offline
from maps.plan_style import STYLE
from maps.texts import escaped, number, voltage

TEXT = "text"
RADIUS_PX = ((60_000.0, 9.0), (1_000.0, 6.5), (0.0, 4.0))
"""From which nominal voltage on a bus is drawn how large."""
NOTES_SHOWN = 8

Cells = Callable[[Row], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Theme:
    """How the elements of one table are drawn: their classes, what a pointer and a click tell."""

    heading: str
    table: ElementTable
    classes: tuple[ElementClass, ...]
    class_of: Callable[[Row], int]
    cells: Cells
    as_lines: bool = False


def render_capacity(answer: ElectricalAnswer, grid: FeatureCollection | None) -> str:
    """HTML of how much more every bus takes; the same answer and grid give the same text."""
    facts = answer.facts
    word = {"load": "Available capacity", "generation": "Hosting capacity"}[str(facts["direction"])]
    theme = _Theme(
        heading=f"{word} of a bus",
        table=answer.tables[0],
        classes=capacity_classes(),
        class_of=capacity_class,
        cells=_capacity_cells,
    )
    lead = (
        f"The largest further {facts['direction']} of one customer at power factor "
        f"{facts['power_factor']:g}, alone, that keeps all limits. It counts in full at every "
        f"level. {facts['known_count']:,} of {facts['bus_count']:,} buses are known."
    )
    return _render(f"{word} by bus", lead, answer, grid, [theme])


def render_screening(answer: ElectricalAnswer, grid: FeatureCollection | None) -> str:
    """HTML of where one demand fits; the same answer and grid give the same text."""
    facts = answer.facts
    asked = f"{facts['demand_kva']:,.10g} kVA {facts['direction']}"
    theme = _Theme(
        heading="First limit that is broken",
        table=answer.tables[0],
        classes=verdict_classes(),
        class_of=verdict_class,
        cells=_verdict_cells,
    )
    lead = (
        f"One demand of {asked} at power factor {facts['power_factor']:g}, asked of every bus by "
        f"itself: it fits at {facts['feasible_count']:,} of {facts['bus_count']:,}."
    )
    return _render(f"Where {asked} fits", lead, answer, grid, [theme])


def render_power_flow(answer: ElectricalAnswer) -> str:
    """HTML of voltages and loadings as the grid stands; the same answer gives the same text."""
    buses, lines, transformers = answer.tables
    themes = [
        _Theme(
            heading="Loading of a line, the higher of both cases",
            table=lines,
            classes=loading_classes(),
            class_of=loading_class,
            cells=_loading_cells,
            as_lines=True,
        ),
        _Theme(
            heading="Voltage of a bus, the further of both cases from 1 p.u.",
            table=buses,
            classes=voltage_classes(),
            class_of=voltage_class,
            cells=_voltage_cells,
        ),
        _Theme(
            heading="Loading of a transformer (ringed)",
            table=transformers,
            classes=loading_classes(),
            class_of=loading_class,
            cells=_loading_cells,
        ),
    ]
    lead = (
        "The grid as it stands with everything that is promised, at highest load and at highest "
        "feed-in, by AC power flow."
    )
    return _render("Base state of the grid", lead, answer, None, themes)


def _render(
    title: str,
    lead: str,
    answer: ElectricalAnswer,
    grid: FeatureCollection | None,
    themes: Sequence[_Theme],
) -> str:
    figure = Figure()
    folium_map = folium.Map(
        tiles=None, zoom_control=False, attributionControl=False, maxZoom=22, prefer_canvas=True
    )
    figure.add_child(folium_map)
    if grid is not None:
        grid_group(_lines_of(grid)).add_to(folium_map)
    drawn = [_draw(theme, folium_map) for theme in themes]
    folium_map.fit_bounds(_bounds([theme.table for theme in themes]), padding=(20, 20))
    folium.LayerControl(collapsed=False).add_to(folium_map)
    Controls(ATTRIBUTION).add_to(folium_map)
    ZoomedMarkers().add_to(folium_map)  # type: ignore[no-untyped-call]
    RawText(f"<title>{escaped(title)}</title>{STYLE}").add_to(figure.header)
    legends = [_legend(theme, counts) for theme, counts in zip(themes, drawn, strict=True)]
    RawText(_panel(title, lead, answer, legends)).add_to(figure.html)
    return render_offline(folium_map)


def _lines_of(grid: FeatureCollection) -> list[Feature]:
    """Lines alone: the buses of the answer lie where the stations would."""
    return [one for one in grid["features"] if one["geometry"]["type"] == "LineString"]


def _draw(theme: _Theme, folium_map: folium.Map) -> Counter[int]:
    """Draw a table in layers by voltage that can be switched off; return how many a class has."""
    rows = list(theme.table.rows())
    shapes = lon_lat_shapes(theme.table)
    groups: dict[float, dict[int, list[Feature]]] = {}
    for row, shape in zip(rows, shapes, strict=True):
        nominal_v = float(row["nominal_voltage_v"] or 0.0)
        of_class = groups.setdefault(nominal_v, {}).setdefault(theme.class_of(row), [])
        of_class.append(_feature(shape, theme.cells(row)))
    for nominal_v in sorted(groups):  # low voltage below
        name = f"{theme.table.element_kind}, {voltage(nominal_v)}"
        group = folium.FeatureGroup(name=name)
        for index in sorted(groups[nominal_v], reverse=True):  # the worst on top
            _layer(theme, groups[nominal_v][index], index, nominal_v).add_to(group)
        group.add_to(folium_map)
    return Counter(theme.class_of(row) for row in rows)


def _feature(shape: shapely.Geometry, cells: Mapping[str, str]) -> Feature:
    geometry = json.loads(shapely.to_geojson(shape))
    return {"type": "Feature", "geometry": geometry, "properties": dict(cells)}


def _layer(
    theme: _Theme, features: Sequence[Feature], index: int, nominal_v: float
) -> folium.GeoJson:
    colour = theme.classes[index].colour
    is_ringed = theme.table.element_kind == "transformer"
    width_px = _radius_px(nominal_v) / 1.6 if theme.as_lines else (2.5 if is_ringed else 0.8)
    style = {
        "color": colour if theme.as_lines or is_ringed else "#ffffff",
        "weight": width_px,
        "fillColor": "#ffffff" if is_ringed else colour,
        "fillOpacity": 0.95,
    }
    titles = [name for name in features[0]["properties"] if name != TEXT]
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": list(features)},
        style_function=lambda _: style,
        marker=folium.CircleMarker(radius=_radius_px(nominal_v), fill=True),
        tooltip=folium.GeoJsonTooltip(fields=[TEXT], labels=False),
        popup=folium.GeoJsonPopup(fields=titles, localize=False, max_width=380),
    )


def _radius_px(nominal_v: float) -> float:
    return next(radius for lower_v, radius in RADIUS_PX if nominal_v >= lower_v)


def _bounds(tables: Iterable[ElementTable]) -> list[list[float]]:
    boxes = [shape.bounds for table in tables for shape in lon_lat_shapes(table)]
    west, south = (min(box[n] for box in boxes) for n in (0, 1))
    east, north = (max(box[n] for box in boxes) for n in (2, 3))
    return [[south, west], [north, east]]


def _panel(title: str, lead: str, answer: ElectricalAnswer, legends: Sequence[str]) -> str:
    facts = answer.facts
    notes = "".join(f"<li>{escaped(note)}</li>" for note in answer.notes[:NOTES_SHOWN])
    more = len(answer.notes) - NOTES_SHOWN
    rest = f"<li>and {more} more</li>" if more > 0 else ""
    told = f"<h2>To know</h2><ul>{notes}{rest}</ul>" if notes else ""
    return (
        f'<div id="panel"><h1>{escaped(title)}</h1><p>{escaped(lead)}</p>{"".join(legends)}{told}'
        f'<p class="quiet">grid version {facts["grid_version"]}, ledger '
        f"{facts['ledger_sequence']}, profile {escaped(facts['profile'])}. Click on an element for "
        "its figures.</p></div>"
    )


def _legend(theme: _Theme, counts: Counter[int]) -> str:
    rows = "".join(
        f"<tr><td>{_sign(theme, one.colour)}</td><td>{escaped(one.label)}</td>"
        f'<td class="figure">{counts[index]:,}</td></tr>'
        for index, one in enumerate(theme.classes)
        if counts[index]
    )
    return f'<h2>{escaped(theme.heading)}</h2><table class="legend">{rows}</table>'


def _sign(theme: _Theme, colour: str) -> str:
    if theme.as_lines:
        shape = f'<line x1="0" y1="7" x2="30" y2="7" stroke="{colour}" stroke-width="4"/>'
    elif theme.table.element_kind == "transformer":
        shape = f'<circle cx="15" cy="7" r="4.5" fill="#fff" stroke="{colour}" stroke-width="2.5"/>'
    else:
        shape = f'<circle cx="15" cy="7" r="6" fill="{colour}"/>'
    return f'<svg width="30" height="14">{shape}</svg>'


def _named(row: Row, kind: str) -> str:
    name, element_id = str(row["name"]), str(row[f"{kind}_id"])
    return escaped(f"{name} ({element_id})" if name and name != element_id else element_id)


def _level(row: Row) -> str:
    return voltage(float(row["nominal_voltage_v"] or 0.0))


def _limiting(row: Row) -> str:
    if not row["limiting_id"]:
        return "none"
    name = row["limiting_name"]
    named = f" ({name})" if name and name != row["limiting_id"] else ""
    return escaped(f"{row['limiting_kind']} {row['limiting_id']}{named}")


def _figure(value: Value, unit: str = "", digits: int = 4) -> str:
    return number(None if value is None else float(value), unit, digits)


def _percent(value: Value) -> str:
    return "unknown" if value is None else f"{float(value):.1%}"


def _capacity_cells(row: Row) -> dict[str, str]:
    is_loading = row["limited_by"] == "loading"
    shown = _percent if is_loading else _figure
    told = f"{shown(row['base_value'])} today, limit {shown(row['limit_value'])}"
    is_open = row["limited_by"] == "none"
    return {
        TEXT: f"{_named(row, 'bus')} · "
        + ("not limited" if is_open else _figure(row["capacity_kva"], "kVA", 3)),
        "bus": _named(row, "bus"),
        "voltage level": _level(row),
        "capacity": "not limited" if is_open else _figure(row["capacity_kva"], "kVA"),
        "because": escaped(row["reason"]),
        "limiting element": _limiting(row),
        "its figure": told if row["limiting_id"] else "none",
    }


def _verdict_cells(row: Row) -> dict[str, str]:
    verdict = "fits" if row["feasible"] else "does not fit"
    return {
        TEXT: f"{_named(row, 'bus')} · {verdict}",
        "bus": _named(row, "bus"),
        "voltage level": _level(row),
        "verdict": verdict,
        "because": escaped(row["reasons"] or "all limits are kept"),
        "voltage at the bus": _figure(row["voltage_pu"], "p.u."),
        "lowest voltage": _figure(row["voltage_min_pu"], "p.u."),
        "highest voltage": _figure(row["voltage_max_pu"], "p.u."),
        "highest loading": f"{_percent(row['loading_max_ratio'])} of {_limiting(row)}",
        "short circuit": f"largest {_figure(row['short_circuit_max_ka'], 'kA', 3)}, "
        f"smallest {_figure(row['short_circuit_min_ka'], 'kA', 3)}",
        "decided by": escaped(str(row["method"]).replace("_", " ")),
    }


def _voltage_cells(row: Row) -> dict[str, str]:
    load, feed_in = row["voltage_load_pu"], row["voltage_feed_in_pu"]
    return {
        TEXT: f"{_named(row, 'bus')} · {_figure(load)} / {_figure(feed_in, 'p.u.')}",
        "bus": _named(row, "bus"),
        "voltage level": _level(row),
        "at highest load": _figure(load, "p.u."),
        "at highest feed-in": _figure(feed_in, "p.u."),
        "transformer": escaped(row["transformer_id"] or "none"),
    }


def _loading_cells(row: Row) -> dict[str, str]:
    kind = "line" if "line_id" in row else "transformer"
    load, feed_in = row["loading_load_ratio"], row["loading_feed_in_ratio"]
    rated = (
        _figure(row["rated_current_a"], "A")
        if kind == "line"
        else _figure(row["rated_power_kva"], "kVA")
    )
    return {
        TEXT: f"{_named(row, kind)} · {_percent(load)} / {_percent(feed_in)}",
        kind: _named(row, kind),
        "voltage level": _level(row),
        "loading at highest load": _percent(load),
        "loading at highest feed-in": _percent(feed_in),
        "rated": rated,
    }
