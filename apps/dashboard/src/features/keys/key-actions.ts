'use server';

import {
  type ChangedKey,
  createKey,
  disableKey,
  enableKey,
  KEY_KINDS,
  type KeyFault,
  revokeKey,
  updateKey,
} from '@tollgate/access';
import { type Nanousd, parseUsd } from '@tollgate/amount';
import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { config } from '../../config';
import { announceAuthChange } from '../../server/announce';
import { database } from '../../server/database';
import { random } from '../../server/random';
import { currentVisitor, isAllowed, type Visitor } from '../../server/session';

export interface Refusal {
  readonly kind: 'refused';
  readonly message: string;
  readonly field?: KeyFault['field'];
}

export type KeyCreation = { readonly kind: 'created'; readonly token: string; readonly name: string } | Refusal;
/** `isAnnounced` is false while gateways could not be told: the change is stored and will reach them. */
export type KeyChange = { readonly kind: 'changed'; readonly isAnnounced: boolean } | Refusal;

const NOT_ALLOWED: Refusal = { kind: 'refused', message: 'Your role does not allow this.' };
const SIGNED_OUT: Refusal = { kind: 'refused', message: 'Your session has ended. Sign in again.' };

// Server actions take what a browser sends: everything is checked again here.
const wishSchema = z.strictObject({
  name: z.string().max(1_000),
  kind: z.enum(KEY_KINDS),
  /** dollars; empty: no limit */
  limit: z.string().max(40),
  /** milliseconds since 1970; null: never */
  expiresAtMs: z.number().nullable(),
});
const editSchema = z.strictObject({
  keyId: z.string().max(64),
  name: z.string().max(1_000),
  limit: z.string().max(40),
});
const changeSchema = z.strictObject({ keyId: z.string().max(64), change: z.enum(['disable', 'enable', 'revoke']) });

export async function createKeyAction(input: z.input<typeof wishSchema>): Promise<KeyCreation> {
  const wish = wishSchema.safeParse(input);
  if (!wish.success) return { kind: 'refused', message: 'The form could not be read.' };
  const visitor = await currentVisitor();
  if (!visitor) return SIGNED_OUT;
  if (!isAllowed(visitor, wish.data.kind === 'management' ? 'management_key.write' : 'key.write')) return NOT_ALLOWED;
  const limit = decodeLimit(wish.data.limit);
  if (!limit.ok) return { kind: 'refused', field: 'limit', message: limit.message };
  const { organizationId } = visitor.organization;
  const created = await createKey(database(), {
    organizationId,
    projectId: null,
    kind: wish.data.kind,
    name: wish.data.name,
    limitNanousd: limit.value,
    expiresAtMs: wish.data.expiresAtMs,
    createdById: visitor.userId,
    pepper: config().keyPepper,
    nowMs: Date.now(),
    random,
  });
  switch (created.kind) {
    case 'created':
      await announceAuthChange(organizationId, created.authVersion);
      revalidatePath('/keys');
      return { kind: 'created', token: created.token, name: created.key.name };
    case 'invalid':
      return { kind: 'refused', field: created.field, message: created.message };
    case 'too_many':
      return { kind: 'refused', message: `An organisation may have ${created.limit.toLocaleString('en-US')} keys.` };
    case 'not_found':
      return { kind: 'refused', message: 'The project of the new key is gone.' };
  }
}

export async function editKeyAction(input: z.input<typeof editSchema>): Promise<KeyChange> {
  const edit = editSchema.safeParse(input);
  if (!edit.success) return { kind: 'refused', message: 'The form could not be read.' };
  const visitor = await allowedVisitor();
  if ('kind' in visitor) return visitor;
  const limit = decodeLimit(edit.data.limit);
  if (!limit.ok) return { kind: 'refused', field: 'limit', message: limit.message };
  const { keyId, name } = edit.data;
  const reference = { organizationId: visitor.organization.organizationId, keyId, nowMs: Date.now() };
  return settle(visitor, await updateKey(database(), { ...reference, name, limitNanousd: limit.value }));
}

export async function changeKeyAction(input: z.input<typeof changeSchema>): Promise<KeyChange> {
  const wish = changeSchema.safeParse(input);
  if (!wish.success) return { kind: 'refused', message: 'The form could not be read.' };
  const visitor = await allowedVisitor();
  if ('kind' in visitor) return visitor;
  const { keyId, change } = wish.data;
  const apply = { disable: disableKey, enable: enableKey, revoke: revokeKey }[change];
  const reference = { organizationId: visitor.organization.organizationId, keyId, nowMs: Date.now() };
  return settle(visitor, await apply(database(), reference));
}

async function allowedVisitor(): Promise<Visitor | Refusal> {
  const visitor = await currentVisitor();
  if (!visitor) return SIGNED_OUT;
  return isAllowed(visitor, 'key.write') ? visitor : NOT_ALLOWED;
}

async function settle(visitor: Visitor, changed: ChangedKey): Promise<KeyChange> {
  switch (changed.kind) {
    case 'changed': {
      const isAnnounced = await announceAuthChange(visitor.organization.organizationId, changed.authVersion);
      revalidatePath('/keys');
      return { kind: 'changed', isAnnounced };
    }
    case 'invalid':
      return { kind: 'refused', field: changed.field, message: changed.message };
    case 'not_found':
      return { kind: 'refused', message: 'There is no such key.' };
    case 'revoked':
      return { kind: 'refused', message: 'The key was revoked and stays so.' };
  }
}

type DecodedLimit =
  | { readonly ok: true; readonly value: Nanousd | null }
  | { readonly ok: false; readonly message: string };

function decodeLimit(text: string): DecodedLimit {
  const trimmed = text.trim().replace(/^\$/, '');
  if (trimmed === '') return { ok: true, value: null };
  const parsed = parseUsd(trimmed);
  if (parsed.ok && parsed.value >= 0n) return { ok: true, value: parsed.value };
  return { ok: false, message: 'The limit is an amount of dollars, such as 25 or 0.50.' };
}
