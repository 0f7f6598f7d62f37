/** Density, hot spots or a capacity gap on the map: tiles under the grid, areas with their rings. */
import type { ExpressionSpecification, Map as MapView } from "maplibre-gl";

import type { Place } from "./api";
import type { GapLayer } from "./densityApi";
import type { DensityShown } from "./densityView";
import { aboveCosts } from "./style";

const layers = ["gap-unit", "gap-edge", "gap-area", "density"];
const sources = ["density", "gap"];
const belowSymbols = "transformer-far";
const finestZoom = 18;
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

  /** The row of the element or area at a place, what lies on top first. */
  rowAt(place: Place): number | null {
    const { x, y } = this.view.project(place);
    const near: [[number, number], [number, number]] = [[x - reachPx, y - reachPx], [x + reachPx, y + reachPx]];
    if (!this.view.getLayer("gap-unit")) return null;
    const [found] = [
      ...this.view.queryRenderedFeatures(near, { layers: ["gap-unit"] }),
      ...this.view.queryRenderedFeatures([x, y], { layers: ["gap-area"] }),
    ];
    return found ? Number(found.properties["row"]) : null;
  }

  private addTiles(tiles: string): void {
    this.view.addSource("density", { type: "raster", tiles: [tiles], tileSize: 256, maxzoom: finestZoom });
    // The tiles bring their opacity along.
    const paint = { "raster-resampling": "nearest" as const, "raster-fade-duration": 0 };
    this.view.addLayer({ id: "density", type: "raster", source: "density", paint }, aboveCosts);
  }

  private addGap(gap: GapLayer): void {
    const features = gap.features.map(({ geometry, properties }, row) => ({
      type: "Feature" as const,
      geometry,
      properties: { row, class: Number(properties["gap_class"]) },
    }));
    this.view.addSource("gap", { type: "geojson", data: { type: "FeatureCollection", features } });
    const colour: ExpressionSpecification = ["to-color",
      ["at", ["get", "class"], ["literal", gap.classes.map((each) => each.colour)]]];
    const isUnit: ExpressionSpecification = ["==", ["geometry-type"], "Point"];
    this.view.addLayer({
      id: "gap-area", type: "fill", source: "gap", filter: ["!", isUnit],
      paint: { "fill-color": colour, "fill-opacity": 0.5 },
    }, aboveCosts);
    this.view.addLayer({
      id: "gap-edge", type: "line", source: "gap", filter: ["!", isUnit],
      paint: { "line-color": "#ffffff", "line-width": 1 },
    }, aboveCosts);
    this.view.addLayer({
      id: "gap-unit", type: "circle", source: "gap", filter: isUnit,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 4, 16, 15],
        "circle-color": colour,
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 1,
      },
    }, belowSymbols);
  }
}
