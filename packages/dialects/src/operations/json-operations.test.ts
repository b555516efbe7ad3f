import { describe, expect, test } from 'vitest';
import { answered, json, laneOf, opened, refusalOf } from './lane-target.fixture.js';
import { openOperation } from './open-operation.js';

describe('what leaves for a provider of the same interface', () => {
  test('is the caller’s own bytes, but for the model', () => {
    const body = Buffer.from('{ "model":"author/model",\n "input":["a","b\\u00e9"], "truncate_prompt_tokens" : 1e2 }');
    const result = openOperation('embeddings', body, 'application/json');
    if (!result.ok) throw new Error(result.failure.message);
    const lane = laneOf(result.value);
    expect(lane.body.toString()).toBe(
      '{ "model":"vendor-model",\n "input":["a","b\\u00e9"], "truncate_prompt_tokens" : 1e2 }',
    );
    expect([lane.kind, lane.path, lane.losses]).toEqual(['passed', '/embeddings', []]);
  });

  test('never holds a null: encoding_format: null breaks servers (T25)', () => {
    const request = opened('embeddings', {
      user: null,
      model: 'm',
      encoding_format: null,
      input: 'a',
      dimensions: null,
    });
    expect(laneOf(request).body.toString()).toBe('{"model":"vendor-model","input":"a"}');
  });

  test('has no member that speaks of routes, no labels of ours and no name of the tenant’s user', () => {
    const body = {
      model: 'm',
      input: 'a',
      user: 'jane',
      provider: { order: ['x'] },
      transforms: ['a'],
      metadata: { team: 'a' },
    };
    const request = opened('embeddings', body);
    const lane = laneOf(request);
    expect(json(lane.body)).toEqual({ model: 'vendor-model', input: 'a' });
    expect(lane.losses).toEqual([
      { field: 'transforms', reason: 'dropped' },
      { field: 'user', reason: 'dropped' },
    ]);
    expect(json(laneOf(request, { safetyIdentifier: 'org-1' }).body)).toMatchObject({ user: 'org-1' });
    expect(request.envelope).toMatchObject({ user: 'jane', metadata: { team: 'a' }, routing: { order: ['x'] } });
  });

  test('names members as the provider does', () => {
    const embed = opened('embeddings', { model: 'm', input: 'a', dimensions: 256, encoding_format: 'float' });
    expect(json(laneOf(embed, { provider: 'mistral' }).body)).toMatchObject({ output_dimension: 256 });
    expect(json(laneOf(embed, { provider: 'voyage' }).body)).toEqual({
      model: 'vendor-model',
      input: 'a',
      output_dimension: 256,
    });
    const rank = opened('rerank', { model: 'm', query: 'q', documents: ['a'], top_n: 1, return_documents: true });
    expect(json(laneOf(rank, { provider: 'voyage' }).body)).toEqual({
      model: 'vendor-model',
      query: 'q',
      documents: ['a'],
      top_k: 1,
    });
  });
});

