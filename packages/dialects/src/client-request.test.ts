import { expect, it } from 'vitest';
import { openRequest } from './client-request.js';
import { quirksOf } from './provider-quirks.js';

const door = { model: 'm', isStream: false };
const TARGET = {
  model: 'theirs',
  quirks: quirksOf('groq'),
  outputMax: null,
  safetyIdentifier: null,
  dialect: 'openai-chat',
  host: 'direct',
  publicModel: 'a/m',
  providerName: 'Groq',
  requestId: 'r1',
  created: 1,
} as const;

function open(parts: readonly object[]) {
  return openRequest('gemini', Buffer.from(JSON.stringify({ contents: [{ role: 'user', parts }] })), door);
}

it('a provider that cannot be told of a part names it as the caller of Gemini wrote it', () => {
  const opened = open([{ text: 'Look.' }, { inlineData: { mimeType: 'video/mp4', data: 'AAAA' } }]);
  if (!opened.ok) throw new Error(opened.failure.message);
  const lane = opened.value.lane(TARGET);
  expect(lane).toMatchObject({ ok: false, failure: { code: 'unsupported_content', param: 'contents[0].parts[1]' } });
  if (!lane.ok) expect(lane.failure.message).not.toContain('.content[');
});

it('an object of an account is named as the caller wrote it', () => {
  const opened = open([{ text: 'Look.' }, { fileData: { mimeType: 'image/png', fileUri: 'gs://bucket/a.png' } }]);
  expect(opened).toMatchObject({ ok: false, failure: { param: expect.stringContaining('contents[0].parts[1]') } });
});
