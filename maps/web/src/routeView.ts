/** Tab "Route": a way drawn by hand, or found from A to B by what must be passed and avoided. */
import {
  findRoutes,
  type Option,
  type Place,
  type RouteAnswer,
  type RouteQuestion,
  type WhatIf,
} from "./api";
import { make } from "./dom";
import { field } from "./form";
import { say } from "./i18n";
import type { Drawn } from "./planFeatures";
import { renderRoutes } from "./routeAnswer";
import { Task } from "./task";
import type { Page, View } from "./view";

const tools = ["line", "from", "to", "via", "avoid"] as const;
type Tool = (typeof tools)[number];
const leastPoints = { line: 2, avoid: 3 } as const;
const waysMax = 5;

export class RouteView implements View {
  private readonly task: Task;
  private tool: Tool = "line";
  private demandKva = 100;
  private ways = 1;
  private drawn: Drawn = nothingDrawn();
  private pointer: Place | null = null;
  private answer: RouteAnswer | null = null;

  constructor(private readonly page: Page) {
    this.task = new Task(() => page.redraw());
  }

  /** Take an option's ends over, so that its way can be corrected. */
  correct(asked: WhatIf, { access_point: at }: Option): void {
    this.demandKva = asked.demand_kva;
    this.drawn = { ...nothingDrawn(), from: [asked.lon, asked.lat], to: [at.lon, at.lat] };
    this.tool = "via";
    this.page.show("route");
    void this.ask();
  }

  onShow(): void {
    this.choose(this.tool);
    void this.page.map?.showRoutes(this.answer);
  }

  onHide(): void {
    this.task.giveUp();
    this.page.map?.setDrawing(false);
    void this.page.map?.showDrawn(nothingDrawn());
    void this.page.map?.showRoutes(null);
  }

  onClick(place: Place): void {
    const { drawn } = this;
    if (this.tool === "from" || this.tool === "to") {
      drawn[this.tool] = place;
      drawn.line = [];
      this.tool = this.tool === "from" && !drawn.to ? "to" : "via";
      this.changed();
    } else if (this.tool === "via") {
      drawn.via.push(place);
      drawn.line = [];
      this.changed();
    } else {
      drawn.current.push(place);
      this.show();
      this.page.redraw();
    }
  }

  onMove(place: Place): void {
    if (!this.drawn.current.length) return;
    this.pointer = place;
    this.show();
  }

  /** A double click or Enter: what is in the making is done. */
  onFinish(): void {
    const { drawn, tool } = this;
    if (tool !== "line" && tool !== "avoid") return;
    if (drawn.current.length < leastPoints[tool]) return;
    if (tool === "line") Object.assign(drawn, nothingDrawn(), { line: drawn.current });
    else [drawn.avoid, drawn.line] = [[...drawn.avoid, drawn.current], []];
    drawn.current = [];
    this.changed();
  }

  onKey(event: KeyboardEvent): void {
    if (event.key === "Escape") this.cancel();
    const isInPanel = (event.target as HTMLElement).closest("#panel, #legend");
    if (event.key === "Enter" && !isInPanel) this.onFinish();
  }

  render(): (Node | null)[] {
    const { drawn } = this;
    const outcome = [
      ...this.task.render(),
      this.answer ? renderRoutes(this.answer) : null,
    ];
    return [
      make(
        "div",
        { class: "form", role: "group", "aria-label": say("route_tools") },
        field("route-demand", say("demand_kva"), this.demandKva, { min: 0.1, max: 1e6, step: "any" }, (value) => {
          this.demandKva = value;
        }),
        field("route-ways", say("ways"), this.ways, { min: 1, max: waysMax, step: 1 }, (value) => {
          this.ways = Math.min(Math.max(Math.round(value), 1), waysMax);
        }),
        make("button", { id: "find-route", type: "button", class: "primary", disabled: !this.body(), click: () => void this.ask() }, say("find_route")),
      ),
      make("div", { class: "tools", role: "group", "aria-label": say("route_tools") }, ...tools.map((tool) => this.toolButton(tool))),
      make("p", { class: "hint" }, say(`hint_${this.tool}`)),
      make(
        "p",
        { class: "tools" },
        make("button", { id: "add-point", type: "button", click: () => this.addMiddle() }, say("add_middle")),
        drawn.current.length ? make("button", { id: "finish", type: "button", click: () => this.onFinish() }, say("finish")) : null,
        drawn.current.length ? make("button", { id: "cancel", type: "button", click: () => this.cancel() }, say("cancel")) : null,
        this.isEmpty() ? null : make("button", { id: "clear", type: "button", click: () => this.clear() }, say("clear")),
      ),
      this.renderDrawn(),
      make("div", { class: "outcome", "aria-live": "polite" }, ...outcome),
    ];
  }

