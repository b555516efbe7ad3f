import { CONFIRMED_MARKER_MS, markerOf, type RedisState, type StreamRow, type UsageStream } from './redis-state.ts';

/** XADD: an id begins with Redis' clock, so that none comes twice, not even after its stream was lost. */
export function append(stream: UsageStream, row: Omit<StreamRow, 'id'>, nowMs: number): void {
  const { event, organization, request, epoch } = row;
  const id = Math.max(stream.nextId, nowMs * 1_000);
  stream.rows.set(id, { id, event, organization, request, epoch });
  stream.nextId = id + 1;
}

/** claimLua: what nobody has yet. */
export function claim(stream: UsageStream, consumer: string, count: number, nowMs: number): StreamRow[] {
  const fresh: StreamRow[] = [];
  for (const row of stream.rows.values()) {
    if (fresh.length >= count) break;
    if (row.id <= stream.lastDelivered) continue;
    stream.lastDelivered = row.id;
    stream.pending.set(row.id, { consumer, deliveredAtMs: nowMs });
    fresh.push(row);
  }
  return fresh;
}

/** reclaimLua: what a consumer took and did not acknowledge in time. */
export function reclaim(
  stream: UsageStream,
  consumer: string,
  { count, idleMs, nowMs }: { readonly count: number; readonly idleMs: number; readonly nowMs: number },
): StreamRow[] {
  const taken: StreamRow[] = [];
  for (const [id, pending] of stream.pending) {
    if (taken.length >= count) break;
    if (nowMs - pending.deliveredAtMs < idleMs) continue;
    const row = stream.rows.get(id);
    if (row === undefined) stream.pending.delete(id);
    else {
      stream.pending.set(id, { consumer, deliveredAtMs: nowMs });
      taken.push(row);
    }
  }
  return taken;
}

/** acknowledgeLua. */
export function acknowledge(state: RedisState, rows: readonly StreamRow[], nowMs: number): void {
  for (const { id, request } of rows) {
    state.stream.pending.delete(id);
    state.stream.rows.delete(id);
    confirm(state, request, 'w', nowMs);
  }
}

/** One of the two drains has seen the event posted; when both have, its marker lives only for stragglers. */
export function confirm(state: RedisState, request: string, letter: 'w' | 's', nowMs: number): void {
  const marker = markerOf(state, request, nowMs);
  if (marker === undefined) return;
  if (state.defect === 'marker_removed_after_one_drain') {
    state.markers.delete(request);
    return;
  }
  const confirmations = marker.confirmations.includes(letter) ? marker.confirmations : marker.confirmations + letter;
  const soon = nowMs + CONFIRMED_MARKER_MS;
  const expiresAtMs = confirmations.length === 2 ? Math.min(marker.expiresAtMs, soon) : marker.expiresAtMs;
  state.markers.set(request, { ...marker, confirmations, expiresAtMs });
}
