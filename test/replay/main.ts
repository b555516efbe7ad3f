import { existsSync } from 'node:fs';
import path from 'node:path';
import { readRunFile } from '../harness/run-file.js';
import { replayFolder } from './replay-folder.js';

/** `npm run replay -- --dir <folder>`: prints what failed and closes with `N passed, N failed`. Gives the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const at = args.indexOf('--dir');
  const folder = at >= 0 ? args[at + 1] : process.env.TOLLGATE_RECORDINGS;
  if (!folder || !existsSync(folder)) {
    console.error(
      `replay needs a folder of recordings: npm run replay -- --dir <folder>${folder ? ` (${path.resolve(folder)} does not exist)` : ''}`,
    );
    return 2;
  }
  const summary = await replayFolder(path.resolve(folder), readRunFile(), (name, result) => {
    if (result.kind === 'failed') console.log(`FAILED ${name}\n  ${result.problems.join('\n  ')}`);
  });
  for (const [reason, count] of summary.skipped) console.log(`skipped ${count}: ${reason}`);
  console.log(`charged by our own count, because the provider reported none: ${summary.counted}`);
  console.log(`${summary.passed} passed, ${summary.failed.length} failed`);
  return summary.failed.length === 0 && summary.passed > 0 ? 0 : 1;
}
