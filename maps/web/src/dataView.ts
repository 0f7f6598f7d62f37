/** Tab "Data": whose data this is, and what is known of an element that is clicked. */
import type { Grid, Place } from "./api";
import { make } from "./dom";
import { say, sayNumber, type Word } from "./i18n";
import { Inspector } from "./inspector";
import type { Found, Page, View } from "./view";

const counted = ["bus", "line", "transformer", "load", "corridor", "obstacle", "barrier"] as const;

export class DataView implements View {
  private readonly inspector: Inspector;

  constructor(private readonly page: Page) {
    this.inspector = new Inspector(() => page.redraw());
  }

  onShow(): void {
    if (this.page.map) this.page.map.looksUpAll = true;
  }

  onHide(): void {
    if (this.page.map) this.page.map.looksUpAll = false;
  }

  onClick(_: Place, found: Found | null): void {
    if (found) void this.inspector.open(found);
    else this.inspector.close();
  }

  render(): (Node | null)[] {
    const looked = this.inspector.render();
    return [
      make(
        "div",
        { class: "outcome first", "aria-live": "polite" },
        ...(looked.length ? looked : [make("p", { class: "hint" }, say("click_to_look"))]),
      ),
      this.page.grid ? renderSources(this.page.grid) : null,
    ];
  }
}

/** Every table with its number of rows and the source that it comes from. */
function renderSources(grid: Grid): HTMLElement {
  const rows = counted.map((table) => {
    const elsewhere = grid.layers[table]?.note;
    return make(
      "tr",
      {},
      make("td", {}, table === "load" ? say("load_rows") : say(table)),
      make("td", { class: "figure" }, sayNumber(grid[`${table}_count`])),
      make("td", { class: "text" }, elsewhere ?? grid.source_name),
    );
  });
  const heads: Word[] = ["table", "rows", "source"];
  const facts: [Word, string][] = [
    ["source", grid.source_name],
    ["grid_version", String(grid.version_id)],
    ["loaded_at", grid.loaded_at.slice(0, 16)],
    ["profile_name", grid.profile],
    ["working_crs", `EPSG:${grid.working_srid}`],
    ["data_warnings", sayNumber(grid.warning_count)],
    ["fingerprint", grid.fingerprint.slice(0, 12)],
  ];
  return make(
    "section",
    { id: "about-data", "aria-label": say("about_data") },
    make("h2", {}, say("about_data")),
    make("dl", { class: "facts" }, ...facts.flatMap(([word, value]) => [make("dt", {}, say(word)), make("dd", {}, value)])),
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...heads.map((word) => make("th", { scope: "col" }, say(word))))),
      make("tbody", {}, ...rows),
    ),
    grid.source_note ? make("p", { class: "hint" }, grid.source_note) : null,
  );
}
