import { type Nanousd, nanousd } from '@tollgate/amount';

/** Inference keys call models, management keys manage the account. Neither can do the other's work. */
export const KEY_KINDS = ['inference', 'management'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** A key as people and programs may see it: everything but the secret and its hash. */
export interface ApiKey {
  readonly keyId: string;
  readonly organizationId: string;
  readonly projectId: string;
  readonly projectName: string;
  readonly kind: KeyKind;
  readonly name: string;
  /** "tg_ab12…wxyz" */
  readonly hint: string;
  /** over the key's whole life; null: none */
  readonly limitNanousd: Nanousd | null;
  /** charged over the key's whole life, as far as posted */
  readonly spentNanousd: Nanousd;
  readonly state: KeyState;
  readonly createdById: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | null;
  readonly disabledAtMs: number | null;
  readonly revokedAtMs: number | null;
}

/** Why a key works or does not, the strongest reason first: revoked, expired, disabled, active. */
export type KeyState = 'active' | 'disabled' | 'expired' | 'revoked';

/** The columns the store selects, as the driver returns them. */
export interface ApiKeyRow {
  readonly id: string;
  readonly organization_id: string;
  readonly project_id: string;
  readonly project_name: string;
  readonly kind: string;
  readonly name: string;
  readonly hint: string;
  readonly limit_nanousd: bigint | null;
  readonly spent_nanousd: bigint;
  readonly created_by_id: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly expires_at: Date | null;
  readonly disabled_at: Date | null;
  readonly revoked_at: Date | null;
}

export function decodeApiKey(row: ApiKeyRow, nowMs: number): ApiKey {
  const times = {
    expiresAtMs: row.expires_at?.getTime() ?? null,
    disabledAtMs: row.disabled_at?.getTime() ?? null,
    revokedAtMs: row.revoked_at?.getTime() ?? null,
  };
  return {
    keyId: row.id,
    organizationId: row.organization_id,
    projectId: row.project_id,
    projectName: row.project_name,
    kind: decodeKeyKind(row.kind),
    name: row.name,
    hint: row.hint,
    limitNanousd: row.limit_nanousd === null ? null : nanousd(row.limit_nanousd),
    spentNanousd: nanousd(row.spent_nanousd),
    state: keyState(times, nowMs),
    createdById: row.created_by_id,
    createdAtMs: row.created_at.getTime(),
    updatedAtMs: row.updated_at.getTime(),
    ...times,
  };
}

/** The state a key is in at a moment. A key stops at the very millisecond it expires. */
export function keyState(
  times: {
    readonly expiresAtMs: number | null;
    readonly disabledAtMs: number | null;
    readonly revokedAtMs: number | null;
  },
  nowMs: number,
): KeyState {
  if (times.revokedAtMs !== null) return 'revoked';
  if (times.expiresAtMs !== null && times.expiresAtMs <= nowMs) return 'expired';
  return times.disabledAtMs === null ? 'active' : 'disabled';
}

/** Throws on a kind that is not one: the column has a CHECK, and guessing a key's powers is worse than failing. */
export function decodeKeyKind(text: string): KeyKind {
  const kind = KEY_KINDS.find((known) => known === text);
  if (kind === undefined) throw new TypeError(`not a kind of key: ${JSON.stringify(text)}`);
  return kind;
}

/** The scope under which a key's spending is counted and limited, in admission and in budget_spend alike. */
export function keyScope(keyId: string): string {
  return `key:${keyId}`;
}

/** What is wrong with the wish for a key, in one sentence for a person; `field` names the input it is about. */
export interface KeyFault {
  readonly kind: 'invalid';
  readonly field: 'name' | 'kind' | 'limit' | 'expiry' | 'token';
  readonly message: string;
}

const LATEST_MS = Date.UTC(9999, 0, 1);

/** An expiry is a whole millisecond in the future, or none. */
export function findExpiryFault(expiresAtMs: number | null, nowMs: number): KeyFault | null {
  if (expiresAtMs === null) return null;
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs > LATEST_MS) {
    return { kind: 'invalid', field: 'expiry', message: 'The expiry is not a point in time.' };
  }
  if (expiresAtMs <= nowMs) return { kind: 'invalid', field: 'expiry', message: 'The expiry is not in the future.' };
  return null;
}

/** A limit is zero (the key may spend nothing) or more, or none. */
export function findLimitFault(limitNanousd: Nanousd | null): KeyFault | null {
  if (limitNanousd === null) return null;
  if (typeof limitNanousd !== 'bigint')
    return { kind: 'invalid', field: 'limit', message: 'The limit is not an amount.' };
  if (limitNanousd < 0n || limitNanousd > 2n ** 63n - 1n) {
    return { kind: 'invalid', field: 'limit', message: 'The limit is below zero or too large.' };
  }
  return null;
}
