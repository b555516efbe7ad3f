import { describe, expect, it } from 'vitest';
import type { Part } from '../canonical/part.js';
import type { Tool } from '../canonical/request.js';
import { encodeRequest } from './request-writer.js';
import { ASKED, call, encoded, result, seal, TARGET, talk, text, thinking, WEATHER } from './samples.fixture.js';

describe('a conversation', () => {
  it('T25: is said in the fewest words: a single text is a string, and nothing that was not said is there', () => {
    const { body, headers, path, lost } = encoded({});
    expect(body).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 1_000,
      messages: [{ role: 'user', content: 'Hello' }],
    });
    expect(headers).toEqual({ 'anthropic-version': '2023-06-01' });
    expect(path).toBe('/messages');
    expect(lost).toEqual([]);
  });

  it('begins with the user, alternates, and has no empty text', () => {
    const { body, lost } = encoded({
      messages: talk(
        ['assistant', text('I begin.')],
        ['user', text('a'), text('')],
        ['user', text('b')],
        ['assistant', text('')],
        ['user', text('c')],
      ),
    });
    expect(body.messages?.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(body.messages?.[2]?.['content']).toEqual(['a', 'b', 'c'].map((one) => ({ type: 'text', text: one })));
    expect(lost).toEqual(['approximated messages']);
  });

  it('has its leading system text apart, and what comes later joins it where a model does not take it in between', () => {
    const messages = talk(
      ['system', text('S1')],
      ['user', text('a')],
      ['developer', text('S2')],
      ['assistant', text('b')],
    );
    const old = encoded({ messages });
    expect(old.body['system']).toEqual([
      { type: 'text', text: 'S1' },
      { type: 'text', text: 'S2' },
    ]);
    expect(old.lost).toEqual(['approximated messages[2].role', 'moved messages[2]']);
    const now = encoded({ messages }, { model: 'claude-opus-4-8' });
    expect(now.body['system']).toBe('S1');
    expect(now.body.messages?.map(({ role }) => role)).toEqual(['user', 'system', 'assistant']);
  });

  it('has text alone in its system text: a tool that is added on the way is told as lost where a model cannot be told', () => {
    const value = { type: 'tool_addition', tool: { type: 'tool_reference', name: 'get_weather' } };
    const added: Part = { kind: 'opaque', dialect: 'anthropic-messages', type: 'tool_addition', value };
    const messages = talk(['user', text('a')], ['system', text('S'), added]);
    const old = encoded({ dialect: 'anthropic-messages', messages });
    expect(old.body['system']).toBe('S');
    expect(old.lost).toContain('dropped messages[1].content[1]');
    const now = encoded({ dialect: 'anthropic-messages', messages }, { model: 'claude-opus-4-8' });
    expect(now.body.messages?.at(-1)).toEqual({ role: 'system', content: [{ type: 'text', text: 'S' }, value] });
  });

  it('that is system text alone is said by the user', () => {
    const { body, lost } = encoded({ messages: talk(['system', text('Say hi.')]) });
    expect(body.messages).toEqual([{ role: 'user', content: 'Say hi.' }]);
    expect(body['system']).toBeUndefined();
    expect(lost).toEqual(['moved messages[0]']);
  });

  it('that ends in a beginning of the answer ends without white space', () => {
    const { body } = encoded({ messages: talk(['user', text('a')], ['assistant', text('It is \n')]) });
    expect(body.messages?.[1]?.['content']).toBe('It is');
  });

  it('names a participant in front of its words', () => {
    const { body, lost } = encoded({ messages: [{ role: 'user', name: 'Ada', parts: [text('hi')] }] });
    expect(body.messages?.[0]?.['content']).toBe('Ada: hi');
    expect(lost).toEqual(['approximated messages[0].name']);
  });

  it('refuses what would be lost of it, by field', () => {
    const audio: Part = { kind: 'audio', source: { kind: 'base64', mediaType: 'audio/wav', data: 'UklG' } };
    const file: Part = {
      kind: 'document',
      source: { kind: 'reference', dialect: 'openai-chat', id: 'file-1', mediaType: null },
      name: null,
      context: null,
      isCitable: null,
    };
    const refusal = (part: Part) => encodeRequest({ ...ASKED, messages: talk(['user', part]) }, TARGET, 'direct');
    expect(refusal(audio)).toMatchObject({ failure: { code: 'unsupported_content', param: 'messages[0].content[0]' } });
    expect(refusal(file)).toMatchObject({ failure: { code: 'not_supported', param: 'messages[0].content[0]' } });
  });

  it('has documents as PDF or text, and data URLs as what they are', () => {
    const document = (mediaType: string, data: string): Part => ({
      kind: 'document',
      source: { kind: 'base64', mediaType, data },
      name: 'a.md',
      context: null,
      isCitable: true,
    });
    const image: Part = { kind: 'image', source: { kind: 'url', url: 'data:image/png;base64,iVBO', mediaType: null } };
    const { body } = encoded({ messages: talk(['user', document('text/markdown', 'IyBI'), image]) });
    expect(body.messages?.[0]?.['content']).toEqual([
      {
        type: 'document',
        source: { type: 'text', media_type: 'text/plain', data: '# H' },
        title: 'a.md',
        citations: { enabled: true },
      },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } },
    ]);
    const docx = { ...ASKED, messages: talk(['user', document('application/msword', 'x')]) };
    expect(encodeRequest(docx, TARGET, 'direct')).toMatchObject({ failure: { code: 'unsupported_content' } });
  });
});

