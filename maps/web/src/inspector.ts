/** The element of the grid that is looked at, fetched by its id. */
import { type ElementRecord, getElement, recordPeak } from "./api";
import { renderElement } from "./element";
import { Task } from "./task";
import type { Found } from "./view";

export class Inspector {
  private element: ElementRecord | null = null;
  private isRecorded = false;
  private readonly task: Task;

  constructor(
    private readonly redraw: () => void,
    private readonly onRecorded: () => void = () => undefined,
  ) {
    this.task = new Task(redraw, "element-");
  }

  close(): void {
    this.task.giveUp();
    this.element = null;
    this.redraw();
  }

  async open({ kind, id }: Found): Promise<void> {
    await this.task.run("loading", async (signal) => {
      this.element = await getElement(kind, id, signal);
      this.isRecorded = false;
    });
  }

  /** Nothing where nothing is looked at. */
  render(): HTMLElement[] {
    const card = this.element && renderElement(this.element, this.isRecorded, {
      onRecord: (peak, day) => void this.record(peak, day),
      onClose: () => this.close(),
    });
    return card ? [...this.task.render(), card] : this.task.render();
  }

  private async record(peakKva: number, measuredOn: string): Promise<void> {
    const id = this.element?.element_id;
    if (!id) return;
    await this.task.run("loading", async (signal) => {
      await recordPeak(id, { peak_kva: peakKva, measured_on: measuredOn });
      this.onRecorded();
      this.element = await getElement("transformer", id, signal);
      this.isRecorded = true;
    });
  }
}
