import { describe, expect, it } from 'vitest';
import type { Part } from '../canonical/part.js';
import { type CanonicalRequest, NO_SAMPLING, type ReasoningOptions, type Tool } from '../canonical/request.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { call, encoded, NO_REASONING, result, talk, text, thinking, WEATHER } from './samples.fixture.js';

describe('tools', () => {
  const shaped = (parameters: Extract<Tool, { kind: 'function' }>['parameters'], description: string | null = null) =>
    encoded({ tools: [{ ...WEATHER, parameters, description }] as readonly Tool[] });

  it('T06: $defs stay, and a schema that refers to itself ends', () => {
    const parameters = {
      type: 'object',
      properties: { node: { $ref: '#/$defs/node' } },
      $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
    };
    expect(shaped(parameters).body['tools']).toEqual([{ name: 'get_weather', input_schema: parameters }]);
  });

  it('T07: a schema without type is an object, alternatives on top become one', () => {
    expect(shaped({ properties: {} }).body['tools']).toMatchObject([{ input_schema: { type: 'object' } }]);
    const { body, lost } = shaped({
      anyOf: [{ properties: { a: { type: 'string' } } }, { properties: { b: { type: 'number' } } }],
    });
    expect(body['tools']).toMatchObject([
      { input_schema: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number' } } } },
    ]);
    expect(lost).toEqual(['approximated tools[0].parameters']);
  });

  it('T19: an empty description is not sent, a tool without a name is not sent at all', () => {
    const { body, lost } = encoded({
      tools: [
        { ...WEATHER, description: '' },
        { ...WEATHER, name: '' },
      ] as readonly Tool[],
    });
    expect(body['tools']).toEqual([
      { name: 'get_weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } },
    ]);
    expect(lost).toEqual(['dropped tools[1]']);
  });

  it('a strict tool is closed where the model enforces schemas, and plain where it does not', () => {
    const strict = [{ ...WEATHER, strict: true }] as readonly Tool[];
    const { body, lost } = encoded({ tools: strict });
    expect(body['tools']).toMatchObject([{ strict: true, input_schema: { additionalProperties: false } }]);
    expect(lost).toEqual(['approximated tools[0].parameters']);
    const old = encoded({ tools: strict }, { model: 'claude-3-7-sonnet-20250219' });
    expect(old.body['tools']).not.toMatchObject([{ strict: true }]);
    expect(old.lost).toEqual(['dropped tools[0].strict']);
  });

  it('T28: where only some are allowed, only those are sent', () => {
    const { body, lost } = encoded({
      tools: [WEATHER, { ...WEATHER, name: 'other' }] as readonly Tool[],
      toolChoice: { kind: 'allowed', mode: 'required', names: ['other'] },
    });
    expect(body['tools']).toMatchObject([{ name: 'other' }]);
    expect(body['tool_choice']).toEqual({ type: 'any' });
    expect(lost).toEqual(['approximated tool_choice']);
  });

  it('choices are said in the vendor’s words, parallel calls inside of them', () => {
    const choice = (changes: Partial<CanonicalRequest>) =>
      encoded({ tools: [WEATHER], ...changes }).body['tool_choice'];
    expect(choice({ toolChoice: { kind: 'required' } })).toEqual({ type: 'any' });
    expect(choice({ toolChoice: { kind: 'none' }, parallelToolCalls: false })).toEqual({ type: 'none' });
    expect(choice({ toolChoice: { kind: 'tool', name: 'get_weather', variant: 'function' } })).toEqual({
      type: 'tool',
      name: 'get_weather',
    });
    expect(choice({ parallelToolCalls: false })).toEqual({ type: 'auto', disable_parallel_tool_use: true });
    expect(choice({ parallelToolCalls: true })).toBeUndefined();
    expect(encoded({ toolChoice: { kind: 'required' } }).lost).toEqual(['dropped tool_choice']);
  });

  it('a search of another vendor is this vendor’s search; what exists nowhere else is a loss', () => {
    const search: Tool = {
      kind: 'server',
      tool: 'web_search',
      search: {
        allowedDomains: ['a.com'],
        blockedDomains: ['b.com'],
        maxUses: 3,
        contextSize: 'low',
        userLocation: { city: 'Paris' },
      },
      dialect: 'openai-responses',
      value: { type: 'web_search' },
    };
    const images: Tool = { ...search, tool: 'image_generation', search: null, value: { type: 'image_generation' } };
    const { body, lost } = encoded({ tools: [search, images] });
    expect(body['tools']).toEqual([
      {
        type: 'web_search_20250305',
        name: 'web_search',
        max_uses: 3,
        allowed_domains: ['a.com'],
        user_location: { type: 'approximate', city: 'Paris' },
      },
    ]);
    expect(lost).toEqual(['approximated tools[0]', 'dropped tools[1]']);
    expect(encoded({ tools: [search] }, {}, 'bedrock').lost).toEqual(['dropped tools[0]']);
  });
});

describe('how much to think', () => {
  const asked = (reasoning: Partial<ReasoningOptions>, model: string, more: Partial<CanonicalRequest> = {}) =>
    encoded({ maxOutputTokens: 10_000, reasoning: { ...NO_REASONING, ...reasoning }, ...more }, { model });

  it.each([
    ['low', 2_000],
    ['medium', 5_000],
    ['high', 8_000],
    ['minimal', 1_024],
    ['max', 9_500],
  ] as const)('effort %s is a budget of %d of 10,000 where a model takes only budgets', (effort, budget) => {
    const { body, lost } = asked({ effort }, 'claude-sonnet-4-5');
    expect(body['thinking']).toEqual({ type: 'enabled', budget_tokens: budget });
    expect(body['output_config']).toBeUndefined();
    expect(lost).toEqual(['approximated reasoning_effort']);
  });

  it('it is effort beside adaptive thinking where a model takes that, shown as other dialects show it', () => {
    const { body, headers } = asked({ effort: 'high' }, 'claude-opus-4-7');
    expect(body['thinking']).toEqual({ type: 'adaptive', display: 'summarized' });
    expect(body['output_config']).toEqual({ effort: 'high' });
    expect(headers['anthropic-beta']).toBe('effort-2025-11-24');
    expect(asked({ effort: 'xhigh' }, 'claude-opus-4-6').body['output_config']).toEqual({ effort: 'high' });
    expect(asked({ effort: 'minimal' }, 'claude-opus-5').body['output_config']).toEqual({ effort: 'low' });
  });

  it('a budget is kept below the maximum, which is never raised; without room there is no thinking', () => {
    expect(asked({ budgetTokens: 50_000 }, 'claude-sonnet-4-5').body['thinking']).toMatchObject({
      budget_tokens: 9_999,
    });
    const none = asked({ budgetTokens: 5_000 }, 'claude-sonnet-4-5', { maxOutputTokens: 1_000 });
    expect(none.body).toMatchObject({ max_tokens: 1_000 });
    expect(none.body['thinking']).toBeUndefined();
    expect(none.lost).toEqual(['dropped reasoning_effort']);
  });

  it('models that refuse a budget, or thinking, get none', () => {
    const { body, lost } = asked({ budgetTokens: 2_000 }, 'claude-opus-4-8');
    expect(body['thinking']).toMatchObject({ type: 'adaptive' });
    expect(lost).toEqual(['approximated reasoning.max_tokens']);
    expect(asked({ effort: 'high' }, 'claude-3-5-haiku-20241022').lost).toEqual(['dropped reasoning_effort']);
    expect(asked({ effort: 'none' }, 'claude-sonnet-4-5').body['thinking']).toEqual({ type: 'disabled' });
  });

  it('sampling that thinking forbids is a loss', () => {
    const sampling = { ...NO_SAMPLING, temperature: 0.5, topP: 0.5, topK: 5 };
    const { body, lost } = asked({ budgetTokens: 2_000 }, 'claude-sonnet-4-5', { sampling });
    expect(body).not.toHaveProperty('temperature');
    expect(lost).toEqual(['dropped temperature', 'dropped top_p', 'dropped top_k']);
  });

  it('a forced call and a turn that began without signed thinking forbid a budget', () => {
    const forced = asked({ budgetTokens: 2_000 }, 'claude-sonnet-4-5', {
      tools: [WEATHER],
      toolChoice: { kind: 'required' },
    });
    expect(forced.body['thinking']).toBeUndefined();
    const midway = asked({ budgetTokens: 2_000 }, 'claude-sonnet-4-5', {
      tools: [WEATHER],
      messages: talk(['user', text('a')], ['assistant', thinking(null), call('c1')], ['user', result('c1', 'sun')]),
    });
    expect(midway.body['thinking']).toBeUndefined();
    expect(midway.lost).toEqual(['dropped messages[1].content[0]', 'dropped reasoning_effort']);
  });
});

describe('parameters', () => {
  it('temperature is at most 1, and stands alone where a model takes one of the two', () => {
    const sampling = { ...NO_SAMPLING, temperature: 1.5, topP: 0.9 };
    const { body, lost } = encoded({ sampling });
    expect(body['temperature']).toBe(1);
    expect(body['top_p']).toBeUndefined();
    expect(lost).toEqual(['approximated temperature', 'dropped top_p']);
    expect(encoded({ sampling }, { model: 'claude-3-7-sonnet@20250219' }).body['top_p']).toBe(0.9);
    expect(encoded({ sampling }, { model: 'claude-opus-4-7' }).body).not.toHaveProperty('temperature');
  });

  it('what has no word here is named in the caller’s words', () => {
    const { lost } = encoded({
      choices: 2,
      logprobs: { top: 1 },
      sampling: { ...NO_SAMPLING, seed: 1, frequencyPenalty: 1, presencePenalty: 1, logitBias: { '1': 1 }, minP: 0.1 },
      metadata: { a: 'b' },
      promptCacheKey: 'k',
      modalities: ['text', 'audio'],
      stop: ['\n\n', 'END'],
      verbosity: 'low',
      serviceTier: 'flex',
    });
    const names = ['n', 'logprobs', 'seed', 'frequency_penalty', 'presence_penalty', 'logit_bias', 'min_p', 'metadata'];
    const all = [...names, 'prompt_cache_key', 'modalities', 'stop', 'verbosity', 'service_tier'];
    expect([...lost].sort()).toEqual(all.map((name) => `dropped ${name}`).sort());
    const gemini = encoded({ dialect: 'gemini', choices: 2 });
    expect(gemini.lost).toEqual(['dropped generationConfig.candidateCount']);
  });

  it('the maximum is mandatory: the caller’s, lowered to the target’s, else the target’s, else our default', () => {
    expect(encoded({}, { outputMax: 500 }).body['max_tokens']).toBe(500);
    expect(encoded({}, { outputMax: 5_000 }).body['max_tokens']).toBe(1_000);
    expect(encoded({ maxOutputTokens: null }, { outputMax: 500 }).body['max_tokens']).toBe(500);
    expect(encoded({ maxOutputTokens: null }).body['max_tokens']).toBe(8_192);
  });

  it('a schema is enforced where it can be, closed and without what the vendor refuses; else it is said in words', () => {
    const schema = {
      type: 'object',
      properties: { age: { type: 'integer', minimum: 0 }, minimum: { type: 'string' } },
    };
    const format = { kind: 'json_schema', name: null, description: null, schema, strict: true } as const;
    const { body, lost } = encoded({ format });
    expect(body['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { age: { type: 'integer', description: '{minimum: 0}' }, minimum: { type: 'string' } },
          additionalProperties: false,
        },
      },
    });
    expect(lost).toEqual(['approximated response_format']);
    const old = encoded({ format }, { model: 'claude-sonnet-4-20250514' });
    expect(old.body['system']).toContain(JSON.stringify(schema));
    expect(encoded({ format: { kind: 'json_object' } }).body['system']).toContain('JSON object');
  });

  it('the user is our hash where the provider is to see one, else the caller’s word', () => {
    const quirks = { ...NO_QUIRKS, safetyIdentifierField: 'metadata.user_id' } as const;
    expect(encoded({ user: 'u' }, { quirks, safetyIdentifier: 'h' }).body['metadata']).toEqual({ user_id: 'h' });
    expect(encoded({ user: 'u' }).body['metadata']).toEqual({ user_id: 'u' });
  });

  it('T08: a cache mark stays on the one part it stood on', () => {
    const marked: Part = { kind: 'text', text: 'b', cache: { ttl: '1h' } };
    const { body } = encoded({ messages: talk(['user', text('a'), marked, text('c')]) });
    expect(body.messages?.[0]?.['content']).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'c' },
    ]);
  });
});

