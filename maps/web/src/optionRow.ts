/** A row that stands for an option in a table of them, and below it why it cannot be. */
import type { Finding, Option } from "./api";
import { make } from "./dom";
import { loadingPct } from "./figures";
import { say, sayNumber, sayValue } from "./i18n";
import type { OptionKey } from "./selection";

export interface AnswerEvents {
  onSelect(key: OptionKey): void;
  onPoint(key: OptionKey | null): void;
}

/** What a table tells of an option beside its place, length and cost. */
export interface OwnParts {
  badge: Node | string;
  /** A line below the name of the access point. */
  below: HTMLElement | null;
  figures: HTMLElement[];
  marks: (HTMLElement | null)[];
}

export function optionRows(
  option: Option,
  key: OptionKey,
  selected: OptionKey | null,
  events: AnswerEvents,
  { badge, below, figures, marks }: OwnParts,
): HTMLElement[] {
  const { access_point: at, cost } = option;
  const shared = {
    class: [option.feasible ? "" : "refused", key === selected ? "selected" : ""].join(" "),
    mouseenter: () => events.onPoint(key),
    click: () => events.onSelect(key),
  };
  const choose = make(
    "button",
    { id: key, type: "button", class: "plain", "aria-pressed": String(key === selected), focus: () => events.onPoint(key) },
    make("span", {}, sayValue(at.kind)),
    make("small", { title: at.element_id }, at.name || at.element_id),
    below,
  );
  const row = make(
    "tr",
    shared,
    make("td", {}, badge),
    make("td", { class: "wide" }, choose),
    make("td", { class: "figure" }, sayNumber(option.route.length_m, 0, "m")),
    make("td", { class: "figure" }, sayNumber(cost.total), make("small", {}, cost.currency)),
    ...figures,
    make("td", { class: "mark" }, verdictMark(option.feasible), ...marks),
  );
  const [first, ...others] = violations(option);
  if (option.feasible || !first) return [row];
  const more = others.length ? make("small", {}, `+ ${others.length} ${say("more_reasons")}`) : null;
  const why = make("td", { colspan: 4 + figures.length }, first.text, more);
  return [row, make("tr", { ...shared, class: `${shared.class} why` }, make("td", {}), why)];
}

export const loadingCell = ({ electrical }: Option, title = "", below: HTMLElement | null = null): HTMLElement =>
  make("td", { class: "figure", title }, sayNumber(loadingPct(electrical.loading_max), 0, "%"), below);

export const violations = (option: Option): Finding[] =>
  option.findings.filter((finding) => finding.severity === "violation");

export const verdictMark = (isFeasible: boolean): HTMLElement =>
  make(
    "span",
    { class: isFeasible ? "yes" : "no", role: "img", "aria-label": say(isFeasible ? "feasible" : "infeasible") },
    isFeasible ? "✓" : "✗",
  );
