import { createPublicKey, createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GoogleTokens } from './google-tokens.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const account = JSON.stringify({
  client_email: 'gateway@project.iam.gserviceaccount.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
});

function source(lifetimeS = 3_600) {
  const asked: string[] = [];
  let now = 1_790_000_000_000;
  const tokens = new GoogleTokens(
    () => now,
    async (assertion) => {
      asked.push(assertion);
      return { access_token: `token-${asked.length}`, expires_in: lifetimeS };
    },
  );
  return { tokens, asked, later: (ms: number) => (now += ms) };
}

describe('a service account', () => {
  it('proves itself with a claim signed by its key, for an hour', async () => {
    const { tokens, asked } = source();
    expect(await tokens.token(account)).toBe('token-1');
    const [head = '', claim = '', signature = ''] = (asked[0] ?? '').split('.');
    const verified = createVerify('RSA-SHA256')
      .update(`${head}.${claim}`)
      .verify(createPublicKey(privateKey), signature, 'base64url');
    expect(verified).toBe(true);
    expect(JSON.parse(Buffer.from(claim, 'base64url').toString())).toMatchObject({
      iss: 'gateway@project.iam.gserviceaccount.com',
      aud: 'https://oauth2.googleapis.com/token',
      exp: 1_790_003_600,
    });
  });

  it('is asked once for many requests, and again ahead of the end while the old token serves', async () => {
    const { tokens, asked, later } = source();
    expect(await Promise.all([tokens.token(account), tokens.token(account), tokens.token(account)])).toEqual([
      'token-1',
      'token-1',
      'token-1',
    ]);
    later(56 * 60_000);
    expect(await tokens.token(account)).toBe('token-1');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await tokens.token(account)).toBe('token-2');
    expect(asked).toHaveLength(2);
  });

  it('sends its claim to Google and nowhere else, whatever its key file says', async () => {
    const { tokens, asked } = source();
    const elsewhere = JSON.stringify({ ...JSON.parse(account), token_uri: 'https://evil.example/token' });
    await expect(tokens.token(elsewhere)).rejects.toThrow();
    expect(asked).toHaveLength(0);
  });
});
