/** The service as the page sees it: types of /api/v1/openapi.json and one function a request. */
import type { PlanDensity } from "./densityApi";

export type Place = [lon: number, lat: number];
export type Kind = "load" | "generation" | "storage" | "ev";
export type Importance = "ordinary" | "second" | "first" | "special";
export type ElementKind = "bus" | "line" | "transformer" | "corridor" | "obstacle" | "barrier";

export interface WhatIf {
  lon: number;
  lat: number;
  kind: Kind;
  demand_kva: number;
  customer_class: string;
  power_factor: number;
  importance: Importance;
  phases: 1 | 3 | null;
}

export interface Finding {
  rule: string;
  severity: "violation" | "survey" | "warning" | "info";
  element: string;
  text: string;
  measured: number | null;
  limit: number | null;
  margin: number | null;
  unit: string;
  clause: string;
  confidence: string;
}

export interface AccessPoint {
  element_id: string;
  element_kind: string;
  name: string;
  kind: string;
  offset_m: number | null;
  nominal_voltage_v: number;
  lon: number;
  lat: number;
}

export interface RouteSegment {
  length_m: number;
  corridor: string;
  surface: string;
  laying: string;
  cost: number;
  coordinates: Place[];
  crossings: { kind: string; barrier: string; owner: string; cost: number }[];
  owner: string;
}

/** One row of the bill of materials; `codes` tell which one in words of the page. */
export interface BillItem {
  kind: string;
  codes: string[];
  item: string;
  quantity: number;
  unit: string;
  unit_cost: number;
  cost: number;
  source: string;
  confidence: string;
}

export interface Option {
  rank: number;
  feasible: boolean;
  access_point: AccessPoint;
  route: {
    length_m: number;
    straight_line_m: number;
    segments: RouteSegment[];
    lead_time_days: number | null;
    ready_on: string | null;
  };
  conductor: { conductor_id: string; parallel_count: number; length_m: number } | null;
  phases: string;
  cost: {
    civil: number;
    crossings: number;
    cable: number;
    accessories: number;
    equipment: number;
    remedies: number;
    total: number;
    currency: string;
  };
  electrical: {
    method: string;
    voltage_min_pu: number | null;
    voltage_max_pu: number | null;
    voltage_at_customer_pu: number | null;
    loading_max: number | null;
    limiting_element: string;
    limiting_name: string;
    short_circuit_ka: number | null;
    short_circuit_min_ka: number | null;
    transformer: string;
    feeder: string;
  };
  remedies: { kind: string; element: string; cost: number; text: string }[];
  findings: Finding[];
  gap: number | null;
  backfeed: BackfeedState[];
  bill_of_materials: BillItem[];
}

export interface BackfeedState {
  state: string;
  loading_max: number | null;
  loading_before: number | null;
  limiting_element: string;
  voltage_min_pu: number | null;
  voltage_min_before_pu: number | null;
  voltage_min_bus: string;
  unsupplied_buses: number;
  holds: boolean | null;
}

export type Part =
  | "set_point"
  | "set_point_band"
  | "main_transformer_tap"
  | "main_transformer"
  | "medium_voltage"
  | "distribution_transformer_tap"
  | "distribution_transformer"
  | "low_voltage_main"
  | "service";

export interface ProfilePoint {
  element: string;
  name: string;
  part: Part;
  nominal_voltage_v: number;
  distance_m: number;
  voltage_pu: number;
  voltage_before_pu: number | null;
  limit_min_pu: number;
  limit_max_pu: number;
}

export interface VoltageProfile {
  load_case: "load" | "feed_in";
  phase: string;
  points: ProfilePoint[];
  shares: { part: Part; change_pct: number }[];
}

/** One profile a load case; without any the reason says why. */
export interface VoltageProfiles {
  profiles: VoltageProfile[];
  reason: string;
}

export interface Plan {
  application: WhatIf & { reference: string };
  feasible: boolean;
  supply_voltage_v: number | null;
  sources_required: number;
  options: Option[];
  findings: Finding[];
  reasons: string[];
  baseline: {
    element_id: string;
    name: string;
    lon: number;
    lat: number;
    straight_line_m: number;
    feasible: boolean | null;
    total_cost: number | null;
    text: string;
  } | null;
  supply_set: SupplySet | null;
  density: PlanDensity | null;
  provenance: { grid_version: number; ledger_sequence: number; catalogue: string; software: string };
}

/** Options that together supply a customer; each alone carries the whole demand. */
export interface SupplySet {
  feasible: boolean;
  independence: string;
  options: Option[];
  supplied_by: string[];
  total_cost: number;
  shared_length_m: number;
  gap: number | null;
  findings: Finding[];
}

/** A way and what it is made of; no access point where it leads to a place. */
export interface ProposedRoute {
  rank: number;
  access_point: AccessPoint | null;
  route: Option["route"];
  conductor: NonNullable<Option["conductor"]>;
  cost: Option["cost"];
  bill_of_materials: BillItem[];
  findings: Finding[];
  shared_length_m: number;
}

export interface RouteAnswer {
  demand_kva: number;
  voltage_level: string;
  routes: ProposedRoute[];
  wanted: number;
  reasons: string[];
}

/** From a place to a place, by what must be passed and avoided; or a line as it was drawn. */
export interface RouteQuestion {
  demand_kva: number;
  at?: Place;
  to?: Place;
  via?: Place[];
  avoid?: Place[][];
  count?: number;
  line?: Place[];
}

export interface CostAsked {
  demand_kva: number;
  direction: "load" | "generation";
  customer_class: string;
  cell_m: number;
}

export interface CostClass {
  kind: "cost" | "refused" | "unknown";
  colour: string;
  low: number | null;
  high: number | null;
  cells: number;
}

