"""The cost-to-connect map as one HTML file: cells, buildings, access points, in two languages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

import folium
import numpy as np
import shapely
from branca.element import Figure

from gisplan.export.cost_map_classes import CostClasses, cost_classes
from gisplan.export.cost_map_picture import raster_classes
from gisplan.export.cost_map_raster import CostRaster
from gisplan.export.electrical_table import ElectricalAnswer, ElementTable, lon_lat_shapes
from gisplan.export.feature import Feature, FeatureCollection, Value
from gisplan.planning.cost_map.node_costs import REASON_TEXTS, CostReason
from gisplan.services.cost_map import BEFORE_PROOF, guard_note
from maps.cost_map_texts import (
    LANGUAGE_SCRIPT,
    LANGUAGE_STYLE,
    WORDS,
    both,
    in_both,
    kind_text,
)
from maps.layers import ATTRIBUTION, Controls, RawText, ZoomedMarkers, grid_group
from maps.offline import render_offline
from maps.plan_style import STYLE
from maps.texts import escaped, money, number, voltage
from maps.web_raster import MetricClasses, WebRaster, rgba, web_classes

Row = Mapping[str, Value]
Style = Mapping[str, str | float]

TEXT = "text"
PRICED = ("cost", "access point", "kind", "cable", "drop", "limiting", "proof")
REFUSED = ("building", "why not")
POINT = ("access point", "kind", "proof", "limiting", "best for")
CELL_OPACITY = 0.72
FITS_COLOUR, REFUSED_COLOUR = "#ffffff", "#8f8f8f"
REFUSED_SHOWN = 1500


def web_raster(raster: CostRaster, classes: CostClasses) -> WebRaster:
    """Return the classes of a raster as the browser's map lays them: no cell is mixed."""
    return web_classes(
        MetricClasses(
            classes=raster_classes(raster, classes),
            transform=raster.transform,
            srid=raster.srid,
            beyond=classes.unknown,
        )
    )


def render_cost_map(
    answer: ElectricalAnswer, raster: CostRaster, grid: FeatureCollection | None
) -> str:
    """HTML of a cost-to-connect map; the same answer, raster and grid give the same text."""
    classes = cost_classes(raster.cost)
    by_kind = {one.element_kind: one for one in answer.tables}
    overlay = web_raster(raster, classes)
    figure = Figure()
    folium_map = folium.Map(
        tiles=None, zoom_control=False, attributionControl=False, maxZoom=22, prefer_canvas=True
    )
    figure.add_child(folium_map)
    _cells(overlay, classes).add_to(folium_map)
    if grid is not None:
        lines = [one for one in grid["features"] if one["geometry"]["type"] == "LineString"]
        grid_group(lines).add_to(folium_map)
    counts = Counter(np.ravel(raster_classes(raster, classes)).tolist())
    buildings = Counter[int]()
    if "building" in by_kind:
        buildings = _buildings(by_kind["building"], classes, folium_map)
    _access_points(by_kind["access_point"], folium_map)
    folium_map.fit_bounds(_view(by_kind, overlay), padding=(10, 10))
    folium.LayerControl(collapsed=False).add_to(folium_map)
    Controls(ATTRIBUTION).add_to(folium_map)
    ZoomedMarkers().add_to(folium_map)  # type: ignore[no-untyped-call]
    title = WORDS["title"][0].format(demand=_demand(answer, 0))
    RawText(f"<title>{escaped(title)}</title>{STYLE}{LANGUAGE_STYLE}").add_to(figure.header)
    legend = _legend(classes, counts, buildings, raster.currency)
    panel = _panel(answer, raster, legend)
    RawText(panel + LANGUAGE_SCRIPT).add_to(figure.html)
    return render_offline(folium_map)


def _cells(overlay: WebRaster, classes: CostClasses) -> folium.raster_layers.ImageOverlay:
    palette = np.array([rgba(colour, CELL_OPACITY) for colour in classes.colours], dtype=np.uint8)
    palette[classes.unknown, 3] = round(255 * 0.35)
    return folium.raster_layers.ImageOverlay(
        image=palette[overlay.classes],
        bounds=[list(corner) for corner in overlay.bounds],
        name=_plain("cells"),
    )


