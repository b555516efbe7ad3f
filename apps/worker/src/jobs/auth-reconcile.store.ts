import type { Services } from '../services.js';

/** Longer than a worker is usually away; an organisation that is loaded anew has the change anyway. */
const LOOK_BACK_MS = 600_000;

/**
 * Tells admission again of every recent change of keys, limits, or what else gateways keep with them (markup). Whoever made the change told it too, but may have died between
 * the commit and the telling, and a revoked key must not live on for that. A version that admission has already changes nothing; one
 * that it did not have makes it read every limit anew, which is exact also for a limit that came or went.
 */
export async function reconcileAuthVersions({
  database,
  admission,
  now,
}: Pick<Services, 'database' | 'admission' | 'now'>): Promise<{ raised: number }> {
  const since = new Date(now() - LOOK_BACK_MS);
  const changed = await database.$queryRaw<{ organizationId: string; authVersion: string }[]>`
    SELECT id::text AS "organizationId", auth_version::text AS "authVersion" FROM organization WHERE id IN (
      SELECT organization_id FROM api_key WHERE updated_at > ${since}::timestamptz
      UNION SELECT organization_id FROM limit_rule WHERE updated_at > ${since}::timestamptz
      UNION SELECT id FROM organization WHERE auth_changed_at > ${since}::timestamptz)`;
  let raised = 0;
  for (const change of changed) {
    const outcome = await admission.raiseAuthVersion(change);
    if (outcome.kind === 'unavailable') break;
    if (outcome.kind === 'applied') raised += 1;
  }
  return { raised };
}
