/** Tab "Connection": a place in, options and supply sets out, and what becomes of them. */
import {
  createPlan,
  findOptions,
  findProfiles,
  getProfiles,
  type Option,
  type Place,
  type Plan,
  type PlanRecord,
  type WhatIf,
} from "./api";
import { renderAnswer } from "./answer";
import { type DensityRule, getDensityRules } from "./densityApi";
import { type ProfileState, renderDetails } from "./details";
import { make } from "./dom";
import { firstDraft, renderForm, toWhatIf } from "./form";
import { say } from "./i18n";
import { Inspector } from "./inspector";
import { bestKey, chosenOption, type OptionKey } from "./selection";
import { renderSurroundings } from "./surroundings";
import { renderSupplySet } from "./supply";
import { Task } from "./task";
import type { Found, Page, View } from "./view";

export class ConnectView implements View {
  private readonly draft = firstDraft();
  private readonly task: Task;
  private readonly saving: Task;
  private readonly inspector: Inspector;
  private plan: Plan | null = null;
  /** What the plan answers; the form may be further on. */
  private asked: WhatIf | null = null;
  private selected: OptionKey | null = null;
  private saved: { record: PlanRecord; isReserved: boolean } | null = null;
  private reference = newReference();
  private profileRequests = new AbortController();
  /** Profiles of the options of this plan by key; those that failed are not asked for again. */
  private profiles = new Map<OptionKey, ProfileState>();
  /** The rules of density, asked for once; without them the page lives. */
  private rules: DensityRule[] = [];
  private isInFront = true;

  constructor(
    private readonly page: Page,
    private readonly onCorrect: (asked: WhatIf, option: Option) => void,
  ) {
    this.task = new Task(() => page.redraw());
    this.saving = new Task(() => page.redraw(), "saving-");
    this.inspector = new Inspector(() => page.redraw(), () => {
      if (this.asked) void this.ask(this.asked);
    });
  }

  onClick([lon, lat]: Place, found: Found | null): void {
    if (found?.kind === "transformer") {
      void this.inspector.open(found);
      return;
    }
    [this.draft.lon, this.draft.lat] = [lon, lat];
    this.askDraft();
  }

  /** The map shows again what was answered. */
  onShow(): void {
    this.isInFront = true;
    if (this.asked) this.drawPlan(this.asked);
    else void this.page.map?.showRoutes(null);
  }

  onHide(): void {
    this.isInFront = false;
  }

  render(): (Node | null)[] {
    return [
      renderForm(this.draft, () => this.page.redraw(), () => this.askDraft()),
      make("div", { class: "outcome", "aria-live": "polite", "aria-busy": String(this.task.isBusy) }, ...this.renderOutcome()),
    ];
  }

  private renderOutcome(): (Node | null)[] {
    const { plan, asked, selected } = this;
    const told = [...this.task.render(), ...this.inspector.render()];
    if (!plan || !asked) {
      return told.length ? told : [make("p", { class: "hint" }, say("click_to_ask"))];
    }
    const events = {
      onSelect: (key: OptionKey) => this.select(key),
      onPoint: (key: OptionKey | null) => this.page.map?.highlight(key ?? this.selected),
    };
    const option = chosenOption(plan, selected);
    return [
      ...told,
      renderAnswer(plan, selected, events, renderSupplySet(plan, selected, events)),
      renderSurroundings(plan, this.rules),
      this.renderSaving(plan),
      renderDetails(plan, option, selected, {
        profiles: this.profiles.get(selected ?? "option-0") ?? null,
        onInspect: (found) => void this.inspector.open(found),
        onCorrect: (chosen) => this.onCorrect(asked, chosen),
      }),
    ];
  }

  private select(key: OptionKey): void {
    this.selected = key;
    this.page.map?.highlight(key);
    this.page.redraw();
    void this.loadProfiles();
  }

  private askDraft(): void {
    const asked = toWhatIf(this.draft);
    if (!asked) return;
    this.inspector.close();
    void this.ask(asked);
  }

  private async ask(asked: WhatIf): Promise<void> {
    if (this.saving.isBusy) return; // what is being stored is told before anything else is asked
    [this.plan, this.asked, this.selected, this.saved] = [null, null, null, null];
    this.saving.giveUp();
    this.forgetProfiles();
    this.reference = newReference();
    await this.task.run("thinking", async (signal) => {
      this.drawPlan(asked);
      const plan = await findOptions(asked, signal);
      if (!this.rules.length) this.rules = await getDensityRules().catch(() => []);
      signal.throwIfAborted();
      [this.plan, this.asked, this.selected] = [plan, asked, bestKey(plan)];
      this.drawPlan(asked);
    });
    await this.loadProfiles();
  }

  /** Show the site and, once there is one, the answer; unless another tab has the map by now. */
  private drawPlan(asked: WhatIf): void {
    if (!this.isInFront) return;
    void this.page.map?.showPlan([asked.lon, asked.lat], this.plan);
    this.page.map?.highlight(this.selected);
  }

  private forgetProfiles(): void {
    this.profileRequests.abort();
    this.profileRequests = new AbortController();
    this.profiles = new Map();
  }

  /** Fetch the voltages of the chosen option beside everything else; without them the page lives. */
  private async loadProfiles(): Promise<void> {
    const { plan, asked, selected, saved, profiles } = this;
    const { signal } = this.profileRequests;
    const option = plan && chosenOption(plan, selected);
    if (!asked || !option || !selected || profiles.has(selected)) return;
    profiles.set(selected, "busy");
    this.page.redraw();
    const isOfSet = selected.startsWith("source");
    // An application's own promise does not stand in its way: the reference tells which it is.
    const own = saved ? { ...asked, reference: saved.record.plan.application.reference } : asked;
    const answer = saved && !isOfSet
      ? getProfiles(saved.record.plan_id, option.rank, signal)
      : findProfiles(own, option, signal);
    profiles.set(selected, await answer.catch(() => null));
    if (profiles === this.profiles) this.page.redraw();
  }

  /** Store what was answered, whatever the form says by now. */
  private async save(reserve: boolean): Promise<void> {
    const { asked } = this;
    if (!asked || this.saving.isBusy) return;
    await this.saving.run("loading", async () => {
      const record = await createPlan({ ...asked, reference: this.reference, reserve });
      this.plan = record.plan;
      this.saved = { record, isReserved: reserve };
      this.forgetProfiles();
      this.drawPlan(asked);
      this.page.map?.refresh();
    });
    await this.loadProfiles();
  }

  private renderSaving(plan: Plan): HTMLElement {
    const { saved } = this;
    const { isBusy } = this.saving;
    if (saved?.isReserved) return savedNote(saved.record.plan_id, true);
    const entered = (event: Event): void => {
      this.reference = (event.target as HTMLInputElement).value || this.reference;
    };
    const label = { id: "reference", value: this.reference, maxlength: 200, input: entered };
    const reserve = { id: "reserve", type: "button", class: "primary", disabled: !plan.feasible || isBusy };
    return make(
      "div",
      {},
      saved ? savedNote(saved.record.plan_id, false) : null,
      make(
        "div",
        { class: "saving" },
        make("label", {}, say("reference"), make("input", label)),
        make("button", { id: "save", type: "button", disabled: isBusy, click: () => void this.save(false) }, say("save")),
        make("button", { ...reserve, click: () => void this.save(true) }, say("reserve")),
      ),
      ...this.saving.render(),
    );
  }
}

/** The day, and six signs by chance: one reference is one application, and planners are many. */
function newReference(): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  const chance = [...crypto.getRandomValues(new Uint8Array(3))];
  return `MAP-${day}-${chance.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
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
