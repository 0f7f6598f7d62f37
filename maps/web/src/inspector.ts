/** The element of the grid that is looked at, fetched by its id. */
import { type ElementKind, type ElementRecord, getElement, recordPeak } from "./api";
import { renderElement } from "./element";
import { say } from "./i18n";
import type { Task } from "./task";
import type { Found } from "./view";

export class Inspector {
  private element: ElementRecord | null = null;
  private note: string | null = null;

  constructor(
    private readonly task: Task,
    private readonly redraw: () => void,
    private readonly onRecorded: () => Promise<void>,
  ) {}

  get isOpen(): boolean {
    return this.element !== null;
  }

  close(): void {
    this.element = null;
    this.redraw();
  }

  async open({ kind, id }: Found): Promise<void> {
    await this.task.run("loading", async () => {
      this.element = await getElement(kind, id);
      this.note = null;
    });
  }

  render(): HTMLElement | null {
    if (!this.element) return null;
    return renderElement(this.element, this.note, {
      onRecord: (peak, day) => void this.record(peak, day),
      onClose: () => this.close(),
    });
  }

  private async record(peakKva: number, measuredOn: string): Promise<void> {
    const id = this.element?.element_id;
    if (!id) return;
    await this.task.run("loading", async () => {
      await recordPeak(id, { peak_kva: peakKva, measured_on: measuredOn });
    });
    if (this.task.problem) return;
    await this.onRecorded();
    await this.task.run("loading", async () => {
      this.element = await getElement("transformer" satisfies ElementKind, id);
      this.note = say("recorded");
    });
  }
}
