import { describe, expect, test } from 'vitest';
import { createCuts, packetsAt } from '../cuts.fixture.js';
import { jsonLines } from '../json-lines.fixture.js';
import { bodyBytes, loadRecordings } from '../recordings.fixture.js';
import { usageTotals } from '../usage.js';
import { decodeProviderFailure } from './provider-failure.js';
import { readReply, spliceReply } from './reply.js';
import { decodeEnvelope } from './request.js';
import { createStream } from './stream.js';
import { decodeUsage } from './usage.js';

const recordings = loadRecordings('openai-chat');
const streams = recordings.filter(({ response }) => response.status === 200 && response.stream !== undefined);
const bodies = recordings.filter(({ response }) => response.status === 200 && response.stream === undefined);

interface Chunk {
  readonly id?: string;
  readonly model?: string;
  readonly usage?: object | null;
  readonly error?: unknown;
  readonly x_groq?: { readonly usage?: object };
  readonly choices?: readonly { readonly finish_reason?: string | null; readonly delta?: unknown }[];
}

const chunksOf = (text: string): readonly Chunk[] => jsonLines(text) as readonly Chunk[];

function play(bytes: Buffer, cuts: readonly number[], includeUsage: boolean) {
  const stream = createStream({ id: 'gen-1', model: 'our/model', includeUsage });
  const written: Buffer[] = [];
  const write = (out: Buffer): void => void written.push(out);
  for (const packet of packetsAt(bytes, cuts)) stream.push(packet, write);
  const end = stream.end(write);
  return { stream, end, out: Buffer.concat(written).toString('utf8') };
}

const present = recordings.length > 0;

describe.runIf(present)('every recorded stream', () => {
  test.each(streams.map((one) => [one.name, one] as const))('%s', (_name, { response }) => {
    const sample = response.stream ?? '';
    const bytes = Buffer.from(sample);
    const chunks = chunksOf(sample);
    const { stream, end, out } = play(bytes, [], true);

    const errors = chunks.filter(({ error }) => error);
    expect(end.kind).toBe(errors.length > 0 ? 'failed' : 'finished');
    expect(stream.malformedEvents).toBe(0);

    const finishes = chunks
      .flatMap(({ choices = [] }) => choices.map(({ finish_reason }) => finish_reason))
      .filter(Boolean);
    expect(stream.finishRaw).toBe(finishes.at(-1) ?? null);

    const usages = chunks.map(({ usage, x_groq }) => usage ?? x_groq?.usage).filter((usage) => usage != null);
    expect(stream.usage).toEqual(usages.length > 0 ? decodeUsage(usages.at(-1)) : null);

    // The client sees what the provider sent, less usage, under our id and model.
    const kept = chunks.filter((one) => !one.error && !(one.usage && one.choices?.length === 0));
    const expected = kept.map(({ usage, ...one }) => ({
      ...one,
      ...(usage === null ? { usage } : {}),
      id: 'gen-1',
      model: 'our/model',
    }));
    expect(chunksOf(out)).toEqual(expected);
    if (errors.length > 0) return;

    const [usage] = chunksOf(stream.terminal({ usage: stream.usage, cost: '0.25' }).toString('utf8'));
    if (stream.usage === null) expect(usage).toBeUndefined();
    else
      expect(usage).toMatchObject({
        id: 'gen-1',
        model: 'our/model',
        choices: [],
        usage: { ...(usages.at(-1) as object), cost: 0.25 },
      });
    expect(stream.sawOutput).toBe(true);
    expect(stream.countOutput()).toBeGreaterThan(0);
  });

  test('cut anywhere, each gives the same bytes and the same facts', () => {
    const cutsOf = createCuts(20_261_120);
    for (const { name, response } of streams) {
      const bytes = Buffer.from(response.stream ?? '');
      for (const includeUsage of [true, false]) {
        const facts = (cuts: readonly number[]): unknown => {
          const { stream, end, out } = play(bytes, cuts, includeUsage);
          const terminal = stream.terminal({ usage: stream.usage, cost: '1' }).toString('utf8');
          return [
            out,
            end,
            stream.usage,
            stream.finishRaw,
            stream.error,
            stream.isDone,
            stream.malformedEvents,
            stream.countOutput(),
            terminal,
          ];
        };
        const whole = facts([]);
        const everyByte = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
        if (includeUsage) expect(facts(everyByte), `${name} byte by byte`).toEqual(whole);
        for (const pieces of [1, 7, 200]) {
          const cuts = cutsOf(bytes.length, pieces);
          expect(facts(cuts), `${name} cut at ${cuts}`).toEqual(whole);
        }
      }
    }
  }, 120_000);

  test('cut at every single byte (the shorter ones)', () => {
    const short = streams.filter(({ response }) => (response.stream ?? '').length < 2_200);
    expect(short.length).toBeGreaterThan(5);
    for (const { name, response } of short) {
      const bytes = Buffer.from(response.stream ?? '');
      const whole = play(bytes, [], false).out;
      for (let cut = 1; cut < bytes.length; cut += 1) {
        if (play(bytes, [cut], false).out !== whole) throw new Error(`${name} cut at ${cut}`);
      }
    }
  }, 120_000);
});

