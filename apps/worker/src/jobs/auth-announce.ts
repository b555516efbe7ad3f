import { decodeNanousd } from '@tollgate/amount';
import type { AuthAnnouncementPayload } from '@tollgate/jobs';
import type { Services } from '../services.js';

/** Tells admission of a change of keys that was stored while Redis could not be told. Rejecting is the retry. */
export async function announceAuthVersion(
  { admission }: Pick<Services, 'admission'>,
  { organizationId, authVersion, armed }: AuthAnnouncementPayload,
): Promise<{ kind: string }> {
  const outcome = await admission.raiseAuthVersion({
    organizationId,
    authVersion,
    armed: armed.map(({ scope, limitNanousd, spentNanousd }) => ({
      scope,
      limitNanousd: decodeNanousd(limitNanousd),
      spentNanousd: decodeNanousd(spentNanousd),
    })),
  });
  if (outcome.kind === 'unavailable') throw new Error(`admission is not available: ${outcome.reason}`);
  return { kind: outcome.kind };
}
