/** The voltage on the way from the source to the customer, drawn: with the connection and today. */
import type { Part, ProfilePoint, VoltageProfile } from "./api";
import type { ProfileState } from "./details";
import { draw, make } from "./dom";
import { say, sayElement, sayNumber, sayVoltage, type Word } from "./i18n";

const width = 420;
const height = 178;
const frame = { left: 36, right: 408, top: 18, bottom: 146 };

/** What a tap does belongs to its transformer, where the controller stands to the source. */
const wordOf: Record<Part, Word> = {
  set_point: "part_set_point",
  set_point_band: "part_set_point",
  main_transformer_tap: "part_main_transformer",
  main_transformer: "part_main_transformer",
  medium_voltage: "part_medium_voltage",
  distribution_transformer_tap: "part_distribution_transformer",
  distribution_transformer: "part_distribution_transformer",
  low_voltage_main: "part_low_voltage_main",
  service: "part_service",
};

export function renderProfiles(state: ProfileState): HTMLElement | null {
  if (state === null) return null;
  if (state === "busy") return make("p", { class: "busy awaited" }, say("profile"));
  const pictures = state.profiles.map(picture);
  if (!pictures.length) return make("p", { class: "hint" }, `${say("no_profile")}: ${state.reason}`);
  return make("div", { id: "profile" }, ...pictures);
}

