/** Ways that were found or drawn: what each costs, what stands in its way, of what it is made. */
import type { ProposedRoute, RouteAnswer } from "./api";
import { renderBill, renderSegments } from "./bill";
import { make } from "./dom";
import { renderFindings } from "./findings";
import { say, sayKva, sayNumber, sayValue } from "./i18n";
import { isRefused } from "./planFeatures";

export function renderRoutes(answer: RouteAnswer): HTMLElement {
  const [first, ...others] = answer.routes;
  const reasons = answer.reasons.map((reason) => make("li", {}, reason));
  if (!first) {
    return make("div", { id: "route", class: "verdict no", role: "status" }, make("strong", {}, say("no_route")), make("ul", {}, ...reasons));
  }
  return make(
    "section",
    { id: "route", "aria-label": say("route") },
    renderRoute(first, answer),
    others.length ? make("h2", {}, say("other_ways")) : null,
    others.length ? make("ol", { class: "ways", start: 2 }, ...others.map((one) => make("li", {}, sayRoute(one), ` · ${say("shared_trench")} ${sayNumber(one.shared_length_m, 0, "m")}`))) : null,
    reasons.length ? make("ul", { class: "reasons" }, ...reasons) : null,
    first.findings.length ? renderFindings(first.findings, say("findings")) : null,
  );
}

function renderRoute(route: ProposedRoute, answer: RouteAnswer): HTMLElement {
  const { cost, conductor } = route;
  const crossings = route.route.segments.reduce((sum, segment) => sum + segment.crossings.length, 0);
  const parallel = conductor.parallel_count > 1 ? `${conductor.parallel_count} × ` : "";
  const facts: [string, string][] = [
    [say("cable"), `${parallel}${conductor.conductor_id}, ${sayNumber(conductor.length_m, 0, "m")}`],
    [say("cost"), sayCost(cost)],
    [say("crossings_count"), sayNumber(crossings)],
    [say("lead_time"), route.route.lead_time_days === null ? say("unknown") : `${sayNumber(route.route.lead_time_days)} ${say("days")}`],
  ];
  const refused = isRefused(route);
  return make(
    "div",
    {},
    make(
      "div",
      { class: refused ? "verdict no" : "verdict yes", role: "status" },
      make("strong", {}, sayRoute(route)),
      make("span", {}, `${sayKva(answer.demand_kva)} · ${sayValue(answer.voltage_level)} · ${say(refused ? "route_forbidden" : "route_open")}`),
    ),
    make("p", { class: "hint" }, say("route_note")),
    make("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
    renderBill(route),
    renderSegments(route),
  );
}

const sayRoute = (route: ProposedRoute): string =>
  `${sayNumber(route.route.length_m, 1, "m")} · ${sayNumber(route.cost.total, 2)} ${route.cost.currency}`;

export function sayCost(cost: ProposedRoute["cost"]): string {
  const costs = ["civil", "crossings", "cable", "accessories", "equipment", "remedies"] as const;
  const parts = costs
    .filter((part) => cost[part] > 0)
    .map((part) => `${say(part)} ${sayNumber(cost[part])}`);
  return `${parts.join(" + ") || "0"} = ${sayNumber(cost.total)} ${cost.currency}`;
}