describe('a body that is not what it must be is refused by the name of its member', () => {
  const fine = { model: 'm', input: 'a' };
  const rank = { model: 'm', query: 'q', documents: ['a'] };
  test.each([
    ['embeddings', '{"model":"m","input":"a"', 'invalid_json null'],
    ['embeddings', '{"model":"m","model":"n","input":"a"}', 'duplicate_field model'],
    ['embeddings', '{"model":"m","input":"a","x":{"a":1,"a":2}}', 'duplicate_field null'],
    ['embeddings', '{"model":"m","input":"\\ud800"}', 'invalid_request null'],
    ['embeddings', { input: 'a' }, 'invalid_request model'],
    ['embeddings', { ...fine, model: 7 }, 'invalid_request model'],
    ['embeddings', { model: 'm' }, 'invalid_request input'],
    ['embeddings', { model: 'm', input: [] }, 'invalid_request input'],
    ['embeddings', { model: 'm', input: '' }, 'invalid_request input'],
    ['embeddings', { model: 'm', input: ['a', ''] }, 'invalid_request input[1]'],
    ['embeddings', { model: 'm', input: ['a', 1] }, 'invalid_request input[0]'],
    ['embeddings', { model: 'm', input: [1.5] }, 'invalid_request input[0]'],
    ['embeddings', { model: 'm', input: [[1], []] }, 'invalid_request input[1]'],
    ['embeddings', { model: 'm', input: [{ content: [] }] }, 'unsupported_content input[0]'],
    ['embeddings', { ...fine, encoding_format: 'int8' }, 'invalid_request encoding_format'],
    ['embeddings', { ...fine, dimensions: 0 }, 'invalid_request dimensions'],
    ['embeddings', { ...fine, user: 5 }, 'invalid_request user'],
    ['embeddings', { ...fine, metadata: { a: 1 } }, 'invalid_request metadata'],
    ['moderations', { model: 'm' }, 'invalid_request input'],
    ['moderations', { input: [] }, 'invalid_request input'],
    ['moderations', { input: [{ type: 'text' }] }, 'invalid_request input[0].text'],
    ['moderations', { input: [5] }, 'invalid_request input[0]'],
    ['rerank', { ...rank, query: '' }, 'invalid_request query'],
    ['rerank', { ...rank, documents: undefined }, 'invalid_request documents'],
    ['rerank', { ...rank, documents: [] }, 'invalid_request documents'],
    ['rerank', { ...rank, documents: [5] }, 'invalid_request documents[0]'],
    ['rerank', { ...rank, documents: ['a', { image: 'x' }] }, 'unsupported_content documents[1].image'],
    ['rerank', { ...rank, top_n: 0 }, 'invalid_request top_n'],
    ['rerank', { ...rank, return_documents: 'yes' }, 'invalid_request return_documents'],
  ] as const)('%s %j', (door, body, refusal) => {
    expect(refusalOf(door, body)).toBe(refusal);
  });

  test('another type than JSON', () => {
    const result = openOperation('embeddings', Buffer.from('{}'), 'text/plain');
    expect(result).toMatchObject({ ok: false, failure: { code: 'unsupported_content_type' } });
  });
});

describe('what is held for', () => {
  test('texts by their bytes, tokens by their number', () => {
    expect(opened('embeddings', { model: 'm', input: ['é', 'ab'] }).envelope.inputTokensBound).toBe(4 + 2 * 2);
    expect(opened('embeddings', { model: 'm', input: [1, 2, 3] }).envelope.inputTokensBound).toBe(3 + 2);
    expect(opened('embeddings', { model: 'm', input: [[1, 2], [3]] }).counted?.()).toEqual({ input: 3 });
  });

  test('more tokens than a conversation may have values: libraries send lists of tokens by default', () => {
    const input = Array.from({ length: 300 }, () => Array.from({ length: 1_000 }, (_, index) => index));
    expect(opened('embeddings', { model: 'm', input }).envelope.inputTokensBound).toBe(300_600);
  });

  test('a search of a hundred short documents is one unit, long ones are several', () => {
    const documents = Array.from({ length: 100 }, () => 'short');
    expect(opened('rerank', { model: 'm', query: 'q', documents }).envelope.units).toEqual({ search_unit: 1 });
    const long = [...documents, 'word '.repeat(120)];
    expect(opened('rerank', { model: 'm', query: 'q', documents: long }).envelope.units).toEqual({ search_unit: 2 });
  });
});

