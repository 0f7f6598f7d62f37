/** What lies under the pointer, in one line or two. */
import type { MapGeoJSONFeature } from "maplibre-gl";

import { make, refill } from "./dom";
import { sayKva, sayValue, sayVoltage } from "./i18n";

export function renderTooltip(
  node: HTMLElement,
  feature: MapGeoJSONFeature | null,
  x: number,
  y: number,
): void {
  node.hidden = feature === null;
  if (!feature) return;
  const [title, detail] = describe(feature.properties);
  refill(node, make("b", {}, title), detail ? make("span", {}, detail) : null);
  const map = document.getElementById("map")?.getBoundingClientRect();
  node.style.left = `${(map?.left ?? 0) + x + 14}px`;
  node.style.top = `${(map?.top ?? 0) + y + 14}px`;
}

function describe(properties: Record<string, unknown>): [title: string, detail: string] {
  const text = (name: string): string => String(properties[name] ?? "");
  const value = (name: string): number => Number(properties[name]);
  if ("transformer_id" in properties) {
    return [text("name") || text("transformer_id"), sayKva(value("rated_power_kva"))];
  }
  if ("reference" in properties) {
    const facts = [text("customer_class"), text("status")].map(sayValue).join(" · ");
    return [text("reference"), `${sayKva(value("demand_kva"))} · ${facts}`];
  }
  if ("barrier_id" in properties) {
    return [sayValue(text("barrier_kind")), text("owner")];
  }
  if ("corridor_id" in properties) {
    const facts = [sayValue(text("surface")), text("owner")].filter(Boolean).join(" · ");
    return [`${sayValue(text("corridor_kind"))} ${text("corridor_id")}`, facts];
  }
  const kind = sayValue(text("bus_kind") || text("role") || "line");
  const name = text("name") || text("bus_id") || text("line_id");
  return [name, `${kind} · ${sayVoltage(value("nominal_voltage_v"))}`];
}
