"""Density and hot spots as one HTML file: classes of cells, grid, legend, in two languages."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import folium
import numpy as np
import shapely
from branca.element import Figure
from rasterio import Affine

from gisplan.export.classed_raster import NO_DATA, classed_surface
from gisplan.export.classed_shapes import classed_cells
from gisplan.export.density_phrases import SEPARATOR, both
from gisplan.export.density_picture import how_made, visible_part
from gisplan.export.electrical_table import lon_lat_shapes
from gisplan.export.hot_spot_raster import classed_hot_spots
from gisplan.export.hot_spot_raster import how_made as how_spots_made
from gisplan.model.density import DensityLayer, DensityWeight
from gisplan.model.projection import Projection
from gisplan.services.density import density_title
from maps.cost_map_texts import LANGUAGE_SCRIPT, LANGUAGE_STYLE, in_both
from maps.density_texts import COLUMNS, MEASURED, PERIODS, UNITS, WORDS, said_in_both
from maps.layers import ATTRIBUTION, Controls, RawText
from maps.offline import render_offline
from maps.plan_style import STYLE
from maps.texts import escaped, number
from maps.web_raster import MetricClasses, Rgba, rgba, web_classes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gisplan.export.classed_raster import ClassedRaster
    from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
    from gisplan.export.feature import Value
    from gisplan.model.density import Extent
    from gisplan.model.grid import Codes, Polylines
    from gisplan.services.density import LayerDensity
    from gisplan.services.hot_spots import LayerHotSpots

OPACITY, NO_DATA_OPACITY = 0.78, 0.45
LINE_COLOUR = "#34465a"
LINES_MAX = 50_000
Both = tuple[str, str]
Look = tuple[tuple[str, ...], tuple[Both, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """What stands beside the map, in English; what is known of it is said in Chinese too."""

    title: str
    heading: str
    made: str
    notes: Sequence[str]
    source: str
    on: date | None


def render_density(density: LayerDensity, *, source: str = "", on: date | None = None) -> str:
    """HTML of a density surface; the same density, source and date give the same text."""
    surface, question = density.surface, density.question
    raster = classed_surface(surface)
    panel = _Panel(
        title=density_title(question.layer, question.weight),
        heading=raster.heading,
        made=SEPARATOR.join((how_made(surface), f"grid version {density.grid_version}")),
        notes=density.warnings,
        source=source,
        on=on,
    )
    return _render_raster(raster, visible_part(surface), density.grid_lines, panel)


def render_hot_spots(spots: LayerHotSpots, *, source: str = "", on: date | None = None) -> str:
    """HTML of hot and cold spots; the same spots, source and date give the same text."""
    raster = classed_hot_spots(spots.raster)
    panel = _Panel(
        title=spots.title,
        heading=raster.heading,
        made=SEPARATOR.join((how_spots_made(spots.raster), f"grid version {spots.grid_version}")),
        notes=(spots.area_text, *spots.warnings),
        source=source,
        on=on,
    )
    return _render_raster(raster, raster.extent, spots.grid_lines, panel)


def render_cells(
    answer: ElectricalAnswer, lines: Polylines, *, source: str = "", on: date | None = None
) -> str:
    """HTML of cells coloured by their density; unknown is grey."""
    shapes, facts = classed_cells(answer), answer.facts
    table, look = shapes.table, _look(shapes.colours, shapes.texts)
    panel = _Panel(
        title=density_title(DensityLayer(str(facts["layer"])), DensityWeight(str(facts["weight"]))),
        heading=shapes.heading,
        made=shapes.made,
        notes=answer.notes,
        source=source,
        on=on,
    )
    figure, folium_map = _map()
    _draw_cells(table, shapes.codes, look, folium_map)
    _draw_lines(lines, table.srid, folium_map)
    if len(table):
        boxes = np.array([shape.bounds for shape in lon_lat_shapes(table)])
        west, south = boxes[:, :2].min(axis=0).tolist()
        east, north = boxes[:, 2:].max(axis=0).tolist()
        folium_map.fit_bounds([[south, west], [north, east]], padding=(10, 10))
    return _finish(figure, folium_map, panel, _legend(look, shapes.codes))


def metric_classes(raster: ClassedRaster) -> MetricClasses:
    """Return a raster as it is brought to the web's projection."""
    return MetricClasses(
        classes=raster.codes,
        transform=Affine(raster.cell_m, 0, raster.x_min_m, 0, -raster.cell_m, raster.y_max_m),
        srid=raster.srid,
        beyond=len(raster.colours),
    )


def density_palette(raster: ClassedRaster) -> list[Rgba]:
    """Return the colours of the classes, no data fainter, and clear beyond the raster."""
    no_data, *known = raster.colours
    clear = rgba(no_data, 0.0)
    return [rgba(no_data, NO_DATA_OPACITY), *(rgba(colour, OPACITY) for colour in known), clear]


def _render_raster(raster: ClassedRaster, view: Extent, lines: Polylines, panel: _Panel) -> str:
    overlay = web_classes(metric_classes(raster))
    palette = np.array(density_palette(raster), dtype=np.uint8)
    figure, folium_map = _map()
    folium.raster_layers.ImageOverlay(
        image=palette[overlay.classes],
        bounds=[list(corner) for corner in overlay.bounds],
        name=_plain("cells"),
    ).add_to(folium_map)
    _draw_lines(lines, raster.srid, folium_map)
    corners = np.array([[view.x_min_m, view.y_min_m], [view.x_max_m, view.y_max_m]])
    (west, south), (east, north) = Projection(srid=raster.srid).to_lon_lat(corners)
    folium_map.fit_bounds([[south, west], [north, east]], padding=(10, 10))
    legend = _legend(_look(raster.colours, raster.texts), raster.codes)
    return _finish(figure, folium_map, panel, legend)


