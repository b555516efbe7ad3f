import { describe, expect, test } from 'vitest';
import type { ClientRequest } from '../lane.js';
import { answered, json, laneOf, opened } from './lane-target.fixture.js';
import { openOperation } from './open-operation.js';

function gemini(verb: 'embedContent' | 'batchEmbedContents', body: unknown): ClientRequest {
  const result = openOperation(verb, Buffer.from(JSON.stringify(body)), 'application/json', 'author/model');
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

const content = (text: string) => ({ parts: [{ text }] });
const ANSWER = {
  object: 'list',
  data: [
    { index: 1, embedding: [3, 4] },
    { index: 0, embedding: [1, 2] },
  ],
  model: 'v',
  usage: { prompt_tokens: 2, total_tokens: 2 },
};

describe('a client that speaks Gemini', () => {
  test('asks whoever embeds, and gets a list in the order of its texts', () => {
    const requests = ['a', 'b'].map((text) => ({ model: 'models/x', content: content(text), outputDimensionality: 2 }));
    const request = gemini('batchEmbedContents', { requests });
    expect([request.dialect, request.envelope.model, request.envelope.operation]).toEqual([
      'gemini',
      'author/model',
      'embeddings',
    ]);
    const lane = laneOf(request);
    expect([lane.kind, lane.path]).toEqual(['translated', '/embeddings']);
    expect(json(lane.body)).toEqual({ model: 'vendor-model', input: ['a', 'b'], dimensions: 2 });
    const read = answered(lane, ANSWER);
    expect(read.usage).toEqual({ input: 2 });
    expect(json(read.body)).toEqual({
      embeddings: [{ values: [1, 2] }, { values: [3, 4] }],
      usageMetadata: { promptTokenCount: 2, cost: 0.25 },
    });
  });

  test('gets one embedding for one text, and is told what could not be said', () => {
    const lane = laneOf(gemini('embedContent', { content: content('a'), taskType: 'RETRIEVAL_QUERY' }));
    expect(lane.losses).toEqual([{ field: 'taskType', reason: 'dropped' }]);
    expect(json(answered(lane, { ...ANSWER, data: ANSWER.data.slice(1) }).body)).toMatchObject({
      embedding: { values: [1, 2] },
    });
    expect(lane.readWhole(Buffer.from('{"error":{"message":"x"}}'), {}).kind).toBe('failed');
  });

  test.each([
    ['embedContent', { requests: [{ content: content('a') }] }, 'content'],
    ['batchEmbedContents', { content: content('a') }, 'requests'],
    ['embedContent', { content: { parts: [{ inlineData: {} }] } }, 'content'],
  ] as const)('%s %j is refused by its member', (verb, body, param) => {
    const result = openOperation(verb, Buffer.from(JSON.stringify(body)), '', 'm');
    expect(result).toMatchObject({ ok: false, failure: { param } });
  });
});

describe('an endpoint that speaks Gemini', () => {
  const target = { dialect: 'gemini', model: 'gemini-embedding-001' };

  test('is asked in its own words and answers in OpenAI’s', () => {
    const body = { model: 'm', input: ['a', 'b'], dimensions: 2, truncate: 'END', metadata: { a: 'b' } };
    const lane = laneOf(opened('embeddings', body), target);
    expect(lane.path).toBe('/models/gemini-embedding-001:batchEmbedContents');
    expect(json(lane.body)).toMatchObject({ requests: [{ outputDimensionality: 2 }, { content: content('b') }] });
    expect(lane.losses).toEqual([{ field: 'truncate', reason: 'dropped' }]);
    const read = answered(lane, { embeddings: [{ values: [1, 2] }, { values: [3] }] });
    expect([read.usage, read.counted]).toEqual([null, { input: 2 }]);
    expect(json(read.body)).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [1, 2] },
        { object: 'embedding', index: 1, embedding: [3] },
      ],
      model: 'author/model',
      usage: { prompt_tokens: 2, total_tokens: 2, cost: 0.25 },
    });
  });

  test.each([
    ['{"error":{"code":429,"message":"slow down"}}', 'failed'],
    ['{}', 'unreadable'],
  ])('%s is no answer', (answer, kind) => {
    expect(
      laneOf(opened('embeddings', { model: 'm', input: 'a' }), target).readWhole(Buffer.from(answer), {}).kind,
    ).toBe(kind);
  });
});

test('an endpoint that is spoken to in another interface is not sent what it cannot read', () => {
  const request = opened('rerank', { model: 'm', query: 'q', documents: ['a'] });
  expect(() => laneOf(request, { dialect: 'openai-chat' })).toThrow('not spoken to');
});
