import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRunFile } from '../harness/run-file.js';
import { replayLanes } from './lanes/replay-lanes.js';
import { VendorJudges } from './lanes/vendor-judges.js';
import { replayOperations } from './operations/replay-operations.js';
import { type Recording, readRecordings } from './recordings.js';
import { replayFolder } from './replay-folder.js';
import { AnswerShapes } from './shapes/answer-shapes.js';
import { compileShapes } from './shapes/compile-shapes.js';
import { RequestShapes } from './shapes/request-shapes.js';
import { schemaProblems } from './shapes/schema-problems.js';

const recordings = process.env.TOLLGATE_RECORDINGS;

describe.skipIf(!recordings)('real provider traffic', () => {
  const folder = (...names: readonly string[]): string => path.join(recordings ?? '', ...names);

  const judges = new VendorJudges();
  const requests = new RequestShapes();
  const answers = new AnswerShapes();

  it('reads the same to clients of every dialect and to the SDKs of its vendor, whoever answered and however it was cut', async () => {
    const summary = await replayLanes(folder(), { witnesses: [judges, requests, answers] });
    expect(summary.failed).toEqual([]);
    expect(summary.passed).toBeGreaterThan(readRecordings(folder()).length);
    for (const [judge, count] of judges.judged) expect(count, judge).toBeGreaterThan(400);
  });

  it('is asked of providers, and answered to clients, in the types that their vendors have for it', () => {
    expect(compileShapes([...requests.shapes.list, ...answers.shapes.list])).toEqual([]);
    expect(schemaProblems(requests.shapes.list)).toEqual([]);
    expect(requests.shapes.list.length).toBeGreaterThan(7_000);
    expect(answers.shapes.list.length).toBeGreaterThan(500);
  });

  it('of calls that are no conversation keeps what was asked and what was answered', () => {
    const summary = replayOperations(folder());
    expect(summary.failed).toEqual([]);
    expect(summary.passed).toBeGreaterThan(30);
  });

  it('every OpenAI chat exchange reaches the client unchanged and is charged to the nano-dollar', async () => {
    const chats = folder('openai/openai-chat');
    const expected = readRecordings(chats).filter((recording) => recording.request !== null).length;
    const summary = await replayFolder(chats, readRunFile());
    expect(summary.failed).toEqual([]);
    expect(summary.passed).toBe(expected);
    expect(summary.counted).toBeGreaterThan(0);
  });

  const isOther = ({ provider, api }: Recording): boolean => !(provider === 'openai' && api === 'openai-chat');

  it.each(['openai-responses', 'anthropic-messages', 'gemini', 'openai-chat'])(
    'what providers really send in %s reaches a client of the same dialect through the gateway unchanged',
    async (api) => {
      const summary = await replayFolder(folder(), readRunFile(), undefined, (one) => one.api === api && isOther(one));
      expect(summary.failed).toEqual([]);
      expect(summary.passed).toBeGreaterThan(50);
    },
  );
});

if (!recordings) console.log('replay: no folder of recordings beside the checkout, nothing replayed');
