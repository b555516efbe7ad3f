import type { RunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';
import { type Recording, readRecordings } from './recordings.js';
import { type CaseResult, type SentCase, sendCase } from './replay-case.js';

export interface ReplaySummary {
  readonly passed: number;
  readonly counted: number;
  readonly failed: readonly { readonly name: string; readonly problems: readonly string[] }[];
  readonly skipped: ReadonlyMap<string, number>;
}

/** How many charges are looked up at a time. */
const BOOKS_AT_ONCE = 12;

/**
 * Replays every recording below a folder, one after another: the sandbox plays exactly the answer that belongs to each. What the books say of them is
 * looked up behind, many at a time, because they are posted in batches.
 */
export async function replayFolder(
  folder: string,
  run: RunFile,
  onCase: (name: string, result: CaseResult) => void = () => {},
  only: (recording: Recording) => boolean = () => true,
): Promise<ReplaySummary> {
  const sandbox = sandboxControl(run.urls.sandbox);
  await sandbox.loadReplay(folder);
  const waiting: SentCase[] = [];
  const results: { name: string; result: CaseResult }[] = [];
  for (const [index, recording] of readRecordings(folder).filter(only).entries()) {
    const target = { gatewayUrl: run.urls.gateway, key: run.demoKey, sandbox, splitSeed: index + 1 };
    waiting.push(await sendCase(target, recording).catch((error: unknown) => failedCase(recording.name, error)));
    if (waiting.length === BOOKS_AT_ONCE) results.push(...(await settled(waiting.splice(0))));
  }
  results.push(...(await settled(waiting)));
  for (const { name, result } of results) onCase(name, result);
  return summaryOf(results);
}

function failedCase(name: string, error: unknown): SentCase {
  return { name, result: { kind: 'failed', problems: [String(error)] } };
}

function settled(cases: readonly SentCase[]): Promise<{ name: string; result: CaseResult }[]> {
  return Promise.all(
    cases.map(async ({ name, result }) => ({
      name,
      result:
        typeof result === 'function'
          ? await result().catch((error: unknown): CaseResult => ({ kind: 'failed', problems: [String(error)] }))
          : result,
    })),
  );
}

function summaryOf(results: readonly { readonly name: string; readonly result: CaseResult }[]): ReplaySummary {
  const failed: { name: string; problems: readonly string[] }[] = [];
  const skipped = new Map<string, number>();
  let passed = 0;
  let counted = 0;
  for (const { name, result } of results) {
    if (result.kind === 'passed') passed += 1;
    if (result.kind === 'passed' && result.usageSource === 'counted') counted += 1;
    if (result.kind === 'failed') failed.push({ name, problems: result.problems });
    if (result.kind === 'skipped') skipped.set(result.reason, (skipped.get(result.reason) ?? 0) + 1);
  }
  return { passed, counted, failed, skipped };
}
