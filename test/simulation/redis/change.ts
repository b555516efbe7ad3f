import type { Armed } from './load.ts';
import {
  loadedOrganization,
  mark,
  marked,
  type RedisState,
  type Reply,
  raiseNews,
  reply,
  type Stamp,
} from './redis-state.ts';

export interface CreditItem {
  readonly organization: string;
  readonly credit: string;
  readonly amount: bigint;
  readonly sequence: bigint | null;
}

/** creditLua. */
export function credit(state: RedisState, stamp: Stamp, item: CreditItem): Reply {
  raiseNews(state, item.organization, stamp.nowMs);
  const hash = loadedOrganization(state, stamp.run, item.organization);
  if (hash === null) return reply('UNLOADED');
  if (item.sequence === null) return reply('RELOAD', hash.epoch);
  if (item.sequence <= hash.sequence) return reply('INSIDE');
  if (marked(state, item.credit, hash.epoch, stamp.nowMs) !== undefined) return reply('DUPLICATE');
  hash.available += item.amount;
  mark(state, item.credit, hash.epoch, item.amount.toString(), stamp.nowMs);
  if (hash.posted < item.sequence) hash.posted = item.sequence;
  return reply('CREDITED');
}

export interface ChangeItem {
  readonly organization: string;
  /** null: unchanged */
  readonly auth: bigint | null;
  readonly status: string | null;
  readonly limits: 'same' | 'unknown' | readonly Armed[];
}

/** changeLua. */
export function change(state: RedisState, stamp: Stamp, item: ChangeItem): Reply {
  raiseNews(state, item.organization, stamp.nowMs);
  const hash = loadedOrganization(state, stamp.run, item.organization);
  if (hash === null) return reply('UNLOADED');
  if (item.status !== null) hash.status = item.status;
  if (item.auth === null) return reply('CHANGED');
  if (item.auth <= hash.auth) return reply('KNOWN');
  if (item.limits === 'unknown') {
    hash.left.clear();
    hash.limit.clear();
  }
  for (const { scope, limit, left } of typeof item.limits === 'string' ? [] : item.limits) {
    const before = hash.limit.get(scope);
    if (before === undefined && state.defect !== 'limit_armed_by_guess') continue;
    hash.left.set(scope, before === undefined ? left : (hash.left.get(scope) ?? 0n) + limit - before);
    hash.limit.set(scope, limit);
  }
  hash.auth = item.auth;
  return reply('CHANGED');
}

/** newsLua. */
export function news(state: RedisState, { nowMs }: Stamp, organization: string): Reply {
  raiseNews(state, organization, nowMs);
  return reply('OK');
}