  private toolButton(tool: Tool): HTMLElement {
    const isChosen = tool === this.tool;
    const click = (): void => this.choose(tool);
    return make("button", { id: `tool-${tool}`, type: "button", class: isChosen ? "chosen" : "", "aria-pressed": String(isChosen), click }, say(`tool_${tool}`));
  }

  private choose(tool: Tool): void {
    this.tool = tool;
    this.drawn.current = [];
    this.page.map?.setDrawing(tool === "line" || tool === "avoid");
    this.show();
    this.page.redraw();
  }

  /** What has been drawn, each with a button that takes it away. */
  private renderDrawn(): HTMLElement | null {
    const { drawn } = this;
    const items: [string, () => void][] = [];
    if (drawn.line.length) items.push([`${say("drawn_line")} (${drawn.line.length})`, () => (drawn.line = [])]);
    if (drawn.from) items.push([`${say("tool_from")} A`, () => (drawn.from = null)]);
    if (drawn.to) items.push([`${say("tool_to")} B`, () => (drawn.to = null)]);
    drawn.via.forEach((_, row) => items.push([`${say("tool_via")} ${row + 1}`, () => drawn.via.splice(row, 1)]));
    drawn.avoid.forEach((_, row) => items.push([`${say("tool_avoid")} ${row + 1}`, () => drawn.avoid.splice(row, 1)]));
    if (!items.length) return null;
    return make(
      "ul",
      { class: "chips", "aria-label": say("drawn") },
      ...items.map(([text, remove], row) => {
        const click = (): void => {
          remove();
          this.changed();
        };
        return make("li", {}, text, make("button", { id: `remove-${row}`, type: "button", class: "plain", "aria-label": `${say("remove")}: ${text}`, click }, "×"));
      }),
    );
  }

  private addMiddle(): void {
    if (this.page.map) this.onClick(this.page.map.middle);
  }

  private cancel(): void {
    this.drawn.current = [];
    this.pointer = null;
    this.show();
    this.page.redraw();
  }

  private clear(): void {
    this.drawn = nothingDrawn();
    void this.ask();
    this.cancel();
  }

  private changed(): void {
    this.pointer = null;
    this.show();
    this.page.redraw();
    void this.ask();
  }

  private show(): void {
    const { current } = this.drawn;
    const preview = this.pointer && current.length ? [...current, this.pointer] : current;
    void this.page.map?.showDrawn({ ...this.drawn, current: preview });
  }

  private isEmpty(): boolean {
    const { from, to, via, avoid, line, current } = this.drawn;
    return !from && !to && ![via, avoid, line, current].some((each) => each.length);
  }

  /** The question, once enough has been drawn. */
  private body(): RouteQuestion | null {
    const { from, to, via, avoid, line } = this.drawn;
    if (line.length) return { demand_kva: this.demandKva, line };
    if (!from || !to) return null;
    const count = via.length ? 1 : this.ways;
    return { demand_kva: this.demandKva, at: from, to, via, avoid, count };
  }

  /** Ask, or forget the answer where too little is drawn by now. */
  private async ask(): Promise<void> {
    const body = this.body();
    this.answer = null;
    void this.page.map?.showRoutes(null);
    if (!body) {
      this.task.giveUp();
      this.page.redraw();
      return;
    }
    await this.task.run("routing", async (signal) => {
      this.answer = await findRoutes(body, signal);
      void this.page.map?.showRoutes(this.answer);
    });
  }
}

const nothingDrawn = (): Drawn => ({ from: null, to: null, via: [], avoid: [], line: [], current: [] });

