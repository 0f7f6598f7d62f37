/** What the map shows: a switch for each group of layers, and what their colours mean. */
import type { CostLayer } from "./api";
import { make, refill } from "./dom";
import { say, sayRange, type Word } from "./i18n";

interface Group {
  word: Word;
  layers: readonly string[];
  entries: readonly Word[];
  isOn: boolean;
}

const groups: Group[] = [
  {
    word: "grid",
    layers: ["line-low", "line-high", "bus", "transformer", "transformer-far"],
    entries: ["high_voltage", "medium_voltage", "low_voltage", "service", "substation", "station", "cabinet"],
    isOn: true,
  },
  { word: "applications", layers: ["application", "option"], entries: ["application", "route_kept"], isOn: true },
  { word: "corridors", layers: ["corridor"], entries: ["corridor"], isOn: true },
  { word: "areas", layers: ["obstacle"], entries: ["building", "area"], isOn: true },
  {
    word: "crossed_ways",
    layers: ["barrier-road", "barrier-rail", "barrier-rail-sleepers", "barrier-water"],
    entries: ["road", "rail", "water"],
    isOn: false,
  },
  {
    word: "crossed_mains",
    layers: ["barrier-main"],
    entries: ["gas_main", "heat_main", "water_main"],
    isOn: false,
  },
  { word: "cost_map", layers: ["cost"], entries: [], isOn: true },
  { word: "density", layers: ["density", "gap-area", "gap-edge", "gap-unit"], entries: [], isOn: true },
];
const answerEntries: Word[] = ["route_best", "route_sources", "route_other", "route_refused"];

/** Something that was computed and lies on the ground: what the legend says of it. */
export interface Ground {
  heading(): string;
  keys(): HTMLElement;
}
type GroundName = "cost_map" | "density";
const grounds: Partial<Record<Word, Ground>> = {};
const groundNames: readonly Word[] = ["cost_map", "density"] satisfies GroundName[];

/** What is laid on the ground is seen alone: two pictures in one place could not be told apart. */
export function setGround(name: GroundName, ground: Ground): void {
  grounds[name] = ground;
  for (const group of groups.filter(({ word }) => groundNames.includes(word))) {
    group.isOn = group.word === name;
  }
}

export type SetVisible = (layers: readonly string[], isVisible: boolean) => void;

/** Bring the map in line with the switches, as after its layers were made. */
export const applySwitches = (setVisible: SetVisible): void =>
  groups.forEach((group) => setVisible(group.layers, group.isOn));

export function renderLayers(node: HTMLElement, setVisible: SetVisible): void {
  const isOpen = node.querySelector("details")?.open ?? window.innerWidth > 1500;
  const toggle = (group: Group) => (event: Event): void => {
    group.isOn = (event.target as HTMLInputElement).checked;
    setVisible(group.layers, group.isOn);
    renderLayers(node, setVisible);
  };
  const shown = groups.filter(({ word }) => !groundNames.includes(word) || grounds[word]);
  const parts = shown.map((group) =>
    make(
      "li",
      {},
      make(
        "label",
        { class: "switch" },
        make("input", { id: `layer-${group.word}`, type: "checkbox", checked: group.isOn, change: toggle(group) }),
        grounds[group.word]?.heading() ?? say(group.word),
      ),
      (group.isOn && grounds[group.word]?.keys()) || null,
      group.isOn && group.entries.length ? keys(group.entries) : null,
    ),
  );
  refill(
    node,
    make(
      "details",
      { open: isOpen },
      make("summary", {}, say("legend")),
      make("ul", { class: "groups" }, ...parts, make("li", {}, make("b", {}, say("routes")), keys(answerEntries))),
    ),
  );
}

/** The classes of a cost map, as rows of a list. */
export const costKeys = (layer: CostLayer): HTMLElement =>
  classKeys(layer.classes.map(({ kind, colour, low, high }) => ({
    colour,
    text: kind === "cost" ? sayRange(low, high) : say(`cost_${kind}`),
  })));

export const classKeys = (classes: { colour: string; text: string }[]): HTMLElement =>
  make(
    "ul",
    {},
    ...classes.map(({ colour, text }) => {
      const key = make("i", { class: "swatch", "aria-hidden": "true" });
      key.style.backgroundColor = colour;
      return make("li", { class: "entry" }, key, text);
    }),
  );

const keys = (entries: readonly Word[]): HTMLElement =>
  make(
    "ul",
    {},
    ...entries.map((entry) =>
      make("li", { class: "entry" }, make("i", { class: `key ${entry}`, "aria-hidden": "true" }), say(entry)),
    ),
  );
