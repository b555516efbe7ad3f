import {
  dropHold,
  freeSlots,
  heldIn,
  loadedOrganization,
  mark,
  marked,
  move,
  type OrganizationHash,
  type RedisState,
  type Reply,
  raiseNews,
  reply,
  type Stamp,
} from './redis-state.ts';

export interface RecountItem {
  readonly organization: string;
  readonly request: string;
  readonly charge: bigint;
  readonly settled: string;
  /** null: unknown */
  readonly sequence: bigint | null;
  readonly scopes: readonly string[];
  readonly isForgotten: boolean;
}

/** recount.lua.ts, item by item. */
export function recount(state: RedisState, stamp: Stamp, item: RecountItem): Reply {
  const { organization, request, sequence } = item;
  const hash = loadedOrganization(state, stamp.run, organization);
  if (hash === null) {
    if (heldIn(state, organization)?.get(request)?.boot === 'deferred') dropHold(state, organization, request);
    raiseNews(state, organization, stamp.nowMs);
    return reply('UNLOADED');
  }
  if (sequence === null) return item.settled === hash.epoch ? reply('COUNTED') : reply('RELOAD', hash.epoch);
  if (hash.posted < sequence) hash.posted = sequence;
  const amount = marked(state, request, hash.epoch, stamp.nowMs);
  const isInside = sequence <= hash.sequence;
  const wasDebited = amount !== undefined && amount !== 'pending' && amount !== 'inside';
  const isSettledHere = item.settled === hash.epoch;
  if (isInside && !wasDebited && isSettledHere && amount !== 'inside') return reply('RELOAD', hash.epoch);
  if (!isInside && wasDebited && BigInt(amount) !== item.charge) {
    move(hash, item.charge, BigInt(amount), item.scopes);
    mark(state, request, hash.epoch, item.charge.toString(), stamp.nowMs);
    return reply('DEBITED');
  }
  if (!isInside && (wasDebited || isSettledHere)) return reply(wasDebited ? 'DUPLICATE' : 'COUNTED');
  if (!isInside && item.isForgotten && amount === undefined) return reply('RELOAD', hash.epoch);
  count(state, stamp, { hash, item, isInside, debited: wasDebited ? BigInt(amount) : null });
  return reply(isInside ? 'INSIDE' : 'DEBITED');
}

interface Counting {
  readonly hash: OrganizationHash;
  readonly item: RecountItem;
  readonly isInside: boolean;
  /** what its settlement took in this epoch */
  readonly debited: bigint | null;
}

function count(state: RedisState, { nowMs }: Stamp, { hash, item, isInside, debited }: Counting): void {
  const { organization, request, charge, scopes } = item;
  const hold = heldIn(state, organization)?.get(request);
  const held = hold?.amount ?? 0n;
  const heldScopes = hold?.scopes ?? scopes;
  if (!isInside) {
    move(hash, charge, 0n, scopes);
    move(hash, 0n, held, heldScopes);
    mark(state, request, hash.epoch, charge.toString(), nowMs);
  } else {
    move(hash, 0n, held, heldScopes);
    if (debited !== null && state.defect !== 'no_inside_refund') move(hash, 0n, debited, scopes);
    if (debited !== null || hold !== undefined) mark(state, request, hash.epoch, 'inside', nowMs);
  }
  if (hold === undefined) return;
  dropHold(state, organization, request);
  freeSlots(hash, hold.slots);
}
