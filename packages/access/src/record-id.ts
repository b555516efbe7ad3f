/** Where randomness comes from: `n` unpredictable bytes. Programs pass `crypto.randomBytes`, tests a seeded source. */
export type RandomBytes = (n: number) => Buffer;

const RECORD_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Whether a value is an id as we write it: a lower-case UUID and nothing else. Everything that came from outside passes
 * here first, so that an array, an upper-case spelling or a null byte is "not found" and never a database error.
 */
export function isRecordId(value: unknown): value is string {
  return typeof value === 'string' && value.length === 36 && RECORD_ID.test(value);
}

/** Mints a UUIDv7 (RFC 9562): 48 bits of milliseconds, then 74 random bits. Ids of different milliseconds sort by time. */
export function mintId(nowMs: number, random: RandomBytes): string {
  const bytes = Buffer.from(random(16));
  bytes.writeUIntBE(Math.floor(nowMs), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The millisecond an id was minted in: a request belongs to the period of its id, whoever reads it and whenever. */
export function idTimeMs(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** The smallest id of a millisecond: a range of ids is a range of time. The same as the database's uuid_floor, as a constant for its planner. */
export function idFloor(atMs: number): string {
  const hex = atMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}
