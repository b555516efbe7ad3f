import { describe, expect, it } from 'vitest';
import { failureOf } from '../failure.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { client } from './client.js';
import { encodeRequest } from './request-writer.js';
import { block, ending, PASS, PING, sse, start, TARGET, words } from './samples.fixture.js';

function send(body: string, changes: object = {}) {
  const bytes = Buffer.from(body);
  const decoded = client.decodeRequest(bytes, { model: null, isStream: null });
  if (!decoded.ok) throw new Error(decoded.failure.message);
  const spliced = client.pass.spliceRequest(bytes, decoded.value, { ...TARGET, model: 'theirs', ...changes });
  if (!spliced.ok) return { failure: spliced.failure, text: '', losses: [], headers: {} as Record<string, string> };
  const { losses, headers } = spliced.value;
  return { failure: null, text: Buffer.concat(spliced.value.body).toString('utf8'), losses, headers };
}

const MESSAGES = '"messages":[{"role":"user","content":"a"}]';

describe('a request on its way', () => {
  it('keeps every byte but the model: numbers, spaces, unknown fields, escapes', () => {
    const body = ` {"model" : "ours", "max_tokens":1e2,\n"temperature": 1.0, "x":[1.50, "\\u00e9"], ${MESSAGES} } `;
    expect(send(body).text).toBe(body.replace('"ours"', '"theirs"'));
  });

  it('lowers a maximum that is too large, and never raises one', () => {
    const body = `{"model":"m","max_tokens":100,${MESSAGES}}`;
    expect(send(body, { outputMax: 50 }).text).toContain('"max_tokens":50,');
    expect(send(body, { outputMax: 500 }).text).toContain('"max_tokens":100,');
  });

  it('keeps thinking below a maximum that we lowered: the vendor refuses a budget that is not', () => {
    const sent = (max: number, budget: number, outputMax: number) => {
      const { text, losses } = send(
        `{"model":"m","max_tokens":${max},"thinking":{"type":"enabled", "budget_tokens":${budget}},${MESSAGES}}`,
        { outputMax },
      );
      const { max_tokens, thinking } = JSON.parse(text);
      return [max_tokens, thinking?.budget_tokens ?? null, losses.map(({ field }) => field)];
    };
    expect(sent(64_000, 32_000, 2_000)).toEqual([2_000, 1_999, ['thinking.budget_tokens']]);
    expect(sent(64_000, 32_000, 1_024)).toEqual([1_024, null, ['thinking']]);
    expect(sent(64_000, 1_500, 2_000)).toEqual([2_000, 1_500, []]);
    expect(sent(2_000, 1_500, 4_000)).toEqual([2_000, 1_500, []]);
    // Thinking between calls may be above the maximum, and was.
    expect(sent(4_000, 32_000, 2_000)).toEqual([2_000, 32_000, []]);
  });

  it('shows the provider our hash as its user', () => {
    const quirks = { ...NO_QUIRKS, safetyIdentifierField: 'metadata.user_id' };
    const seen = (metadata: string) =>
      JSON.parse(send(`{"model":"m","max_tokens":9,${metadata}${MESSAGES}}`, { quirks, safetyIdentifier: 'h' }).text)
        .metadata;
    expect(seen('')).toEqual({ user_id: 'h' });
    expect(seen('"metadata":null,')).toEqual({ user_id: 'h' });
    expect(seen('"metadata":{},')).toEqual({ user_id: 'h' });
    expect(seen('"metadata":{"user_id":"u"},')).toEqual({ user_id: 'h' });
  });

  it('finds a key however it is spelled', () => {
    expect(JSON.parse(send(`{"mod\\u0065l":"m","max_tokens":9,${MESSAGES}}`).text)).toMatchObject({ model: 'theirs' });
  });

  it('leaves out what the provider rejects, wherever it stands, and says so', () => {
    const quirks = { ...NO_QUIRKS, rejectedFields: ['top_k', 'speed', 'absent'] };
    const at = (body: string) => {
      const { text, losses } = send(body, { quirks });
      expect(losses.map(({ field }) => field).sort()).toEqual(['speed', 'top_k']);
      return JSON.parse(text);
    };
    const rest = { model: 'theirs', max_tokens: 9, messages: [{ role: 'user', content: 'a' }] };
    expect(at(`{"top_k":1,"speed":"x","model":"m","max_tokens":9,${MESSAGES}}`)).toEqual(rest);
    expect(at(`{"model":"m","top_k":1,"max_tokens":9,${MESSAGES},"speed":"x"}`)).toEqual(rest);
    expect(at(`{"model":"m","max_tokens":9,${MESSAGES},"top_k":1,"speed":"x"}`)).toEqual(rest);
  });

  it('says nothing of where the caller wants to be served: the gateway obeys that itself', () => {
    const { text, losses } = send(`{"models":["a"],"model":"m","max_tokens":9,${MESSAGES},"provider":{"only":["x"]}}`);
    expect(text).toBe(`{"model":"theirs","max_tokens":9,${MESSAGES}}`);
    expect(losses).toEqual([]);
  });

  it('T01, T02: thinking that this vendor did not sign is taken out, and the rest of the message stays as it was', () => {
    const own = '{"type":"thinking", "thinking":"a","signature":"EqQB"}';
    const foreign = '{"type":"thinking","thinking":"b","signature":"tgs1.gemini.signature.Z2Vt"}';
    const unsigned = '{"type":"thinking","thinking":"c","signature":""}';
    const message = (blocks: string) => `{"role":"assistant","content":[${blocks}] , "x":1.0}`;
    const body = (...messages: readonly string[]) =>
      `{"model":"theirs","max_tokens":9,"system":"S","messages":[{"role":"user","content":"a"},${messages.join(',')}]}`;
    const text = '{"type":"text","text":"t"}';
    const sent = send(body(message(`${foreign} , ${own},${text}`), message(unsigned)));
    expect(sent.text).toBe(body(message(`${own},${text}`)));
    expect(sent.losses).toEqual([
      { field: 'messages[1].content[0]', reason: 'dropped' },
      { field: 'messages[2].content[0]', reason: 'dropped' },
    ]);
  });

  it('citations that we made up do not reach a provider that checks them', () => {
    const citation =
      '{"type":"web_search_result_location","url":"https://a.com","title":"T","cited_text":"","encrypted_index":""}';
    const body = (members: string) =>
      `{"model":"theirs","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"text","text":"t"${members}}]}]}`;
    const sent = send(body(`,"citations":[${citation}]`));
    expect(sent.text).toBe(body(''));
    expect(sent.losses).toEqual([{ field: 'messages[0].content[0].citations', reason: 'dropped' }]);
  });

  it('refuses what belongs to our account at the vendor', () => {
    const document = '{"type":"document","source":{"type":"file","file_id":"f"}}';
    const deep = `{"type":"tool_result","tool_use_id":"t","content":[${document}]}`;
    for (const content of [document, deep, '{"type":"container_upload","file_id":"f"}']) {
      const body = `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[${content}]}]}`;
      expect(send(body).failure).toMatchObject({ code: 'not_supported', param: 'messages[0].content[0]' });
    }
    expect(send(`{"model":"m","max_tokens":9,"container":"c",${MESSAGES}}`).failure).toMatchObject({
      param: 'container',
    });
  });

  it('announces what it needs', () => {
    const tools =
      '"tools":[{"type":"computer_20250124","name":"computer"},{"name":"f","input_schema":{},"defer_loading":true}]';
    expect(send(`{"model":"m","max_tokens":9,${tools},${MESSAGES}}`).headers).toEqual({
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'computer-use-2025-01-24,advanced-tool-use-2025-11-20',
    });
  });
});

