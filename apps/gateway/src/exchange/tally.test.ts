import { nanousdPerMillion } from '@tollgate/amount';
import type { Endpoint, PriceVersionRow } from '@tollgate/catalog';
import type { Usage } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import { describe, expect, it } from 'vitest';
import { chargeFor, type Outcome } from './tally.js';

const price: PriceVersionRow = {
  id: '7',
  effectiveFromMs: 0,
  source: 'import',
  schedule: {
    prices: { input: nanousdPerMillion(1_000_000_000n), output: nanousdPerMillion(2_000_000_000n) },
    tiers: [],
    windows: [],
  },
};
const attempt: Attempt = {
  endpoint: { id: 'openai:test', operation: 'chat' } as Endpoint,
  price,
  credential: 'sandbox',
  reason: 'test',
};
const REPORTED: Usage = { input: 100, output: 50 };
const COUNTED: Usage = { input: 90, output: 10 };

function charge(outcome: Partial<Outcome>) {
  const whole: Outcome = {
    ending: 'finished',
    reported: REPORTED,
    count: () => COUNTED,
    serviceTier: null,
    isErrorFinish: false,
    isBlank: false,
    ...outcome,
  };
  return chargeFor(whole, attempt, {}, 550, 0);
}

describe('what a request costs, by how it ended', () => {
  it('an answer is charged from what the provider reported, with the markup, rounded once and up', () => {
    expect(charge({})).toMatchObject({
      chargeNanousd: 211_000n,
      costNanousd: 200_000n,
      lossNanousd: 0n,
      usageSource: 'reported',
    });
  });

  it('an answer without usage is charged by our own count, and says so', () => {
    expect(charge({ reported: null })).toMatchObject({ chargeNanousd: 116_050n, usageSource: 'counted' });
  });

  it('our own count is not even made when the provider reported', () => {
    const count = () => {
      throw new Error('counted in vain');
    };
    expect(charge({ count }).usageSource).toBe('reported');
  });

  it.each([
    ['an error finish', { isErrorFinish: true }],
    ['a provider that died', { ending: 'provider_died' as const }],
    ['a crash of ours', { ending: 'crashed' as const }],
    ['no output and a blank finish', { reported: { input: 100 }, isBlank: true }],
  ])('%s is free, and the provider’s cost is the house’s loss', (_name, outcome) => {
    const result = charge(outcome);
    expect(result).toMatchObject({ chargeNanousd: 0n, costNanousd: 0n, lines: [] });
    expect(result.lossNanousd).toBeGreaterThan(0n);
  });

  it('no output with a proper finish is an answer (a refusal, a tool that says nothing): charged', () => {
    expect(charge({ reported: { input: 100 }, isBlank: false }).chargeNanousd).toBe(105_500n);
  });

  it('reasoning counts as output: an answer that only thought is charged', () => {
    expect(charge({ reported: { input: 100, reasoning: 50 }, isBlank: true }).chargeNanousd).toBe(211_000n);
  });

  it('a client that leaves pays for the input and for what was received, finish or not', () => {
    expect(charge({ ending: 'client_left', reported: null, isBlank: true }).chargeNanousd).toBe(116_050n);
    expect(charge({ ending: 'client_left', reported: null, count: () => ({ input: 90 }) }).chargeNanousd).toBe(94_950n);
  });
});

describe('what is paid by the piece', () => {
  const schedule = { prices: { audio_second: nanousdPerMillion(1_000_000_000n) }, tiers: [], windows: [] };
  const heard = {
    ...attempt,
    endpoint: { id: 'openai:heard', operation: 'transcription' } as Endpoint,
    price: { ...price, schedule },
  };
  const outcome = (reported: Usage | null): Outcome => ({
    ending: 'finished',
    reported,
    count: () => ({ input_audio: 30, output: 5, audio_second: 3 }),
    serviceTier: null,
    isErrorFinish: false,
    isBlank: false,
  });

  it('is charged by what the provider reports of it; tokens beside it are shown and not charged', () => {
    const told = chargeFor(outcome({ input: 13, output: 151, audio_second: 36 }), heard, {}, 0, 0);
    expect(told).toMatchObject({
      chargeNanousd: 36_000n,
      usageSource: 'reported',
      tokens: { input: 13, output: 151 },
      unpriced: [],
    });
  });

  it.each([null, { input: 13, output: 151 }])(
    'is counted where the report %j does not tell it, and then shows no tokens',
    (reported) => {
      const counted = chargeFor(outcome(reported), heard, {}, 0, 0);
      expect(counted).toMatchObject({
        chargeNanousd: 3_000n,
        usageSource: 'counted',
        tokens: { input: 0, output: 0 },
        unpriced: [],
      });
    },
  );
});
