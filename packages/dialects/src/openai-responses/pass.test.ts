import { describe, expect, it, test } from 'vitest';
import type { PassOptions, Target } from '../canonical/codec.js';
import { object } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { createCuts, packetsAt } from '../cuts.fixture.js';
import { failureOf } from '../failure.js';
import { jsonLines } from '../json-lines.fixture.js';
import { NO_QUIRKS, type ProviderQuirks, quirksOf } from '../provider-quirks.js';
import { usageTotals } from '../usage.js';
import { pass } from './pass.js';
import type { PassStream } from './pass-stream.js';
import { recordings, sse, streams } from './recordings.fixture.js';
import { decodeRequest, withStorage } from './request.js';
import { createWireCheck } from './wire-grammar.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? 20_261_120);
const DOOR = { model: null, isStream: null };
const TARGET: Target = { model: 'gpt-5-mini', quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };

function requestFrom(body: unknown): CanonicalRequest {
  const decoded = decodeRequest(Buffer.from(JSON.stringify(body)), DOOR);
  if (!decoded.ok) throw new Error(decoded.failure.message);
  return decoded.value;
}

function optionsFor(
  body: JsonObject = { model: 'our/model', input: 'Hi' },
  previous: string | null = null,
): PassOptions {
  const request = requestFrom(body);
  return {
    requestId: 'r1',
    model: 'our/model',
    provider: 'OpenAI',
    created: 1,
    request: previous === null ? request : withStorage(request, { previousResponseId: previous, isStored: false }),
    source: 'openai-responses',
    quirks: NO_QUIRKS,
  };
}

function spliced(text: string, target: Partial<Target> = {}): { text: string; losses: string[] } {
  const body = Buffer.from(text);
  const result = pass.spliceRequest(body, requestFrom(JSON.parse(text)), { ...TARGET, ...target });
  if (!result.ok) throw new Error(result.failure.message);
  const losses = result.value.losses.map(({ field }) => field);
  return { text: Buffer.concat(result.value.body).toString('utf8'), losses };
}