export interface CostLayer {
  west: number;
  south: number;
  east: number;
  north: number;
  currency: string;
  cell_m: number;
  classes: CostClass[];
  facts: Record<string, string | number | boolean | null>;
  notes: string[];
}

export interface CostHere {
  lon: number;
  lat: number;
  cost: number | null;
  currency: string;
  length_m: number | null;
  cable: string;
  parallel_count: number;
  access_kind: string;
  access_id: string;
  access_name: string;
  is_uncertain: boolean;
  limiting_kind: string;
  limiting_id: string;
  limiting_name: string;
  loading_max_ratio: number | null;
  reason: string;
}

/** How far something slow is. */
export interface Step {
  doing: string;
  done: number;
  total: number;
}

export interface PlanRecord {
  plan_id: number;
  application_id: number;
  plan: Plan;
}

export interface Grid {
  version_id: number;
  source_name: string;
  profile: string;
  warning_count: number;
  west: number;
  south: number;
  east: number;
  north: number;
  bus_count: number;
  line_count: number;
  transformer_count: number;
  load_count: number;
  corridor_count: number;
  obstacle_count: number;
  barrier_count: number;
  application_count: number;
  working_srid: number;
  fingerprint: string;
  loaded_at: string;
  source_note: string;
  /** Tables that are somebody else's data. */
  layers: Record<string, { note: string; digest: string }>;
}

export interface ElementRecord {
  kind: ElementKind;
  element_id: string;
  attributes: Record<string, string | number | boolean | null>;
}

/** What the service says when it cannot answer (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
  ) {
    super(detail);
  }
}

export const getGrid = (): Promise<Grid> => ask("GET", "/grid");

export const findOptions = (application: WhatIf, signal: AbortSignal): Promise<Plan> =>
  ask("POST", "/options", application, signal);

export const findProfiles = (
  application: WhatIf & { reference?: string },
  option: Option,
  signal: AbortSignal,
): Promise<VoltageProfiles> =>
  ask("POST", "/options/voltage-profile", { application, option }, signal);

export const getProfiles = (
  planId: number,
  rank: number,
  signal: AbortSignal,
): Promise<VoltageProfiles> =>
  ask("GET", `/plans/${planId}/options/${rank}/voltage-profile`, undefined, signal);

export const createPlan = (
  application: WhatIf & { reference: string; reserve: boolean },
): Promise<PlanRecord> => ask("POST", "/plans", application);

export const getElement = (
  kind: ElementKind,
  id: string,
  signal: AbortSignal,
): Promise<ElementRecord> => ask("GET", `/elements/${kind}/${escapePath(id)}`, undefined, signal);

export const recordPeak = (
  transformer: string,
  peak: { peak_kva: number; measured_on: string },
): Promise<unknown> => ask("PUT", `/transformers/${escapePath(transformer)}/peaks`, peak);

export const findRoutes = (question: RouteQuestion, signal: AbortSignal): Promise<RouteAnswer> =>
  ask("POST", "/route", question, signal);

const costQuery = (asked: CostAsked): string =>
  new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)])).toString();

/** Address of the picture; the stamp keeps an older one of the same question from being shown. */
export const costPicture = (asked: CostAsked): string =>
  `${location.origin}/api/v1/cost-map/layer.png?${costQuery(asked)}&at=${Date.now()}`;

export const getCostAt = (
  asked: CostAsked,
  lon: number,
  lat: number,
  signal: AbortSignal,
): Promise<CostHere> =>
  ask("GET", `/cost-map/place?${costQuery(asked)}&lon=${lon}&lat=${lat}`, undefined, signal);

/** Let a cost map be computed and follow how far it is; the service gives up when this is aborted. */
export const followCostMap = (
  asked: CostAsked,
  signal: AbortSignal,
  onStep: (step: Step) => void,
): Promise<CostLayer> => follow(`/cost-map/layer?${costQuery(asked)}`, signal, onStep);

/** Follow something slow to its answer; the service gives up when this is aborted. */
export async function follow<Answer>(
  path: string,
  signal: AbortSignal,
  onStep: (step: Step) => void,
): Promise<Answer> {
  const response = await fetch(`/api/v1${path}`, { signal });
  if (!response.ok || !response.body) {
    throw problemOf(response, (await response.json().catch(() => ({}))) as Told);
  }
  for await (const [name, data] of readEvents(response.body)) {
    if (name === "progress") onStep(data as Step);
    if (name === "done") return data as Answer;
    if (name === "problem") {
      const { status, title, detail } = data as { status: number; title: string; detail: string };
      throw new Problem(status, title, detail);
    }
  }
  throw new TypeError("the answer broke off");
}

/** Server-sent events as their name and data. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<[string, unknown]> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (waiting + value).split("\n\n");
    waiting = parts.pop() ?? "";
    for (const part of parts) {
      const [name, data] = part.split("\n");
      if (name && data) yield [name.replace("event: ", ""), JSON.parse(data.replace("data: ", ""))];
    }
  }
}

/** Ids of the source may hold slashes, which stay, and anything else, which is escaped. */
const escapePath = (id: string): string => id.split("/").map(encodeURIComponent).join("/");

export async function ask<Answer>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const request: RequestInit = { method };
  if (body !== undefined) {
    request.headers = { "content-type": "application/json" };
    request.body = JSON.stringify(body);
  }
  if (signal) request.signal = signal;
  const response = await fetch(`/api/v1${path}`, request);
  const answer: unknown = await response.json().catch(() => ({}));
  if (!response.ok) throw problemOf(response, answer as Told);
  return answer as Answer;
}

type Told = Partial<Record<"title" | "detail", string>>;

function problemOf(response: Response, answer: Told): Problem {
  const title = answer.title ?? response.statusText;
  return new Problem(response.status, title, answer.detail ?? title);
}
