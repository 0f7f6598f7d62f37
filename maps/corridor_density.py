"""The density along corridors as one HTML file: pieces in classes, in two languages."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import folium
import numpy as np
import shapely
from branca.element import Figure

from gisplan.export.classed_raster import NO_DATA
from gisplan.export.classed_shapes import classed_corridors
from gisplan.export.electrical_table import lon_lat_shapes
from gisplan.model.density import DensityLayer, DensityWeight
from gisplan.services.shape_file import CORRIDOR_TITLE, summed_text
from maps.cost_map_texts import LANGUAGE_SCRIPT, LANGUAGE_STYLE, in_both
from maps.density_texts import WORDS, said_in_both
from maps.layers import ATTRIBUTION, Controls, RawText
from maps.offline import render_offline
from maps.plan_style import STYLE
from maps.texts import escaped, number

if TYPE_CHECKING:
    from datetime import date

    from gisplan.export.classed_shapes import ClassedShapes
    from gisplan.export.electrical_table import ElectricalAnswer
    from gisplan.export.feature import Feature

TEXT = "text"
THIN_UP_TO = 1
"""Classes up to this one, no data and little, are thin lines."""


def render_corridor_density(
    answer: ElectricalAnswer, *, source: str = "", on: date | None = None
) -> str:
    """HTML of the density of every piece; the same answer, source and date give the same text."""
    shapes = classed_corridors(answer)
    places = lon_lat_shapes(shapes.table)
    figure = Figure()
    folium_map = folium.Map(
        tiles=None, zoom_control=False, attributionControl=False, maxZoom=22, prefer_canvas=True
    )
    figure.add_child(folium_map)
    for code in np.unique(shapes.codes).tolist():
        _layer(shapes, places, code).add_to(folium_map)
    if len(places):
        west, south, east, north = shapely.total_bounds(places).tolist()
        folium_map.fit_bounds([[south, west], [north, east]], padding=(20, 20))
    Controls(ATTRIBUTION).add_to(folium_map)
    head = f"<title>{escaped(CORRIDOR_TITLE)}</title>{STYLE}{LANGUAGE_STYLE}"
    RawText(head).add_to(figure.header)
    panel = _panel(answer, shapes, source, on.isoformat() if on else "")
    RawText(panel + LANGUAGE_SCRIPT).add_to(figure.html)
    return render_offline(folium_map)


def _layer(shapes: ClassedShapes, places: np.ndarray, code: int) -> folium.GeoJson:
    """Return the pieces of a class."""
    columns, unit = shapes.table.columns, shapes.heading
    chosen = np.flatnonzero(shapes.codes == code)
    names = columns["corridor"][chosen].tolist()
    values = columns["density_per_km"][chosen].tolist()
    features = [
        _feature(shape, f"{escaped(name)} · {_told(value, unit)}")
        for shape, name, value in zip(places[chosen], names, values, strict=True)
    ]
    style = {
        "color": shapes.colours[code],
        "weight": 2.0 if code <= THIN_UP_TO else 5.0,
        "opacity": 0.95,
    }
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda _: style,
        tooltip=folium.GeoJsonTooltip(fields=[TEXT], labels=False),
    )


def _feature(shape: shapely.Geometry, text: str) -> Feature:
    rounded = shapely.transform(shape, lambda xy: xy.round(6))
    geometry = json.loads(shapely.to_geojson(rounded))
    return {"type": "Feature", "geometry": geometry, "properties": {TEXT: text}}


def _told(value: float, unit: str) -> str:
    return said_in_both("no data") if np.isnan(value) else number(value, unit)


def _panel(answer: ElectricalAnswer, shapes: ClassedShapes, source: str, on: str) -> str:
    facts = answer.facts
    layer, weight = DensityLayer(str(facts["layer"])), DensityWeight(str(facts["weight"]))
    notes = "".join(f"<li>{said_in_both(note)}</li>" for note in answer.notes)
    told = f"<h2>{_word('to know')}</h2><ul>{notes}</ul>" if notes else ""
    dated = f"<p>{on}</p>" if on else ""
    sourced = f'<p class="quiet">{escaped(source)}</p>' if source else ""
    return (
        f'<div id="panel"><button id="language" type="button">{_word("other language")}</button>'
        f"<h1>{said_in_both(CORRIDOR_TITLE)}</h1>"
        f"<p>{said_in_both(summed_text(layer, weight))}</p>{dated}"
        f"<h2>{said_in_both(shapes.heading)}</h2>{_legend(shapes)}{told}"
        f'<p class="quiet">{said_in_both(shapes.made)}</p>{sourced}</div>'
    )


def _legend(shapes: ClassedShapes) -> str:
    """Classes that there are with the number of their pieces, the highest first."""
    counts = Counter(shapes.codes.tolist())
    rows = "".join(
        f'<tr><td><svg width="30" height="14"><line x1="0" y1="7" x2="30" y2="7" '
        f'stroke="{shapes.colours[code]}" stroke-width="4"/></svg></td>'
        f'<td>{said_in_both(shapes.texts[code])}</td><td class="figure">{counts[code]:,}</td></tr>'
        for code in [*range(len(shapes.colours) - 1, NO_DATA, -1), NO_DATA]
        if counts[code]
    )
    head = f'<tr><td></td><td></td><td class="figure">{_word("pieces")}</td></tr>'
    return f'<table class="legend">{head}{rows}</table>'


def _word(name: str) -> str:
    return in_both(*map(escaped, WORDS[name]))
