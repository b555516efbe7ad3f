import { randomBytes } from 'node:crypto';
import { createLimit, deleteLimit, type LimitWish, listLimits, updateLimit } from '@tollgate/access';
import { nanousd } from '@tollgate/amount';
import { type Database, openDatabase, Prisma } from '@tollgate/prisma';
import type { UsageEvent } from '@tollgate/usage';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUDGET_SPEND_MATCHES_EVENTS } from './budget-invariant.js';
import { organizationSnapshot, postUsage } from './index.js';
import { createOrganization, sampleEvent, uuidV7 } from './sample-events.fixture.js';

const seed = Number(process.env.TOLLGATE_SEED ?? 1);
const DAY_MS = 86_400_000;
const via = { via: 'test' };
let database: Database;

beforeAll(() => {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL names the migrated PostgreSQL these tests post into');
  database = openDatabase({ url, applicationName: 'budgets-test', maxConnections: 8 });
});
afterAll(() => database.$disconnect());

interface Tenant {
  readonly organizationId: string;
  readonly projects: readonly string[];
  /** key i belongs to project i and was made by member i */
  readonly keys: readonly string[];
  readonly members: readonly string[];
}

async function newTenant(): Promise<Tenant> {
  const organizationId = await createOrganization(database);
  const [projects, keys, members] = [0, 1, 2].map(() => [uuidV7(), uuidV7()]) as [string[], string[], string[]];
  for (const [index, projectId] of projects.entries()) {
    const [keyId = '', userId = ''] = [keys[index], members[index]];
    await database.user.create({ data: { id: userId, name: 'Ada', email: `${userId}@example.test` } });
    await database.member.create({ data: { id: uuidV7(), organizationId, userId, role: 'developer' } });
    await database.project.create({ data: { id: projectId, organizationId, name: `project ${index}` } });
    await database.apiKey.create({
      data: {
        id: keyId,
        organizationId,
        projectId,
        createdById: userId,
        name: 'k',
        kind: 'inference',
        hint: '',
        hash: Buffer.from(keyId.replaceAll('-', '').repeat(2), 'hex'),
      },
    });
  }
  return { organizationId, projects, keys, members };
}

function eventOf({ organizationId, projects, keys }: Tenant, which: number, more: Partial<UsageEvent> = {}) {
  return sampleEvent(organizationId, { projectId: projects[which] ?? '', keyId: keys[which] ?? '', ...more });
}

function wishFor({ organizationId }: Tenant, more: Partial<LimitWish> = {}): LimitWish {
  return {
    organizationId,
    subject: 'organization',
    subjectId: organizationId,
    model: null,
    measure: 'budget',
    window: 'day',
    amount: 1_000_000n,
    nowMs: Date.now(),
    random: randomBytes,
    ...more,
  };
}

async function newBudget(tenant: Tenant, more: Partial<LimitWish> = {}): Promise<string> {
  const made = await createLimit(database, wishFor(tenant, more));
  if (made.kind !== 'created') throw new Error(`not created: ${JSON.stringify(made)}`);
  return made.limit.rule.ruleId;
}

async function spendOf(ruleId: string): Promise<Record<string, bigint>> {
  const rows = await database.budgetSpend.findMany({ where: { scope: `rule:${ruleId}` } });
  return Object.fromEntries(rows.map(({ period, spentNanousd }) => [period, spentNanousd]));
}

async function budgetViolations(): Promise<bigint | undefined> {
  const rows = await database.$queryRaw<{ violations: bigint }[]>(Prisma.raw(BUDGET_SPEND_MATCHES_EVENTS.violations));
  return rows[0]?.violations;
}

const day = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);

