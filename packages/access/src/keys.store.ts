import type { Nanousd } from '@tollgate/amount';
import { type Database, Prisma, type Transaction } from '@tollgate/prisma';
import {
  type ApiKey,
  type ApiKeyRow,
  decodeApiKey,
  findExpiryFault,
  findLimitFault,
  KEY_KINDS,
  type KeyFault,
  type KeyKind,
} from './api-key.js';
import { decodeName } from './display-name.js';
import { hashKey, keyHint, mintKey, parseKey } from './key-token.js';
import { isRecordId, mintId, type RandomBytes } from './record-id.js';

/** Living keys one organisation may have: enough for a key per customer of theirs, not for a table without end. */
export const LIVING_KEYS_MAX = 10_000;

export interface KeyWish {
  readonly organizationId: string;
  /** null: the default project */
  readonly projectId: string | null;
  readonly kind: KeyKind;
  readonly name: string;
  readonly limitNanousd: Nanousd | null;
  readonly expiresAtMs: number | null;
  /** user id of who asked; null: a management key or the seed */
  readonly createdById: string | null;
  readonly pepper: string | Buffer;
  readonly nowMs: number;
  readonly random: RandomBytes;
  /** only the seed brings its own, so that a demo key survives a new database */
  readonly token?: string;
}

export type CreatedKey =
  | { readonly kind: 'created'; readonly token: string; readonly key: ApiKey; readonly authVersion: string }
  | KeyFault
  /** no such organisation, or no such project in it */
  | { readonly kind: 'not_found' }
  | { readonly kind: 'too_many'; readonly limit: number };

/** What a change of a key came to. `authVersion` goes to admission, so that every gateway forgets the old key at once. */
export type ChangedKey =
  | { readonly kind: 'changed'; readonly key: ApiKey; readonly authVersion: string }
  | KeyFault
  | { readonly kind: 'not_found' }
  /** revoked keys stay as they are */
  | { readonly kind: 'revoked' };

export interface KeyReference {
  readonly organizationId: string;
  readonly keyId: string;
  readonly nowMs: number;
}

/** What an update sets; an absent field stays. */
export interface KeyUpdate {
  readonly name?: string;
  readonly isDisabled?: boolean;
  readonly limitNanousd?: Nanousd | null;
  readonly expiresAtMs?: number | null;
}

export interface KeyListing {
  readonly organizationId: string;
  readonly nowMs: number;
  /** 1 to 100 */
  readonly limit: number;
  /** the last key of the page before; one that is not the organisation's gives an empty page */
  readonly before?: string;
  /** OpenRouter's clients page by number instead */
  readonly offset?: number;
  readonly kind?: KeyKind;
  readonly projectId?: string;
  /** true unless said otherwise */
  readonly includeDisabled?: boolean;
  /** false unless said otherwise: to most readers a revoked key is gone */
  readonly includeRevoked?: boolean;
}

type ChangedRow = ApiKeyRow & { readonly auth_version: bigint };

const KEY_COLUMNS = Prisma.sql`k.id::text, k.organization_id::text, k.project_id::text, k.kind, k.name, k.hint, k.limit_nanousd,
  k.created_by_id, k.created_at, k.updated_at, k.expires_at, k.disabled_at, k.revoked_at,
  (SELECT p.name FROM project p WHERE p.id = k.project_id) AS project_name,
  coalesce((SELECT b.spent_nanousd FROM budget_spend b
    WHERE b.organization_id = k.organization_id AND b.scope = 'key:' || k.id AND b.period = 'lifetime'), 0)::bigint AS spent_nanousd`;

/**
 * Mints and stores a key. The token is in this answer and nowhere else, ever. One statement: the key exists exactly
 * when the organisation's auth_version was raised.
 */
export async function createKey(db: Database | Transaction, wish: KeyWish): Promise<CreatedKey> {
  const name = decodeName(wish.name);
  if (!name.ok) return { kind: 'invalid', field: 'name', message: name.message };
  const fault = findWishFault(wish);
  if (fault !== null) return fault;
  if (!isRecordId(wish.organizationId)) return { kind: 'not_found' };
  if (wish.projectId !== null && !isRecordId(wish.projectId)) return { kind: 'not_found' };
  const token = wish.token ?? mintKey(wish.random).token;
  const row = await insertKey(db, wish, name.name, token);
  if (row === undefined) return explainNoKey(db, wish);
  return { kind: 'created', token, key: decodeApiKey(row, wish.nowMs), authVersion: row.auth_version.toString() };
}

