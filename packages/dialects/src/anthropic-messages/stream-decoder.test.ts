import { describe, expect, it } from 'vitest';
import { createEventCheck } from '../canonical/check-events.js';
import { createFold } from '../canonical/fold.js';
import type { Part } from '../canonical/part.js';
import type { ReplyEvent } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { provider } from './provider.js';
import { ASKED, block, contextOf, ending, PING, sse, start, WEATHER, words } from './samples.fixture.js';

function play(stream: string | readonly string[], request: CanonicalRequest = ASKED) {
  const decoder = provider.createDecoder(contextOf(request));
  const check = createEventCheck();
  const fold = createFold();
  const events: ReplyEvent[] = [];
  const emit = (event: ReplyEvent): void => {
    check.add(event);
    fold.add(event);
    events.push(event);
  };
  for (const packet of typeof stream === 'string' ? [stream] : stream) decoder.push(Buffer.from(packet), emit);
  const end = decoder.end(emit);
  if (end.kind !== 'failed') check.end();
  const { usage, serviceTier } = decoder;
  const reply = fold.reply({ usage, serviceTier });
  return { decoder, end, events, reply, parts: reply.choices[0]?.parts ?? [] };
}

const tool = (index: number, name: string, ...pieces: readonly string[]): string =>
  block(
    index,
    { type: 'tool_use', id: `toolu_${index}`, name, input: {} },
    ...pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
  );

describe('what the vendor was seen to do', () => {
  it('W17: pings mean nothing wherever they stand', () => {
    const text = words(0, 'a', 'b');
    const split = text.split('\n\n').filter((one) => one !== '');
    const pinged = [start(), PING, ...split.map((one) => `${one}\n\n${PING}`), ending()].join('');
    expect(play(pinged).reply).toEqual(play(start() + text + ending()).reply);
  });

  it('W18: usage is cumulative, and what message_delta says wins', () => {
    const usage = { input_tokens: 2_037, cache_read_input_tokens: 5, output_tokens: 1 };
    const searched = { input_tokens: 15_665, output_tokens: 90, server_tool_use: { web_search_requests: 2 } };
    const { decoder } = play(start(usage) + words(0, 'a') + ending('end_turn', searched));
    expect(decoder.usage).toEqual({ input: 15_665, output: 90, cache_read: 5, web_search: 2 });
    const short = play(start(usage) + words(0, 'a') + ending('end_turn', { output_tokens: 7, input_tokens: null }));
    expect(short.decoder.usage).toEqual({ input: 2_037, output: 7, cache_read: 5 });
  });

  it('W19: a tool without arguments streams only "" and means {}', () => {
    const { parts, decoder } = play(
      start() + tool(0, 'get_weather', '') + tool(1, 'b', '', '{"a":', '1}') + ending('tool_use'),
    );
    expect(parts.map((part) => part.kind === 'tool_call' && part.arguments)).toEqual(['{}', '{"a":1}']);
    expect(decoder.finish).toEqual({ kind: 'tool_calls' });
  });

  it('W20: what the vendor’s own tools did arrives complete, and their calls are whole', () => {
    const call = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} };
    const found = {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_1',
      content: [{ type: 'web_search_result' }],
    };
    const { parts } = play(
      start() +
        block(
          0,
          call,
          { type: 'input_json_delta', partial_json: '' },
          { type: 'input_json_delta', partial_json: '{"query":"x"}' },
        ) +
        block(1, found) +
        block(2, { type: 'redacted_thinking', data: 'EmwK' }) +
        block(3, { type: 'compaction', content: null }, { type: 'compaction_delta', content: 'so far' }) +
        ending(),
    );
    expect(parts).toMatchObject([
      {
        kind: 'server_tool',
        tool: 'web_search',
        role: 'call',
        id: 'srvtoolu_1',
        value: { ...call, input: { query: 'x' } },
      },
      { kind: 'server_tool', tool: 'web_search', role: 'result', id: 'srvtoolu_1', value: found },
      { kind: 'reasoning', text: '', seal: { form: 'redacted', value: 'EmwK' } },
      { kind: 'opaque', type: 'compaction', value: { content: 'so far' } },
    ]);
  });

  it('W21: what an answer says besides is kept', () => {
    const end =
      sse({
        type: 'message_delta',
        delta: { stop_reason: 'refusal', stop_sequence: null, stop_details: { category: 'x' }, container: null },
        usage: { output_tokens: 1 },
        context_management: { applied_edits: [] },
      }) + sse({ type: 'message_stop' });
    const { reply } = play(start() + words(0, 'No.') + end);
    expect(reply.choices[0]).toMatchObject({
      finish: { kind: 'refusal' },
      extras: { fields: { stop_details: { category: 'x' }, context_management: { applied_edits: [] } } },
    });
  });

  it('W22: an answer may have no content, end with pause_turn, and think nothing', () => {
    expect(play(start() + ending()).end).toEqual({ kind: 'finished' });
    expect(play(start() + words(0, 'a') + ending('pause_turn')).decoder.finish).toEqual({ kind: 'pause' });
    const empty = { type: 'thinking_delta', thinking: '' };
    const { events } = play(
      start() + block(0, { type: 'thinking', thinking: '', signature: '' }, empty, empty) + ending(),
    );
    expect(events.filter(({ kind }) => kind === 'part_delta')).toEqual([]);
  });

  it('W4: events without an event line are told by their type', () => {
    const bare = (start() + words(0, 'a') + ending()).replaceAll(/event: .*\n/g, '');
    expect(play(bare).end).toEqual({ kind: 'finished' });
  });

  it('W1: lines end in CRLF as well', () => {
    const stream = start() + words(0, 'a') + ending();
    expect(play(stream.replaceAll('\n', '\r\n')).reply).toEqual(play(stream).reply);
  });

  it('thinking is signed byte for byte, also where the signature comes in pieces', () => {
    const { parts } = play(
      start() +
        block(
          0,
          { type: 'thinking', thinking: '', signature: '' },
          { type: 'thinking_delta', thinking: 'Hm' },
          { type: 'signature_delta', signature: 'EqQB+/' },
          { type: 'signature_delta', signature: '==' },
        ) +
        ending(),
    );
    expect(parts).toEqual([
      {
        kind: 'reasoning',
        text: 'Hm',
        summary: [],
        seal: { dialect: 'anthropic-messages', form: 'signature', value: 'EqQB+/==' },
        id: null,
      },
    ]);
  });

  it('citations belong to the text they come with', () => {
    const citation = { type: 'page_location', cited_text: 'q', document_title: 'T', document_index: 0 };
    const { parts } = play(
      start() +
        block(
          0,
          { type: 'text', text: '', citations: [] },
          { type: 'citations_delta', citation },
          { type: 'text_delta', text: 'x' },
        ) +
        ending(),
    );
    expect(parts).toMatchObject([
      { text: 'x', citations: [{ title: 'T', quote: 'q', url: null, raw: { value: citation } }] },
    ]);
  });
});