describe('a budget', () => {
  it('counts every request that its subject and its model name, and admission is told under which scopes', async () => {
    const tenant = await newTenant();
    const { organizationId, projects, keys, members } = tenant;
    const mine = eventOf(tenant, 0);
    const other = eventOf(tenant, 1, { model: 'openai/gpt-4o' });
    const today = day(Date.now());
    const month = today.slice(0, 7);
    const ids = {
      organization: await newBudget(tenant),
      project: await newBudget(tenant, { subject: 'project', subjectId: projects[0] ?? '', window: 'month' }),
      key: await newBudget(tenant, { subject: 'key', subjectId: keys[0] ?? '' }),
      member: await newBudget(tenant, { subject: 'member', subjectId: members[0] ?? '', window: 'lifetime' }),
      model: await newBudget(tenant, { model: 'openai/gpt-4o', window: 'lifetime' }),
    };
    const { posted } = await postUsage(database, [mine, other], via);
    const scopes = new Map(posted.map((event) => [event.requestId, [...event.scopes].sort()]));
    expect(scopes.get(mine.requestId)).toEqual(
      [
        `key:${keys[0]}`,
        `rule:${ids.organization}@${today}`,
        `rule:${ids.project}@${month}`,
        `rule:${ids.key}@${today}`,
        `rule:${ids.member}@lifetime`,
      ].sort(),
    );
    expect(scopes.get(other.requestId)).toEqual(
      [`key:${keys[1]}`, `rule:${ids.organization}@${today}`, `rule:${ids.model}@lifetime`].sort(),
    );
    expect(await spendOf(ids.organization)).toEqual({ [today]: mine.chargeNanousd + other.chargeNanousd });
    expect(await spendOf(ids.project)).toEqual({ [month]: mine.chargeNanousd });
    expect(await spendOf(ids.key)).toEqual({ [today]: mine.chargeNanousd });
    expect(await spendOf(ids.member)).toEqual({ lifetime: mine.chargeNanousd });
    expect(await spendOf(ids.model)).toEqual({ lifetime: other.chargeNanousd });
    const again = await postUsage(database, [mine], via);
    expect([...(again.repeated[0]?.scopes ?? [])].sort()).toEqual(scopes.get(mine.requestId));
    const listed = await listLimits(database, { organizationId, nowMs: Date.now() });
    expect(listed.find(({ rule }) => rule.ruleId === ids.project)?.spentNanousd).toBe(mine.chargeNanousd);
  });

  it('made late counts what its current period spent before, and a lifetime everything (L13)', async () => {
    const tenant = await newTenant();
    const nowMs = Date.parse('2026-11-20T12:00:00Z');
    const at = (atMs: number, which = 0) => eventOf(tenant, which, { requestId: uuidV7(atMs) });
    const [today, yesterday, longAgo] = [at(nowMs), at(nowMs - DAY_MS), at(nowMs - 900 * DAY_MS)];
    await postUsage(database, [today, yesterday, longAgo, at(nowMs, 1)], via);
    const subject = { subject: 'key', subjectId: tenant.keys[0] ?? '', nowMs };
    expect(await spendOf(await newBudget(tenant, { ...subject, window: 'day' }))).toEqual({
      '2026-11-20': today.chargeNanousd,
    });
    expect(await spendOf(await newBudget(tenant, { ...subject, window: 'week' }))).toEqual({
      '2026-W47': today.chargeNanousd + yesterday.chargeNanousd,
    });
    expect(await spendOf(await newBudget(tenant, { ...subject, window: 'lifetime' }))).toEqual({
      lifetime: today.chargeNanousd + yesterday.chargeNanousd + longAgo.chargeNanousd,
    });
    expect(await budgetViolations()).toBe(0n);
  });

  it('counts a request in the period of its id, however late it is posted, and each period for itself (L14)', async () => {
    const tenant = await newTenant();
    const nowMs = Date.parse('2026-11-20T12:00:00Z');
    const rule = await newBudget(tenant, { nowMs });
    const midnightMs = Date.parse('2026-11-21T00:00:00Z');
    const ids = [midnightMs - 1, midnightMs, midnightMs + DAY_MS - 1, midnightMs + DAY_MS].map((atMs) => uuidV7(atMs));
    const events = ids.map((requestId) => eventOf(tenant, 0, { requestId }));
    const charge = events[0]?.chargeNanousd ?? 0n;
    for (const event of events.toReversed()) await postUsage(database, [event], via);
    expect(await spendOf(rule)).toEqual({ '2026-11-20': charge, '2026-11-21': 2n * charge, '2026-11-22': charge });
    const before = eventOf(tenant, 0, { requestId: uuidV7(nowMs - DAY_MS) });
    const { posted } = await postUsage(database, [before], via);
    expect(posted[0]?.scopes).toEqual([`key:${tenant.keys[0]}`]);
    expect(Object.keys(await spendOf(rule))).not.toContain('2026-11-19');
    expect(await budgetViolations()).toBe(0n);
  });

  it('of nothing is armed with nothing, a raised one keeps what it counted, a removed one leaves nothing behind', async () => {
    const tenant = await newTenant();
    const { organizationId } = tenant;
    const nowMs = Date.now();
    const ruleId = await newBudget(tenant, { window: 'lifetime', amount: 0n });
    const scope = `rule:${ruleId}@lifetime`;
    expect((await organizationSnapshot(database, organizationId, nowMs))?.armed).toEqual([
      { scope, limitNanousd: 0n, spentNanousd: 0n },
    ]);
    const event = eventOf(tenant, 0);
    await postUsage(database, [event], via);
    await updateLimit(database, { organizationId, ruleId, amount: 7n, nowMs });
    expect((await organizationSnapshot(database, organizationId, nowMs))?.armed).toEqual([
      { scope, limitNanousd: 7n, spentNanousd: event.chargeNanousd },
    ]);
    await deleteLimit(database, { organizationId, ruleId });
    expect((await organizationSnapshot(database, organizationId, nowMs))?.armed).toEqual([]);
    await postUsage(database, [eventOf(tenant, 0)], via);
    expect(await spendOf(ruleId)).toEqual({});
  });

  it('of another organisation, rates and slots count no money', async () => {
    const [tenant, stranger] = [await newTenant(), await newTenant()];
    const theirs = await newBudget(stranger);
    await newBudget(tenant, { measure: 'tokens', window: 'day' });
    await newBudget(tenant, { measure: 'concurrency', window: null });
    const { posted } = await postUsage(database, [eventOf(tenant, 0)], via);
    expect(posted[0]?.scopes).toEqual([`key:${tenant.keys[0]}`]);
    expect(await spendOf(theirs)).toEqual({});
    expect((await organizationSnapshot(database, tenant.organizationId, Date.now()))?.armed).toEqual([]);
  });

  it('that a free request draws on is named all the same and counts nothing', async () => {
    const tenant = await newTenant();
    const rule = await newBudget(tenant, { window: 'lifetime' });
    const free = { costNanousd: nanousd(0n), chargeNanousd: nanousd(0n), lines: [], ending: 'provider_died' } as const;
    const { posted } = await postUsage(database, [eventOf(tenant, 0, free)], via);
    expect(posted[0]?.scopes).toContain(`rule:${rule}@lifetime`);
    expect(await spendOf(rule)).toEqual({});
  });
});

