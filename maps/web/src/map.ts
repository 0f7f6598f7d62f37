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

import type { CostLayer, ElementKind, Grid, Option, Place, Plan, RouteAnswer } from "./api";
import { icons } from "./icons";
import { Overlays } from "./overlays";
import { type Drawn, drawnFeatures, planFeatures, routeFeatures, site } from "./planFeatures";
import { aboveCosts, buildStyle, liveLayers, nothing, tileAddress } from "./style";
import type { Found } from "./view";

setWorkerUrl(workerUrl);

export interface MapEvents {
  onClick(place: Place, found: Found | null): void;
  onMove(place: Place): void;
  onDoubleClick(): void;
  /** The element under the pointer, if there is one. */
  onHover(feature: MapGeoJSONFeature | null, x: number, y: number): void;
}

const openStreetMap = "© OpenStreetMap contributors, ODbL";
const credit = `University of Kassel, Fraunhofer IEE · ${openStreetMap}`;
const reachPx = 7;
/** What can be looked up, what lies on top first: layer, kind, name of its id. */
const elements: [layer: string, kind: ElementKind, id: string][] = [
  ["transformer", "transformer", "transformer_id"],
  ["transformer-far", "transformer", "transformer_id"],
  ["bus", "bus", "bus_id"],
  ["line-high", "line", "line_id"],
  ["line-low", "line", "line_id"],
  ["barrier-main", "barrier", "barrier_id"],
  ["barrier-rail", "barrier", "barrier_id"],
  ["barrier-water", "barrier", "barrier_id"],
  ["barrier-road", "barrier", "barrier_id"],
  ["corridor", "corridor", "corridor_id"],
  ["obstacle", "obstacle", "obstacle_id"],
];
const transformerLayers = ["transformer", "transformer-far"];
const namedLayers = [...transformerLayers, "application", ...elements.slice(2, -1).map(([layer]) => layer)];

export class GridMap {
  readonly view: MapView;
  readonly overlays: Overlays;
  /** Whether every element can be looked up, or transformers alone. */
  looksUpAll = false;
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
    this.view.addControl(new ScaleControl({ maxWidth: 160 }), "top-left");
    const customAttribution = [attribution(grid), "MapLibre"];
    this.view.addControl(new AttributionControl({ compact: false, customAttribution }));
    this.loaded = new Promise((resolve) => this.view.once("load", () => resolve()));
    this.overlays = new Overlays(this.view, this.loaded);
    this.view.on("click", (event) => this.choose(event, events));
    this.view.on("dblclick", () => events.onDoubleClick());
    this.view.on("mousemove", (event) => this.hover(event, events));
    const leave = (): void => events.onHover(null, 0, 0);
    this.view.on("movestart", leave);
    this.view.getCanvas().addEventListener("mouseleave", leave);
  }

  get middle(): Place {
    const { lng, lat } = this.view.getCenter();
    return [lng, lat];
  }

  /** Show the site and, once there is one, the answer. */
  async showPlan(at: Place, plan: Plan | null): Promise<void> {
    await this.set("plan", plan ? planFeatures(at, plan) : [site(at)]);
    if (plan) this.bringIntoView(at, [...(plan.supply_set?.options ?? []), ...plan.options]);
  }

  async showRoutes(answer: RouteAnswer | null): Promise<void> {
    await this.set("plan", answer ? routeFeatures(answer) : []);
  }

  /** Mark a place that was asked about. */
  async showMark(at: Place): Promise<void> {
    await this.set("plan", [site(at)]);
  }

  async showDrawn(drawn: Drawn): Promise<void> {
    await this.set("drawn", drawnFeatures(drawn));
  }

  /** Bring one route to the front, or none. */
  highlight(key: string | null): void {
    if (!this.view.getLayer("route-highlight")) return;
    const wanted = ["all", ["==", ["get", "feature"], "route"], ["==", ["get", "key"], key ?? ""]];
    this.view.setFilter("route-highlight", wanted as never);
  }

  /** Lay the picture of a cost map on the ground, or take it away. */
  async showCosts(layer: CostLayer | null, address = ""): Promise<void> {
    await this.loaded;
    if (this.view.getLayer("cost")) this.view.removeLayer("cost");
    if (this.view.getSource("cost")) this.view.removeSource("cost");
    if (!layer) return;
    const { west, south, east, north } = layer;
    const coordinates: [Place, Place, Place, Place] = [
      [west, north], [east, north], [east, south], [west, south],
    ];
    this.view.addSource("cost", { type: "image", url: address, coordinates });
    const paint = { "raster-opacity": 0.6, "raster-resampling": "nearest" as const, "raster-fade-duration": 0 };
    this.view.addLayer({ id: "cost", type: "raster", source: "cost", paint }, aboveCosts);
  }

  /** Show or hide layers by their names. */
  async setVisible(layers: readonly string[], isVisible: boolean): Promise<void> {
    await this.loaded;
    for (const layer of layers.filter((each) => this.view.getLayer(each))) {
      this.view.setLayoutProperty(layer, "visibility", isVisible ? "visible" : "none");
    }
  }

  /** While something is drawn a double click ends it and does not zoom. */
  setDrawing(isDrawing: boolean): void {
    if (isDrawing) this.view.doubleClickZoom.disable();
    else this.view.doubleClickZoom.enable();
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

  private async set(source: string, features: GeoJSON.Feature[]): Promise<void> {
    await this.loaded;
    this.view.getSource<GeoJSONSource>(source)?.setData({ ...nothing, features });
  }

  private choose(event: MapMouseEvent, events: MapEvents): void {
    if (event.originalEvent.detail > 1) return; // the second click of a double click
    const known = this.looksUpAll ? elements : elements.slice(0, transformerLayers.length);
    const feature = this.find(event, known.map(([layer]) => layer));
    const [, kind, name] = known.find(([layer]) => layer === feature?.layer.id) ?? [];
    const id: unknown = feature && name ? feature.properties[name] : null;
    const found = kind && typeof id === "string" ? { kind, id } : null;
    events.onClick([event.lngLat.lng, event.lngLat.lat], found);
  }

  private hover(event: MapMouseEvent, events: MapEvents): void {
    const found = this.find(event, namedLayers);
    const isTransformer = transformerLayers.includes(found?.layer.id ?? "");
    const isLink = isTransformer || (this.looksUpAll && found !== null);
    this.view.getCanvas().style.cursor = isLink ? "pointer" : "crosshair";
    events.onMove([event.lngLat.lng, event.lngLat.lat]);
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

  private bringIntoView(at: Place, options: Option[]): void {
    const bounds = new LngLatBounds(at, at);
    for (const option of options.filter((each) => each.feasible || options.length === 1)) {
      for (const segment of option.route.segments) segment.coordinates.forEach((each) => bounds.extend(each));
      bounds.extend([option.access_point.lon, option.access_point.lat]);
    }
    const seen = this.view.getBounds();
    const isSeen = seen.contains(bounds.getNorthEast()) && seen.contains(bounds.getSouthWest());
    if (!isSeen || this.view.getZoom() < 15) {
      this.view.fitBounds(bounds, { padding: 90, maxZoom: 17.5, duration: 600 });
    }
  }
}

/** Whose data this is; streets and obstacles may come from elsewhere than the grid. */
function attribution(grid: Grid): string {
  if (grid.source_name.toLowerCase().includes("schutterwald")) return credit;
  const isOpenStreetMap = Object.values(grid.layers).some(({ note }) => note.includes("OpenStreetMap"));
  return isOpenStreetMap ? `${grid.source_name} · ${openStreetMap}` : grid.source_name;
}
