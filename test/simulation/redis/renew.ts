import {
  adoptPlace,
  fillSlots,
  type Hold,
  loadedOrganization,
  marked,
  move,
  openPlace,
  placeOf,
  type RedisState,
  type Reply,
  reply,
  type Stamp,
} from './redis-state.ts';

export interface RenewItem {
  readonly organization: string;
  readonly request: string;
  readonly hold: Hold;
  readonly timeToLiveMs: number;
  readonly claim: { readonly key: string; readonly body: string } | null;
}

/** renew.lua.ts, item by item. */
export function renew(state: RedisState, stamp: Stamp, item: RenewItem): Reply {
  const { organization, request, hold } = item;
  const place = placeOf(state, stamp.run);
  if (place === '') return reply('NO_PLACE');
  const held = adoptPlace(state, organization, place);
  const hash = loadedOrganization(state, stamp.run, organization);
  if (marked(state, request, hash?.epoch ?? `-${place}`, stamp.nowMs) !== undefined) return reply('DONE');
  state.orphans.get(organization)?.delete(request);
  const member = `${organization}|${request}`;
  const expiresAtMs = stamp.nowMs + item.timeToLiveMs;
  if (held.has(request)) {
    if (state.expiry.has(member)) state.expiry.set(member, expiresAtMs);
    return reply('KEPT');
  }
  held.set(request, hold);
  if (hash !== null) {
    move(hash, hold.amount, 0n, hold.scopes);
    fillSlots(hash, hold.slots);
  }
  state.expiry.set(member, expiresAtMs);
  if (item.claim !== null && !state.claims.has(item.claim.key))
    state.claims.set(item.claim.key, { state: 'running', body: item.claim.body, request });
  return reply('ASSERTED');
}

/** openPlacesLua, for the one shard of the model. */
export function openPlaces(state: RedisState, stamp: Stamp, newGeneration: string): Reply {
  return reply(openPlace(state, stamp, newGeneration));
}
