/** What the panel shows under one tab, and what a click on the map means there. */
import type { CostLayer, ElementKind, Grid, Place } from "./api";
import type { DensityShown } from "./densityView";
import type { GridMap } from "./map";

/** An element of the grid under the pointer. */
export interface Found {
  kind: ElementKind;
  id: string;
}

export interface View {
  render(): (Node | null)[];
  /** A click; `found` is the element there, if there is one. */
  onClick(place: Place, found: Found | null): void;
  onMove?(place: Place): void;
  onFinish?(): void;
  onKey?(event: KeyboardEvent): void;
  /** The tab comes to the front, or leaves it. */
  onShow?(): void;
  onHide?(): void;
}

export type TabName = "connect" | "route" | "cost" | "density" | "data";

/** What all views share. */
export interface Page {
  map: GridMap | null;
  grid: Grid | null;
  redraw(): void;
  show(tab: TabName): void;
  /** Lay a cost map on the ground, with its classes in the legend. */
  showCosts(layer: CostLayer, picture: string): Promise<void>;
  /** The same for density, hot spots or a capacity gap. */
  showDensity(shown: DensityShown): Promise<void>;
}
