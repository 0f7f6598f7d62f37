"""The density along corridors as one HTML file: pieces in classes, with their unit."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping

import folium
import numpy as np
import shapely
from branca.element import Figure
from matplotlib.colors import to_hex

from gisplan.export.density_classes import (
    NO_DATA_COLOUR,
    class_bounds,
    class_colours,
    class_texts,
    unit_text,
)
from gisplan.export.electrical_table import ElectricalAnswer, lon_lat_shapes
from gisplan.export.feature import Feature, Value
from maps.layers import ATTRIBUTION, Controls, RawText
from maps.offline import render_offline
from maps.plan_style import STYLE
from maps.texts import escaped, number

TITLE = "Density along the corridors · 沿通道密度"
TEXT = "text"
LITTLE_COLOUR = "#b9c4cf"
NO_DATA = -1


def render_corridor_density(answer: ElectricalAnswer) -> str:
    """HTML of the density of every piece; the same answer gives the same text."""
    (table,) = answer.tables
    values = np.asarray(table.columns["density_per_km"], dtype=np.float64)
    bounds = class_bounds(values)
    classes = np.where(
        np.isnan(values), NO_DATA, np.clip(np.digitize(values, bounds) - 1, 0, len(bounds) - 2)
    )
    shapes = lon_lat_shapes(table)
    unit = unit_text(str(answer.facts["unit"]))
    groups: defaultdict[int, list[Feature]] = defaultdict(list)
    for index, row, shape in zip(classes.tolist(), table.rows(), shapes, strict=True):
        groups[index].append(_feature(row, shape, unit))
    figure = Figure()
    folium_map = folium.Map(
        tiles=None, zoom_control=False, attributionControl=False, maxZoom=22, prefer_canvas=True
    )
    figure.add_child(folium_map)
    for index in sorted(groups):
        _layer(groups[index], _colour(index, len(bounds) - 1), index).add_to(folium_map)
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    folium_map.fit_bounds([[south, west], [north, east]], padding=(20, 20))
    Controls(ATTRIBUTION).add_to(folium_map)
    RawText(f"<title>{escaped(TITLE)}</title>{STYLE}").add_to(figure.header)
    counts = Counter(classes.tolist())
    RawText(_panel(answer, unit, bounds, counts)).add_to(figure.html)
    return render_offline(folium_map)


def _feature(row: Mapping[str, Value], shape: shapely.Geometry, unit: str) -> Feature:
    density = row["density_per_km"]
    told = "no data" if density is None else number(float(density), unit)
    return {
        "type": "Feature",
        "geometry": json.loads(shapely.to_geojson(shape)),
        "properties": {TEXT: f"{escaped(row['corridor'])} · {told}"},
    }


def _colour(index: int, count: int) -> str:
    """Colour of a class; the lowest is a pale line and not white, or it would not be seen."""
    if index == NO_DATA:
        return NO_DATA_COLOUR
    return LITTLE_COLOUR if index == 0 else to_hex(class_colours(count)(index))


def _layer(features: list[Feature], colour: str, index: int) -> folium.GeoJson:
    style = {"color": colour, "weight": 2.0 if index <= 0 else 5.0, "opacity": 0.95}
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda _: style,
        tooltip=folium.GeoJsonTooltip(fields=[TEXT], labels=False),
    )


def _panel(answer: ElectricalAnswer, unit: str, bounds: np.ndarray, counts: Counter[int]) -> str:
    facts = answer.facts
    texts = dict(enumerate(class_texts(bounds))) | {NO_DATA: "no data · 无数据"}
    rows = "".join(
        f'<tr><td><svg width="30" height="14"><line x1="0" y1="7" x2="30" y2="7" '
        f'stroke="{_colour(index, len(bounds) - 1)}" stroke-width="4"/></svg></td>'
        f'<td>{escaped(texts[index])}</td><td class="figure">{counts[index]:,}</td></tr>'
        for index in sorted(texts, reverse=True)
        if counts[index]
    )
    notes = "".join(f"<li>{escaped(note)}</li>" for note in answer.notes)
    told = f"<h2>To know · 说明</h2><ul>{notes}</ul>" if notes else ""
    return (
        f'<div id="panel"><h1>{escaped(TITLE)}</h1>'
        f"<p>{facts['point_count']:,} points of the layer {escaped(facts['layer'])} on "
        f"{float(facts['length_m'] or 0) / 1000:,.1f} km of corridors, bandwidth "
        f"{facts['bandwidth_m']:g} m along them.</p>"
        f'<h2>{escaped(unit)}, pieces</h2><table class="legend">{rows}</table>{told}'
        f'<p class="quiet">grid version {facts["grid_version"]}</p></div>'
    )
