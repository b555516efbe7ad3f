import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUsage, encodeUsage, StreamUsage, usageJson } from './usage.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);

describe('usage', () => {
  it('W24: cached tokens are not part of input_tokens', () => {
    const raw = { input_tokens: 10, cache_read_input_tokens: 90, cache_creation_input_tokens: 5, output_tokens: 3 };
    expect(decodeUsage(raw)).toEqual({ input: 10, cache_read: 90, cache_write_5m: 5, output: 3 });
  });

  it('splits written cache by lifetime, and takes the larger where the two disagree', () => {
    const cache_creation = { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 4 };
    const raw = { input_tokens: 0, output_tokens: 0, cache_creation };
    expect(decodeUsage({ ...raw, cache_creation_input_tokens: 5 })).toMatchObject({
      cache_write_5m: 1,
      cache_write_1h: 4,
    });
    expect(decodeUsage({ ...raw, cache_creation_input_tokens: 9 })).toMatchObject({
      cache_write_5m: 5,
      cache_write_1h: 4,
    });
    expect(decodeUsage(raw)).toMatchObject({ cache_write_5m: 1, cache_write_1h: 4 });
  });

  it('thinking is inside of output, and never more than it', () => {
    const raw = { input_tokens: 1, output_tokens: 10, output_tokens_details: { thinking_tokens: 4 } };
    expect(decodeUsage(raw)).toEqual({ input: 1, output: 6, reasoning: 4 });
    expect(decodeUsage({ ...raw, output_tokens_details: { thinking_tokens: 40 } })).toEqual({
      input: 1,
      output: 0,
      reasoning: 10,
    });
  });

  it('what a compaction or an advisor used stands only in the iterations', () => {
    const step = { input_tokens: 100, output_tokens: 83, cache_read_input_tokens: 55_096 };
    const message = { type: 'message', input_tokens: 181, output_tokens: 8 };
    const raw = { input_tokens: 181, output_tokens: 8, iterations: [{ type: 'compaction', ...step }, message] };
    expect(decodeUsage(raw)).toEqual({ input: 281, output: 91, cache_read: 55_096 });
    expect(decodeUsage({ ...raw, iterations: [{ type: 'advisor_message', ...step }] })).toMatchObject({ input: 281 });
  });

  it('searches are counted by the piece', () => {
    const raw = {
      input_tokens: 1,
      output_tokens: 1,
      server_tool_use: { web_search_requests: 10, web_fetch_requests: 3 },
    };
    expect(decodeUsage(raw)).toEqual({ input: 1, output: 1, web_search: 10 });
  });

  it.each([null, undefined, {}, 'x', [], { input_tokens: null }, { input_tokens: -1, output_tokens: 'a' }])(
    '%j reports nothing',
    (raw) => expect(decodeUsage(raw)).toBeNull(),
  );

  it('T30: what a client gets has every member of the reference', () => {
    expect(Object.keys(encodeUsage(null)).sort()).toEqual(
      [
        'cache_creation',
        'cache_creation_input_tokens',
        'cache_read_input_tokens',
        'inference_geo',
        'input_tokens',
        'output_tokens',
        'output_tokens_details',
        'server_tool_use',
        'service_tier',
        'speed',
      ].sort(),
    );
    expect(JSON.parse(usageJson({}, '0.1'))).toEqual({ cost: 0.1 });
    expect(usageJson({ a: 1 }, null)).toBe('{"a":1}');
  });

  it(`written and read again, a partition is what it was (seed ${seed})`, () => {
    const tokens = fc.nat({ max: 1_000_000 });
    const names = [
      'input',
      'output',
      'cache_read',
      'cache_write_5m',
      'cache_write_1h',
      'reasoning',
      'web_search',
    ] as const;
    const partition = fc.record(Object.fromEntries(names.map((name) => [name, tokens])));
    fc.assert(
      fc.property(partition, (usage) => {
        const said = Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== 0));
        expect(decodeUsage(encodeUsage(usage))).toEqual({ input: 0, output: 0, ...said });
      }),
      { seed },
    );
  });

  it(`no report makes a negative or a fraction (seed ${seed})`, () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom('input_tokens', 'output_tokens', 'cache_creation', 'iterations', 'type') }),
        (raw) => {
          for (const value of Object.values(decodeUsage(raw) ?? {}))
            expect(Number.isInteger(value) && value >= 0).toBe(true);
        },
      ),
      { seed },
    );
  });
});

describe('usage of a stream', () => {
  const begun = (): StreamUsage => {
    const usage = new StreamUsage();
    usage.start({ input_tokens: 10, output_tokens: 1, service_tier: 'standard' });
    return usage;
  };

  it('is what is known so far while the stream runs', () => {
    expect(begun().read(false)).toEqual({ input: 10, output: 1 });
  });

  it('is not reported where the end says nothing of the output: the first token is no answer’s whole', () => {
    const usage = begun();
    for (const raw of [undefined, null, {}, { input_tokens: 10 }, { output_tokens: null }]) usage.end(raw);
    expect(usage.read(true)).toBeNull();
    usage.end({ output_tokens: 7 });
    expect(usage.read(true)).toEqual({ input: 10, output: 7 });
    expect(usage.serviceTier).toBe('standard');
  });
});
