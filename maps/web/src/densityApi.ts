/** Density, hot spots and the capacity gap as the page asks for them. */
import { ask, follow, type Step } from "./api";

/** What surrounds the site, what is to come there, and what to leave room for. */
export interface PlanDensity {
  density_class: string | null;
  density_reason: string;
  nearby_radius_m: number;
  nearby_count: number;
  nearby_kva: number;
  supply: ElementOutlook[];
  recommendation: "larger_section" | "spare_bays" | "none";
  recommendation_text: string;
  forecast: string;
}

/** An element of the supply; `runs_out` is empty where it lasts, `null` where that is unknown. */
export interface ElementOutlook {
  level: string;
  element_id: string;
  name: string;
  headroom_kva: number | null;
  limited_by: string;
  limiting_element: string;
  own_kva: number;
  asked_kva: number;
  asked_count: number;
  growth_kva: number;
  until: string;
  runs_out: string | null;
  earliest: string | null;
  latest: string | null;
}

export type RasterProduct = "density" | "hotspots";

export interface RasterAsked {
  product: RasterProduct;
  layer: string;
  weight: string;
  /** Kind of application; empty for every kind. */
  kind: string;
  cell_m: number;
}

export interface GapAsked {
  product: "gap";
  direction: string;
  level: string;
}

export interface LegendClass {
  colour: string;
  text: string;
}

export interface Figure {
  name: string;
  value: number | null;
  unit: string;
}

export interface RasterLegend {
  heading: string;
  classes: LegendClass[];
  figures: Figure[];
  notes: string[];
}

export interface RasterHere {
  found: LegendClass | null;
  figures: Figure[];
}

export type GapFacts = Record<string, string | number | boolean | null>;

/** Where the tiles of a capacity gap are, and of which level its elements. */
export interface GapTiles {
  tiles: string;
  level: string;
}

export interface GapLayer {
  classes: (LegendClass & { areas: number })[];
  facts: GapFacts;
  notes: string[];
}

export interface DensityRule {
  rule: string;
  title: string;
  value: number;
  unit: string;
  source: string;
  clause: string;
  confidence: string;
}

type Asked = RasterAsked | GapAsked;

/** Address of a part of what is asked; `more` are further parameters. */
function addressOf(asked: Asked, part: string, more: Record<string, number> = {}): string {
  const { product, ...parts } = asked;
  const given = Object.entries({ ...parts, ...more }).filter(([, value]) => value !== "");
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return `/${product === "gap" ? "capacity-gap" : product}${part}?${query.toString()}`;
}

/** Compute a layer; tiles and figures of the same `asking` belong to its legend. */
export const followLayer = <Answer>(
  asked: Asked,
  asking: number,
  signal: AbortSignal,
  onStep: (step: Step) => void,
): Promise<Answer> => follow(addressOf(asked, "/layer", { asking }), signal, onStep);

export const getRasterAt = (
  asked: RasterAsked,
  asking: number,
  lon: number,
  lat: number,
  signal: AbortSignal,
): Promise<RasterHere> =>
  ask("GET", addressOf(asked, "/place", { asking, lon, lat }), undefined, signal);

export const rasterTiles = (asked: RasterAsked, asking: number): string =>
  `${location.origin}/api/v1${addressOf(asked, "/tiles/{z}/{x}/{y}.png", { asking })}`;

export const gapTiles = (asked: GapAsked, asking: number): GapTiles => ({
  tiles: `${location.origin}/api/v1${addressOf(asked, "/tiles/{z}/{x}/{y}.mvt", { asking })}`,
  level: asked.level,
});

/** Address of the same as a file. */
export const fileOf = (asked: Asked, ending: string): string =>
  `/api/v1${addressOf(asked, `.${ending}`)}`;

export const getDensityRules = (): Promise<DensityRule[]> => ask("GET", "/density/rules");
