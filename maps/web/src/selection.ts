/** Which option of a plan is looked at: a single one, or one of the sources that belong together. */
import type { Option, Plan } from "./api";

export type OptionKey = `option-${number}` | `source-${number}`;

export const chosenOption = (plan: Plan, key: OptionKey | null): Option | undefined =>
  key?.startsWith("source")
    ? plan.supply_set?.options.find((each) => key === `source-${each.rank}`)
    : plan.options.find((each) => key === `option-${each.rank}`);

/** The one to look at first: of several sources the first, else the best option. */
export function bestKey(plan: Plan): OptionKey | null {
  const source = plan.supply_set?.options[0];
  if (source) return `source-${source.rank}`;
  const option = plan.options.find((each) => each.feasible) ?? plan.options[0];
  return option ? `option-${option.rank}` : null;
}