function picture(profile: VoltageProfile): HTMLElement {
  const phase = profile.phase ? ` · ${profile.phase}` : "";
  const title = `${say("profile")} · ${say(profile.load_case === "load" ? "highest_load" : "highest_feed_in")}${phase}`;
  const scale = scaleOf(profile);
  const svg = draw(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: ${spoken(profile)}` },
    ...forbidden(profile, scale),
    ...axis(scale),
    ...parts(profile, scale),
    line(profile.points.map((each) => each.voltage_before_pu), scale, "today"),
    line(profile.points.map((each) => each.voltage_pu), scale, "after"),
    ...profile.points.map((each, index) => dot(each, index, scale)),
    ...ends(profile, scale),
  );
  const legend = make(
    "p",
    { class: "profile-legend" },
    key("after", "with_connection"),
    key("today", "today"),
    key("beyond", "beyond_limit"),
  );
  return make("figure", {}, make("figcaption", {}, title), wrapped(svg), legend);
}

/** An HTML element around a drawing, so that both can be children alike. */
function wrapped(svg: SVGElement): HTMLElement {
  const node = make("div", { class: "drawing" });
  node.append(svg);
  return node;
}

const key = (kind: string, word: Word): HTMLElement =>
  make("span", {}, make("i", { class: `profile-key ${kind}`, "aria-hidden": "true" }), say(word));

interface Scale {
  x: number[];
  y(voltage: number): number;
  ticks: number[];
}

/** The limit that the load case may break is always in view; the other one need not be. */
function scaleOf({ points, load_case }: VoltageProfile): Scale {
  const values = points.flatMap((each) => [each.voltage_pu, each.voltage_before_pu ?? each.voltage_pu]);
  const limits = points.map((each) => (load_case === "load" ? each.limit_min_pu : each.limit_max_pu));
  const low = Math.min(...values, ...limits, 1) - 0.012;
  const high = Math.max(...values, ...limits, 1) + 0.012;
  const y = (voltage: number): number =>
    frame.bottom - ((voltage - low) / (high - low)) * (frame.bottom - frame.top);
  const step = high - low > 0.16 ? 0.05 : 0.02;
  const ticks = Array.from({ length: 40 }, (_, n) => 0.6 + n * step).filter((v) => v > low && v < high);
  return { x: places(points), y, ticks };
}

/** Every part of the way gets room for its name; within a part the places stand evenly. */
function places(points: ProfilePoint[]): number[] {
  const runs = runsOf(points);
  const weights = runs.map((run) => Math.max(1, Math.sqrt(run.count)));
  const unit = (frame.right - frame.left) / weights.reduce((sum, each) => sum + each, 0);
  const x = [frame.left];
  let at = frame.left;
  runs.forEach((run, index) => {
    const room = unit * (weights[index] ?? 1);
    for (let n = 1; n <= run.count; n += 1) x.push(at + (room * n) / run.count);
    at += room;
  });
  return x;
}

interface Run {
  part: Part;
  first: number;
  count: number;
}

/** Neighbouring branches of the same part; the source itself is no branch. */
function runsOf(points: ProfilePoint[]): Run[] {
  const runs: Run[] = [];
  points.slice(1).forEach(({ part }, index) => {
    const last = runs.at(-1);
    if (last?.part === part) last.count += 1;
    else runs.push({ part, first: index, count: 1 });
  });
  return runs;
}

function forbidden({ points, load_case }: VoltageProfile, scale: Scale): SVGElement[] {
  return points.slice(1).flatMap((point, index) => {
    const [from, to] = [scale.x[index] ?? 0, scale.x[index + 1] ?? 0];
    const limit = scale.y(load_case === "load" ? point.limit_min_pu : point.limit_max_pu);
    const [top, bottom] = load_case === "load" ? [limit, frame.bottom] : [frame.top, limit];
    if (bottom <= top) return [];
    return [draw("rect", { class: "beyond", x: from, y: top, width: to - from, height: bottom - top })];
  });
}

function axis(scale: Scale): SVGElement[] {
  const lines = scale.ticks.flatMap((tick) => [
    draw("line", { class: "grid", x1: frame.left, x2: frame.right, y1: scale.y(tick), y2: scale.y(tick) }),
    draw("text", { class: "tick", x: frame.left - 4, y: scale.y(tick) + 3 }, sayNumber(tick, 2)),
  ]);
  return [...lines, draw("text", { class: "tick unit", x: frame.left - 4, y: frame.top - 7 }, "p.u.")];
}

function parts({ points, shares }: VoltageProfile, scale: Scale): SVGElement[] {
  return runsOf(points).flatMap((run, index) => {
    const from = scale.x[run.first] ?? 0;
    const to = scale.x[run.first + run.count] ?? 0;
    const middle = (from + to) / 2;
    const sum = shares
      .filter((share) => wordOf[share.part] === wordOf[run.part])
      .reduce((total, share) => total + share.change_pct, 0);
    const change = Math.round(sum * 10) / 10 + 0; // adding zero takes the sign from a zero
    const sign = change > 0 ? "+" : "";
    return [
      index
        ? draw("line", { class: "border", x1: from, x2: from, y1: frame.top, y2: frame.bottom + 26 })
        : draw("line", { class: "border", x1: from, x2: from, y1: frame.top, y2: frame.bottom }),
      draw("text", { class: "part", x: middle, y: frame.bottom + 14 }, say(wordOf[run.part])),
      draw("text", { class: "change", x: middle, y: frame.bottom + 27 }, `${sign}${sayNumber(change, 1, "%")}`),
    ];
  });
}

function line(values: (number | null)[], scale: Scale, kind: string): SVGElement {
  const known = values.flatMap((value, index) =>
    value === null ? [] : [`${(scale.x[index] ?? 0).toFixed(1)},${scale.y(value).toFixed(1)}`],
  );
  return draw("polyline", { class: kind, points: known.join(" ") });
}

function dot(point: ProfilePoint, index: number, scale: Scale): SVGElement {
  const isBroken = point.voltage_pu < point.limit_min_pu || point.voltage_pu > point.limit_max_pu;
  const named = point.name ? `${point.name} · ` : "";
  const before =
    point.voltage_before_pu === null ? "" : `, ${say("today")} ${sayNumber(point.voltage_before_pu, 4)}`;
  const place = `${sayVoltage(point.nominal_voltage_v)}, ${sayNumber(point.distance_m, 0, "m")}`;
  const text = `${named}${sayElement(point.element)}\n${sayNumber(point.voltage_pu, 4, "p.u.")}${before}\n${place}`;
  return draw(
    "circle",
    { class: isBroken ? "broken" : "place", cx: scale.x[index] ?? 0, cy: scale.y(point.voltage_pu), r: 3 },
    draw("title", {}, text),
  );
}

/** The value at the customer, on the side where what was before does not run. */
function ends({ points, load_case }: VoltageProfile, scale: Scale): SVGElement[] {
  const last = points.at(-1);
  if (!last) return [];
  const at = scale.y(last.voltage_pu);
  const isBelow = load_case === "load" && at + 18 < frame.bottom;
  const y = at + (isBelow ? 15 : -8);
  return [draw("text", { class: "value", x: frame.right, y }, sayNumber(last.voltage_pu, 3))];
}

function spoken({ points }: VoltageProfile): string {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return "";
  return `${sayNumber(first.voltage_pu, 3)} → ${sayNumber(last.voltage_pu, 3, "p.u.")}`;
}
