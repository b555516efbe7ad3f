import { DEFECTS, type Defect } from './defect.ts';
import { describeItem, planOf } from './plan.ts';
import { describeFailure } from './shrink.ts';
import { simulate } from './simulate.ts';
import { LISTED_POINTS, Statistics } from './statistics.ts';

/**
 * `npm run simulate -- --seed N --schedules M`: that many schedules from that seed on, and how often each answer and crash point was hit.
 * `--trace N [defect]` prints one schedule step by step instead, made small if it breaks a law. Answers an exit code.
 */
export function run(args: readonly string[]): number {
  const number = (name: string, otherwise: number): number => {
    const at = args.indexOf(`--${name}`);
    return at < 0 ? otherwise : Number(args[at + 1]);
  };
  const traced = number('trace', 0);
  const defect = DEFECTS.find((name) => args.includes(name)) ?? null;
  return traced > 0 ? printOne(traced, defect) : runMany(number('seed', 1), number('schedules', 10_000));
}

function printOne(seed: number, defect: Defect | null): number {
  const plan = planOf(seed);
  const outcome = simulate(plan, { statistics: new Statistics(), defect, isTraced: true });
  const isKept = outcome.violation === null;
  const steps = [...plan.items.map(describeItem), ...outcome.trace, 'no law broken'].join('\n');
  console.log(isKept ? steps : describeFailure(plan, defect));
  return isKept ? 0 : 1;
}

function runMany(seed: number, schedules: number): number {
  const statistics = new Statistics();
  const startedAt = performance.now();
  const laws = new Map<string, number[]>();
  let [steps, fewest] = [0, Number.POSITIVE_INFINITY];
  for (let index = 0; index < schedules; index += 1) {
    const outcome = simulate(planOf(seed + index), { statistics });
    steps += outcome.steps;
    fewest = Math.min(fewest, outcome.steps);
    if (outcome.violation === null) continue;
    const law = outcome.violation.replace(/-?\d+/g, 'N');
    laws.set(law, [...(laws.get(law) ?? []), seed + index]);
  }
  const missing = statistics.missing(LISTED_POINTS);
  console.log(statistics.lines().join('\n'));
  for (const point of missing) console.log(`never hit: ${point}`);
  for (const [law, seeds] of laws)
    console.log(`broken ${seeds.length} times (seeds ${seeds.slice(0, 8).join(' ')}): ${law}`);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(
    `${schedules} schedules, ${steps} steps, at least ${fewest} each, ${laws.size} laws broken, ${seconds} s`,
  );
  return laws.size + missing.length === 0 ? 0 : 1;
}
