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
} from "./api";
import { renderAnswer } from "./answer";
import { type DensityRule, getDensityRules } from "./densityApi";
import { type ProfileState, renderDetails } from "./details";
import { make } from "./dom";
import { type Draft, firstDraft, renderForm, toWhatIf } from "./form";
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
  private readonly inspector: Inspector;
  private plan: Plan | null = null;
  private selected: OptionKey | null = null;
  private saved: { record: PlanRecord; isReserved: boolean } | null = null;
  private reference = newReference();
  private question = new AbortController();
  /** Profiles of the options of this plan by key; those that failed are not asked for again. */
  private profiles = new Map<OptionKey, ProfileState>();
  /** The rules of density, asked for once; without them the page lives. */
  private rules: DensityRule[] = [];

  constructor(
    private readonly page: Page,
    private readonly onCorrect: (draft: Draft, option: Option) => void,
  ) {
    this.task = new Task(() => page.redraw());
    this.inspector = new Inspector(this.task, () => page.redraw(), async () => {
      if (this.plan) await this.ask();
    });
  }

  onClick([lon, lat]: Place, found: Found | null): void {
    if (found?.kind === "transformer") {
      void this.inspector.open(found);
      return;
    }
    [this.draft.lon, this.draft.lat] = [lon, lat];
    this.page.redraw();
    void this.ask();
  }

  /** The map shows again what was answered. */
  onShow(): void {
    const { lon, lat } = this.draft;
    if (this.plan && lon !== null && lat !== null) void this.page.map?.showPlan([lon, lat], this.plan);
    else void this.page.map?.showRoutes(null);
    this.page.map?.highlight(this.selected);
  }

  render(): (Node | null)[] {
    return [
      renderForm(this.draft, () => this.page.redraw(), () => void this.ask()),
      make("div", { class: "outcome", "aria-live": "polite", "aria-busy": this.task.busy ? "true" : "false" }, ...this.renderOutcome()),
    ];
  }

  private renderOutcome(): (Node | null)[] {
    const { plan, selected, task } = this;
    const told = [...task.render(), this.inspector.render()];
    if (!plan) {
      const isIdle = !this.inspector.isOpen && !task.busy;
      return [...told, isIdle ? make("p", { class: "hint" }, say("click_to_ask")) : null];
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
      this.renderSaving(),
      renderDetails(plan, option, selected, {
        profiles: this.profiles.get(selected ?? "option-0") ?? null,
        onInspect: (found) => void this.inspector.open(found),
        onCorrect: (chosen) => this.onCorrect(this.draft, chosen),
      }),
    ];
  }

  private select(key: OptionKey): void {
    this.selected = key;
    this.page.map?.highlight(key);
    this.page.redraw();
    void this.loadProfiles();
  }

  private async ask(): Promise<void> {
    const asked = toWhatIf(this.draft);
    if (!asked) return;
    this.question.abort();
    this.question = new AbortController();
    const { signal } = this.question;
    [this.plan, this.selected, this.saved] = [null, null, null];
    this.inspector.close();
    this.profiles = new Map();
    this.reference = newReference();
    const site: Place = [asked.lon, asked.lat];
    await this.task.run("thinking", async () => {
      void this.page.map?.showPlan(site, null);
      const answer = await findOptions(asked, signal);
      if (!this.rules.length) this.rules = await getDensityRules().catch(() => []);
      this.plan = answer;
      this.selected = bestKey(answer);
      void this.page.map?.showPlan(site, answer);
      this.page.map?.highlight(this.selected);
    });
    await this.loadProfiles();
  }

  /** Fetch the voltages of the chosen option beside everything else; without them the page lives. */
  private async loadProfiles(): Promise<void> {
    const { plan, selected, saved, profiles } = this;
    const asked = toWhatIf(this.draft);
    const option = plan && chosenOption(plan, selected);
    if (!asked || !option || !selected || profiles.has(selected)) return;
    profiles.set(selected, "busy");
    this.page.redraw();
    const isOfSet = selected.startsWith("source");
    // An application's own promise does not stand in its way: the reference tells which it is.
    const own = saved ? { ...asked, reference: saved.record.plan.application.reference } : asked;
    const answer = saved && !isOfSet
      ? getProfiles(saved.record.plan_id, option.rank)
      : findProfiles(own, option, this.question.signal);
    profiles.set(selected, await answer.catch(() => null));
    if (profiles === this.profiles) this.page.redraw();
  }

  private async save(reserve: boolean): Promise<void> {
    const asked = toWhatIf(this.draft);
    if (!asked || !this.plan) return;
    await this.task.run("loading", async () => {
      const record = await createPlan({ ...asked, reference: this.reference, reserve });
      this.plan = record.plan;
      this.saved = { record, isReserved: reserve };
      this.profiles = new Map();
      void this.page.map?.showPlan([asked.lon, asked.lat], this.plan);
      this.page.map?.refresh();
    });
    await this.loadProfiles();
  }

  private renderSaving(): HTMLElement {
    const { saved } = this;
    if (saved?.isReserved) return savedNote(saved.record.plan_id, true);
    const entered = (event: Event): void => {
      this.reference = (event.target as HTMLInputElement).value || this.reference;
    };
    const label = { id: "reference", value: this.reference, maxlength: 200, input: entered };
    const reserve = { id: "reserve", type: "button", class: "primary", disabled: !this.plan?.feasible };
    return make(
      "div",
      {},
      saved ? savedNote(saved.record.plan_id, false) : null,
      make(
        "div",
        { class: "saving" },
        make("label", {}, say("reference"), make("input", label)),
        make("button", { id: "save", type: "button", click: () => void this.save(false) }, say("save")),
        make("button", { ...reserve, click: () => void this.save(true) }, say("reserve")),
      ),
    );
  }
}

function newReference(): string {
  const now = new Date().toISOString().replaceAll(/[-:]/g, "");
  return `MAP-${now.slice(0, 8)}-${now.slice(9, 15)}`;
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