/** The organisation's keys, newest first, with what each has spent; never the hash. `next` is the cursor of the next page. */
export async function listKeys(
  db: Database | Transaction,
  listing: KeyListing,
): Promise<{ readonly rows: readonly ApiKey[]; readonly next: string | null }> {
  const { organizationId, before, offset = 0 } = listing;
  if (!isRecordId(organizationId) || (before !== undefined && !isRecordId(before))) return { rows: [], next: null };
  if (listing.projectId !== undefined && !isRecordId(listing.projectId)) return { rows: [], next: null };
  const limit = Math.min(Math.max(Math.trunc(listing.limit) || 1, 1), 100);
  const rows = await db.$queryRaw<ApiKeyRow[]>`
    SELECT ${KEY_COLUMNS} FROM api_key k WHERE ${listingCondition(listing)}
    ORDER BY k.created_at DESC, k.id DESC LIMIT ${limit + 1} OFFSET ${Math.max(Math.trunc(offset) || 0, 0)}`;
  const page = rows.slice(0, limit);
  return {
    rows: page.map((row) => decodeApiKey(row, listing.nowMs)),
    next: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}

/** One key, revoked ones too; null for another organisation's as for one that never was. */
export async function getKey(
  db: Database | Transaction,
  { organizationId, keyId, nowMs }: KeyReference,
): Promise<ApiKey | null> {
  if (!isRecordId(organizationId) || !isRecordId(keyId)) return null;
  const [row] = await db.$queryRaw<ApiKeyRow[]>`
    SELECT ${KEY_COLUMNS} FROM api_key k WHERE k.id = ${keyId}::uuid AND k.organization_id = ${organizationId}::uuid`;
  return row === undefined ? null : decodeApiKey(row, nowMs);
}

/** Names of keys for tables that hold only ids; revoked ones too. Ids of other organisations are simply missing. */
export async function keyNames(
  db: Database | Transaction,
  { organizationId, keyIds }: { readonly organizationId: string; readonly keyIds: readonly string[] },
): Promise<ReadonlyMap<string, { readonly name: string; readonly hint: string }>> {
  const known = keyIds.filter(isRecordId);
  if (!isRecordId(organizationId) || known.length === 0) return new Map();
  const rows = await db.$queryRaw<{ id: string; name: string; hint: string }[]>`
    SELECT id::text, name, hint FROM api_key
    WHERE organization_id = ${organizationId}::uuid AND id IN (SELECT value::uuid FROM jsonb_array_elements_text(${JSON.stringify(known)}::jsonb))`;
  return new Map(rows.map(({ id, name, hint }) => [id, { name, hint }]));
}

/** Changes name, limit, expiry or whether the key is disabled: all of it or nothing. */
export async function updateKey(db: Database | Transaction, reference: KeyReference & KeyUpdate): Promise<ChangedKey> {
  const { nowMs, name, isDisabled, limitNanousd, expiresAtMs } = reference;
  const sets: Prisma.Sql[] = [];
  if (name !== undefined) {
    const decoded = decodeName(name);
    if (!decoded.ok) return { kind: 'invalid', field: 'name', message: decoded.message };
    sets.push(Prisma.sql`name = ${decoded.name}`);
  }
  if (limitNanousd !== undefined) {
    const fault = findLimitFault(limitNanousd);
    if (fault !== null) return fault;
    sets.push(Prisma.sql`limit_nanousd = ${limitNanousd}::bigint`);
  }
  if (expiresAtMs !== undefined) {
    const fault = findExpiryFault(expiresAtMs, nowMs);
    if (fault !== null) return fault;
    sets.push(Prisma.sql`expires_at = ${expiresAtMs === null ? null : new Date(expiresAtMs)}::timestamptz`);
  }
  if (isDisabled === true)
    sets.push(Prisma.sql`disabled_at = coalesce(k.disabled_at, ${new Date(nowMs)}::timestamptz)`);
  if (isDisabled === false) sets.push(Prisma.sql`disabled_at = NULL`);
  return changeKey(db, reference, sets);
}

/** The key stops until it is enabled again. */
export function disableKey(db: Database | Transaction, reference: KeyReference): Promise<ChangedKey> {
  return updateKey(db, { ...reference, isDisabled: true });
}

export function enableKey(db: Database | Transaction, reference: KeyReference): Promise<ChangedKey> {
  return updateKey(db, { ...reference, isDisabled: false });
}

/**
 * The key stops for ever. Revoking twice answers like the first time, with a new auth_version: who could not tell the
 * gateways the first time has something to tell them now.
 */
export async function revokeKey(db: Database | Transaction, reference: KeyReference): Promise<ChangedKey> {
  const revokedAt = Prisma.sql`revoked_at = coalesce(k.revoked_at, ${new Date(reference.nowMs)}::timestamptz)`;
  return changeKey(db, reference, [revokedAt], Prisma.sql`TRUE`);
}

function findWishFault({ kind, limitNanousd, expiresAtMs, nowMs, token }: KeyWish): KeyFault | null {
  if (!KEY_KINDS.includes(kind))
    return { kind: 'invalid', field: 'kind', message: 'A key is for inference or for management.' };
  if (token !== undefined && !parseKey(token).ok) {
    return { kind: 'invalid', field: 'token', message: 'The token is not a key: its checksum is wrong.' };
  }
  return findLimitFault(limitNanousd) ?? findExpiryFault(expiresAtMs, nowMs);
}

async function insertKey(
  db: Database | Transaction,
  wish: KeyWish,
  name: string,
  token: string,
): Promise<ChangedRow | undefined> {
  const now = new Date(wish.nowMs);
  const [row] = await db.$queryRaw<ChangedRow[]>`
    WITH target AS (
      SELECT p.id, p.organization_id FROM project p
      WHERE p.organization_id = ${wish.organizationId}::uuid
        AND CASE WHEN ${wish.projectId}::uuid IS NULL THEN p.is_default ELSE p.id = ${wish.projectId}::uuid END
        AND (SELECT count(*) FROM api_key WHERE organization_id = ${wish.organizationId}::uuid AND revoked_at IS NULL) < ${LIVING_KEYS_MAX}
    ), raised AS (
      UPDATE organization SET auth_version = auth_version + 1 WHERE id IN (SELECT organization_id FROM target) RETURNING auth_version
    ), k AS (
      INSERT INTO api_key (id, organization_id, project_id, created_by_id, name, kind, hash, hint, limit_nanousd, expires_at, created_at, updated_at)
      SELECT ${mintId(wish.nowMs, wish.random)}::uuid, target.organization_id, target.id, ${wish.createdById}, ${name}, ${wish.kind},
        ${hashKey(token, wish.pepper)}, ${keyHint(token)}, ${wish.limitNanousd}::bigint,
        ${wish.expiresAtMs === null ? null : new Date(wish.expiresAtMs)}::timestamptz, ${now}::timestamptz, ${now}::timestamptz
      FROM target RETURNING *
    )
    SELECT ${KEY_COLUMNS}, raised.auth_version FROM k, raised`;
  return row;
}

/** Nothing was inserted: because there is no such project, or because there are too many keys. */
async function explainNoKey(db: Database | Transaction, { organizationId, projectId }: KeyWish): Promise<CreatedKey> {
  const [project] = await db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM project WHERE organization_id = ${organizationId}::uuid
      AND CASE WHEN ${projectId}::uuid IS NULL THEN is_default ELSE id = ${projectId}::uuid END`;
  return project === undefined ? { kind: 'not_found' } : { kind: 'too_many', limit: LIVING_KEYS_MAX };
}

function listingCondition(listing: KeyListing): Prisma.Sql {
  const { organizationId, before, kind, projectId, includeDisabled = true, includeRevoked = false } = listing;
  const conditions = [Prisma.sql`k.organization_id = ${organizationId}::uuid`];
  if (!includeRevoked) conditions.push(Prisma.sql`k.revoked_at IS NULL`);
  if (!includeDisabled) conditions.push(Prisma.sql`k.disabled_at IS NULL`);
  if (kind !== undefined) conditions.push(Prisma.sql`k.kind = ${kind}`);
  if (projectId !== undefined) conditions.push(Prisma.sql`k.project_id = ${projectId}::uuid`);
  if (before !== undefined) {
    conditions.push(Prisma.sql`(k.created_at, k.id) < (SELECT b.created_at, b.id FROM api_key b
      WHERE b.id = ${before}::uuid AND b.organization_id = ${organizationId}::uuid)`);
  }
  return Prisma.join(conditions, ' AND ');
}

/** One statement for every change: the key is changed exactly when the organisation's auth_version was raised. */
async function changeKey(
  db: Database | Transaction,
  { organizationId, keyId, nowMs }: KeyReference,
  sets: readonly Prisma.Sql[],
  condition = Prisma.sql`k.revoked_at IS NULL`,
): Promise<ChangedKey> {
  if (!isRecordId(organizationId) || !isRecordId(keyId)) return { kind: 'not_found' };
  const [row] = await db.$queryRaw<ChangedRow[]>`
    WITH k AS (
      UPDATE api_key k SET ${Prisma.join([...sets, Prisma.sql`updated_at = ${new Date(nowMs)}::timestamptz`], ', ')}
      WHERE k.id = ${keyId}::uuid AND k.organization_id = ${organizationId}::uuid AND ${condition} RETURNING k.*
    ), raised AS (
      UPDATE organization SET auth_version = auth_version + 1 WHERE id IN (SELECT organization_id FROM k) RETURNING auth_version
    )
    SELECT ${KEY_COLUMNS}, raised.auth_version FROM k, raised`;
  if (row !== undefined)
    return { kind: 'changed', key: decodeApiKey(row, nowMs), authVersion: row.auth_version.toString() };
  return (await getKey(db, { organizationId, keyId, nowMs })) === null ? { kind: 'not_found' } : { kind: 'revoked' };
}