def _buildings(
    buildings: ElementTable, classes: CostClasses, folium_map: folium.Map
) -> Counter[int]:
    """Draw buildings by class; return how many a class has."""
    rows = list(buildings.rows())
    cost = np.array([np.nan if row["cost"] is None else row["cost"] for row in rows], np.float64)
    is_known = np.array([row["access_point"] != -1 for row in rows], dtype=np.uint8)
    number = classes.class_of(cost, is_known)
    shapes = lon_lat_shapes(buildings)
    group = folium.FeatureGroup(name=_plain("buildings"))
    for one in np.unique(number).tolist():
        style: Style = {
            "color": "#1c2733",
            "weight": 0.5,
            "fillColor": classes.colours[one],
            "fillOpacity": 1.0,
        }
        is_priced = one < classes.count
        told, names = (_priced_cells, PRICED) if is_priced else (_refused_cells, REFUSED)
        chosen = np.flatnonzero(number == one)
        features = [_feature(shapes[at], told(rows[at])) for at in chosen]
        _layer(features, style, names).add_to(group)
    group.add_to(folium_map)
    return Counter(number.tolist())


def _access_points(points: ElementTable, folium_map: folium.Map) -> None:
    """Draw the access points that are best for some node, and apart those that refuse."""
    rows = list(points.rows())
    shapes = lon_lat_shapes(points)
    best = [at for at, row in enumerate(rows) if row["node_count"]]
    refused = [at for at, row in enumerate(rows) if not row["feasible"]][:REFUSED_SHOWN]
    for name, chosen, colour, is_shown in (
        ("fits", best, FITS_COLOUR, True),
        ("refused points", refused, REFUSED_COLOUR, False),
    ):
        if not chosen:
            continue
        group = folium.FeatureGroup(name=_plain(name), show=is_shown)
        style: Style = {"color": "#111111", "weight": 0.9, "fillColor": colour, "fillOpacity": 1.0}
        features = [_feature(shapes[at], _point_cells(rows[at])) for at in chosen]
        _layer(features, style, POINT).add_to(group)
        group.add_to(folium_map)


def _layer(
    features: Sequence[Feature], style: Style, names: Sequence[str], radius_px: float = 2.4
) -> folium.GeoJson:
    """Draw features; a click tells the properties of these names, headed in both languages."""
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": list(features)},
        style_function=lambda _: dict(style),
        marker=folium.CircleMarker(radius=radius_px, fill=True),
        tooltip=folium.GeoJsonTooltip(fields=[TEXT], labels=False),
        popup=folium.GeoJsonPopup(
            fields=list(names),
            aliases=[both(name) for name in names],
            localize=False,
            max_width=400,
        ),
    )


def _feature(shape: shapely.Geometry, properties: dict[str, Value]) -> Feature:
    rounded = shapely.transform(shape, lambda xy: xy.round(6))
    geometry = json.loads(shapely.to_geojson(rounded))
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _priced_cells(row: Row) -> dict[str, Value]:
    """Return what a pointer and a click tell of a building that can be connected."""
    cost = money(float(row["cost"] or 0), str(row["currency"]))
    count = f"{row['parallel_count']} × " if int(row["parallel_count"] or 1) > 1 else ""
    length = number(float(row["length_m"] or 0), "m", 3)
    return {
        TEXT: f"{escaped(row['building_id'])} · {cost}",
        "cost": cost,
        "access point": _named(row),
        "kind": kind_text(str(row["access_kind"])),
        "cable": f"{length} · {count}{escaped(row['cable'])}",
        "drop": f"{float(row['voltage_drop_pct'] or 0):.2f} %",
        "limiting": _loading(row),
        "proof": _verdict(row),
    }


def _refused_cells(row: Row) -> dict[str, Value]:
    """Return what a pointer and a click tell of a building without a cost."""
    name = escaped(row["building_id"])
    reason = in_both(escaped(row["reason"]), _reason_zh(str(row["reason"])))
    return {TEXT: f"{name} · {both('refused')}", "building": name, "why not": reason}


def _point_cells(row: Row) -> dict[str, Value]:
    kind = kind_text(str(row["access_kind"]))
    return {
        TEXT: f"{_named(row)} · {kind}",
        "access point": _named(row),
        "kind": kind,
        "proof": _verdict(row) if row["feasible"] else escaped(row["reason"]),
        "limiting": _loading(row),
        "best for": f"{row['node_count']:,}",
    }


def _verdict(row: Row) -> str:
    return both("uncertain" if row["is_uncertain"] else "certain")


def _named(row: Row) -> str:
    name, element_id = str(row["access_name"]), str(row["access_id"])
    return escaped(f"{name} ({element_id})" if name != element_id else element_id)


