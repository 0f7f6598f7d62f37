/** Something slow that a view waits for: what it is, what went wrong, and only the newest counts. */
import { Problem } from "./api";
import { make } from "./dom";
import { say, type Word } from "./i18n";

export class Task {
  private busy: Word | null = null;
  private problem: unknown = null;
  private current = new AbortController();

  /** `prefix` begins the ids of what is shown, where a view has several tasks. */
  constructor(
    private readonly redraw: () => void,
    private readonly prefix = "",
  ) {}

  get isBusy(): boolean {
    return this.busy !== null;
  }

  /** Do it in place of what is under way, whose signal tells it; show what went wrong. */
  async run(word: Word, action: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.giveUp();
    const { signal } = this.current;
    this.busy = word;
    this.redraw();
    try {
      await action(signal);
    } catch (error) {
      if (!signal.aborted) this.problem = error;
    }
    if (signal.aborted) return;
    this.busy = null;
    this.redraw();
  }

  /** Wait no longer, and forget what went wrong. */
  giveUp(): void {
    this.current.abort();
    this.current = new AbortController();
    [this.busy, this.problem] = [null, null];
  }

  render(): HTMLElement[] {
    const busy = this.busy
      ? [make("p", { id: `${this.prefix}busy`, class: "busy", role: "status" }, say(this.busy))]
      : [];
    return this.problem ? [...busy, renderProblem(this.problem, `${this.prefix}problem`)] : busy;
  }
}

function renderProblem(error: unknown, id: string): HTMLElement {
  const isAnswer = error instanceof Problem;
  const text = isAnswer ? error.message : say("unreachable");
  const title = isAnswer ? `${error.title} (${error.status})` : say("failed");
  return make(
    "div",
    { id, role: "alert", class: "problem" },
    make("strong", {}, title),
    make("p", {}, text),
  );
}
