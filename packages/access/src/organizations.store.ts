import type { Database, Transaction } from '@tollgate/prisma';
import { decodeName, salvageName } from './display-name.js';
import { isRecordId, mintId, type RandomBytes } from './record-id.js';
import { decodeRole, type Role } from './roles.js';

export interface SignUp {
  readonly userId: string;
  readonly userName: string;
  readonly email: string;
  /** basis points on top of the provider's price; 0 to 100,000 */
  readonly markupBp: number;
  /** the terms that were accepted with the form; null: not yet */
  readonly termsVersion: string | null;
  readonly nowMs: number;
  readonly random: RandomBytes;
}

export interface OrganizationOfUser {
  readonly organizationId: string;
  /** the default project */
  readonly projectId: string;
  /** false when an earlier call already made it */
  readonly isNew: boolean;
}

/** One organisation a person belongs to, and as what. */
export interface Membership {
  readonly organizationId: string;
  readonly organizationName: string;
  readonly slug: string;
  readonly status: 'active' | 'suspended';
  readonly role: Role;
  readonly markupBp: number;
  readonly defaultProjectId: string;
  readonly termsVersion: string | null;
  readonly termsAcceptedAtMs: number | null;
  readonly joinedAtMs: number;
}

interface MembershipRow {
  readonly organization_id: string;
  readonly organization_name: string;
  readonly slug: string;
  readonly status: string;
  readonly role: string;
  readonly markup_bp: number;
  readonly default_project_id: string;
  readonly terms_version: string | null;
  readonly terms_accepted_at: Date | null;
  readonly joined_at: Date;
}

/**
 * Everything a new person needs to work: an organisation of their own, its default project, the owner membership. Called
 * again for the same person, also at the same moment, it answers with what is there. Throws for an unknown user.
 */
export async function createOrganizationForUser(db: Database, signUp: SignUp): Promise<OrganizationOfUser> {
  return db.$transaction(async (transaction) => {
    // The lock makes the second of two simultaneous calls wait and then find the first one's organisation.
    const users = await transaction.$queryRaw<unknown[]>`SELECT 1 FROM "user" WHERE id = ${signUp.userId} FOR UPDATE`;
    if (users.length === 0) throw new Error('an organisation was asked for a user who is not there');
    const owned = await findOwned(transaction, signUp.userId);
    return owned ?? insertOrganization(transaction, signUp);
  }, SIGN_UP_PATIENCE);
}

/** A person waits for this: better slow than refused. The database bounds each statement and lock on its own. */
const SIGN_UP_PATIENCE = { maxWait: 8_000, timeout: 15_000 };

/** The organisations of a person, the oldest membership first. A role this release does not know counts as none. */
export async function membershipsOf(db: Database | Transaction, userId: string): Promise<readonly Membership[]> {
  if (!isUserId(userId)) return [];
  const rows = await db.$queryRaw<MembershipRow[]>`
    SELECT o.id::text AS organization_id, o.name AS organization_name, o.slug, o.status, m.role, o.markup_bp,
      p.id::text AS default_project_id, o.terms_version, o.terms_accepted_at, m.created_at AS joined_at
    FROM member m JOIN organization o ON o.id = m.organization_id
    JOIN project p ON p.organization_id = o.id AND p.is_default
    WHERE m.user_id = ${userId} ORDER BY m.created_at, m.id`;
  return rows.map(decodeMembership).filter((membership) => membership !== null);
}

/** What a person is in one organisation; null when nothing, or when there is no such organisation. */
export async function membershipOf(
  db: Database | Transaction,
  { userId, organizationId }: { readonly userId: string; readonly organizationId: string },
): Promise<Membership | null> {
  const memberships = await membershipsOf(db, userId);
  return memberships.find((membership) => membership.organizationId === organizationId) ?? null;
}

export type RenamedOrganization =
  | { readonly kind: 'renamed'; readonly name: string }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'not_found' };

/** The slug stays: it may stand in somebody's bookmark. */
export async function renameOrganization(
  db: Database | Transaction,
  { organizationId, name }: { readonly organizationId: string; readonly name: string },
): Promise<RenamedOrganization> {
  const decoded = decodeName(name);
  if (!decoded.ok) return { kind: 'invalid', message: decoded.message };
  if (!isRecordId(organizationId)) return { kind: 'not_found' };
  const count = await db.$executeRaw`UPDATE organization SET name = ${decoded.name} WHERE id = ${organizationId}::uuid`;
  return count === 1 ? { kind: 'renamed', name: decoded.name } : { kind: 'not_found' };
}

