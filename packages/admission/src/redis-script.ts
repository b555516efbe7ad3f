import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A Lua script that Redis knows by its hash; sent in full only when Redis does not know it (a restart, SCRIPT FLUSH). */
export class RedisScript {
  readonly #source: string;
  readonly #hash: string;

  constructor(source: string) {
    this.#source = source;
    this.#hash = createHash('sha1').update(source).digest('hex');
  }

  /** Rejects with Redis' error or the connection's. The bytes are written before this returns, or not at all. */
  async run(redis: Redis, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#hash, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return await redis.eval(this.#source, keys.length, ...keys, ...args);
    }
  }
}
