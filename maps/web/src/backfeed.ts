/** The backfeed states (N-1) of an option: each figure with what it was before. */
import type { BackfeedState, Option } from "./api";
import { make } from "./dom";
import { backfeedCount, loadingPct } from "./figures";
import { say, sayElement, sayNumber, sayState } from "./i18n";

export function renderBackfeed(option: Option): HTMLElement | null {
  if (!option.backfeed.length) return null;
  const heads = ["backfeed_state", "loading_max", "voltage_min", "holds"] as const;
  const head = make("tr", {}, ...heads.map((word) => make("th", { scope: "col" }, say(word))));
  return make(
    "details",
    { id: "backfeed", class: "group" },
    make("summary", {}, `${say("backfeed")}: ${sayBackfeed(option)}`),
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...option.backfeed.map(row))),
    make("small", {}, say("backfeed_note")),
  );
}

/** "2 of 5 states hold, 1 not proven". */
export function sayBackfeed(option: Option): string {
  const { holds, unknown } = backfeedCount(option);
  const held = `${holds}/${option.backfeed.length} ${say("states_hold")}`;
  return unknown ? `${held}, ${unknown} ${say("not_proven")}` : held;
}

function row(state: BackfeedState): HTMLElement {
  const dark = state.unsupplied_buses
    ? make("small", {}, `${say("without_supply")}: ${sayNumber(state.unsupplied_buses)}`)
    : null;
  return make(
    "tr",
    {},
    make("td", { class: "state" }, sayState(state.state), dark),
    pair(loadingPct(state.loading_max), loadingPct(state.loading_before), 0, "%", state.limiting_element),
    pair(state.voltage_min_pu, state.voltage_min_before_pu, 3, "", state.voltage_min_bus),
    make("td", { class: "mark" }, verdict(state.holds)),
  );
}

function pair(
  now: number | null,
  before: number | null,
  digits: number,
  unit: string,
  element: string,
): HTMLElement {
  const was = before === null ? null : `${say("before")} ${sayNumber(before, digits, unit)}`;
  return make(
    "td",
    { class: "figure", title: element },
    sayNumber(now, digits, unit),
    was ? make("small", {}, was) : null,
    element ? make("small", {}, sayElement(element)) : null,
  );
}

function verdict(holds: boolean | null): HTMLElement {
  if (holds === null) return make("span", { class: "unsure" }, say("not_proven"));
  return make("span", { class: holds ? "yes" : "no" }, say(holds ? "true" : "false"));
}