/** Records which terms were accepted and when. False when there is no such organisation. */
export async function acceptTerms(
  db: Database | Transaction,
  {
    organizationId,
    termsVersion,
    nowMs,
  }: { readonly organizationId: string; readonly termsVersion: string; readonly nowMs: number },
): Promise<boolean> {
  if (!isRecordId(organizationId)) return false;
  const count = await db.$executeRaw`
    UPDATE organization SET terms_version = ${termsVersion}, terms_accepted_at = ${new Date(nowMs)}::timestamptz
    WHERE id = ${organizationId}::uuid`;
  return count === 1;
}

async function findOwned(transaction: Transaction, userId: string): Promise<OrganizationOfUser | null> {
  const [row] = await transaction.$queryRaw<{ organization_id: string; project_id: string }[]>`
    SELECT m.organization_id::text, p.id::text AS project_id
    FROM member m JOIN project p ON p.organization_id = m.organization_id AND p.is_default
    WHERE m.user_id = ${userId} AND m.role = 'owner' ORDER BY m.created_at, m.id LIMIT 1`;
  return row === undefined ? null : { organizationId: row.organization_id, projectId: row.project_id, isNew: false };
}

async function insertOrganization(transaction: Transaction, signUp: SignUp): Promise<OrganizationOfUser> {
  const { nowMs, random } = signUp;
  const organizationId = mintId(nowMs, random);
  const projectId = mintId(nowMs, random);
  const now = new Date(nowMs);
  const name = organizationName(signUp);
  const termsAcceptedAt = signUp.termsVersion === null ? null : now;
  await transaction.$executeRaw`
    INSERT INTO organization (id, name, slug, markup_bp, terms_version, terms_accepted_at, created_at)
    VALUES (${organizationId}::uuid, ${name}, ${organizationSlug(name, random)}, ${signUp.markupBp}, ${signUp.termsVersion},
      ${termsAcceptedAt}::timestamptz, ${now}::timestamptz)`;
  await transaction.$executeRaw`
    INSERT INTO project (id, organization_id, name, is_default, created_at)
    VALUES (${projectId}::uuid, ${organizationId}::uuid, 'Default', TRUE, ${now}::timestamptz)`;
  await transaction.$executeRaw`
    INSERT INTO member (id, organization_id, user_id, role, created_at)
    VALUES (${mintId(nowMs, random)}::uuid, ${organizationId}::uuid, ${signUp.userId}, 'owner', ${now}::timestamptz)`;
  return { organizationId, projectId, isNew: true };
}

/** The person's name, else the domain of the address, else a word: nobody is asked for it at sign-up. */
export function organizationName({ userName, email }: Pick<SignUp, 'userName' | 'email'>): string {
  return salvageName(userName) || salvageName(email.slice(email.lastIndexOf('@') + 1)) || 'Organisation';
}

/**
 * Readable, and unique by 50 random bits rather than by a look-up: a slug that grew a number only when the name was taken
 * would tell a newcomer who else is a customer.
 */
export function organizationSlug(name: string, random: RandomBytes): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  const suffix = [...random(10)].map((byte) => SLUG_ALPHABET.charAt(byte % 32)).join('');
  return `${words === '' ? 'organisation' : words}-${suffix}`;
}

/** 32 characters, so that none is likelier than another. */
const SLUG_ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

function decodeMembership(row: MembershipRow): Membership | null {
  const role = decodeRole(row.role);
  if (role === null) return null;
  return {
    organizationId: row.organization_id,
    organizationName: row.organization_name,
    slug: row.slug,
    // What is not plainly active gets nothing.
    status: row.status === 'active' ? 'active' : 'suspended',
    role,
    markupBp: row.markup_bp,
    defaultProjectId: row.default_project_id,
    termsVersion: row.terms_version,
    termsAcceptedAtMs: row.terms_accepted_at?.getTime() ?? null,
    joinedAtMs: row.joined_at.getTime(),
  };
}

/** better-auth decides what a user id looks like; ours is only that PostgreSQL can hold it. */
function isUserId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 128 && !value.includes('\u0000');
}