describe('thinking in the history', () => {
  it('T01: without a signature it is left out, with one it goes back byte for byte', () => {
    const signed = thinking(seal('anthropic-messages', 'EqQB+/=='));
    const { body, lost } = encoded({
      messages: talk(['user', text('a')], ['assistant', thinking(null), signed, text('b')], ['user', text('c')]),
    });
    expect(body.messages?.[1]?.['content']).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: 'EqQB+/==' },
      { type: 'text', text: 'b' },
    ]);
    expect(lost).toEqual(['dropped messages[1].content[0]']);
  });

  it('T02: what another vendor sealed is never sent, what Bedrock sealed is', () => {
    const { body, lost } = encoded({
      messages: talk(
        ['user', text('a')],
        [
          'assistant',
          thinking(seal('gemini', 'Z2Vt')),
          thinking(seal('openai-responses', 'gAAAA', 'encrypted')),
          thinking(seal('bedrock-converse', 'sig')),
          thinking(seal('anthropic-messages', 'data', 'redacted'), ''),
          text('b'),
        ],
        ['user', text('c')],
      ),
    });
    expect(body.messages?.[1]?.['content']).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: 'sig' },
      { type: 'redacted_thinking', data: 'data' },
      { type: 'text', text: 'b' },
    ]);
    expect(lost).toEqual(['dropped messages[1].content[0]', 'dropped messages[1].content[1]']);
    expect(JSON.stringify(body)).not.toMatch(/Z2Vt|gAAAA|tgs1/);
  });

  it('T03: it never becomes visible text', () => {
    const { body } = encoded({
      messages: talk(
        ['user', text('a')],
        ['assistant', thinking(null, 'secret thought'), text('b')],
        ['user', text('c')],
      ),
    });
    expect(JSON.stringify(body)).not.toContain('secret thought');
  });

  it('a seal on a call or a text of Gemini is a loss', () => {
    const sealed: Part = { ...(call('call_1') as Extract<Part, { kind: 'tool_call' }>), seal: seal('gemini', 'Z2Vt') };
    const { body, lost } = encoded({
      tools: [WEATHER],
      messages: talk(['user', text('a')], ['assistant', sealed], ['user', result('call_1', 'sun')]),
    });
    expect(JSON.stringify(body)).not.toContain('Z2Vt');
    expect(lost).toEqual(['dropped messages[1].content[0].seal']);
  });
});