describe('what goes wrong', () => {
  it('S01: an error event inside a 200 is an error, and nothing follows it', () => {
    const error = sse({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } });
    const { end, events } = play(start() + words(0, 'a') + error + words(1, 'b') + ending());
    expect(end).toMatchObject({ kind: 'failed', error: { kind: 'overloaded', status: 529, message: 'Overloaded' } });
    expect(events.at(-1)).toEqual({ kind: 'part_end', choice: 0, part: 0 });
  });

  it('a body that ends early has died, however much of it there was', () => {
    expect(play(start() + words(0, 'a')).end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(play(`${start()}event: message_delta\ndata: {"type":"mess`).end).toEqual({
      kind: 'died',
      reason: 'truncated_event',
    });
    expect(play('').end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(play('<html>').end).toMatchObject({ kind: 'died' });
  });

  it('a stop_reason proves the whole, also without message_stop or its blank line', () => {
    expect(play((start() + words(0, 'a') + ending()).trimEnd()).end).toEqual({ kind: 'finished' });
    expect(play(start() + words(0, 'a') + ending().split('event: message_stop')[0]).end).toEqual({ kind: 'finished' });
  });

  it('a broken event may have been content: it is an error; what never was JSON is counted', () => {
    const broken = play(`${start()}event: content_block_delta\ndata: {"type":"content_block_del\n\n${ending()}`);
    expect(broken.end).toMatchObject({ kind: 'failed', error: { code: 'malformed_event' } });
    const odd = play(`${start()}data: hello\n\n${words(0, 'a')}${ending()}data: [DONE]\n\n`);
    expect(odd.end).toEqual({ kind: 'finished' });
    expect(odd.decoder.malformedEvents).toBe(1);
  });

  it('S10: a call decides the finish where the host says end_turn', () => {
    const { reply } = play(start() + tool(0, 'a', '{}') + ending('end_turn'));
    expect(reply.choices[0]).toMatchObject({ finish: { kind: 'tool_calls' }, finishRaw: 'end_turn' });
  });

  it('S07: arguments that come whole with the start are arguments', () => {
    const { parts } = play(
      start() + block(0, { type: 'tool_use', id: 't', name: 'a', input: { city: 'Paris' } }) + ending('tool_use'),
    );
    expect(parts).toMatchObject([{ arguments: '{"city":"Paris"}' }]);
  });

  it('S16: content after the finish is content', () => {
    const [finish, stop] = ending().split('event: message_stop');
    const { parts } = play(`${start()}${words(0, 'a')}${finish}${words(1, 'b')}event: message_stop${stop}`);
    expect(parts).toMatchObject([{ text: 'a' }, { text: 'b' }]);
  });

  it('S11: a delta without a block is nothing, a block that begins inside another closes it', () => {
    const orphan = sse({ type: 'content_block_delta', index: 3, delta: { type: 'text_delta', text: 'x' } });
    const open = sse({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'a' } });
    const { parts, decoder } = play(start() + orphan + open + words(1, 'b') + ending());
    expect(parts).toMatchObject([{ text: 'a' }, { text: 'b' }]);
    expect(decoder.malformedEvents).toBe(1);
  });
});

