import { correctRates } from './rate-levels.ts';
import {
  adoptPlace,
  dropHold,
  freeSlots,
  heldIn,
  loadedOrganization,
  mark,
  marked,
  move,
  type OrganizationHash,
  placeOf,
  type RedisState,
  type Reply,
  reply,
  type Stamp,
} from './redis-state.ts';
import { append } from './streams.ts';

export interface SettleItem {
  readonly organization: string;
  readonly request: string;
  readonly charge: bigint;
  /** null: nothing is appended */
  readonly event: string | null;
  /** null: those of the hold */
  readonly scopes: readonly string[] | null;
  readonly tokens: number | null;
  readonly isUnsent: boolean;
  readonly claim: { readonly key: string; readonly becomes: 'done' | 'free' } | null;
}

/** settle.lua.ts, item by item. */
export function settle(state: RedisState, stamp: Stamp, item: SettleItem): Reply {
  const hash = loadedOrganization(state, stamp.run, item.organization);
  const place = placeOf(state, stamp.run);
  const epoch = hash?.epoch ?? `-${place}`;
  closeClaim(state, item);
  if (marked(state, item.request, epoch, stamp.nowMs) !== undefined) return reply('DUPLICATE');
  const hold = hash === null ? undefined : heldIn(state, item.organization)?.get(item.request);
  let [settled, amount] = [epoch, item.charge.toString()];
  if (hash !== null && hold !== undefined) {
    if (hold.boot === 'deferred') return reply('DUPLICATE');
    move(hash, state.defect === 'settle_does_not_debit' ? 0n : item.charge, 0n, item.scopes ?? hold.scopes);
    move(hash, 0n, hold.amount, hold.scopes);
    dropHold(state, item.organization, item.request);
    freeSlots(hash, hold.slots);
    correctRates(state, item.organization, hold.rates, { ...item, nowMs: stamp.nowMs });
  } else if (item.event !== null) {
    keepDeferred(state, stamp, hash, item);
    [settled, amount] = ['', 'pending'];
  } else if (item.charge !== 0n) {
    if (hash === null) return reply('UNLOADED');
    move(hash, item.charge, 0n, item.scopes ?? []);
  } else {
    if (place !== '') {
      adoptPlace(state, item.organization, place);
      if (state.defect !== 'orphan_left_by_release') state.orphans.get(item.organization)?.delete(item.request);
      dropHold(state, item.organization, item.request);
    }
  }
  if (state.defect !== 'no_done_marker') mark(state, item.request, epoch, amount, stamp.nowMs);
  if (item.event !== null) append(state.stream, { ...item, event: item.event, epoch: settled }, stamp.nowMs);
  return settled === '' ? reply('DEFERRED') : reply('SETTLED', epoch);
}

/** The charge waits like a hold, for its recount. */
function keepDeferred(state: RedisState, { run }: Stamp, hash: OrganizationHash | null, item: SettleItem): void {
  const place = placeOf(state, run);
  if (place === '') return;
  const held = adoptPlace(state, item.organization, place);
  state.orphans.get(item.organization)?.delete(item.request);
  dropHold(state, item.organization, item.request);
  if (item.charge === 0n || state.defect === 'no_deferred_reserve') return;
  const { charge } = item;
  const scopes = item.scopes ?? [];
  held.set(item.request, { amount: charge, boot: 'deferred', scopes, slots: [], rates: [], meta: '' });
  if (hash !== null) move(hash, charge, 0n, scopes);
}

function closeClaim(state: RedisState, { claim, request }: SettleItem): void {
  if (claim === null) return;
  const found = state.claims.get(claim.key);
  if (found?.request !== request || found.state !== 'running') return;
  if (claim.becomes === 'free') state.claims.delete(claim.key);
  else state.claims.set(claim.key, { ...found, state: 'done' });
}
