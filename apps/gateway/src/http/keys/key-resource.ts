import type { ApiKey } from '@tollgate/access';
import { decimalUsd, maxAmount, subtractAmounts, ZERO } from '@tollgate/amount';
import { z } from 'zod';
import { jsonMoney } from '../json-money.js';
import { usdSchema } from '../usd-schema.js';

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const keyCreationSchema = z.object({
  name: z.string(),
  kind: z.enum(['inference', 'management']).default('inference'),
  limit: usdSchema.nullish(),
  expires_at: instant.nullish(),
  project_id: z.string().nullish(),
});

export const keyUpdateSchema = z.object({
  name: z.string().optional(),
  disabled: z.boolean().optional(),
  limit: usdSchema.nullable().optional(),
  expires_at: instant.nullable().optional(),
});

export const keyListingSchema = z.object({
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  include_disabled: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true'),
});

/** A key in OpenRouter's shape, with our names beside it. `hash` is the id to address it by; the key itself is never here. */
export function encodeKey(key: ApiKey): Record<string, unknown> {
  const remaining =
    key.limitNanousd === null ? null : maxAmount(ZERO, subtractAmounts(key.limitNanousd, key.spentNanousd));
  return {
    hash: key.keyId,
    id: key.keyId,
    name: key.name,
    label: key.hint,
    kind: key.kind,
    state: key.state,
    disabled: key.state !== 'active',
    limit: key.limitNanousd === null ? null : jsonMoney(key.limitNanousd),
    limit_remaining: remaining === null ? null : jsonMoney(remaining),
    limit_reset: null,
    usage: jsonMoney(key.spentNanousd),
    usage_usd: decimalUsd(key.spentNanousd),
    limit_usd: key.limitNanousd === null ? null : decimalUsd(key.limitNanousd),
    project_id: key.projectId,
    created_at: new Date(key.createdAtMs).toISOString(),
    updated_at: new Date(key.updatedAtMs).toISOString(),
    expires_at: key.expiresAtMs === null ? null : new Date(key.expiresAtMs).toISOString(),
  };
}