it('around midnight both days are armed, each with what it spent, so that no request stands between them', async () => {
  const tenant = await newTenant();
  const midnightMs = Date.parse('2026-12-01T00:00:00Z');
  const noonMs = midnightMs - DAY_MS / 2;
  const daily = await newBudget(tenant, { window: 'day', nowMs: noonMs });
  const monthly = await newBudget(tenant, { window: 'month', nowMs: noonMs });
  const event = eventOf(tenant, 0, { requestId: uuidV7(midnightMs - 1) });
  await postUsage(database, [event], via);
  const armedAt = async (atMs: number) => {
    const snapshot = await organizationSnapshot(database, tenant.organizationId, atMs);
    return Object.fromEntries((snapshot?.armed ?? []).map(({ scope, spentNanousd }) => [scope, spentNanousd]));
  };
  const november = {
    [`rule:${daily}@2026-11-30`]: event.chargeNanousd,
    [`rule:${monthly}@2026-11`]: event.chargeNanousd,
  };
  const december = { [`rule:${daily}@2026-12-01`]: 0n, [`rule:${monthly}@2026-12`]: 0n };
  expect(await armedAt(noonMs)).toEqual(november);
  for (const offsetMs of [-600_000, -1, 0, 599_999])
    expect(await armedAt(midnightMs + offsetMs)).toEqual({ ...november, ...december });
  expect(await armedAt(midnightMs + 600_001)).toEqual(december);
});

