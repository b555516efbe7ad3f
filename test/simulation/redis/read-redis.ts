import type { Redis } from 'ioredis';
import { organizationKeys } from '../../../packages/admission/src/keys.js';
import type { Dump } from './dump-redis.ts';

interface Subject {
  readonly organization: string;
  readonly requests: readonly string[];
  readonly claims: readonly string[];
}

/** What a real Redis holds of one organisation, in the shape of the model's dump. */
export async function readRedis(redis: Redis, { organization, requests, claims }: Subject): Promise<Dump> {
  const keys = organizationKeys(organization);
  const expiry = await redis.zrangebyscore(keys.expiry, '-inf', '+inf', 'WITHSCORES');
  const rows = await redis.xrange(keys.stream, '-', '+');
  const pending: unknown = await redis.call('XPENDING', keys.stream, 'ledger').catch(() => [0]);
  return {
    organization: await redis.hgetall(keys.organization),
    holds: await redis.hgetall(keys.holds),
    orphans: await redis.hgetall(keys.orphans),
    rates: await redis.hgetall(keys.rates),
    expiry: Object.fromEntries(pairs(expiry)),
    markers: await readStrings(redis, keys.donePrefix, requests),
    claims: await readStrings(redis, keys.claimPrefix, claims),
    news: (await redis.get(keys.news)) ?? '',
    stream: rows.map(([, fields]) => {
      const named = Object.fromEntries(pairs(fields));
      return `${named.request} ${named.epoch} ${named.event}`;
    }),
    pending: Array.isArray(pending) ? Number(pending[0]) : 0,
  };
}

async function readStrings(redis: Redis, prefix: string, names: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = await redis.get(prefix + name);
    if (value !== null) found[name] = value;
  }
  return found;
}

function pairs(list: readonly string[]): [string, string][] {
  return Array.from({ length: list.length / 2 }, (_, index) => [list[index * 2] ?? '', list[index * 2 + 1] ?? '']);
}
