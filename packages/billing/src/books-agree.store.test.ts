import { randomInt } from 'node:crypto';
import type { Nanousd } from '@tollgate/amount';
import { decimalUsd, nanousd } from '@tollgate/amount';
import { balances } from '@tollgate/ledger';
import { type Database, openDatabase } from '@tollgate/prisma';
import { listRequests, overview, type UsageEvent } from '@tollgate/usage';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { creditsSummary, postGrants, postUsage, requestGrant } from './index.js';
import { createOrganization, sampleEvent, uuidV7 } from './sample-events.fixture.js';

let database: Database;

beforeAll(() => {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL names the migrated PostgreSQL these tests post into');
  database = openDatabase({ url, applicationName: 'billing-books-test', maxConnections: 4 });
});
afterAll(() => database.$disconnect());

const HOUR_MS = 3_600_000;
const GRANTED = nanousd(50_000_000n);

async function grant(organizationId: string): Promise<void> {
  const id = uuidV7();
  const terms = {
    kind: 'courtesy',
    amountNanousd: GRANTED,
    reference: id,
    requestedBy: 'test',
    expiresAt: null,
  } as const;
  await requestGrant(database, { id, organizationId, ...terms });
  await postGrants(database, { nowMs: Date.now() });
}

/** Every page of the list of requests, in the size a table would ask for. */
async function listed(organizationId: string, limit: number): Promise<bigint[]> {
  const charges: bigint[] = [];
  for (let before: string | undefined; ; ) {
    const page = await listRequests(database, { organizationId, filters: {}, limit, ...(before ? { before } : {}) });
    charges.push(...page.rows.map(({ chargeNanousd }) => chargeNanousd));
    if (page.next === null) return charges;
    before = page.next;
  }
}

const sum = (amounts: readonly bigint[]): string =>
  decimalUsd(nanousd(amounts.reduce((total, amount) => total + amount, 0n)));

it('M23: rows, hourly sums, groups, credits and the ledger say one number, to the nano-dollar, whatever the page or the range', async () => {
  const organizationId = await createOrganization(database);
  await grant(organizationId);
  const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 20 * HOUR_MS;
  // Around the midnights of every time zone: a day of hours, at their first and last millisecond too.
  const events = Array.from({ length: 120 }, (_, index): UsageEvent => {
    const atMs = startMs + (index % 20) * HOUR_MS + ([0, HOUR_MS - 1][index % 3] ?? randomInt(HOUR_MS));
    const input = randomInt(1, 5_000);
    return sampleEvent(organizationId, { requestId: uuidV7(atMs), startedAtMs: atMs, settledAtMs: atMs, input });
  });
  for (let from = 0; from < events.length; from += 17)
    await postUsage(database, events.slice(from, from + 17), { via: 'test' });

  const charged = sum(events.map(({ chargeNanousd }) => chargeNanousd));
  for (const limit of [1, 7, 200]) expect(sum(await listed(organizationId, limit))).toBe(charged);
  const range = { fromMs: startMs, toMs: startMs + 20 * HOUR_MS, interval: 'hour' } as const;
  const amounts = (found: readonly { readonly spendNanousd: Nanousd }[]) => sum(found.map((one) => one.spendNanousd));
  for (const groupBy of ['none', 'model', 'provider', 'key'] as const) {
    const found = await overview(database, { organizationId, filters: {}, groupBy, ...range });
    expect(decimalUsd(found.totals.spendNanousd)).toBe(charged);
    expect(amounts(found.series)).toBe(charged);
    if (groupBy !== 'none') expect(amounts(found.groups)).toBe(charged);
  }
  const quarters = [0, 1, 2, 3].map((part) => {
    const [fromMs, toMs] = [startMs + part * 5 * HOUR_MS, startMs + (part + 1) * 5 * HOUR_MS];
    return overview(database, { organizationId, filters: {}, groupBy: 'none', interval: 'hour', fromMs, toMs });
  });
  const hours = await Promise.all(quarters);
  expect(new Set(hours.map(({ window }) => window?.source))).toEqual(new Set(['log']));
  expect(sum(hours.map(({ totals }) => totals.spendNanousd))).toBe(charged);
  const credits = await creditsSummary(database, organizationId);
  expect(decimalUsd(credits.totalUsageNanousd)).toBe(charged);
  const { promoNanousd, customerNanousd } = await balances(database, organizationId);
  expect(decimalUsd(nanousd(GRANTED - promoNanousd - customerNanousd))).toBe(charged);
});
