'use server';

import { createKey, listKeys } from '@tollgate/access';
import { config } from '../../config';
import { announceAuthChange } from '../../server/announce';
import { database } from '../../server/database';
import { random } from '../../server/random';
import { currentVisitor, isAllowed } from '../../server/session';
import { grantTrial } from '../auth/trial';

export type FirstKey =
  | { readonly kind: 'created'; readonly token: string }
  /** there is a key already: it was shown once and cannot be shown again */
  | { readonly kind: 'exists' }
  | { readonly kind: 'failed'; readonly message: string };

/** The first inference key of an organisation, made the first time its owner sees the welcome page. */
export async function createFirstKey(): Promise<FirstKey> {
  const visitor = await currentVisitor();
  if (!visitor || !isAllowed(visitor, 'key.write')) return { kind: 'failed', message: 'Sign in again to make a key.' };
  const { organizationId, defaultProjectId } = visitor.organization;
  const nowMs = Date.now();
  const existing = await listKeys(database(), { organizationId, nowMs, limit: 1, includeRevoked: true });
  if (existing.rows.length > 0) return { kind: 'exists' };
  const created = await createKey(database(), {
    organizationId,
    projectId: defaultProjectId,
    kind: 'inference',
    name: 'First key',
    limitNanousd: null,
    expiresAtMs: null,
    createdById: visitor.userId,
    pepper: config().keyPepper,
    nowMs,
    random,
  });
  if (created.kind !== 'created')
    return { kind: 'failed', message: 'The key could not be made. Make one on the keys page.' };
  await announceAuthChange(organizationId, created.authVersion);
  // Asked for when the address was confirmed; asked again, it does nothing unless that was cut short.
  await grantTrial({ id: visitor.userId, email: visitor.email });
  return { kind: 'created', token: created.token };
}
