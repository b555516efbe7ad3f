import 'server-only';
import { Redis } from 'ioredis';
import { config } from '../config';
import { log } from './log';
import { once } from './once';

/** Fails fast: a page must not hang because Redis is away. Callers say what happens then. */
export function redis(): Redis {
  return once('redis', () => {
    const client = new Redis(config().redisUrl, {
      maxRetriesPerRequest: 1,
      connectTimeout: 1_000,
      commandTimeout: 1_000,
      enableOfflineQueue: true,
      retryStrategy: (times) => Math.min(times * 200, 2_000),
    });
    client.on('error', (error) => log().warn({ error }, 'redis is unreachable'));
    return client;
  });
}
