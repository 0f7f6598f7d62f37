/** The planners' page: a place in, options out, and what becomes of them on the map. */
import {
  createPlan,
  type ElementKind,
  type ElementRecord,
  findOptions,
  findProfiles,
  getElement,
  getGrid,
  getProfiles,
  type Grid,
  type Place,
  type Plan,
  type PlanRecord,
  Problem,
  recordPeak,
} from "./api";
import { renderAnswer } from "./answer";
import { type ProfileState, renderDetails } from "./details";
import { make, refill } from "./dom";
import { renderElement } from "./element";
import { firstDraft, renderForm, toWhatIf } from "./form";
import { languageTag, say, sayNumber, toggleLanguage } from "./i18n";
import { renderLegend } from "./legend";
import { GridMap } from "./map";
import "./style.css";
import { renderTooltip } from "./tooltip";

const find = (id: string): HTMLElement => {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page has no element ${id}`);
  return node;
};

const panel = find("panel");
const head = make("header", { class: "head" });
const request = make("div");
const outcome = make("div", { class: "outcome", "aria-live": "polite" });
panel.append(head, request, outcome);

const draft = firstDraft();
let grid: Grid | null = null;
let map: GridMap | null = null;
let plan: Plan | null = null;
let selected: number | null = null;
let saved: { record: PlanRecord; isReserved: boolean } | null = null;
let element: ElementRecord | null = null;
let elementNote: string | null = null;
let problem: unknown = null;
let busy: "loading" | "thinking" | null = "loading";
let reference = newReference();
let question = new AbortController();
/** Profiles of the options of this plan by rank; those that failed are not asked for again. */
let profiles = new Map<number, ProfileState>();

function newReference(): string {
  const now = new Date().toISOString().replaceAll(/[-:]/g, "");
  return `MAP-${now.slice(0, 8)}-${now.slice(9, 15)}`;
}

/** Do something slow: say so, show what went wrong, draw the panel anew at the end. */
async function attempt(word: "loading" | "thinking", action: () => Promise<void>): Promise<void> {
  busy = word;
  problem = null;
  render();
  try {
    await action();
    busy = null;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    problem = error;
    busy = null;
  }
  render();
}

async function ask(): Promise<void> {
  const asked = toWhatIf(draft);
  if (!asked) return;
  question.abort();
  question = new AbortController();
  const { signal } = question;
  [plan, selected, saved, element] = [null, null, null, null];
  profiles = new Map();
  reference = newReference();
  const site: Place = [asked.lon, asked.lat];
  await attempt("thinking", async () => {
    void map?.show(site, null);
    const answer = await findOptions(asked, signal);
    plan = answer;
    selected = (answer.options.find((option) => option.feasible) ?? answer.options[0])?.rank ?? null;
    void map?.show(site, answer);
    map?.highlight(selected);
  });
  await loadProfiles();
}

/** Fetch the voltages of the chosen option beside everything else; without them the page lives. */
async function loadProfiles(): Promise<void> {
  const asked = toWhatIf(draft);
  const option = plan?.options.find((each) => each.rank === selected);
  if (!asked || !option || profiles.has(option.rank)) return;
  const known = profiles;
  known.set(option.rank, "busy");
  render();
  const answer = saved
    ? getProfiles(saved.record.plan_id, option.rank)
    : findProfiles(asked, option, question.signal);
  known.set(option.rank, await answer.catch(() => null));
  if (known === profiles) render();
}

async function save(reserve: boolean): Promise<void> {
  const asked = toWhatIf(draft);
  if (!asked || !plan) return;
  await attempt("loading", async () => {
    const record = await createPlan({ ...asked, reference, reserve });
    plan = record.plan;
    saved = { record, isReserved: reserve };
    profiles = new Map();
    void map?.show([asked.lon, asked.lat], plan);
    map?.refresh();
  });
  await loadProfiles();
}

async function inspect(kind: ElementKind, id: string): Promise<void> {
  await attempt("loading", async () => {
    element = await getElement(kind, id);
    elementNote = null;
  });
}

async function record(peakKva: number, measuredOn: string): Promise<void> {
  const id = element?.element_id;
  if (!id) return;
  await attempt("loading", async () => {
    await recordPeak(id, { peak_kva: peakKva, measured_on: measuredOn });
  });
  if (problem) return;
  if (plan) await ask();
  await attempt("loading", async () => {
    element = await getElement("transformer", id);
    elementNote = say("recorded");
  });
}

function renderHead(): void {
  const summary = grid
    ? `${grid.source_name} · ${say("version")} ${grid.version_id} · ${sayNumber(grid.warning_count)} ${say("warnings")}`
    : "";
  const change = (): void => {
    toggleLanguage();
    renderAll();
  };
  refill(
    head,
    make("div", {}, make("h1", {}, "gisplan"), make("span", {}, say("subtitle"))),
    make("button", { id: "language", type: "button", click: change }, say("language")),
    make("small", {}, summary),
  );
}

function renderRequest(): void {
  refill(request, renderForm(draft, renderRequest, () => void ask()));
}

function renderProblem(error: unknown): HTMLElement {
  const isAnswer = error instanceof Problem;
  const text = isAnswer ? error.message : say("unreachable");
  const title = isAnswer ? `${error.title} (${error.status})` : say("failed");
  return make("div", { id: "problem", role: "alert", class: "problem" }, make("strong", {}, title), make("p", {}, text));
}

function renderSaving(): HTMLElement {
  if (saved?.isReserved) return savedNote(saved.record.plan_id, true);
  const entered = (event: Event): void => {
    reference = (event.target as HTMLInputElement).value || reference;
  };
  const label = { id: "reference", value: reference, maxlength: 200, input: entered };
  const reserve = { id: "reserve", type: "button", class: "primary", disabled: !plan?.feasible };
  return make(
    "div",
    {},
    saved ? savedNote(saved.record.plan_id, false) : null,
    make(
      "div",
      { class: "saving" },
      make("label", {}, say("reference"), make("input", label)),
      make("button", { id: "save", type: "button", click: () => void save(false) }, say("save")),
      make("button", { ...reserve, click: () => void save(true) }, say("reserve")),
    ),
  );
}

function savedNote(planId: number, isReserved: boolean): HTMLElement {
  const link = (ending: string, text: string): HTMLElement =>
    make("a", { href: `/api/v1/plans/${planId}${ending}`, target: "_blank", rel: "noopener" }, text);
  return make(
    "p",
    { id: "saved", class: "note", role: "status" },
    `${say(isReserved ? "reserved" : "saved")}: ${planId} · `,
    link(".html", say("map_file")), " · ", link("", "JSON"), " · ", link(".geojson", "GeoJSON"),
  );
}

function render(): void {
  panel.setAttribute("aria-busy", String(busy !== null));
  const answerEvents = {
    onSelect: (rank: number) => {
      selected = rank;
      map?.highlight(rank);
      render();
      void loadProfiles();
    },
    onPoint: (rank: number | null) => map?.highlight(rank ?? selected),
  };
  const onInspect = (kind: string, id: string): void => void inspect(kind as ElementKind, id);
  const elementEvents = {
    onRecord: (peak: number, day: string) => void record(peak, day),
    onClose: () => {
      element = null;
      render();
    },
  };
  refill(
    outcome,
    busy ? make("p", { id: "busy", class: "busy", role: "status" }, say(busy)) : null,
    problem ? renderProblem(problem) : null,
    element ? renderElement(element, elementNote, elementEvents) : null,
    plan ? renderAnswer(plan, selected, answerEvents) : null,
    plan ? renderSaving() : null,
    plan ? renderDetails(plan, selected, profiles.get(selected ?? -1) ?? null, onInspect) : null,
    plan || element || busy ? null : make("p", { class: "hint" }, say("click_to_ask")),
  );
}

function renderAll(): void {
  document.documentElement.lang = languageTag();
  renderHead();
  renderRequest();
  render();
  renderLegend(find("legend"));
}

async function start(): Promise<void> {
  renderAll();
  await attempt("loading", async () => {
    grid = await getGrid();
    map = new GridMap(find("map"), grid, {
      onPlace: ([lon, lat]) => {
        [draft.lon, draft.lat] = [lon, lat];
        renderRequest();
        void ask();
      },
      onTransformer: (id) => void inspect("transformer", id),
      onHover: (feature, x, y) => renderTooltip(find("tooltip"), feature, x, y),
    });
  });
  renderHead();
  // The browser tests and the screenshots look for this.
  Object.assign(window, { gridMap: map });
}

void start();
