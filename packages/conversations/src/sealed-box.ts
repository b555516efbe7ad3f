import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key for one organisation and one purpose, from the secret of this installation (or of a caller): 32 bytes by HKDF-SHA256. */
export function deriveKey(secret: string, purpose: string, organizationId: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, organizationId, `tollgate/${purpose}`, 32));
}

/**
 * AES-256-GCM: nonce, tag, ciphertext. `context` says whose it is (organisation, project, id) and is authenticated with it: a box that was moved to
 * another row does not open. The nonce is a parameter because randomness is: 12 bytes, never used twice under one key.
 */
export function sealBox(key: Buffer, context: string, content: string | Buffer, nonce: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(context));
  const sealed = Buffer.concat([
    cipher.update(typeof content === 'string' ? Buffer.from(content) : content),
    cipher.final(),
  ]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** The text, or null where the box was changed, moved or made under another key. */
export function openBox(key: Buffer, context: string, box: Buffer): string | null {
  return openBytes(key, context, box)?.toString('utf8') ?? null;
}

/** The bytes that were sealed, or null as above. */
export function openBytes(key: Buffer, context: string, box: Buffer): Buffer | null {
  if (box.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(box.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}
