import { describe, expect, it } from 'vitest';
import { DEFECTS, type Defect } from './defect.ts';
import { planOf } from './plan.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { Statistics } from './statistics.ts';

const SCHEDULES_MOST = 40_000;

/** The first schedule in which the laws find it. */
function firstFinding(defect: Defect): { readonly seed: number; readonly violation: string } | null {
  for (let seed = 1; seed <= SCHEDULES_MOST; seed += 1) {
    const { violation } = simulate(planOf(seed), { statistics: new Statistics(), defect });
    if (violation !== null) return { seed, violation };
  }
  return null;
}

describe('what the simulation must find', () => {
  for (const defect of DEFECTS) {
    it(defect.replaceAll('_', ' '), () => {
      const found = firstFinding(defect);
      if (found === null) expect.fail(`not found in ${SCHEDULES_MOST} schedules`);
      const { items } = shrink(planOf(found.seed), defect);
      console.log(`${defect}: seed ${found.seed}, ${items.length} items left, ${found.violation}`);
      expect(items.length).toBeLessThanOrEqual(planOf(found.seed).items.length);
    });
  }

  it('nothing, where nothing is broken and nothing happens', () => {
    const plan = planOf(1);
    const calm = { ...plan, items: plan.items.filter(({ kind }) => kind !== 'fault') };
    expect(simulate(calm, { statistics: new Statistics() }).violation).toBeNull();
  });
});
