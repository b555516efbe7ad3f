import { beforeAll, describe, expect, it } from 'vitest';
import { parseFaultPlan } from './fault-options.js';
import { type FaultReport, PROMISES, runFaults } from './fault-run.js';

const seed = process.env.TOLLGATE_SEED ?? '1';

describe(`two gateways, two workers, Redis and Postgres under load and attack (seed ${seed})`, () => {
  let report: FaultReport;

  beforeAll(async () => {
    const [options] = parseFaultPlan(['--seed', seed, '--minutes', '2']).runs;
    if (options === undefined) throw new Error('a plan without controls is one run');
    report = await runFaults(options, (line) => console.log(line));
    for (const line of report.summary) console.log(line);
    if (report.artefacts !== null) console.log(`everything that was left behind: ${report.artefacts}`);
  });

  it.each(PROMISES)('%s', (promise) => {
    const verdict = report.verdicts.find((each) => each.promise === promise);
    // A run of this length need not have met everything.
    expect(verdict?.violations.slice(0, 10) ?? []).toEqual([]);
  });
});
