/** Something slow that tells how far it is and can be given up; used by the maps that are computed. */
import type { Step } from "./api";
import { make } from "./dom";
import { say, sayValue } from "./i18n";
import type { Task } from "./task";

export class Following {
  private step: Step | null = null;

  constructor(
    private readonly task: Task,
    private readonly redraw: () => void,
  ) {}

  get isBusy(): boolean {
    return this.step !== null;
  }

  /** Do it in place of what is under way. */
  async run(action: (signal: AbortSignal, onStep: (step: Step) => void) => Promise<void>): Promise<void> {
    this.step = { doing: "", done: 0, total: 1 };
    const onStep = (step: Step): void => {
      this.step = step;
      this.redraw();
    };
    await this.task.run("computing", async (signal) => {
      try {
        await action(signal, onStep);
      } finally {
        if (!signal.aborted) this.step = null;
      }
    });
  }

  cancel(): void {
    this.step = null;
    this.task.giveUp();
    this.redraw();
  }

  /** The button of a form; `name` begins its id. */
  renderButton(name: string): HTMLElement {
    return make("button", { id: `${name}-ask`, type: "submit", class: "primary", disabled: this.isBusy }, say("compute"));
  }

  /** How far it is, and a way to give it up. */
  renderProgress(name: string): HTMLElement | null {
    if (!this.step) return null;
    const { doing, done, total } = this.step;
    const bar = total > 1
      ? make("progress", { value: done, max: total, "aria-label": say("progress") })
      : make("progress", { "aria-label": say("progress") });
    const cancel = make("button", { id: `${name}-cancel`, type: "button", click: () => this.cancel() }, say("cancel"));
    return make("p", { id: `${name}-progress`, class: "progress" }, bar, make("span", {}, sayValue(doing)), cancel);
  }
}
