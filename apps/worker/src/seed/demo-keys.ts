import { randomBytes } from 'node:crypto';
import { createKey, type KeyKind, verifyKey } from '@tollgate/access';
import type { Database } from '@tollgate/prisma';

interface DemoKeyWish {
  readonly organizationId: string;
  readonly kind: KeyKind;
  readonly name: string;
  /** the token of an earlier run */
  readonly token: string | undefined;
  readonly pepper: string;
  readonly nowMs: number;
}

/**
 * A key that works, by its token: the given one where it is valid or still unknown, else a new one (it was revoked, or
 * belongs to somebody else).
 */
export async function ensureDemoKey(database: Database, { token, ...wish }: DemoKeyWish): Promise<string> {
  const verified = await verifyKey(database, { token, pepper: wish.pepper, nowMs: wish.nowMs });
  if (
    verified.kind === 'verified' &&
    token !== undefined &&
    verified.principal.organizationId === wish.organizationId
  ) {
    return token;
  }
  const created = await createKey(database, {
    ...wish,
    projectId: null,
    limitNanousd: null,
    expiresAtMs: null,
    createdById: null,
    random: randomBytes,
    ...(verified.kind === 'unknown' && token !== undefined ? { token } : {}),
  });
  if (created.kind !== 'created') throw new Error(`the demo key "${wish.name}" could not be made: ${created.kind}`);
  return created.token;
}
