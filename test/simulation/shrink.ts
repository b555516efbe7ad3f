import type { Defect } from './defect.ts';
import { describeItem, type Plan } from './plan.ts';
import { simulate } from './simulate.ts';
import { Statistics } from './statistics.ts';

/** The plan without everything that is not needed to break a law. Each item carries its own salt, so what is left stays as it was. */
export function shrink(plan: Plan, defect: Defect | null = null): Plan {
  let smallest = plan;
  for (let at = 0; at < smallest.items.length; ) {
    const items = smallest.items.filter((_, index) => index !== at);
    const isBroken = simulate({ ...smallest, items }, { statistics: new Statistics(), defect }).violation !== null;
    if (isBroken) {
      smallest = { ...smallest, items };
      at = 0;
    } else at += 1;
  }
  return smallest;
}

/** A failing schedule for a person: what was left of it, then what happened step by step, then the law. */
export function describeFailure(plan: Plan, defect: Defect | null = null): string {
  const smallest = shrink(plan, defect);
  const { trace, violation } = simulate(smallest, { statistics: new Statistics(), defect, isTraced: true });
  const items = smallest.items.map((item) => `  ${describeItem(item)}`);
  return [`seed ${plan.seed}: ${violation}`, ...items, ...trace].join('\n');
}
