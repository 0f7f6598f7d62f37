"""A plan as one HTML file: site, access points and routes on the grid around them.

No tiles are drawn, for they would have to be loaded; the grid's own lines tell where one is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import folium
from branca.element import Figure, MacroElement
from folium.template import Template

from gisplan.export.feature import FeatureCollection
from gisplan.export.plan_document import all_options, route_lines
from gisplan.model.option import LonLat, Option, Plan
from maps.layers import (
    ATTRIBUTION,
    Bound,
    Controls,
    RawText,
    features_of,
    grid_group,
    voltage_v,
)
from maps.offline import render_offline
from maps.plan_panel import build_panel
from maps.plan_sources import source_layer
from maps.plan_style import SITE_COLOUR, STYLE, option_colour, voltage_class
from maps.plan_texts import option_details, option_title
from maps.texts import escaped, money, number

_NEAR_M_IN_DEGREES = 0.002  # 200 m: what is shown around a site without any option


def render_plan(
    plan: Plan, grid_features: FeatureCollection | None, *, attribution: str = ATTRIBUTION
) -> str:
    """HTML of a plan's map, self-contained; the same plan and grid give the same text.

    Parameters
    ----------
    grid_features
        Lines and stations near the plan, as ``gisplan.export.grid_features`` makes them.
    attribution
        Who must be named for the data that are shown.
    """
    site = plan.application
    figure = Figure()
    folium_map = folium.Map(
        location=[site.lat, site.lon],
        tiles=None,
        zoom_control=False,
        attributionControl=False,
        maxZoom=22,
    )
    figure.add_child(folium_map)
    for group in _groups(plan, grid_features):
        group.add_to(folium_map)
    folium_map.fit_bounds(_bounds(plan), padding=(50, 50), max_zoom=19)
    Controls(attribution).add_to(folium_map)
    _Rows().add_to(folium_map)  # type: ignore[no-untyped-call]
    title = f"Connection plan {escaped(site.reference)}"
    RawText(f"<title>{title}</title>{STYLE}").add_to(figure.header)
    RawText("var planLayers = {};").add_to(figure.script)
    grid_classes = {voltage_class(voltage_v(feature)) for feature in features_of(grid_features)}
    RawText(build_panel(plan, sorted(grid_classes))).add_to(figure.html)
    return render_offline(folium_map)


class _Rows(MacroElement):
    """A click on a row of the table opens the option on the map."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            document.querySelectorAll("#panel tr.option").forEach(function (row) {
                row.addEventListener("click", function () {
                    planLayers[Number(row.dataset.rank)].openPopup();
                });
            });
        {% endmacro %}
        """
    )


def _groups(plan: Plan, grid: FeatureCollection | None) -> Iterator[folium.FeatureGroup]:
    """Layers from the bottom up: grid, routes, access points, site."""
    yield grid_group(features_of(grid))
    yield _route_group(plan.options, opacity=0.95 if plan.supply_set is None else 0.4)
    yield _access_group(plan.options)
    sources = source_layer(plan)
    if sources is not None:
        yield sources
    yield _site_group(plan)


def _route_group(options: Sequence[Option], *, opacity: float) -> folium.FeatureGroup:
    """Routes, the best on top and narrowest, so that those below it show at its sides."""
    group = folium.FeatureGroup(name="routes")
    for option in reversed(options):
        for line in route_lines(option.route):
            path = folium.PolyLine(  # type: ignore[no-untyped-call]
                [(lat, lon) for lon, lat in line],
                color=option_colour(option),
                weight=min(3 + 3 * option.rank, 15) if option.feasible else 3,
                opacity=opacity if option.feasible else min(opacity, 0.8),
                dash_array=None if option.feasible else "6 6",
                line_cap="butt",
            )
            Bound(_short(option), option_details(option)).add_to(path)
            path.add_to(group)
    return group


def _access_group(options: Sequence[Option]) -> folium.FeatureGroup:
    """A dot at each place, and above it a pin with the ranks of all options that end there."""
    group = folium.FeatureGroup(name="access points")
    at_place: dict[LonLat, list[Option]] = {}
    for option in options:
        at_place.setdefault((option.access_point.lon, option.access_point.lat), []).append(option)
    for (lon, lat), here in reversed(at_place.items()):
        ranks = ", ".join(str(option.rank) for option in here)
        colour = option_colour(here[0])
        folium.CircleMarker(
            [lat, lon], radius=5, color="#ffffff", weight=2, fill_color=colour, fill_opacity=1.0
        ).add_to(group)
        width_px = 24 + 14 * (len(here) - 1)
        icon = folium.DivIcon(
            html=f'<div class="chip pin" style="background:{colour}">{ranks}</div>',
            icon_size=(width_px, 24),
            icon_anchor=(width_px // 2, 34),
            popup_anchor=(0, -30),
            class_name="pin-holder",
        )
        pin = folium.Marker([lat, lon], icon=icon)
        titles = "<br>".join(_short(option) for option in here)
        details = "<hr>".join(option_details(option) for option in here)
        Bound(titles, details, [option.rank for option in here]).add_to(pin)
        pin.add_to(group)
    return group


def _site_group(plan: Plan) -> folium.FeatureGroup:
    """Place of the customer."""
    site = plan.application
    group = folium.FeatureGroup(name="site")
    icon = folium.DivIcon(
        html=f'<div class="site" style="background:{SITE_COLOUR}"></div>',
        icon_size=(20, 20),
        class_name="site-holder",
    )
    marker = folium.Marker([site.lat, site.lon], icon=icon)
    Bound(f"site of {escaped(site.reference)}, {number(site.demand_kva, 'kVA')}").add_to(marker)
    marker.add_to(group)
    return group


def _short(option: Option) -> str:
    """Title, length and cost of an option, and whether it can be built."""
    cost = money(option.cost.total, option.cost.currency)
    verdict = "" if option.feasible else " · not feasible"
    return f"{option_title(option)} · {number(option.route.length_m, 'm', 3)} · {cost}{verdict}"


def _bounds(plan: Plan) -> list[list[float]]:
    """South-west and north-east corner around site, access points and routes."""
    site = plan.application
    places = [(site.lon, site.lat)]
    for option in all_options(plan):
        places.append((option.access_point.lon, option.access_point.lat))
        places.extend(place for line in route_lines(option.route) for place in line)
    if len(places) == 1:
        places.extend((site.lon, site.lat + side * _NEAR_M_IN_DEGREES) for side in (-1, 1))
    lons, lats = zip(*places, strict=True)
    return [[min(lats), min(lons)], [max(lats), max(lons)]]