def _look(colours: tuple[str, ...], texts: tuple[str, ...]) -> Look:
    return colours, tuple(map(both, texts))


def _map() -> tuple[Figure, folium.Map]:
    figure = Figure()
    folium_map = folium.Map(
        tiles=None, zoom_control=False, attributionControl=False, maxZoom=22, prefer_canvas=True
    )
    figure.add_child(folium_map)
    return figure, folium_map


def _finish(figure: Figure, folium_map: folium.Map, panel: _Panel, legend: str) -> str:
    folium.LayerControl(collapsed=False).add_to(folium_map)
    Controls(ATTRIBUTION).add_to(folium_map)
    head = f"<title>{escaped(panel.title)}</title>{STYLE}{LANGUAGE_STYLE}"
    RawText(head).add_to(figure.header)
    RawText(_panel_html(panel, legend) + LANGUAGE_SCRIPT).add_to(figure.html)
    return render_offline(folium_map)


def _draw_lines(lines: Polylines, srid: int, folium_map: folium.Map) -> None:
    """Draw the grid thin, as something to hold on to."""
    if not 0 < len(lines) <= LINES_MAX:
        return
    places = Projection(srid=srid).to_lon_lat(lines.xy_m)
    offset = lines.offset.tolist()
    parts = [places[first:end] for first, end in pairwise(offset)]
    style = {"color": LINE_COLOUR, "weight": 1.0, "opacity": 0.6}
    group = folium.FeatureGroup(name=_plain("grid"))
    folium.GeoJson(
        {"type": "MultiLineString", "coordinates": parts},
        style_function=lambda _: style,
        interactive=False,  # a pointer on a line asks for the cell below it
    ).add_to(group)
    group.add_to(folium_map)


def _draw_cells(table: ElementTable, codes: Codes, look: Look, folium_map: folium.Map) -> None:
    rows, shapes = list(table.rows()), lon_lat_shapes(table)
    group = folium.FeatureGroup(name=_plain("cells"))
    names = [name for name in table.columns if any(row[name] not in {None, ""} for row in rows)]
    for code in np.unique(codes).tolist():
        opacity = NO_DATA_OPACITY if code == NO_DATA else OPACITY
        style = {
            "color": "#555555",
            "weight": 0.6,
            "fillColor": look[0][code],
            "fillOpacity": opacity,
        }
        features = [
            {
                "type": "Feature",
                "geometry": json.loads(
                    shapely.to_geojson(shapely.transform(shapes[at], lambda xy: xy.round(6)))
                ),
                "properties": {name: _shown(rows[at][name]) for name in names},
            }
            for at in np.flatnonzero(codes == code)
        ]
        folium.GeoJson(
            {"type": "FeatureCollection", "features": features},
            style_function=lambda _, style=style: style,
            tooltip=folium.GeoJsonTooltip(
                fields=names, aliases=[_alias(name) for name in names], localize=False
            ),
        ).add_to(group)
    group.add_to(folium_map)


def _shown(value: Value) -> str:
    if isinstance(value, float):
        return number(value)
    return "–" if value is None or value == "" else escaped(value)


def _alias(name: str) -> str:
    return in_both(*map(escaped, column_words(name)))


def column_words(name: str) -> Both:
    """Column name in words, its unit as it is written."""
    if name in COLUMNS:
        return COLUMNS[name]
    for ending, (english, chinese) in PERIODS.items():
        if name.endswith(ending):
            of_now = column_words(name.removesuffix(ending))
            return f"{of_now[0]}, {english}", f"{of_now[1]}，{chinese}"
    what, _, unit = name.partition("_")
    english, chinese = MEASURED.get(what, (what, what))
    written = UNITS.get(unit, unit.replace("_", " "))
    return f"{english}, {written}", f"{chinese}，{written}"


def _legend(look: Look, codes: Codes) -> str:
    """Classes with their colours and how many cells each has, the highest first."""
    counts = Counter(np.ravel(codes).tolist())
    colours, texts = look
    rows = "".join(
        f'<tr><td><svg width="30" height="14"><rect x="3" y="1" width="24" height="12" '
        f'fill="{colours[code]}" stroke="#999"/></svg></td>'
        f"<td>{in_both(*map(escaped, texts[code]))}</td>"
        f'<td class="figure">{counts[code]:,}</td></tr>'
        for code in [*range(len(colours) - 1, NO_DATA, -1), NO_DATA]
        if code != NO_DATA or counts[code]
    )
    head = f'<tr><td></td><td></td><td class="figure">{_both("cells")}</td></tr>'
    return f'<table class="legend">{head}{rows}</table>'


def _panel_html(panel: _Panel, legend: str) -> str:
    notes = "".join(f"<li>{said_in_both(note)}</li>" for note in panel.notes)
    told = f"<h2>{_both('to know')}</h2><ul>{notes}</ul>" if notes else ""
    source = f'<p class="quiet">{escaped(panel.source)}</p>' if panel.source else ""
    on = f"<p>{panel.on.isoformat()}</p>" if panel.on else ""
    return (
        f'<div id="panel"><button id="language" type="button">{_both("other language")}</button>'
        f"<h1>{said_in_both(panel.title)}</h1>{on}"
        f"<h2>{said_in_both(panel.heading)}</h2>{legend}{told}"
        f'<p class="quiet">{said_in_both(panel.made)}</p>{source}</div>'
    )


def _both(name: str) -> str:
    return in_both(*map(escaped, WORDS[name]))


def _plain(name: str) -> str:
    """Name of a layer in both languages, which folium shows as it is."""
    return " ".join(WORDS[name])
