import type { RateRule } from '@tollgate/access';
import type { Authorization } from '@tollgate/admission';
import { afterEach, describe, expect, it } from 'vitest';
import { type ExchangeWorld, exchangeWorld } from './exchange.fixture.js';

const rule: RateRule = {
  ruleId: 'r',
  subject: 'organization',
  subjectId: 'o',
  model: null,
  measure: 'requests',
  window: 'minute',
  limit: 10,
};

let world: ExchangeWorld;
afterEach(() => world.close());

async function askRefused(limit: number, level: number): Promise<Response> {
  world = await exchangeWorld(() => undefined, {
    caller: { limits: [{ ...rule, limit }] },
    authorize: async ({ rates }): Promise<Authorization> => {
      const [rate] = rates ?? [];
      if (rate === undefined) throw new Error('the rule is a rate');
      return { kind: 'rate_limited', rate, level, retryAfterMs: 6_000 };
    },
  });
  const body = JSON.stringify({ model: 'test/m', messages: [{ role: 'user', content: 'hi' }] });
  return await fetch(`${world.url}/v1/chat/completions`, { method: 'POST', body });
}

describe('a request that a rate refuses', () => {
  it('carries the rate in the headers that clients wait by, like one that was admitted', async () => {
    const { status, headers } = await askRefused(10, 10);
    expect(status).toBe(429);
    expect(Object.fromEntries([...headers].filter(([name]) => /^x-ratelimit|^retry/.test(name)))).toEqual({
      'retry-after': '6',
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '60s',
    });
  });

  it('is a 429 also where so much was used before the limit was lowered that it is not free within any date', async () => {
    const answer = await askRefused(1, 1e15);
    expect(answer.status).toBe(429);
    expect(await answer.json()).toMatchObject({ error: { code: 'rate_limited', details: { limit: 1, used: 1e15 } } });
  });
});
