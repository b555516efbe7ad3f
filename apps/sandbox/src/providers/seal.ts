import { createHmac } from 'node:crypto';

/*
 * Vendors sign or encrypt what a model thought and refuse it when it comes back changed or from elsewhere. A seal does the same here. The
 * key is in the open: nothing is protected by it, it only tells the sandbox's own seals from all others, also after a restart.
 */
const key = 'tollgate sandbox seal';
const nonceBytes = 24;
const macBytes = 32;

/** An opaque base64 text that `opensSeal` accepts for the same issuer and content only. `nonce` makes two seals of one content differ. */
export function sealOf(issuer: string, content: string, nonce: string): string {
  const salt = Buffer.alloc(nonceBytes, nonce.padEnd(nonceBytes, '.'));
  return Buffer.concat([salt, macOf(issuer, content, salt)]).toString('base64');
}

/** Whether a seal was issued here, by this issuer, for this content. */
export function opensSeal(issuer: string, content: string, seal: string): boolean {
  const bytes = Buffer.from(seal, 'base64');
  if (bytes.length !== nonceBytes + macBytes || bytes.toString('base64') !== seal) return false;
  return macOf(issuer, content, bytes.subarray(0, nonceBytes)).equals(bytes.subarray(nonceBytes));
}

function macOf(issuer: string, content: string, salt: Buffer): Buffer {
  return createHmac('sha256', key).update(salt).update(`${issuer}\0${content}`).digest();
}
