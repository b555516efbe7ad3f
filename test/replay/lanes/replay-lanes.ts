import type { ClientDialectId } from '@tollgate/dialects';
import { type Recording, readRecordings } from '../recordings.js';
import { CLIENTS, type LaneResult, replayLane } from './lane-case.js';
import { OUT_OF_SCOPE, recordedExchange } from './recorded-exchange.js';

export interface LaneSummary {
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly problems: readonly string[] }[];
  readonly skipped: ReadonlyMap<string, number>;
}

/** Every conversation below a folder, as a client of each dialect would have had it: decoded, encoded, re-cut, and read by readers of our own. */
export function replayLanes(
  folder: string,
  clients: readonly ClientDialectId[] = CLIENTS,
  onCase: (name: string, result: LaneResult) => void = () => {},
): LaneSummary {
  const failed: { name: string; problems: readonly string[] }[] = [];
  const skipped = new Map<string, number>();
  let passed = 0;
  for (const [index, recording] of readRecordings(folder).entries()) {
    for (const { name, result } of replayOne(recording, clients, index + 1)) {
      onCase(name, result);
      if (result.kind === 'passed') passed += 1;
      else if (result.kind === 'failed') failed.push({ name, problems: result.problems });
      else skipped.set(result.reason, (skipped.get(result.reason) ?? 0) + 1);
    }
  }
  return { passed, failed, skipped };
}

function replayOne(
  recording: Recording,
  clients: readonly ClientDialectId[],
  seed: number,
): readonly { readonly name: string; readonly result: LaneResult }[] {
  const reason = OUT_OF_SCOPE[recording.api];
  if (reason !== undefined)
    return [{ name: recording.name, result: { kind: 'unaskable', reason: `${recording.api}: ${reason}` } }];
  const exchange = recordedExchange(recording);
  if (exchange === null)
    return [{ name: recording.name, result: { kind: 'unaskable', reason: `${recording.api}: no conversation` } }];
  return clients.map((client) => ({
    name: `${recording.name} as ${client}`,
    result: guarded(() => replayLane(recording, exchange, client, seed)),
  }));
}

/** A codec that throws would have taken a request with it: that is a failure of its case, not of the whole replay. */
function guarded(work: () => LaneResult): LaneResult {
  try {
    return work();
  } catch (error) {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'failed', problems: [told.split('\n').slice(0, 6).join(' | ')] };
  }
}
