import type { JobName, JobPayload } from '@tollgate/jobs';
import { announceAuthVersion } from './jobs/auth-announce.js';
import { reconcileAuthVersions } from './jobs/auth-reconcile.store.js';
import { importCatalog } from './jobs/catalog-import.js';
import { expireDueGrants, postOpenGrants } from './jobs/grants-post.js';
import { sweepHolds } from './jobs/holds-sweep.js';
import { checkLedger } from './jobs/invariants-check.js';
import { sendMail } from './jobs/mail-send.js';
import { ensurePartitions } from './jobs/partitions-ensure.store.js';
import { rerateOpen } from './jobs/prices-rerate.js';
import { expireResponses } from './jobs/responses-expire.js';
import { createUsageDrain } from './jobs/usage-drain.js';
import { postponeOnOutage } from './postpone-on-outage.js';
import type { Services } from './services.js';

/** A handler per job. What it resolves to is shown on the queue board; rejecting is a failed try. */
export type Handlers = { readonly [N in JobName]: (payload: JobPayload<N>) => Promise<object> };

/** The complete table of what this program does. A job without a handler does not compile. */
export function createHandlers(services: Services): Handlers {
  const usageDrain = createUsageDrain(services);
  const postponing = postponeOnOutage(services);
  return {
    'usage.drain': () => usageDrain.run(),
    'holds.sweep': () => postponing(() => sweepHolds({ ...services, holds: services.admission })),
    'grants.post': () => postponing(() => postOpenGrants(services)),
    'trial.expire': () => expireDueGrants(services),
    'prices.rerate': () => postponing(() => rerateOpen(services)),
    'invariants.check': () => checkLedger(services),
    'catalog.import': () => importCatalog(services),
    'partitions.ensure': () => ensurePartitions(services),
    'responses.expire': () => expireResponses(services),
    'mail.send': (letter) => sendMail(services, letter),
    'auth.announce': (change) => announceAuthVersion(services, change),
    'auth.reconcile': () => postponing(() => reconcileAuthVersions(services)),
  };
}
