import 'server-only';
import { randomBytes } from 'node:crypto';
import { membershipsOf, mintId } from '@tollgate/access';
import { requestGrant } from '@tollgate/billing';
import { config } from '../../config';
import { database } from '../../server/database';
import { trialReference } from './trial-reference';

const DAY_MS = 86_400_000;

interface VerifiedPerson {
  readonly id: string;
  readonly email: string;
}

/** Asks for the trial credit of a verified person. Asking again changes nothing: one trial per address, ever. */
export async function grantTrial(person: VerifiedPerson): Promise<void> {
  const { trialCreditNanousd, trialDays } = config();
  if (trialCreditNanousd === 0n) return;
  const owned = (await membershipsOf(database(), person.id)).find((membership) => membership.role === 'owner');
  if (!owned) return;
  const nowMs = Date.now();
  await requestGrant(database(), {
    id: mintId(nowMs, randomBytes),
    organizationId: owned.organizationId,
    kind: 'trial',
    amountNanousd: trialCreditNanousd,
    reference: trialReference(person.email),
    requestedBy: 'sign-up',
    expiresAt: new Date(nowMs + trialDays * DAY_MS),
  });
}
