import { threeDecimals } from './rate-levels.ts';
import type { Rate, RedisState, Slot } from './redis-state.ts';

/** Lists as the scripts take them. */
export const encodeSlots = (slots: readonly Slot[]): string =>
  slots.map(({ rule, limit }) => `${rule}:${limit}`).join(',');
export const encodeRates = (rates: readonly Rate[]): string =>
  rates.map(({ rule, kind, windowMs, limit, take }) => [rule, kind, windowMs, limit, take].join(':')).join(',');

export interface Dump {
  readonly organization: Record<string, string>;
  readonly holds: Record<string, string>;
  readonly orphans: Record<string, string>;
  readonly rates: Record<string, string>;
  readonly expiry: Record<string, string>;
  readonly markers: Record<string, string>;
  readonly claims: Record<string, string>;
  readonly news: string;
  readonly stream: readonly string[];
  readonly pending: number;
}

/** What Redis holds of one organisation, field by field as the scripts write it. */
export function dumpRedis(state: RedisState, organization: string): Dump {
  const holds = state.holds.get(organization);
  const own = ([member]: readonly [string, unknown]) => member.startsWith(organization);
  return {
    organization: dumpOrganization(state, organization),
    holds: { ...(holds && { '#place': holds.place }), ...dumpHolds(holds?.held) },
    orphans: dumpHolds(state.orphans.get(organization)),
    rates: Object.fromEntries(
      [...(state.rates.get(organization) ?? [])].map(([rule, { level, atMs }]) => [
        rule,
        `${threeDecimals(level)}|${atMs}`,
      ]),
    ),
    expiry: Object.fromEntries([...state.expiry].filter(own).map(([member, atMs]) => [member, String(atMs)])),
    markers: Object.fromEntries(
      [...state.markers].map(([id, { epoch, amount, confirmations }]) => [id, `${epoch}|${amount}|${confirmations}`]),
    ),
    claims: Object.fromEntries(
      [...state.claims].map(([key, { state: becomes, body, request }]) => [key, `${becomes}|${body}|${request}`]),
    ),
    news: String(state.news.get(organization)?.count ?? ''),
    stream: [...state.stream.rows.values()].map((row) => `${row.request} ${row.epoch} ${row.event}`),
    pending: state.stream.pending.size,
  };
}

function dumpOrganization(state: RedisState, organization: string): Record<string, string> {
  const hash = state.organizations.get(organization);
  if (hash === undefined) return {};
  const { place, epoch, status, auth, sequence, posted, openAtMs, available } = hash;
  const fields: [string, string | bigint | number][] = [
    ...Object.entries({ place, epoch, status, auth, sequence, posted, open: openAtMs, available }),
    ...[...hash.left].map(([scope, left]): [string, bigint] => [`left:${scope}`, left]),
    ...[...hash.limit].map(([scope, limit]): [string, bigint] => [`limit:${scope}`, limit]),
    ...[...hash.busy].map(([rule, busy]): [string, number] => [`busy:${rule}`, busy]),
  ];
  return Object.fromEntries(fields.map(([name, value]) => [name, String(value)]));
}

function dumpHolds(held: RedisState['orphans'] extends Map<string, infer T> ? T | undefined : never) {
  const values = [...(held ?? [])].map(([request, { amount, boot, scopes, slots, rates, meta }]) => [
    request,
    [amount, boot, scopes.join(','), encodeSlots(slots), encodeRates(rates), meta].join('|'),
  ]);
  return Object.fromEntries(values) as Record<string, string>;
}
