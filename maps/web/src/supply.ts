/** Several sources for an important customer, which belong together: each with its route. */
import type { Option, Plan, SupplySet } from "./api";
import type { AnswerEvents } from "./answer";
import { make } from "./dom";
import { loadingPct } from "./figures";
import { findingItem } from "./findings";
import { say, sayNumber, sayValue } from "./i18n";
import type { OptionKey } from "./selection";
import { sourceColour } from "./colours";

export function renderSupplySet(
  plan: Plan,
  selected: OptionKey | null,
  events: AnswerEvents,
): HTMLElement | null {
  const set = plan.supply_set;
  if (!set) return null;
  const told = set.findings.filter((each) => each.severity !== "info");
  return make(
    "section",
    { id: "supply-set", class: set.feasible ? "set yes" : "set no", "aria-label": say("supply_set") },
    make("h2", {}, `${say("supply_set")} · ${say(set.feasible ? "feasible" : "infeasible")}`),
    make("p", {}, sayTotals(plan, set)),
    set.options.length ? table(set, selected, events) : null,
    told.length ? make("ul", { class: "findings" }, ...told.map(findingItem)) : null,
  );
}

function sayTotals(plan: Plan, set: SupplySet): string {
  const [first] = set.options;
  const parts = [
    `${set.options.length}/${plan.sources_required} ${say("sources_found")}`,
    `${say("independent_in")} ${sayValue(set.independence).toLocaleLowerCase()}`,
    first ? `${say("together")} ${sayNumber(set.total_cost)} ${first.cost.currency}` : "",
    first ? `${say("shared_trench")} ${sayNumber(set.shared_length_m, 0, "m")}` : "",
    set.gap === null ? "" : sayGap(set.gap),
  ];
  return parts.filter(Boolean).join(" · ");
}

/** How far from the cheapest set that there can be. */
const sayGap = (gap: number): string =>
  gap < 5e-5 ? say("proven_cheapest") : `${say("above_optimum")} ${sayNumber(gap * 100, 2, "%")}`;

function table(set: SupplySet, selected: OptionKey | null, events: AnswerEvents): HTMLElement {
  const heads = ["", "access_point", "length", "cost", "loading_max", "verdict"] as const;
  const head = make("tr", {}, ...heads.map((word) => make("th", { scope: "col" }, word && say(word))));
  const rows = set.options.flatMap((option, row) =>
    rowsOf(option, set.supplied_by[row] ?? "", selected, events),
  );
  const leave = (): void => events.onPoint(null);
  return make("table", { class: "choices", mouseleave: leave }, make("thead", {}, head), make("tbody", {}, ...rows));
}

function rowsOf(
  option: Option,
  suppliedBy: string,
  selected: OptionKey | null,
  events: AnswerEvents,
): HTMLElement[] {
  const key: OptionKey = `source-${option.rank}`;
  const { access_point: at, cost, electrical } = option;
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
    suppliedBy ? make("small", {}, `${say("supplied_by")} ${suppliedBy}`) : null,
  );
  const verdict = option.feasible ? "feasible" : "infeasible";
  const row = make(
    "tr",
    shared,
    make("td", {}, sourceBadge(option.rank)),
    make("td", { class: "wide" }, choose),
    make("td", { class: "figure" }, sayNumber(option.route.length_m, 0, "m")),
    make("td", { class: "figure" }, sayNumber(cost.total), make("small", {}, cost.currency)),
    make("td", { class: "figure" }, sayNumber(loadingPct(electrical.loading_max), 0, "%")),
    make(
      "td",
      { class: "mark" },
      make("span", { class: option.feasible ? "yes" : "no", role: "img", "aria-label": say(verdict) }, option.feasible ? "✓" : "✗"),
    ),
  );
  const why = option.findings.find((each) => each.severity === "violation");
  if (option.feasible || !why) return [row];
  const told = make("td", { colspan: 5 }, why.text);
  return [row, make("tr", { ...shared, class: `${shared.class} why` }, make("td", {}), told)];
}

/** "S1" in the colour of its route. */
function sourceBadge(rank: number): HTMLElement {
  const badge = make("b", { class: "source" }, `${say("source_letter")}${rank}`);
  badge.style.backgroundColor = sourceColour(rank);
  return badge;
}
