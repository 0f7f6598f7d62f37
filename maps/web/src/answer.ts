/** The answer: verdict, table of options, findings of the chosen one. */
import type { Finding, Option, Plan } from "./api";
import { make } from "./dom";
import { say, sayNumber, sayValue, sayVoltage, type Word } from "./i18n";

export interface AnswerEvents {
  onSelect(rank: number): void;
  onPoint(rank: number | null): void;
  onInspect(kind: string, id: string): void;
}

/** Verdict, options, and what the nearest point would have been. */
export function renderAnswer(plan: Plan, selected: number | null, events: AnswerEvents): HTMLElement {
  return make(
    "section",
    { class: "answer", "aria-label": say("answer") },
    verdict(plan),
    plan.options.length ? table(plan, selected, events) : make("p", {}, say("no_options")),
    baseline(plan),
  );
}

/** The chosen option in full, and every finding that concerns it. */
export function renderDetails(plan: Plan, selected: number | null, events: AnswerEvents): HTMLElement {
  const option = plan.options.find((each) => each.rank === selected);
  const findings = [...(option?.findings ?? []), ...plan.findings];
  return make(
    "section",
    { class: "answer", "aria-label": say("findings") },
    option ? details(option, events) : null,
    findings.length ? findingList(findings, option) : null,
  );
}

function verdict(plan: Plan): HTMLElement {
  const reasons = plan.reasons.map((reason) => make("li", {}, reason));
  return make(
    "div",
    { id: "verdict", class: plan.feasible ? "verdict yes" : "verdict no", role: "status" },
    make("strong", {}, say(plan.feasible ? "can_connect" : "cannot_connect")),
    make(
      "span",
      {},
      `${say("supply_voltage")} ${plan.supply_voltage_v === null ? "–" : sayVoltage(plan.supply_voltage_v)} · `,
      `${say("sources")} ${plan.sources_required}`,
    ),
    reasons.length ? make("ul", {}, ...reasons) : null,
  );
}

function table(plan: Plan, selected: number | null, events: AnswerEvents): HTMLElement {
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
  selected: number | null,
  events: AnswerEvents,
): HTMLElement[] {
  const { access_point: at, cost, electrical } = option;
  const voltage = isInfeed ? electrical.voltage_max_pu : electrical.voltage_min_pu;
  const loading = electrical.loading_max === null ? null : electrical.loading_max * 100;
  const shared = {
    class: [option.feasible ? "" : "refused", option.rank === selected ? "selected" : ""].join(" "),
    mouseenter: () => events.onPoint(option.rank),
    click: () => events.onSelect(option.rank),
  };
  const choose = make(
    "button",
    {
      id: `option-${option.rank}`,
      type: "button",
      class: "plain",
      "aria-pressed": String(option.rank === selected),
      focus: () => events.onPoint(option.rank),
    },
    make("span", {}, sayValue(at.kind)),
    make("small", { title: at.element_id }, `${at.name || at.element_id} · ${option.phases}`),
  );
  const row = make(
    "tr",
    shared,
    make("td", {}, String(option.rank)),
    make("td", { class: "wide" }, choose),
    make("td", { class: "figure" }, sayNumber(option.route.length_m, 0, "m")),
    make("td", { class: "figure" }, sayNumber(cost.total), make("small", {}, cost.currency)),
    make("td", { class: "figure" }, sayNumber(voltage, 3)),
    make(
      "td",
      { class: "figure", title: `${electrical.limiting_name} (${electrical.limiting_element})` },
      sayNumber(loading, 0, "%"),
      make("small", {}, electrical.limiting_name),
    ),
    make("td", { class: "mark" }, mark(option.feasible)),
  );
  const reasons = option.findings.filter((finding) => finding.severity === "violation");
  if (option.feasible || !reasons.length) return [row];
  const texts = reasons.map((finding) => make("div", {}, finding.text));
  return [row, make("tr", { ...shared, class: `${shared.class} why` }, make("td", {}), make("td", { colspan: 6 }, ...texts))];
}

const mark = (isFeasible: boolean): HTMLElement =>
  make(
    "span",
    { class: isFeasible ? "yes" : "no", role: "img", "aria-label": say(isFeasible ? "feasible" : "infeasible") },
    isFeasible ? "✓" : "✗",
  );

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

function details(option: Option, events: AnswerEvents): HTMLElement {
  const { access_point: at, conductor, cost, electrical } = option;
  const inspect = make(
    "button",
    { id: "inspect", type: "button", class: "link", click: () => events.onInspect(at.element_kind, at.element_id) },
    at.name || at.element_id,
  );
  const cable = conductor
    ? `${conductor.parallel_count > 1 ? `${conductor.parallel_count} × ` : ""}${conductor.conductor_id}, ${sayNumber(conductor.length_m, 0, "m")}`
    : "–";
  const money = (["civil", "cable", "equipment", "remedies"] as const)
    .filter((part) => cost[part] > 0)
    .map((part) => `${say(part)} ${sayNumber(cost[part])}`)
    .join(" + ");
  const rows: [Word, Node | string][] = [
    ["access_point", inspect],
    ["cable", cable],
    ["cost", `${money || "0"} = ${sayNumber(cost.total)} ${cost.currency}`],
    ["phases", option.phases],
    ["transformer", electrical.transformer],
    ["feeder", electrical.feeder],
    ["short_circuit", sayNumber(electrical.short_circuit_ka, 2, "kA")],
    ["remedies", option.remedies.map((remedy) => remedy.text).join("; ")],
  ];
  const known = rows.filter(([, value]) => value !== "" && value !== "–");
  return make(
    "dl",
    { class: "facts" },
    ...known.flatMap(([word, value]) => [make("dt", {}, say(word)), make("dd", {}, value)]),
  );
}

function findingList(findings: Finding[], option: Option | undefined): HTMLElement {
  const order = ["violation", "survey", "warning", "info"];
  const sorted = [...findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  const title = option ? `${say("findings")} ${say("of_option")} ${option.rank}` : say("findings");
  return make(
    "div",
    { id: "findings" },
    make("h2", {}, title),
    make("ul", { class: "findings" }, ...sorted.map(findingItem)),
  );
}

function findingItem(finding: Finding): HTMLElement {
  const isRatio = finding.rule.startsWith("loading.") && finding.unit === "";
  const figure = (value: number | null): string =>
    value === null
      ? "–"
      : isRatio
        ? sayNumber(value * 100, 1, "%")
        : sayNumber(value, digitsOf(value), finding.unit);
  const figures =
    finding.measured === null && finding.limit === null
      ? null
      : make(
          "span",
          { class: "figures" },
          `${say("measured")} ${figure(finding.measured)} · ${say("limit")} ${figure(finding.limit)} · `,
          make("b", {}, `${say("margin")} ${figure(finding.margin)}`),
        );
  const source = [finding.rule, finding.clause, finding.confidence && sayValue(finding.confidence)];
  return make(
    "li",
    { class: finding.severity },
    make("span", { class: "severity" }, say(finding.severity)),
    make("span", {}, finding.text),
    figures,
    make("small", {}, source.filter(Boolean).join(" · ")),
  );
}

/** Three figures that matter, whatever the unit. */
const digitsOf = (value: number | null): number =>
  value === null || Number.isInteger(value) || Math.abs(value) >= 100
    ? 0
    : Math.abs(value) >= 10
      ? 1
      : 3;
