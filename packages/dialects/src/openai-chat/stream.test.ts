import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReplyStream } from '../canonical/codec.js';
import type { StreamEnd } from '../canonical/reply.js';
import { failureOf } from '../failure.js';
import { createStream } from './stream.js';
import { chunk, event, finished, STREAM_SAMPLES, text, USAGE } from './stream-samples.fixture.js';

const SEED = 20_261_120;

interface Played {
  readonly bytes: Buffer;
  readonly writes: number;
  readonly end: StreamEnd;
  readonly stream: ReplyStream;
}

function play(packets: readonly Buffer[], includeUsage: boolean): Played {
  const stream = createStream({ id: 'gen-1', model: 'openai/gpt-4o-mini', includeUsage });
  const written: Buffer[] = [];
  const write = (bytes: Buffer): void => void written.push(Buffer.from(bytes));
  for (const packet of packets) stream.push(packet, write);
  const end = stream.end(write);
  return { bytes: Buffer.concat(written), writes: written.length, end, stream };
}

const whole = (sample: string, includeUsage = true): Played => play([Buffer.from(sample)], includeUsage);

function chunksOf(bytes: Buffer): Record<string, unknown>[] {
  return bytes
    .toString('utf8')
    .split(/\r\n|\n|\r/)
    .filter((line) => /^data: ?\{/.test(line))
    .map((line) => JSON.parse(line.slice(5)));
}

function facts({ bytes, end, stream }: Played): unknown {
  const { usage, finishRaw, error, sawOutput, isDone, hasWritten, malformedEvents, serviceTier } = stream;
  const terminal = stream.terminal({ usage, cost: '0.000001' }).toString('utf8');
  return {
    text: bytes.toString('hex'),
    end,
    usage,
    finishRaw,
    error,
    sawOutput,
    isDone,
    hasWritten,
    malformedEvents,
    serviceTier,
    terminal,
    counted: stream.countOutput(),
  };
}

describe.each(Object.entries(STREAM_SAMPLES))('the %s stream', (_name, sample) => {
  const bytes = Buffer.from(sample);
  test.each([true, false])('reads the same wherever its bytes are cut (usage asked for: %s)', (includeUsage) => {
    const expected = facts(play([bytes], includeUsage));
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(facts(play([bytes.subarray(0, cut), bytes.subarray(cut)], includeUsage)), `cut at ${cut}`).toEqual(
        expected,
      );
    }
    const single = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(facts(play(single, includeUsage))).toEqual(expected);
  });

  test('reads the same however many times it is cut', () => {
    const expected = facts(play([bytes], true));
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 40 });
    const property = fc.property(cuts, (positions) => {
      const sorted = [0, ...positions.sort((a, b) => a - b), bytes.length];
      const packets = sorted.slice(1).map((to, index) => bytes.subarray(sorted[index], to));
      expect(facts(play(packets, true))).toEqual(expected);
    });
    fc.assert(property, { seed: SEED, numRuns: 60 });
  });
});

