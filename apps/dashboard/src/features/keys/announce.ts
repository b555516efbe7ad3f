import 'server-only';
import { admission } from '../../server/admission';
import { log } from '../../server/log';
import { enqueue } from '../../server/queue';

const TRIES = 12;
const PAUSE_MS = 60;

/**
 * Tells every gateway that the organisation's keys changed, so that a revoked key stops within a second. False when Redis
 * could not be told: the worker then goes on trying, and while Redis is away no gateway admits anything anyway.
 */
export async function announceKeyChange(organizationId: string, authVersion: string): Promise<boolean> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const outcome = await admission().raiseAuthVersion({ organizationId, authVersion });
    if (outcome.kind !== 'unavailable') return true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  log().warn({ organizationId, authVersion }, 'gateways could not be told of a key change; the worker goes on');
  return enqueue('auth.announce', { organizationId, authVersion, armed: [] });
}
