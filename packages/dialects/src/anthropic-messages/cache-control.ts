import { isObject } from '../canonical/json-read.js';
import type { CacheMark, JsonObject } from '../canonical/part.js';

/** What stands in `cache_control`: a mark; or something this reader does not know, which is kept as it is. */
export type ReadCache =
  | { readonly kind: 'none' }
  | { readonly kind: 'mark'; readonly mark: CacheMark }
  | { readonly kind: 'unknown'; readonly value: unknown };

export function readCache(value: unknown): ReadCache {
  if (value === undefined || value === null) return { kind: 'none' };
  if (!isObject(value) || value['type'] !== 'ephemeral') return { kind: 'unknown', value };
  const isPlain = Object.keys(value).every((key) => key === 'type' || key === 'ttl');
  const ttl = value['ttl'] ?? null;
  if (!isPlain || (ttl !== null && ttl !== '5m' && ttl !== '1h')) return { kind: 'unknown', value };
  return { kind: 'mark', mark: { ttl } };
}

export function encodeCache({ ttl }: CacheMark): JsonObject {
  return ttl === null ? { type: 'ephemeral' } : { type: 'ephemeral', ttl };
}
