import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { type BedrockError, bedrockError } from './errors.js';

/** The one account whose signatures the sandbox can recompute; its secret is the same word. */
const knownAccount = 'sandbox';
const mostSkewMs = 5 * 60_000;

/**
 * Checks who asks: a Bedrock API key as bearer token, or a Signature Version 4. The signature of the access key `sandbox` (secret `sandbox`)
 * is recomputed from the request as it arrived; of other keys only the form is checked. Keys that begin with `invalid` are nobody's.
 */
export function accountError(incoming: Incoming): BedrockError | null {
  const authorization = headerOf(incoming.headers, 'authorization');
  if (authorization === null) return missingToken();
  const bearer = /^Bearer\s+(.*)$/i.exec(authorization)?.[1];
  if (bearer !== undefined)
    return bearer === '' || bearer.startsWith('invalid')
      ? bedrockError(403, 'AccessDeniedException', 'Authentication failed: Please make sure your API Key is valid.')
      : null;
  if (!authorization.startsWith('AWS4-HMAC-SHA256')) return missingToken();
  const parsed = parseAuthorization(authorization);
  return 'kind' in parsed ? parsed : signatureError(incoming, parsed);
}

interface Signed {
  readonly account: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function missingToken(): BedrockError {
  return bedrockError(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
}

function incomplete(message: string): BedrockError {
  return bedrockError(403, 'IncompleteSignatureException', message);
}

function mismatch(message: string): BedrockError {
  return bedrockError(403, 'InvalidSignatureException', message);
}

function parseAuthorization(authorization: string): Signed | BedrockError {
  const fields = new Map<string, string>();
  for (const field of authorization.slice('AWS4-HMAC-SHA256'.length).split(',')) {
    const equals = field.indexOf('=');
    if (equals < 0)
      return incomplete(
        `'${field.trim()}' not a valid key=value pair (missing equal-sign) in Authorization header: '${authorization}'.`,
      );
    fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  const missing = ['Credential', 'SignedHeaders', 'Signature'].filter((name) => (fields.get(name) ?? '') === '');
  if (missing.length > 0)
    return incomplete(missing.map((name) => `Authorization header requires '${name}' parameter.`).join(' '));
  const [account, date, region, service, ending, ...rest] = (fields.get('Credential') ?? '').split('/');
  if (
    account === undefined ||
    date === undefined ||
    region === undefined ||
    service === undefined ||
    ending !== 'aws4_request' ||
    rest.length > 0
  )
    return incomplete('Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.');
  const signedHeaders = (fields.get('SignedHeaders') ?? '').split(';');
  return { account, date, region, service, signedHeaders, signature: fields.get('Signature') ?? '' };
}

function signatureError(incoming: Incoming, signed: Signed): BedrockError | null {
  for (const needed of ['host', 'x-amz-date'])
    if (!signed.signedHeaders.includes(needed))
      return mismatch(
        `'${needed === 'host' ? 'Host' : 'X-Amz-Date'}' must be a 'SignedHeader' in the AWS Authorization.`,
      );
  const unsigned = Object.keys(incoming.headers).find(
    (name) => name.startsWith('x-amz-') && !signed.signedHeaders.includes(name),
  );
  if (unsigned !== undefined)
    return mismatch(`There were headers present in the request which were not signed: ${unsigned}`);
  if (signed.service !== 'bedrock') return mismatch(`Credential should be scoped to correct service: 'bedrock'. `);
  if (signed.account.startsWith('invalid'))
    return bedrockError(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
  return (
    dateError(headerOf(incoming.headers, 'x-amz-date') ?? '', signed.date, incoming.atMs) ??
    (signed.account === knownAccount ? digestError(incoming, signed) : null)
  );
}

function dateError(stamp: string, scopeDate: string, nowMs: number): BedrockError | null {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp)?.slice(1).map(Number);
  if (parts === undefined) return incomplete(`Date must be in ISO-8601 'basic format'. Got '${stamp}'.`);
  if (!stamp.startsWith(scopeDate))
    return mismatch(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scopeDate}' != '${stamp.slice(0, 8)}'.`,
    );
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  const atMs = Date.UTC(year, month - 1, day, hour, minute, second);
  if (atMs < nowMs - mostSkewMs) return mismatch(`Signature expired: ${stamp} is now earlier than the time allowed.`);
  return atMs > nowMs + mostSkewMs
    ? mismatch(`Signature not yet current: ${stamp} is still later than the time allowed.`)
    : null;
}

function digestError(incoming: Incoming, signed: Signed): BedrockError | null {
  const expected = signatureOf(incoming, signed, knownAccount);
  const given = Buffer.from(signed.signature, 'hex');
  if (given.length === expected.signature.length && timingSafeEqual(given, expected.signature)) return null;
  return mismatch(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. ' +
      `Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'${expected.request}'\n\n` +
      `The String-to-Sign should have been\n'${expected.toSign}'\n`,
  );
}

/** What a signature covers of a request. `target` is the path and query as sent, `rawHeaders` names and values in turn. */
export type SignedRequest = Pick<Incoming, 'method' | 'target' | 'headers' | 'rawHeaders' | 'bodySha256'>;

/** The Signature Version 4 of a request, and the texts it was made from. */
export function signatureOf(
  incoming: SignedRequest,
  signed: Omit<Signed, 'account' | 'signature'>,
  secret: string,
): { readonly signature: Buffer; readonly request: string; readonly toSign: string } {
  const stamp = headerOf(incoming.headers, 'x-amz-date') ?? '';
  const scope = [signed.date, signed.region, signed.service, 'aws4_request'];
  const request = canonicalRequest(incoming, signed.signedHeaders);
  const requestDigest = createHash('sha256').update(request).digest('hex');
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope.join('/'), requestDigest].join('\n');
  const key = scope.reduce<string | Buffer>(
    (above, part) => createHmac('sha256', above).update(part).digest(),
    `AWS4${secret}`,
  );
  return { signature: createHmac('sha256', key).update(toSign).digest(), request, toSign };
}

/** The canonical request of Signature Version 4 for services other than S3: the path as sent is percent-encoded once more. */
function canonicalRequest(incoming: SignedRequest, signedHeaders: readonly string[]): string {
  const [path = '/', query = ''] = incoming.target.split('?', 2);
  const headers = signedHeaders.map((name) => `${name}:${headerValues(incoming.rawHeaders, name)}\n`).join('');
  return [
    incoming.method,
    canonicalPath(path),
    canonicalQuery(query),
    headers,
    signedHeaders.join(';'),
    incoming.bodySha256,
  ].join('\n');
}

function canonicalPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const closing = kept.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${kept.map(encoded).join('/')}${closing}`;
}

function canonicalQuery(query: string): string {
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  return pairs.sort().join('&');
}

function headerValues(rawHeaders: readonly string[], name: string): string {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === name)
      values.push((rawHeaders[index + 1] ?? '').trim().replace(/ +/g, ' '));
  return values.join(',');
}

/** Percent-encoding of everything but A–Z a–z 0–9 - _ . ~ */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
