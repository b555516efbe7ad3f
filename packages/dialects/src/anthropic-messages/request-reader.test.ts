import { describe, expect, it } from 'vitest';
import type { CanonicalRequest } from '../canonical/request.js';
import { decodeTokenCount, encodeCountTokens, encodeTokenCount } from './count-tokens.js';
import { decodeCountTokens, decodeRequest } from './request-reader.js';
import { encodeRequest } from './request-writer.js';
import { TARGET } from './samples.fixture.js';

const door = { model: null, isStream: null };
const BASE = { model: 'claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

const read = (changes: object) => decodeRequest(Buffer.from(JSON.stringify({ ...BASE, ...changes })), door);

function decoded(changes: object): CanonicalRequest {
  const result = read(changes);
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

/** Reads it and says it again to Anthropic. */
function saidAgain(changes: object) {
  const result = encodeRequest(decoded(changes), TARGET, 'direct');
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

describe('a request', () => {
  it.each([
    [{ messages: undefined }, 'messages', 'Field required'],
    [{ messages: 'Hi' }, 'messages', 'valid list'],
    [{ messages: [] }, 'messages', 'at least one'],
    [{ messages: [7] }, 'messages.0', 'dictionary'],
    [{ messages: [{ role: 'tool', content: 'a' }] }, 'messages.0.role', "'user'"],
    [{ messages: [{ role: 'user' }] }, 'messages.0.content', 'Field required'],
    [{ messages: [{ role: 'user', content: { type: 'text' } }] }, 'messages.0.content', 'string or list'],
    [{ messages: [{ role: 'user', content: [{ text: 'a' }] }] }, 'messages.0.content.0.type', 'Field required'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages.0.content.0.text', 'Field required'],
    [{ messages: [{ role: 'user', content: [{ type: 'image' }] }] }, 'messages.0.content.0.source', 'dictionary'],
    [
      { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [1] }] }] },
      'messages.0.content.0.content.0',
      'dictionary',
    ],
    [{ model: undefined }, 'model', 'Field required'],
    [{ model: 7 }, 'model', 'string'],
    [{ max_tokens: undefined }, 'max_tokens', 'Field required'],
    [{ max_tokens: '9' }, 'max_tokens', 'number'],
    [{ max_tokens: 1.5 }, 'max_tokens', 'integer'],
    [{ stream: 'yes' }, 'stream', 'boolean'],
    [{ temperature: 'hot' }, 'temperature', 'number'],
    [{ stop_sequences: 'END' }, 'stop_sequences', 'list of strings'],
    [{ tools: {} }, 'tools', 'list'],
    [{ tools: [{ description: 'x' }] }, 'tools.0.name', 'Field required'],
    [{ tools: [{ name: 'a', input_schema: 'x' }] }, 'tools.0.input_schema', 'dictionary'],
    [{ tool_choice: { type: 'tool' } }, 'tool_choice.name', 'Field required'],
    [{ thinking: 'yes' }, 'thinking', 'dictionary'],
    [{ system: 7 }, 'system', 'string or list'],
    [{ metadata: [] }, 'metadata', 'dictionary'],
  ])('with %j is refused by the name of its field', (changes, param, words) => {
    const result = read(changes);
    expect(result).toMatchObject({ ok: false, failure: { param } });
    expect(!result.ok && result.failure.message).toContain(words);
  });

  it.each(['', '{', 'null', '[]', '"a"', '\u0000'])('that is %j is refused and never thrown at', (body) => {
    expect(decodeRequest(Buffer.from(body), door)).toMatchObject({ ok: false });
  });

  it('takes its model from the door where the URL names it', () => {
    const result = decodeRequest(Buffer.from(JSON.stringify({ ...BASE, model: undefined })), {
      model: 'm',
      isStream: true,
    });
    expect(result).toMatchObject({ value: { model: 'm', isStream: true } });
  });

  it('says every block again as it was, unknown members and blocks too', () => {
    const content = [
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' }, later: { x: 1 } },
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', scope: 'global' } },
      { type: 'image', source: { type: 'url', url: 'https://a.com/b.png' } },
      {
        type: 'document',
        source: { type: 'text', media_type: 'text/plain', data: 'd' },
        title: 'T',
        context: 'C',
        citations: { enabled: true },
      },
      { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'chunk' }] } },
      {
        type: 'search_result',
        source: 'https://a.com',
        title: 'T',
        content: [{ type: 'text', text: 'r' }],
        citations: { enabled: true },
      },
      { type: 'hologram', data: [1, null] },
    ];
    const assistant = [
      { type: 'thinking', thinking: 'Hm.', signature: 'EqQB==' },
      { type: 'redacted_thinking', data: 'EmwK' },
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
      { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ type: 'web_search_result', url: 'u' }] },
      { type: 'text', text: 'b', citations: [{ type: 'char_location', cited_text: 'q', document_index: 0 }] },
      { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 }, caller: { type: 'direct' } },
    ];
    const results = [
      { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'tool_reference', tool_name: 'g' }], is_error: true },
    ];
    const changes = {
      system: [{ type: 'text', text: 'S', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content },
        { role: 'assistant', content: assistant },
        { role: 'user', content: results },
      ],
      tools: [
        {
          name: 'f',
          input_schema: { type: 'object' },
          defer_loading: true,
          cache_control: { type: 'ephemeral', ttl: '5m' },
        },
      ],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      thinking: { type: 'enabled', budget_tokens: 1_024, display: 'omitted' },
      max_tokens: 2_000,
      output_config: {
        format: { type: 'json_schema', schema: { type: 'object' } },
        task_budget: { type: 'tokens', total: 9 },
      },
      metadata: { user_id: 'u' },
      service_tier: 'standard_only',
      stop_sequences: ['END'],
      cache_control: { type: 'ephemeral', ttl: '5m' },
      mcp_servers: [{ type: 'url', name: 'n', url: 'https://m.com' }],
      context_management: { edits: [{ type: 'compact_20260112' }] },
      stream: true,
    };
    const { body, losses, headers } = saidAgain(changes);
    expect(losses).toEqual([]);
    expect(body).toEqual({ ...BASE, ...changes });
    expect(headers['anthropic-beta']?.split(',').sort()).toEqual([
      'advanced-tool-use-2025-11-20',
      'compact-2026-01-12',
      'mcp-client-2025-04-04',
      'task-budgets-2026-03-13',
    ]);
  });

  it('names the tool of a result after its call, and calls by their own ids', () => {
    const call = { type: 'tool_use', id: 'tgc_ZnVuY3Rpb25zLmFkZDow', name: 'add', input: {} };
    const result = { type: 'tool_result', tool_use_id: call.id, content: 'ok' };
    const { messages } = decoded({
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: [call] },
        { role: 'user', content: [result] },
      ],
    });
    expect(messages[1]?.parts).toMatchObject([{ id: 'functions.add:0', name: 'add', arguments: '{}' }]);
    expect(messages[2]?.parts).toMatchObject([{ callId: 'functions.add:0', name: 'add' }]);
  });

  it('T01: thinking with an empty or null signature has no seal', () => {
    for (const signature of ['', null, undefined]) {
      const thinking = { type: 'thinking', thinking: 'Hm.', signature };
      const { messages } = decoded({ messages: [{ role: 'assistant', content: [thinking] }] });
      expect(messages[0]?.parts).toMatchObject([{ kind: 'reasoning', text: 'Hm.', seal: null }]);
    }
  });

  it('asks for thinking by budget, adaptively, or by effort', () => {
    const reasoning = (changes: object) => decoded(changes).reasoning;
    expect(reasoning({ thinking: { type: 'enabled', budget_tokens: 2_000 } })).toMatchObject({
      isEnabled: true,
      budgetTokens: 2_000,
    });
    expect(reasoning({ thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } })).toMatchObject({
      isEnabled: true,
      budgetTokens: null,
      effort: 'xhigh',
    });
    expect(reasoning({ thinking: { type: 'disabled' } })).toMatchObject({ isEnabled: false });
    expect(reasoning({})).toBeNull();
  });

  it('effort alone turns no thinking on', () => {
    const { body } = (() => {
      const result = encodeRequest(
        decoded({ output_config: { effort: 'low' } }),
        { ...TARGET, model: 'claude-opus-4-6' },
        'direct',
      );
      if (!result.ok) throw new Error(result.failure.message);
      return result.value;
    })();
    expect(body).toMatchObject({ output_config: { effort: 'low' } });
    expect(body).not.toHaveProperty('thinking');
  });

  it.each([
    [{ container: 'container_1' }, 'container'],
    [{ container: { id: 'c' } }, 'container'],
    [{ messages: [{ role: 'user', content: [{ type: 'container_upload', file_id: 'f' }] }] }, 'messages[0].content[0]'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] },
      'messages[0].content[0]',
    ],
  ])('with an object at the vendor (%j) is not sent', (changes, param) => {
    expect(encodeRequest(decoded(changes), TARGET, 'direct')).toMatchObject({
      ok: false,
      failure: { code: 'not_supported', param },
    });
  });
});