describe.runIf(present)('every recorded answer', () => {
  test.each(bodies.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const body = bodyBytes(one);
    const parsed = JSON.parse(body.toString('utf8'));
    const read = readReply(body);
    if (!read.ok) throw new Error(read.reason);
    const { reply } = read;
    if (parsed.error) {
      expect(reply.providerError).not.toBeNull();
      return;
    }
    expect(reply.providerError).toBeNull();
    expect(reply.finishRaw).toBe(parsed.choices[0].finish_reason);
    expect(reply.usage).toEqual(parsed.usage ? decodeUsage(parsed.usage) : null);
    if (!reply.isEmpty) expect(reply.countOutput()).toBeGreaterThan(0);
    const spliced = JSON.parse(
      spliceReply(body, { id: 'gen-1', model: 'our/model', usageExtras: { cost: '0.5' } }).toString('utf8'),
    );
    const usage = parsed.usage ? { usage: { ...parsed.usage, cost: 0.5 } } : {};
    expect(spliced).toEqual({ ...parsed, id: 'gen-1', model: 'our/model', ...usage });
  });
});

describe.runIf(present)('every recorded request', () => {
  const asked = recordings.filter(({ request, response }) => request?.body !== undefined && response.status === 200);
  test.each(asked.map((one) => [one.name, one] as const))(
    '%s is read, and its input is within the bound',
    (_name, { request, response }) => {
      const decoded = decodeEnvelope(Buffer.from(JSON.stringify(request?.body)));
      if (!decoded.ok) {
        expect(decoded.failure).toMatchObject({ param: 'model' });
        return;
      }
      const usages =
        response.stream === undefined
          ? [(response.body as Chunk).usage]
          : chunksOf(response.stream).map(({ usage }) => usage);
      const usage = decodeUsage(usages.filter((one) => one != null).at(-1));
      // A search brings pages into the prompt that no request foretells; Groq's compound models search by themselves.
      const searches =
        decoded.envelope.pricedFeatures.includes('web_search') || decoded.envelope.model.includes('compound');
      if (usage !== null && !searches)
        expect(usageTotals(usage).input).toBeLessThanOrEqual(decoded.envelope.inputTokensBound);
    },
  );
});

describe.runIf(present)('every recorded error', () => {
  const failed = recordings.filter(({ response }) => response.status !== 200);
  test.each(failed.map((one) => [one.name, one] as const))('%s has a kind and a message', (_name, one) => {
    const failure = decodeProviderFailure(one.response.status, bodyBytes(one), one.response.headers);
    expect(failure.kind).not.toBe('unknown');
    expect(failure.message).not.toBe('');
  });
});

test.runIf(!present)('without recordings there is nothing to compare', () => {
  expect(recordings).toEqual([]);
});
