/** Ground, barriers and grid on the map, coloured by voltage. */
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";

import { colours } from "./colours";

const byVoltage = (low: unknown, medium: unknown, high: unknown): ExpressionSpecification =>
  ["step", ["get", "nominal_voltage_v"], low, 1000, medium, 60000, high] as ExpressionSpecification;

export const byZoom = (...stops: number[]): ExpressionSpecification =>
  ["interpolate", ["exponential", 1.4], ["zoom"], ...stops] as ExpressionSpecification;

const isService: ExpressionSpecification = ["==", ["get", "role"], "service"];
const isLow: ExpressionSpecification = ["<", ["get", "nominal_voltage_v"], 1000];

const barrierIs = (...kinds: string[]): ExpressionSpecification =>
  ["in", ["get", "barrier_kind"], ["literal", kinds]];

export const groundLayers: LayerSpecification[] = [
  { id: "ground", type: "background", paint: { "background-color": colours.ground } },
  {
    id: "obstacle",
    type: "fill",
    source: "obstacle",
    "source-layer": "obstacle",
    paint: {
      "fill-color": ["match", ["get", "obstacle_kind"],
        "building", colours.building, "water", colours.waterArea, colours.area],
      "fill-outline-color": colours.buildingEdge,
      "fill-opacity": ["match", ["get", "obstacle_kind"], "building", 1, 0.6],
    },
  },
  {
    id: "corridor",
    type: "line",
    source: "corridor",
    "source-layer": "corridor",
    layout: { "line-cap": "round" },
    paint: {
      "line-color": colours.corridor,
      "line-width": byZoom(14, 0.6, 17, 3, 20, 10),
      "line-opacity": ["match", ["get", "corridor_kind"], "open_ground", 0.35, 0.8],
    },
  },
  {
    id: "barrier-road",
    type: "line",
    source: "barrier",
    "source-layer": "barrier",
    filter: barrierIs("road"),
    paint: { "line-color": colours.road, "line-width": byZoom(13, 0.6, 17, 1.6), "line-dasharray": [6, 2] },
  },
  {
    id: "barrier-water",
    type: "line",
    source: "barrier",
    "source-layer": "barrier",
    filter: barrierIs("water"),
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colours.water, "line-width": byZoom(11, 0.8, 17, 5) },
  },
  {
    id: "barrier-rail",
    type: "line",
    source: "barrier",
    "source-layer": "barrier",
    filter: barrierIs("rail"),
    paint: { "line-color": colours.rail, "line-width": byZoom(11, 1, 17, 4.5) },
  },
  {
    id: "barrier-rail-sleepers",
    type: "line",
    source: "barrier",
    "source-layer": "barrier",
    minzoom: 13,
    filter: barrierIs("rail"),
    paint: { "line-color": "#ffffff", "line-width": byZoom(13, 0.8, 17, 2.6), "line-dasharray": [3, 3] },
  },
  {
    id: "barrier-main",
    type: "line",
    source: "barrier",
    "source-layer": "barrier",
    filter: barrierIs("gas_main", "heat_main", "water_main"),
    paint: {
      "line-color": ["match", ["get", "barrier_kind"],
        "gas_main", colours.gas_main, "heat_main", colours.heat_main, colours.water_main],
      "line-width": byZoom(14, 1, 17, 2.4),
      "line-dasharray": [5, 1.5, 1, 1.5],
    },
  },
];

/** Symbol of each kind of bus that has one. */
const busIcons = {
  substation_busbar: "substation",
  switching_station: "station",
  ring_main_unit: "station",
  cabinet: "cabinet",
};

const isDistribution: ExpressionSpecification = ["<", ["get", "lv_voltage_v"], 1000];

export const gridLayers: LayerSpecification[] = [
  {
    id: "line-low",
    type: "line",
    source: "line",
    "source-layer": "line",
    filter: isLow,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": ["case", isService, colours.service, colours.low],
      "line-width": ["interpolate", ["linear"], ["zoom"],
        13, ["case", isService, 0.4, 0.8], 16, ["case", isService, 0.9, 1.8],
        20, ["case", isService, 2.5, 5]],
      "line-opacity": ["case", ["get", "in_service"], 1, 0.4],
    },
  },
  {
    id: "line-high",
    type: "line",
    source: "line",
    "source-layer": "line",
    filter: ["!", isLow],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": byVoltage(colours.low, colours.medium, colours.high),
      "line-width": ["interpolate", ["linear"], ["zoom"],
        6, byVoltage(0.5, 0.6, 1.2), 11, byVoltage(1, 1.4, 2.2), 16, byVoltage(2, 3, 4),
        20, byVoltage(4, 6, 8)],
      "line-opacity": ["case", ["get", "in_service"], 1, 0.4],
    },
  },
  {
    id: "option",
    type: "line",
    source: "option",
    "source-layer": "option",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colours.kept, "line-width": byZoom(12, 1.2, 17, 3.5, 20, 7) },
  },
  {
    id: "bus",
    type: "symbol",
    source: "bus",
    "source-layer": "bus",
    filter: ["in", ["get", "bus_kind"], ["literal", [...Object.keys(busIcons)]]],
    layout: {
      "icon-image": ["get", ["get", "bus_kind"], ["literal", busIcons]],
      "icon-size": ["interpolate", ["linear"], ["zoom"],
        8, ["match", ["get", "bus_kind"], "substation_busbar", 0.6, 0.2],
        13, ["match", ["get", "bus_kind"], "substation_busbar", 0.9, 0.45],
        18, ["match", ["get", "bus_kind"], "substation_busbar", 1.4, 1]],
      "icon-allow-overlap": true,
      "symbol-sort-key": ["get", "nominal_voltage_v"],
    },
  },
  {
    id: "transformer-far",
    type: "circle",
    source: "transformer",
    "source-layer": "transformer",
    maxzoom: 13,
    filter: isDistribution,
    paint: {
      "circle-radius": byZoom(9, 1, 13, 3.5),
      "circle-color": "#ffffff",
      "circle-stroke-color": colours.medium,
      "circle-stroke-width": 1.3,
    },
  },
  {
    id: "transformer",
    type: "symbol",
    source: "transformer",
    "source-layer": "transformer",
    minzoom: 13,
    filter: isDistribution,
    layout: {
      "icon-image": "transformer",
      "icon-size": byZoom(13, 0.7, 15, 1, 18, 1.5),
      "icon-allow-overlap": true,
      "text-field": ["step", ["zoom"], "", 14.5, ["get", "name"]],
      "text-font": ["sans-serif"],
      "text-size": 11,
      "text-anchor": "left",
      "text-offset": [0.9, -0.7],
      "text-optional": true,
    },
    paint: {
      "text-color": colours.ink,
      "text-halo-color": colours.ground,
      "text-halo-width": 2,
    },
  },
  {
    id: "application",
    type: "circle",
    source: "application",
    "source-layer": "application",
    paint: {
      "circle-radius": byZoom(10, 1.6, 14, 3, 18, 7),
      "circle-color": ["match", ["get", "status"],
        "accepted", colours.kept, "planned", colours.other, "refused", "#c62828", "#ffffff"],
      "circle-stroke-color": ["match", ["get", "status"], "received", colours.best, "#ffffff"],
      "circle-stroke-width": 1.3,
    },
  },
];

