/** The card of one element of the grid, with the measured peak of a transformer. */
import type { ElementRecord } from "./api";
import { make } from "./dom";
import { say, sayNumber, sayValue } from "./i18n";

export interface ElementEvents {
  onRecord(peakKva: number, measuredOn: string): void;
  onClose(): void;
}

export function renderElement(
  element: ElementRecord,
  isRecorded: boolean,
  events: ElementEvents,
): HTMLElement {
  const known = Object.entries(element.attributes).filter(
    ([name, value]) => value !== null && name !== "name" && !name.startsWith("measured_"),
  );
  const facts = known.flatMap(([name, value]) => [
    make("dt", {}, labelOf(name)),
    make("dd", {}, typeof value === "number" ? sayNumber(value, digitsOf(value)) : sayValue(String(value))),
  ]);
  const title = `${say(element.kind)} ${element.attributes["name"] ?? ""} (${element.element_id})`;
  return make(
    "section",
    { id: "element", class: "card", "aria-label": title },
    make(
      "header",
      {},
      make("h2", {}, title),
      make("button", { id: "close", type: "button", class: "plain", click: events.onClose, "aria-label": say("close") }, "×"),
    ),
    element.kind === "transformer" ? peakForm(element, events) : null,
    isRecorded ? make("p", { class: "note", role: "status" }, say("recorded")) : null,
    make("dl", { class: "facts" }, ...facts),
  );
}

function peakForm(element: ElementRecord, events: ElementEvents): HTMLElement {
  const today = new Date().toLocaleDateString("sv"); // ISO 8601, of the planner's own day
  const recorded = element.attributes["measured_peak_kva"] ?? "";
  const since = element.attributes["measured_on"] ?? today;
  const peak = make("input", {
    id: "peak-kva", type: "number", min: 0, max: 1e6, step: "any", required: true, value: String(recorded),
  });
  const day = make("input", { id: "peak-day", type: "date", required: true, value: String(since), max: today });
  const submit = (event: Event): void => {
    event.preventDefault();
    events.onRecord(peak.valueAsNumber, day.value);
  };
  return make(
    "form",
    { class: "form peak", submit },
    make("label", {}, say("measured_peak"), peak),
    make("label", {}, say("measured_on"), day),
    make("button", { id: "record", type: "submit" }, say("record")),
  );
}

const units: [ending: string, unit: string][] = [
  ["_ohm_per_km", "Ω/km"], ["_days", "d"], ["_kva", "kVA"], ["_kw", "kW"], ["_pct", "%"], ["_m", "m"], ["_v", "V"], ["_a", "A"],
];

/** Name of a column as words, its unit in brackets. */
function labelOf(column: string): string {
  const [ending, unit] = units.find(([each]) => column.endsWith(each)) ?? ["", ""];
  const name = sayValue(column.slice(0, column.length - ending.length));
  return unit ? `${name} (${unit})` : name;
}

const digitsOf = (value: number): number => (Number.isInteger(value) ? 0 : 2);
