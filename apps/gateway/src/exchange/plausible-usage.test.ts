import type { Endpoint } from '@tollgate/catalog';
import type { Envelope } from '@tollgate/dialects';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, type ExchangeWorld, exchangeWorld, JSON_BODY, wholeReply } from './exchange.fixture.js';
import { isPlausible } from './plausible-usage.js';

const endpoint = { operation: 'chat', contextTokens: 128_000, maxOutputTokens: 16_000 } as Endpoint;
const envelope = { choices: 1, inputTokensBound: 600, features: { tools: 0 } } as Envelope;

let world: ExchangeWorld | undefined;
afterEach(() => world?.close());

describe('what a provider reports', () => {
  it('is believed up to several rounds over the whole context', () => {
    expect(isPlausible({ input: 128_000, output: 900_000 }, envelope, endpoint)).toBe(true);
    expect(isPlausible({ input: 128_000 * 8 + 1, output: 1 }, envelope, endpoint)).toBe(false);
    expect(isPlausible({ output: 5 }, envelope, endpoint)).toBe(false);
    expect(isPlausible({ input: 1, reasoning: 128_000 * 8 + 1 }, envelope, endpoint)).toBe(false);
    expect(
      isPlausible({ input: 128_000 * 8 + 1 }, { ...envelope, features: { ...envelope.features, tools: 1 } }, endpoint),
    ).toBe(true);
    expect(isPlausible({ input: 1, output: 128_000 * 9 }, { ...envelope, choices: 2 }, endpoint)).toBe(true);
    expect(isPlausible({ input: 90_000_000 }, envelope, { ...endpoint, contextTokens: null })).toBe(false);
    expect(isPlausible({ input: 90_000_000 }, envelope, { ...endpoint, operation: 'embeddings' })).toBe(true);
  });

  it.each([
    ['2^31', { prompt_tokens: 2 ** 31, completion_tokens: 5 }],
    ['2^53+1', { prompt_tokens: 10, completion_tokens: 2 ** 53 }],
    ['1e300', { prompt_tokens: 1e300, completion_tokens: 5 }],
    ['a negative count beside a huge one', { prompt_tokens: -5, completion_tokens: 4e9 }],
  ])('M9: %s is nobody’s bill: our own count is charged, says so, and somebody is told', async (_what, usage) => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, JSON_BODY);
      handler.onData(wholeReply(usage));
      handler.onEnd();
    });
    const { status, header } = await ask(world);
    expect([status, header('x-tollgate-usage-source')]).toEqual([200, 'counted']);
    const [event] = world.events();
    expect(event).toMatchObject({ usageSource: 'counted', ending: 'finished' });
    expect(event?.tokens.input).toBeLessThan(100);
    expect(event?.tokens.output).toBeLessThan(100);
    expect(world.logLines.join('')).toContain('cannot be true');
  });

  const details = (of: 'prompt' | 'completion', told: object) => ({ [`${of}_tokens_details`]: told });
  const good = { prompt_tokens: 10, completion_tokens: 5 };

  it.each([
    ['nothing at all', null, 'counted', null],
    ['an empty report', {}, 'counted', null],
    ['texts', { prompt_tokens: '10', completion_tokens: 'NaN' }, 'counted', null],
    ['a prompt that is negative', { prompt_tokens: -10, completion_tokens: 5 }, 'counted', null],
    ['a prompt that is missing', { completion_tokens: 5 }, 'counted', null],
    ['fractions: rounded', { prompt_tokens: 10.4, completion_tokens: 4.6 }, 'reported', { input: 10, output: 5 }],
    ['an output that is negative', { prompt_tokens: 10, completion_tokens: -5 }, 'counted', null],
    ['an output of 0 beside a text', { prompt_tokens: 10, completion_tokens: 0 }, 'counted', null],
    [
      'cached > input: at most the input',
      { ...good, ...details('prompt', { cached_tokens: 50 }) },
      'reported',
      { input: 10, output: 5 },
    ],
    [
      'reasoning > output: beside it',
      { ...good, ...details('completion', { reasoning_tokens: 9 }) },
      'reported',
      { input: 10, output: 14 },
    ],
    ['a total above the sum: hidden output', { ...good, total_tokens: 100 }, 'reported', { input: 10, output: 90 }],
    ['a total below the sum: ignored', { ...good, total_tokens: 3 }, 'reported', { input: 10, output: 5 }],
  ])(
    'M9, bad usage, %s: charged by rule, never below zero and never silently nothing',
    async (_what, usage, source, tokens) => {
      world = await exchangeWorld(({ handler }) => {
        handler.onHead(200, JSON_BODY);
        const reply = JSON.parse(wholeReply().toString());
        handler.onData(Buffer.from(JSON.stringify({ ...reply, usage })));
        handler.onEnd();
      });
      await ask(world);
      const [event] = world.events();
      expect(event).toMatchObject({ usageSource: source, ending: 'finished', ...(tokens ? { tokens } : {}) });
      const { input, output } = event?.tokens ?? { input: 0, output: 0 };
      expect(input).toBeGreaterThan(0);
      expect(output).toBeGreaterThan(0);
      const raw = BigInt(input) * 1_000n + BigInt(output) * 2_000n;
      expect(event?.chargeNanousd).toBe((raw * 10_550n + 9_999n) / 10_000n);
    },
  );
});