describe('cache marks of other dialects', () => {
  const marked = (words: string, ttl: '5m' | '1h' | null): Part => ({ kind: 'text', text: words, cache: { ttl } });
  const marksOf = (body: object): readonly unknown[] =>
    JSON.stringify(body)
      .split('"cache_control":')
      .slice(1)
      .map((rest) => rest.slice(0, rest.indexOf('}') + 1));

  it('an hour behind five minutes is five minutes: the vendor refuses the other order', () => {
    const { body, lost } = encoded({
      messages: talk(['user', marked('a', '1h'), marked('b', null), marked('c', '1h')]),
    });
    expect(marksOf(body)).toEqual([
      '{"type":"ephemeral","ttl":"1h"}',
      '{"type":"ephemeral"}',
      '{"type":"ephemeral","ttl":"5m"}',
    ]);
    expect(lost).toEqual(['approximated cache_control']);
  });

  it('of more than four, the earliest of the messages go, and those of the system text stay', () => {
    const turn = ['a', 'b', 'c', 'd', 'e'].map((one) => marked(one, null));
    const { body, lost } = encoded({ messages: talk(['system', marked('S', null)], ['user', ...turn]) });
    expect(JSON.stringify(body['system'])).toContain('cache_control');
    const blocks = (body.messages?.[0]?.['content'] ?? []) as readonly {
      readonly text: string;
      readonly cache_control?: object;
    }[];
    expect(blocks.filter(({ cache_control }) => cache_control).map((block) => block.text)).toEqual(['c', 'd', 'e']);
    expect(lost).toEqual(['approximated cache_control']);
  });
});

