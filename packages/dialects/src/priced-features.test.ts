import { describe, expect, it } from 'vitest';
import type { ClientDialectId } from './canonical/index.js';
import { openRequest } from './client-request.js';
import { type OperationDoor, openOperation } from './index.js';

const SPOKEN: Readonly<Record<ClientDialectId, object>> = {
  'openai-chat': { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
  'openai-responses': { model: 'm', input: 'hi' },
  'anthropic-messages': { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] },
  gemini: { contents: [{ parts: [{ text: 'hi' }] }] },
};

function open(dialect: ClientDialectId, more: object) {
  const body = Buffer.from(JSON.stringify({ ...SPOKEN[dialect], ...more }));
  return openRequest(dialect, body, { model: dialect === 'gemini' ? 'm' : null, isStream: null });
}

function featuresOf(dialect: ClientDialectId, more: object): readonly string[] {
  const opened = open(dialect, more);
  if (!opened.ok) throw new Error(opened.failure.message);
  return opened.value.envelope.pricedFeatures;
}

const marked = (cache_control: object) => ({
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control }] }],
});

describe('what has a price of its own is named, so that it is priced or refused', () => {
  it.each<[ClientDialectId, object, readonly string[]]>([
    // six times the price of the same tokens, and ten percent more of them
    ['anthropic-messages', { speed: 'fast' }, ['speed:fast']],
    ['anthropic-messages', { inference_geo: 'us' }, ['inference_geo:us']],
    ['openai-chat', { speed: 'fast', inference_geo: 'us' }, ['speed:fast', 'inference_geo:us']],
    ['gemini', { tools: [{ googleMaps: {} }] }, ['server_tool:googleMaps']],
    ['gemini', { tools: [{ codeExecution: {}, google_maps: {} }] }, ['server_tool:googleMaps']],
    ['gemini', { tools: [{ googleSearch: {} }, { urlContext: {} }] }, ['web_search']],
    [
      'anthropic-messages',
      { tools: [{ type: 'code_execution_20250825', name: 'c' }] },
      ['server_tool:code_execution_20250825'],
    ],
    ['anthropic-messages', { tools: [{ type: 'CODE_EXECUTION_1', name: 'c' }] }, ['server_tool:CODE_EXECUTION_1']],
    ['openai-responses', { tools: [{ type: 'image_generation' }] }, ['server_tool:image_generation']],
    [
      'openai-responses',
      { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] },
      ['server_tool:code_interpreter'],
    ],
    ['openai-responses', { service_tier: 'flex' }, ['service_tier:flex']],
    ['openai-responses', { web_search_options: {} }, ['web_search']],
    ['openai-responses', { search_parameters: { mode: 'on' } }, ['web_search']],
    ['openai-responses', { plugins: [{ id: 'web' }, { id: 'pdf' }] }, ['web_search', 'plugin:pdf']],
    ['gemini', { generationConfig: { responseModalities: ['Audio', 'IMAGE'] } }, ['audio_output', 'image_output']],
    ['openai-chat', { modalities: ['text', 'AUDIO'] }, ['audio_output']],
    ['openai-responses', { modalities: ['Audio'] }, ['audio_output']],
  ])('%s %j', (dialect, more, features) => {
    expect(featuresOf(dialect, more)).toEqual(features);
  });

  it.each<[OperationDoor, object]>([
    ['embeddings', { input: 'hi' }],
    ['completions', { prompt: 'hi' }],
    ['images/generations', { prompt: 'hi' }],
    ['rerank', { query: 'hi', documents: ['a'] }],
  ])('another tier has another price at %s too', (door, more) => {
    const of = (service_tier: unknown): readonly string[] => {
      const opened = openOperation(door, Buffer.from(JSON.stringify({ model: 'm', ...more, service_tier })), '');
      if (!opened.ok) throw new Error(opened.failure.message);
      return opened.value.envelope.pricedFeatures;
    };
    expect(of('flex')).toEqual(['service_tier:flex']);
    expect([of('default'), of(null)]).toEqual([[], []]);
  });

  it('tools inside of a namespace are tools', () => {
    const inner = [{ type: 'function', name: 'f' }, { type: 'image_generation' }, { type: 'web_search' }];
    expect(featuresOf('openai-responses', { tools: [{ type: 'namespace', name: 'n', tools: inner }] })).toEqual([
      'server_tool:image_generation',
      'web_search',
    ]);
  });

  it('an hour in the cache is one on any tool, and beside members that are not known', () => {
    const hour = { type: 'ephemeral', ttl: '1h' };
    const tools = [{ type: 'bash_20250124', name: 'bash', cache_control: hour }];
    expect(featuresOf('anthropic-messages', { tools })).toEqual(['cache_write_1h']);
    expect(featuresOf('anthropic-messages', marked({ ...hour, scope: 'global' }))).toEqual(['cache_write_1h']);
    expect(featuresOf('anthropic-messages', { cache_control: { ...hour, scope: 'global' } })).toEqual([
      'cache_write_1h',
    ]);
    expect(featuresOf('anthropic-messages', marked({ type: 'ephemeral' }))).toEqual([]);
  });

  it('what says the default asks for nothing', () => {
    expect(
      featuresOf('anthropic-messages', { speed: 'standard', inference_geo: 'global', service_tier: 'auto' }),
    ).toEqual([]);
    expect(featuresOf('anthropic-messages', { speed: null, inference_geo: null })).toEqual([]);
    expect(featuresOf('openai-responses', { search_parameters: { mode: 'off' }, plugins: [] })).toEqual([]);
  });

  it.each<[ClientDialectId, object, string]>([
    ['openai-responses', { n: 5 }, 'n'],
    ['openai-responses', { best_of: 5 }, 'best_of'],
    ['anthropic-messages', { n: 5 }, 'n'],
    ['anthropic-messages', { num_choices: 2 }, 'num_choices'],
    ['openai-chat', { best_of: 2 }, 'best_of'],
    ['gemini', { generationConfig: { candidateCount: 129 } }, 'generationConfig.candidateCount'],
  ])('%s: a multiplier that nobody holds for is refused: %j', (dialect, more, param) => {
    expect(open(dialect, more)).toMatchObject({ ok: false, failure: { code: 'invalid_request', param } });
  });
});

describe('the bound of the input covers every text that a provider may read', () => {
  const long = 'x'.repeat(50_000);
  const source = { type: 'text', media_type: 'text/plain', data: 'hi' };
  it.each<[ClientDialectId, string, object]>([
    [
      'anthropic-messages',
      'the context of a document',
      { messages: [{ role: 'user', content: [{ type: 'document', source, context: long }] }] },
    ],
    [
      'anthropic-messages',
      'the title of a document',
      { messages: [{ role: 'user', content: [{ type: 'document', source, title: long }] }] },
    ],
    [
      'anthropic-messages',
      'members that are not known',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', more: long }] }] },
    ],
    ['anthropic-messages', 'members of a message', { messages: [{ role: 'user', content: 'hi', more: long }] }],
    ['openai-responses', 'members of an item', { input: [{ role: 'user', content: 'hi', more: long }] }],
    ['gemini', 'members of a part', { contents: [{ parts: [{ text: 'hi', more: long }] }] }],
    ['openai-chat', 'the name of a participant', { messages: [{ role: 'user', content: 'hi', name: long }] }],
  ])('%s: %s', (dialect, _what, more) => {
    const opened = open(dialect, more);
    expect(opened.ok && opened.value.envelope.inputTokensBound).toBeGreaterThan(50_000);
  });
});
