import { randomBytes, randomUUID } from 'node:crypto';
import { nanousd } from '@tollgate/amount';
import { openDatabase } from '@tollgate/prisma';
import { afterAll, expect, it } from 'vitest';
import {
  createKey,
  createOrganizationForUser,
  disableKey,
  enableKey,
  getKey,
  type KeyWish,
  keyNames,
  listKeys,
  mintKey,
  revokeKey,
  updateKey,
  verifyKey,
} from './index.js';

const db = openDatabase({ url: process.env.DATABASE_URL ?? '', applicationName: 'keys.store.test' });
afterAll(() => db.$disconnect());

const pepper = 'a pepper for tests, long enough';
const nowMs = Date.now();

async function newOrganization(): Promise<{ organizationId: string; projectId: string; userId: string }> {
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
  return { ...made, userId };
}

function wishFor(organizationId: string, more: Partial<KeyWish> = {}): KeyWish {
  return {
    organizationId,
    projectId: null,
    kind: 'inference',
    name: 'laptop',
    limitNanousd: null,
    expiresAtMs: null,
    createdById: null,
    pepper,
    nowMs,
    random: randomBytes,
    ...more,
  };
}

async function newKey(organizationId: string, more: Partial<KeyWish> = {}) {
  const made = await createKey(db, wishFor(organizationId, more));
  if (made.kind !== 'created') throw new Error(`not created: ${JSON.stringify(made)}`);
  return made;
}

async function authVersionOf(organizationId: string): Promise<string> {
  return (await db.organization.findUniqueOrThrow({ where: { id: organizationId } })).authVersion.toString();
}

it('a new key verifies at once, with everything a gateway needs to know', async () => {
  const { organizationId, projectId, userId } = await newOrganization();
  const made = await newKey(organizationId, {
    limitNanousd: nanousd(5_000_000_000n),
    expiresAtMs: nowMs + 60_000,
    createdById: userId,
  });
  expect(await verifyKey(db, { token: made.token, pepper, nowMs })).toEqual({
    kind: 'verified',
    principal: {
      keyId: made.key.keyId,
      keyKind: 'inference',
      keyName: 'laptop',
      organizationId,
      projectId,
      markupBp: 550,
      markupRules: [],
      authVersion: made.authVersion,
      limitNanousd: 5_000_000_000n,
      expiresAtMs: nowMs + 60_000,
      createdById: userId,
      isKeyLimited: true,
      storesResponses: false,
      keepsReasoning: true,
      limits: [],
    },
  });
});

it('a key knows the rules of markup of its own organisation, those to come too and those long past not', async () => {
  const { organizationId } = await newOrganization();
  const other = await newOrganization();
  const { token } = await newKey(organizationId);
  const add = (owner: string | null, model: string, fromMs: number, toMs: number | null) =>
    db.$executeRaw`INSERT INTO markup_rule (organization_id, model, markup_bp, effective_from, effective_to)
      VALUES (${owner}::uuid, ${model}, 700, ${new Date(fromMs)}, ${toMs === null ? null : new Date(toMs)}::timestamptz)`;
  const now = Date.now();
  const [model, week] = [`test/${organizationId}`, 7 * 86_400_000];
  await add(organizationId, model, now - week, now - week / 2);
  await add(organizationId, model, now - week / 7, now + 1);
  await add(organizationId, model, now + 1, null);
  await add(other.organizationId, model, now, null);
  await add(null, model, now, null);
  const verified = await verifyKey(db, { token, pepper, nowMs });
  const rule = { organizationId, model, provider: null, markupBp: 700 };
  expect(verified.kind === 'verified' && verified.principal.markupRules).toEqual([
    { ...rule, effectiveFromMs: now - week / 7, effectiveToMs: now + 1 },
    { ...rule, effectiveFromMs: now + 1, effectiveToMs: null },
  ]);
});

it('the token is in no column of the database', async () => {
  const { organizationId } = await newOrganization();
  const { token, key } = await newKey(organizationId);
  const [row] = await db.$queryRaw<
    { text: string }[]
  >`SELECT k::text AS text FROM api_key k WHERE id = ${key.keyId}::uuid`;
  expect(row?.text).toContain(key.hint);
  expect(row?.text).not.toContain(token);
  expect(row?.text).not.toContain(Buffer.from(token).toString('hex'));
  expect(row?.text).not.toContain(token.slice(3, 46));
});

