import type { DialectWorld } from '../dialect.js';

/** The headers of every answer of Cohere. `x-sandbox` says that it is not Cohere. */
export function vendorHeaders(): Record<string, string> {
  return { 'x-sandbox': 'tollgate', 'x-debug-trace-id': 'sandbox' };
}

/** An id as Cohere gives its answers. */
export function newUuid(world: DialectWorld): string {
  const hex = Buffer.from(world.newName(16)).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
