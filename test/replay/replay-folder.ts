import type { RunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';
import { readRecordings } from './recordings.js';
import { type CaseResult, replayCase } from './replay-case.js';

export interface ReplaySummary {
  readonly passed: number;
  readonly counted: number;
  readonly failed: readonly { readonly name: string; readonly problems: readonly string[] }[];
  readonly skipped: ReadonlyMap<string, number>;
}

/** Replays every recording below a folder, one after another: the sandbox plays exactly the answer that belongs to each. */
export async function replayFolder(
  folder: string,
  run: RunFile,
  onCase: (name: string, result: CaseResult) => void = () => {},
): Promise<ReplaySummary> {
  const sandbox = sandboxControl(run.urls.sandbox);
  await sandbox.loadReplay(folder);
  const failed: { name: string; problems: readonly string[] }[] = [];
  const skipped = new Map<string, number>();
  let passed = 0;
  let counted = 0;
  for (const [index, recording] of readRecordings(folder).entries()) {
    const target = { gatewayUrl: run.urls.gateway, key: run.demoKey, sandbox, splitSeed: index + 1 };
    const result = await replayCase(target, recording).catch(
      (error: unknown): CaseResult => ({ kind: 'failed', problems: [String(error)] }),
    );
    onCase(recording.name, result);
    if (result.kind === 'passed') passed += 1;
    if (result.kind === 'passed' && result.usageSource === 'counted') counted += 1;
    if (result.kind === 'failed') failed.push({ name: recording.name, problems: result.problems });
    if (result.kind === 'skipped') skipped.set(result.reason, (skipped.get(result.reason) ?? 0) + 1);
  }
  return { passed, counted, failed, skipped };
}
