"""Proposed routes as one HTML file: every way in its colour over the grid around it."""

from __future__ import annotations

import folium
from branca.element import Figure

from gisplan.export.feature import FeatureCollection
from gisplan.export.plan_document import route_lines
from gisplan.export.route_file import pole_places
from gisplan.model.route_answer import ProposedRoute, RouteAnswer
from maps.cost_map_texts import KIND_WORDS
from maps.layers import ATTRIBUTION, Bound, Controls, RawText, features_of, grid_group
from maps.offline import render_offline
from maps.plan_style import RANK_COLOURS, SITE_COLOUR, STYLE
from maps.texts import escaped, number

TITLE = "Routes · 电缆路径"
PLACE = "the place asked for · 指定地点"


def render_routes(answer: RouteAnswer, grid_features: FeatureCollection | None) -> str:
    """HTML of routes; the same answer and grid give the same text."""
    figure = Figure()
    folium_map = folium.Map(
        tiles=None, zoom_control=False, attributionControl=False, maxZoom=22, prefer_canvas=True
    )
    figure.add_child(folium_map)
    grid_group(features_of(grid_features)).add_to(folium_map)
    for route in reversed(answer.routes):
        _draw(route, folium_map)
    lon, lat = answer.site
    site = folium.CircleMarker(
        (lat, lon), radius=7, color="#ffffff", weight=2, fill_color=SITE_COLOUR, fill_opacity=1.0
    )
    Bound("site · 用户").add_to(site)
    site.add_to(folium_map)
    folium_map.fit_bounds(_bounds(answer), padding=(30, 30))
    folium.LayerControl(collapsed=False).add_to(folium_map)
    Controls(ATTRIBUTION).add_to(folium_map)
    RawText(f"<title>{escaped(TITLE)}</title>{STYLE}").add_to(figure.header)
    RawText(_panel(answer)).add_to(figure.html)
    return render_offline(folium_map)


def _colour(route: ProposedRoute) -> str:
    return RANK_COLOURS[min(route.rank, len(RANK_COLOURS)) - 1]


def _name(route: ProposedRoute) -> str:
    point = route.access_point
    if point is None:
        return PLACE
    kind = " · ".join(KIND_WORDS.get(point.kind.value, (point.kind.value,)))
    return f"{point.name or point.element_id} ({kind})"


def _draw(route: ProposedRoute, folium_map: folium.Map) -> None:
    group = folium.FeatureGroup(name=f"{route.rank} · {escaped(_name(route))}")
    lines = [[(lat, lon) for lon, lat in line] for line in route_lines(route.route)]
    if lines:
        # the best on top and narrowest, so that those below it show at its sides
        width_px = min(3 + 3 * route.rank, 15)
        way = folium.PolyLine(  # type: ignore[no-untyped-call]
            lines, color=_colour(route), weight=width_px, opacity=0.95, line_cap="butt"
        )
        Bound(f"{route.rank} · {escaped(_name(route))}", _details(route)).add_to(way)
        way.add_to(group)
    for lon, lat in pole_places(route.route):
        folium.CircleMarker(
            (lat, lon),
            radius=3,
            color=_colour(route),
            weight=2,
            fill_color="#ffffff",
            fill_opacity=1.0,
        ).add_to(group)
    if (point := route.access_point) is not None:
        end = folium.CircleMarker(
            (point.lat, point.lon),
            radius=6,
            color=_colour(route),
            weight=3,
            fill_color="#ffffff",
            fill_opacity=1.0,
        )
        Bound(escaped(_name(route))).add_to(end)
        end.add_to(group)
    group.add_to(folium_map)


def _details(route: ProposedRoute) -> str:
    rows = "".join(
        f"<tr><td>{escaped(segment.corridor)}</td><td>{escaped(segment.surface)}</td>"
        f"<td>{escaped(segment.laying)}</td><td>{number(segment.length_m, 'm')}</td>"
        f"<td>{number(segment.cost, route.cost.currency)}</td></tr>"
        for segment in route.route.segments
    )
    return f"<h4>{escaped(_name(route))}</h4><table>{rows}</table>"


def _bounds(answer: RouteAnswer) -> list[list[float]]:
    places = [answer.site]
    for route in answer.routes:
        places += [place for line in route_lines(route.route) for place in line]
    lons, lats = zip(*places, strict=True)
    margin = 0.0005
    return [[min(lats) - margin, min(lons) - margin], [max(lats) + margin, max(lons) + margin]]


def _panel(answer: RouteAnswer) -> str:
    rows = "".join(
        f'<tr><td><b style="color:{_colour(route)}">{route.rank}</b></td>'
        f"<td>{escaped(_name(route))}{_source(route)}</td>"
        f'<td class="figure">{number(route.route.length_m, "m")}</td>'
        f'<td class="figure">{number(route.cost.total, route.cost.currency)}</td></tr>'
        for route in answer.routes
    )
    reasons = "".join(f"<li>{escaped(reason)}</li>" for reason in answer.reasons)
    told = f"<h2>To know · 说明</h2><ul>{reasons}</ul>" if reasons else ""
    return (
        f'<div id="panel"><h1>{escaped(TITLE)}</h1><p>{number(answer.demand_kva, "kVA")}</p>'
        f"{_together(answer)}"
        '<table class="options"><tr><th></th><th>leads to · 接入点</th><th>m</th><th>cost · 造价'
        f"</th></tr>{rows}</table>{told}"
        '<p class="quiet">The grid was not asked what it bears · 未做电气校验: '
        "<code>gisplan plan</code>.</p></div>"
    )


def _source(route: ProposedRoute) -> str:
    return f"<br>{escaped(route.source_group)}" if route.source_group else ""


def _together(answer: RouteAnswer) -> str:
    if answer.total_cost is None or not answer.routes:
        return ""
    proof = "" if answer.gap is None else f", gap · 最优差距 {answer.gap:.2%}"
    return (
        f"<p>together · 合计 {number(answer.total_cost, answer.routes[0].cost.currency)}, "
        f"shared · 共用 {number(answer.shared_length_m, 'm')}{proof}</p>"
    )