it('what the client announces is announced to the provider, as far as it may be', () => {
  const body = Buffer.from(`{"model":"m","max_tokens":9,"anthropic_beta":["compact-2026-01-12"],${MESSAGES}}`);
  const betas = ['interleaved-thinking-2025-05-14', 'files-api-2025-04-14', 'not a name\n'];
  const decoded = client.decodeRequest(body, { model: null, isStream: null, betas });
  if (!decoded.ok) throw new Error(decoded.failure.message);
  const spliced = client.pass.spliceRequest(body, decoded.value, TARGET);
  const encoded = encodeRequest(decoded.value, TARGET, 'direct');
  for (const sent of [spliced, encoded]) {
    if (!sent.ok) throw new Error(sent.failure.message);
    const announced = (sent.value.headers['anthropic-beta'] ?? '').split(',');
    expect(announced).toEqual(['interleaved-thinking-2025-05-14', 'compact-2026-01-12']);
    expect(sent.value.losses).toEqual([{ field: 'anthropic-beta.files-api-2025-04-14', reason: 'dropped' }]);
  }
  expect(spliced.ok && Buffer.concat(spliced.value.body).toString('utf8')).not.toContain('anthropic_beta');
});

function play(packets: readonly string[]) {
  const stream = client.pass.createStream(PASS);
  const written: string[] = [];
  const write = (bytes: Buffer): void => void written.push(bytes.toString('utf8'));
  for (const packet of packets) stream.push(Buffer.from(packet), write);
  const end = stream.end(write);
  return { stream, end, written, text: written.join('') };
}