describe('what reaches the client', () => {
  test('only id, model and usage change; every other byte of every event is the provider’s own', () => {
    const { bytes } = whole(STREAM_SAMPLES.openai, true);
    const kept = STREAM_SAMPLES.openai
      .replaceAll('"chatcmpl-1"', '"gen-1"')
      .replaceAll('"gpt-4o-mini-2024-07-18"', '"openai/gpt-4o-mini"')
      .split('\n\n')
      .filter((one) => one !== '' && !one.includes('"choices":[]') && one !== 'data: [DONE]')
      .map((one) => `${one}\n\n`)
      .join('');
    expect(bytes.toString('utf8')).toBe(kept);
  });

  test('a dropped event leaves nothing behind, also where lines end in CRLF', () => {
    const { bytes } = whole(STREAM_SAMPLES.openai.replaceAll('\n\n', '\r\n\r\n'), true);
    expect(bytes.toString('utf8')).toBe(
      whole(STREAM_SAMPLES.openai).bytes.toString('utf8').replaceAll('\n\n', '\r\n\r\n'),
    );
  });

  test('an escape at the end of a line does not join it with the next', () => {
    expect(whole(STREAM_SAMPLES.escapedEnd).stream.error?.code).toBe('malformed_event');
  });

  test('number formats, escapes, spaces and unknown fields survive', () => {
    const odd =
      'data: {"x":1.10e+02, "id" : "i" ,"y":"\\u00e9\\/", "model":"m","choices":[ {"delta":{"content":"\\ud83d\\ude00"}} ] }\n\n';
    const { bytes } = whole(odd);
    expect(bytes.toString('utf8')).toBe(odd.replace('"i"', '"gen-1"').replace('"m"', '"openai/gpt-4o-mini"'));
  });

  test('a chunk that begins like the one before it is spliced like it, also when it says more behind its choices', () => {
    const head = '{"id":"a","model":"m","choices":[{"delta":{"content":"x"}}]';
    const tails = [
      '}',
      ',"usage":null}',
      ',"id":"b","usage":{"prompt_tokens":1,"completion_tokens":2},"z":1.0}',
      ',"error":{"message":"broken"}}',
    ];
    const sample = tails.map((tail) => `data: ${head}${tail}\n\n`).join('');
    const { bytes, stream } = whole(sample, false);
    const ours = '{"id":"gen-1","model":"openai/gpt-4o-mini","choices":[{"delta":{"content":"x"}}]';
    const third = ours.replace('"gen-1"', '"a"');
    expect(bytes.toString('utf8')).toBe(`data: ${ours}}\n\ndata: ${ours}}\n\ndata: ${third},"id":"gen-1","z":1.0}\n\n`);
    expect(stream.usage).toEqual({ input: 1, output: 2 });
    expect(stream.error?.message).toBe('broken');
  });

  test('a packet from which nothing changes is written as it is, once', () => {
    const same = event(chunk({ id: 'gen-1', model: 'openai/gpt-4o-mini', choices: [text('a')] })).repeat(5);
    const packet = Buffer.from(same);
    const stream = createStream({ id: 'gen-1', model: 'openai/gpt-4o-mini', includeUsage: true });
    const written: Buffer[] = [];
    stream.push(packet, (bytes) => void written.push(bytes));
    expect(written).toHaveLength(1);
    expect(written[0]).toBe(packet);
  });

  test('one packet of many events is one write', () => {
    expect(whole(STREAM_SAMPLES.openai).writes).toBe(1);
  });

  test.each(Object.keys(STREAM_SAMPLES) as (keyof typeof STREAM_SAMPLES)[])(
    'every chunk of %s has our id and model',
    (name) => {
      for (const one of chunksOf(whole(STREAM_SAMPLES[name]).bytes)) {
        expect(one).toMatchObject({ id: 'gen-1', model: 'openai/gpt-4o-mini' });
      }
    },
  );

  test('comments go on; a byte order mark, empty data and data that is no JSON do not', () => {
    const { bytes, stream } = whole(STREAM_SAMPLES.odd);
    const out = bytes.toString('utf8');
    expect(out.startsWith(':hello\n\nid: 7\nretry: 10\n\n')).toBe(true);
    expect(out).not.toMatch(/ping|DONE|data:\n/);
    expect(stream.malformedEvents).toBe(1);
    expect(chunksOf(bytes)).toHaveLength(2);
  });
});

