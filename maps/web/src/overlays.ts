/** Density, hot spots or a capacity gap on the map: tiles under the grid, elements above it. */
import type { ExpressionSpecification, Map as MapView } from "maplibre-gl";

import type { Place } from "./api";
import type { GapFacts, GapTiles } from "./densityApi";
import type { DensityShown } from "./densityView";
import { aboveCosts } from "./style";

const layers = ["gap-unit", "gap-edge", "gap-area", "density"];
const sources = ["density", "gap"];
const belowSymbols = "transformer-far";
const finestZoom = 18;
const finestVectorZoom = 16;
const reachPx = 9;

export class Overlays {
  constructor(
    private readonly view: MapView,
    private readonly loaded: Promise<void>,
  ) {}

  /** Lay it on the ground in place of the one before. */
  async show(shown: DensityShown): Promise<void> {
    await this.loaded;
    for (const layer of layers) if (this.view.getLayer(layer)) this.view.removeLayer(layer);
    for (const source of sources) if (this.view.getSource(source)) this.view.removeSource(source);
    if (shown.tiles) this.addTiles(shown.tiles);
    if (shown.gap) this.addGap(shown.gap);
  }

  /** What is known of the element or area at a place, what lies on top first. */
  factsAt(place: Place): GapFacts | null {
    const { x, y } = this.view.project(place);
    const near: [[number, number], [number, number]] = [[x - reachPx, y - reachPx], [x + reachPx, y + reachPx]];
    if (!this.view.getLayer("gap-unit")) return null;
    const [found] = [
      ...this.view.queryRenderedFeatures(near, { layers: ["gap-unit"] }),
      ...this.view.queryRenderedFeatures([x, y], { layers: ["gap-area"] }),
    ];
    return found ? { ...found.properties, element_kind: found.sourceLayer ?? "" } : null;
  }

  private addTiles(tiles: string): void {
    this.view.addSource("density", { type: "raster", tiles: [tiles], tileSize: 256, maxzoom: finestZoom });
    // The tiles bring their opacity along.
    const paint = { "raster-resampling": "nearest" as const, "raster-fade-duration": 0 };
    this.view.addLayer({ id: "density", type: "raster", source: "density", paint }, aboveCosts);
  }

  private addGap({ tiles, level }: GapTiles): void {
    this.view.addSource("gap", { type: "vector", tiles: [tiles], maxzoom: finestVectorZoom });
    const colour: ExpressionSpecification = ["to-color", ["get", "colour"]];
    const areas = { source: "gap", "source-layer": "supply_area" };
    this.view.addLayer({
      id: "gap-area", type: "fill", ...areas,
      paint: { "fill-color": colour, "fill-opacity": 0.5 },
    }, aboveCosts);
    this.view.addLayer({
      id: "gap-edge", type: "line", ...areas,
      paint: { "line-color": "#ffffff", "line-width": 1 },
    }, aboveCosts);
    this.view.addLayer({
      id: "gap-unit", type: "circle", source: "gap", "source-layer": level,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 4, 16, 15],
        "circle-color": colour,
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 1,
      },
    }, belowSymbols);
  }
}
