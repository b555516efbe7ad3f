import { BOUND } from './checker/ledger-checks.js';
import { LOST, TWICE, UNFOUNDED } from './checker/request-checks.js';
import type { Verdict } from './checker/verdict.js';
import { type ControlName, type FaultOptions, parseFaultOptions } from './fault-options.js';
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

/** `npm run faults -- --seed N`: prints what happens, the judgement, and `N passed, N failed`. Gives the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const options = parseFaultOptions(args);
  const print = (line: string): void => console.log(line);
  const report = await runFaults(options, print);
  for (const line of report.summary) print(line);
  for (const line of verdictLines(report.verdicts)) print(line);
  if (report.artefacts !== null) print(`\neverything that was left behind: ${report.artefacts}`);
  print(`the same again: ${replayCommand(options)}`);
  return options.control === null ? told(report) : toldOfControl(report, options.control);
}

function told({ verdicts }: FaultReport): number {
  const failed = verdicts.filter(({ violations }) => violations.length > 0).length;
  console.log(`\n${verdicts.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** A control passes when the run fails, for the reason it must. */
function toldOfControl({ verdicts }: FaultReport, control: ControlName): number {
  const complaints = complaintsOf(verdicts, control);
  const isSeen = complaints.length > 0;
  console.log(isSeen ? `\nseen, as it must be: ${complaints.join('; ')}` : `\nnobody noticed the control ${control}`);
  console.log(`\n${isSeen ? 1 : 0} passed, ${isSeen ? 0 : 1} failed`);
  return isSeen ? 0 : 1;
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
