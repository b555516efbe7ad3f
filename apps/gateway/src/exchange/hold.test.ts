import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import { type Endpoint, type PriceVersionRow, UNKNOWN_DATA_POLICY } from '@tollgate/catalog';
import { type Envelope, openOperation, openRequest } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import { describe, expect, it } from 'vitest';
import { boundOf, clampFor, type HoldTerms, holdFor } from './hold.js';

const TERMS: HoldTerms = { markupBp: 0, atMs: 0, maxCostNanousd: null, isThinking: false };
const DOLLAR_PER_MILLION = nanousdPerMillion(1_000_000_000n);

function attempt(
  prices: PriceVersionRow['schedule']['prices'],
  maxOutputTokens: number | null = null,
  operation: Endpoint['operation'] = 'chat',
): Attempt {
  const endpoint: Endpoint = {
    id: 'test:model',
    modelId: 'test/model',
    provider: 'test',
    providerModel: 'model',
    operation,
    dialect: 'openai-chat',
    region: null,
    contextTokens: null,
    maxOutputTokens,
    isEnabled: true,
    prices: [],
    dataPolicy: UNKNOWN_DATA_POLICY,
  };
  const price: PriceVersionRow = {
    id: '1',
    effectiveFromMs: 0,
    source: 'import',
    schedule: { prices, tiers: [], windows: [] },
  };
  return { endpoint, price, credential: 'sandbox', reason: 'test' };
}

function envelope(more: Record<string, unknown> = {}): Envelope {
  const body = Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }], ...more }));
  const opened = openRequest('openai-chat', body, { model: null, isStream: null });
  if (!opened.ok) throw new Error(opened.failure.message);
  return opened.value.envelope;
}

function spoken(input: string): Envelope {
  const body = Buffer.from(JSON.stringify({ model: 'm', input, voice: 'v' }));
  const opened = openOperation('audio/speech', body, '');
  if (!opened.ok) throw new Error(opened.failure.message);
  return opened.value.envelope;
}

const plain = attempt({ input: DOLLAR_PER_MILLION, output: DOLLAR_PER_MILLION });

