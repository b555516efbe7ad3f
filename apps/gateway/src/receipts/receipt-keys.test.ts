import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalJson, receiptText } from './canonical-json.js';
import { readReceiptKeys } from './receipt-keys.js';

const SEED = Buffer.alloc(32, 7).toString('base64');
const BYTES = Buffer.from('what is signed');

function keysOf(key: string, old?: string) {
  const read = readReceiptKeys(key, old);
  if (!read.ok) throw new Error(read.reason);
  return read.keys;
}

describe('the key that signs receipts', () => {
  it('is read from a PEM, with real or written line breaks, and from a seed in either base64', () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    expect(keysOf(pem.replaceAll('\n', '\\n')).kid).toBe(keysOf(pem).kid);
    expect(keysOf(Buffer.alloc(32, 7).toString('base64url')).kid).toBe(keysOf(SEED).kid);
  });

  it('makes signatures that the published key opens, under the thumbprint of RFC 7638', () => {
    const { kid, sign, published } = keysOf(SEED);
    const [jwk] = published;
    if (jwk === undefined) throw new Error('nothing was published');
    const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' });
    expect(verify(null, BYTES, key, Buffer.from(sign(BYTES), 'base64url'))).toBe(true);
    expect([jwk.kid, jwk.alg, jwk.use]).toEqual([kid, 'EdDSA', 'sig']);
    // The example of RFC 8037, appendix A.3.
    const example = keysOf('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A');
    expect(example.kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('keeps former public keys published when it is rotated, and itself only once', () => {
    const former = keysOf(SEED).published[0]?.x ?? '';
    const next = keysOf(Buffer.alloc(32, 8).toString('base64'), `${former},\n${former}=`);
    expect(next.published.map(({ x }) => x).slice(1)).toEqual([former]);
    expect(keysOf(SEED, former).published).toHaveLength(1);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'secret'],
    ['31 bytes', Buffer.alloc(31).toString('base64')],
    ['33 bytes', Buffer.alloc(33).toString('base64')],
    [
      'a key for something else',
      generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    ],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString()],
  ])('is not %s, and the reason does not repeat it', (_name, given) => {
    const read = readReceiptKeys(given);
    expect(read.ok).toBe(false);
    if (!read.ok && given !== '') expect(read.reason).not.toContain(given);
  });

  it('has no former keys that are none', () => {
    expect(readReceiptKeys(SEED, 'abc')).toEqual({ ok: false, reason: 'old key 1 is not 32 bytes in base64' });
  });
});

describe('what is signed', () => {
  it('has one spelling, whatever order its members were written in', () => {
    expect(canonicalJson({ b: ['1', null, { d: 'x', c: '' }], a: '/' })).toBe(
      '{"a":"/","b":["1",null,{"c":"","d":"x"}]}',
    );
  });

  it('holds no text that a JSON writer could write in two ways', () => {
    const written = receiptText('a"b\\c\n\u0000é\u2028<&>\ud800/~');
    expect(written).toBe('a_b_c________/~');
    expect(JSON.stringify(written)).toBe(`"${written}"`);
  });
});
