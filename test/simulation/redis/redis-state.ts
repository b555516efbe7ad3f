import type { Defect } from '../defect.ts';

/** What a request takes of one rate limit; `kind` r counts requests, t tokens. */
export interface Rate {
  readonly rule: string;
  readonly kind: 'r' | 't';
  readonly windowMs: number;
  readonly limit: number;
  readonly take: number;
}

export interface Slot {
  readonly rule: string;
  readonly limit: number;
}

export interface Hold {
  readonly amount: bigint;
  readonly boot: string;
  readonly scopes: readonly string[];
  readonly slots: readonly Slot[];
  readonly rates: readonly Rate[];
  readonly meta: string;
}

/** The hash of an organisation. `epoch` is "run:generation:load id", `place` its first two parts. */
export interface OrganizationHash {
  place: string;
  epoch: string;
  status: string;
  auth: bigint;
  sequence: bigint;
  posted: bigint;
  openAtMs: number;
  available: bigint;
  readonly left: Map<string, bigint>;
  readonly limit: Map<string, bigint>;
  readonly busy: Map<string, number>;
}

/** `amount` is decimal digits, 'pending' (deferred) or 'inside' (the loaded balance contains it). */
export interface Marker {
  readonly epoch: string;
  readonly amount: string;
  readonly confirmations: string;
  readonly expiresAtMs: number;
}

export interface Holds {
  place: string;
  readonly held: Map<string, Hold>;
}

export interface StreamRow {
  readonly id: number;
  readonly event: string;
  readonly organization: string;
  readonly request: string;
  readonly epoch: string;
}

/** One stream with its consumer group. */
export interface UsageStream {
  readonly rows: Map<number, StreamRow>;
  nextId: number;
  lastDelivered: number;
  readonly pending: Map<number, { consumer: string; deliveredAtMs: number }>;
}

/** One shard of Redis: everything the scripts read and write. Times to live are kept where a schedule can outlive them. */
export interface RedisState {
  generation: string | null;
  firstSeen: { place: string; atMs: number } | null;
  readonly organizations: Map<string, OrganizationHash>;
  readonly holds: Map<string, Holds>;
  readonly orphans: Map<string, Map<string, Hold>>;
  readonly news: Map<string, { count: number; expiresAtMs: number }>;
  /** "organisation|request" → when it expires */
  readonly expiry: Map<string, number>;
  readonly markers: Map<string, Marker>;
  readonly claims: Map<string, { state: string; body: string; request: string }>;
  readonly rates: Map<string, Map<string, { level: number; atMs: number }>>;
  readonly stream: UsageStream;
  /** what a negative control breaks */
  readonly defect: Defect | null;
}

/** The four strings a script answers for an item. */
export interface Reply {
  readonly code: string;
  readonly first: string;
  readonly second: string;
  readonly third: string;
}

/** What every script is given: the process it was stamped for, and Redis' clock. */
export interface Stamp {
  readonly run: string;
  readonly nowMs: number;
}

export function emptyRedis(defect: Defect | null = null): RedisState {
  return {
    generation: null,
    firstSeen: null,
    organizations: new Map(),
    holds: new Map(),
    orphans: new Map(),
    news: new Map(),
    expiry: new Map(),
    markers: new Map(),
    claims: new Map(),
    rates: new Map(),
    stream: { rows: new Map(), nextId: 1, lastDelivered: 0, pending: new Map() },
    defect,
  };
}

export const reply = (code: string, first = '', second = '', third = ''): Reply => ({ code, first, second, third });

export const MARKER_MS = 24 * 3_600_000;
export const CONFIRMED_MARKER_MS = 15 * 60_000;
/** News outlives every reading of the ledger. */
const NEWS_MS = 60_000;

export function placeOf(state: RedisState, run: string): string {
  return state.generation === null ? '' : `${run}:${state.generation}`;
}

