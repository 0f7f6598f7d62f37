/** What was found for a customer as features of the map. */
import type { Option, Place, Plan, ProposedRoute, RouteAnswer, RouteSegment } from "./api";
import { say, sayNumber } from "./i18n";

type Geometry = GeoJSON.Point | GeoJSON.LineString | GeoJSON.Polygon;
type Properties = Record<string, string | number>;

const point = (coordinates: Place): GeoJSON.Point => ({ type: "Point", coordinates });
const line = (coordinates: Place[]): GeoJSON.LineString => ({ type: "LineString", coordinates });

export const feature = (
  name: string,
  geometry: Geometry,
  properties: Properties = {},
): GeoJSON.Feature => ({ type: "Feature", geometry, properties: { feature: name, ...properties } });

export const site = (place: Place): GeoJSON.Feature => feature("site", point(place));

/** Single options stand back where several sources are needed: then the set is the answer. */
export function planFeatures(at: Place, plan: Plan): GeoJSON.Feature[] {
  const sources = plan.supply_set?.options ?? [];
  const best = sources.length ? undefined : plan.options.find((option) => option.feasible)?.rank;
  const single = plan.options.map((option): Shown => {
    const state = !option.feasible ? "refused" : option.rank === best ? "best" : "other";
    return [option, { key: `option-${option.rank}`, state, label: String(option.rank) }];
  });
  const together = sources.map((option): Shown => {
    const key = `source-${option.rank}`;
    return [option, { key, state: key, label: `${say("source_letter")}${option.rank}` }];
  });
  const ways = [...single, ...together].flatMap(([{ route }, shared]) => {
    const told = `${shared.label} · ${sayNumber(route.length_m, 0, "m")}`;
    return segmentFeatures(route.segments, { ...shared, told });
  });
  const found = [site(at), ...ways, ...endFeatures(together, single)];
  if (!plan.baseline) return found;
  const to: Place = [plan.baseline.lon, plan.baseline.lat];
  return [feature("baseline", line([at, to])), ...found];
}

/** An option and how it is drawn. */
type Shown = [option: Option, shared: { key: string; state: string; label: string }];

/** Access points, each place once: with the names of all sources that end there, else the ranks. */
function endFeatures(...groups: Shown[][]): GeoJSON.Feature[] {
  const places = new Map<string, GeoJSON.Feature>();
  for (const group of groups) {
    const own = new Map<string, GeoJSON.Feature>();
    for (const [{ access_point: { lon, lat } }, shared] of group) {
      const known = own.get(`${lon} ${lat}`)?.properties;
      if (known) known["label"] = `${known["label"]},${shared.label}`;
      else own.set(`${lon} ${lat}`, feature("access_point", point([lon, lat]), shared));
    }
    for (const [at, end] of own) if (!places.has(at)) places.set(at, end);
  }
  return [...places.values()];
}

export function routeFeatures(answer: RouteAnswer): GeoJSON.Feature[] {
  const [first] = answer.routes;
  return answer.routes.flatMap((route) => {
    const state = route === first ? (isRefused(route) ? "refused" : "best") : "other";
    const told = `${sayNumber(route.route.length_m, 0, "m")} · ${sayNumber(route.cost.total)} ${route.cost.currency}`;
    return segmentFeatures(route.route.segments, { key: `route-${route.rank}`, state, told });
  });
}

export const isRefused = (route: ProposedRoute): boolean =>
  route.findings.some((finding) => finding.severity === "violation");

/** Segments as lines; the longest one bears what is told of the route. */
function segmentFeatures(
  segments: RouteSegment[],
  { told = "", ...shared }: Properties,
): GeoJSON.Feature[] {
  const drawn = segments.filter((segment) => segment.coordinates.length > 1);
  const longest = Math.max(...drawn.map((segment) => segment.length_m));
  const bearer = drawn.find((segment) => segment.length_m === longest);
  return drawn.map((segment) =>
    feature("route", line(segment.coordinates), segment === bearer ? { ...shared, told } : shared),
  );
}

/** What a planner has drawn: ends, places to pass, areas to avoid, a line, the part in the making. */
export interface Drawn {
  from: Place | null;
  to: Place | null;
  via: Place[];
  avoid: Place[][];
  line: Place[];
  /** The line or area in the making, the pointer at its end. */
  current: Place[];
}

export function drawnFeatures(drawn: Drawn): GeoJSON.Feature[] {
  const places: [Place | null, string][] = [
    [drawn.from, "A"], [drawn.to, "B"],
    ...drawn.via.map((place, row): [Place, string] => [place, String(row + 1)]),
  ];
  return [
    ...drawn.avoid.map((ring) => feature("avoid", polygon(ring))),
    ...(drawn.line.length > 1 ? [feature("drawn", line(drawn.line))] : []),
    ...(drawn.current.length > 1 ? [feature("current", line(drawn.current))] : []),
    ...drawn.current.map((place) => feature("vertex", point(place))),
    ...places.flatMap(([place, label]) => (place ? [feature("stop", point(place), { label })] : [])),
  ];
}

const polygon = (ring: Place[]): GeoJSON.Polygon => ({
  type: "Polygon",
  coordinates: [[...ring, ...ring.slice(0, 1)]],
});
