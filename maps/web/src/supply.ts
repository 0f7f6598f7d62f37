/** Several sources for an important customer, which belong together: each with its route. */
import type { Option, Plan, SupplySet } from "./api";
import { sourceColour } from "./colours";
import { make } from "./dom";
import { findingItem } from "./findings";
import { say, sayNumber, sayValue } from "./i18n";
import { type AnswerEvents, loadingCell, optionRows } from "./optionRow";
import type { OptionKey } from "./selection";

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
  return optionRows(option, `source-${option.rank}`, selected, events, {
    badge: sourceBadge(option.rank),
    below: suppliedBy ? make("small", {}, `${say("supplied_by")} ${suppliedBy}`) : null,
    figures: [loadingCell(option)],
    marks: [],
  });
}

/** "S1" in the colour of its route. */
function sourceBadge(rank: number): HTMLElement {
  const badge = make("b", { class: "source" }, `${say("source_letter")}${rank}`);
  badge.style.backgroundColor = sourceColour(rank);
  return badge;
}
