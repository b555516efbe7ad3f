import { randomBytes } from 'node:crypto';

/** A UUIDv7, as the gateway mints request ids. */
export function uuidv7(atMs: number = Date.now()): string {
  const time = atMs.toString(16).padStart(12, '0');
  const random = randomBytes(10).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
}
