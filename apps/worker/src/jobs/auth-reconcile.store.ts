import { organizationSnapshot } from '@tollgate/billing';
import type { Services } from '../services.js';

/** Longer than a worker is usually away; an organisation that is loaded anew has the change anyway. */
const LOOK_BACK_MS = 600_000;

/**
 * Tells admission again of every recent change of keys, or of what the gateways keep with them (markup, limits, what was spent). Whoever made the change told it too, but may have died between the
 * commit and the telling, and a revoked key must not live on for that. A version that admission has already changes nothing.
 */
export async function reconcileAuthVersions({
  database,
  admission,
  now,
}: Pick<Services, 'database' | 'admission' | 'now'>): Promise<{ raised: number }> {
  const changed = await database.$queryRaw<{ organizationId: string }[]>`
    SELECT organization_id::text AS "organizationId" FROM api_key
    WHERE updated_at > ${new Date(now() - LOOK_BACK_MS)}::timestamptz
    UNION SELECT id::text FROM organization WHERE auth_changed_at > ${new Date(now() - LOOK_BACK_MS)}::timestamptz`;
  let raised = 0;
  for (const { organizationId } of changed) {
    const snapshot = await organizationSnapshot(database, organizationId);
    if (!snapshot) continue;
    const { authVersion, armed } = snapshot;
    const outcome = await admission.raiseAuthVersion({ organizationId, authVersion, armed });
    if (outcome.kind === 'unavailable') break;
    if (outcome.kind === 'applied') raised += 1;
  }
  return { raised };
}
