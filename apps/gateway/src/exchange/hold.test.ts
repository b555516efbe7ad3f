import { nanousdPerMillion } from '@tollgate/amount';
import { type Endpoint, type PriceVersionRow, UNKNOWN_DATA_POLICY } from '@tollgate/catalog';
import { type Envelope, openOperation, openRequest } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import { describe, expect, it } from 'vitest';
import { clampFor, holdFor } from './hold.js';

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
    const hold = holdFor(asked, [plain, dear], 0, 0);
    expect(hold.wantNanousd).toBe(BigInt(asked.inputTokensBound) * 1000n + 5_000_000n);
  });

  it('n answers are held n times', () => {
    expect(holdFor(envelope({ max_tokens: 100, n: 3 }), [plain], 0, 0).outputTokens).toBe(300);
  });

  it('without a maximum holds what the model may say, and 16,384 tokens where nobody knows', () => {
    expect(holdFor(envelope(), [plain], 0, 0).outputTokens).toBe(16_384);
    expect(holdFor(envelope(), [attempt(plain.price.schedule.prices, 4096)], 0, 0).outputTokens).toBe(4096);
  });

  it('a text prompt is not held at the price of audio', () => {
    const audible = attempt({
      ...plain.price.schedule.prices,
      input_audio: nanousdPerMillion(100_000_000_000n),
      output_audio: nanousdPerMillion(100_000_000_000n),
    });
    const asked = envelope({ max_tokens: 10 });
    expect(holdFor(asked, [audible], 0, 0).wantNanousd).toBe(holdFor(asked, [plain], 0, 0).wantNanousd);
  });

  it('the floor is what 256 tokens of answer cost, or less if less was asked for', () => {
    const long = envelope({ max_tokens: 5000 });
    expect(holdFor(long, [plain], 0, 0).floorNanousd).toBe(BigInt(long.inputTokensBound + 256) * 1000n);
    const short = envelope({ max_tokens: 10 });
    expect(holdFor(short, [plain], 0, 0).floorNanousd).toBe(holdFor(short, [plain], 0, 0).wantNanousd);
  });

  it('a smaller grant shortens the answer to exactly what it pays for', () => {
    const asked = envelope({ max_tokens: 5000 });
    const hold = holdFor(asked, [plain], 0, 0);
    expect(clampFor(hold, hold.wantNanousd, asked, [plain], 0, 0)).toBeNull();
    expect(clampFor(hold, hold.floorNanousd, asked, [plain], 0, 0)).toBe(256);
  });

  it('what is done as asked or not at all is held whole, by what each candidate is billed by', () => {
    const byCharacter = attempt({ character: DOLLAR_PER_MILLION }, null, 'speech');
    const byToken = attempt({ input: DOLLAR_PER_MILLION, output: DOLLAR_PER_MILLION }, null, 'speech');
    const asked = spoken('a'.repeat(1_000));
    const pieces = holdFor(asked, [byCharacter], 0, 0);
    expect([pieces.wantNanousd, pieces.floorNanousd]).toEqual([1_000_000n, 1_000_000n]);
    const tokens = holdFor(asked, [byToken], 0, 0);
    expect(tokens.wantNanousd).toBe(BigInt(asked.inputTokensBound + (asked.outputMax ?? 0)) * 1_000n);
    expect(tokens.floorNanousd).toBe(tokens.wantNanousd);
    expect(holdFor(asked, [byCharacter, byToken], 0, 0).wantNanousd).toBe(tokens.wantNanousd);
  });
});
