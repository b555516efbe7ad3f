import { minAmount, type Nanousd, nanousd, subtractAmounts, ZERO } from '@tollgate/amount';
import { insertPostings, lockOrganizations, readAccounts } from '@tollgate/ledger/writers';
import type { Database, Transaction } from '@tollgate/prisma';
import { insertAnnouncement } from './credit-announcements.store.js';
import { classifyDatabaseFailure } from './database-failure.js';
import { type GrantKind, grantExpiryFlow, grantFlow } from './flows.js';
import { repeatOnContention } from './repeat-on-contention.js';

export interface GrantRequest {
  /** UUIDv7 of the grant */
  readonly id: string;
  readonly organizationId: string;
  readonly kind: GrantKind;
  /** above zero */
  readonly amountNanousd: Nanousd;
  /** what it is given for, once per kind: a trial's verified address, a sandbox's organisation */
  readonly reference: string;
  readonly requestedBy: string;
  readonly expiresAt: Date | null;
}

/**
 * Asks for a grant; the worker posts it. There is one grant per kind and reference: a second request for the same is
 * answered `already_granted` and changes nothing. Takes a transaction too, so that sign-up can ask in its own.
 */
export async function requestGrant(
  database: Database | Transaction,
  grant: GrantRequest,
): Promise<{ kind: 'requested' | 'already_granted' }> {
  const inserted = await database.$executeRaw`
    INSERT INTO credit_grant (id, organization_id, kind, amount_nanousd, reference, requested_by, expires_at)
    VALUES (${grant.id}::uuid, ${grant.organizationId}::uuid, ${grant.kind}, ${grant.amountNanousd},
      ${grant.reference}, ${grant.requestedBy}, ${grant.expiresAt}::timestamptz)
    ON CONFLICT (kind, reference) DO NOTHING`;
  return { kind: inserted === 1 ? 'requested' : 'already_granted' };
}

export interface PostedGrant {
  readonly grantId: string;
  readonly organizationId: string;
  readonly kind: GrantKind;
  /** what changed in the customer's credit: negative for an expiry */
  readonly amountNanousd: Nanousd;
}

export interface GrantOutcome {
  readonly posted: readonly PostedGrant[];
  /** grants the ledger refused; they stay open and are tried again: raise an alarm */
  readonly failed: readonly { readonly grantId: string; readonly reason: string }[];
}

interface GrantRow {
  readonly id: string;
  readonly organizationId: string;
  readonly kind: GrantKind;
  readonly amountNanousd: Nanousd;
  readonly expiresAt: Date | null;
}

const GRANTS_PER_RUN = 200;

