import 'server-only';
import { randomBytes } from 'node:crypto';
import { type Admission, connectAdmissionRedis, createAdmission } from '@tollgate/admission';
import { organizationSnapshot } from '@tollgate/billing';
import { config } from '../config';
import { database } from './database';
import { once } from './once';

/** The dashboard never holds or settles; it only tells gateways that keys changed. */
export function admission(): Admission {
  return once('admission', () =>
    createAdmission({
      redis: connectAdmissionRedis(config().redisUrl),
      loadOrganization: (organizationId) => organizationSnapshot(database(), organizationId, Date.now()),
      gatewayBoot: `dashboard-${randomBytes(6).toString('hex')}`,
      now: Date.now,
    }),
  );
}