const oursOf = (text: string): string =>
  text.replace('"msg_theirs"', '"msg_r1"').replace('claude-sonnet-4-5-20250929', 'our/model');

describe('a stream on its way', () => {
  it('keeps pings, padding, comments and events nobody knows', () => {
    const padded = words(0, 'a').replaceAll('}\n\n', '}                  \n\n');
    const unknown = sse({ type: 'hologram', x: 1.5 } as { type: string });
    const text = `${start()}${PING}: keep-alive\n\n${padded}${unknown}`;
    const { text: out, stream } = play([text + ending()]);
    expect(out).toBe(oursOf(text));
    expect(stream.terminal({ usage: null, cost: null }).toString('utf8')).toBe(ending());
  });

  it('puts the cost into message_delta and the end behind it, only when it is settled', () => {
    const { text, stream } = play([start() + words(0, 'a') + ending()]);
    expect(text).not.toMatch(/message_delta|message_stop/);
    expect(stream.terminal({ usage: stream.usage, cost: '0.0000001' }).toString('utf8')).toBe(
      ending().replace('"output_tokens":7', '"output_tokens":7,"cost":0.0000001'),
    );
    const bare = sse({ type: 'message_delta', delta: { stop_reason: 'end_turn' } });
    const counted = play([start() + words(0, 'a') + bare]).stream.terminal({
      usage: { input: 1, output: 2 },
      cost: '1',
    });
    expect(counted.toString('utf8')).toMatch(/"output_tokens":2,.*"cost":1}/);
  });

  it('S02, S20: writes nothing before there is something to say, so that another provider may take over', () => {
    const { stream, written, end } = play([
      start(),
      PING,
      sse({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      sse({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    ]);
    expect(written).toEqual([]);
    expect(stream.hasWritten).toBe(false);
    expect(end).toMatchObject({ kind: 'failed', error: { status: 529, kind: 'overloaded' } });
  });

  it('P06: never writes an error event of the provider’s, nor anything after it', () => {
    const error = sse({ type: 'error', error: { type: 'api_error', message: 'secret' } });
    const { text, stream } = play([start() + words(0, 'a') + error + words(1, 'b') + ending()]);
    expect(text).toBe(oursOf(start() + words(0, 'a')));
    const failure = failureOf({ code: 'stream_interrupted', message: 'gone', requestId: 'r1' });
    expect(stream.failure(failure).toString('utf8')).toMatch(/^event: error\ndata: {"type":"error",/);
  });

  it('says whether there was an answer, and counts it where nobody did', () => {
    const empty = play([start() + block(0, { type: 'text', text: '' }) + ending()]);
    expect(empty.stream.sawOutput).toBe(false);
    const call = block(
      0,
      { type: 'tool_use', id: 't', name: 'get_weather', input: {} },
      { type: 'input_json_delta', partial_json: '{"city":"Paris"}' },
    );
    const { stream } = play([start() + call + words(1, 'Hello', ' world') + ending('tool_use')]);
    expect(stream.sawOutput).toBe(true);
    expect(stream.countOutput()).toBeGreaterThan(5);
    expect(stream.finish).toEqual({ kind: 'tool_calls' });
  });

  it('content that was cut off is an error, not something to pass on', () => {
    const cut =
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":1,"delta":{"type":"text_de\n\n';
    const { text, end } = play([start() + words(0, 'a') + cut + ending()]);
    expect(end).toMatchObject({ kind: 'failed', error: { code: 'malformed_event' } });
    expect(text).toBe(oursOf(start() + words(0, 'a')));
  });

  it('dies where the body does', () => {
    expect(play([start() + words(0, 'a')]).end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(play([`${start()}${words(0, 'a')}data: {"type":`]).end).toEqual({ kind: 'died', reason: 'truncated_event' });
  });

  it('ends with its stop: what follows belongs to nobody', () => {
    const { text, stream, end } = play([start() + words(0, 'a') + ending() + start() + words(0, 'b')]);
    expect(text).toBe(oursOf(start() + words(0, 'a')));
    expect([stream.isDone, end.kind]).toEqual([true, 'finished']);
  });

  it('a packet in which nothing changes is written as it came', () => {
    const { written } = play([start() + words(0, 'a'), words(1, 'b'), words(2, 'c')]);
    expect(written.slice(1)).toEqual([words(1, 'b'), words(2, 'c')]);
  });
});

describe('a whole answer on its way', () => {
  const read = (body: string) => client.pass.readReply(Buffer.from(body), PASS);

  it('keeps every byte but id, model and cost', () => {
    const body =
      '{ "model":"theirs","id":"msg_theirs", "content":[{"type":"text","text":"\\u00e9"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2} }';
    const whole = read(body);
    if (whole.kind !== 'reply') throw new Error(whole.kind);
    const { reply } = whole;
    expect(reply).toMatchObject({ usage: { input: 1, output: 2 }, finish: { kind: 'stop' }, isEmpty: false });
    expect(reply.render({ usage: reply.usage, cost: '0.10' }).body.toString('utf8')).toBe(
      body.replace('"theirs"', '"our/model"').replace('"msg_theirs"', '"msg_r1"').replace('2} }', '2,"cost":0.10} }'),
    );
  });

  it('without usage gets our count', () => {
    const whole = read('{"content":[],"stop_reason":"end_turn"}');
    if (whole.kind !== 'reply') throw new Error(whole.kind);
    expect(whole.reply.isEmpty).toBe(true);
    const told = JSON.parse(whole.reply.render({ usage: { input: 3, output: 0 }, cost: '0' }).body.toString('utf8'));
    expect(told).toMatchObject({ id: 'msg_r1', model: 'our/model', usage: { input_tokens: 3, cost: 0 } });
  });

  it('may be an error, or no answer', () => {
    expect(read('{"type":"error","error":{"type":"api_error","message":"m"}}')).toMatchObject({ kind: 'failed' });
    for (const body of ['', '<html>', '{}', '{"content":[]} x']) expect(read(body).kind).toBe('unreadable');
    expect(client.pass.readReply(Buffer.from([0x7b, 0xff, 0x7d]), PASS).kind).toBe('unreadable');
  });
});

it('every splice has a name, and says what and why', () => {
  const names = client.pass.splices.map(({ side, name }) => `${side} ${name}`);
  expect(new Set(names).size).toBe(names.length);
  for (const { what, why } of client.pass.splices) expect(what !== '' && why !== '').toBe(true);
});
