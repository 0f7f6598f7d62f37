/** What planners ask of an option, read from its figures and findings. */
import type { Finding, Option } from "./api";
import type { Word } from "./i18n";

export const severities = ["violation", "survey", "warning", "info"] as const;

const onePhase = ["L1", "L2", "L3"];

/**
 * Lowest and highest voltage that anything found. A single-phase customer's phase voltages stand in
 * the findings; the balanced figures of the option know only their mean.
 */
export function voltageRange(option: Option): [lowest: number | null, highest: number | null] {
  const { voltage_min_pu, voltage_max_pu } = option.electrical;
  const lows = [voltage_min_pu, ...measured(option, "_min_pu")].filter((each) => each !== null);
  const highs = [voltage_max_pu, ...measured(option, "_max_pu")].filter((each) => each !== null);
  return [lows.length ? Math.min(...lows) : null, highs.length ? Math.max(...highs) : null];
}

const measured = (option: Option, ending: string): (number | null)[] =>
  option.findings
    .filter((each) => each.rule.startsWith("voltage.") && each.rule.endsWith(ending))
    .map((each) => each.measured);

/** Voltage at the customer; of one phase the findings and the picture tell. */
export const customerVoltage = (option: Option): number | null =>
  onePhase.includes(option.phases) ? null : option.electrical.voltage_at_customer_pu;

export const loadingPct = (ratio: number | null): number | null =>
  ratio === null ? null : ratio * 100;

export const bandFinding = (option: Option): Finding | undefined =>
  option.findings.find((each) => each.rule === "load.band_pct");

/** Whether the verdict stands when the existing load is less or more than estimated. */
export function bandOf(option: Option): Word | null {
  const found = bandFinding(option);
  if (!found) return null;
  return found.severity === "info" ? "band_holds" : "band_depends";
}

/** How many backfeed states hold, fail, and are not proven. */
export function backfeedCount(option: Option): { holds: number; fails: number; unknown: number } {
  const count = (value: boolean | null): number =>
    option.backfeed.filter((each) => each.holds === value).length;
  return { holds: count(true), fails: count(false), unknown: count(null) };
}
