/** The planners' page: tabs beside a map, each with what it asks and what became of it. */
import { type CostLayer, getGrid, type Place } from "./api";
import { ConnectView } from "./connect";
import { CostView } from "./costView";
import { DataView } from "./dataView";
import { DensityView, type DensityShown } from "./densityView";
import { make, refill } from "./dom";
import { languageTag, say, sayNumber, toggleLanguage, type Word } from "./i18n";
import { applySwitches, costKeys, type Ground, renderLayers, setGround } from "./layers";
import { GridMap } from "./map";
import { RouteView } from "./routeView";
import "./style.css";
import { Task } from "./task";
import { renderTooltip } from "./tooltip";
import type { Found, Page, TabName, View } from "./view";

const find = (id: string): HTMLElement => {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page has no element ${id}`);
  return node;
};

const panel = find("panel");
const head = make("header", { class: "head" });
const tabs = make("div", { class: "tabs", role: "tablist" });
const body = make("div", { id: "view", role: "tabpanel" });
panel.append(head, tabs, body);

const page: Page = { map: null, grid: null, redraw: render, show, showCosts, showDensity };
const opening = new Task(render);
const route = new RouteView(page);
const views: Record<TabName, View> = {
  connect: new ConnectView(page, (asked, option) => route.correct(asked, option)),
  route,
  cost: new CostView(page),
  density: new DensityView(page),
  data: new DataView(page),
};
const tabWords: [TabName, Word][] = [
  ["connect", "tab_connect"], ["route", "tab_route"], ["cost", "tab_cost"],
  ["density", "tab_density"], ["data", "tab_data"],
];
let shown: TabName = "connect";

function show(tab: TabName): void {
  if (tab === shown) return;
  views[shown].onHide?.();
  shown = tab;
  views[shown].onShow?.();
  panel.scrollTo(0, 0);
  render();
}

function renderHead(): void {
  const { grid } = page;
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

/** One tab is in the order of Tab; the arrow keys lead to the others. */
function renderTabs(): void {
  const move = (event: Event): void => {
    const { key } = event as KeyboardEvent;
    const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    const at = tabWords.findIndex(([name]) => name === shown);
    const [next] = tabWords[(at + step + tabWords.length) % tabWords.length] ?? ["connect"];
    show(next);
    find(`tab-${next}`).focus();
  };
  const buttons = tabWords.map(([name, word]) => {
    const isShown = name === shown;
    return make(
      "button",
      {
        id: `tab-${name}`, type: "button", role: "tab", "aria-selected": String(isShown),
        "aria-controls": "view", tabindex: isShown ? 0 : -1, click: () => show(name), keydown: move,
      },
      say(word),
    );
  });
  refill(tabs, ...buttons);
}

function render(): void {
  renderTabs();
  body.setAttribute("aria-labelledby", `tab-${shown}`);
  refill(body, ...opening.render(), ...views[shown].render());
}

function renderAll(): void {
  document.documentElement.lang = languageTag();
  renderHead();
  render();
  renderLayers(find("legend"), setVisible);
}

function setVisible(layers: readonly string[], isVisible: boolean): void {
  void page.map?.setVisible(layers, isVisible);
}

async function showCosts(layer: CostLayer, picture: string): Promise<void> {
  await page.map?.showCosts(layer, picture);
  layOnGround("cost_map", {
    heading: () => `${say("cost_map")} (${layer.currency})`,
    keys: () => costKeys(layer),
  });
}

async function showDensity(shown: DensityShown): Promise<void> {
  await page.map?.overlays.show(shown);
  layOnGround("density", shown);
}

function layOnGround(name: "cost_map" | "density", ground: Ground): void {
  setGround(name, ground);
  applySwitches(setVisible);
  renderLayers(find("legend"), setVisible);
}

async function start(): Promise<void> {
  renderAll();
  await opening.run("loading", async () => {
    page.grid = await getGrid();
    page.map = new GridMap(find("map"), page.grid, {
      onClick: (place: Place, found: Found | null) => views[shown].onClick(place, found),
      onMove: (place) => views[shown].onMove?.(place),
      onDoubleClick: () => views[shown].onFinish?.(),
      onHover: (feature, x, y) => renderTooltip(find("tooltip"), feature, x, y),
    });
    applySwitches(setVisible);
  });
  document.addEventListener("keydown", (event) => views[shown].onKey?.(event));
  renderHead();
  // The browser tests and the screenshots look for this.
  Object.assign(window, { gridMap: page.map });
}

void start();
