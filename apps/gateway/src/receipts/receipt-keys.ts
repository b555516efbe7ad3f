import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';

/** One public key as it is published: RFC 8037. */
export interface ReceiptJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly alg: 'EdDSA';
  readonly use: 'sig';
  /** thumbprint of the key (RFC 7638): it names the key and nothing else */
  readonly kid: string;
  /** 32 bytes in base64url */
  readonly x: string;
}

/** The key that signs receipts now, and every public key that signed one before. */
export interface ReceiptKeys {
  readonly kid: string;
  /** base64url of 64 bytes; the same bytes always have the same signature */
  sign(bytes: Buffer): string;
  /** what is published: the present key first, then the old ones in the order they were given */
  readonly published: readonly ReceiptJwk[];
}

export type ReadReceiptKeys =
  | { readonly ok: true; readonly keys: ReceiptKeys }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads the signing key, a PKCS8 PEM or the 32 bytes of a seed in base64, and the old public keys, each the `x` under which it was published,
 * separated by commas or white space. A reason never repeats what was given.
 */
export function readReceiptKeys(key: string, oldKeys = ''): ReadReceiptKeys {
  const own = privateKeyOf(key);
  if (own === null) return { ok: false, reason: 'the key must be an Ed25519 key: a PKCS8 PEM, or 32 bytes in base64' };
  const old = oldKeys.split(/[\s,]+/).filter((text) => text !== '');
  const bad = old.findIndex((text) => seedBytes(text) === null);
  if (bad !== -1) return { ok: false, reason: `old key ${bad + 1} is not 32 bytes in base64` };
  const present = publishedKey(publicBytes(own));
  const former = old.map((text) => publishedKey(Buffer.from(text, 'base64')));
  const published = [...new Map([present, ...former].map((jwk) => [jwk.kid, jwk])).values()];
  return {
    ok: true,
    keys: { kid: present.kid, published, sign: (bytes) => sign(null, bytes, own).toString('base64url') },
  };
}

/** A PKCS8 Ed25519 key is these bytes and its seed (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

function privateKeyOf(text: string): KeyObject | null {
  const seed = seedBytes(text.trim());
  try {
    const key =
      seed === null
        ? // Most ways of setting a variable have no line breaks.
          createPrivateKey(text.replaceAll('\\n', '\n'))
        : createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

/** 32 bytes in base64 or base64url; null for anything else. */
function seedBytes(text: string): Buffer | null {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 32 ? bytes : null;
}

function publicBytes(key: KeyObject): Buffer {
  // The last 32 bytes of an Ed25519 SPKI are the key itself.
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

function publishedKey(bytes: Buffer): ReceiptJwk {
  const x = bytes.toString('base64url');
  const kid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
  return { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x };
}
