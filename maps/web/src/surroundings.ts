/** The density part of a plan: class, neighbours, when the supply runs out, what to leave room for. */
import type { Plan } from "./api";
import { factList, sayRoom, sayRunsOut } from "./densityCards";
import type { DensityRule, ElementOutlook, PlanDensity } from "./densityApi";
import { make } from "./dom";
import { findingItem } from "./findings";
import { say, sayKva, sayNumber, sayTold, sayValue, type Word } from "./i18n";

const recommended: Record<PlanDensity["recommendation"], Word> = {
  larger_section: "larger_section", spare_bays: "spare_bays", none: "none_recommended",
};

/** Whether a finding is told here. */
export const isOfDensity = (rule: string): boolean => rule.startsWith("density.");

export function renderSurroundings(plan: Plan, rules: DensityRule[]): HTMLElement | null {
  const { density } = plan;
  if (!density) return null;
  const findings = plan.findings.filter(({ rule }) => isOfDensity(rule));
  const near = `${say("within")} ${sayNumber(density.nearby_radius_m, 0, "m")}`;
  return make(
    "details",
    { id: "surroundings", class: "group" },
    make("summary", {}, say("surroundings"), make("small", {}, ` ${inShort(density)}`)),
    factList([
      [say("recommendation"), `${say(recommended[density.recommendation])} · ${sayTold(density.recommendation_text)}`],
      [say("density_class"), `${density.density_class ?? say("no_class")} · ${sayTold(density.density_reason)}`],
      [say("nearby"), `${sayNumber(density.nearby_count)} · ${sayKva(density.nearby_kva)} · ${near}`],
    ]),
    density.supply.length ? supplyTable(density.supply) : null,
    make("p", { class: "hint" }, `${say("forecast")}: ${sayTold(density.forecast)}`),
    findings.length ? make("ul", { class: "findings" }, ...findings.map(findingItem)) : null,
    rules.length ? ruleList(rules) : null,
  );
}

/** What is recommended, and what runs out first. */
function inShort({ recommendation, supply }: PlanDensity): string {
  const advice = recommendation === "none" ? null : `${say("recommendation")}: ${say(recommended[recommendation])}`;
  const order = (one: ElementOutlook): string => (one.runs_out === "today" ? "" : String(one.runs_out));
  const [first] = supply.filter((one) => one.runs_out).sort((one, other) => order(one).localeCompare(order(other)));
  const season = first ? `${sayValue(first.level)}: ${say("runs_out")} ${sayRunsOut(first.runs_out, null, null, "")}` : null;
  return [advice, season].filter(Boolean).join(" · ");
}

function supplyTable(supply: ElementOutlook[]): HTMLElement {
  const headings: Word[] = ["gap", "can_give", "asked_for", "to_come", "runs_out"];
  const rows = supply.map((one) => {
    const asked = `${say("this_one")} ${sayKva(one.own_kva)}, ${one.asked_count} ${say("others")} ${sayKva(one.asked_kva)}`;
    const limit = `${sayValue(`limited_by_${one.limited_by}`)} ${one.limiting_element}`;
    return make(
      "tr",
      {},
      make("td", {}, sayValue(one.level), make("small", { title: one.element_id }, one.name || one.element_id)),
      make("td", { class: "figure" }, sayRoom(one.headroom_kva, one.runs_out !== null), make("small", {}, limit)),
      make("td", { class: "figure" }, sayKva(one.own_kva + one.asked_kva), make("small", {}, asked)),
      make("td", { class: "figure" }, sayKva(one.growth_kva), make("small", {}, one.until ? `${say("until")} ${one.until}` : "")),
      make("td", {}, sayRunsOut(one.runs_out, one.earliest, one.latest, one.until)),
    );
  });
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...headings.map((word) => make("th", { scope: "col" }, say(word))))),
    make("tbody", {}, ...rows),
  );
}

const ruleList = (rules: DensityRule[]): HTMLElement =>
  make(
    "details",
    { id: "density-rules", class: "group" },
    make("summary", {}, `${say("rules_behind")} (${rules.length})`),
    make(
      "ul",
      { class: "findings" },
      ...rules.map(({ rule, title, value, unit, source, clause, confidence }) =>
        make(
          "li",
          {},
          make("span", {}, `${title}: ${sayNumber(value, Number.isInteger(value) ? 0 : 2, unit === "1" ? "" : sayTold(unit))}`),
          make(
            "small",
            {},
            make("span", { class: `confidence ${confidence}` }, sayValue(confidence)),
            [rule, source, clause].filter(Boolean).join(" · "),
          ),
        ),
      ),
    ),
  );
