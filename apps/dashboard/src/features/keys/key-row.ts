import type { ApiKey } from '@tollgate/access';
import { decimalUsd, displayUsd } from '@tollgate/amount';

/** A key as the browser gets it: what the table shows and what its form starts with, nothing else. */
export interface KeyRow {
  readonly keyId: string;
  readonly name: string;
  readonly hint: string;
  readonly kind: ApiKey['kind'];
  readonly state: ApiKey['state'];
  readonly spent: string;
  readonly limit: string | null;
  /** exact dollars, for the form */
  readonly limitUsd: string;
  /** 0 to 1; null without a limit */
  readonly spentShare: number | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
}

export function toKeyRow(key: ApiKey): KeyRow {
  const { limitNanousd, spentNanousd } = key;
  return {
    keyId: key.keyId,
    name: key.name,
    hint: key.hint,
    kind: key.kind,
    state: key.state,
    spent: displayUsd(spentNanousd, 4),
    limit: limitNanousd === null ? null : displayUsd(limitNanousd, 4),
    limitUsd: limitNanousd === null ? '' : decimalUsd(limitNanousd),
    spentShare: limitNanousd === null ? null : shareOf(spentNanousd, limitNanousd),
    createdAtMs: key.createdAtMs,
    expiresAtMs: key.expiresAtMs,
  };
}

function shareOf(spent: bigint, limit: bigint): number {
  if (limit <= 0n || spent >= limit) return 1;
  return Number((spent * 1_000n) / limit) / 1_000;
}
