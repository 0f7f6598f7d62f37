/** Tab "Cost map": what a demand costs to connect from everywhere, as a picture and at a place. */
import {
  type CostAsked,
  type CostHere,
  type CostLayer,
  costPicture,
  followCostMap,
  getCostAt,
  type Place,
} from "./api";
import { make } from "./dom";
import { choice, classes, field } from "./form";
import { Following } from "./following";
import { loadingPct } from "./figures";
import { say, sayKva, sayNumber, sayTold, sayValue, sayVoltage } from "./i18n";
import { costKeys } from "./layers";
import { Task } from "./task";
import type { Page, View } from "./view";

const directions = ["load", "generation"] as const;
const cellSizes = ["50", "25", "10"] as const;

export class CostView implements View {
  private readonly task: Task;
  private readonly asked: CostAsked = { demand_kva: 100, direction: "load", customer_class: "commercial", cell_m: 25 };
  /** What the picture on the map was asked with. */
  private shown: { asked: CostAsked; layer: CostLayer } | null = null;
  private here: CostHere | null = null;
  private readonly following: Following;

  constructor(private readonly page: Page) {
    this.task = new Task(() => page.redraw());
    this.following = new Following(this.task, () => page.redraw());
  }

  onShow(): void {
    if (this.here) void this.page.map?.showMark([this.here.lon, this.here.lat]);
    else void this.page.map?.showRoutes(null);
  }

  onHide(): void {
    void this.page.map?.showRoutes(null);
  }

  onClick([lon, lat]: Place): void {
    const asked = this.shown?.asked;
    if (!asked || this.following.isBusy) return;
    void this.page.map?.showMark([lon, lat]);
    void this.task.run("loading", async (signal) => {
      this.here = null;
      this.here = await getCostAt(asked, lon, lat, signal);
    });
  }

  render(): (Node | null)[] {
    const { asked } = this;
    const submit = (event: Event): void => {
      event.preventDefault();
      void this.ask();
    };
    return [
      make(
        "form",
        { class: "form", submit, "aria-label": say("cost_map") },
        choice("cost-direction", say("kind"), directions, asked.direction, (value) => {
          asked.direction = value as CostAsked["direction"];
        }),
        choice("cost-class", say("customer_class"), classes, asked.customer_class, (value) => {
          asked.customer_class = value;
        }),
        field("cost-demand", say("demand_kva"), asked.demand_kva, { min: 0.1, max: 1e6, step: "any" }, (value) => {
          asked.demand_kva = value;
        }),
        choice("cost-cell", say("cell_size"), cellSizes, String(asked.cell_m), (value) => {
          asked.cell_m = Number(value);
        }),
        this.following.renderButton("cost"),
      ),
      this.following.renderProgress("cost"),
      make(
        "div",
        { class: "outcome", "aria-live": "polite" },
        ...this.task.render(),
        this.here ? renderPlace(this.here) : null,
        this.shown ? renderClasses(this.shown.layer) : null,
        this.shown || this.task.isBusy ? null : make("p", { class: "hint" }, say("cost_hint")),
      ),
    ];
  }

  private async ask(): Promise<void> {
    const asked = { ...this.asked };
    this.here = null;
    void this.page.map?.showRoutes(null);
    await this.following.run(async (signal, onStep) => {
      const layer = await followCostMap(asked, signal, onStep);
      this.shown = { asked, layer };
      await this.page.showCosts(layer, costPicture(asked));
    });
  }
}

function renderClasses(layer: CostLayer): HTMLElement {
  const { facts, currency } = layer;
  const told = `${sayKva(Number(facts["demand_kva"]))} · ${say(facts["direction"] === "generation" ? "generation" : "load")} · ${say("at_level")} ${sayVoltage(Number(facts["nominal_voltage_v"]))}`;
  return make(
    "section",
    { id: "cost-legend", "aria-label": say("legend") },
    make("h2", {}, `${say("cost_map")} (${currency})`),
    make("p", {}, told),
    costKeys(layer),
    make("p", { class: "hint" }, say("cost_click")),
    make("ul", { class: "reasons" }, ...layer.notes.map((note) => make("li", {}, sayTold(note)))),
  );
}

function renderPlace(here: CostHere): HTMLElement {
  const named = here.access_name || here.access_id;
  const limiting = here.limiting_name || here.limiting_id;
  const count = here.parallel_count > 1 ? `${here.parallel_count} × ` : "";
  const facts: [string, string][] = [
    [say("access_point"), named ? `${sayValue(here.access_kind)}: ${named}` : ""],
    [say("cable"), here.length_m === null ? "" : `${count}${here.cable}, ${sayNumber(here.length_m, 0, "m")}`],
    [say("limiting_element"), limiting ? `${sayNumber(loadingPct(here.loading_max_ratio), 0, "%")} · ${sayValue(here.limiting_kind)} ${limiting}` : ""],
    [say("verdict"), here.cost === null ? sayTold(here.reason) : say(here.is_uncertain ? "near_limit" : "screening_passes")],
  ];
  return make(
    "section",
    { id: "cost-place", class: "card", "aria-label": say("cost") },
    make("h2", {}, here.cost === null ? say("no_cost") : `${say("cost")}: ${sayNumber(here.cost, 2)} ${here.currency}`),
    make("dl", { class: "facts" }, ...facts.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
  );
}
