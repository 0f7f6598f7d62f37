/** What the map looks like: sources of our own tiles, layers coloured by voltage. */
import type {
  ExpressionSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from "maplibre-gl";

export const colours = {
  ground: "#f6f5f1",
  high: "#a3123a",
  medium: "#d9730d",
  low: "#2f6fb3",
  service: "#8fb4da",
  corridor: "#cfcabd",
  building: "#e3dfd5",
  buildingEdge: "#cdc7b9",
  best: "#6a1b9a",
  other: "#b487d1",
  refused: "#8d9299",
  kept: "#1b7f5c",
  ink: "#26282c",
} as const;

const minimumZoom = {
  bus: 5,
  line: 5,
  transformer: 5,
  corridor: 14,
  obstacle: 12,
  application: 10,
  option: 12,
} as const;
type TileLayer = keyof typeof minimumZoom;
export const liveLayers = ["application", "option"] as const;

/** Address of the tiles of a layer; the stamp makes the browser ask anew when it changes. */
export const tileAddress = (layer: TileLayer, stamp: number): string =>
  `${location.origin}/api/v1/tiles/${layer}/{z}/{x}/{y}.mvt?v=${stamp}`;

const byVoltage = (low: unknown, medium: unknown, high: unknown): ExpressionSpecification =>
  ["step", ["get", "nominal_voltage_v"], low, 1000, medium, 60000, high] as ExpressionSpecification;

const byZoom = (...stops: number[]): ExpressionSpecification =>
  ["interpolate", ["exponential", 1.4], ["zoom"], ...stops] as ExpressionSpecification;

const isService: ExpressionSpecification = ["==", ["get", "role"], "service"];
const isLow: ExpressionSpecification = ["<", ["get", "nominal_voltage_v"], 1000];
const emptyPlan = { type: "FeatureCollection" as const, features: [] };

export function buildStyle(version: number): StyleSpecification {
  const sources: Record<string, SourceSpecification> = {
    plan: { type: "geojson", data: emptyPlan },
  };
  for (const [layer, minzoom] of Object.entries(minimumZoom)) {
    const tiles = [tileAddress(layer as TileLayer, version)];
    sources[layer] = { type: "vector", tiles, minzoom, maxzoom: 16 };
  }
  return { version: 8, sources, layers: [...groundLayers, ...gridLayers, ...planLayers] };
}

const groundLayers: LayerSpecification[] = [
  { id: "ground", type: "background", paint: { "background-color": colours.ground } },
  {
    id: "obstacle",
    type: "fill",
    source: "obstacle",
    "source-layer": "obstacle",
    paint: { "fill-color": colours.building, "fill-outline-color": colours.buildingEdge },
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
];

/** Symbol of each kind of bus that has one. */
const busIcons = {
  substation_busbar: "substation",
  switching_station: "station",
  ring_main_unit: "station",
  cabinet: "cabinet",
};

const isDistribution: ExpressionSpecification = ["<", ["get", "lv_voltage_v"], 1000];

const gridLayers: LayerSpecification[] = [
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

const isRoute: ExpressionSpecification = ["==", ["get", "feature"], "route"];
const isBest: ExpressionSpecification = ["==", ["get", "state"], "best"];
const byState: ExpressionSpecification = ["match", ["get", "state"],
  "best", colours.best, "other", colours.other, colours.refused];

const planLayers: LayerSpecification[] = [
  {
    id: "baseline",
    type: "line",
    source: "plan",
    filter: ["==", ["get", "feature"], "baseline"],
    paint: { "line-color": colours.ink, "line-width": 1.2, "line-dasharray": [2, 3] },
  },
  {
    id: "route-refused",
    type: "line",
    source: "plan",
    filter: ["all", isRoute, ["==", ["get", "state"], "refused"]],
    paint: { "line-color": colours.refused, "line-width": 2.5, "line-dasharray": [2, 1.5] },
  },
  {
    id: "route-casing",
    type: "line",
    source: "plan",
    filter: ["all", isRoute, ["!=", ["get", "state"], "refused"]],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": "#ffffff", "line-width": ["case", isBest, 9, 6] },
  },
  {
    id: "route",
    type: "line",
    source: "plan",
    filter: ["all", isRoute, ["!=", ["get", "state"], "refused"]],
    layout: { "line-cap": "round", "line-join": "round", "line-sort-key": ["case", isBest, 1, 0] },
    paint: { "line-color": byState, "line-width": ["case", isBest, 5.5, 3] },
  },
  {
    id: "route-highlight",
    type: "line",
    source: "plan",
    filter: ["boolean", false],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": byState, "line-width": 8 },
  },
  {
    id: "access-point",
    type: "circle",
    source: "plan",
    filter: ["==", ["get", "feature"], "access_point"],
    layout: { "circle-sort-key": ["case", isBest, 1, 0] },
    paint: {
      "circle-radius": ["case", isBest, 8, 6.5],
      "circle-color": "#ffffff",
      "circle-stroke-color": byState,
      "circle-stroke-width": ["case", isBest, 3.5, 2.5],
    },
  },
  {
    id: "access-point-rank",
    type: "symbol",
    source: "plan",
    filter: ["==", ["get", "feature"], "access_point"],
    layout: {
      "text-field": ["to-string", ["get", "rank"]],
      "text-font": ["sans-serif"],
      "text-size": 10,
      "text-allow-overlap": true,
    },
    paint: { "text-color": colours.ink },
  },
  {
    id: "site",
    type: "circle",
    source: "plan",
    filter: ["==", ["get", "feature"], "site"],
    paint: {
      "circle-radius": 7,
      "circle-color": colours.best,
      "circle-stroke-color": "#ffffff",
      "circle-stroke-width": 2.5,
    },
  },
];
