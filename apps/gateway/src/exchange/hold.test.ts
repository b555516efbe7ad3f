import { nanousdPerMillion } from '@tollgate/amount';
import { type Endpoint, type PriceVersionRow, UNKNOWN_DATA_POLICY } from '@tollgate/catalog';
import { openaiChat } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import { describe, expect, it } from 'vitest';
import { clampFor, holdFor } from './hold.js';

const DOLLAR_PER_MILLION = nanousdPerMillion(1_000_000_000n);

function attempt(prices: PriceVersionRow['schedule']['prices'], maxOutputTokens: number | null = null): Attempt {
  const endpoint: Endpoint = {
    id: 'test:model',
    modelId: 'test/model',
    provider: 'test',
    providerModel: 'model',
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

function envelope(more: Record<string, unknown> = {}): openaiChat.ChatEnvelope {
  const decoded = openaiChat.decodeEnvelope(
    Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }], ...more })),
  );
  if (!decoded.ok) throw new Error(decoded.failure.message);
  return decoded.envelope;
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
});
