/** The chosen option in full: verdicts as badges, the voltage on the way, figures, findings. */
import type { ElementKind, Option, Plan, VoltageProfiles } from "./api";
import { renderBackfeed, sayBackfeed } from "./backfeed";
import { renderBill, renderSegments } from "./bill";
import { make } from "./dom";
import {
  backfeedCount,
  bandFinding,
  bandOf,
  customerVoltage,
  loadingPct,
  voltageRange,
} from "./figures";
import { renderFindings } from "./findings";
import { say, sayNumber, sayValue, sayVoltage, type Word } from "./i18n";
import { renderProfiles } from "./profile";
import { sayCost } from "./routeAnswer";
import type { OptionKey } from "./selection";
import { isOfDensity } from "./surroundings";
import type { Found } from "./view";

type Row = [word: Word, value: Node | string | null];

/** The profiles of the chosen option: not there yet, or not to be had. */
export type ProfileState = VoltageProfiles | "busy" | null;

export interface DetailsContext {
  profiles: ProfileState;
  onInspect(found: Found): void;
  /** The planner wants another way to the same access point. */
  onCorrect(option: Option): void;
}

export function renderDetails(
  plan: Plan,
  option: Option | undefined,
  selected: OptionKey | null,
  context: DetailsContext,
): HTMLElement {
  const named = option ? nameOf(option, selected) : "";
  const ofPlan = plan.findings.filter(({ rule }) => !isOfDensity(rule));
  const findings = [...(option?.findings ?? []), ...ofPlan];
  const title = option ? `${say("findings")} · ${named}` : say("findings");
  return make(
    "section",
    { class: "answer", "aria-label": say("findings") },
    option ? card(option, named, context) : null,
    findings.length ? renderFindings(findings, title) : null,
  );
}

const nameOf = (option: Option, selected: OptionKey | null): string =>
  selected?.startsWith("source")
    ? `${say("power_source")} ${say("source_letter")}${option.rank}`
    : `${say("option")} ${option.rank}`;

function card(option: Option, named: string, context: DetailsContext): HTMLElement {
  const { profiles, onInspect, onCorrect } = context;
  const known = rows(option, onInspect).filter(([, value]) => value !== null && value !== "");
  const facts = known.flatMap(([word, value]) => [make("dt", {}, say(word)), make("dd", {}, value)]);
  return make(
    "div",
    { id: "option" },
    make("h2", {}, `${named} · ${sayValue(option.access_point.kind)}`),
    badges(option),
    remedies(option),
    renderProfiles(profiles),
    make("dl", { class: "facts" }, ...facts),
    renderBackfeed(option),
    renderBill(option),
    renderSegments(option),
    make("button", { id: "correct", type: "button", click: () => onCorrect(option) }, say("correct_route")),
  );
}

function badges(option: Option): HTMLElement {
  const band = bandOf(option);
  const { holds } = backfeedCount(option);
  const toSurvey = option.findings.filter((each) => each.severity === "survey").length;
  return make(
    "p",
    { class: "badges" },
    badge(option.feasible ? "good" : "bad", say(option.feasible ? "feasible" : "infeasible")),
    band
      ? badge(band === "band_holds" ? "good" : "unsure", say(band), bandFinding(option)?.text)
      : null,
    option.backfeed.length
      ? badge(holds === option.backfeed.length ? "good" : "unsure", `N-1: ${sayBackfeed(option)}`)
      : null,
    toSurvey ? badge("unsure", `${toSurvey} ${say("to_survey")}`) : null,
  );
}

const badge = (kind: "good" | "bad" | "unsure", text: string, title = ""): HTMLElement =>
  make("span", { class: `badge ${kind}`, title }, text);

function remedies(option: Option): HTMLElement | null {
  if (!option.remedies.length) return null;
  const items = option.remedies.map((remedy) =>
    make("li", {}, make("b", {}, `${sayValue(remedy.kind)}: `), remedy.text),
  );
  return make("div", { class: "note" }, make("b", {}, say("remedies")), make("ul", {}, ...items));
}

function rows(option: Option, onInspect: (found: Found) => void): Row[] {
  const { access_point: at, electrical, cost } = option;
  const inspect = make(
    "button",
    { id: "inspect", type: "button", class: "link", click: () => onInspect({ kind: at.element_kind as ElementKind, id: at.element_id }) },
    at.name || at.element_id,
  );
  return [
    ["access_point", make("span", {}, inspect, ` · ${sayVoltage(at.nominal_voltage_v)}`)],
    ["cable", sayCable(option)],
    ["cost", sayCost(cost)],
    ["ready_on", option.route.ready_on],
    ["lead_time", option.route.ready_on ? "" : sayLeadTime(option)],
    ["voltage", sayVoltages(option)],
    ["limiting_element", sayLimiting(option)],
    ["short_circuit", sayShortCircuit(option)],
    ["phases", option.phases],
    ["transformer", electrical.transformer],
    ["feeder", electrical.feeder],
  ];
}

function sayCable({ conductor }: Option): string {
  if (!conductor) return "";
  const count = conductor.parallel_count > 1 ? `${conductor.parallel_count} × ` : "";
  return `${count}${conductor.conductor_id}, ${sayNumber(conductor.length_m, 0, "m")}`;
}

const sayLeadTime = ({ route }: Option): string =>
  route.lead_time_days ? `${sayNumber(route.lead_time_days)} ${say("days")}` : "";

function sayVoltages(option: Option): string {
  const [lowest, highest] = voltageRange(option);
  if (lowest === null || highest === null) return "";
  const range = `${sayNumber(lowest, 3)} – ${sayNumber(highest, 3, "p.u.")}`;
  const own = customerVoltage(option);
  return own === null ? range : `${range}, ${say("at_customer")} ${sayNumber(own, 3)}`;
}

function sayLimiting({ electrical }: Option): string {
  if (electrical.loading_max === null) return "";
  const name = electrical.limiting_name || electrical.limiting_element;
  const id = name === electrical.limiting_element ? "" : ` (${electrical.limiting_element})`;
  return `${sayNumber(loadingPct(electrical.loading_max), 0, "%")} · ${name}${id}`;
}

function sayShortCircuit({ electrical }: Option): string {
  const { short_circuit_ka: largest, short_circuit_min_ka: smallest } = electrical;
  if (largest === null && smallest === null) {
    return electrical.method === "screening" ? "" : say("unknown");
  }
  const told = (value: number | null): string =>
    value === null ? say("unknown") : sayNumber(value, 2, "kA");
  return `${say("largest")} ${told(largest)} · ${say("smallest")} ${told(smallest)}`;
}