describe('names and custom tools of the caller', () => {
  const named: CanonicalRequest = {
    ...ASKED,
    tools: [
      { ...WEATHER, name: 'mail.send' } as Extract<(typeof ASKED.tools)[number], { kind: 'function' }>,
      { kind: 'custom', name: 'apply_patch', description: null, format: null },
    ],
  };

  it('a name that had to change here comes back as the caller knows it', () => {
    expect(play(start() + tool(0, 'mail_send', '{}') + ending('tool_use'), named).parts).toMatchObject([
      { name: 'mail.send', variant: 'function' },
    ]);
  });

  it('the text of a custom tool is unwrapped, streamed and whole', () => {
    const streamed = tool(0, 'apply_patch', '', '{"input": "*** Be', 'gin\\n"}');
    const expected: Partial<Part> = { kind: 'tool_call', variant: 'custom', arguments: '*** Begin\n' };
    expect(play(start() + streamed + ending('tool_use'), named).parts).toMatchObject([expected]);
    const body = { type: 'tool_use', id: 't', name: 'apply_patch', input: { input: '*** Begin\n' } };
    const whole = provider.decodeReply(
      Buffer.from(JSON.stringify({ type: 'message', content: [body], stop_reason: 'tool_use' })),
      contextOf(named),
    );
    expect(whole).toMatchObject({ reply: { choices: [{ parts: [expected] }] } });
  });
});

describe('a whole answer', () => {
  const read = (body: string) => provider.decodeReply(Buffer.from(body), contextOf());

  it('under 200 may be an error, or nothing of this dialect', () => {
    expect(read('{"type":"error","error":{"type":"api_error","message":"Internal"}}')).toMatchObject({
      kind: 'failed',
      error: { kind: 'server', message: 'Internal' },
    });
    for (const body of ['', '<html>', '[]', '{}', '{"content":"a"}', 'null'])
      expect(read(body).kind).toBe('unreadable');
  });

  it('with members of the wrong type is read as far as it can be', () => {
    const body = {
      type: 'message',
      content: [{ type: 'text', text: 5 }, 7, { type: 'tool_use' }, {}],
      stop_reason: 3,
      usage: 'x',
    };
    expect(read(JSON.stringify(body))).toMatchObject({
      kind: 'reply',
      reply: {
        usage: null,
        choices: [{ finish: null, parts: [{ kind: 'text', text: '' }, { kind: 'tool_call' }, { kind: 'opaque' }] }],
      },
    });
  });
});
