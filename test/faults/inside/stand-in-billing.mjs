// @tollgate/billing whose posting does not know what it has posted: an event that comes again is money again.
import { randomBytes } from 'node:crypto';
import * as real from '@tollgate/billing';

export * from '@tollgate/billing';

/** The same instant, another request. */
const another = (requestId) => requestId.slice(0, 24) + randomBytes(6).toString('hex');

export async function postUsage(database, events, options) {
  const outcome = await real.postUsage(database, events, options);
  const again = events.filter((event) => outcome.duplicates.includes(event.requestId));
  const renamed = again.map((event) => ({ ...event, requestId: another(event.requestId) }));
  if (renamed.length > 0) await real.postUsage(database, renamed, options);
  return outcome;
}