describe('a request that keeps its bytes', () => {
  it('changes nothing but what the table says', () => {
    const text = '{ "model" : "m",\n "input":"H\\u0069", "temperature": 1.0, "future": {"a": [1,2 ]}}';
    expect(spliced(text, { model: 'gpt-4.1' }).text).toBe(
      '{"store":false, "model" : "gpt-4.1",\n "input":"H\\u0069", "temperature": 1.0, "future": {"a": [1,2 ]}}',
    );
  });

  it('asks models that think for seals, once', () => {
    const include = (text: string, model?: string): unknown =>
      (JSON.parse(spliced(text, model === undefined ? {} : { model }).text) as JsonObject)['include'];
    expect(include('{"model":"m","input":"x"}')).toEqual(['reasoning.encrypted_content']);
    expect(include('{"model":"m","input":"x","include":["a"]}')).toEqual(['a', 'reasoning.encrypted_content']);
    expect(include('{"model":"m","input":"x","include":["reasoning.encrypted_content"]}')).toEqual([
      'reasoning.encrypted_content',
    ]);
    expect(include('{"model":"m","input":"x"}', 'gpt-4.1')).toBeUndefined();
  });

  it('lowers an output maximum and never raises it', () => {
    const maximum = (asked: string, outputMax: number): unknown =>
      (JSON.parse(spliced(`{"model":"m","input":"x"${asked}}`, { outputMax }).text) as JsonObject)['max_output_tokens'];
    expect(maximum(',"max_output_tokens":500', 100)).toBe(100);
    expect(maximum(',"max_output_tokens":50', 100)).toBe(50);
    expect(maximum(',"max_output_tokens":null', 100)).toBe(100);
    expect(maximum('', 100)).toBe(100);
  });

  it('replaces the name of the user, and leaves out what the provider rejects', () => {
    const { text, losses } = spliced(
      '{"model":"m","user":"alice","safety_identifier":"alice","metadata":{"a":"b"},"top_k":3,"input":"x"}',
      {
        quirks: quirksOf('openai'),
        safetyIdentifier: 'hash',
      },
    );
    expect(JSON.parse(text)).toMatchObject({ safety_identifier: 'hash', store: false });
    expect(text).not.toContain('alice');
    expect(losses).toEqual(['top_k']);
  });

  it('members next to each other go with their commas, wherever they stand', () => {
    const names = ['user', 'top_k', 'models', 'input', 'model'];
    const quirks: ProviderQuirks = { ...NO_QUIRKS, rejectedFields: ['user', 'top_k', 'models', 'store'] };
    for (let turn = 0; turn < names.length; turn += 1) {
      const order = [...names.slice(turn), ...names.slice(0, turn)];
      const text = `{${order.map((name) => `"${name}" : ${name === 'top_k' ? 1 : '"x"'}`).join(' , ')}}`;
      expect(JSON.parse(spliced(text, { quirks, model: 'gpt-4.1' }).text)).toEqual({ input: 'x', model: 'gpt-4.1' });
    }
  });

  it('T23: thinking under another vendor’s seal, or under none, does not go to this provider', () => {
    const foreign = `tgs1.anthropic-messages.signature.${Buffer.from('sig').toString('base64url')}`;
    const input = [
      { role: 'user', content: 'Hi' },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: foreign },
      { type: 'reasoning', id: 'rs_2', summary: [{ type: 'summary_text', text: 'x' }] },
      { type: 'reasoning', id: 'rs_3', summary: [], encrypted_content: 'gAAA' },
      { role: 'assistant', content: 'Hello' },
    ];
    const { text, losses } = spliced(JSON.stringify({ model: 'm', input }));
    expect((JSON.parse(text) as JsonObject)['input']).toEqual([input[0], input[3], input[4]]);
    expect(losses).toEqual(['input[1].reasoning', 'input[2].reasoning']);
  });

  it('thinking that is named by its id alone is not looked up at the provider', () => {
    const shell = { type: 'reasoning', id: 'rs_1', summary: [] };
    const input = [{ role: 'user', content: 'Hi' }, shell, { role: 'assistant', content: 'Hello' }];
    const { text, losses } = spliced(JSON.stringify({ model: 'm', input }));
    expect((JSON.parse(text) as JsonObject)['input']).toEqual([input[0], input[2]]);
    expect(losses).toEqual(['input[1].reasoning']);
  });

  it('a key that is written with escapes is the key', () => {
    expect(JSON.parse(spliced('{"mod\\u0065l":"m","input":"x","stor\\u0065":true}').text)).toMatchObject({
      model: 'gpt-5-mini',
      store: false,
    });
  });
});

describe.runIf(recordings.length > 0)('every recorded request', () => {
  const asked = recordings.filter(
    ({ request }) => request?.body !== undefined && /\/responses($|\?)/.test(request.path),
  );

  it('is spliced as its object would be changed', () => {
    let seen = 0;
    for (const { name, request } of asked) {
      const body = request?.body as JsonObject;
      const decoded = decodeRequest(Buffer.from(JSON.stringify(body)), DOOR);
      if (!decoded.ok) continue;
      const { text, losses } = spliced(JSON.stringify(body), {
        model: 'gpt-4.1',
        quirks: { ...NO_QUIRKS, reasoningReplayField: 'reasoning' },
      });
      const { previous_response_id: _previous, ...rest } = body;
      const { include, ...out } = JSON.parse(text) as JsonObject;
      const { include: asked, ...expected } = { ...rest, model: 'gpt-4.1', store: false } as JsonObject;
      expect(out, name).toEqual(expected);
      expect(new Set(include as string[]), name).toEqual(
        new Set([
          ...((asked ?? []) as string[]),
          ...((include ?? []) as string[]).filter((one) => one === 'reasoning.encrypted_content'),
        ]),
      );
      expect(losses).toEqual([]);
      seen += 1;
    }
    expect(seen).toBeGreaterThan(200);
  });
});

// --- answers --------------------------------------------------------------------------------------------------------------

interface Played {
  readonly stream: PassStream;
  readonly end: { readonly kind: string };
  readonly out: string;
}

function play(bytes: Buffer, cuts: readonly number[] = [], options = optionsFor()): Played {
  const stream = pass.createStream(options) as PassStream;
  const written: Buffer[] = [];
  for (const packet of packetsAt(bytes, cuts)) stream.push(packet, (out) => void written.push(out));
  const end = stream.end((out) => void written.push(out));
  return { stream, end, out: Buffer.concat(written).toString('utf8') };
}

const FACTS = { usage: null, cost: '0.25' };

