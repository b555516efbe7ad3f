import { createHash, createHmac } from 'node:crypto';
import type { UnsignedRequest } from './provider-access.js';

export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

export interface AwsScope {
  readonly region: string;
  readonly service: string;
  /** milliseconds since 1970 */
  readonly now: number;
}

/**
 * The headers that sign a request by AWS Signature Version 4. Every header that is sent is signed; nothing may be added or changed behind it
 * (T21). The path is encoded once more than it is sent, as every service but S3 wants it.
 */
export function signAws(
  { origin, path, headers, body }: UnsignedRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsIdentity,
  { region, service, now }: AwsScope,
): Readonly<Record<string, string>> {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const added = { 'x-amz-date': time, ...(sessionToken === null ? {} : { 'x-amz-security-token': sessionToken }) };
  const signed = Object.entries({ ...headers, ...added, host: new URL(origin).host })
    .map(([name, value]): [string, string] => [name.toLowerCase(), value.trim().replace(/\s+/g, ' ')])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const [pathname = '/', query = ''] = path.split('?');
  const canonical = [
    'POST',
    pathname.split('/').map(encodeSegment).join('/'),
    query,
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256(body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, text).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...added, authorization };
}

/** RFC 3986: everything but letters, digits and -._~ */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer | string, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
