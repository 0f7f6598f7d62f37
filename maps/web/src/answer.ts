/** The answer: verdict, table of options, and what the nearest point would have been. */
import type { Finding, Option, Plan } from "./api";
import { make } from "./dom";
import { bandOf, loadingPct, voltageRange } from "./figures";
import type { OptionKey } from "./selection";
import { say, sayNumber, sayValue, sayVoltage, type Word } from "./i18n";

export interface AnswerEvents {
  onSelect(key: OptionKey): void;
  onPoint(key: OptionKey | null): void;
}

/** Verdict, the sources that belong together, options, and what the nearest would have been. */
export function renderAnswer(
  plan: Plan,
  selected: OptionKey | null,
  events: AnswerEvents,
  together: HTMLElement | null,
): HTMLElement {
  return make(
    "section",
    { class: "answer", "aria-label": say("answer") },
    verdict(plan),
    together,
    plan.options.length ? table(plan, selected, events) : make("p", {}, say("no_options")),
    baseline(plan),
  );
}

function verdict(plan: Plan): HTMLElement {
  const isPartial = plan.feasible && plan.supply_set?.feasible === false;
  const told = plan.options.flatMap(violations).map((finding) => finding.text);
  const reasons = plan.reasons
    .filter((reason) => !told.some((text) => reason.includes(text)))
    .map((reason) => make("li", {}, reason));
  return make(
    "div",
    { id: "verdict", class: `verdict ${isPartial ? "unsure" : plan.feasible ? "yes" : "no"}`, role: "status" },
    make("strong", {}, say(isPartial ? "can_connect_once" : plan.feasible ? "can_connect" : "cannot_connect")),
    make(
      "span",
      {},
      `${say("supply_voltage")} ${plan.supply_voltage_v === null ? "–" : sayVoltage(plan.supply_voltage_v)} · `,
      `${say("sources")} ${plan.sources_required}`,
    ),
    reasons.length ? make("ul", {}, ...reasons) : null,
  );
}

function table(plan: Plan, selected: OptionKey | null, events: AnswerEvents): HTMLElement {
  const isInfeed = plan.application.kind === "generation";
  const headings: Word[] = [
    "rank", "access_point", "length", "cost", isInfeed ? "voltage_max" : "voltage_min",
    "loading_max", "verdict",
  ];
  const head = make("tr", {}, ...headings.map((word) => make("th", { scope: "col" }, say(word))));
  const rows = plan.options.flatMap((option) => rowsOf(option, isInfeed, selected, events));
  return make(
    "table",
    { id: "options" },
    make("caption", {}, say("options")),
    make("thead", {}, head),
    make("tbody", { mouseleave: () => events.onPoint(null) }, ...rows),
  );
}

function rowsOf(
  option: Option,
  isInfeed: boolean,
  selected: OptionKey | null,
  events: AnswerEvents,
): HTMLElement[] {
  const key: OptionKey = `option-${option.rank}`;
  const { access_point: at, cost, electrical } = option;
  const [lowest, highest] = voltageRange(option);
  const shared = {
    class: [option.feasible ? "" : "refused", key === selected ? "selected" : ""].join(" "),
    mouseenter: () => events.onPoint(key),
    click: () => events.onSelect(key),
  };
  const choose = make(
    "button",
    {
      id: key,
      type: "button",
      class: "plain",
      "aria-pressed": String(key === selected),
      focus: () => events.onPoint(key),
    },
    make("span", {}, sayValue(at.kind)),
    make("small", { title: at.element_id }, at.name || at.element_id),
  );
  const row = make(
    "tr",
    shared,
    make("td", {}, String(option.rank)),
    make("td", { class: "wide" }, choose),
    make("td", { class: "figure" }, sayNumber(option.route.length_m, 0, "m")),
    make("td", { class: "figure" }, sayNumber(cost.total), make("small", {}, cost.currency)),
    make("td", { class: "figure" }, sayNumber(isInfeed ? highest : lowest, 3)),
    make(
      "td",
      { class: "figure", title: `${electrical.limiting_name} (${electrical.limiting_element})` },
      sayNumber(loadingPct(electrical.loading_max), 0, "%"),
      make("small", {}, electrical.limiting_name),
    ),
    make("td", { class: "mark" }, mark(option.feasible), bandMark(option)),
  );
  const [first, ...others] = violations(option);
  if (option.feasible || !first) return [row];
  const more = others.length ? make("small", {}, `+ ${others.length} ${say("more_reasons")}`) : null;
  const why = make("td", { colspan: 6 }, first.text, more);
  return [row, make("tr", { ...shared, class: `${shared.class} why` }, make("td", {}), why)];
}

const violations = (option: Option): Finding[] =>
  option.findings.filter((finding) => finding.severity === "violation");

const mark = (isFeasible: boolean): HTMLElement =>
  make(
    "span",
    { class: isFeasible ? "yes" : "no", role: "img", "aria-label": say(isFeasible ? "feasible" : "infeasible") },
    isFeasible ? "✓" : "✗",
  );

/** A small sign where the verdict hangs on how much load there really is. */
const bandMark = (option: Option): HTMLElement | null =>
  bandOf(option) === "band_depends"
    ? make("span", { class: "unsure", role: "img", title: say("band_depends"), "aria-label": say("band_depends") }, "±")
    : null;

function baseline(plan: Plan): HTMLElement | null {
  if (!plan.baseline) return null;
  const { text, feasible } = plan.baseline;
  return make(
    "p",
    { id: "baseline", class: "baseline" },
    make("b", {}, say("nearest"), " "),
    feasible === null ? null : mark(feasible),
    make("span", {}, ` ${text}`),
  );
}
