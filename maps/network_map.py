"""The corridors as one HTML file: every part in its colour, and where they are broken."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import folium
import numpy as np
import shapely
from branca.element import Figure

from gisplan.export.electrical_table import ElectricalAnswer, ElementTable, lon_lat_shapes
from gisplan.export.feature import Feature
from gisplan.export.network_style import FAULT_STYLES, FaultStyle, part_colour
from gisplan.network.network_report import FaultKind
from maps.layers import ATTRIBUTION, Controls, RawText, ZoomedMarkers
from maps.offline import render_offline
from maps.plan_style import STYLE
from maps.texts import escaped, number

TITLE = "Corridors · 电缆通道"
TEXT = "text"
FAULTS_SHOWN = 60
PARTS_SHOWN = 12


def render_network(answer: ElectricalAnswer) -> str:
    """HTML of a network check; the same answer gives the same text."""
    parts, faults, corridors = answer.tables
    figure = Figure()
    folium_map = folium.Map(
        tiles=None, zoom_control=False, attributionControl=False, maxZoom=22, prefer_canvas=True
    )
    figure.add_child(folium_map)
    _draw_corridors(corridors, folium_map)
    _draw_faults(faults, folium_map)
    folium_map.fit_bounds(_bounds(answer.tables), padding=(20, 20))
    folium.LayerControl(collapsed=False).add_to(folium_map)
    Controls(ATTRIBUTION).add_to(folium_map)
    ZoomedMarkers().add_to(folium_map)  # type: ignore[no-untyped-call]
    RawText(f"<title>{escaped(TITLE)}</title>{STYLE}").add_to(figure.header)
    RawText(_panel(answer, parts, faults)).add_to(figure.html)
    return render_offline(folium_map)


def _draw_corridors(corridors: ElementTable, folium_map: folium.Map) -> None:
    """Draw the corridors by the colour of their part, the longest part below."""
    groups: defaultdict[str, list[Feature]] = defaultdict(list)
    for row, shape in zip(corridors.rows(), lon_lat_shapes(corridors), strict=True):
        length = number(_float(row["length_m"]), "m")
        text = f"{escaped(row['corridor'])} · part {row['part']} · {length}"
        groups[part_colour(int(row["part"] or 1))].append(_feature(shape, {TEXT: text}))
    layer = folium.FeatureGroup(name="corridors · 通道")
    for colour, features in groups.items():
        width_px = 2.0 if colour == part_colour(1) else 4.0
        folium.GeoJson(
            {"type": "FeatureCollection", "features": features},
            style_function=lambda _, style={"color": colour, "weight": width_px}: style,
            tooltip=folium.GeoJsonTooltip(fields=[TEXT], labels=False),
        ).add_to(layer)
    layer.add_to(folium_map)


def _draw_faults(faults: ElementTable, folium_map: folium.Map) -> None:
    """Draw a layer for each kind of fault; dead ends, which are many, are off at first."""
    by_kind: defaultdict[str, list[Feature]] = defaultdict(list)
    for row, shape in zip(faults.rows(), lon_lat_shapes(faults), strict=True):
        by_kind[str(row["kind"])].append(_feature(shape, _cells(row)))
    for kind, style in reversed(FAULT_STYLES.items()):
        if kind not in by_kind:
            continue
        group = folium.FeatureGroup(name=_name(style), show=kind is not FaultKind.DEAD_END)
        _fault_layer(by_kind[kind], style).add_to(group)
        group.add_to(folium_map)


def _fault_layer(features: Sequence[Feature], style: FaultStyle) -> folium.GeoJson:
    look = {
        "color": "#ffffff" if style.is_filled else style.colour,
        "weight": 1.5,
        "fillColor": style.colour if style.is_filled else "#ffffff",
        "fillOpacity": 0.95,
    }
    titles = [name for name in features[0]["properties"] if name != TEXT]
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": list(features)},
        style_function=lambda _: look,
        marker=folium.CircleMarker(radius=max(4.0, style.size_pt**0.5), fill=True),
        tooltip=folium.GeoJsonTooltip(fields=[TEXT], labels=False),
        popup=folium.GeoJsonPopup(fields=titles, localize=False, max_width=380),
    )


def _cells(row: Mapping[str, object]) -> dict[str, str]:
    style = FAULT_STYLES[FaultKind(str(row["kind"]))]
    return {
        TEXT: f"{_name(style)} · {escaped(row['element'])}",
        "fault": _name(style),
        "at": escaped(row["element"]),
        "with": escaped(row["other"] or "nothing else"),
        "told": escaped(row["text"]),
    }


def _feature(shape: shapely.Geometry, properties: dict[str, str]) -> Feature:
    return {
        "type": "Feature",
        "geometry": json.loads(shapely.to_geojson(shape)),
        "properties": dict(properties),
    }


def _name(style: FaultStyle) -> str:
    return f"{style.english} · {style.chinese}"


def _bounds(tables: Iterable[ElementTable]) -> list[list[float]]:
    shapes = np.concatenate([lon_lat_shapes(table) for table in tables])
    boxes = np.array([shape.bounds for shape in shapes]).reshape(-1, 4)
    if not len(boxes):
        return [[-60.0, -170.0], [60.0, 170.0]]
    west, south = boxes[:, :2].min(axis=0).tolist()
    east, north = boxes[:, 2:].max(axis=0).tolist()
    return [[south, west], [north, east]]


def _panel(answer: ElectricalAnswer, parts: ElementTable, faults: ElementTable) -> str:
    facts = answer.facts
    verdict = (
        ("no", f"broken at {facts['warning_count']:,} places · {facts['warning_count']:,} 处断开")
        if facts["is_broken"]
        else ("yes", "in one piece · 连通")
    )
    notes = "".join(f"<li>{escaped(note)}</li>" for note in answer.notes)
    told = f"<h2>To know · 说明</h2><ul>{notes}</ul>" if notes else ""
    return (
        f'<div id="panel"><h1>{escaped(TITLE)}</h1>'
        f'<p class="verdict {verdict[0]}">{escaped(verdict[1])}</p>'
        f"{_parts_table(parts)}{_legend(faults)}{_grave_list(faults)}{told}"
        f'<p class="quiet">grid version {facts["grid_version"]}, profile '
        f"{escaped(facts['profile'])}. Click on a sign for what is wrong there · "
        "点击标记查看说明。</p></div>"
    )


def _parts_table(parts: ElementTable) -> str:
    rows = list(parts.rows())
    cells = "".join(
        f'<tr><td><svg width="30" height="14"><line x1="0" y1="7" x2="30" y2="7" '
        f'stroke="{part_colour(int(row["part"] or 1))}" stroke-width="4"/></svg></td>'
        f"<td>{row['part']}</td>"
        f'<td class="figure">{number((_float(row["length_m"]) or 0.0) / 1000, "km", 3)}</td>'
        f'<td class="figure">{row["access_count"]:,}</td>'
        f'<td class="figure">{row["customer_count"]:,}</td></tr>'
        for row in rows[:PARTS_SHOWN]
    )
    more = f"<p>and {len(rows) - PARTS_SHOWN:,} more</p>" if len(rows) > PARTS_SHOWN else ""
    return (
        '<h2>Connected parts · 连通部分</h2><table class="legend"><tr><th></th><th></th>'
        '<th class="figure">length · 长度</th><th class="figure">access points · 接入点</th>'
        f'<th class="figure">customers · 用户</th></tr>{cells}</table>{more}'
    )


def _legend(faults: ElementTable) -> str:
    kinds = faults.columns["kind"].tolist()
    rows = "".join(
        f'<tr><td><svg width="30" height="14"><circle cx="15" cy="7" r="5" '
        f'fill="{style.colour if style.is_filled else "#fff"}" stroke="{style.colour}" '
        f'stroke-width="2"/></svg></td><td>{escaped(_name(style))}</td>'
        f'<td class="figure">{kinds.count(kind):,}</td></tr>'
        for kind, style in FAULT_STYLES.items()
        if kind in kinds
    )
    return f'<h2>Faults · 问题</h2><table class="legend">{rows}</table>' if rows else ""


def _grave_list(faults: ElementTable) -> str:
    """List what breaks the network, the gravest first."""
    grave = [row for row in faults.rows() if row["severity"] == "warning"]
    items = "".join(
        f"<li><b>{escaped(row['element'])}</b>: {escaped(row['text'])}</li>"
        for row in grave[:FAULTS_SHOWN]
    )
    more = len(grave) - FAULTS_SHOWN
    rest = f"<li>and {more:,} more</li>" if more > 0 else ""
    return f"<h2>Where it is broken · 断开之处</h2><ul>{items}{rest}</ul>" if items else ""


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))