it('what is listed is an allow-list of fields, without the hash', async () => {
  const { organizationId } = await newOrganization();
  await newKey(organizationId);
  const { rows } = await listKeys(db, { organizationId, nowMs, limit: 10 });
  expect(Object.keys(rows[0] ?? {}).sort()).toEqual([
    'createdAtMs',
    'createdById',
    'disabledAtMs',
    'expiresAtMs',
    'hint',
    'keyId',
    'kind',
    'limitNanousd',
    'name',
    'organizationId',
    'projectId',
    'projectName',
    'revokedAtMs',
    'spentNanousd',
    'state',
    'updatedAtMs',
  ]);
});

it('another pepper, another key and garbage are refused for what they are', async () => {
  const { organizationId } = await newOrganization();
  const { token } = await newKey(organizationId);
  expect(await verifyKey(db, { token, pepper: 'another pepper of enough bytes', nowMs })).toEqual({ kind: 'unknown' });
  expect(await verifyKey(db, { token: mintKey(randomBytes).token, pepper, nowMs })).toEqual({ kind: 'unknown' });
  for (const garbage of [undefined, [token], `${token} `, "' OR 1=1 --", 'tg_\u0000']) {
    expect(await verifyKey(db, { token: garbage, pepper, nowMs })).toEqual({ kind: 'malformed' });
  }
});

it('garbage does not reach the database', async () => {
  const closed = openDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none', applicationName: 'none' });
  expect(await verifyKey(closed, { token: 'tg_garbage', pepper, nowMs })).toEqual({ kind: 'malformed' });
  // And the one thing that must never look like a wrong key: a database that does not answer.
  await expect(verifyKey(closed, { token: mintKey(randomBytes).token, pepper, nowMs })).rejects.toThrow();
  await closed.$disconnect();
});

it('disabled stops, enabled goes on, revoked is final', async () => {
  const { organizationId } = await newOrganization();
  const { token, key } = await newKey(organizationId);
  const reference = { organizationId, keyId: key.keyId, nowMs };
  expect(await disableKey(db, reference)).toMatchObject({
    kind: 'changed',
    key: { state: 'disabled', disabledAtMs: nowMs },
  });
  expect(await verifyKey(db, { token, pepper, nowMs })).toEqual({ kind: 'disabled' });
  expect(await enableKey(db, reference)).toMatchObject({ kind: 'changed', key: { state: 'active' } });
  expect(await verifyKey(db, { token, pepper, nowMs })).toMatchObject({ kind: 'verified' });
  expect(await revokeKey(db, reference)).toMatchObject({
    kind: 'changed',
    key: { state: 'revoked', revokedAtMs: nowMs },
  });
  expect(await revokeKey(db, { ...reference, nowMs: nowMs + 5 })).toMatchObject({
    kind: 'changed',
    key: { revokedAtMs: nowMs },
  });
  expect(await enableKey(db, reference)).toEqual({ kind: 'revoked' });
  expect(await updateKey(db, { ...reference, name: 'again' })).toEqual({ kind: 'revoked' });
  expect(await verifyKey(db, { token, pepper, nowMs })).toEqual({ kind: 'revoked' });
  expect((await listKeys(db, { organizationId, nowMs, limit: 10 })).rows).toEqual([]);
  expect((await listKeys(db, { organizationId, nowMs, limit: 10, includeRevoked: true })).rows).toHaveLength(1);
});

it('a key works until the millisecond it expires, and not longer', async () => {
  const { organizationId } = await newOrganization();
  const { token } = await newKey(organizationId, { expiresAtMs: nowMs + 1_000 });
  expect(await verifyKey(db, { token, pepper, nowMs: nowMs + 999 })).toMatchObject({ kind: 'verified' });
  expect(await verifyKey(db, { token, pepper, nowMs: nowMs + 1_000 })).toEqual({ kind: 'expired' });
});

it('no key of a suspended organisation verifies', async () => {
  const { organizationId } = await newOrganization();
  const { token } = await newKey(organizationId);
  await db.organization.update({ where: { id: organizationId }, data: { status: 'suspended' } });
  expect(await verifyKey(db, { token, pepper, nowMs })).toEqual({ kind: 'suspended' });
});

