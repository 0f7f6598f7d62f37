"""Layers and furniture that all our maps share; folium's own pop-ups and controls need more."""

from __future__ import annotations

from collections.abc import Sequence

import folium
from branca.element import Element, MacroElement
from folium.template import Template

from gisplan.export.feature import Feature, FeatureCollection
from maps.plan_style import VOLTAGE_CLASSES, voltage_class
from maps.texts import escaped, number, voltage

ATTRIBUTION = "© OpenStreetMap contributors (ODbL 1.0) · drawn with Leaflet (BSD-2-Clause)"


class Bound(MacroElement):
    """Pop-up and tool tip of a layer; folium's own need jQuery."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {{ this._parent.get_name() }}.bindTooltip({{ this.title|tojson }}, {sticky: true});
            {% if this.details %}
            {{ this._parent.get_name() }}.bindPopup({{ this.details|tojson }}, {maxWidth: 440});
            {% endif %}
            {% for rank in this.ranks %}
            planLayers[{{ rank }}] = {{ this._parent.get_name() }};
            {% endfor %}
        {% endmacro %}
        """
    )

    def __init__(self, title: str, details: str = "", ranks: Sequence[int] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.title = title
        self.details = details
        self.ranks = ranks


class Controls(MacroElement):
    """Zoom buttons and metric scale where they hide little; the attribution without links."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            L.control.attribution({prefix: false}).addTo({{ this._parent.get_name() }})
                .addAttribution({{ this.attribution|tojson }});
            L.control.zoom({position: "bottomright"}).addTo({{ this._parent.get_name() }});
            L.control.scale({imperial: false, maxWidth: 160})
                .addTo({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, attribution: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.attribution = escaped(attribution)


class ZoomedMarkers(MacroElement):
    """Circle markers that shrink when one looks from afar, so that many do not hide each other."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            (function (map) {
                function scale() {
                    const factor = Math.max(0.3, Math.min(1.5, (map.getZoom() - 9) / 7));
                    map.eachLayer(function (layer) {
                        if (!layer.setRadius) return;
                        layer.full = layer.full || [layer.getRadius(), layer.options.weight];
                        layer.setRadius(layer.full[0] * factor);
                        const edge = layer.full[1] < 1 && factor < 0.7 ? 0 : layer.full[1];
                        layer.setStyle({weight: edge * Math.min(1, factor)});
                    });
                }
                map.on("zoomend overlayadd", scale);
                scale();
            })({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )


def features_of(grid: FeatureCollection | None) -> Sequence[Feature]:
    """Return the features of a grid that may not be there."""
    return () if grid is None else grid["features"]


def grid_group(features: Sequence[Feature]) -> folium.FeatureGroup:
    """Lines and stations of the grid, low voltage below."""
    group = folium.FeatureGroup(name="grid · 电网")
    by_class: list[list[Feature]] = [[] for _ in VOLTAGE_CLASSES]
    for feature in features:
        by_class[voltage_class(voltage_v(feature))].append(_with_text(feature))
    for (_, _, colour, width_px), members in reversed(
        list(zip(VOLTAGE_CLASSES, by_class, strict=True))
    ):
        if members:
            _grid_layer(members, colour, width_px).add_to(group)
    return group


def _grid_layer(features: Sequence[Feature], colour: str, width_px: float) -> folium.GeoJson:
    """Features of one voltage class."""
    style = {"color": colour, "weight": width_px, "fillColor": "#ffffff", "fillOpacity": 1.0}
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": list(features)},
        style_function=lambda _: style,
        marker=folium.CircleMarker(radius=5, fill=True),
        tooltip=folium.GeoJsonTooltip(fields=["text"], labels=False),
    )


def _with_text(feature: Feature) -> Feature:
    """Feature with nothing but the words that its tool tip shows."""
    properties = feature["properties"]
    name = properties.get("name") or properties.get("element_id") or ""
    power_kva = properties.get("rated_power_kva")
    words = [
        escaped(name),
        voltage(voltage_v(feature)),
        escaped(properties.get("conductor") or ""),
        number(float(power_kva), "kVA") if power_kva is not None else "",
    ]
    text = " · ".join(filter(None, words))
    return {"type": "Feature", "geometry": feature["geometry"], "properties": {"text": text}}


def voltage_v(feature: Feature) -> float:
    """Return the nominal voltage of a feature of the grid in volts."""
    return float(feature["properties"].get("nominal_voltage_v") or 0.0)


class RawText(Element):
    """Text as it stands: braces in it are no template's."""

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
