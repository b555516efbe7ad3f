import { rmSync } from 'node:fs';
import { FAIL_POINTS } from '@tollgate/telemetry';
import { sandboxControl } from '../harness/sandbox-control.js';
import { writeArtefacts } from './artefacts.store.js';
import { CHECKED_PROMISES, check } from './checker/check.js';
import type { Verdict } from './checker/verdict.js';
import { epilogue, isServed } from './epilogue.js';
import type { FaultOptions } from './fault-options.js';
import type { ClientRecord } from './load/client-record.js';
import { startLoad } from './load/load.js';
import { teachMarks } from './load/provider-marks.js';
import { untilQuiet } from './quiescence.store.js';
import { type Attacked, attack } from './schedule/schedule.js';
import { createWorld, type World } from './world/world.js';

export interface FaultReport {
  readonly verdicts: readonly Verdict[];
  /** what happened how often, in a few lines */
  readonly summary: readonly string[];
  /** where everything lies that a failure can be understood by; null when nothing failed */
  readonly artefacts: string | null;
}

const SERVED = 'when all is over, every organisation is served by every gateway';
const EXERCISED = 'the run met all it is about';

/** Everything a run is judged by; the last only where it is long enough to have met it all. */
export const PROMISES = [...CHECKED_PROMISES, SERVED, EXERCISED] as const;

/** Load, attack, quiet, judgement. Everything that was started is stopped, whatever happens. */
export async function runFaults(options: FaultOptions, print: (line: string) => void): Promise<FaultReport> {
  const beganAtMs = Date.now();
  const lines: string[] = [];
  const say = (line: string): void => {
    const told = `[${((Date.now() - beganAtMs) / 1_000).toFixed(1).padStart(6)} s] ${line}`;
    lines.push(told);
    print(told);
  };
  say(`seed ${options.seed}${options.control === null ? '' : `, control ${options.control}`}`);
  const world = await createWorld({ seed: options.seed, control: options.control, say });
  let artefacts: string | null = null;
  try {
    const { records, attacked } = await loadAndAttack(world, options, say);
    const served = await comeToRest(world, options, say);
    const all = [...records, ...served];
    const verdicts = [
      ...(await check(world, all, attacked)),
      servedVerdict(served),
      ...(isWholeRun(options) ? [exercisedVerdict(records, attacked)] : []),
    ];
    if (verdicts.some(({ violations }) => violations.length > 0))
      artefacts = await writeArtefacts(world, { options, verdicts, records: all, lines });
    return { verdicts, summary: summaryOf(records, attacked), artefacts };
  } finally {
    await world.stop();
    if (artefacts === null) rmSync(world.folder, { recursive: true, force: true });
  }
}

async function loadAndAttack(world: World, options: FaultOptions, say: (line: string) => void) {
  await teachMarks(sandboxControl(world.sandboxUrl));
  const load = startLoad(world, options);
  say(`${options.clients} clients, ${world.tenants.length} organisations, ${options.loadMs / 1_000} s`);
  const attacked = await attack(world, options, Date.now() + options.loadMs, say);
  await load.stop();
  say(`load has stopped: ${load.records.length} requests, ${load.topUps()} credits`);
  return { records: load.records, attacked };
}

async function comeToRest(world: World, { patienceMs }: FaultOptions, say: (line: string) => void) {
  await world.whenWell(60_000);
  const quiet = await untilQuiet(world, { patienceMs, say });
  const served = await epilogue(world);
  await untilQuiet(world, { patienceMs: quiet ? patienceMs : 8_000, say });
  return served;
}

function servedVerdict(served: readonly ClientRecord[]): Verdict {
  return {
    promise: SERVED,
    violations: served
      .filter((record) => !isServed(record))
      .map(({ callerId, outcome, status, errorCode }) => `${callerId}: ${outcome} ${status} ${errorCode}`),
  };
}

/** Short runs and chosen faults cannot meet everything. */
function isWholeRun({ only, control, loadMs }: FaultOptions): boolean {
  return only.length === 0 && control === null && loadMs >= 150_000;
}

/** A run that did not meet what it is about proves nothing by being green. */
function exercisedVerdict(records: readonly ClientRecord[], { failPointHits }: Attacked): Verdict {
  const has = (name: string, found: boolean): string[] => (found ? [] : [`it never met ${name}`]);
  const points = Object.values(FAIL_POINTS).flat();
  return {
    promise: EXERCISED,
    violations: [
      ...points.filter((point) => !failPointHits.has(point)).map((point) => `nobody died at ${point}`),
      ...(['whole', 'left', 'failed', 'broken'] as const).flatMap((outcome) =>
        has(
          `an answer that was ${outcome}`,
          records.some((record) => record.outcome === outcome),
        ),
      ),
      ...has(
        'a refusal for want of money',
        records.some(({ status }) => status === 402),
      ),
    ],
  };
}

function summaryOf(records: readonly ClientRecord[], { happened, failPointHits }: Attacked): string[] {
  const outcomes = new Map<string, number>();
  for (const { outcome, status } of records) {
    const name = outcome === 'failed' ? `failed ${status}` : outcome;
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
  }
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  return [`requests: ${list(outcomes)}`, `faults: ${list(happened)}`, `died at lines: ${list(failPointHits)}`];
}
