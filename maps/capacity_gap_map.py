"""The capacity gap as one HTML file in two languages: supply areas by season, transformers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

import folium
import shapely
from branca.element import Figure

from gisplan.export.capacity_gap_classes import CLASSES, class_text, gap_class
from gisplan.export.density_phrases import Language
from gisplan.export.electrical_table import ElementTable, lon_lat_shapes
from gisplan.export.feature import Feature, FeatureCollection, Value
from gisplan.planning.outlook import TODAY
from gisplan.services.capacity_gap import GapAnswer, first_to_run_out
from maps.cost_map_texts import LANGUAGE_SCRIPT, LANGUAGE_STYLE, in_both
from maps.density_texts import GAP_WORDS, WORDS, gap_word, said_in_both
from maps.layers import ATTRIBUTION, Controls, RawText, ZoomedMarkers, grid_group
from maps.offline import render_offline
from maps.plan_style import STYLE
from maps.texts import escaped, number

Row = Mapping[str, Value]

TEXT = "text"
ROWS_SHOWN = 10


def render_gap(answer: GapAnswer, grid: FeatureCollection | None) -> str:
    """HTML of a capacity gap; the same answer and grid give the same text."""
    areas, units = answer.areas, answer.tables.tables[1]
    figure = Figure()
    folium_map = folium.Map(
        tiles=None, zoom_control=False, attributionControl=False, maxZoom=22, prefer_canvas=True
    )
    figure.add_child(folium_map)
    counts = _draw(areas, folium_map)
    if grid is not None:
        lines = [one for one in grid["features"] if one["geometry"]["type"] == "LineString"]
        grid_group(lines).add_to(folium_map)
    of_units = _draw(units, folium_map)
    if len(areas):
        west, south, east, north = shapely.total_bounds(lon_lat_shapes(areas))
        folium_map.fit_bounds([[south, west], [north, east]], padding=(20, 20))
    folium.LayerControl(collapsed=False).add_to(folium_map)
    Controls(ATTRIBUTION).add_to(folium_map)
    ZoomedMarkers().add_to(folium_map)  # type: ignore[no-untyped-call]
    title = f"Capacity gap for {answer.tables.facts['direction']}"
    head = f"<title>{escaped(title)}</title>{STYLE}{LANGUAGE_STYLE}"
    RawText(head).add_to(figure.header)
    panel = _panel(title, answer, counts, set(of_units))
    RawText(panel + LANGUAGE_SCRIPT).add_to(figure.html)
    return render_offline(folium_map)


def _draw(table: ElementTable, folium_map: folium.Map) -> Counter[int]:
    """Draw a table in a layer of its own; return how many a class has."""
    rows, shapes = list(table.rows()), lon_lat_shapes(table)
    by_class: dict[int, list[Feature]] = {}
    for row, shape in zip(rows, shapes, strict=True):
        if not shape.is_empty:
            by_class.setdefault(gap_class(row), []).append(_feature(shape, _cells(row)))
    is_area = table.element_kind == "supply_area"
    # folium shows a layer's name as it is
    group = folium.FeatureGroup(name=" · ".join(GAP_WORDS["areas" if is_area else "units"]))
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
        popup=folium.GeoJsonPopup(
            fields=titles,
            aliases=[gap_word(title) for title in titles],
            localize=False,
            max_width=380,
        ),
    )


def _feature(shape: shapely.Geometry, cells: Mapping[str, str]) -> Feature:
    geometry = json.loads(shapely.to_geojson(shape))
    return {"type": "Feature", "geometry": geometry, "properties": dict(cells)}


def _season(row: Row) -> str:
    if not row["is_known"]:
        return gap_word("unknown")
    if not row["runs_out"] and not row["earliest"]:
        return gap_word("lasts")
    expected = _quarter(row["runs_out"]) if row["runs_out"] else gap_word("lasts in all likelihood")
    latest = _quarter(row["latest"]) if row["latest"] else gap_word("later")
    return f"{expected} ({_quarter(row['earliest'])} – {latest})"


def _quarter(name: Value) -> str:
    return gap_word("runs out today") if name == TODAY else escaped(name)


def _kva(value: Value) -> str:
    return gap_word("unknown") if value is None else number(float(value), "kVA")


def _room(row: Row, name: str) -> str:
    """Say what can be given; known and without a figure it has no limit."""
    return gap_word("not limited") if row[name] is None and row["is_known"] else _kva(row[name])


def _cells(row: Row) -> dict[str, str]:
    """Return what a pointer and a click tell of an area or an element."""
    cells = {
        TEXT: f"{escaped(row['name'])} · {_season(row)}",
        "name": escaped(row["name"]),
        "runs out": _season(row),
        "open applications": f"{row['asked_count']:,} · {_kva(row['asked_kva'])}",
        "to come": _kva(row["growth_kva"]),
    }
    if "given_kva" in row:
        cells["of this it is given"] = _kva(row["given_kva"])
        cells["tightest element"] = (
            f"{_kind(row['limiting_level'])} {escaped(row['limiting_name'])}"
        )
        cells["which can give"] = _room(row, "limiting_headroom_kva")
        cells["and is asked for"] = _kva(row["limiting_asked_kva"])
    else:
        cells["can give"] = _room(row, "headroom_kva")
        cells["because"] = said_in_both(str(row["reason"]))
        cells["limited by"] = f"{_kind(row['limiting_kind'])} {escaped(row['limiting_name'])}"
    return cells


def _kind(kind: Value) -> str:
    return said_in_both(str(kind))


def _panel(title: str, answer: GapAnswer, counts: Counter[int], of_units: set[int]) -> str:
    """Tell classes with the number of areas in each, also those that transformers alone are in."""
    facts = answer.tables.facts
    today = GAP_WORDS["today"]
    lead = in_both(
        *(
            escaped(
                text.format(
                    count=f"{facts['open_count']:,}",
                    begin=facts["counted_from"] or today[language],
                    end=facts["until"] or today[language],
                )
            )
            for language, text in enumerate(GAP_WORDS["lead"])
        )
    )
    legend = "".join(
        f'<tr><td><svg width="30" height="14"><rect width="26" height="13" fill="{colour}" '
        f'fill-opacity="0.75"/></svg></td><td>{_class(label)}</td>'
        f'<td class="figure">{counts[index]:,}</td></tr>'
        for index, (label, colour) in enumerate(CLASSES)
        if counts[index] or index in of_units
    )
    notes = "".join(f"<li>{said_in_both(note)}</li>" for note in answer.tables.notes)
    made = said_in_both(
        f"grid version {facts['grid_version']}, ledger {facts['ledger_sequence']}, "
        f"profile {facts['profile']}"
    )
    button = in_both(*map(escaped, WORDS["other language"]))
    heading = said_in_both(f"Supply areas by {facts['level']} that run out")
    return (
        f'<div id="panel"><button id="language" type="button">{button}</button>'
        f"<h1>{said_in_both(title)}</h1><p>{lead}</p><h2>{heading}</h2>"
        f'<table class="legend">{legend}</table>{_first(answer)}'
        f"<h2>{in_both(*map(escaped, WORDS['to know']))}</h2><ul>{notes}</ul>"
        f'<p class="quiet">{made} · {gap_word("click")}</p></div>'
    )


def _class(label: str) -> str:
    return in_both(*(escaped(class_text(label, language)) for language in Language))


def _first(answer: GapAnswer) -> str:
    """Return the elements that run out first as a table."""
    rows = first_to_run_out(answer)
    if not rows:
        return f"<p>{gap_word('nothing')}</p>"
    shown = "".join(
        f"<tr><td>{_kind(kind)} {escaped(row['name'])}</td><td>{_quarter(row['runs_out'])}</td>"
        f'<td class="figure">{_kva(row["asked_kva"])}</td>'
        f'<td class="figure">{_room(row, "headroom_kva")}</td></tr>'
        for kind, row in rows[:ROWS_SHOWN]
    )
    heads = ("element", "runs out", "asked", "can give")
    head = "".join(f"<th>{gap_word(name)}</th>" for name in heads)
    return f'<h2>{gap_word("first")}</h2><table class="options"><tr>{head}</tr>{shown}</table>'