/** The organisation, if what is loaded of it belongs to this life of Redis. */
export function loadedOrganization(state: RedisState, run: string, id: string): OrganizationHash | null {
  const found = state.organizations.get(id);
  return found !== undefined && found.place === placeOf(state, run) ? found : null;
}

export function raiseNews(state: RedisState, id: string, nowMs: number): void {
  const count = newsFromNow(state, id, nowMs) + 1;
  state.news.set(id, { count, expiresAtMs: nowMs + NEWS_MS });
}

/** Begins with the time, so that no value comes twice. */
export function newsFromNow(state: RedisState, id: string, nowMs: number): number {
  const count = Number(newsOf(state, id, nowMs) || nowMs);
  state.news.set(id, { count, expiresAtMs: nowMs + NEWS_MS });
  return count;
}

export function newsOf(state: RedisState, id: string, nowMs: number): string {
  const found = state.news.get(id);
  return found === undefined || found.expiresAtMs <= nowMs ? '' : String(found.count);
}

/** Takes and gives, over the organisation and those of the scopes that are armed. */
export function move(hash: OrganizationHash, taken: bigint, given: bigint, scopes: readonly string[]): void {
  hash.available += given - taken;
  for (const scope of scopes) {
    const left = hash.left.get(scope);
    if (left !== undefined) hash.left.set(scope, left + given - taken);
  }
}

export function fillSlots(hash: OrganizationHash, slots: readonly Slot[]): void {
  for (const { rule } of slots) hash.busy.set(rule, (hash.busy.get(rule) ?? 0) + 1);
}

export function freeSlots(hash: OrganizationHash, slots: readonly Slot[]): void {
  for (const { rule } of slots) {
    const busy = hash.busy.get(rule) ?? 0;
    if (busy !== 0) hash.busy.set(rule, busy - 1);
  }
}

export function markerOf(state: RedisState, request: string, nowMs: number): Marker | undefined {
  const found = state.markers.get(request);
  return found !== undefined && found.expiresAtMs > nowMs ? found : undefined;
}

/** What was marked in this epoch. */
export function marked(state: RedisState, request: string, epoch: string, nowMs: number): string | undefined {
  const found = markerOf(state, request, nowMs);
  return found?.epoch === epoch ? found.amount : undefined;
}

export function mark(state: RedisState, request: string, epoch: string, amount: string, nowMs: number): void {
  state.markers.set(request, { epoch, amount, confirmations: '', expiresAtMs: nowMs + MARKER_MS });
}

export function heldIn(state: RedisState, id: string): Map<string, Hold> | undefined {
  return state.holds.get(id)?.held;
}

export function dropHold(state: RedisState, id: string, request: string): void {
  heldIn(state, id)?.delete(request);
  state.expiry.delete(`${id}|${request}`);
}

/** Holds of an earlier life of Redis become orphans; charges that waited for their recount are forgotten. */
export function adoptPlace(state: RedisState, id: string, place: string): Map<string, Hold> {
  const found = state.holds.get(id);
  if (found?.place === place) return found.held;
  for (const [request, hold] of found?.held ?? []) {
    if (hold.boot === 'deferred') state.expiry.delete(`${id}|${request}`);
    else orphansOf(state, id).set(request, hold);
  }
  const held = new Map<string, Hold>();
  state.holds.set(id, { place, held });
  return held;
}

function orphansOf(state: RedisState, id: string): Map<string, Hold> {
  const found = state.orphans.get(id) ?? new Map<string, Hold>();
  state.orphans.set(id, found);
  return found;
}

/** Creates the generation where it is missing and notes when this place was first seen. */
export function openPlace(state: RedisState, { run, nowMs }: Stamp, newGeneration: string): string {
  state.generation ??= newGeneration;
  const place = `${run}:${state.generation}`;
  if (state.firstSeen?.place !== place) state.firstSeen = { place, atMs: nowMs };
  return state.generation;
}

/** A number as Lua prints a double without decimals. */
export const asDouble = (amount: bigint): string => BigInt(Number(amount)).toString();
