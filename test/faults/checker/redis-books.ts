import type { Redis } from 'ioredis';

/** What stands in Redis, read key by key and not through the product. */
export interface RedisBooks {
  /** holds and orphaned holds, "organisation request" */
  readonly holds: readonly string[];
  readonly streamEntries: number;
  /** by organisation, of those that are loaded in the life of Redis that runs now */
  readonly loaded: ReadonlyMap<string, LoadedOrganization>;
}

export interface LoadedOrganization {
  readonly availableNanousd: bigint;
  /** what stands aside for requests that seem to run */
  readonly heldNanousd: bigint;
  /** what is left of each limit that is armed, by its scope */
  readonly leftNanousd: ReadonlyMap<string, bigint>;
}

async function keysLike(redis: Redis, pattern: string): Promise<string[]> {
  const found = new Set<string>();
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
    for (const key of keys) found.add(key);
    cursor = next;
  } while (cursor !== '0');
  return [...found];
}

export async function readRedisBooks(redis: Redis): Promise<RedisBooks> {
  const holds: string[] = [];
  for (const pattern of ['{s??}:holds:*', '{s??}:orphans:*'])
    for (const key of await keysLike(redis, pattern))
      for (const [request] of await holdsIn(redis, key)) holds.push(`${key.split(':').at(-1)} ${request}`);
  let streamEntries = 0;
  for (const key of await keysLike(redis, '{s??}:usage')) streamEntries += await redis.xlen(key);
  return { holds, streamEntries, loaded: await readLoaded(redis) };
}

/** Fields that are no request (`#…`) say something of all of them. */
async function holdsIn(redis: Redis, key: string): Promise<readonly (readonly [string, string])[]> {
  return Object.entries(await redis.hgetall(key)).filter(([request]) => !request.startsWith('#'));
}

async function readLoaded(redis: Redis): Promise<ReadonlyMap<string, LoadedOrganization>> {
  const run = /^run_id:([0-9a-f]{16})/m.exec(await redis.info('server'))?.[1] ?? '';
  const loaded = new Map<string, LoadedOrganization>();
  for (const key of await keysLike(redis, '{s??}:org:*')) {
    const [tag = ''] = key.split(':');
    const fields = await redis.hgetall(key);
    // Written for another life of Redis: nobody trusts it, so it is nobody's balance.
    if (fields.place !== `${run}:${await redis.get(`${tag}:gen`)}`) continue;
    const left = Object.entries(fields).flatMap(([name, value]) =>
      name.startsWith('left:') ? [[name.slice('left:'.length), BigInt(value)] as const] : [],
    );
    const organizationId = key.split(':').at(-1) ?? '';
    const held = await holdsIn(redis, `${tag}:holds:${organizationId}`);
    loaded.set(organizationId, {
      availableNanousd: BigInt(fields.available ?? 0),
      heldNanousd: held.reduce((sum, [, hold]) => sum + BigInt(/^\d+/.exec(hold)?.[0] ?? 0), 0n),
      leftNanousd: new Map(left),
    });
  }
  return loaded;
}
