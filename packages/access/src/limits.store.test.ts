import { randomBytes, randomUUID } from 'node:crypto';
import { openDatabase } from '@tollgate/prisma';
import { afterAll, describe, expect, it } from 'vitest';
import {
  BUDGET_WINDOWS,
  createKey,
  createLimit,
  createOrganizationForUser,
  deleteLimit,
  getLimit,
  type LimitWish,
  listLimits,
  mintId,
  periodOf,
  RULES_MAX,
  updateLimit,
  verifyKey,
} from './index.js';

const db = openDatabase({
  url: process.env.DATABASE_URL ?? '',
  applicationName: 'limits.store.test',
  maxConnections: 8,
});
afterAll(() => db.$disconnect());

const pepper = 'a pepper for tests, long enough';
const nowMs = Date.now();

async function newOrganization() {
  const userId = randomUUID();
  await db.user.create({ data: { id: userId, name: 'Ada', email: `${userId}@example.test` } });
  const made = await createOrganizationForUser(db, {
    userId,
    userName: 'Ada',
    email: `${userId}@example.test`,
    markupBp: 550,
    termsVersion: '2026-11',
    nowMs,
    random: randomBytes,
  });
  return { organizationId: made.organizationId, projectId: made.projectId, userId };
}

async function newKey(organizationId: string, createdById: string | null = null) {
  const made = await createKey(db, {
    organizationId,
    projectId: null,
    kind: 'inference',
    name: 'laptop',
    limitNanousd: null,
    expiresAtMs: null,
    createdById,
    pepper,
    nowMs,
    random: randomBytes,
  });
  if (made.kind !== 'created') throw new Error(`not created: ${JSON.stringify(made)}`);
  return made;
}

function wishFor(organizationId: string, more: Partial<LimitWish> = {}): LimitWish {
  return {
    organizationId,
    subject: 'organization',
    subjectId: organizationId,
    model: null,
    measure: 'budget',
    window: 'month',
    amount: 5_000_000_000n,
    nowMs,
    random: randomBytes,
    ...more,
  };
}

async function newLimit(organizationId: string, more: Partial<LimitWish> = {}) {
  const made = await createLimit(db, wishFor(organizationId, more));
  if (made.kind !== 'created') throw new Error(`not created: ${JSON.stringify(made)}`);
  return made;
}

async function authVersionOf(organizationId: string): Promise<string> {
  return (await db.organization.findUniqueOrThrow({ where: { id: organizationId } })).authVersion.toString();
}

describe('a limit', () => {
  it('is made, listed, read, changed and removed, and each change raises the version by one', async () => {
    const { organizationId } = await newOrganization();
    const before = BigInt(await authVersionOf(organizationId));
    const made = await newLimit(organizationId, { model: 'openai/gpt-4o-mini' });
    expect(made.authVersion).toBe(String(before + 1n));
    expect(made.limit).toEqual({
      rule: {
        ruleId: made.limit.rule.ruleId,
        subject: 'organization',
        subjectId: organizationId,
        model: 'openai/gpt-4o-mini',
        measure: 'budget',
        window: 'month',
        limitNanousd: 5_000_000_000n,
      },
      spentNanousd: 0n,
      resetsAtMs: periodOf('month', nowMs).endMs,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    });
    const reference = { organizationId, ruleId: made.limit.rule.ruleId };
    expect(await listLimits(db, { organizationId, nowMs })).toEqual([made.limit]);
    expect(await getLimit(db, { ...reference, nowMs })).toEqual(made.limit);
    const changed = await updateLimit(db, { ...reference, amount: 0n, nowMs: nowMs + 5 });
    expect(changed).toMatchObject({
      kind: 'changed',
      authVersion: String(before + 2n),
      limit: { rule: { limitNanousd: 0n }, updatedAtMs: nowMs + 5, createdAtMs: nowMs },
    });
    expect(await deleteLimit(db, reference)).toEqual({ kind: 'deleted', authVersion: String(before + 3n) });
    expect(await getLimit(db, { ...reference, nowMs })).toBeNull();
    expect(await deleteLimit(db, reference)).toEqual({ kind: 'not_found' });
    expect(await authVersionOf(organizationId)).toBe(String(before + 3n));
  });

  it('of every subject and measure is stored as it was asked for', async () => {
    const { organizationId, projectId, userId } = await newOrganization();
    const { key } = await newKey(organizationId);
    const subjects = { organization: organizationId, project: projectId, key: key.keyId, member: userId };
    for (const [subject, subjectId] of Object.entries(subjects)) {
      for (const [measure, window] of [
        ['budget', 'day'],
        ['budget', 'lifetime'],
        ['requests', 'minute'],
        ['tokens', 'hour'],
        ['concurrency', null],
      ] as const) {
        const { limit } = await newLimit(organizationId, { subject, subjectId, measure, window, amount: 7n });
        expect(limit.rule).toMatchObject({ subject, subjectId, measure, window });
      }
    }
    expect(await listLimits(db, { organizationId, nowMs })).toHaveLength(20);
  });

  it('that is none is refused before anything is read', async () => {
    const { organizationId } = await newOrganization();
    const before = await authVersionOf(organizationId);
    for (const more of [
      { measure: 'budget', window: 'minute' },
      { measure: 'requests', window: 'month' },
      { measure: 'concurrency', window: 'day' },
      { amount: -1n },
      { amount: 2n ** 63n },
      { measure: 'tokens', window: 'day', amount: 2n ** 53n },
    ])
      expect((await createLimit(db, wishFor(organizationId, more))).kind).toBe('invalid');
    const { limit } = await newLimit(organizationId, { measure: 'requests', window: 'minute', amount: 5n });
    const reference = { organizationId, ruleId: limit.rule.ruleId, nowMs };
    for (const amount of [-1n, 2n ** 53n, 2n ** 63n])
      expect(await updateLimit(db, { ...reference, amount })).toMatchObject({ kind: 'invalid', field: 'limit' });
    expect(await authVersionOf(organizationId)).toBe(String(BigInt(before) + 1n));
  });
});

