import type { Extension } from '@tollgate/admission';
import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import { describe, expect, it } from 'vitest';
import { boundOf, type TokenBounds } from './hold.js';
import { HoldExtension } from './hold-extension.js';

/** One nano-dollar for each token, of a request with 100 tokens. */
const price = nanousdPerMillion(1_000_000n);
const bounds: TokenBounds = {
  schedules: [{ prices: { input: price, output: price }, tiers: [], windows: [] }],
  inputTokens: 100,
  atMs: 0,
  markupBp: 0,
};

/** An organisation with so much left beside the hold, and an answer that has so many tokens. */
function answering(
  left: bigint | 'away' | 'gone',
  held: bigint,
  { maxCost = null, mostTokens = null }: { maxCost?: bigint | null; mostTokens?: number | null } = {},
) {
  const asked: bigint[] = [];
  let [remaining, heldNow] = [typeof left === 'bigint' ? left : 0n, held];
  const extend = async ({
    wantNanousd,
    floorNanousd,
  }: {
    wantNanousd: bigint;
    floorNanousd: bigint;
  }): Promise<Extension> => {
    asked.push(wantNanousd);
    if (left === 'away') return { kind: 'unavailable', reason: 'test' };
    if (left === 'gone') return { kind: 'gone' };
    if (remaining < floorNanousd)
      return { kind: 'insufficient', scope: 'organization', availableNanousd: nanousd(remaining) };
    const granted = remaining < wantNanousd ? remaining : wantNanousd;
    remaining -= granted;
    heldNow += granted;
    return { kind: 'extended', heldNanousd: nanousd(heldNow), leftNanousd: nanousd(remaining) };
  };
  const maxCostNanousd = maxCost === null ? null : nanousd(maxCost);
  const extension = new HoldExtension({ extend, bounds, heldNanousd: nanousd(held), maxCostNanousd, mostTokens });
  const answer = { tokens: 0, hasEnded: false };
  const look = async (tokens: number, estimate = tokens) => {
    if (answer.hasEnded) return;
    answer.tokens = tokens;
    await extension.look({
      estimate: () => estimate,
      count: () => tokens,
      end: () => {
        answer.hasEnded = true;
      },
    });
  };
  return { asked, answer, look, held: () => heldNow };
}

describe('the hold of a running answer', () => {
  it('grows ahead of need, and never falls behind an answer of 2,000 tokens a second', async () => {
    const { look, held, answer } = answering(10n ** 9n, 4_196n);
    for (let tokens = 0; tokens <= 100_000; tokens += 500) {
      await look(tokens);
      expect(held()).toBeGreaterThan(boundOf(bounds, tokens));
    }
    expect(answer.hasEnded).toBe(false);
  });

  it('asks seldom: some thousand tokens at a time, and nothing for a short answer', async () => {
    const long = answering(10n ** 9n, 4_196n);
    for (let tokens = 0; tokens <= 100_000; tokens += 100) await long.look(tokens);
    expect(long.asked.length).toBeLessThan(14);
    const short = answering(10n ** 9n, 4_196n);
    for (let tokens = 0; tokens <= 2_000; tokens += 100) await short.look(tokens);
    expect(short.asked).toEqual([]);
  });

  it('ends the answer when nothing more can be held, not before all of it is used', async () => {
    const { look, answer, held } = answering(1_000n, 4_196n);
    for (let tokens = 0; tokens <= 10_000 && !answer.hasEnded; tokens += 100) await look(tokens);
    expect(answer.hasEnded).toBe(true);
    expect(held()).toBe(5_196n);
    expect(answer.tokens).toBeGreaterThanOrEqual(5_096);
    expect(answer.tokens).toBeLessThanOrEqual(5_196);
  });

  it('never asks for more than the provider may say, and never ends what it ends by itself', async () => {
    const whole = answering(0n, 149n, { mostTokens: 49 });
    for (let tokens = 0; tokens <= 49; tokens += 1) await whole.look(tokens, tokens + 300);
    expect([whole.asked, whole.answer.hasEnded]).toEqual([[], false]);
    const part = answering(10n ** 9n, 4_196n, { mostTokens: 5_000 });
    for (let tokens = 0; tokens <= 5_000; tokens += 100) await part.look(tokens);
    expect([part.held(), part.asked, part.answer.hasEnded]).toEqual([5_100n, [904n], false]);
  });

  it('only our own count ends an answer: a high estimate asks for more and no further', async () => {
    const { look, answer } = answering(0n, 4_196n);
    for (let tokens = 0; tokens <= 4_000; tokens += 100) await look(tokens, tokens * 10);
    expect(answer.hasEnded).toBe(false);
    await look(4_100);
    expect(answer.hasEnded).toBe(true);
  });

  it.each(['away', 'gone'] as const)('runs to what it has when Redis is %s', async (what) => {
    const { look, answer, asked } = answering(what, 4_196n);
    for (let tokens = 0; tokens < 4_096; tokens += 128) await look(tokens);
    expect([answer.hasEnded, asked.length > 0]).toEqual([false, true]);
    await look(4_096);
    expect(answer.hasEnded).toBe(true);
  });

  it('stops at the caller’s own maximum, with any balance', async () => {
    const { look, answer, held } = answering(10n ** 9n, 4_196n, { maxCost: 6_000n });
    for (let tokens = 0; tokens <= 10_000 && !answer.hasEnded; tokens += 50) await look(tokens);
    expect(held()).toBe(6_000n);
    expect(answer.tokens).toBeLessThanOrEqual(5_950);
    expect(answer.hasEnded).toBe(true);
  });
});