/** Posts every open grant, each in a transaction of its own, once (`grant:<id>`). */
export async function postGrants(database: Database, { nowMs }: { nowMs: number }): Promise<GrantOutcome> {
  const open = await database.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM credit_grant WHERE posted_at IS NULL ORDER BY created_at, id LIMIT ${GRANTS_PER_RUN}`;
  return postEach(database, open, (transaction, id) => postGrant(transaction, id, new Date(nowMs)));
}

/** An expiry that found nothing left leaves no posting; it is not looked at again after this time. */
const EXPIRY_WINDOW_MS = 90 * 86_400_000;

/**
 * Posts the expiry of every grant whose time has passed and of which something is left. Until then it can be spent; a
 * request admitted before and posted after gets its share back (late-promo.store.ts).
 */
export async function expireGrants(database: Database, { nowMs }: { nowMs: number }): Promise<GrantOutcome> {
  const due = await database.$queryRaw<{ id: string }[]>`
    SELECT g.id::text FROM credit_grant g
    WHERE g.posted_at IS NOT NULL
      AND g.expires_at BETWEEN ${new Date(nowMs - EXPIRY_WINDOW_MS)} AND ${new Date(nowMs)}
      AND NOT EXISTS (SELECT 1 FROM journal_transaction j WHERE j.idempotency_key = 'grant_expiry:' || g.id)
    ORDER BY g.expires_at, g.id`;
  return postEach(database, due, expireGrant);
}

async function postEach(
  database: Database,
  grants: readonly { readonly id: string }[],
  post: (transaction: Transaction, grantId: string) => Promise<PostedGrant | null>,
): Promise<GrantOutcome> {
  const posted: PostedGrant[] = [];
  const failed: { grantId: string; reason: string }[] = [];
  for (const { id } of grants) {
    try {
      const grant = await repeatOnContention(() => database.$transaction((transaction) => post(transaction, id)));
      if (grant) posted.push(grant);
    } catch (error) {
      const failure = classifyDatabaseFailure(error);
      if (failure.kind !== 'data' && !(error instanceof UnknownOrganization)) throw error;
      failed.push({ grantId: id, reason: failure.message });
    }
  }
  return { posted, failed };
}

async function postGrant(transaction: Transaction, grantId: string, at: Date): Promise<PostedGrant | null> {
  const grant = await lockGrant(transaction, grantId, 'open');
  if (!grant) return null;
  const locked = await lockOne(transaction, grant.organizationId);
  const book = await readAccounts(transaction, [grant.organizationId]);
  const posting = grantFlow({ ...grant, grantId, transactionId: locked.transactionId }, 'worker');
  await insertPostings(transaction, [posting], book);
  await insertAnnouncement(transaction, posting, locked.postingSequence, grant.amountNanousd);
  await transaction.$executeRaw`
    UPDATE credit_grant SET posted_at = ${at}::timestamptz, transaction_id = ${locked.transactionId} WHERE id = ${grantId}::uuid`;
  return { grantId, organizationId: grant.organizationId, kind: grant.kind, amountNanousd: grant.amountNanousd };
}

/**
 * Promotional credit is drawn in the order of expiry, what never expires last. So what is left of the grant that expires
 * next is the balance without everything that expires later.
 */
async function expireGrant(transaction: Transaction, grantId: string): Promise<PostedGrant | null> {
  const grant = await lockGrant(transaction, grantId, 'posted');
  if (!grant) return null;
  const locked = await lockOne(transaction, grant.organizationId);
  const book = await readAccounts(transaction, [grant.organizationId]);
  const later = await grantedToExpireLater(transaction, grant);
  const rest = subtractAmounts(book.balance('promo_credit', grant.organizationId), later);
  if (rest <= 0n) return null;
  const amountNanousd = minAmount(rest, grant.amountNanousd);
  const posting = grantExpiryFlow({ ...grant, grantId, amountNanousd, transactionId: locked.transactionId }, 'worker');
  const change = nanousd(-amountNanousd);
  await insertPostings(transaction, [posting], book);
  await insertAnnouncement(transaction, posting, locked.postingSequence, change);
  return { grantId, organizationId: grant.organizationId, kind: grant.kind, amountNanousd: change };
}

async function lockGrant(
  transaction: Transaction,
  grantId: string,
  state: 'open' | 'posted',
): Promise<GrantRow | undefined> {
  const rows = await transaction.$queryRaw<GrantRow[]>`
    SELECT id::text, organization_id::text AS "organizationId", kind, amount_nanousd AS "amountNanousd",
      expires_at AS "expiresAt"
    FROM credit_grant WHERE id = ${grantId}::uuid AND (posted_at IS NULL) = ${state === 'open'} FOR UPDATE`;
  return rows[0];
}

async function lockOne(transaction: Transaction, organizationId: string) {
  const locked = (await lockOrganizations(transaction, [organizationId])).get(organizationId);
  if (!locked) throw new UnknownOrganization(organizationId);
  return locked;
}

async function grantedToExpireLater(transaction: Transaction, grant: GrantRow): Promise<Nanousd> {
  const rows = await transaction.$queryRaw<{ total: Nanousd }[]>`
    SELECT coalesce(sum(amount_nanousd), 0)::bigint AS total FROM credit_grant
    WHERE organization_id = ${grant.organizationId}::uuid AND posted_at IS NOT NULL AND id <> ${grant.id}::uuid
      AND (expires_at IS NULL OR (expires_at, id) > (${grant.expiresAt}::timestamptz, ${grant.id}::uuid))`;
  return rows[0]?.total ?? ZERO;
}

/** A grant for an organisation that does not exist. */
class UnknownOrganization extends Error {
  constructor(readonly organizationId: string) {
    super(`unknown organisation ${organizationId}`);
  }
}