describe('counting tokens', () => {
  const body = {
    model: 'claude-sonnet-4-5',
    system: 'S',
    messages: [{ role: 'user', content: 'Hi' }],
    tools: [{ name: 'f', input_schema: { type: 'object' } }],
    thinking: { type: 'enabled', budget_tokens: 1_024 },
  };

  it('T31: system, tools and thinking are in what is counted, max_tokens may be left out', () => {
    const result = decodeCountTokens(Buffer.from(JSON.stringify(body)), door);
    if (!result.ok) throw new Error(result.failure.message);
    expect(result.value).toMatchObject({
      tools: [{ name: 'f' }],
      reasoning: { budgetTokens: 1_024 },
      maxOutputTokens: null,
    });
    expect(result.value.messages[0]).toMatchObject({ role: 'system' });
    const asked = encodeCountTokens(result.value, TARGET);
    if (!asked.ok) throw new Error(asked.failure.message);
    expect(asked.value.path).toBe('/messages/count_tokens');
    expect(asked.value.body).toEqual(body);
  });

  it('the answer is a number or none', () => {
    expect(decodeTokenCount(Buffer.from('{"input_tokens":14}'))).toBe(14);
    expect(decodeTokenCount(Buffer.from('<html>'))).toBeNull();
    expect(encodeTokenCount(14).toString('utf8')).toBe('{"input_tokens":14}');
  });
});
