/** What a click on density, hot spots or a capacity gap tells. */
import type { GapFacts, GapLayer, RasterHere } from "./densityApi";
import { make } from "./dom";
import { say, sayNumber, sayTold, sayValue } from "./i18n";

type Row = [name: string, value: string];

export const factList = (rows: Row[]): HTMLElement =>
  make("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));

/** The class of a place, in the unit of the legend, and its figures. */
export function renderRasterCard(here: RasterHere, unit: string): HTMLElement {
  const rows = here.figures.map(({ name, value, unit }): Row => [
    sayValue(name),
    value === null ? say("unknown") : sayFigure(value, sayTold(unit)),
  ]);
  return card(here.found ? sayClass(here.found.text, unit) : say("beyond_layer"), rows);
}

/** What is not known has no unit. */
const sayClass = (text: string, unit: string): string =>
  text === "no data" || !unit ? sayTold(text) : `${sayTold(text)} ${sayTold(unit)}`;

export function renderGapCard(facts: GapFacts, layer: GapLayer): HTMLElement {
  const until = String(layer.facts["until"] ?? "");
  const season = sayRunsOut(facts["is_known"] ? text(facts, "runs_out") : null, text(facts, "earliest"), text(facts, "latest"), until);
  const asked: Row[] = [
    [say("runs_out"), season],
    [say("asked_for"), `${kva(facts, "asked_kva")} · ${sayNumber(Number(facts["asked_count"]))} ${say("open_applications")}`],
    [say("to_come"), `${kva(facts, "growth_kva")} (${say("until")} ${until || say("today")})`],
  ];
  const isArea = facts["element_kind"] === "supply_area";
  const given: Row[] = isArea
    ? [
        [say("given"), kva(facts, "given_kva")],
        [say("tightest"), `${sayValue(text(facts, "limiting_level"))} ${text(facts, "limiting_name")}`],
        [say("can_give"), `${room(facts, "limiting_headroom_kva")} · ${say("asked_for")} ${kva(facts, "limiting_asked_kva")}`],
      ]
    : [
        [say("can_give"), room(facts, "headroom_kva")],
        [say("limited_by"), `${sayValue(`limited_by_${text(facts, "limited_by")}`)} ${text(facts, "limiting_name")}`],
      ];
  return card(`${sayValue(text(facts, "element_kind"))} ${text(facts, "name")}`, [...asked, ...given]);
}

/** The quarter in which something runs out with its interval; `null` is not known, empty lasts. */
export function sayRunsOut(
  runsOut: string | null,
  earliest: string | null,
  latest: string | null,
  until: string,
): string {
  if (runsOut === null) return say("unknown");
  const quarter = (name: string): string => (name === "today" ? say("runs_out_today") : name);
  const range = earliest && earliest !== latest ? ` (${quarter(earliest)} – ${latest ? quarter(latest) : say("later")})` : "";
  return (runsOut ? quarter(runsOut) : `${say("lasts_until")} ${until || say("today")}`) + range;
}

const text = (facts: GapFacts, name: string): string => String(facts[name] ?? "");

function kva(facts: GapFacts, name: string): string {
  const value = facts[name];
  return typeof value === "number" ? sayNumber(value, 1, "kVA") : say("unknown");
}

const room = (facts: GapFacts, name: string): string => {
  const value = facts[name];
  return sayRoom(typeof value === "number" ? value : null, facts["is_known"] === true);
};

/** What can be given; known and without a figure it has no limit. */
export function sayRoom(headroomKva: number | null, isKnown: boolean): string {
  if (headroomKva !== null) return sayNumber(headroomKva, 1, "kVA");
  return say(isKnown ? "not_limited" : "unknown");
}

const card = (title: string, rows: Row[]): HTMLElement =>
  make("section", { id: "density-place", class: "card", "aria-label": say("density") }, make("h2", {}, title), factList(rows));

const least = 0.0001;

const sayFigure = (value: number, unit: string): string =>
  value > 0 && value < least ? `< ${sayNumber(least, 4, unit)}` : sayNumber(value, digitsOf(value), unit);

const digitsOf = (value: number): number =>
  Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 2 : 4;