def _loading(row: Row) -> str:
    if not row["limiting_id"] or row["loading_max_ratio"] is None:
        return "–"
    name = row["limiting_name"] or row["limiting_id"]
    return escaped(f"{float(row['loading_max_ratio']):.0%} · {row['limiting_kind']} {name}")


def _reason_zh(reason: str) -> str:
    """Return a reason in Chinese: what the code says; what screening adds stays as it is."""
    head, _, rest = reason.partition("; ")
    by_text = {REASON_TEXTS[one]: WORDS[one.name.lower()][1] for one in CostReason if one}
    return escaped("；".join(filter(None, (by_text.get(head, head), rest))))


def _view(by_kind: Mapping[str, ElementTable], overlay: WebRaster) -> list[list[float]]:
    """Return the corners to show first: around the buildings, else around all cells."""
    if "building" not in by_kind:
        return [list(corner) for corner in overlay.bounds]
    boxes = np.array([shape.bounds for shape in lon_lat_shapes(by_kind["building"])])
    west, south = boxes[:, :2].min(axis=0).tolist()
    east, north = boxes[:, 2:].max(axis=0).tolist()
    return [[south, west], [north, east]]


def _demand(answer: ElectricalAnswer, language: int) -> str:
    facts = answer.facts
    power = f"{facts['demand_kva']:,.10g} kVA"
    word = WORDS[str(facts["direction"])][language]
    return f"{power} {word}" if language == 0 else f" {power} {word}"


def _panel(answer: ElectricalAnswer, raster: CostRaster, legend: str) -> str:
    facts = answer.facts
    title = in_both(*(escaped(WORDS["title"][n].format(demand=_demand(answer, n))) for n in (0, 1)))
    median = facts["cost_median"]
    lead = both(
        "lead",
        level=voltage(float(facts["nominal_voltage_v"] or 0)),
        power_factor=f"{facts['power_factor']:g}",
    )
    reached = (
        ""
        if median is None
        else both(
            "reached",
            reached=f"{facts['reached_count']:,}",
            total=f"{facts['node_count']:,}",
            median=money(float(median), raster.currency),
        )
    )
    count = int(facts["uncertain_count"] or 0)
    guarded = f"<li>{both('guarded', count=f'{count:,}')}</li>" if count else ""
    translated = {BEFORE_PROOF, guard_note(count)}
    notes = f"<li>{both('before proof')}</li>{guarded}{_hidden_note(answer)}" + "".join(
        f"<li>{escaped(note)}</li>" for note in answer.notes if note not in translated
    )
    made_of = both(
        "made of",
        version=str(facts["grid_version"]),
        ledger=str(facts["ledger_sequence"]),
        profile=escaped(facts["profile"]),
        cell=f"{raster.cell_m:g}",
    )
    other = in_both(*WORDS["other language"])
    return (
        f'<div id="panel"><button id="language" type="button">{other}</button><h1>{title}</h1>'
        f"<p>{lead}</p><p>{reached}</p>{legend}<h2>{both('to know')}</h2>"
        f"<ul>{notes}</ul>"
        f'<p class="quiet">{made_of}</p></div>'
    )


def _hidden_note(answer: ElectricalAnswer) -> str:
    """Say how many of the access points that refuse are drawn, where they are too many."""
    points = next(one for one in answer.tables if one.element_kind == "access_point")
    count = int((~points.columns["feasible"]).sum())
    if count <= REFUSED_SHOWN:
        return ""
    return f"<li>{both('refused drawn', shown=f'{REFUSED_SHOWN:,}', count=f'{count:,}')}</li>"


def _legend(
    classes: CostClasses, cells: Counter[int], buildings: Counter[int], currency: str
) -> str:
    texts = [f"{escaped(text)} {escaped(currency)}" for text in classes.texts]
    rows = "".join(
        f'<tr><td><svg width="30" height="14"><rect x="3" y="1" width="24" height="12" '
        f'fill="{colour}"/></svg></td><td>{text}</td><td class="figure">{cells[at]:,}</td>'
        f'<td class="figure">{buildings[at]:,}</td></tr>'
        for at, (colour, text) in enumerate(
            zip(classes.colours, (*texts, both("refused"), both("unknown")), strict=True)
        )
    )
    head = (
        f'<tr><td></td><td></td><td class="figure">{both("cells")}</td>'
        f'<td class="figure">{both("buildings")}</td></tr>'
    )
    return (
        f'<h2>{both("legend")} ({escaped(currency)})</h2><table class="legend">{head}{rows}</table>'
    )


def _plain(name: str) -> str:
    """Return a layer's name in both languages, which folium shows as it is."""
    return " ".join(WORDS[name])
