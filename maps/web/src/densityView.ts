/** Tab "Density": where applications, load or generation gather, and where the grid runs out. */
import type { Place } from "./api";
import {
  fileOf,
  followLayer,
  type GapAsked,
  type GapFacts,
  type GapLayer,
  type GapTiles,
  gapTiles,
  getRasterAt,
  type RasterAsked,
  type RasterHere,
  type RasterLegend,
  type RasterProduct,
  rasterTiles,
} from "./densityApi";
import { renderGapCard, renderRasterCard } from "./densityCards";
import { make } from "./dom";
import { Following } from "./following";
import { choice } from "./form";
import { say, sayNumber, sayTold, sayValue, type Word } from "./i18n";
import { classKeys, type Ground } from "./layers";
import { Task } from "./task";
import type { Page, View } from "./view";

type Product = RasterProduct | "gap";

const products: [Product, Word][] = [["density", "surface_map"], ["hotspots", "hotspots"], ["gap", "gap"]];
/** The weights that are recorded of a layer, by their names at the service. */
const weights: Record<string, [value: string, word: Word][]> = {
  application: [["demand_kva", "kva"], ["power_kw", "kw"], ["count", "number"]],
  load: [["demand_kva", "kva"], ["power_kw", "kw"], ["energy_mwh", "mwh"], ["count", "number"]],
  generation: [["demand_kva", "kva"], ["power_kw", "kw"], ["count", "number"]],
};
const layerWords: Record<string, Word> = {
  application: "layer_application", load: "layer_load", generation: "layer_generation",
};
const kinds = ["", "load", "generation", "storage", "ev"];
const cellSizes: Record<RasterProduct, string[]> = {
  density: ["10", "25", "50", "100", "250"],
  hotspots: ["100", "250", "500"],
};
const usualCellM: Record<RasterProduct, number> = { density: 25, hotspots: 250 };
const files: Record<Product, [ending: string, text: string][]> = {
  density: [["tif", "GeoTIFF"], ["png", "PNG"], ["gpkg", "GeoPackage"], ["csv", "CSV"]],
  hotspots: [["tif", "GeoTIFF"], ["png", "PNG"], ["gpkg", "GeoPackage"], ["csv", "CSV"]],
  gap: [["png", "PNG"], ["gpkg", "GeoPackage"], ["geojson", "GeoJSON"], ["csv", "CSV"]],
};

/** What lies on the map: tiles of a raster, or of areas and elements; the legend says it in the page's language. */
export interface DensityShown extends Ground {
  tiles: string | null;
  gap: GapTiles | null;
}

type Shown =
  | { kind: "raster"; asked: RasterAsked; asking: number; legend: RasterLegend }
  | { kind: "gap"; asked: GapAsked; asking: number; layer: GapLayer };

export class DensityView implements View {
  private product: Product = "density";
  private readonly raster = { layer: "application", weight: "demand_kva", kind: "", cell_m: 25 };
  private readonly gap = { direction: "load", level: "transformer" };
  private shown: Shown | null = null;
  private at: Place | null = null;
  private here: RasterHere | GapFacts | null = null;
  private readonly task: Task;
  private readonly following: Following;

  constructor(private readonly page: Page) {
    this.task = new Task(() => page.redraw());
    this.following = new Following(this.task, () => page.redraw());
  }

  onShow(): void {
    if (this.at) void this.page.map?.showMark(this.at);
    else void this.page.map?.showRoutes(null);
  }

  onHide(): void {
    void this.page.map?.showRoutes(null);
  }

  onClick(place: Place): void {
    const { shown } = this;
    if (!shown || this.following.isBusy) return;
    this.at = place;
    void this.page.map?.showMark(place);
    if (shown.kind === "gap") {
      this.here = this.page.map?.overlays.factsAt(place) ?? { found: null, figures: [] };
      this.page.redraw();
      return;
    }
    const [lon, lat] = place;
    void this.task.run("loading", async (signal) => {
      this.here = null;
      this.here = await getRasterAt(shown.asked, shown.asking, lon, lat, signal);
    });
  }

  render(): (Node | null)[] {
    const submit = (event: Event): void => {
      event.preventDefault();
      void this.ask();
    };
    const { shown } = this;
    return [
      make(
        "form",
        { class: "form", submit, "aria-label": say("density") },
        choice("density-product", say("product"), products, this.product, (value) => this.choose(value as Product)),
        ...(this.product === "gap" ? this.renderGapFields() : this.renderRasterFields(this.product)),
        this.following.renderButton("density"),
      ),
      this.following.renderProgress("density"),
      make(
        "div",
        { class: "outcome", "aria-live": "polite" },
        ...this.task.render(),
        this.renderPlace(),
        shown ? renderLegend(shown) : null,
        shown || this.task.isBusy ? null : make("p", { class: "hint" }, say("density_hint")),
      ),
    ];
  }

  private choose(product: Product): void {
    this.product = product;
    if (product !== "gap") this.raster.cell_m = usualCellM[product];
    this.page.redraw();
  }

