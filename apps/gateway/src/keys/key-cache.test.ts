import type { Principal, VerifiedKey } from '@tollgate/access';
import { describe, expect, it } from 'vitest';
import { KeyCache } from './key-cache.js';

const principal = { keyId: 'k', expiresAtMs: null } as Principal;

function cacheWith(answers: (VerifiedKey | Error)[]) {
  let nowMs = 1_000_000;
  const asked: string[] = [];
  const verify = async (token: string): Promise<VerifiedKey> => {
    asked.push(token);
    const answer = answers[Math.min(asked.length - 1, answers.length - 1)];
    if (answer instanceof Error || answer === undefined) throw answer ?? new Error('no answer');
    return answer;
  };
  return { cache: new KeyCache({ verify, now: () => nowMs }), asked, advance: (ms: number) => void (nowMs += ms) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('keys of this process', () => {
  it('a warm key is answered at once, without Postgres', async () => {
    const { cache, asked } = cacheWith([{ kind: 'verified', principal }]);
    await cache.lookup('tg_a');
    expect(cache.lookup('tg_a')).toEqual({ kind: 'verified', principal });
    expect(asked).toEqual(['tg_a']);
  });

  it('many requests with one cold key ask once', async () => {
    const { cache, asked } = cacheWith([{ kind: 'verified', principal }]);
    await Promise.all(Array.from({ length: 50 }, () => cache.lookup('tg_a')));
    expect(asked).toHaveLength(1);
  });

  it('keys that share a beginning are different keys', async () => {
    const { cache, asked } = cacheWith([{ kind: 'verified', principal }, { kind: 'unknown' }]);
    await cache.lookup(`tg_${'a'.repeat(40)}1`);
    expect(await cache.lookup(`tg_${'a'.repeat(40)}2`)).toEqual({ kind: 'unknown' });
    expect(asked).toHaveLength(2);
  });

  it('an older entry is served and looked at again in the background', async () => {
    const { cache, asked, advance } = cacheWith([{ kind: 'verified', principal }, { kind: 'revoked' }]);
    await cache.lookup('tg_a');
    advance(11_000);
    expect(cache.lookup('tg_a')).toMatchObject({ kind: 'verified' });
    await settled();
    expect(asked).toHaveLength(2);
    expect(cache.lookup('tg_a')).toEqual({ kind: 'revoked' });
  });

  it('Postgres away: a known key goes on for a while, an unknown one is not called wrong', async () => {
    const { cache, advance } = cacheWith([{ kind: 'verified', principal }, new Error('down')]);
    await cache.lookup('tg_a');
    advance(60_000);
    expect(await cache.recheck('tg_a')).toMatchObject({ kind: 'verified' });
    expect(await cache.lookup('tg_b')).toEqual({ kind: 'unavailable' });
    advance(16 * 60_000);
    expect(await cache.lookup('tg_a')).toEqual({ kind: 'unavailable' });
  });

  it('an expiry is kept to the millisecond, whatever the cache says', async () => {
    const { cache, advance } = cacheWith([{ kind: 'verified', principal: { ...principal, expiresAtMs: 1_000_500 } }]);
    await cache.lookup('tg_a');
    expect(cache.lookup('tg_a')).toMatchObject({ kind: 'verified' });
    advance(500);
    expect(cache.lookup('tg_a')).toEqual({ kind: 'expired' });
  });
});

it('a key of an organisation whose settings changed is looked up again, and no other', async () => {
  const asked: string[] = [];
  const cache = new KeyCache({
    verify: async (token) => {
      asked.push(token);
      return { kind: 'verified', principal: { organizationId: token, expiresAtMs: null } as Principal };
    },
    now: Date.now,
  });
  for (const token of ['one', 'two']) await cache.lookup(token);
  cache.forget('one');
  for (const token of ['one', 'two']) await cache.lookup(token);
  expect(asked).toEqual(['one', 'two', 'one']);
});
