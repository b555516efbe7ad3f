import 'server-only';
import { log } from '../../server/log';
import { redis } from '../../server/redis';

/**
 * Removes what gateways keep of an organisation's reasoning: zero retention means that nothing is left either. Walks the key space
 * once, since a setting is changed rarely. False while Redis is away: what is left then expires within six hours, sealed.
 */
export async function forgetReasoning(organizationId: string): Promise<boolean> {
  // The name of the gateway's reasoning vault: everything of one organisation lies in one slot.
  const match = `{${organizationId}}:reasoning:*`;
  try {
    for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
      const [next, names] = await redis().scan(cursor, 'MATCH', match, 'COUNT', 1_000);
      if (names.length > 0) await redis().unlink(...names);
      cursor = next;
    }
    return true;
  } catch (error) {
    log().warn({ error, organizationId }, 'kept reasoning could not be removed');
    return false;
  }
}
