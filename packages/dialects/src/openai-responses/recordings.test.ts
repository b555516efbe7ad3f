import { describe, expect, test } from 'vitest';
import { createEventCheck } from '../canonical/check-events.js';
import { createFold } from '../canonical/fold.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';
import { createCuts } from '../cuts.fixture.js';
import { jsonLines } from '../json-lines.fixture.js';
import { usageTotals } from '../usage.js';
import { KNOWN_EVENTS } from './event-types.js';
import { provider } from './provider.js';
import { CONTEXT, decodeCut, recordings, streams } from './recordings.fixture.js';

const present = recordings.length > 0;
const seed = Number(process.env['TOLLGATE_SEED'] ?? 20_261_120);

const terminalOf = (events: readonly JsonObject[]): JsonObject | undefined =>
  events.find(({ type }) => type === 'response.completed' || type === 'response.incomplete');

/**
 * Seals are encrypted anew in each event, the last events round log probabilities, and Copilot and OpenRouter change the ids of items on the
 * way. An item that is never done (a list of MCP tools) is told of only at the end, behind what came later.
 */
function comparable(reply: CanonicalReply): unknown {
  const masked = JSON.stringify(reply, (key, member: unknown) => {
    if (key === 'seal' && member !== null) return 'sealed';
    if (key === 'logprob') return (member as number).toFixed(5);
    return key === 'id' && typeof member === 'string' && !member.startsWith('call') ? 'id' : member;
  });
  const { choices, ...rest } = JSON.parse(masked) as CanonicalReply;
  const sorted = choices.map((choice) => ({
    ...choice,
    parts: choice.parts.map((part) => JSON.stringify(part)).sort(),
  }));
  return { ...rest, choices: sorted };
}

describe.runIf(present)('every recorded stream, decoded', () => {
  test.each(streams.map((one) => [one.name, one] as const))(
    '%s folds into the whole answer',
    (_name, { bytes, events }) => {
      const decoder = provider.createDecoder(CONTEXT);
      const { events: emitted, end } = decodeCut(decoder, bytes);
      const failed = events.some(({ type }) => type === 'error' || type === 'response.failed');
      expect(end.kind).toBe(failed ? 'failed' : 'finished');
      expect(decoder.malformedEvents).toBe(0);
      if (failed) return;
      const check = createEventCheck();
      const fold = createFold();
      for (const event of emitted) {
        check.add(event);
        fold.add(event);
      }
      check.end();
      const response = terminalOf(events)?.['response'];
      const whole = provider.decodeReply(Buffer.from(JSON.stringify(response)), CONTEXT);
      if (whole.kind !== 'reply') throw new Error(whole.kind);
      const { usage, serviceTier } = decoder;
      const folded = fold.reply({ usage, serviceTier });
      expect(comparable(folded)).toEqual(comparable(whole.reply));
      const isInOrder =
        events.filter(({ type }) => type === 'response.output_item.added').length ===
        events.filter(({ type }) => type === 'response.output_item.done').length;
      const kinds = ({ choices }: CanonicalReply): unknown => choices[0]?.parts.map(({ kind }) => kind);
      if (isInOrder) expect(kinds(folded)).toEqual(kinds(whole.reply));
    },
  );

  test(`cut anywhere, each gives the same events (seed ${seed})`, () => {
    const cutsOf = createCuts(seed);
    for (const { name, bytes } of streams) {
      const facts = (cuts: readonly number[]): unknown => {
        const decoder = provider.createDecoder(CONTEXT);
        const decoded = decodeCut(decoder, bytes, cuts);
        return [decoded, decoder.usage, decoder.error, decoder.isDone];
      };
      const whole = facts([]);
      for (const pieces of [1, 7, 200]) {
        const cuts = cutsOf(bytes.length, pieces);
        expect(facts(cuts), `${name} cut at ${cuts}`).toEqual(whole);
      }
    }
  }, 120_000);

  test('cut at every single byte (the shortest ones)', () => {
    const short = [...streams].sort((a, b) => a.bytes.length - b.bytes.length).slice(0, 4);
    for (const { name, bytes } of short) {
      const facts = (cut: number): string => JSON.stringify(decodeCut(provider.createDecoder(CONTEXT), bytes, [cut]));
      const whole = facts(0);
      for (let cut = 1; cut < bytes.length; cut += 1)
        if (facts(cut) !== whole) throw new Error(`${name} cut at ${cut}`);
    }
  }, 120_000);
});

describe.runIf(present)('every recorded answer, decoded', () => {
  const bodies = recordings.filter(({ response }) => response.status === 200 && response.stream === undefined);
  test.each(bodies.map((one) => [one.name, one] as const))('%s', (_name, { response }) => {
    const body = response.body as JsonObject;
    const decoded = provider.decodeReply(Buffer.from(JSON.stringify(body)), CONTEXT);
    if (body['object'] === 'response.compaction') return;
    const isWhole = Array.isArray(body['output']) && body['status'] !== 'queued' && body['status'] !== 'in_progress';
    expect(decoded.kind).toBe(isWhole ? 'reply' : 'unreadable');
    if (decoded.kind !== 'reply') return;
    const [choice] = decoded.reply.choices;
    const output = body['output'] as JsonObject[];
    const calls = output.filter(({ type }) => type === 'function_call').length;
    expect(choice?.parts.filter(({ kind }) => kind === 'tool_call')).toHaveLength(calls);
    const text = output
      .flatMap(({ content }) => (content as JsonObject[] | undefined) ?? [])
      .filter(({ type }) => type === 'output_text');
    expect(choice?.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []))).toEqual(
      text.map((one) => one['text']),
    );
    expect(choice?.finish?.kind).toBe(calls > 0 ? 'tool_calls' : body['status'] === 'completed' ? 'stop' : 'length');
    const usage = body['usage'] as JsonObject;
    if (decoded.reply.usage === null) throw new Error('no usage');
    expect(usageTotals(decoded.reply.usage)).toMatchObject({
      input: usage['input_tokens'],
      output: usage['output_tokens'],
    });
  });
});

describe.runIf(present)('every recorded error', () => {
  const failed = recordings.filter(({ response }) => response.status !== 200);
  test.each(failed.map((one) => [one.name, one] as const))('%s has a kind and a message', (_name, { response }) => {
    const body = Buffer.from(response.body_text ?? JSON.stringify(response.body));
    const failure = provider.decodeFailure(response.status, body, response.headers);
    expect(failure.kind).not.toBe('unknown');
    expect(failure.message).not.toBe('');
  });
});

test.runIf(present)('no recorded stream holds an event nobody knows', () => {
  const types = new Set(streams.flatMap(({ events }) => events.map(({ type }) => type)));
  expect([...types].filter((type) => !KNOWN_EVENTS.has(String(type)))).toEqual([]);
});

test.runIf(present)('the recordings are all there', () => {
  expect(recordings.length).toBeGreaterThanOrEqual(340);
  expect(streams.every(({ bytes }) => jsonLines(bytes.toString('utf8')).length > 0)).toBe(true);
});

test.runIf(!present)('without recordings there is nothing to compare', () => {
  expect(recordings).toEqual([]);
});