it('every change of a key raises the version of its organisation, and of no other', async () => {
  const [one, other] = [await newOrganization(), await newOrganization()];
  const before = await authVersionOf(other.organizationId);
  const { key, authVersion } = await newKey(one.organizationId);
  const reference = { organizationId: one.organizationId, keyId: key.keyId, nowMs };
  let last = BigInt(authVersion);
  const changes = [
    () => updateKey(db, { ...reference, name: 'server', limitNanousd: nanousd(1n), expiresAtMs: nowMs + 5_000 }),
    () => disableKey(db, reference),
    () => enableKey(db, reference),
    () => revokeKey(db, reference),
  ];
  for (const change of changes) {
    const changed = await change();
    if (changed.kind !== 'changed') throw new Error(changed.kind);
    expect(BigInt(changed.authVersion)).toBe(last + 1n);
    expect(await authVersionOf(one.organizationId)).toBe(changed.authVersion);
    last = BigInt(changed.authVersion);
  }
  expect(await authVersionOf(other.organizationId)).toBe(before);
});

it('twenty changes at once each get a version of their own', async () => {
  const { organizationId } = await newOrganization();
  const { authVersion } = await newKey(organizationId);
  const made = await Promise.all(Array.from({ length: 20 }, () => newKey(organizationId)));
  expect(new Set(made.map((key) => key.authVersion)).size).toBe(20);
  expect(await authVersionOf(organizationId)).toBe((BigInt(authVersion) + 20n).toString());
});

it('an update changes what it names and keeps the rest', async () => {
  const { organizationId } = await newOrganization();
  const { key } = await newKey(organizationId, { limitNanousd: nanousd(7n), expiresAtMs: nowMs + 9_000 });
  const reference = { organizationId, keyId: key.keyId, nowMs: nowMs + 1 };
  expect(await updateKey(db, { ...reference, name: ' server ' })).toMatchObject({
    kind: 'changed',
    key: { name: 'server', limitNanousd: 7n, expiresAtMs: nowMs + 9_000, updatedAtMs: nowMs + 1 },
  });
  expect(await updateKey(db, { ...reference, limitNanousd: null, expiresAtMs: null })).toMatchObject({
    kind: 'changed',
    key: { name: 'server', limitNanousd: null, expiresAtMs: null },
  });
});

it('bad wishes name the field and change nothing', async () => {
  const { organizationId } = await newOrganization();
  const { key } = await newKey(organizationId);
  const before = await authVersionOf(organizationId);
  const bad: [Partial<KeyWish>, string][] = [
    [{ name: '' }, 'name'],
    [{ name: 'a\u0000' }, 'name'],
    [{ name: ['x'] as unknown as string }, 'name'],
    [{ kind: 'root' as 'inference' }, 'kind'],
    [{ limitNanousd: -1n as KeyWish['limitNanousd'] }, 'limit'],
    [{ limitNanousd: 1 as unknown as KeyWish['limitNanousd'] }, 'limit'],
    [{ limitNanousd: (2n ** 63n) as KeyWish['limitNanousd'] }, 'limit'],
    [{ expiresAtMs: nowMs }, 'expiry'],
    [{ expiresAtMs: Number.NaN }, 'expiry'],
    [{ expiresAtMs: 1e300 }, 'expiry'],
    [{ token: 'tg_guessable' }, 'token'],
  ];
  for (const [more, field] of bad) {
    expect(await createKey(db, wishFor(organizationId, more))).toMatchObject({ kind: 'invalid', field });
    const { name, limitNanousd, expiresAtMs } = more;
    if (field === 'kind' || field === 'token') continue;
    const update = {
      ...(name === undefined ? {} : { name }),
      ...(limitNanousd === undefined ? {} : { limitNanousd }),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    };
    expect(await updateKey(db, { organizationId, keyId: key.keyId, nowMs, ...update })).toMatchObject({
      kind: 'invalid',
      field,
    });
  }
  expect(await authVersionOf(organizationId)).toBe(before);
});

