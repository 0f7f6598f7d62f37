/** The map: the grid from our own tiles, and what was found for a customer. */
import {
  AttributionControl,
  type GeoJSONSource,
  LngLatBounds,
  Map as MapView,
  type MapGeoJSONFeature,
  type MapMouseEvent,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type VectorTileSource,
} from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
// MapLibre is made of modules: without the address of its worker the map stays blank.
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";

import type { Grid, Option, Place, Plan } from "./api";
import { icons } from "./icons";
import { buildStyle, liveLayers, tileAddress } from "./style";

setWorkerUrl(workerUrl);

export interface MapEvents {
  /** A place was clicked that is no transformer. */
  onPlace(place: Place): void;
  onTransformer(id: string): void;
  /** The element under the pointer, if there is one. */
  onHover(feature: MapGeoJSONFeature | null, x: number, y: number): void;
}

const credit = "University of Kassel, Fraunhofer IEE · © OpenStreetMap contributors, ODbL";
const reachPx = 7;
const transformerLayers = ["transformer", "transformer-far"];
const namedLayers = [...transformerLayers, "application", "bus", "line-high", "line-low"];

export class GridMap {
  readonly view: MapView;
  private readonly loaded: Promise<void>;
  private stamp = 0;

  constructor(container: HTMLElement, grid: Grid, events: MapEvents) {
    this.stamp = grid.version_id;
    this.view = new MapView({
      container,
      style: buildStyle(grid.version_id),
      bounds: [grid.west, grid.south, grid.east, grid.north],
      fitBoundsOptions: { padding: 40 },
      maxZoom: 20,
      dragRotate: false,
      pitchWithRotate: false,
      attributionControl: false,
    });
    this.view.touchZoomRotate.disableRotation();
    for (const [name, image] of icons()) this.view.addImage(name, image, { pixelRatio: 2 });
    this.view.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.view.addControl(new ScaleControl({ maxWidth: 160 }), "bottom-left");
    const customAttribution = [attribution(grid), "MapLibre"];
    this.view.addControl(new AttributionControl({ compact: false, customAttribution }));
    this.loaded = new Promise((resolve) => this.view.once("load", () => resolve()));
    this.view.on("click", (event) => this.choose(event, events));
    this.view.on("mousemove", (event) => this.hover(event, events));
    this.view.getCanvas().addEventListener("mouseleave", () => events.onHover(null, 0, 0));
  }

  /** Show the site and, once there is one, the answer. */
  async show(site: Place, plan: Plan | null): Promise<void> {
    await this.loaded;
    const features = [feature("site", point(site)), ...(plan ? planFeatures(site, plan) : [])];
    const source = this.view.getSource<GeoJSONSource>("plan");
    source?.setData({ type: "FeatureCollection", features });
    if (plan) this.bringIntoView(site, plan.options);
  }

  /** Bring one route to the front, or none. */
  highlight(rank: number | null): void {
    if (!this.view.getLayer("route-highlight")) return;
    const wanted = ["all", ["==", ["get", "feature"], "route"], ["==", ["get", "rank"], rank ?? -1]];
    this.view.setFilter("route-highlight", wanted as never);
  }

  /** Ask again for the layers that planning changes. */
  refresh(): void {
    this.stamp += 1;
    for (const layer of liveLayers) {
      this.view.getSource<VectorTileSource>(layer)?.setTiles([tileAddress(layer, this.stamp)]);
    }
  }

  /** Whether all that is in view has been drawn. */
  get isIdle(): boolean {
    return this.view.loaded() && this.view.areTilesLoaded() && !this.view.isMoving();
  }

  private choose(event: MapMouseEvent, events: MapEvents): void {
    const id: unknown = this.find(event, transformerLayers)?.properties["transformer_id"];
    if (typeof id === "string") events.onTransformer(id);
    else events.onPlace([event.lngLat.lng, event.lngLat.lat]);
  }

  private hover(event: MapMouseEvent, events: MapEvents): void {
    const found = this.find(event, namedLayers);
    const isTransformer = transformerLayers.includes(found?.layer.id ?? "");
    this.view.getCanvas().style.cursor = isTransformer ? "pointer" : "crosshair";
    events.onHover(found, event.point.x, event.point.y);
  }

  private find(event: MapMouseEvent, layers: string[]): MapGeoJSONFeature | null {
    const present = layers.filter((layer) => this.view.getLayer(layer));
    const { x, y } = event.point;
    const around: [[number, number], [number, number]] = [
      [x - reachPx, y - reachPx],
      [x + reachPx, y + reachPx],
    ];
    return this.view.queryRenderedFeatures(around, { layers: present })[0] ?? null;
  }

  private bringIntoView(site: Place, options: Option[]): void {
    const bounds = new LngLatBounds(site, site);
    for (const option of options.filter((each) => each.feasible || options.length === 1)) {
      for (const segment of option.route.segments) segment.coordinates.forEach((at) => bounds.extend(at));
      bounds.extend([option.access_point.lon, option.access_point.lat]);
    }
    const seen = this.view.getBounds();
    const isSeen = seen.contains(bounds.getNorthEast()) && seen.contains(bounds.getSouthWest());
    if (!isSeen || this.view.getZoom() < 15) {
      this.view.fitBounds(bounds, { padding: 90, maxZoom: 17.5, duration: 600 });
    }
  }
}

const attribution = (grid: Grid): string =>
  grid.source_name.toLowerCase().includes("schutterwald") ? credit : grid.source_name;

type Geometry = GeoJSON.Point | GeoJSON.LineString;

const point = (coordinates: Place): GeoJSON.Point => ({ type: "Point", coordinates });
const line = (coordinates: Place[]): GeoJSON.LineString => ({ type: "LineString", coordinates });
const feature = (
  name: string,
  geometry: Geometry,
  properties: Record<string, string | number> = {},
): GeoJSON.Feature => ({ type: "Feature", geometry, properties: { feature: name, ...properties } });

function planFeatures(site: Place, plan: Plan): GeoJSON.Feature[] {
  const best = plan.options.find((option) => option.feasible)?.rank;
  const found = plan.options.flatMap((option) => {
    const state = !option.feasible ? "refused" : option.rank === best ? "best" : "other";
    const shared = { rank: option.rank, state };
    const { lon, lat } = option.access_point;
    const routes = option.route.segments
      .filter((segment) => segment.coordinates.length > 1)
      .map((segment) => feature("route", line(segment.coordinates), shared));
    return [...routes, feature("access_point", point([lon, lat]), shared)];
  });
  if (!plan.baseline) return found;
  const to: Place = [plan.baseline.lon, plan.baseline.lat];
  return [feature("baseline", line([site, to])), ...found];
}
