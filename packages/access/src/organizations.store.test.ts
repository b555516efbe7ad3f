import { randomBytes, randomUUID } from 'node:crypto';
import { openDatabase } from '@tollgate/prisma';
import { afterAll, expect, it } from 'vitest';
import {
  acceptTerms,
  createOrganizationForUser,
  membershipOf,
  membershipsOf,
  organizationName,
  organizationSlug,
  renameOrganization,
  type SignUp,
} from './organizations.store.js';

const db = openDatabase({
  url: process.env.DATABASE_URL ?? '',
  applicationName: 'organizations.store.test',
  maxConnections: 10,
});
afterAll(() => db.$disconnect());

const nowMs = Date.now();

async function newSignUp(): Promise<SignUp> {
  const userId = randomUUID();
  const email = `${userId}@example.test`;
  await db.user.create({ data: { id: userId, name: 'Ada Lovelace', email } });
  return {
    userId,
    userName: 'Ada Lovelace',
    email,
    markupBp: 550,
    termsVersion: '2026-11',
    nowMs,
    random: randomBytes,
  };
}

it('a new person owns an organisation with a default project', async () => {
  const signUp = await newSignUp();
  const made = await createOrganizationForUser(db, signUp);
  expect(made.isNew).toBe(true);
  expect(await membershipsOf(db, signUp.userId)).toEqual([
    {
      organizationId: made.organizationId,
      organizationName: 'Ada Lovelace',
      slug: expect.stringMatching(/^ada-lovelace-[0-9a-z]{10}$/),
      status: 'active',
      role: 'owner',
      markupBp: 550,
      defaultProjectId: made.projectId,
      termsVersion: '2026-11',
      termsAcceptedAtMs: nowMs,
      joinedAtMs: nowMs,
    },
  ]);
});

it('eight sign-up hooks of one person at the same moment make one organisation', async () => {
  const signUp = await newSignUp();
  const made = await Promise.all(Array.from({ length: 8 }, () => createOrganizationForUser(db, signUp)));
  expect(new Set(made.map((one) => one.organizationId)).size).toBe(1);
  expect(made.filter((one) => one.isNew)).toHaveLength(1);
  expect(await membershipsOf(db, signUp.userId)).toHaveLength(1);
});

it('somebody who was invited elsewhere first still gets an organisation of their own', async () => {
  const [host, guest] = [await newSignUp(), await newSignUp()];
  const { organizationId } = await createOrganizationForUser(db, host);
  await db.member.create({ data: { id: randomUUID(), organizationId, userId: guest.userId, role: 'viewer' } });
  const own = await createOrganizationForUser(db, guest);
  expect(own.organizationId).not.toBe(organizationId);
  expect((await membershipOf(db, { userId: guest.userId, organizationId }))?.role).toBe('viewer');
  expect((await membershipOf(db, { userId: guest.userId, organizationId: own.organizationId }))?.role).toBe('owner');
  expect(await membershipOf(db, { userId: host.userId, organizationId: own.organizationId })).toBeNull();
});

it('nothing is made for a user who is not there', async () => {
  const signUp = { ...(await newSignUp()), userId: randomUUID() };
  await expect(createOrganizationForUser(db, signUp)).rejects.toThrow('not there');
});

it('a failure half-way leaves nothing behind', async () => {
  const signUp = await newSignUp();
  await expect(createOrganizationForUser(db, { ...signUp, markupBp: 100_001 })).rejects.toThrow();
  expect(await membershipsOf(db, signUp.userId)).toEqual([]);
});

it('terms and name change by id, and only what exists', async () => {
  const signUp = { ...(await newSignUp()), termsVersion: null };
  const { organizationId } = await createOrganizationForUser(db, signUp);
  expect(await membershipOf(db, { userId: signUp.userId, organizationId })).toMatchObject({
    termsVersion: null,
    termsAcceptedAtMs: null,
  });
  expect(await acceptTerms(db, { organizationId, termsVersion: '2027-01', nowMs: nowMs + 1 })).toBe(true);
  expect(await renameOrganization(db, { organizationId, name: ' Analytical Engines ' })).toEqual({
    kind: 'renamed',
    name: 'Analytical Engines',
  });
  expect(await membershipOf(db, { userId: signUp.userId, organizationId })).toMatchObject({
    organizationName: 'Analytical Engines',
    termsVersion: '2027-01',
    termsAcceptedAtMs: nowMs + 1,
  });
  expect(await renameOrganization(db, { organizationId, name: '\u0007' })).toMatchObject({ kind: 'invalid' });
  for (const id of [randomUUID(), organizationId.toUpperCase(), ['x'] as unknown as string, '\u0000']) {
    expect(await acceptTerms(db, { organizationId: id, termsVersion: 'x', nowMs })).toBe(false);
    expect(await renameOrganization(db, { organizationId: id, name: 'x' })).toEqual({ kind: 'not_found' });
  }
});

it('user ids of a wrong type belong to nothing', async () => {
  for (const id of ['', '\u0000', 'x'.repeat(1_000), ['x'], { $ne: 1 }, null, undefined])
    expect(await membershipsOf(db, id as string)).toEqual([]);
});

it('an organisation is named after the person, else the domain, and its slug tells nobody who was here first', () => {
  expect(organizationName({ userName: ' Ada\u0000 ', email: 'a@b.example' })).toBe('Ada');
  expect(organizationName({ userName: '', email: 'a@b.example' })).toBe('b.example');
  expect(organizationName({ userName: ' ', email: '' })).toBe('Organisation');
  expect(organizationSlug('Crème & Brûlée <GmbH>', randomBytes)).toMatch(/^creme-brulee-gmbh-[0-9a-z]{10}$/);
  expect(organizationSlug('日本', randomBytes)).toMatch(/^organisation-[0-9a-z]{10}$/);
  expect(organizationSlug('x'.repeat(80), randomBytes)).toMatch(/^x{40}-/);
});
