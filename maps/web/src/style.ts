/** What the map looks like: sources of our own tiles, and the layers in their order. */
import type { SourceSpecification, StyleSpecification } from "maplibre-gl";

import { gridLayers, groundLayers } from "./gridLayers";
import { planLayers } from "./planLayers";

const minimumZoom = {
  bus: 5,
  line: 5,
  transformer: 5,
  corridor: 14,
  obstacle: 12,
  barrier: 11,
  application: 10,
  option: 12,
} as const;
type TileLayer = keyof typeof minimumZoom;
export const liveLayers = ["application", "option"] as const;
/** The layer under which a picture of costs is laid: ground below, grid above. */
export const aboveCosts = "corridor";

/** Address of the tiles of a layer; the stamp makes the browser ask anew when it changes. */
export const tileAddress = (layer: TileLayer, stamp: number): string =>
  `${location.origin}/api/v1/tiles/${layer}/{z}/{x}/{y}.mvt?v=${stamp}`;

export const nothing = { type: "FeatureCollection" as const, features: [] };

export function buildStyle(version: number): StyleSpecification {
  const sources: Record<string, SourceSpecification> = {
    plan: { type: "geojson", data: nothing },
    drawn: { type: "geojson", data: nothing },
  };
  for (const [layer, minzoom] of Object.entries(minimumZoom)) {
    const tiles = [tileAddress(layer as TileLayer, version)];
    sources[layer] = { type: "vector", tiles, minzoom, maxzoom: 16 };
  }
  return { version: 8, sources, layers: [...groundLayers, ...gridLayers, ...planLayers] };
}
