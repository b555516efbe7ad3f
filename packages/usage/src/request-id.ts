const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A lower-case UUID and nothing else: whatever else comes from outside matches no row, and never reaches a cast. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && value.length === 36 && UUID.test(value);
}

/**
 * The smallest request id of a millisecond: ids are UUIDv7, so a range of ids is a range of time. The same as the
 * database's uuid_floor, made here so that the planner sees a constant and leaves out the other days' partitions.
 */
export function requestIdFloor(atMs: number): string {
  const hex = Math.max(0, Math.floor(atMs)).toString(16).padStart(12, '0').slice(-12);
  return dashed(hex.padEnd(32, '0'));
}

/** The millisecond since 1970 that a request id was minted at: when its request came in, which is what prices it. */
export function requestIdTimeMs(requestId: string): number {
  return Number.parseInt(requestId.slice(0, 8) + requestId.slice(9, 13), 16);
}

/** Ids from `first` to `last`, both included. */
export interface RequestIdRange {
  readonly first: string;
  readonly last: string;
}

// What answers and logs put before an id ("gen-…", "chatcmpl-…"), so that a pasted id is found as it stands.
const ID_WITH_PREFIX = /^(?:[a-z]{2,10}[-_])?([0-9a-f-]{1,36})$/;

/** The ids that begin with what somebody typed or pasted; null for text that no id begins with. */
export function decodeRequestIdSearch(text: string): RequestIdRange | null {
  if (typeof text !== 'string') return null;
  const hex = ID_WITH_PREFIX.exec(text.trim().toLowerCase())?.[1]?.replaceAll('-', '') ?? '';
  if (hex === '' || hex.length > 32) return null;
  return { first: dashed(hex.padEnd(32, '0')), last: dashed(hex.padEnd(32, 'f')) };
}

function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
