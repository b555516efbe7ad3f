import { createSign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { z } from 'zod';
import type { TokenSource } from './provider-access.js';

const keySchema = z.object({
  client_email: z.string(),
  private_key: z.string(),
  token_uri: z.literal('https://oauth2.googleapis.com/token').default('https://oauth2.googleapis.com/token'),
});
const answerSchema = z.object({ access_token: z.string(), expires_in: z.number() });

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const LIFETIME_S = 3_600;
/** Asked again this long before a token ends, while the old one still serves. */
const AHEAD_MS = 5 * 60_000;
const TIMEOUT_MS = 10_000;

interface Cached {
  readonly token: string;
  readonly endsAtMs: number;
}

/**
 * Bearer tokens of Google service accounts: a signed claim for an hour's token (RFC 7523). One request at a time for each account; requests that
 * come meanwhile wait for it, and those with a token that still lasts do not wait at all.
 */
export class GoogleTokens implements TokenSource {
  private readonly cached = new Map<string, Cached>();
  private readonly running = new Map<string, Promise<string>>();

  constructor(
    private readonly now: () => number,
    private readonly exchange: (assertion: string, uri: string) => Promise<unknown> = askGoogle,
  ) {}

  async token(keyFileOrJson: string): Promise<string> {
    const known = this.cached.get(keyFileOrJson);
    const left = known ? known.endsAtMs - this.now() : 0;
    if (known && left > AHEAD_MS) return known.token;
    const renewal = this.running.get(keyFileOrJson) ?? this.renew(keyFileOrJson);
    if (known && left > 0) {
      // The old one serves this request; a renewal that fails is tried again by the next.
      renewal.catch(() => undefined);
      return known.token;
    }
    return renewal;
  }

  private renew(source: string): Promise<string> {
    const renewal = this.fetchToken(source).finally(() => this.running.delete(source));
    this.running.set(source, renewal);
    return renewal;
  }

  private async fetchToken(source: string): Promise<string> {
    const text = source.trimStart().startsWith('{') ? source : await readFile(source, 'utf8');
    const key = keySchema.parse(JSON.parse(text));
    const issuedAt = Math.floor(this.now() / 1000);
    const claim = {
      iss: key.client_email,
      scope: SCOPE,
      aud: key.token_uri,
      iat: issuedAt,
      exp: issuedAt + LIFETIME_S,
    };
    const answer = answerSchema.parse(await this.exchange(signedClaim(claim, key.private_key), key.token_uri));
    const { access_token: token, expires_in: seconds } = answer;
    this.cached.set(source, { token, endsAtMs: this.now() + seconds * 1000 });
    return token;
  }
}

function signedClaim(claim: Readonly<Record<string, unknown>>, privateKey: string): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claim)}`;
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`;
}

async function askGoogle(assertion: string, uri: string): Promise<unknown> {
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  const response = await request(uri, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  if (response.statusCode !== 200) {
    await response.body.dump();
    throw new Error(`Google refused the service account with status ${response.statusCode}`);
  }
  return response.body.json();
}
