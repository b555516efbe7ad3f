import type { ClientDialectId } from '@tollgate/dialects';
import { type Recording, readRecordings } from '../recordings.js';
import { CLIENTS, type LaneResult, type LaneRun, replayLane, unsent } from './lane-case.js';
import { OUT_OF_SCOPE, recordedExchange } from './recorded-exchange.js';

export interface LaneSummary {
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly problems: readonly string[] }[];
  readonly skipped: ReadonlyMap<string, number>;
}

/** Others who look at a case. What they do not accept is added to what was wrong with it already. */
export interface LaneWitness {
  look(name: string, run: LaneRun, seed: number): Promise<readonly string[]>;
}

export interface LaneReplay {
  readonly clients?: readonly ClientDialectId[];
  readonly onCase?: (name: string, result: LaneResult) => void;
  readonly witnesses?: readonly LaneWitness[];
}

/** Every conversation below a folder, as a client of each dialect would have had it: decoded, encoded, re-cut, and read by readers of our own. */
export async function replayLanes(
  folder: string,
  { clients = CLIENTS, onCase, witnesses = [] }: LaneReplay = {},
): Promise<LaneSummary> {
  const failed: { name: string; problems: readonly string[] }[] = [];
  const skipped = new Map<string, number>();
  let passed = 0;
  for (const [index, recording] of readRecordings(folder).entries()) {
    for (const { name, run } of replayOne(recording, clients, index + 1)) {
      const result = await withWitnesses(name, run, index + 1, witnesses);
      onCase?.(name, result);
      if (result.kind === 'passed') passed += 1;
      else if (result.kind === 'failed') failed.push({ name, problems: result.problems });
      else skipped.set(result.reason, (skipped.get(result.reason) ?? 0) + 1);
    }
  }
  return { passed, failed, skipped };
}

async function withWitnesses(
  name: string,
  run: LaneRun,
  seed: number,
  witnesses: readonly LaneWitness[],
): Promise<LaneResult> {
  const problems: string[] = [];
  for (const witness of witnesses) problems.push(...(await testimony(() => witness.look(name, run, seed))));
  if (problems.length === 0) return run.result;
  return { kind: 'failed', problems: [...(run.result.kind === 'failed' ? run.result.problems : []), ...problems] };
}

/** A witness who throws has found something. */
async function testimony(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await look();
  } catch (error) {
    return [errorText(error)];
  }
}

interface NamedRun {
  readonly name: string;
  readonly run: LaneRun;
}

function replayOne(recording: Recording, clients: readonly ClientDialectId[], seed: number): readonly NamedRun[] {
  const reason = OUT_OF_SCOPE[recording.api];
  if (reason !== undefined) return [outOfScope(recording, reason)];
  const exchange = recordedExchange(recording);
  if (exchange === null) return [outOfScope(recording, 'no conversation')];
  return clients.map((client) => ({
    name: `${recording.name} as ${client}`,
    run: guarded(() => replayLane(recording, exchange, client, seed)),
  }));
}

function outOfScope({ name, api }: Recording, reason: string): NamedRun {
  return { name, run: unsent({ kind: 'unaskable', reason: `${api}: ${reason}` }) };
}

/** A codec that throws would have taken a request with it: that is a failure of its case, not of the whole replay. */
function guarded(work: () => LaneRun): LaneRun {
  try {
    return work();
  } catch (error) {
    return unsent({ kind: 'failed', problems: [errorText(error)] });
  }
}

function errorText(error: unknown): string {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return told.split('\n').slice(0, 6).join(' | ');
}
