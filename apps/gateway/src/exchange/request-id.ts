import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 10 * 1024;
const pool = Buffer.allocUnsafe(POOL_BYTES);
let offset = POOL_BYTES;

/**
 * A UUIDv7: the billing id. Its first 48 bits are the millisecond, so ranges of ids are ranges of time and partitions prune.
 * Randomness is drawn in blocks: a system call per request would cost more than the rest of the id.
 */
export function mintRequestId(nowMs: number, random: (buffer: Buffer) => void = randomFillSync): string {
  if (offset + 10 > POOL_BYTES) {
    random(pool);
    offset = 0;
  }
  const time = nowMs.toString(16).padStart(12, '0');
  const tail = pool.toString('hex', offset, offset + 10);
  offset += 10;
  const variant = (8 + (Number.parseInt(tail[3] ?? '0', 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-${variant}${tail.slice(4, 7)}-${tail.slice(7, 19)}`;
}
