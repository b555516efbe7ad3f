import { describe, expect, it } from 'vitest';
import { SPOKEN } from './broken-stream.fixture.js';
import { bombsOf, createRandom, variantsOf } from './broken-values.fixture.js';
import { CLIENT_DIALECTS, type ClientDialectId, type DialectId } from './canonical/part.js';
import { openRequest } from './client-request.js';
import { failureOf, type RequestFailure } from './failure.js';
import { FULL_REQUESTS } from './full-requests.fixture.js';
import type { LaneTarget } from './lane.js';
import { NO_QUIRKS } from './provider-quirks.js';
import { encodeFailure } from './registry.js';

/** Whatever a caller sends: it is accepted, or refused with 400 in the caller's own envelope and with the field's name; nothing is thrown. */
const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const DOOR = { model: 'a/m', isStream: true } as const;

function targetOf(dialect: DialectId): LaneTarget {
  return {
    dialect,
    host: 'direct',
    model: dialect.startsWith('bedrock') ? 'anthropic.claude-sonnet-4' : 'm',
    publicModel: 'a/m',
    providerName: 'Provider',
    quirks: NO_QUIRKS,
    outputMax: null,
    safetyIdentifier: 'h',
    requestId: 'r1',
    created: 1,
  };
}

function checkRefusal(dialect: ClientDialectId, failure: RequestFailure): void {
  const { status, body } = encodeFailure(dialect, failureOf({ ...failure, requestId: 'r1' }));
  // 404: something of the vendor's that is not offered here (a file store of Google's)
  expect([400, 404]).toContain(status);
  expect(JSON.parse(body.toString('utf8'))).toHaveProperty('error');
}

/** Fields nobody can be named for: the body is none, or is told as a whole. */
const NAMELESS = /is empty|must be a JSON object|not valid JSON|surrogate|same key twice|out of range|nested|too deep/;

/** True where the request was accepted; then every provider's lane was opened, and what it would send is JSON. */
function submit(dialect: ClientDialectId, body: Buffer, what: string): boolean {
  try {
    const opened = openRequest(dialect, body, DOOR);
    if (!opened.ok) {
      checkRefusal(dialect, opened.failure);
      if (opened.failure.param === null) expect(opened.failure.message).toMatch(NAMELESS);
      return false;
    }
    opened.value.countInput();
    for (const provider of SPOKEN) {
      const lane = opened.value.lane(targetOf(provider));
      if (lane.ok) JSON.parse(lane.value.body.toString('utf8'));
      else {
        checkRefusal(dialect, lane.failure);
        expect(lane.failure.param, `${provider}: ${lane.failure.message}`).not.toBeNull();
      }
    }
    return true;
  } catch (error) {
    throw new Error(`${dialect}: ${what}`, { cause: error });
  }
}

