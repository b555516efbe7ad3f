import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import { decodeSchedule } from '@tollgate/catalog';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { priceUsage, repriceLines } from './index.js';

const seed = Number(process.env.TOLLGATE_SEED ?? 1);
const terms = { atMs: 0, markupBp: 550, feeNanousd: nanousd(0n), operation: 'chat' } as const;
const right = decodeSchedule({
  prices: { input: '1000000000', cache_read: '100000000', output: '2000000000' },
  tiers: [{ aboveInputTokens: 200_000, prices: { input: '2000000000', output: '4000000000' } }],
  windows: [],
  serviceTiers: [{ serviceTier: 'flex', prices: { input: '500000000', output: '1000000000' }, tiers: [], windows: [] }],
});
const line = (bucket: string, quantity: number, price = 7n) => ({
  bucket,
  quantity,
  unitPriceNanousdPerMillion: nanousdPerMillion(price),
});

describe('stored lines by another schedule', () => {
  it('cost what the request would have cost by it from the first', () => {
    const count = fc.integer({ min: 0, max: 300_000 });
    fc.assert(
      fc.property(count, count, count, (input, cached, output) => {
        const usage = { input, cache_read: cached, output };
        const lines = Object.entries(usage).map(([bucket, quantity]) => line(bucket, quantity));
        const repriced = repriceLines({ lines, schedule: right, serviceTier: null, ...terms });
        expect(repriced).toEqual(priceUsage({ usage, schedule: right, ...terms }));
      }),
      { seed },
    );
  });

  it('in a service tier cost what that tier does', () => {
    const repriced = repriceLines({
      lines: [line('input', 1_000_000)],
      schedule: right,
      serviceTier: 'flex',
      ...terms,
    });
    expect(repriced).toMatchObject({ kind: 'priced', costNanousd: 500_000_000n });
  });

  it('a price for each request comes and goes with the schedule', () => {
    const each = decodeSchedule({ prices: { input: '0', output: '0', request: '5000000' }, tiers: [], windows: [] });
    const lines = [line('input', 10), line('request', 1)];
    const of = (schedule: typeof each) => repriceLines({ lines, schedule, serviceTier: null, ...terms });
    expect(of(each)).toMatchObject({ costNanousd: 5n });
    expect(of(right)).toMatchObject({ lines: [{ bucket: 'input' }] });
  });

  it('what the schedule does not price is named, never zero', () => {
    const of = (bucket: string, serviceTier: string | null = null) =>
      repriceLines({ lines: [line(bucket, 1)], schedule: right, serviceTier, ...terms });
    expect(of('web_search')).toEqual({ kind: 'unpriced', bucket: 'web_search' });
    expect(of('input', 'priority')).toEqual({ kind: 'unpriced', bucket: 'service_tier:priority' });
    expect(of('bucket_of_a_newer_release')).toEqual({ kind: 'unpriced', bucket: 'bucket_of_a_newer_release' });
  });

  it('nothing stays nothing', () => {
    const each = decodeSchedule({ prices: { input: '0', output: '0', request: '5000000' }, tiers: [], windows: [] });
    const repriced = repriceLines({ lines: [], schedule: each, serviceTier: null, ...terms });
    expect(repriced).toMatchObject({ lines: [], costNanousd: 0n, chargeNanousd: 0n });
  });
});
