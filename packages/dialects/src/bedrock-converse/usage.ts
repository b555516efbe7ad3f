import { count, isObject, objects } from '../canonical/json-read.js';
import type { Usage } from '../usage.js';

/**
 * Reads `usage` of Converse into the partition. Cached tokens are not part of inputTokens here:
 *
 * | seen | meaning |
 * |---|---|
 * | cacheReadInputTokens beside cacheReadInputTokenCount (71 answers, W33) | the same number under two names |
 * | neither (65 answers) | nothing cached |
 * | totalTokens = input + output in 72 answers, + both caches in the 10 that cached (T22) | reads and writes are outside of inputTokens |
 * | cacheDetails [{inputTokens, ttl}] | what was written, by lifetime; without it all are 5m |
 * | totalTokens larger than all parts | never seen; the parts count |
 *
 * Thinking is part of outputTokens and not told apart. `serverToolUsage` was always {}. Null where neither input nor output is there.
 */
export function decodeUsage(raw: unknown): Usage | null {
  if (!isObject(raw)) return null;
  const input = count(raw['inputTokens']);
  const output = count(raw['outputTokens']);
  if (input === null && output === null) return null;
  const read = count(raw['cacheReadInputTokens']) ?? count(raw['cacheReadInputTokenCount']) ?? 0;
  const details = objects(raw['cacheDetails']);
  const hour = written(details, '1h');
  const told = count(raw['cacheWriteInputTokens']) ?? count(raw['cacheWriteInputTokenCount']) ?? 0;
  const minutes = Math.max(told, hour + written(details, '5m')) - hour;
  return {
    input: input ?? 0,
    ...(read === 0 ? {} : { cache_read: read }),
    ...(minutes === 0 ? {} : { cache_write_5m: minutes }),
    ...(hour === 0 ? {} : { cache_write_1h: hour }),
    output: output ?? 0,
  };
}

function written(details: readonly Readonly<Record<string, unknown>>[], ttl: string): number {
  let total = 0;
  for (const detail of details) if (detail['ttl'] === ttl) total += count(detail['inputTokens']) ?? 0;
  return total;
}
