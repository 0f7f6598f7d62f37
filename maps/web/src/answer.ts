/** The answer: verdict, table of options, and what the nearest point would have been. */
import type { Option, Plan } from "./api";
import { make } from "./dom";
import { bandOf, voltageRange } from "./figures";
import { say, sayKva, sayNumber, sayValue, sayVoltage, type Word } from "./i18n";
import { type AnswerEvents, loadingCell, optionRows, verdictMark, violations } from "./optionRow";
import type { OptionKey } from "./selection";

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
      `${sayKva(plan.application.demand_kva)} · ${sayValue(plan.application.customer_class)} · `,
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
  const [lowest, highest] = voltageRange(option);
  const { limiting_name: name, limiting_element: element } = option.electrical;
  const voltage = make("td", { class: "figure" }, sayNumber(isInfeed ? highest : lowest, 3));
  return optionRows(option, `option-${option.rank}`, selected, events, {
    badge: String(option.rank),
    below: null,
    figures: [voltage, loadingCell(option, `${name} (${element})`, make("small", {}, name))],
    marks: [bandMark(option)],
  });
}

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
    feasible === null ? null : verdictMark(feasible),
    make("span", {}, ` ${text}`),
  );
}
