/** The service as the page sees it: types of /api/v1/openapi.json and one function a request. */

export type Place = [lon: number, lat: number];
export type Kind = "load" | "generation" | "storage" | "ev";
export type Importance = "ordinary" | "second" | "first" | "special";
export type ElementKind = "bus" | "line" | "transformer" | "corridor" | "obstacle";

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
  provenance: { grid_version: number; ledger_sequence: number; catalogue: string; software: string };
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
  application_count: number;
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
  application: WhatIf,
  option: Option,
  signal: AbortSignal,
): Promise<VoltageProfiles> =>
  ask("POST", "/options/voltage-profile", { application, option }, signal);

export const getProfiles = (planId: number, rank: number): Promise<VoltageProfiles> =>
  ask("GET", `/plans/${planId}/options/${rank}/voltage-profile`);

export const createPlan = (
  application: WhatIf & { reference: string; reserve: boolean },
): Promise<PlanRecord> => ask("POST", "/plans", application);

export const getElement = (kind: ElementKind, id: string): Promise<ElementRecord> =>
  ask("GET", `/elements/${kind}/${escapePath(id)}`);

export const recordPeak = (
  transformer: string,
  peak: { peak_kva: number; measured_on: string },
): Promise<unknown> => ask("PUT", `/transformers/${escapePath(transformer)}/peaks`, peak);

/** Ids of the source may hold slashes, which stay, and anything else, which is escaped. */
const escapePath = (id: string): string => id.split("/").map(encodeURIComponent).join("/");

async function ask<Answer>(
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
  if (!response.ok) throw problemOf(response, answer as Partial<Record<"title" | "detail", string>>);
  return answer as Answer;
}

function problemOf(
  response: Response,
  answer: Partial<Record<"title" | "detail", string>>,
): Problem {
  const title = answer.title ?? response.statusText;
  return new Problem(response.status, title, answer.detail ?? title);
}
