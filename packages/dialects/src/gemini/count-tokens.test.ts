import { describe, expect, it } from 'vitest';
import { bodyBytes, loadRecordings } from '../recordings.fixture.js';
import {
  decodeCountTokens,
  decodeCountTokensReply,
  encodeCountTokens,
  encodeCountTokensReply,
} from './count-tokens.js';
import { targetOf } from './plain-request.fixture.js';
import { provider, vertexProvider } from './provider.js';

const DOOR = { model: 'm', isStream: false };
const read = (body: unknown) => decodeCountTokens(Buffer.from(JSON.stringify(body)), DOOR);
const CONTENTS = [{ role: 'user', parts: [{ text: 'Hi' }] }];

describe('countTokens', () => {
  it('T31: system text and tools of a whole request count', () => {
    const whole = {
      model: 'models/x',
      contents: CONTENTS,
      systemInstruction: { parts: [{ text: 'S' }] },
      tools: [{ functionDeclarations: [{ name: 'f' }] }],
    };
    for (const body of [{ generateContentRequest: whole }, { generate_content_request: whole }, whole]) {
      const decoded = read(body);
      expect(decoded).toMatchObject({
        ok: true,
        value: { model: 'm', messages: [{ role: 'system' }, { role: 'user' }], tools: [{ name: 'f' }] },
      });
    }
  });

  it.each([
    [{}, 'contents'],
    [{ generateContentRequest: 5 }, 'generateContentRequest'],
    [{ contents: CONTENTS, generateContentRequest: { contents: CONTENTS } }, 'contents'],
  ])('%j is refused by name', (body, param) => {
    expect(read(body)).toMatchObject({ ok: false, failure: { param } });
  });

  it('is asked of each host as it takes it', () => {
    const body = { contents: CONTENTS, systemInstruction: { parts: [] }, generationConfig: { topK: 1 } };
    expect(encodeCountTokens(body, 'gemini-2.5-flash', 'developer')).toEqual({
      path: '/models/gemini-2.5-flash:countTokens',
      body: { generateContentRequest: { model: 'models/gemini-2.5-flash', ...body } },
    });
    expect(encodeCountTokens(body, 'gemini-2.5-flash', 'vertex')).toEqual({
      path: '/publishers/google/models/gemini-2.5-flash:countTokens',
      body: { contents: CONTENTS, systemInstruction: { parts: [] } },
    });
  });

  it('is answered with the total', () => {
    expect(decodeCountTokensReply(encodeCountTokensReply(7))).toBe(7);
    for (const body of ['', '{}', '{"totalTokens":"x"}', '{"totalTokens":-1}'])
      expect(decodeCountTokensReply(Buffer.from(body))).toBeNull();
  });
});

const recordings = loadRecordings('gemini-count-tokens');

describe.runIf(recordings.length > 0)('every recorded count', () => {
  it.each(recordings.map((one) => [one.name, one] as const))('%s', (name, { request, response, ...one }) => {
    if (response.status === 200)
      expect(decodeCountTokensReply(bodyBytes({ request, response, ...one }))).toBeGreaterThan(0);
    else
      expect(provider.decodeFailure(response.status, bodyBytes({ request, response, ...one }), {}).kind).toBe(
        'not_found',
      );
    if (request === null) return;
    const decoded = decodeCountTokens(Buffer.from(JSON.stringify(request.body)), DOOR);
    if (!decoded.ok) throw new Error(decoded.failure.message);
    const codec = name.startsWith('google-vertex') ? vertexProvider : provider;
    expect(codec.encodeRequest(decoded.value, targetOf('gemini-2.5-flash')).ok).toBe(true);
  });
});