describe(`limits that change while requests are posted (seed ${seed})`, () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('create' as const), which: fc.nat(11) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('update' as const), which: fc.nat(11) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), which: fc.nat(11) }) },
  );

  /** Twelve different budgets, from narrow to wide. */
  function termsOf({ organizationId, projects, keys, members }: Tenant, which: number): Partial<LimitWish> {
    const window = (['day', 'month', 'lifetime'] as const)[which % 3] ?? 'day';
    const subjects = [
      { subject: 'organization', subjectId: organizationId, model: null },
      { subject: 'project', subjectId: projects[0] ?? '', model: 'openai/gpt-4o' },
      { subject: 'key', subjectId: keys[1] ?? '', model: null },
      { subject: 'member', subjectId: members[0] ?? '', model: null },
    ];
    return { ...subjects[Math.floor(which / 3)], window };
  }

  /** Said once more in the test's own words: which events a rule counts, and in which period. */
  function expectedSpend(tenant: Tenant, terms: Partial<LimitWish>, events: readonly UsageEvent[], fromMs: number) {
    const sums: Record<string, bigint> = {};
    for (const event of events) {
      const which = tenant.keys.indexOf(event.keyId);
      const is = { organization: true, project: which === 0, key: which === 1, member: which === 0 }[
        terms.subject ?? ''
      ];
      const atMs = Number(`0x${event.requestId.replaceAll('-', '').slice(0, 12)}`);
      if (is !== true || (terms.model !== null && terms.model !== event.model)) continue;
      const lengths: Record<string, number> = { day: 10, month: 7 };
      const from = day(fromMs).slice(0, lengths[terms.window ?? ''] ?? 0);
      const period = day(atMs).slice(0, lengths[terms.window ?? ''] ?? 0);
      if (period < from) continue;
      const name = period === '' ? 'lifetime' : period;
      sums[name] = (sums[name] ?? 0n) + event.chargeNanousd;
    }
    return sums;
  }

  it('whatever is made, changed and removed meanwhile, each budget has counted the sum of its events exactly', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), fc.nat(1_000), async (steps, salt) => {
        const tenant = await newTenant();
        const { organizationId } = tenant;
        const nowMs = Date.parse('2026-11-20T12:00:00Z');
        const events = Array.from({ length: 120 }, (_, index) =>
          eventOf(tenant, index % 2, {
            requestId: uuidV7(nowMs + ((index * 7 + salt) % 60) * (DAY_MS / 2) - 20 * DAY_MS),
            ...(index % 3 === 0 ? { model: 'openai/gpt-4o' } : {}),
          }),
        );
        await postUsage(database, events.slice(0, 40), via);
        const posting = (async () => {
          for (let from = 40; from < events.length; from += 6) {
            await Promise.all([
              postUsage(database, events.slice(from, from + 6), via),
              postUsage(database, events.slice(from - 3, from + 3), via),
            ]);
          }
        })();
        const rules = new Map<number, string>();
        const changing = (async () => {
          for (const { kind, which } of steps) {
            const ruleId = rules.get(which);
            if (kind === 'create' && ruleId === undefined) {
              const made = await createLimit(database, wishFor(tenant, { ...termsOf(tenant, which), nowMs }));
              if (made.kind === 'created') rules.set(which, made.limit.rule.ruleId);
            }
            if (kind === 'update' && ruleId !== undefined)
              await updateLimit(database, { organizationId, ruleId, amount: BigInt(which), nowMs });
            if (kind === 'delete' && ruleId !== undefined) {
              await deleteLimit(database, { organizationId, ruleId });
              rules.delete(which);
            }
          }
        })();
        await Promise.all([posting, changing]);
        for (const [which, ruleId] of rules)
          expect(await spendOf(ruleId)).toEqual(expectedSpend(tenant, termsOf(tenant, which), events, nowMs));
        const scopes = await database.budgetSpend.findMany({
          where: { organizationId, scope: { startsWith: 'rule:' } },
        });
        expect(scopes.every(({ scope }) => [...rules.values()].includes(scope.slice(5)))).toBe(true);
      }),
      { seed, numRuns: 5 },
    );
    expect(await budgetViolations()).toBe(0n);
  });
});