  private renderRasterFields(product: RasterProduct): HTMLElement[] {
    const { raster } = this;
    const known = weights[raster.layer] ?? [];
    const chooseLayer = (layer: string): void => {
      raster.layer = layer;
      raster.kind = "";
      if (!weights[layer]?.some(([value]) => value === raster.weight)) raster.weight = "demand_kva";
      this.page.redraw();
    };
    const kind = choice("density-kind", say("kind"), kinds.map((each) => [each, each ? (each as Word) : "any"]), raster.kind, (value) => {
      raster.kind = value;
    });
    return [
      choice("density-layer", say("layer"), Object.entries(layerWords), raster.layer, chooseLayer),
      choice("density-weight", say("weight"), known, raster.weight, (value) => {
        raster.weight = value;
      }),
      ...(raster.layer === "application" ? [kind] : []),
      choice("density-cell", say("cell_size"), cellSizes[product], String(raster.cell_m), (value) => {
        raster.cell_m = Number(value);
      }),
    ];
  }

  private renderGapFields(): HTMLElement[] {
    const { gap } = this;
    return [
      choice("gap-direction", say("kind"), ["load", "generation"], gap.direction, (value) => {
        gap.direction = value;
      }),
      choice("gap-level", say("level"), ["transformer", "feeder"], gap.level, (value) => {
        gap.level = value;
      }),
    ];
  }

  private renderPlace(): HTMLElement | null {
    const { shown, here } = this;
    if (!shown || !here) return null;
    if ("found" in here) {
      const unit = shown.kind === "raster" && shown.asked.product === "density" ? shown.legend.heading : "";
      return renderRasterCard(here as RasterHere, unit);
    }
    return shown.kind === "gap" ? renderGapCard(here, shown.layer) : null;
  }

  private async ask(): Promise<void> {
    [this.here, this.at] = [null, null];
    void this.page.map?.showRoutes(null);
    const asking = Date.now();
    const { product } = this;
    await this.following.run(async (signal, onStep) => {
      if (product === "gap") {
        const asked = { product, ...this.gap };
        this.shown = { kind: "gap", asked, asking, layer: await followLayer<GapLayer>(asked, asking, signal, onStep) };
      } else {
        const asked = { product, ...this.raster };
        const legend = await followLayer<RasterLegend>(asked, asking, signal, onStep);
        this.shown = { kind: "raster", asked, asking, legend };
      }
      await this.page.showDensity(onMap(this.shown));
    });
  }
}

function onMap(shown: Shown): DensityShown {
  const ground = { heading: () => headingOf(shown), keys: () => keysOf(shown) };
  return shown.kind === "gap"
    ? { ...ground, tiles: null, gap: gapTiles(shown.asked, shown.asking) }
    : { ...ground, tiles: rasterTiles(shown.asked, shown.asking), gap: null };
}

function headingOf(shown: Shown): string {
  if (shown.kind === "gap") return `${say("gap")} · ${sayValue(shown.asked.direction)}`;
  const { asked, legend } = shown;
  const what = `${say(layerWords[asked.layer] ?? "layer")}${asked.kind ? ` (${sayValue(asked.kind)})` : ""}`;
  if (asked.product === "hotspots") return `${say("hotspots")} · ${what}`;
  return `${what} · ${sayTold(legend.heading)}`;
}

const keysOf = (shown: Shown): HTMLElement =>
  classKeys(
    shown.kind === "gap"
      ? shown.layer.classes.map(({ colour, text, areas }) => ({ colour, text: `${sayGapClass(text)}: ${sayNumber(areas)}` }))
      : shown.legend.classes.map(({ colour, text }) => ({ colour, text: sayTold(text) })),
  );

/** "today" alone would be read as "as it is". */
const sayGapClass = (text: string): string =>
  text === "today" ? say("runs_out_today") : sayTold(text);

function renderLegend(shown: Shown): HTMLElement {
  const notes = shown.kind === "gap" ? shown.layer.notes : shown.legend.notes;
  const told = shown.kind === "gap" ? sayGapFacts(shown.layer.facts) : sayFigures(shown.legend);
  const links = files[shown.asked.product].flatMap(([ending, text], row) => [
    row ? " · " : ` `,
    make("a", { href: fileOf(shown.asked, ending), download: `${shown.asked.product}.${ending}` }, text),
  ]);
  return make(
    "section",
    { id: "density-legend", class: "ground", "aria-label": say("legend") },
    make("h2", {}, headingOf(shown)),
    make("p", {}, told),
    keysOf(shown),
    make("p", { class: "hint" }, shown.kind === "gap" ? `${say("unit_dots")} ` : "", say("density_click")),
    make("p", { id: "density-files" }, `${say("download")}:`, ...links),
    make("ul", { class: "reasons" }, ...notes.map((note) => make("li", {}, sayTold(note)))),
  );
}

const sayFigures = (legend: RasterLegend): string =>
  legend.figures
    .map(({ name, value, unit }) => `${sayValue(name)} ${sayNumber(value, value !== null && value < 1 ? 2 : 0, sayTold(unit))}`)
    .join(" · ");

function sayGapFacts(facts: GapFacts): string {
  const from = facts["counted_from"] ?? say("today");
  const count = `${sayNumber(Number(facts["open_count"]))} ${say("open_applications")}`;
  const areas = `${sayNumber(Number(facts["area_count"]))} ${say("areas_counted")}`;
  return `${areas} · ${count} · ${say("counted_from")} ${from} · ${say("until")} ${facts["until"] ?? say("today")}`;
}
