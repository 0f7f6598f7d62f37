/** What a connection takes and where its cable lies: bill of materials and segments, folded. */
import type { BillItem, Option, RouteSegment } from "./api";

type Billed = Pick<Option, "bill_of_materials">;
type Routed = Pick<Option, "route">;
import { make } from "./dom";
import { say, sayNumber, sayValue, type Word } from "./i18n";

export function renderBill(option: Billed): HTMLElement | null {
  return folded("bill", option.bill_of_materials, ["item", "quantity", "cost"], (item) => [
    make("td", { title: `${item.item} (${item.source})` }, sayItem(item)),
    figure(
      sayNumber(item.quantity, item.unit ? 1 : 0, item.unit),
      `× ${sayNumber(item.unit_cost, 2)}`,
    ),
    figure(sayNumber(item.cost)),
  ]);
}

export function renderSegments(option: Routed): HTMLElement | null {
  return folded("segments", option.route.segments, ["corridor", "length", "cost"], (segment) => [
    make("td", {}, sayCorridor(segment), make("small", {}, sayGround(segment))),
    figure(sayNumber(segment.length_m, 1, "m")),
    figure(sayNumber(segment.cost)),
  ]);
}

function folded<Row>(
  title: "bill" | "segments",
  rows: Row[],
  heads: Word[],
  cells: (row: Row) => HTMLElement[],
): HTMLElement | null {
  if (!rows.length) return null;
  const head = make("tr", {}, ...heads.map((word) => make("th", { scope: "col" }, say(word))));
  const body = rows.map((row) => make("tr", {}, ...cells(row)));
  return make(
    "details",
    { id: title, class: "group" },
    make("summary", {}, `${say(title)} (${rows.length})`),
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)),
  );
}

const figure = (text: string, note = ""): HTMLElement =>
  make("td", { class: "figure" }, text, note ? make("small", {}, note) : null);

/** A row in the language of the page; cables and accessories are called by their own names. */
function sayItem(item: BillItem): string {
  const codes = item.codes.map(sayValue).join(", ");
  switch (item.kind) {
    case "civil":
      return codes;
    case "crossing":
      return `${say("crossing")}: ${codes}`;
    case "cable":
      return `${say("cable")}: ${codes}`;
    case "equipment":
      return `${say("equipment")}: ${codes}`;
    default:
      return `${sayValue(item.kind)}: ${sayLevel(item.codes[0])}`;
  }
}

const sayLevel = (level: string | undefined): string =>
  say(level === "mv" ? "medium_voltage" : "low_voltage");

/** A corridor by its kind and id, as in "street: K7". */
function sayCorridor({ corridor }: RouteSegment): string {
  const [kind = "", ...id] = corridor.split(": ");
  const phrase = id.join(": ");
  return phrase ? `${sayValue(kind)}: ${sayValue(phrase)}` : sayValue(kind);
}

function sayGround(segment: RouteSegment): string {
  const crossings = segment.crossings.map(({ kind }) => `${say("crossing")} ${sayValue(kind)}`);
  return [sayValue(segment.surface), sayValue(segment.laying), segment.owner, ...crossings]
    .filter(Boolean)
    .join(" · ");
}