describe('another organisation', () => {
  it('has no project, key or member here, and a revoked key has no limits to come', async () => {
    const [mine, other] = [await newOrganization(), await newOrganization()];
    const { key } = await newKey(other.organizationId);
    for (const [subject, subjectId] of [
      ['organization', other.organizationId],
      ['project', other.projectId],
      ['key', key.keyId],
      ['member', other.userId],
      ['project', mintId(nowMs, randomBytes)],
      ['key', 'not an id'],
      ['member', 'nobody'],
      ['member', 'a\u0000'],
      ['member', ''],
    ] as const)
      expect(await createLimit(db, wishFor(mine.organizationId, { subject, subjectId }))).toEqual({
        kind: 'not_found',
      });
    expect(await createLimit(db, wishFor(mintId(nowMs, randomBytes)))).toEqual({ kind: 'not_found' });
    expect(await createLimit(db, wishFor("' OR 1=1 --"))).toEqual({ kind: 'not_found' });
  });

  it('does not see, change or remove a rule', async () => {
    const [mine, other] = [await newOrganization(), await newOrganization()];
    const { limit } = await newLimit(mine.organizationId);
    const stranger = { organizationId: other.organizationId, ruleId: limit.rule.ruleId, nowMs };
    expect(await getLimit(db, stranger)).toBeNull();
    expect(await listLimits(db, { organizationId: other.organizationId, nowMs })).toEqual([]);
    expect(await updateLimit(db, { ...stranger, amount: 1n })).toEqual({ kind: 'not_found' });
    expect(await deleteLimit(db, stranger)).toEqual({ kind: 'not_found' });
    for (const ruleId of ['x', 'a\u0000', limit.rule.ruleId.toUpperCase()])
      expect(await deleteLimit(db, { organizationId: mine.organizationId, ruleId })).toEqual({ kind: 'not_found' });
    expect(await getLimit(db, { ...stranger, organizationId: mine.organizationId })).toEqual(limit);
  });
});

describe('many at once', () => {
  it('ten who make the same rule make one, and the others are told which it is', async () => {
    const { organizationId } = await newOrganization();
    const answers = await Promise.all(Array.from({ length: 10 }, () => createLimit(db, wishFor(organizationId))));
    const created = answers.flatMap((answer) => (answer.kind === 'created' ? [answer.limit.rule.ruleId] : []));
    expect(created).toHaveLength(1);
    expect(answers.filter((answer) => answer.kind === 'exists')).toEqual(
      Array.from({ length: 9 }, () => ({ kind: 'exists', ruleId: created[0] })),
    );
  });

  it('the same rule cannot be stored twice past the code either: no model is a value like any other', async () => {
    const { organizationId } = await newOrganization();
    await newLimit(organizationId, { measure: 'concurrency', window: null });
    const again = db.$executeRaw`
      INSERT INTO limit_rule (id, organization_id, subject, subject_id, model, measure, time_window, amount, updated_at)
      SELECT ${mintId(nowMs, randomBytes)}::uuid, organization_id, subject, subject_id, model, measure, time_window, 9, now()
      FROM limit_rule WHERE organization_id = ${organizationId}::uuid`;
    await expect(again).rejects.toThrow(/limit_rule_once|unique/i);
  });

  it('the most rules an organisation may have are kept exactly, whoever asks for the last one', async () => {
    const { organizationId } = await newOrganization();
    await db.$executeRaw`
      INSERT INTO limit_rule (id, organization_id, subject, subject_id, model, measure, time_window, amount, updated_at)
      SELECT gen_random_uuid(), ${organizationId}::uuid, 'organization', ${organizationId}, 'x/' || n, 'requests', 'minute', 1, now()
      FROM generate_series(1, ${RULES_MAX - 2}) n`;
    const windows = ['day', 'week', 'month', 'lifetime'];
    const answers = await Promise.all(windows.map((window) => createLimit(db, wishFor(organizationId, { window }))));
    expect(answers.map((answer) => answer.kind).sort()).toEqual(['created', 'created', 'too_many', 'too_many']);
    expect(await listLimits(db, { organizationId, nowMs })).toHaveLength(RULES_MAX);
  });
});

