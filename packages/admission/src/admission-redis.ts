import { Redis, type RedisOptions } from 'ioredis';

/**
 * What admission needs of its client. A command that waits in a queue, or is sent again after a reconnect, would run under
 * an epoch it was not meant for: every command either runs on the connection it was written for, or fails.
 */
export const admissionRedisOptions = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // Admission batches by itself, and stamps each batch in the step that writes it.
  enableAutoPipelining: false,
  enableReadyCheck: true,
  connectTimeout: 1_000,
  // A half-open socket answers nothing: give it up and connect again.
  socketTimeout: 1_000,
  retryStrategy: (attempt: number): number => Math.min(50 * attempt, 500),
  // A demoted master or one that is still loading: leave it, without sending the command again.
  reconnectOnError: (error: Error): boolean => /^(READONLY|LOADING)/.test(error.message),
} as const satisfies RedisOptions;

/** A client with the options above. It connects in the background and never throws: while Redis is away, admission says so. */
export function connectAdmissionRedis(url: string): Redis {
  const redis = new Redis(url, admissionRedisOptions);
  // Without a listener Node ends the process. Being down is told by `unavailable`, on every request.
  redis.on('error', () => undefined);
  return redis;
}

/** Throws when the client could queue or repeat a command (a wiring mistake, found at boot). */
export function assertAdmissionRedis(redis: Redis): void {
  const { options } = redis;
  const wrong = [
    options.enableOfflineQueue !== false && 'enableOfflineQueue must be false',
    options.autoResendUnfulfilledCommands !== false && 'autoResendUnfulfilledCommands must be false',
    options.maxRetriesPerRequest !== 0 && 'maxRetriesPerRequest must be 0',
    options.enableAutoPipelining === true && 'enableAutoPipelining must be off',
    Boolean(options.keyPrefix) && 'keyPrefix must be empty',
  ].filter((problem) => problem !== false);
  if (wrong.length > 0) throw new TypeError(`admission needs admissionRedisOptions: ${wrong.join(', ')}`);
}