describe('usage', () => {
  test.each(['early', 'openai', 'azure', 'groq', 'openrouter', 'perplexity', 'moderated', 'snowflake'] as const)(
    '%s: who asked gets exactly one usage chunk, with empty choices, at the end',
    (name) => {
      const { bytes, stream } = whole(STREAM_SAMPLES[name], true);
      expect(chunksOf(bytes).filter((one) => one['usage'])).toEqual([]);
      const terminal = stream.terminal({ usage: stream.usage, cost: '0.00000123' });
      const [usage, ...others] = chunksOf(terminal);
      expect(others).toEqual([]);
      expect(usage).toMatchObject({
        id: 'gen-1',
        model: 'openai/gpt-4o-mini',
        choices: [],
        usage: { prompt_tokens: 20, cost: 0.00000123 },
      });
      expect(terminal.toString('utf8').endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
      expect(terminal.toString('utf8')).toContain('"cost":0.00000123');
    },
  );

  test.each(Object.keys(STREAM_SAMPLES) as (keyof typeof STREAM_SAMPLES)[])(
    '%s: who did not ask sees no usage member at all',
    (name) => {
      const { bytes, stream } = whole(STREAM_SAMPLES[name], false);
      for (const one of chunksOf(bytes)) expect(one).not.toHaveProperty('usage');
      expect(stream.terminal({ usage: stream.usage, cost: '1' }).toString('utf8')).toBe('data: [DONE]\n\n');
    },
  );

  test('usage null stays on the other chunks for who asked, as OpenAI sends it', () => {
    expect(chunksOf(whole(STREAM_SAMPLES.openai, true).bytes).every((one) => one['usage'] === null)).toBe(true);
  });

  test('of three reports the last counts, and nothing is added up (Groq)', () => {
    expect(whole(STREAM_SAMPLES.groq).stream.usage).toEqual({ input: 16, cache_read: 4, output: 7 });
  });

  test('usage that stands only in x_groq counts', () => {
    const { stream } = whole(
      event(
        chunk({ choices: [finished('stop')], x_groq: { id: 'r', usage: { prompt_tokens: 5, completion_tokens: 6 } } }),
      ),
    );
    expect(stream.usage).toEqual({ input: 5, output: 6 });
  });

  test('the provider’s own usage chunk is kept, its own cost replaced by ours', () => {
    const { stream } = whole(STREAM_SAMPLES.azure);
    const [usage] = chunksOf(stream.terminal({ usage: stream.usage, cost: '0.1' }));
    expect(usage).toMatchObject({ latency_checkpoint: { a: 8 }, usage: { ...USAGE, cost: 0.1 } });
    const { stream: routed } = whole(STREAM_SAMPLES.openrouter);
    const [own] = chunksOf(routed.terminal({ usage: routed.usage, cost: '0.5' }));
    expect(own).toMatchObject({ usage: { ...USAGE, cost: 0.5, is_byok: false } });
  });

  test('without a report our count makes the chunk', () => {
    const { stream } = whole(event(chunk({ choices: [text('hello world', 'stop')] })));
    expect(stream.usage).toBeNull();
    expect(stream.countOutput()).toBe(2);
    const [counted] = chunksOf(stream.terminal({ usage: { input: 3, output: 2 }, cost: '0' }));
    expect(counted).toMatchObject({
      created: 1_782_321_910,
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5, cost: 0 },
    });
  });

  test('a moderation chunk after the usage chunk reaches the client before the end', () => {
    const chunks = chunksOf(whole(STREAM_SAMPLES.moderated, true).bytes);
    expect(chunks.at(-1)).toMatchObject({ choices: [], moderation: { flagged: false } });
  });
});