describe('calls and results', () => {
  const tools = [WEATHER];

  it('T05: empty tool arguments in history become {}', () => {
    const { body } = encoded({
      tools,
      messages: talk(['user', text('a')], ['assistant', call('c1', '')], ['user', result('c1', 'sun')]),
    });
    expect(body.messages?.[1]?.['content']).toEqual([{ type: 'tool_use', id: 'c1', name: 'get_weather', input: {} }]);
  });

  it('T09: arguments that are no JSON are wrapped, never lost', () => {
    const { body, lost } = encoded({
      tools,
      messages: talk(['user', text('a')], ['assistant', call('c1', '{"city": "Par')], ['user', result('c1', 'sun')]),
    });
    expect(JSON.stringify(body.messages)).toContain('"input":{"invalid_json":"{\\"city\\": \\"Par"}');
    expect(lost).toEqual(['approximated messages[1].content[0].arguments']);
  });

  it('T04: of several results for one call the last one is sent', () => {
    const { body, lost } = encoded({
      tools,
      messages: talk(
        ['user', text('a')],
        ['assistant', call('c1')],
        ['user', result('c1', 'rain'), result('c1', 'sun')],
      ),
    });
    expect(body.messages?.[2]?.['content']).toEqual([{ type: 'tool_result', tool_use_id: 'c1', content: 'sun' }]);
    expect(lost).toEqual(['dropped messages[2].content[0]']);
  });

  it('T14: every call has exactly one result, first in the turn behind it, in the order of the calls', () => {
    const { body, lost } = encoded({
      tools,
      messages: talk(
        ['user', text('a')],
        ['assistant', text('Wait.'), call('c1'), call('c2'), call('c3')],
        ['user', text('Here:'), result('c2', 'two')],
        ['assistant', text('Go on.')],
        ['user', result('c1', 'one'), text('b')],
      ),
    });
    const roles = body.messages?.map(({ role }) => role);
    expect(roles).toEqual(['user', 'assistant', 'user', 'assistant', 'user']);
    expect(body.messages?.[2]?.['content']).toEqual([
      { type: 'tool_result', tool_use_id: 'c1', content: 'one' },
      { type: 'tool_result', tool_use_id: 'c2', content: 'two' },
      {
        type: 'tool_result',
        tool_use_id: 'c3',
        content: 'No result was given for this tool call.',
        is_error: true,
      },
      { type: 'text', text: 'Here:' },
    ]);
    expect(body.messages?.[4]?.['content']).toBe('b');
    expect(lost).toEqual([
      'moved messages[4].content[0]',
      'approximated messages[1].content[3]',
      'moved messages[2].content[1]',
    ]);
  });

  it('a result nobody asked for becomes words', () => {
    const { body, lost } = encoded({ tools, messages: talk(['user', result('c9', 'sun')]) });
    expect(body.messages?.[0]?.['content']).toBe('[Tool result of get_weather: sun]');
    expect(lost).toEqual(['approximated messages[0].content[0]']);
  });

  it('T16: a history with tools, in a request without, is told in words', () => {
    const { body, lost } = encoded({
      messages: talk(['user', text('a')], ['assistant', call('c1')], ['user', result('c1', 'sun')]),
    });
    expect(body.messages?.map(({ content }) => content)).toEqual([
      'a',
      '[Tool call: get_weather({"city":"Paris"})]',
      '[Tool result of get_weather: sun]',
    ]);
    expect(body['tools']).toBeUndefined();
    expect(lost).toEqual(['approximated messages[1].content[0]', 'approximated messages[2].content[0]']);
  });

  it('T17: an empty result has no content', () => {
    const { body } = encoded({
      tools,
      messages: talk(['user', text('a')], ['assistant', call('c1')], ['user', result('c1', '')]),
    });
    expect(body.messages?.[2]?.['content']).toEqual([{ type: 'tool_result', tool_use_id: 'c1' }]);
  });

  it('T18: blocks of a result stand in its content, not deeper', () => {
    const both: Part = {
      ...(result('c1', 'see') as Extract<Part, { kind: 'tool_result' }>),
      content: [
        { kind: 'text', text: 'see' },
        { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBO' } },
      ],
      isError: false,
    };
    const { body } = encoded({
      tools,
      messages: talk(['user', text('a')], ['assistant', call('c1')], ['user', both]),
    });
    expect(body.messages?.[2]?.['content']).toEqual([
      {
        type: 'tool_result',
        tool_use_id: 'c1',
        content: [
          { type: 'text', text: 'see' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } },
        ],
        is_error: false,
      },
    ]);
  });

  it('a result that is an error takes text alone: its pictures stand behind the results', () => {
    const broken: Part = {
      ...(result('c1', 'boom') as Extract<Part, { kind: 'tool_result' }>),
      content: [
        { kind: 'text', text: 'boom' },
        { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBO' } },
      ],
      isError: true,
    };
    const { body, lost } = encoded({
      tools,
      messages: talk(
        ['user', text('a')],
        ['assistant', call('c1'), call('c2')],
        ['user', broken, result('c2', 'ok'), text('b')],
      ),
    });
    expect(body.messages?.[2]?.['content']).toMatchObject([
      { tool_use_id: 'c1', content: 'boom', is_error: true },
      { tool_use_id: 'c2', content: 'ok' },
      { type: 'image' },
      { text: 'b' },
    ]);
    expect(lost).toEqual(['moved messages[2].content[0]']);
  });

  it('W-kimi: illegal ids are mapped for call and result alike, and two calls of a turn never share one', () => {
    const { body } = encoded({
      tools,
      messages: talk(
        ['user', text('a')],
        ['assistant', call('functions.add:0'), call('x')],
        ['user', result('functions.add:0', 'one'), result('x', 'two')],
      ),
    });
    const [, calls, results] = body.messages ?? [];
    const [add, x] = (calls?.['content'] ?? []) as readonly { readonly id: string }[];
    const [one, two] = (results?.['content'] ?? []) as readonly { readonly tool_use_id: string }[];
    expect(add?.id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect([one?.tool_use_id, two?.tool_use_id]).toEqual([add?.id, x?.id]);
  });

  it('a custom tool is a function with one text, in the history too', () => {
    const custom: Tool = { kind: 'custom', name: 'patch', description: null, format: null };
    const used: Part = { kind: 'tool_call', id: 'c1', name: 'patch', arguments: '*** Begin', variant: 'custom' };
    const { body, lost } = encoded({
      tools: [custom],
      messages: talk(['user', text('a')], ['assistant', used], ['user', result('c1', 'ok')]),
    });
    expect(body['tools']).toEqual([
      {
        name: 'patch',
        input_schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
      },
    ]);
    expect(JSON.stringify(body.messages)).toContain('"input":{"input":"*** Begin"}');
    expect(lost).toContain('approximated tools[0]');
  });
});
