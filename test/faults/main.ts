import { BOUND } from './checker/ledger-checks.js';
import { LOST, TWICE, UNFOUNDED } from './checker/request-checks.js';
import type { Verdict } from './checker/verdict.js';
import { type ControlName, type FaultOptions, parseFaultPlan } from './fault-options.js';
import { type FaultReport, runFaults } from './fault-run.js';

const SHOWN_VIOLATIONS = 8;

/** What a run without a promise must complain of: any of these, and it is not blind. */
export const MUST_COMPLAIN: Readonly<Record<ControlName, readonly string[]>> = {
  'holds-off': [BOUND],
  'dedupe-off': [TWICE, UNFOUNDED],
  'stream-only': [LOST],
  'spool-only': [LOST],
  bullmq: [LOST],
};

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

const print = (line: string): void => console.log(line);

/** `npm run faults -- --seed N`: prints what happens, the judgement, and `N passed, N failed`. Gives the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const total = { passed: 0, failed: 0 };
  for (const options of parseFaultPlan(args).runs) {
    const { passed, failed } = await runOnce(options);
    total.passed += passed;
    total.failed += failed;
  }
  print(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

async function runOnce(options: FaultOptions): Promise<Counts> {
  const report = await runFaults(options, print);
  for (const line of [...report.summary, ...verdictLines(report.verdicts)]) print(line);
  if (report.artefacts !== null) print(`\neverything that was left behind: ${report.artefacts}`);
  print(`the same again: ${replayCommand(options)}`);
  return options.control === null ? counted(report) : countedAsControl(report, options.control);
}

function counted({ verdicts }: FaultReport): Counts {
  const failed = verdicts.filter(({ violations }) => violations.length > 0).length;
  return { passed: verdicts.length - failed, failed };
}

/** A control passes when the run fails, for the reason it must. */
function countedAsControl({ verdicts }: FaultReport, control: ControlName): Counts {
  const complaints = complaintsOf(verdicts, control);
  print(
    complaints.length > 0
      ? `control ${control} seen, as it must be: ${complaints.join('; ')}`
      : `nobody noticed the control ${control}`,
  );
  return complaints.length > 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** The promises a control broke, of those it must break. */
export function complaintsOf(verdicts: readonly Verdict[], control: ControlName): readonly string[] {
  return verdicts
    .filter(({ promise, violations }) => violations.length > 0 && MUST_COMPLAIN[control].includes(promise))
    .map(({ promise, violations }) => `${promise} (${violations.length} times not)`);
}

function verdictLines(verdicts: readonly Verdict[]): string[] {
  return verdicts.flatMap(({ promise, violations }) => {
    const shown = violations.slice(0, SHOWN_VIOLATIONS).map((violation) => `      ${violation}`);
    const more = violations.length - shown.length;
    return [
      violations.length === 0 ? `  ✓ ${promise}` : `  ✗ ${promise}: ${violations.length} times not`,
      ...shown,
      ...(more > 0 ? [`      … and ${more} more`] : []),
    ];
  });
}

function replayCommand({ seed, loadMs, only, control }: FaultOptions): string {
  const chosen = only.length === 0 ? '' : ` --only ${only.join(',')}`;
  return `npm run faults -- --seed ${seed} --minutes ${loadMs / 60_000}${chosen}${control === null ? '' : ` --control ${control}`}`;
}
