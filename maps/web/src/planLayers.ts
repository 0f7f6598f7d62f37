/** What was found or drawn for a customer, on top of the grid. */
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";

import { colours, sourceColours } from "./colours";

const isRoute: ExpressionSpecification = ["==", ["get", "feature"], "route"];
const isBest: ExpressionSpecification = ["==", ["get", "state"], "best"];
const byState: ExpressionSpecification = ["match", ["get", "state"],
  "best", colours.best, "other", colours.other,
  ...sourceColours.flatMap((colour, row) => [`source-${row + 1}`, colour]),
  colours.refused] as ExpressionSpecification;
/** What belongs to the answer itself, not to its alternatives. */
const isMain: ExpressionSpecification = ["any", isBest,
  ["==", ["slice", ["get", "state"], 0, 6], "source"]];

export const planLayers: LayerSpecification[] = [
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
    paint: { "line-color": "#ffffff", "line-width": ["case", isMain, 9, 6] },
  },
  {
    id: "route",
    type: "line",
    source: "plan",
    filter: ["all", isRoute, ["!=", ["get", "state"], "refused"]],
    layout: { "line-cap": "round", "line-join": "round", "line-sort-key": ["case", isMain, 1, 0] },
    paint: { "line-color": byState, "line-width": ["case", isMain, 5.5, 3] },
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
    layout: { "circle-sort-key": ["case", isMain, 1, 0] },
    paint: {
      "circle-radius": ["case", isMain, 9, 6.5],
      "circle-color": "#ffffff",
      "circle-stroke-color": byState,
      "circle-stroke-width": ["case", isMain, 3.5, 2.5],
    },
  },
  {
    id: "access-point-rank",
    type: "symbol",
    source: "plan",
    filter: ["==", ["get", "feature"], "access_point"],
    layout: {
      "text-field": ["get", "label"],
      "text-font": ["sans-serif"],
      "text-size": 10,
      "text-allow-overlap": true,
      "symbol-sort-key": ["case", isMain, 1, 0],
    },
    paint: { "text-color": colours.ink },
  },
  {
    id: "route-label",
    type: "symbol",
    source: "plan",
    filter: ["all", isRoute, ["has", "told"], ["any", isMain, ["==", ["get", "key"], "route-1"]]],
    layout: {
      "symbol-placement": "line-center",
      "text-field": ["get", "told"],
      "text-font": ["sans-serif"],
      "text-size": 11.5,
      "text-offset": [0, -1.1],
    },
    paint: {
      "text-color": ["case", ["==", ["get", "state"], "refused"], colours.ink, byState],
      "text-halo-color": "#ffffff",
      "text-halo-width": 2.5,
    },
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
  {
    id: "avoid",
    type: "fill",
    source: "drawn",
    filter: ["==", ["get", "feature"], "avoid"],
    paint: { "fill-color": colours.avoid, "fill-opacity": 0.18 },
  },
  {
    id: "avoid-edge",
    type: "line",
    source: "drawn",
    filter: ["==", ["get", "feature"], "avoid"],
    paint: { "line-color": colours.avoid, "line-width": 1.5, "line-dasharray": [3, 1.5] },
  },
  {
    id: "drawn",
    type: "line",
    source: "drawn",
    filter: ["in", ["get", "feature"], ["literal", ["drawn", "current"]]],
    paint: { "line-color": colours.drawn, "line-width": 2, "line-dasharray": [3, 1.5] },
  },
  {
    id: "vertex",
    type: "circle",
    source: "drawn",
    filter: ["==", ["get", "feature"], "vertex"],
    paint: {
      "circle-radius": 3.5,
      "circle-color": "#ffffff",
      "circle-stroke-color": colours.drawn,
      "circle-stroke-width": 2,
    },
  },
  {
    id: "stop",
    type: "circle",
    source: "drawn",
    filter: ["==", ["get", "feature"], "stop"],
    paint: {
      "circle-radius": 9,
      "circle-color": colours.drawn,
      "circle-stroke-color": "#ffffff",
      "circle-stroke-width": 2,
    },
  },
  {
    id: "stop-label",
    type: "symbol",
    source: "drawn",
    filter: ["==", ["get", "feature"], "stop"],
    layout: {
      "text-field": ["get", "label"],
      "text-font": ["sans-serif"],
      "text-size": 11,
      "text-allow-overlap": true,
    },
    paint: { "text-color": "#ffffff" },
  },
];