/** The same change on objects: what the bytes must amount to. */
function changed(response: JsonObject, isLast: boolean): JsonObject {
  const out: Record<string, unknown> = {
    ...response,
    id: 'resp_r1',
    model: 'our/model',
    previous_response_id: null,
    store: true,
  };
  for (const name of ['max_output_tokens', 'user', 'safety_identifier']) if (name in out) out[name] = null;
  if (Array.isArray(out['output'])) out['output'] = (out['output'] as JsonObject[]).map(unsealed);
  if (isLast && object(out['usage']) !== null) out['usage'] = { ...object(out['usage']), cost: 0.25 };
  return out;
}

function unsealed(item: JsonObject): JsonObject {
  if (item['type'] !== 'reasoning') return item;
  const { encrypted_content: _seal, ...rest } = item;
  return rest;
}

function expectedEvents(events: readonly JsonObject[]): JsonObject[] {
  return events.map((event) => {
    const response = object(event['response']);
    const item = object(event['item']);
    const isLast = event['type'] === 'response.completed' || event['type'] === 'response.incomplete';
    return {
      ...event,
      ...(response === null ? {} : { response: changed(response, isLast) }),
      ...(item === null ? {} : { item: unsealed(item) }),
    };
  });
}

describe.runIf(recordings.length > 0)('every recorded stream that keeps its bytes', () => {
  test.each(streams.map((one) => [one.name, one] as const))('%s', (_name, { bytes, events }) => {
    const { stream, end, out } = play(bytes);
    const failed = events.some(({ type }) => type === 'error');
    expect(end.kind).toBe(failed ? 'failed' : 'finished');
    if (failed) {
      expect(out).toBe('');
      expect(stream.hasWritten).toBe(false);
      return;
    }
    const text = out + stream.terminal(FACTS).toString('utf8');
    expect(jsonLines(text)).toEqual(expectedEvents(events));
    expect(stream.malformedEvents).toBe(0);
    expect(stream.sawOutput).toBe(true);
    expect(text).not.toContain('[DONE]');
    const usage = object(object(events.at(-1)?.['response'])?.['usage']);
    if (stream.usage === null) throw new Error('no usage');
    expect(usageTotals(stream.usage).output).toBe(usage?.['output_tokens']);
    const { body, items } = stream.kept() ?? {};
    expect(body).toMatchObject({ id: 'resp_r1', model: 'our/model', store: true });
    expect(items).toEqual(object(events.at(-1)?.['response'])?.['output']);
  });

  test('events that are not spliced are the provider’s own bytes', () => {
    for (const { name, bytes } of streams) {
      const { out } = play(bytes);
      const theirs = new Set(bytes.toString('utf8').split(/\n\n/));
      const deltas = out.split(/\n\n/).filter((event) => event.includes('.delta"'));
      for (const event of deltas) if (!theirs.has(event)) throw new Error(`${name}: ${event.slice(0, 200)}`);
    }
  });

  test(`cut anywhere, each gives the same bytes and the same facts (seed ${seed})`, () => {
    const cutsOf = createCuts(seed);
    for (const { name, bytes } of streams) {
      const facts = (cuts: readonly number[]): unknown => {
        const { stream, end, out } = play(bytes, cuts);
        const last = end.kind === 'finished' ? stream.terminal(FACTS).toString('utf8') : '';
        return [
          out,
          last,
          end,
          stream.usage,
          stream.finishRaw,
          stream.error,
          stream.malformedEvents,
          stream.countOutput(),
        ];
      };
      const whole = facts([]);
      for (const pieces of [1, 7, 200]) {
        const cuts = cutsOf(bytes.length, pieces);
        expect(facts(cuts), `${name} cut at ${cuts}`).toEqual(whole);
      }
    }
  }, 120_000);

  test('cut at every single byte (the shortest ones)', () => {
    const short = [...streams].sort((a, b) => a.bytes.length - b.bytes.length).slice(0, 3);
    for (const { name, bytes } of short) {
      const whole = play(bytes).out;
      for (let cut = 1; cut < bytes.length; cut += 1)
        if (play(bytes, [cut]).out !== whole) throw new Error(`${name} cut at ${cut}`);
    }
  }, 120_000);
});

