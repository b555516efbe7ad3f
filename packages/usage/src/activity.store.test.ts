import { randomUUID } from 'node:crypto';
import { nanousd } from '@tollgate/amount';
import { openDatabase } from '@tollgate/prisma';
import { afterAll, expect, it } from 'vitest';
import { activity, encodeDay, keySpend } from './index.js';
import { requestAt, writeRequests } from './written-requests.fixture.js';

const db = openDatabase({ url: process.env.DATABASE_URL ?? '', applicationName: 'activity.store.test' });
afterAll(() => db.$disconnect());

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Wednesday, so that day, week and month are three different spans. */
const NOW = Date.UTC(2026, 10, 18, 12);
const TODAY = Date.UTC(2026, 10, 18);

it('activity is per UTC day, model and provider, first and last day included', async () => {
  const organizationId = randomUUID();
  const tokens = { input: 10, cachedInput: 4, output: 6, reasoning: 1 };
  await writeRequests(db, [
    requestAt(TODAY - DAY - 1, { organizationId }),
    requestAt(TODAY - DAY, { organizationId, tokens, chargeNanousd: nanousd(5n) }),
    requestAt(TODAY - 1, { organizationId, tokens, chargeNanousd: nanousd(7n), status: 500 }),
    requestAt(TODAY, { organizationId, tokens, chargeNanousd: nanousd(1n), model: 'cheap' }),
    requestAt(TODAY, { organizationId, tokens, chargeNanousd: nanousd(2n), provider: 'groq' }),
    requestAt(TODAY + DAY, { organizationId }),
  ]);
  const shared = { cachedInputTokens: 4, inputTokens: 10, outputTokens: 6, reasoningTokens: 1, requests: 1, errors: 0 };
  expect(await activity(db, { organizationId, fromDay: encodeDay(TODAY - DAY), toDay: encodeDay(TODAY) })).toEqual([
    { ...shared, day: '2026-11-18', model: 'openai/gpt-4o-mini', provider: 'groq', spendNanousd: 2n },
    { ...shared, day: '2026-11-18', model: 'cheap', provider: 'openai', spendNanousd: 1n },
    {
      day: '2026-11-17',
      model: 'openai/gpt-4o-mini',
      provider: 'openai',
      requests: 2,
      errors: 1,
      inputTokens: 20,
      cachedInputTokens: 8,
      outputTokens: 12,
      reasoningTokens: 2,
      spendNanousd: 12n,
    },
  ]);
});

it('activity can be one key, and is never another organisation', async () => {
  const [organizationId, keyId] = [randomUUID(), randomUUID()];
  await writeRequests(db, [requestAt(TODAY, { organizationId, keyId }), requestAt(TODAY, { organizationId })]);
  const days = { fromDay: '2026-11-18', toDay: '2026-11-18' };
  expect(await activity(db, { organizationId, ...days, filters: { keyId } })).toMatchObject([{ requests: 1 }]);
  expect(await activity(db, { organizationId, ...days })).toMatchObject([{ requests: 2 }]);
  expect(await activity(db, { organizationId: randomUUID(), ...days, filters: { keyId } })).toEqual([]);
  for (const fromDay of ['2026-02-30', '', '\u0000', ['2026-11-18'] as unknown as string])
    expect(await activity(db, { ...days, organizationId, fromDay })).toEqual([]);
});

it('a key knows what it spent today, since Monday, this month and ever', async () => {
  const [organizationId, keyId] = [randomUUID(), randomUUID()];
  const at = (atMs: number, charge: bigint) =>
    requestAt(atMs, { organizationId, keyId, chargeNanousd: nanousd(charge) });
  await writeRequests(db, [
    at(TODAY, 1n),
    at(TODAY - 1, 10n),
    at(Date.UTC(2026, 10, 16), 100n),
    at(Date.UTC(2026, 10, 16) - 1, 1_000n),
    at(Date.UTC(2026, 10, 1), 10_000n),
    at(Date.UTC(2026, 10, 1) - 1, 100_000n),
    requestAt(TODAY, { organizationId }),
  ]);
  expect(await keySpend(db, { organizationId, keyId, nowMs: NOW })).toEqual({
    dayNanousd: 1n,
    weekNanousd: 111n,
    monthNanousd: 11_111n,
    lifetimeNanousd: 111_111n,
  });
  const nothing = { dayNanousd: 0n, weekNanousd: 0n, monthNanousd: 0n, lifetimeNanousd: 0n };
  expect(await keySpend(db, { organizationId: randomUUID(), keyId, nowMs: NOW })).toEqual(nothing);
  expect(await keySpend(db, { organizationId, keyId: keyId.toUpperCase(), nowMs: NOW })).toEqual(nothing);
});

it('a week that began in the month before is counted from its Monday', async () => {
  const [organizationId, keyId] = [randomUUID(), randomUUID()];
  await writeRequests(db, [requestAt(Date.UTC(2026, 9, 26), { organizationId, keyId, chargeNanousd: nanousd(5n) })]);
  expect(await keySpend(db, { organizationId, keyId, nowMs: Date.UTC(2026, 10, 1, 1) })).toMatchObject({
    dayNanousd: 0n,
    weekNanousd: 5n,
    monthNanousd: 0n,
  });
});