describe('what the table refuses', () => {
  it.each([
    ['a budget per minute', 'budget', 'minute', 1n],
    ['a budget without a window', 'budget', null, 1n],
    ['requests without a window', 'requests', null, 1n],
    ['concurrency with a window', 'concurrency', 'day', 1n],
    ['an unknown measure', 'characters', 'day', 1n],
    ['a negative amount', 'requests', 'day', -1n],
  ] as const)('%s', async (_name, measure, window, amount) => {
    const { organizationId } = await newOrganization();
    const from = measure === 'budget' ? new Date(nowMs) : null;
    const insert = db.$executeRaw`
      INSERT INTO limit_rule (id, organization_id, subject, subject_id, measure, time_window, amount, counts_from, updated_at)
      VALUES (gen_random_uuid(), ${organizationId}::uuid, 'organization', ${organizationId}, ${measure}, ${window}, ${amount},
        ${from}::timestamptz, now())`;
    await expect(insert).rejects.toThrow(/check/i);
  });
});

it('a verified key carries the rules that bind it and no others', async () => {
  const { organizationId, projectId, userId } = await newOrganization();
  const stranger = await newOrganization();
  await newLimit(stranger.organizationId);
  const [mine, shared] = [await newKey(organizationId, userId), await newKey(organizationId)];
  const rules: Record<string, string> = {};
  for (const [subject, subjectId] of Object.entries({
    organization: organizationId,
    project: projectId,
    key: mine.key.keyId,
    member: userId,
  })) {
    const made = await newLimit(organizationId, { subject, subjectId, amount: 2n ** 60n, model: 'x/y' });
    rules[subject] = made.limit.rule.ruleId;
  }
  const carried = async (token: string) => {
    const verified = await verifyKey(db, { token, pepper, nowMs });
    return verified.kind === 'verified' ? verified.principal.limits : [];
  };
  expect((await carried(mine.token)).map(({ subject }) => subject).sort()).toEqual(Object.keys(rules).sort());
  expect((await carried(shared.token)).map(({ subject }) => subject).sort()).toEqual(['organization', 'project']);
  expect(await carried(mine.token)).toContainEqual({
    ruleId: rules.member,
    subject: 'member',
    subjectId: userId,
    model: 'x/y',
    measure: 'budget',
    window: 'month',
    limitNanousd: 2n ** 60n,
  });
  const listed = await listLimits(db, { organizationId, nowMs, keyId: shared.key.keyId });
  expect(listed.map(({ rule }) => rule.subject).sort()).toEqual(['organization', 'project']);
  expect(await listLimits(db, { organizationId: stranger.organizationId, nowMs, keyId: shared.key.keyId })).toEqual([]);
});

it('the database and the code call every period by the same name, whatever time zone a session is in', async () => {
  const edges = BUDGET_WINDOWS.flatMap((window) => {
    const instants = [0, 1, 2, 3, 4, 5, 6].flatMap((year) => {
      const newYear = Date.UTC(2023 + year, 0, 1);
      return [-86_400_001, -1, 0, 1, 3 * 86_400_000, 90 * 86_400_000].map((offset) => newYear + offset);
    });
    return instants.map((atMs) => ({ window, at_ms: atMs, name: periodOf(window, atMs).name }));
  });
  const ids = edges.map((edge) => ({ ...edge, id: mintId(edge.at_ms, randomBytes) }));
  const differing = await db.$transaction(async (transaction) => {
    await transaction.$executeRaw`SET LOCAL TimeZone = 'Pacific/Auckland'`;
    return transaction.$queryRaw<unknown[]>`
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(ids)}::jsonb) AS x ("window" text, at_ms bigint, name text, id uuid)
      WHERE budget_period("window", uuid_time(id)) IS DISTINCT FROM name OR extract(epoch FROM uuid_time(id)) * 1000 <> at_ms`;
  });
  expect(differing).toEqual([]);
});