describe('how a stream ends', () => {
  test('[DONE] without a finish is an end (Snowflake), a finish without [DONE] too (Writer)', () => {
    const done = whole(STREAM_SAMPLES.snowflake);
    expect(done.end).toEqual({ kind: 'finished' });
    expect(done.stream.finish).toBeNull();
    expect(whole(event(chunk({ choices: [text('a', 'stop')] }))).end).toEqual({ kind: 'finished' });
  });

  test('[DONE] is never passed on by itself, and is known at once', () => {
    const { bytes, stream } = whole(STREAM_SAMPLES.openai);
    expect(bytes.toString('utf8')).not.toContain('\ndata: [DONE]');
    expect(stream.isDone).toBe(true);
  });

  test('no finish and no [DONE]: the provider died', () => {
    expect(whole(event(chunk({ choices: [text('a')] }))).end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(whole('').end).toEqual({ kind: 'died', reason: 'no_finish' });
  });

  test('an event cut off in the middle is not passed on', () => {
    const cut = whole(`${event(chunk({ choices: [text('a')] }))}data: {"id":"x","choices":[{"delta":{"content":"b`);
    expect(cut.end).toEqual({ kind: 'died', reason: 'truncated_event' });
    expect(chunksOf(cut.bytes)).toHaveLength(1);
  });

  test('a last event without its blank line counts, and is closed', () => {
    const last = whole(event(chunk({ choices: [text('a', 'stop')] })).trimEnd());
    expect(last.end).toEqual({ kind: 'finished' });
    expect(last.bytes.toString('utf8').endsWith('}\n\n')).toBe(true);
  });

  test.each([
    ['groqError', 'invalid_request', 400],
    ['openrouterError', 'rate_limited', 429],
  ] as const)('%s: nothing of the error is written, and it says what it was', (name, kind, status) => {
    const { bytes, end, stream } = whole(STREAM_SAMPLES[name]);
    expect(end.kind).toBe('failed');
    expect(stream.error).toMatchObject({ kind, status });
    expect(chunksOf(bytes)).toHaveLength(1);
    expect(bytes.toString('utf8')).not.toContain('error');
  });

  test('usage that comes with an error is known', () => {
    expect(whole(STREAM_SAMPLES.openrouterError).stream.usage).toEqual({ input: 16, cache_read: 4, output: 7 });
  });

  test('finish_reason error without an error object is an error', () => {
    expect(whole(event(chunk({ choices: [finished('error')] }))).end.kind).toBe('failed');
  });

  test('an error body where a stream should be is an error', () => {
    const body = '{"error":{"message":"overloaded","code":"overloaded_error"}}';
    expect(whole(body).stream.error).toMatchObject({ kind: 'overloaded', message: 'overloaded' });
  });

  test('a broken chunk in the middle ends the stream with an error: content may be missing', () => {
    const broken = whole(
      `${event(chunk({ choices: [text('a')] }))}data: {"id":"x","choices":[}\n\n${event(chunk({ choices: [text('b', 'stop')] }))}`,
    );
    expect(broken.end).toMatchObject({ kind: 'failed', error: { code: 'malformed_event' } });
    expect(chunksOf(broken.bytes)).toHaveLength(1);
    expect(broken.stream.malformedEvents).toBe(1);
  });

  test('an event longer than the limit is an error, however it arrives', () => {
    const long = Buffer.from(event(chunk({ choices: [text('x'.repeat(1_100_000))] })));
    const packets = [long.subarray(0, 100), long.subarray(100, 700_000), long.subarray(700_000)];
    for (const cut of [[long], packets]) {
      const { end, stream, bytes } = play(cut, true);
      expect(end).toMatchObject({ kind: 'failed', error: { code: 'event_too_long' } });
      expect(bytes).toHaveLength(0);
      expect(stream.malformedEvents).toBe(0);
    }
  });

  test('a failure is one typed event and no [DONE]', () => {
    const { stream } = whole(STREAM_SAMPLES.groqError);
    const failure = failureOf({
      code: 'stream_interrupted',
      message: 'The provider broke off.',
      requestId: 'r-1',
      origin: 'provider',
    });
    const out = stream.failure(failure).toString('utf8');
    expect(out).not.toContain('[DONE]');
    expect(chunksOf(Buffer.from(out))).toEqual([
      {
        error: {
          message: 'The provider broke off.',
          type: 'api_error',
          param: null,
          code: 'stream_interrupted',
          origin: 'provider',
          retryable: true,
          charged_usd: '0',
          request_id: 'r-1',
        },
      },
    ]);
  });
});

describe('what is known on the way', () => {
  test('an empty first delta is no output; text, reasoning and a tool call are', () => {
    const saw = (delta: unknown): boolean =>
      whole(event(chunk({ choices: [{ index: 0, delta, finish_reason: null }] }))).stream.sawOutput;
    expect(saw({ role: 'assistant', content: '' })).toBe(false);
    expect(saw({ content: null, reasoning_content: '' })).toBe(false);
    expect(saw({ content: 'x' })).toBe(true);
    expect(saw({ reasoning: 'x' })).toBe(true);
    expect(saw({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'x' }] }] })).toBe(true);
    expect(saw({ tool_calls: [{ index: 0, id: '', function: { name: 'f', arguments: '' } }] })).toBe(true);
  });

  test('a long stream is counted without keeping all of it', () => {
    const stream = createStream({ id: 'gen-1', model: 'm', includeUsage: false });
    const packet = Buffer.from(event(chunk({ choices: [text('alpha beta gamma delta ')] })).repeat(200));
    for (let round = 0; round < 10; round += 1) stream.push(packet, () => {});
    expect(stream.countOutput()).toBeGreaterThanOrEqual(2_000 * 4);
    expect(stream.countOutput()).toBeLessThanOrEqual(2_000 * 5 + 20);
  });

  test('a cumulative message beside the delta is not counted (Perplexity)', () => {
    expect(whole(STREAM_SAMPLES.perplexity).stream.countOutput()).toBeLessThanOrEqual(3);
  });

  test('reasoning under two names is counted once', () => {
    const delta = {
      reasoning: 'one two three',
      reasoning_content: 'one two three',
      reasoning_details: [{ text: 'one two three' }],
    };
    expect(whole(event(chunk({ choices: [{ index: 0, delta }] }))).stream.countOutput()).toBe(3);
  });
});
