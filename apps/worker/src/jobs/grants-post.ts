import { closeAnnouncements, expireGrants, type GrantOutcome, openAnnouncements, postGrants } from '@tollgate/billing';
import { failPoint } from '@tollgate/telemetry';
import type { Services } from '../services.js';

type GrantServices = Pick<Services, 'database' | 'admission' | 'log' | 'now'>;

export interface GrantReport {
  readonly posted: number;
  readonly failed: number;
  readonly announced: number;
}

/** Posts open grants and tells admission of every credit that stands in the ledger and that it may not know. */
export async function postOpenGrants(services: GrantServices): Promise<GrantReport> {
  const outcome = await postGrants(services.database, { nowMs: services.now() });
  return report(services, outcome);
}

/** Takes back what is left of expired grants, and tells admission. */
export async function expireDueGrants(services: GrantServices): Promise<GrantReport> {
  const outcome = await expireGrants(services.database, { nowMs: services.now() });
  return report(services, outcome);
}

async function report(services: GrantServices, { posted, failed }: GrantOutcome): Promise<GrantReport> {
  for (const { grantId, reason } of failed) services.log.error({ grantId, reason }, 'a grant could not be posted');
  if (posted.length > 0) failPoint('worker.granted');
  for (const grant of posted)
    services.log.info({ ...grant, amountNanousd: grant.amountNanousd.toString() }, 'credit posted');
  return { posted: posted.length, failed: failed.length, announced: await announceCredits(services) };
}

/** An announcement is closed when admission has the credit, or will have it with its next load. */
async function announceCredits({ database, admission }: GrantServices): Promise<number> {
  const closed: string[] = [];
  for (const { idempotencyKey, ...credit } of await openAnnouncements(database)) {
    const outcome = await admission.credit(credit);
    if (outcome.kind === 'unavailable') break;
    closed.push(idempotencyKey);
  }
  if (closed.length > 0) failPoint('worker.credited');
  await closeAnnouncements(database, closed);
  return closed.length;
}