describe.runIf(recordings.length > 0)('every recorded answer that keeps its bytes', () => {
  const bodies = recordings.filter(
    ({ response }) => response.status === 200 && object(response.body)?.['object'] === 'response',
  );
  test.each(bodies.map(({ name, response }) => [name, JSON.stringify(response.body)] as const))('%s', (_name, text) => {
    const body = JSON.parse(text) as JsonObject;
    const read = pass.readReply(Buffer.from(text), optionsFor());
    if (body['status'] === 'queued' || body['status'] === 'in_progress') return expect(read.kind).toBe('unreadable');
    if (read.kind !== 'reply') throw new Error(read.kind);
    expect(JSON.parse(read.reply.render(FACTS).body.toString('utf8'))).toEqual(changed(body, true));
    expect(read.reply.isEmpty).toBe(false);
    expect(read.reply.countOutput()).toBeGreaterThan(0);
    return undefined;
  });
});

const CREATED = {
  type: 'response.created',
  sequence_number: 0,
  response: {
    id: 'resp_x',
    object: 'response',
    model: 'x',
    status: 'in_progress',
    output: [],
    store: false,
    previous_response_id: null,
  },
};
const DELTA = {
  type: 'response.output_text.delta',
  sequence_number: 1,
  output_index: 0,
  content_index: 0,
  delta: 'Hello',
};
const LAST = {
  type: 'response.completed',
  sequence_number: 2,
  response: {
    id: 'resp_x',
    object: 'response',
    model: 'x',
    status: 'completed',
    output: [],
    store: false,
    previous_response_id: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  },
};

