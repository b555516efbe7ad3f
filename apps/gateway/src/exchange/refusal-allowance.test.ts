import { afterEach, describe, expect, it } from 'vitest';
import { askAt, type ExchangeWorld, exchangeWorld } from './exchange.fixture.js';
import { RefusalAllowance } from './refusal-allowance.js';

let world: ExchangeWorld | undefined;
afterEach(() => world?.close());

describe('refusals of one key', () => {
  it('are recorded up to a number in ten seconds, each key for itself, and again afterwards', () => {
    const allowance = new RefusalAllowance();
    const recorded = (keyId: string, nowMs: number) =>
      Array.from({ length: 1_000 }, () => allowance.take(keyId, nowMs)).filter(Boolean).length;
    expect([recorded('a', 0), recorded('b', 5_000), recorded('a', 9_999), recorded('a', 10_000)]).toEqual([
      200, 200, 0, 200,
    ]);
  });

  it('are all answered, and all counted, when they come as a flood; what is admitted is always recorded', async () => {
    let ended = 0;
    const onEnded = () => {
      ended += 1;
    };
    world = await exchangeWorld(() => undefined, { onEnded });
    const asked = world;
    const body = { model: 'nobody/has-it', messages: [{ role: 'user', content: 'Hi' }] };
    const refused = async () => (await askAt(asked, '/v1/chat/completions', body)).status;
    const statuses: number[] = [];
    for (let round = 0; round < 6; round += 1)
      statuses.push(...(await Promise.all(Array.from({ length: 50 }, refused))));
    expect(new Set(statuses)).toEqual(new Set([404]));
    expect(world.settlements).toHaveLength(200);
    expect(ended).toBe(300);
  });
});