describe('other hosts', () => {
  it('Vertex has the model in the path and its version in the body', () => {
    const { body, path, headers } = encoded({ isStream: true }, { model: 'claude-sonnet-4-5@20250929' }, 'vertex');
    expect(path).toBe('/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict');
    expect(body).toMatchObject({ anthropic_version: 'vertex-2023-10-16', stream: true });
    expect(body).not.toHaveProperty('model');
    expect(headers).toEqual({});
  });

  it('Bedrock has no stream member, and betas in the body', () => {
    const computer: Tool = {
      kind: 'server',
      tool: 'computer',
      search: null,
      dialect: 'anthropic-messages',
      value: { type: 'computer_20250124', name: 'computer', display_width_px: 1, display_height_px: 1 },
    };
    const { body, path } = encoded(
      { isStream: true, tools: [computer] },
      { model: 'anthropic.claude-v1:0' },
      'bedrock',
    );
    expect(path).toBe('/model/anthropic.claude-v1%3A0/invoke-with-response-stream');
    expect(body).toMatchObject({
      anthropic_version: 'bedrock-2023-05-31',
      anthropic_beta: ['computer-use-2025-01-24'],
    });
    expect(body).not.toHaveProperty('stream');
  });

  it('a beta that a cloud does not know is not announced there', () => {
    const search: Tool = {
      kind: 'server',
      tool: 'other',
      search: null,
      dialect: 'anthropic-messages',
      value: { type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' },
    };
    expect(encoded({ tools: [search] }).headers['anthropic-beta']).toBe('advanced-tool-use-2025-11-20');
    expect(encoded({ tools: [search] }, {}, 'vertex').headers).toEqual({});
  });

  it('T08: the mark of a whole request is not stripped where a host has none, it moves to the last block', () => {
    const { body, lost } = encoded({ cache: { ttl: null } }, {}, 'vertex');
    expect(body.messages).toEqual([
      { role: 'user', content: [{ cache_control: { type: 'ephemeral' }, type: 'text', text: 'Hello' }] },
    ]);
    expect(lost).toEqual(['moved cache_control']);
  });
});
