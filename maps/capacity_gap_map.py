"""The capacity gap as one HTML file: supply areas by season, transformers by themselves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

import folium
import shapely
from branca.element import Figure

from gisplan.export.capacity_gap_classes import CLASSES, gap_class
from gisplan.export.electrical_table import ElectricalAnswer, ElementTable, lon_lat_shapes
from gisplan.export.feature import Feature, FeatureCollection, Value
from maps.layers import ATTRIBUTION, Controls, RawText, ZoomedMarkers, grid_group
from maps.offline import render_offline
from maps.plan_style import STYLE
from maps.texts import escaped, number

Row = Mapping[str, Value]

TEXT = "text"
ROWS_SHOWN = 10


def render_gap(answer: ElectricalAnswer, grid: FeatureCollection | None) -> str:
    """HTML of a capacity gap; the same answer and grid give the same text."""
    areas, units = answer.tables[0], answer.tables[1]
    figure = Figure()
    folium_map = folium.Map(
        tiles=None, zoom_control=False, attributionControl=False, maxZoom=22, prefer_canvas=True
    )
    figure.add_child(folium_map)
    counts = _draw(areas, folium_map)
    if grid is not None:
        lines = [one for one in grid["features"] if one["geometry"]["type"] == "LineString"]
        grid_group(lines).add_to(folium_map)
    _draw(units, folium_map)
    if len(areas):
        west, south, east, north = shapely.total_bounds(lon_lat_shapes(areas))
        folium_map.fit_bounds([[south, west], [north, east]], padding=(20, 20))
    folium.LayerControl(collapsed=False).add_to(folium_map)
    Controls(ATTRIBUTION).add_to(folium_map)
    ZoomedMarkers().add_to(folium_map)  # type: ignore[no-untyped-call]
    title = f"Capacity gap for {answer.facts['direction']}"
    RawText(f"<title>{escaped(title)}</title>{STYLE}").add_to(figure.header)
    RawText(_panel(title, answer, counts)).add_to(figure.html)
    return render_offline(folium_map)


def _draw(table: ElementTable, folium_map: folium.Map) -> Counter[int]:
    """Draw a table in a layer of its own; return how many a class has."""
    rows, shapes = list(table.rows()), lon_lat_shapes(table)
    by_class: dict[int, list[Feature]] = {}
    for row, shape in zip(rows, shapes, strict=True):
        if not shape.is_empty:
            by_class.setdefault(gap_class(row), []).append(_feature(shape, _cells(row)))
    is_area = table.element_kind == "supply_area"
    name = "supply areas, by all that they hang on" if is_area else "transformers, by themselves"
    group = folium.FeatureGroup(name=name)
    for index in sorted(by_class, reverse=True):
        _layer(by_class[index], CLASSES[index][1], is_area=is_area).add_to(group)
    group.add_to(folium_map)
    return Counter(gap_class(row) for row in rows)


def _layer(features: Sequence[Feature], colour: str, *, is_area: bool) -> folium.GeoJson:
    style = {
        "color": "#ffffff" if is_area else "#222222",
        "weight": 1.0,
        "fillColor": colour,
        "fillOpacity": 0.6 if is_area else 1.0,
    }
    titles = [name for name in features[0]["properties"] if name != TEXT]
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": list(features)},
        style_function=lambda _: style,
        marker=folium.CircleMarker(radius=6, fill=True),
        tooltip=folium.GeoJsonTooltip(fields=[TEXT], labels=False),
        popup=folium.GeoJsonPopup(fields=titles, localize=False, max_width=380),
    )


def _feature(shape: shapely.Geometry, cells: Mapping[str, str]) -> Feature:
    geometry = json.loads(shapely.to_geojson(shape))
    return {"type": "Feature", "geometry": geometry, "properties": dict(cells)}


def _season(row: Row) -> str:
    if not row["is_known"]:
        return "unknown"
    if not row["runs_out"]:
        return "lasts"
    return f"{row['runs_out']} ({row['earliest']} to {row['latest'] or 'later'})"


def _kva(value: Value) -> str:
    return number(None if value is None else float(value), "kVA")


def _cells(row: Row) -> dict[str, str]:
    """Return what a pointer and a click tell of an area or an element."""
    cells = {
        TEXT: escaped(f"{row['name']} · {_season(row)}"),
        "name": escaped(row["name"]),
        "runs out": escaped(_season(row)),
        "open applications": f"{row['asked_count']:,} asking {_kva(row['asked_kva'])}",
        "to come": _kva(row["growth_kva"]),
    }
    if "given_kva" in row:
        cells["of this it is given"] = _kva(row["given_kva"])
        cells["tightest element"] = escaped(f"{row['limiting_level']} {row['limiting_name']}")
        cells["which can give"] = _kva(row["limiting_headroom_kva"])
        cells["and is asked for"] = _kva(row["limiting_asked_kva"])
    else:
        cells["can give"] = _kva(row["headroom_kva"])
        cells["because"] = escaped(row["reason"])
        cells["limited by"] = escaped(f"{row['limiting_kind']} {row['limiting_name']}")
    return cells


def _panel(title: str, answer: ElectricalAnswer, counts: Counter[int]) -> str:
    facts = answer.facts
    lead = (
        f"When {facts['open_count']:,} open applications and those to come ask more than the grid "
        f"can give. Counted from {facts['counted_from'] or 'today'}, looked at until "
        f"{facts['until'] or 'today'}."
    )
    legend = "".join(
        f'<tr><td><svg width="30" height="14"><rect width="26" height="13" fill="{colour}" '
        f'fill-opacity="0.75"/></svg></td><td>{escaped(label)}</td>'
        f'<td class="figure">{counts[index]:,}</td></tr>'
        for index, (label, colour) in enumerate(CLASSES)
        if counts[index]
    )
    notes = "".join(f"<li>{escaped(note)}</li>" for note in answer.notes)
    return (
        f'<div id="panel"><h1>{escaped(title)}</h1><p>{escaped(lead)}</p>'
        f"<h2>Supply areas by {escaped(facts['level'])} that run out</h2>"
        f'<table class="legend">{legend}</table>{_first(answer)}'
        f"<h2>To know</h2><ul>{notes}</ul>"
        f'<p class="quiet">grid version {facts["grid_version"]}, ledger '
        f"{facts['ledger_sequence']}, profile {escaped(facts['profile'])}. Click on an area for "
        "its figures.</p></div>"
    )


def _first(answer: ElectricalAnswer) -> str:
    """Return the elements that run out first as a table."""
    rows = [
        (table.element_kind, row)
        for table in answer.tables[1:]
        for row in table.rows()
        if row["is_known"] and row["runs_out"]
    ]
    rows.sort(key=lambda one: (int(one[1]["season"] or 0), one[0], str(one[1]["name"])))
    if not rows:
        return "<p>Nothing runs out as far as is looked.</p>"
    shown = "".join(
        f"<tr><td>{escaped(kind)} {escaped(row['name'])}</td><td>{escaped(row['runs_out'])}</td>"
        f'<td class="figure">{_kva(row["asked_kva"])}</td>'
        f'<td class="figure">{_kva(row["headroom_kva"])}</td></tr>'
        for kind, row in rows[:ROWS_SHOWN]
    )
    head = "<tr><th>element</th><th>runs out</th><th>asked</th><th>can give</th></tr>"
    return f'<h2>First to run out</h2><table class="options">{head}{shown}</table>'
