/** Something slow that a view waits for: what it is, what went wrong, and only the newest counts. */
import { Problem } from "./api";
import { make } from "./dom";
import { say, type Word } from "./i18n";

export class Task {
  busy: Word | null = null;
  problem: unknown = null;

  constructor(private readonly redraw: () => void) {}

  /** Do it: say so, show what went wrong, draw anew at the end. */
  async run(word: Word, action: () => Promise<void>): Promise<void> {
    this.busy = word;
    this.problem = null;
    this.redraw();
    try {
      await action();
      this.busy = null;
    } catch (error) {
      if (isGivenUp(error)) return;
      this.problem = error;
      this.busy = null;
    }
    this.redraw();
  }

  render(): HTMLElement[] {
    const busy = this.busy
      ? [make("p", { id: "busy", class: "busy", role: "status" }, say(this.busy))]
      : [];
    return this.problem ? [...busy, renderProblem(this.problem)] : busy;
  }
}

/** Whether a request was given up because a newer one took its place. */
export const isGivenUp = (error: unknown): boolean =>
  error instanceof DOMException && error.name === "AbortError";

export function renderProblem(error: unknown): HTMLElement {
  const isAnswer = error instanceof Problem;
  const text = isAnswer ? error.message : say("unreachable");
  const title = isAnswer ? `${error.title} (${error.status})` : say("failed");
  return make(
    "div",
    { id: "problem", role: "alert", class: "problem" },
    make("strong", {}, title),
    make("p", {}, text),
  );
}
