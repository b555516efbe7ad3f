import { checkRates, writeLevel } from './rate-levels.ts';
import {
  asDouble,
  fillSlots,
  type Hold,
  heldIn,
  loadedOrganization,
  marked,
  move,
  type OrganizationHash,
  type Rate,
  type RedisState,
  type Reply,
  reply,
  type Slot,
  type Stamp,
} from './redis-state.ts';

export interface AuthorizeItem {
  readonly organization: string;
  readonly request: string;
  readonly auth: bigint;
  readonly want: bigint;
  readonly floor: bigint;
  readonly timeToLiveMs: number;
  readonly scopes: readonly string[];
  readonly slots: readonly Slot[];
  readonly rates: readonly Rate[];
  readonly meta: string;
  readonly claim: { readonly key: string; readonly body: string } | null;
}

/** authorize.lua.ts, item by item. */
export function authorize(state: RedisState, stamp: Stamp, boot: string, item: AuthorizeItem): Reply {
  const hash = loadedOrganization(state, stamp.run, item.organization);
  if (hash === null) return reply('RELOAD');
  const refused = refuseCaller(state, stamp, hash, item);
  if (refused !== null) return refused;
  const lefts = [hash.available, ...item.scopes.map((scope) => hash.left.get(scope))];
  let grant = item.want;
  let short = -1;
  for (const [index, left] of lefts.entries()) {
    if (left === undefined) return reply('RELOAD', hash.epoch);
    if (left < grant) grant = left;
    if (short < 0 && left < item.floor) short = index;
  }
  const limit =
    short >= 0 ? reply('SHORT', String(short), String(lefts[short])) : refuseLimits(state, stamp, hash, item);
  const held = heldIn(state, item.organization)?.get(item.request);
  if (held !== undefined) return reply('HELD', held.amount.toString(), hash.epoch);
  return limit ?? take(state, stamp, { hash, boot, item, grant });
}

function refuseCaller(state: RedisState, { nowMs }: Stamp, hash: OrganizationHash, item: AuthorizeItem): Reply | null {
  if (item.auth < hash.auth) return reply('STALE_KEY');
  if (item.auth > hash.auth) return reply('RELOAD', hash.epoch);
  if (hash.status !== 'active') return reply('SUSPENDED');
  if (nowMs < hash.openAtMs) return reply('WAIT', String(hash.openAtMs - nowMs));
  if (marked(state, item.request, hash.epoch, nowMs) !== undefined) return reply('DONE');
  const other = item.claim === null ? undefined : state.claims.get(item.claim.key);
  if (other === undefined || other.request === item.request) return null;
  return reply('REPEATED', `${other.state}|${other.body}|${other.request}`);
}

function refuseLimits(state: RedisState, { nowMs }: Stamp, hash: OrganizationHash, item: AuthorizeItem): Reply | null {
  const rate = checkRates(state, item.organization, item.rates, nowMs);
  if (rate.kind === 'refused')
    return reply('RATE', String(rate.index), String(Math.ceil(rate.level)), String(rate.waitMs));
  for (const [index, slot] of item.slots.entries()) {
    const busy = hash.busy.get(slot.rule) ?? 0;
    if (busy >= slot.limit) return reply('BUSY', String(index + 1), String(busy));
  }
  return null;
}

interface Taking {
  readonly hash: OrganizationHash;
  readonly boot: string;
  readonly item: AuthorizeItem;
  readonly grant: bigint;
}

function take(state: RedisState, { nowMs }: Stamp, { hash, boot, item, grant }: Taking): Reply {
  const { organization, request, scopes, slots, rates, meta } = item;
  const holds = state.holds.get(organization) ?? { place: '', held: new Map<string, Hold>() };
  state.holds.set(organization, holds);
  holds.held.set(request, { amount: grant, boot, scopes, slots, rates, meta });
  move(hash, grant, 0n, scopes);
  let least = grant === 0n ? 0n : hash.available;
  if (grant !== 0n)
    for (const scope of scopes) {
      const left = hash.left.get(scope) ?? 0n;
      if (left < least) least = left;
    }
  state.expiry.set(`${organization}|${request}`, nowMs + item.timeToLiveMs);
  fillSlots(hash, slots);
  const checked = checkRates(state, organization, rates, nowMs);
  const levels = checked.kind === 'free' ? checked.levels : [];
  for (const [index, rate] of rates.entries()) writeLevel(state, organization, rate.rule, levels[index] ?? 0, nowMs);
  if (item.claim !== null) state.claims.set(item.claim.key, { state: 'running', body: item.claim.body, request });
  return reply('GRANTED', grant.toString(), hash.epoch, `${asDouble(least)}|${levels.map(Math.ceil).join(',')}`);
}
