import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRunFile } from '../harness/run-file.js';
import { readRecordings } from './recordings.js';
import { replayFolder } from './replay-folder.js';

const recordings = process.env.TOLLGATE_RECORDINGS;

describe.skipIf(!recordings)('real provider traffic, replayed through the gateway', () => {
  const folder = path.join(recordings ?? '', 'openai/openai-chat');

  it('every OpenAI chat exchange reaches the client unchanged and is charged to the nano-dollar', async () => {
    const expected = readRecordings(folder).filter((recording) => recording.request !== null).length;
    const summary = await replayFolder(folder, readRunFile());
    expect(summary.failed).toEqual([]);
    expect(summary.passed).toBe(expected);
    expect(summary.counted).toBeGreaterThan(0);
  });

  it.each(['deepseek', 'groq', 'xai', 'mistral', 'together', 'openrouter', 'cerebras', 'perplexity', 'huggingface'])(
    'what %s really sends in the same dialect reaches the client unchanged',
    async (provider) => {
      const summary = await replayFolder(path.join(recordings ?? '', provider, 'openai-chat'), readRunFile()).catch(
        () => null,
      );
      expect(summary?.failed ?? []).toEqual([]);
    },
  );
});

if (!recordings) console.log('replay: no folder of recordings beside the checkout, nothing replayed');