describe('what is held before anything leaves for a provider', () => {
  it('covers the input and all the output that was asked for, at the dearest candidate', () => {
    const dear = attempt({ input: DOLLAR_PER_MILLION, output: nanousdPerMillion(5_000_000_000n) });
    const asked = envelope({ max_tokens: 1000 });
    const hold = holdFor(asked, [plain, dear], TERMS);
    expect(hold.wantNanousd).toBe(BigInt(asked.inputTokensBound) * 1000n + 5_000_000n);
  });

  it('n answers are held n times', () => {
    expect(holdFor(envelope({ max_tokens: 100, n: 3 }), [plain], TERMS).outputTokens).toBe(300);
  });

  it('without a maximum holds what the model may say, and 16,384 tokens where nobody knows', () => {
    expect(holdFor(envelope(), [plain], TERMS).outputTokens).toBe(16_384);
    expect(holdFor(envelope(), [attempt(plain.price.schedule.prices, 4096)], TERMS).outputTokens).toBe(4096);
  });

  it('a text prompt is not held at the price of audio', () => {
    const audible = attempt({
      ...plain.price.schedule.prices,
      input_audio: nanousdPerMillion(100_000_000_000n),
      output_audio: nanousdPerMillion(100_000_000_000n),
    });
    const asked = envelope({ max_tokens: 10 });
    expect(holdFor(asked, [audible], TERMS).wantNanousd).toBe(holdFor(asked, [plain], TERMS).wantNanousd);
  });

  it('the floor is what 256 tokens of answer cost, or less if less was asked for', () => {
    const long = envelope({ max_tokens: 5000 });
    expect(holdFor(long, [plain], TERMS).floorNanousd).toBe(BigInt(long.inputTokensBound + 256) * 1000n);
    const short = envelope({ max_tokens: 10 });
    expect(holdFor(short, [plain], TERMS).floorNanousd).toBe(holdFor(short, [plain], TERMS).wantNanousd);
  });

  it('a smaller grant shortens the answer to exactly what it pays for', () => {
    const asked = envelope({ max_tokens: 5000 });
    const hold = holdFor(asked, [plain], TERMS);
    expect(clampFor(hold, hold.wantNanousd, 1)).toBeNull();
    expect(clampFor(hold, hold.floorNanousd, 1)).toBe(256);
  });

  it('a stream begins with what is likely and may grow to all that was asked for; an answer in one piece is held whole', () => {
    const asked = { max_tokens: 50_000, n: 2 };
    const whole = holdFor(envelope(asked), [plain], TERMS);
    const stream = holdFor(envelope({ ...asked, stream: true }), [plain], TERMS);
    const thinking = holdFor(envelope({ ...asked, stream: true }), [plain], { ...TERMS, isThinking: true });
    expect([whole, stream, thinking].map(({ firstOutputTokens }) => firstOutputTokens)).toEqual([
      100_000, 8_192, 16_384,
    ]);
    expect(stream.outputTokens).toBe(whole.outputTokens);
    expect(stream.wantNanousd).toBeLessThan(stream.boundNanousd);
    const short = holdFor(envelope({ max_tokens: 20, stream: true }), [plain], TERMS);
    expect(short.wantNanousd).toBe(short.boundNanousd);
  });

  it('a stream that may think unseen is held whole: what it is told never exceeds what is held, however many run beside it', () => {
    const thinks = { ...TERMS, isThinking: true };
    const asked = holdFor(envelope({ max_tokens: 50_000, stream: true }), [plain], thinks);
    expect(asked.wantNanousd).toBe(asked.boundNanousd);
    expect(asked.firstOutputTokens).toBe(8_192);
    const unbounded = attempt(plain.price.schedule.prices, 100_000);
    for (const stream of [true, false]) {
      const open = holdFor(envelope({ stream }), [unbounded], thinks);
      expect(open.outputTokens).toBe(100_000);
      expect(open.wantNanousd).toBe(open.boundNanousd);
      expect(open.firstOutputTokens).toBe(stream ? 8_192 : 16_384);
      const granted = nanousd(open.floorNanousd + 5_000_000n);
      expect(clampFor(open, granted, 1)).toBe(256 + 5_000);
    }
  });

  it('a stream is told a maximum only where the balance could not pay for all of it', () => {
    const hold = holdFor(envelope({ max_tokens: 50_000, stream: true }), [plain], TERMS);
    expect(clampFor(hold, hold.boundNanousd, 1)).toBeNull();
    const clamped = clampFor(hold, nanousd(hold.wantNanousd + 1_000_000n), 1);
    expect(clamped).toBe(4_096 + 1_000);
  });

  it('a caller’s own maximum is never exceeded by what is held, and is told to the provider', () => {
    const asked = envelope({ max_tokens: 50_000 });
    const maxCostNanousd = nanousd(1_000_000n);
    const hold = holdFor(asked, [plain], { ...TERMS, maxCostNanousd });
    expect([hold.wantNanousd, hold.boundNanousd]).toEqual([maxCostNanousd, maxCostNanousd]);
    const clamped = clampFor(hold, nanousd(10n ** 15n), 1) ?? 0;
    if (hold.bounds === null) throw new Error('a conversation has bounds');
    expect(boundOf(hold.bounds, clamped)).toBeLessThanOrEqual(maxCostNanousd);
    expect(boundOf(hold.bounds, clamped + 1)).toBeGreaterThan(maxCostNanousd);
  });

  it('what is done as asked or not at all is held whole, by what each candidate is billed by', () => {
    const byCharacter = attempt({ character: DOLLAR_PER_MILLION }, null, 'speech');
    const byToken = attempt({ input: DOLLAR_PER_MILLION, output: DOLLAR_PER_MILLION }, null, 'speech');
    const asked = spoken('a'.repeat(1_000));
    const pieces = holdFor(asked, [byCharacter], TERMS);
    expect([pieces.wantNanousd, pieces.floorNanousd]).toEqual([1_000_000n, 1_000_000n]);
    const tokens = holdFor(asked, [byToken], TERMS);
    expect(tokens.wantNanousd).toBe(BigInt(asked.inputTokensBound + (asked.outputMax ?? 0)) * 1_000n);
    expect(tokens.floorNanousd).toBe(tokens.wantNanousd);
    expect(holdFor(asked, [byCharacter, byToken], TERMS).wantNanousd).toBe(tokens.wantNanousd);
  });
});
