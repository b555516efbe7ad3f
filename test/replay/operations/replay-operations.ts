import { readRecordings } from '../recordings.js';
import { isOperation, type OperationResult, replayOperation } from './operation-case.js';

export interface OperationSummary {
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly problems: readonly string[] }[];
  readonly skipped: ReadonlyMap<string, number>;
}

/** Every recorded call below a folder that is no conversation and has a door here. */
export function replayOperations(
  folder: string,
  onCase: (name: string, result: OperationResult) => void = () => {},
): OperationSummary {
  const failed: { name: string; problems: readonly string[] }[] = [];
  const skipped = new Map<string, number>();
  let passed = 0;
  for (const recording of readRecordings(folder).filter(isOperation)) {
    const result = guarded(() => replayOperation(recording));
    onCase(recording.name, result);
    if (result.kind === 'passed') passed += 1;
    else if (result.kind === 'failed') failed.push({ name: recording.name, problems: result.problems });
    else skipped.set(result.reason, (skipped.get(result.reason) ?? 0) + 1);
  }
  return { passed, failed, skipped };
}

function guarded(work: () => OperationResult): OperationResult {
  try {
    return work();
  } catch (error) {
    return { kind: 'failed', problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
  }
}
