import {
  adoptPlace,
  fillSlots,
  move,
  newsFromNow,
  newsOf,
  type OrganizationHash,
  openPlace,
  placeOf,
  type RedisState,
  type Reply,
  reply,
  type Stamp,
} from './redis-state.ts';

export interface Armed {
  readonly scope: string;
  readonly limit: bigint;
  readonly left: bigint;
}

/** What one reading of the ledger says. */
export interface Snapshot {
  readonly available: bigint;
  readonly status: string;
  readonly auth: bigint;
  readonly sequence: bigint;
  readonly armed: readonly Armed[];
}

export interface LoadItem {
  readonly organization: string;
  readonly generation: string;
  readonly loadId: string;
  readonly newsSeen: string;
  readonly epochSeen: string;
  readonly gateMs: number;
  readonly snapshot: Snapshot;
}

/** beginLoadLua: answers generation, news and the epoch that is loaded now. */
export function beginLoad(state: RedisState, stamp: Stamp, organization: string, newGeneration: string): Reply {
  const generation = openPlace(state, stamp, newGeneration);
  newsFromNow(state, organization, stamp.nowMs);
  const hash = state.organizations.get(organization);
  const epoch = hash?.place === `${stamp.run}:${generation}` ? hash.epoch : '';
  return reply(generation, newsOf(state, organization, stamp.nowMs), epoch);
}

/** loadLua. */
export function load(state: RedisState, stamp: Stamp, item: LoadItem): Reply {
  const { organization, snapshot } = item;
  const place = `${stamp.run}:${item.generation}`;
  if (placeOf(state, stamp.run) !== place) return reply('STALE');
  if (newsOf(state, organization, stamp.nowMs) !== item.newsSeen) return reply('NEWS');
  const found = state.organizations.get(organization);
  if (found?.place === place) {
    if (found.epoch !== item.epochSeen) return reply('RACE', found.epoch);
    if (snapshot.sequence < found.posted) return reply('NEWS');
  }
  const held = adoptPlace(state, organization, place);
  const openAtMs = (state.firstSeen?.atMs ?? stamp.nowMs) + item.gateMs;
  const hash: OrganizationHash = {
    place,
    epoch: `${place}:${item.loadId}`,
    status: snapshot.status,
    auth: snapshot.auth,
    sequence: snapshot.sequence,
    posted: snapshot.sequence,
    openAtMs,
    available: snapshot.available,
    left: new Map(snapshot.armed.map(({ scope, left }) => [scope, left])),
    limit: new Map(snapshot.armed.map(({ scope, limit }) => [scope, limit])),
    busy: new Map(),
  };
  state.organizations.set(organization, hash);
  for (const hold of held.values()) {
    move(hash, hold.amount, 0n, hold.scopes);
    fillSlots(hash, hold.slots);
  }
  return reply('LOADED', hash.epoch);
}
