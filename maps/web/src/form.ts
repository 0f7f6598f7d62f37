/** The application form: what is asked for, with sensible defaults by class. */
import type { Importance, Kind, WhatIf } from "./api";
import { make } from "./dom";
import { say, sayValue, type Word } from "./i18n";

const kinds: Kind[] = ["load", "generation", "storage", "ev"];
export const classes: Word[] = ["household", "heat_pump", "ev_charging", "commercial", "industrial"];
const ranks: Importance[] = ["ordinary", "second", "first", "special"];
const phases: Word[] = ["any", "phases_1", "phases_3"];

/** What a class usually asks for, in kVA; used until the planner enters a figure. */
const usualDemandKva: Record<string, number> = {
  household: 15,
  heat_pump: 9,
  ev_charging: 22,
  commercial: 100,
  industrial: 630,
};
const usualClass: Record<Kind, string> = {
  load: "household",
  generation: "household",
  storage: "household",
  ev: "ev_charging",
};

/** What is in the form; the place is missing until it is clicked or typed. */
export interface Draft {
  kind: Kind;
  customer_class: string;
  demand_kva: number;
  power_factor: number;
  importance: Importance;
  phases: 1 | 3 | null;
  lon: number | null;
  lat: number | null;
  isDemandGiven: boolean;
}

export const firstDraft = (): Draft => ({
  kind: "load",
  customer_class: "household",
  demand_kva: 15,
  power_factor: 0.95,
  importance: "ordinary",
  phases: null,
  lon: null,
  lat: null,
  isDemandGiven: false,
});

export function toWhatIf(draft: Draft): WhatIf | null {
  const { lon, lat, isDemandGiven: _, ...asked } = draft;
  return lon === null || lat === null ? null : { ...asked, lon, lat };
}

/** The form; it writes into `draft`, and `onChange` follows where other fields change with one. */
export function renderForm(draft: Draft, onChange: () => void, onAsk: () => void): HTMLElement {
  const submit = (event: Event): void => {
    event.preventDefault();
    onAsk();
  };
  const chooseKind = (kind: string): void => {
    draft.kind = kind as Kind;
    chooseClass(usualClass[draft.kind]);
  };
  const chooseClass = (name: string): void => {
    draft.customer_class = name;
    if (!draft.isDemandGiven) draft.demand_kva = usualDemandKva[name] ?? draft.demand_kva;
    onChange();
  };
  const chooseDemand = (value: number): void => {
    draft.demand_kva = value;
    draft.isDemandGiven = true;
  };
  return make(
    "form",
    { class: "form", submit, "aria-label": say("request") },
    choice("field-kind", say("kind"), kinds, draft.kind, chooseKind),
    choice("field-customer_class", say("customer_class"), classes, draft.customer_class, chooseClass),
    field("field-demand_kva", say("demand_kva"), draft.demand_kva, { min: 0.1, max: 1e6, step: "any" }, chooseDemand),
    field("field-power_factor", say("power_factor"), draft.power_factor, { min: 0.1, max: 1, step: 0.01 }, (value) => {
      draft.power_factor = value;
    }),
    choice("field-importance", say("importance"), ranks, draft.importance, (value) => {
      draft.importance = value as Importance;
    }),
    choice("field-phases", say("phases"), phases, draft.phases === null ? "any" : `phases_${draft.phases}`, (value) => {
      draft.phases = value === "phases_1" ? 1 : value === "phases_3" ? 3 : null;
    }),
    field("field-lon", say("lon"), draft.lon, { min: -180, max: 180, step: "any" }, (value) => {
      draft.lon = value;
    }),
    field("field-lat", say("lat"), draft.lat, { min: -90, max: 90, step: "any" }, (value) => {
      draft.lat = value;
    }),
    make("button", { id: "ask", type: "submit", class: "primary" }, say("ask")),
  );
}

export function choice(
  id: string,
  label: string,
  values: readonly (string | [value: string, word: Word])[],
  chosen: string,
  onChoose: (value: string) => void,
): HTMLElement {
  const options = values.map((each) => {
    const [value, text] = typeof each === "string" ? [each, sayValue(each)] : [each[0], say(each[1])];
    return make("option", { value, selected: value === chosen }, text);
  });
  const change = (event: Event): void => onChoose((event.target as HTMLSelectElement).value);
  return make("label", {}, label, make("select", { id, change }, ...options));
}

export function field(
  id: string,
  label: string,
  value: number | null,
  limits: { min: number; max: number; step: number | string },
  onEnter: (value: number) => void,
): HTMLElement {
  const input = (event: Event): void => {
    const entered = (event.target as HTMLInputElement).valueAsNumber;
    if (Number.isFinite(entered)) onEnter(entered);
  };
  const shown = value === null ? "" : String(Math.round(value * 1e6) / 1e6);
  const attributes = { id, type: "number", required: true, value: shown, input };
  return make("label", {}, label, make("input", { ...attributes, ...limits }));
}