it("another organisation's key, project and cursor are not found, like those that never were", async () => {
  const [mine, theirs] = [await newOrganization(), await newOrganization()];
  const { token, key } = await newKey(theirs.organizationId);
  const never = randomUUID();
  for (const keyId of [key.keyId, never]) {
    const reference = { organizationId: mine.organizationId, keyId, nowMs };
    expect(await getKey(db, reference)).toBeNull();
    for (const change of [disableKey, enableKey, revokeKey])
      expect(await change(db, reference)).toEqual({ kind: 'not_found' });
    expect(await updateKey(db, { ...reference, name: 'mine now' })).toEqual({ kind: 'not_found' });
    expect((await keyNames(db, { organizationId: mine.organizationId, keyIds: [keyId] })).size).toBe(0);
  }
  await newKey(mine.organizationId);
  expect(await listKeys(db, { organizationId: mine.organizationId, nowMs, limit: 10, before: key.keyId })).toEqual({
    rows: [],
    next: null,
  });
  expect(await createKey(db, wishFor(mine.organizationId, { projectId: theirs.projectId }))).toEqual({
    kind: 'not_found',
  });
  expect(await createKey(db, wishFor(never))).toEqual({ kind: 'not_found' });
  expect(await verifyKey(db, { token, pepper, nowMs })).toMatchObject({
    kind: 'verified',
    principal: { keyName: 'laptop' },
  });
});

it('ids of a wrong type are not found and never an error', async () => {
  const { organizationId } = await newOrganization();
  const { key } = await newKey(organizationId);
  const wrong: unknown[] = [
    key.keyId.toUpperCase(),
    ` ${key.keyId}`,
    `${key.keyId}\u0000`,
    '',
    '../',
    [key.keyId],
    { $ne: 1 },
    7,
    null,
    undefined,
  ];
  for (const id of wrong) {
    const [asKey, asOrganization] = [
      { organizationId, keyId: id as string, nowMs },
      { organizationId: id as string, keyId: key.keyId, nowMs },
    ];
    for (const reference of [asKey, asOrganization]) {
      expect(await getKey(db, reference)).toBeNull();
      expect(await revokeKey(db, reference)).toEqual({ kind: 'not_found' });
    }
    expect(await createKey(db, wishFor(id as string))).toEqual({ kind: 'not_found' });
    if (id !== null)
      expect(await createKey(db, wishFor(organizationId, { projectId: id as string }))).toEqual({ kind: 'not_found' });
    expect((await listKeys(db, { organizationId: id as string, nowMs, limit: 5 })).rows).toEqual([]);
    expect((await keyNames(db, { organizationId: id as string, keyIds: [id as string] })).size).toBe(0);
  }
});

it('pages from the newest to the oldest without a gap or a repetition, also among keys of one millisecond', async () => {
  const { organizationId } = await newOrganization();
  const made: string[] = [];
  for (let i = 0; i < 7; i++)
    made.push((await newKey(organizationId, { nowMs: nowMs + Math.floor(i / 3), name: `key ${i}` })).key.keyId);
  const seen: string[] = [];
  for (let before: string | undefined; ; ) {
    const page = await listKeys(db, { organizationId, nowMs, limit: 2, ...(before === undefined ? {} : { before }) });
    seen.push(...page.rows.map((row) => row.keyId));
    if (page.next === null) break;
    before = page.next;
  }
  expect([...seen].sort()).toEqual([...made].sort());
  expect(seen[0]).toBe(made[6]);
  const second = await listKeys(db, { organizationId, nowMs, limit: 3, offset: 3 });
  expect(second.rows.map((row) => row.keyId)).toEqual(seen.slice(3, 6));
});

it('a key shows what was charged to it, and only to it', async () => {
  const { organizationId } = await newOrganization();
  const [spender, other] = [await newKey(organizationId), await newKey(organizationId)];
  await db.budgetSpend.create({
    data: { organizationId, scope: `key:${spender.key.keyId}`, period: 'lifetime', spentNanousd: 123n },
  });
  const { rows } = await listKeys(db, { organizationId, nowMs, limit: 10 });
  expect(rows.find((row) => row.keyId === spender.key.keyId)?.spentNanousd).toBe(123n);
  expect(rows.find((row) => row.keyId === other.key.keyId)?.spentNanousd).toBe(0n);
});

it('a token that is brought along is stored once', async () => {
  const { organizationId } = await newOrganization();
  const { token } = mintKey(randomBytes);
  expect((await newKey(organizationId, { token })).token).toBe(token);
  await expect(createKey(db, wishFor(organizationId, { token }))).rejects.toThrow();
});
