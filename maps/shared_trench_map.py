"""Applications planned together as one HTML file: trenches by their cables, over the grid."""

from __future__ import annotations

import folium
from branca.element import Figure

from gisplan.export.feature import FeatureCollection
from gisplan.model.option import AccessPoint, LonLat
from gisplan.model.shared_trench import JointConnection, SharedTrenchAnswer, TrenchStretch
from maps.layers import ATTRIBUTION, Bound, Controls, RawText, features_of, grid_group
from maps.offline import render_offline
from maps.plan_style import SITE_COLOUR, STYLE
from maps.texts import escaped, number

TITLE = "Shared trenches · 同沟敷设"
CABLE_CLASSES = (
    (1, "1 cable · 一根电缆", "#8a8a8a", 3),
    (2, "2 cables · 两根电缆", "#e0a100", 5),
    (3, "3 cables · 三根电缆", "#d9480f", 7),
    (4, "4 cables and more · 四根及以上", "#7b1fa2", 9),
)
"""Least number of cables, name, colour, width in pixels."""
ACCESS_COLOUR = "#00543c"
MARGIN_DEG = 0.0003


def render_shared_trenches(
    answer: SharedTrenchAnswer, grid_features: FeatureCollection | None
) -> str:
    """HTML of a joint plan; the same answer and grid give the same text."""
    figure = Figure()
    folium_map = folium.Map(
        tiles=None, zoom_control=False, attributionControl=False, maxZoom=22, prefer_canvas=True
    )
    figure.add_child(folium_map)
    grid_group(features_of(grid_features)).add_to(folium_map)
    for row in range(len(CABLE_CLASSES)):
        _trench_group(answer, row).add_to(folium_map)
    _places(answer).add_to(folium_map)
    folium_map.fit_bounds(_bounds(answer), padding=(30, 30))
    folium.LayerControl(collapsed=False).add_to(folium_map)
    Controls(ATTRIBUTION).add_to(folium_map)
    RawText(f"<title>{escaped(TITLE)}</title>{STYLE}").add_to(figure.header)
    RawText(_panel(answer)).add_to(figure.html)
    return render_offline(folium_map)


def places_of(answer: SharedTrenchAnswer) -> list[LonLat]:
    """Return the sites and access points of an answer."""
    points = [one.option.access_point for one in answer.connections if one.option is not None]
    return [one.site for one in answer.connections] + [(one.lon, one.lat) for one in points]


def _class_of(stretch: TrenchStretch) -> int:
    return min(len(stretch.references), len(CABLE_CLASSES)) - 1


def _trench_group(answer: SharedTrenchAnswer, row: int) -> folium.FeatureGroup:
    _, name, colour, width_px = CABLE_CLASSES[row]
    group = folium.FeatureGroup(name=escaped(name))
    for stretch in answer.trenches:
        if _class_of(stretch) == row and len(stretch.coordinates) > 1:
            line = folium.PolyLine(  # type: ignore[no-untyped-call]
                [(lat, lon) for lon, lat in stretch.coordinates],
                color=colour,
                weight=width_px,
                opacity=0.95,
            )
            Bound(_stretch_text(stretch, answer.currency)).add_to(line)
            line.add_to(group)
    return group


def _stretch_text(stretch: TrenchStretch, currency: str) -> str:
    return (
        f"{escaped(', '.join(stretch.references))}<br>{number(stretch.length_m, 'm')} · "
        f"{escaped(stretch.corridor)} · {escaped(stretch.surface)} · {escaped(stretch.laying)}<br>"
        f"{number(stretch.cost, currency)}"
    )


def _places(answer: SharedTrenchAnswer) -> folium.FeatureGroup:
    group = folium.FeatureGroup(name="sites and access points · 用户与接入点")
    for one in answer.connections:
        if one.option is not None:
            point = one.option.access_point
            place, name = (point.lat, point.lon), _called(point)
            _marker(place, ACCESS_COLOUR, "#ffffff", 6, name).add_to(group)
        lon, lat = one.site
        _marker((lat, lon), "#ffffff", SITE_COLOUR, 7, one.reference).add_to(group)
    return group


def _marker(
    place: tuple[float, float], edge: str, fill: str, radius: int, text: str
) -> folium.CircleMarker:
    marker = folium.CircleMarker(
        place, radius=radius, color=edge, weight=3, fill_color=fill, fill_opacity=1.0
    )
    Bound(escaped(text)).add_to(marker)
    return marker


def _bounds(answer: SharedTrenchAnswer) -> list[list[float]]:
    places = places_of(answer)
    places += [place for one in answer.trenches for place in one.coordinates]
    lons, lats = zip(*places, strict=True)
    return [
        [min(lats) - MARGIN_DEG, min(lons) - MARGIN_DEG],
        [max(lats) + MARGIN_DEG, max(lons) + MARGIN_DEG],
    ]


def _panel(answer: SharedTrenchAnswer) -> str:
    rows = "".join(_row(one) for one in answer.connections)
    told = [f"{one.reference}: {one.reason}" for one in answer.connections if one.reason]
    notes = "".join(f"<li>{escaped(text)}</li>" for text in (*told, *answer.notes))
    legend = "".join(
        f'<tr><td><span style="display:inline-block;width:28px;height:{width_px}px;'
        f'background:{colour}"></span></td><td>{escaped(name)}</td>'
        f'<td class="figure">{_metres(answer, row)}</td></tr>'
        for row, (_, name, colour, width_px) in enumerate(CABLE_CLASSES)
    )
    currency = answer.currency
    return (
        f'<div id="panel"><h1>{escaped(TITLE)}</h1>'
        f"<p>together · 合计 {number(answer.total_cost, currency)}<br>"
        f"one after another · 分别 {number(answer.separate_cost, currency)}<br>"
        f"<b>saving · 节省 {number(answer.saving, currency)}</b><br>"
        f"at least · 下界 {number(answer.lower_bound, currency)}, gap · 最优差距 {answer.gap:.1%}"
        f"</p><table>{legend}</table>"
        '<table class="options"><tr><th></th><th>leads to · 接入点</th><th>m</th>'
        f"<th>cost · 造价 ({escaped(currency)})</th><th>by itself · 单独</th></tr>{rows}</table>"
        f"<h2>To know · 说明</h2><ul>{notes}</ul></div>"
    )


def _metres(answer: SharedTrenchAnswer, row: int) -> str:
    return number(round(sum(one.length_m for one in answer.trenches if _class_of(one) == row)), "m")


def _row(one: JointConnection) -> str:
    option = one.option
    point = "none · 无" if option is None else _called(option.access_point)
    length = "" if option is None else f"{option.route.length_m:,.0f}"
    return (
        f'<tr><td style="white-space:nowrap"><b>{escaped(one.reference)}</b></td>'
        f"<td>{escaped(point)}</td>"
        f'<td class="figure">{length}</td><td class="figure">{_amount(one.cost)}</td>'
        f'<td class="figure">{_amount(one.alone_cost)}</td></tr>'
    )


def _called(point: AccessPoint) -> str:
    return point.name or point.element_id


def _amount(amount: float | None) -> str:
    return "" if amount is None else f"{amount:,.0f}"