describe('a stream that keeps its bytes', () => {
  it('holds its opening until the model begins, so that another provider may take over', () => {
    const stream = pass.createStream(optionsFor());
    const written: string[] = [];
    const write = (bytes: Buffer): void => void written.push(bytes.toString('utf8'));
    stream.push(sse([CREATED]), write);
    expect([written, stream.hasWritten]).toEqual([[], false]);
    stream.push(sse([DELTA]), write);
    expect(jsonLines(written.join('')).map(({ type }) => type)).toEqual([
      'response.created',
      'response.output_text.delta',
    ]);
  });

  it('repeats what the caller asked, not what was sent', () => {
    const options = optionsFor(
      { model: 'm', input: 'x', store: false, max_output_tokens: 77, user: 'alice' },
      'resp_before',
    );
    const echo = { ...LAST.response, max_output_tokens: 16, user: 'hash', safety_identifier: 'hash' };
    const { stream, out } = play(sse([CREATED, DELTA, { ...LAST, response: echo }]), [], options);
    expect(jsonLines(out)[0]).toMatchObject({
      response: { previous_response_id: 'resp_before', store: false, id: 'resp_r1' },
    });
    expect(jsonLines(stream.terminal(FACTS).toString('utf8'))[0]).toMatchObject({
      response: {
        previous_response_id: 'resp_before',
        store: false,
        max_output_tokens: 77,
        user: 'alice',
        safety_identifier: null,
      },
    });
  });

  it('seals stay for who asked for them, and are kept for what is stored all the same', () => {
    const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' };
    const events = [
      CREATED,
      { type: 'response.output_item.done', sequence_number: 1, output_index: 0, item },
      { ...LAST, response: { ...LAST.response, output: [item] } },
    ];
    const asked = play(
      sse(events),
      [],
      optionsFor({ model: 'm', input: 'x', include: ['reasoning.encrypted_content'] }),
    );
    expect(asked.out + asked.stream.terminal(FACTS).toString('utf8')).toContain('gAAA');
    const plain = play(sse(events));
    expect(plain.out + plain.stream.terminal(FACTS).toString('utf8')).not.toContain('gAAA');
    expect(plain.stream.kept()).toMatchObject({
      items: [item],
      body: { output: [{ type: 'reasoning', id: 'rs_1', summary: [] }] },
    });
  });

  it('an id of the response is ours wherever it stands', () => {
    const { out } = play(sse([CREATED, { ...DELTA, response_id: 'resp_x' }, LAST]));
    expect(out).not.toContain('resp_x');
    expect(jsonLines(out)[1]).toMatchObject({ response_id: 'resp_r1' });
  });

  it('W6: of an error nothing is written, and the end is one of ours', () => {
    const { stream, end, out } = play(
      sse([CREATED, DELTA, { type: 'error', sequence_number: 2, error: { code: 'server_error', message: 'secret' } }]),
    );
    expect(end.kind).toBe('failed');
    const failure = failureOf({ code: 'provider_error', message: 'The provider failed.', requestId: 'r1' });
    const text = out + stream.failure(failure).toString('utf8');
    expect(text).not.toContain('secret');
    const events = jsonLines(text);
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.output_text.delta',
      'error',
      'response.failed',
    ]);
    expect(events.at(-1)).toMatchObject({
      response: { id: 'resp_r1', status: 'failed', error: { code: 'provider_error' } },
    });
    expect(events.at(-1)?.['sequence_number']).toBe(4);
  });

  it('deltas that begin alike are passed and counted as all others, and the numbers go on after them', () => {
    const deltas = Array.from({ length: 20 }, (_, index) => ({
      ...DELTA,
      sequence_number: index + 1,
      delta: ` "w${index}" \\ `,
    }));
    const bytes = sse([CREATED, ...deltas]);
    const { stream, out } = play(bytes);
    expect(jsonLines(out).slice(1)).toEqual(deltas);
    expect(stream.countOutput()).toBeGreaterThan(40);
    const failure = failureOf({ code: 'stream_interrupted', message: 'Gone.', requestId: 'r1' });
    expect(jsonLines(stream.failure(failure).toString('utf8')).map((event) => event['sequence_number'])).toEqual([
      21, 22,
    ]);
    for (const cut of [bytes.length - 3, bytes.length - 1, 400])
      expect(play(bytes, [cut]).stream.countOutput()).toBe(stream.countOutput());
  });

  it('W4: other ends of lines, comments, names behind the data and [DONE] are read, and only [DONE] is not passed on', () => {
    const frames = [CREATED, DELTA, LAST].map(
      (event) => `data: ${JSON.stringify(event)}\r\nevent: ${event.type}\r\n\r\n`,
    );
    const { stream, end, out } = play(Buffer.from(`\ufeff: PROCESSING\r\n\r\n${frames.join('')}data: [DONE]\r\n\r\n`));
    expect(end.kind).toBe('finished');
    const text = out + stream.terminal(FACTS).toString('utf8');
    expect(text).toContain(': PROCESSING\r\n\r\n');
    expect(jsonLines(text)).toHaveLength(3);
    expect(text).not.toContain('DONE');
  });

  it('P06: a body that ends early is no answer; a last event without its blank line is', () => {
    expect(play(sse([CREATED, DELTA])).end).toEqual({ kind: 'died', reason: 'no_finish' });
    const whole = sse([CREATED, DELTA, LAST]).toString('utf8');
    expect(play(Buffer.from(whole.trimEnd())).end.kind).toBe('finished');
    expect(play(Buffer.from(whole.slice(0, -20))).end).toEqual({ kind: 'died', reason: 'truncated_event' });
  });

  it('usage that nobody reported is ours, with its cost', () => {
    const { usage: _usage, ...response } = LAST.response;
    const { stream } = play(sse([CREATED, DELTA, { ...LAST, response }]));
    expect(stream.usage).toBeNull();
    expect(stream.countOutput()).toBe(1);
    const text = stream.terminal({ usage: { input: 3, output: 4 }, cost: '0.1' }).toString('utf8');
    expect(jsonLines(text)[0]).toMatchObject({
      response: { usage: { input_tokens: 3, output_tokens: 4, cost: 0.1 } },
    });
  });

  it('a broken event in the middle is an error', () => {
    expect(play(Buffer.from('data: {"type":"response.output_text.delta","delta":\n\n')).end).toMatchObject({
      kind: 'failed',
    });
  });

  it('what is written keeps the grammar of a stream that failed', () => {
    const { stream, out } = play(sse([CREATED]));
    const failure = failureOf({ code: 'stream_interrupted', message: 'Gone.', requestId: 'r1' });
    const check = createWireCheck();
    for (const event of jsonLines(out + stream.failure(failure).toString('utf8'))) check.add(event);
    check.end();
  });

  it('every splice is listed with its reason', () => {
    expect(pass.splices.every(({ name, what, why }) => name !== '' && what !== '' && why !== '')).toBe(true);
    expect(new Set(pass.splices.map(({ side }) => side))).toEqual(new Set(['request', 'reply']));
  });
});
