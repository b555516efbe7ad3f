import { heldIn, loadedOrganization, move, type RedisState, type Reply, reply, type Stamp } from './redis-state.ts';

export interface ExtendItem {
  readonly organization: string;
  readonly request: string;
  readonly want: bigint;
  readonly floor: bigint;
}

/** extend.lua.ts, item by item. */
export function extend(state: RedisState, stamp: Stamp, item: ExtendItem): Reply {
  const hash = loadedOrganization(state, stamp.run, item.organization);
  const held = heldIn(state, item.organization);
  const hold = held?.get(item.request);
  if (hash === null || held === undefined || hold === undefined) return reply('GONE');
  let grant = item.want;
  let least: bigint | null = null;
  for (const [index, left] of [hash.available, ...hold.scopes.map((scope) => hash.left.get(scope))].entries()) {
    if (left === undefined) continue;
    if (left < item.floor) return reply('SHORT', String(index), left.toString());
    if (left < grant) grant = left;
    if (least === null || left < least) least = left;
  }
  move(hash, grant, 0n, hold.scopes);
  const amount = hold.amount + grant;
  held.set(item.request, { ...hold, amount });
  const left = BigInt(Number(least ?? 0n) - Number(grant));
  return reply('EXTENDED', amount.toString(), left.toString());
}