describe('answers', () => {
  test('embeddings keep every digit; the model is ours and the cost is in the usage', () => {
    const lane = laneOf(opened('embeddings', { model: 'm', input: 'hello' }));
    const answer = Buffer.from(
      '{"object":"list","data":[{"embedding":[-0.10000000000000001,1E-7],"index":0}],"model":"v1","usage":{"prompt_tokens":3,"total_tokens":3}}',
    );
    const { usage, body } = answered(lane, answer);
    expect(usage).toEqual({ input: 3 });
    expect(body.toString()).toBe(
      '{"object":"list","data":[{"embedding":[-0.10000000000000001,1E-7],"index":0}],"model":"author/model","usage":{"prompt_tokens":3,"total_tokens":3,"cost":0.25}}',
    );
  });

  test('embeddings without usage are counted, and the count is told', () => {
    const lane = laneOf(opened('embeddings', { model: 'm', input: 'hello world' }));
    const { usage, counted, body } = answered(lane, { data: [{ embedding: [1], index: 0 }], model: 'v1' });
    expect([usage, counted]).toEqual([null, { input: 2 }]);
    expect(json(body)).toMatchObject({ usage: { prompt_tokens: 2, total_tokens: 2, cost: 0.25 } });
  });

  test('no embeddings at all are no answer', () => {
    const lane = laneOf(opened('embeddings', { model: 'm', input: 'a' }));
    expect(answered(lane, { data: [], usage: { prompt_tokens: 1 } }).isEmpty).toBe(true);
  });

  test.each([
    [{ error: { message: 'no', code: 'rate_limit_exceeded' } }, 'failed'],
    [{ object: 'list' }, 'unreadable'],
    ['<html>', 'unreadable'],
  ])('%j under HTTP 200 is %s', (answer, kind) => {
    const bytes = Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer));
    for (const [door, body] of [
      ['embeddings', { model: 'm', input: 'a' }],
      ['moderations', { input: 'a' }],
      ['rerank', { model: 'm', query: 'q', documents: ['a'] }],
    ] as const)
      expect(laneOf(opened(door, body)).readWhole(bytes, {}).kind).toBe(kind);
  });

  test('a moderation without a model is asked of the vendor’s own', () => {
    const request = opened('moderations', { input: ['a', 'b'] });
    expect(request.envelope).toMatchObject({ operation: 'moderation', model: 'omni-moderation-latest' });
    const lane = laneOf(request);
    expect(json(lane.body)).toEqual({ model: 'vendor-model', input: ['a', 'b'] });
    const { body } = answered(lane, { id: 'modr-1', model: 'x', results: [{ flagged: false }] });
    expect(json(body)).toEqual({ id: 'gen-r1', model: 'author/model', results: [{ flagged: false }] });
  });

  test.each([
    [
      'Cohere',
      { results: [{ index: 1, relevance_score: 0.5 }], meta: { billed_units: { search_units: 1 } } },
      { search_units: 1 },
    ],
    ['Voyage', { data: [{ index: 1, relevance_score: 0.5 }], usage: { total_tokens: 9 } }, { total_tokens: 9 }],
    [
      'Together',
      { results: [{ index: 1, relevance_score: 0.5, document: {} }], usage: { prompt_tokens: 9, total_tokens: 9 } },
      { total_tokens: 9 },
    ],
  ])('%s ranks in the one public shape', (_name, answer, usage) => {
    const lane = laneOf(opened('rerank', { model: 'm', query: 'q', documents: ['a', { text: 'b' }] }));
    expect(json(lane.body)).toMatchObject({ documents: ['a', 'b'] });
    expect(json(answered(lane, answer).body)).toEqual({
      id: 'gen-r1',
      model: 'author/model',
      provider: 'OpenAI',
      results: [{ index: 1, relevance_score: 0.5, document: { text: 'b' } }],
      usage: { ...usage, cost: 0.25 },
    });
  });

  test('a ranking without usage is counted in units and in tokens', () => {
    const lane = laneOf(opened('rerank', { model: 'm', query: 'q', documents: ['a', 'b'] }));
    const { usage, counted } = answered(lane, { results: [{ index: 0, relevance_score: 1 }] });
    expect([usage, counted]).toEqual([null, { input: 4, search_unit: 1 }]);
  });

  test('a result that names no document is not passed on', () => {
    const lane = laneOf(opened('rerank', { model: 'm', query: 'q', documents: ['a'] }));
    const answer = Buffer.from(JSON.stringify({ results: [{ index: 1, relevance_score: 1 }] }));
    expect(lane.readWhole(answer, {}).kind).toBe('unreadable');
  });
});
