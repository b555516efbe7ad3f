import {
  freeSlots,
  type Hold,
  heldIn,
  loadedOrganization,
  move,
  placeOf,
  type RedisState,
  type Reply,
  reply,
  type Stamp,
} from './redis-state.ts';

export interface ClaimedHold {
  readonly organization: string;
  readonly request: string;
  readonly claimedUntilMs: number;
}

/** claimExpiredLua, for the one shard of the model: by expiry, then by member. */
export function claimExpired(state: RedisState, nowMs: number, count: number, leaseMs: number): ClaimedHold[] {
  const due = [...state.expiry].filter(([, atMs]) => atMs <= nowMs);
  due.sort(([a, aMs], [b, bMs]) => aMs - bMs || (a < b ? -1 : 1));
  return due.slice(0, count).map(([member]) => {
    state.expiry.set(member, nowMs + leaseMs);
    const [organization = '', request = ''] = member.split('|');
    return { organization, request, claimedUntilMs: nowMs + leaseMs };
  });
}

/** What the sweeper reads of a hold it took. */
export function findHold(state: RedisState, { organization, request }: ClaimedHold): Hold | undefined {
  return heldIn(state, organization)?.get(request) ?? state.orphans.get(organization)?.get(request);
}

/** releaseExpiredLua, item by item. */
export function releaseExpired(state: RedisState, { run }: Stamp, item: ClaimedHold & { claim: string | null }): Reply {
  const { organization, request } = item;
  const member = `${organization}|${request}`;
  if (state.expiry.get(member) !== item.claimedUntilMs) return reply('RENEWED');
  state.expiry.delete(member);
  state.orphans.get(organization)?.delete(request);
  const claim = item.claim === null ? undefined : state.claims.get(item.claim);
  if (item.claim !== null && claim?.request === request && claim.state === 'running') state.claims.delete(item.claim);
  const hold = heldIn(state, organization)?.get(request);
  if (hold === undefined) return reply('RELEASED');
  heldIn(state, organization)?.delete(request);
  const hash = loadedOrganization(state, run, organization);
  if (hash !== null && state.holds.get(organization)?.place === placeOf(state, run)) {
    move(hash, 0n, hold.amount, hold.scopes);
    freeSlots(hash, hold.slots);
  }
  return reply('RELEASED');
}
