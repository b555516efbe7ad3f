import type { DialectWorld } from '../dialect.js';

/** The headers of every answer of Bedrock. `x-sandbox` says that it is not Bedrock. */
export function requestHeaders(world: DialectWorld): Record<string, string> {
  const hex = Buffer.from(world.newName(16)).toString('hex');
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
  return { 'x-amzn-requestid': id, 'x-sandbox': 'tollgate' };
}
