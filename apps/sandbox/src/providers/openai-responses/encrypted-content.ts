import { opensSeal, sealOf } from '../seal.js';

/** Reasoning can be opened only where it was made: another provider is another organisation. */
function issuerOf(provider: string): string {
  return `openai reasoning ${provider}`;
}

/** The vendor's looks like a Fernet token; so does this. It holds the id of the item it belongs to. */
const prefix = 'gAAAAA';

/** The encrypted content of a reasoning item. */
export function encryptReasoning(provider: string, itemId: string, nonce: string): string {
  const seal = sealOf(issuerOf(provider), itemId, nonce);
  return `${prefix}${Buffer.from(`${itemId} ${seal}`).toString('base64url')}`;
}

/** The item an encrypted content belongs to; null when it was not made here for this provider. */
export function itemOfEncrypted(provider: string, encrypted: string): string | null {
  if (!encrypted.startsWith(prefix)) return null;
  const body = encrypted.slice(prefix.length);
  const decoded = Buffer.from(body, 'base64url');
  const [itemId = '', seal = ''] = decoded.toString('utf8').split(' ');
  return decoded.toString('base64url') === body && opensSeal(issuerOf(provider), itemId, seal) ? itemId : null;
}
