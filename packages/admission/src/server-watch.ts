import type { Redis } from 'ioredis';
import { assertAdmissionRedis } from './admission-redis.js';
import { withDeadline } from './deadline.js';

/** Every command to Redis is given up after this long: a customer waits for an answer, not for our bookkeeping. */
export const COMMAND_TIMEOUT_MS = 250;

export type ServerState =
  | { readonly kind: 'ready'; readonly run: string }
  | { readonly kind: 'away'; readonly reason: string };

/**
 * Knows which Redis process the connection leads to. The run id is asked once for each connection and forgotten when it closes;
 * a process has one run id for life and a connection has one process, so an id stamped in the same step that writes to the
 * connection is the id of the process that runs the command. That is why nothing has to be polled.
 */
export class ServerWatch {
  readonly redis: Redis;
  #state: ServerState = { kind: 'away', reason: 'connecting' };
  #connection = 0;
  readonly #whenReady: () => void;
  readonly #listeners: readonly [string, () => void][];

  constructor(redis: Redis, whenReady: () => void) {
    assertAdmissionRedis(redis);
    this.redis = redis;
    this.#whenReady = whenReady;
    const gone = () => this.#lose('disconnected');
    this.#listeners = [
      ['ready', () => void this.#identify()],
      ['close', gone],
      ['end', gone],
    ];
    for (const [event, listener] of this.#listeners) redis.on(event, listener);
    if (redis.status === 'ready') void this.#identify();
  }

  /** What may be sent now. `ready` only while the connection is up and its process is known. */
  state(): ServerState {
    if (this.#state.kind === 'ready' && this.redis.status !== 'ready') return { kind: 'away', reason: 'disconnected' };
    return this.#state;
  }

  close(): void {
    for (const [event, listener] of this.#listeners) this.redis.off(event, listener);
    this.#lose('closed');
  }

  #lose(reason: string): void {
    this.#connection += 1;
    this.#state = { kind: 'away', reason };
  }

  async #identify(): Promise<void> {
    this.#connection += 1;
    const connection = this.#connection;
    const info = await withDeadline(this.redis.info(), 1_000);
    if (connection !== this.#connection) return;
    this.#state = info.kind === 'value' ? readServerInfo(info.value) : { kind: 'away', reason: 'no answer to INFO' };
    if (this.#state.kind === 'ready') this.#whenReady();
    else if (info.kind !== 'value') this.redis.disconnect(true);
  }
}

/** Refuses a server that would lose money silently: one that evicts keys, a replica, or one too old for script flags. */
export function readServerInfo(info: string): ServerState {
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const run = field('run_id');
  const version = field('redis_version');
  if (!/^[0-9a-f]{40}$/.test(run)) return { kind: 'away', reason: 'INFO without run_id' };
  if (Number.parseInt(version, 10) < 7)
    return { kind: 'away', reason: `Redis ${version} is too old: 7.0 or newer is needed` };
  if (field('role') !== 'master') return { kind: 'away', reason: `the server is a ${field('role')}, not a master` };
  const policy = field('maxmemory_policy');
  if (field('maxmemory') !== '0' && policy !== 'noeviction') {
    return { kind: 'away', reason: `maxmemory-policy is ${policy}; holds and balances need noeviction` };
  }
  return { kind: 'ready', run: run.slice(0, 16) };
}
