import { existsSync } from 'node:fs';
import path from 'node:path';
import { readRunFile } from '../harness/run-file.js';
import { replayLanes } from './lanes/replay-lanes.js';
import { VendorJudges } from './lanes/vendor-judges.js';
import { replayOperations } from './operations/replay-operations.js';
import { replayFolder } from './replay-folder.js';
import { AnswerShapes } from './shapes/answer-shapes.js';
import { compileShapes } from './shapes/compile-shapes.js';
import { RequestShapes } from './shapes/request-shapes.js';
import { schemaProblems } from './shapes/schema-problems.js';

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
  const known = path.resolve(folder);
  const [judges, requests, answers] = [new VendorJudges(), new RequestShapes(), new AnswerShapes()];
  const lanes = await replayLanes(known, { onCase: print, witnesses: [judges, requests, answers] });
  console.log(`\nas a client of each dialect: ${lanes.passed} passed, ${lanes.failed.length} failed`);
  for (const [judge, count] of judges.judged) console.log(`judged by ${judge}: ${count}`);
  const shapes = [...requests.shapes.list, ...answers.shapes.list];
  const mistyped = [
    ...compileShapes(shapes).map(({ seenIn, errors }) => ({ seenIn, problems: errors })),
    ...schemaProblems(shapes),
  ];
  console.log(
    `requests for providers: ${requests.shapes.bodies}, answers and events for clients: ${answers.shapes.bodies}`,
  );
  console.log(`of ${shapes.length} shapes, of which ${mistyped.length} have no type of their vendor's`);
  for (const { seenIn, problems } of mistyped) print(seenIn, { kind: 'failed', problems });
  for (const [reason, count] of lanes.skipped) console.log(`skipped ${count}: ${reason}`);
  const operations = replayOperations(known, print);
  console.log(`\ncalls that are no conversation: ${operations.passed} passed, ${operations.failed.length} failed`);
  for (const [reason, count] of operations.skipped) console.log(`skipped ${count}: ${reason}`);
  const summary = await replayFolder(known, readRunFile(), print);
  console.log(`\nthrough the gateway and its books: ${summary.passed} passed, ${summary.failed.length} failed`);
  for (const [reason, count] of summary.skipped) console.log(`skipped ${count}: ${reason}`);
  console.log(`charged by our own count, because the provider reported none: ${summary.counted}`);
  const failed = lanes.failed.length + mistyped.length + operations.failed.length + summary.failed.length;
  console.log(`${lanes.passed + operations.passed + summary.passed} passed, ${failed} failed`);
  return failed === 0 && lanes.passed > 0 ? 0 : 1;
}

function print(name: string, result: { readonly kind: string; readonly problems?: readonly string[] }): void {
  if (result.kind === 'failed') console.log(`FAILED ${name}\n  ${(result.problems ?? []).join('\n  ')}`);
}