describe.each(CLIENT_DIALECTS)('a request of %s', (dialect) => {
  const sample = FULL_REQUESTS[dialect];
  const json = JSON.stringify(sample);

  it('with every field is accepted: without this nothing below proves anything', () => {
    expect(submit(dialect, Buffer.from(json), 'the sample')).toBe(true);
  });

  it(`with any value wrong is accepted or refused with the field (seed ${seed})`, () => {
    const random = createRandom(seed);
    let [accepted, refused] = [0, 0];
    for (const variant of variantsOf(sample)) {
      if (random.below(7) > 0) continue;
      const body = JSON.stringify(variant);
      if (submit(dialect, Buffer.from(body), body)) accepted += 1;
      else refused += 1;
    }
    expect(Math.min(accepted, refused)).toBeGreaterThan(10);
  });

  it('with a bomb in any place is refused', () => {
    for (const bomb of bombsOf(sample)) expect(submit(dialect, Buffer.from(bomb), bomb.slice(0, 300))).toBe(false);
  });

  it('with __proto__, a number beyond all numbers, or a key twice is refused', () => {
    for (const { index, 0: key } of json.matchAll(/"\w+":/g)) {
      const [before, behind] = [json.slice(0, index), json.slice(index + key.length)];
      for (const body of [`${before}"__proto__":${behind}`, `${before}"zzz":1e400,${key}${behind}`])
        submit(dialect, Buffer.from(body), body.slice(Math.max(0, index - 100), index + 100));
      const twice = `${before}${key}7,${key}${behind}`;
      submit(dialect, Buffer.from(twice), twice.slice(Math.max(0, index - 100), index + 100));
    }
    expect(submit(dialect, Buffer.from(`{"__proto__":{},${json.slice(1)}`), '__proto__')).toBe(false);
    const [first = ''] = Object.keys(sample);
    expect(submit(dialect, Buffer.from(`{"${first}":1,${json.slice(1)}`), 'twice')).toBe(false);
  });

  it('names the place of half a character and of a number beyond all numbers', () => {
    const place = dialect === 'gemini' ? 'generationConfig.temperature' : 'temperature';
    // A chat's temperature is the provider's to judge, as long as it is a number or a text
    for (const value of dialect === 'openai-chat' ? ['1e400'] : ['"\\ud800"', '1e400']) {
      const body = json.replace('"temperature":1', `"temperature":${value}`);
      const opened = openRequest(dialect, Buffer.from(body), DOOR);
      expect(opened).toMatchObject({ ok: false, failure: { param: place } });
    }
  });

  it('cut anywhere is refused', () => {
    for (let cut = 0; cut < json.length; cut += 7)
      expect(submit(dialect, Buffer.from(json.slice(0, cut)), `cut at ${cut}`)).toBe(false);
  });
});

describe('a large request', () => {
  /** The same in every dialect: turns of one role, and tools that differ in their last letters. */
  const large: Readonly<Record<ClientDialectId, (turns: number, tools: number) => unknown>> = {
    'openai-chat': (turns, tools) => ({
      model: 'a/m',
      messages: list(turns, () => ({ role: 'user', content: 'Hello' })),
      tools: list(tools, (index) => ({ type: 'function', function: { name: nameOf(index), parameters: CYCLE } })),
    }),
    'openai-responses': (turns, tools) => ({
      model: 'a/m',
      input: list(turns, () => ({ role: 'user', content: 'Hello' })),
      tools: list(tools, (index) => ({ type: 'function', name: nameOf(index), parameters: CYCLE })),
    }),
    'anthropic-messages': (turns, tools) => ({
      model: 'a/m',
      max_tokens: 9,
      messages: list(turns, () => ({ role: 'user', content: 'Hello' })),
      tools: list(tools, (index) => ({ name: nameOf(index), input_schema: CYCLE })),
    }),
    gemini: (turns, tools) => ({
      contents: list(turns, () => ({ role: 'user', parts: [{ text: 'Hello' }] })),
      tools: [{ functionDeclarations: list(tools, (index) => ({ name: nameOf(index), parameters: CYCLE })) }],
    }),
  };
  const CYCLE = { type: 'object', properties: { a: { $ref: '#/$defs/n' } }, $defs: { n: { $ref: '#/$defs/n' } } };
  const nameOf = (index: number): string => `${'look_up.'.repeat(8)}${index}`;
  const list = <Value>(length: number, make: (index: number) => Value): readonly Value[] =>
    Array.from({ length }, (_, index) => make(index));

  it.each(CLIENT_DIALECTS)('of %s costs in proportion to its size: four times as much, not sixteen', (dialect) => {
    const timed = (turns: number, tools: number): number => {
      const body = Buffer.from(JSON.stringify(large[dialect](turns, tools)));
      const began = process.cpuUsage();
      submit(dialect, body, `${turns} turns, ${tools} tools`);
      return process.cpuUsage(began).user / 1_000;
    };
    timed(1_000, 200);
    const [small, big] = [timed(3_000, 400), timed(12_000, 1_600)];
    expect(big, `${small} ms, then ${big} ms`).toBeLessThan(Math.max(small * 10, 1_500));
  });
});
