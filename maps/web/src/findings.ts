/** Findings by severity: what forbids or must be looked at open, what is merely kept folded. */
import type { Finding } from "./api";
import { make } from "./dom";
import { severities } from "./figures";
import { say, sayNumber, sayValue, type Word } from "./i18n";

const groupNames: Record<Finding["severity"], Word> = {
  violation: "violations",
  survey: "surveys",
  warning: "warnings_of_option",
  info: "notes",
};

export function renderFindings(findings: Finding[], title: string): HTMLElement {
  const groups = severities.map((severity) => {
    const some = findings.filter((finding) => finding.severity === severity);
    return some.length ? group(severity, some) : null;
  });
  return make("div", { id: "findings" }, make("h2", {}, title), ...groups);
}

function group(severity: Finding["severity"], findings: Finding[]): HTMLElement {
  const heading = `${say(groupNames[severity])} (${findings.length})`;
  return make(
    "details",
    { id: `findings-${severity}`, class: `group ${severity}`, open: severity !== "info" },
    make("summary", {}, heading),
    make("ul", { class: "findings" }, ...findings.map(findingItem)),
  );
}

export function findingItem(finding: Finding): HTMLElement {
  const source = [finding.rule, finding.clause].filter(Boolean).join(" · ");
  return make(
    "li",
    { class: finding.severity },
    make("span", {}, finding.text),
    figures(finding),
    make(
      "small",
      {},
      finding.confidence
        ? make("span", { class: `confidence ${finding.confidence}` }, sayValue(finding.confidence))
        : null,
      source,
    ),
  );
}

function figures(finding: Finding): HTMLElement | null {
  if (finding.measured === null && finding.limit === null) return null;
  const isRatio = finding.unit === "" && /^(backfeed\.)?loading/.test(finding.rule);
  const figure = (value: number | null): string =>
    value === null
      ? "–"
      : isRatio
        ? sayNumber(value * 100, 1, "%")
        : sayNumber(value, digitsOf(value), finding.unit);
  return make(
    "span",
    { class: "figures" },
    `${say("measured")} ${figure(finding.measured)} · ${say("limit")} ${figure(finding.limit)} · `,
    make("b", {}, `${say("margin")} ${figure(finding.margin)}`),
  );
}

/** Three figures that matter, whatever the unit. */
const digitsOf = (value: number): number =>
  Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
