/** What the colours of the map mean. */
import { make, refill } from "./dom";
import { say, type Word } from "./i18n";

const entries: Word[] = [
  "high_voltage", "medium_voltage", "low_voltage", "service", "substation", "station", "cabinet",
  "corridor", "building", "application", "route_best", "route_other", "route_refused", "route_kept",
];

export function renderLegend(node: HTMLElement): void {
  const isOpen = node.querySelector("details")?.open ?? window.innerWidth > 1100;
  const items = entries.map((entry) =>
    make("li", {}, make("i", { class: `key ${entry}`, "aria-hidden": "true" }), say(entry)),
  );
  refill(
    node,
    make("details", { open: isOpen }, make("summary", {}, say("legend")), make("ul", {}, ...items)),
  );
}
