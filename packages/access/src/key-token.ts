import { createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { RandomBytes } from './record-id.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX = 'tg_';
const BODY_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const TOKEN_LENGTH = PREFIX.length + BODY_LENGTH + CHECKSUM_LENGTH;
const TOKEN = /^tg_[0-9A-Za-z]{49}$/;

export type ParsedKey = { readonly ok: true; readonly token: string } | { readonly ok: false };

/** A new key and what a person may see of it afterwards. */
export interface MintedKey {
  /** the whole secret: shown once, never stored, never logged */
  readonly token: string;
  /** "tg_ab12…wxyz" */
  readonly hint: string;
}

/**
 * Whether a presented value can be a key at all: shape and checksum, no database. Most garbage ends here, and secret
 * scanners use the same rule. The checksum proves nothing about who minted the key.
 */
export function parseKey(presented: unknown): ParsedKey {
  if (typeof presented !== 'string' || presented.length !== TOKEN_LENGTH || !TOKEN.test(presented))
    return { ok: false };
  const body = presented.slice(PREFIX.length, PREFIX.length + BODY_LENGTH);
  return presented.endsWith(checksum(body)) ? { ok: true, token: presented } : { ok: false };
}

/** Mints a key of 256 random bits: "tg_", 43 characters of base62, 6 characters of checksum over those 43. */
export function mintKey(random: RandomBytes): MintedKey {
  const body = encodeBase62(BigInt(`0x${random(32).toString('hex')}`), BODY_LENGTH);
  const token = `${PREFIX}${body}${checksum(body)}`;
  return { token, hint: keyHint(token) };
}

/** What may be shown of a key: prefix, first four, last four. */
export function keyHint(token: string): string {
  return `${token.slice(0, PREFIX.length + 4)}…${token.slice(-4)}`;
}

/**
 * HMAC-SHA256(pepper, whole key), 32 bytes: the only stored form. Without the pepper, which is not in the database, a
 * stolen table can neither be used nor tested against guesses. Looking a key up by this hash tells a clock nothing:
 * the index compares values that the caller cannot choose.
 * Throws on a pepper shorter than 16 bytes: that is a broken configuration.
 */
export function hashKey(token: string, pepper: string | Buffer): Buffer {
  if (Buffer.byteLength(pepper) < 16) throw new RangeError('the key pepper has less than 16 bytes');
  return createHmac('sha256', pepper).update(token, 'utf8').digest();
}

function checksum(body: string): string {
  return encodeBase62(BigInt(crc32(body)), CHECKSUM_LENGTH);
}

/** Big-endian, padded with '0': a fixed length for every value that fits it. */
function encodeBase62(value: bigint, length: number): string {
  let rest = value;
  let text = '';
  for (let i = 0; i < length; i++) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  if (rest !== 0n) throw new RangeError(`does not fit ${length} base62 characters`);
  return text;
}
