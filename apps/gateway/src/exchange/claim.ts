import { createHmac, type Hmac } from 'node:crypto';
import type { IdempotencyClaim } from '@tollgate/admission';
import type { Decoded } from '@tollgate/dialects';
import type { ExchangeInput } from './call.js';

export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';

/** What a request claims, and the words that open what is kept of it. */
export interface Claim extends IdempotencyClaim {
  /** as the caller sent it */
  readonly key: string;
}

/**
 * The claim of a request with an Idempotency-Key, or null where none was sent. Keys belong to a project: the same text in another one is another
 * key. Two requests are the same when every byte and every fact that decides the answer is: what the bytes mean is not asked.
 */
export function claimOf(secret: string, input: ExchangeInput): Decoded<Claim | null> {
  const { idempotencyKey: key = null, principal } = input;
  if (key === null) return { ok: true, value: null };
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) {
    const message = 'An Idempotency-Key is 1 to 255 printable ASCII characters.';
    return { ok: false, failure: { code: 'invalid_request', message, param: 'Idempotency-Key' } };
  }
  const keyHash = digest(secret, 'idempotency-key', [principal.organizationId, principal.projectId, key]);
  return { ok: true, value: { key, keyHash, bodyHash: digest(secret, 'idempotent-body', partsOf(input)) } };
}

/** Everything that decides the answer, in an order that never changes. Who asks is not among it: a key may be rotated between two tries. */
function partsOf({ dialect, skin, operation, door, isStrict, maxCostUsd, body }: ExchangeInput): (string | Buffer)[] {
  const [contentType, boundary] = formOf(operation?.contentType ?? '');
  const { model, isStream, framing, betas } = door;
  const facts = [dialect, skin, operation?.door, contentType, model, isStream, framing, betas, isStrict, maxCostUsd];
  return [
    JSON.stringify(facts.map((fact) => fact ?? null)),
    ...(boundary === '' ? [body] : split(body, `--${boundary}`)),
  ];
}

/** A form is divided by a line that its client draws anew for each try; what stands between the lines is compared. */
function formOf(contentType: string): readonly [type: string, boundary: string] {
  const [, type = '', quoted, plain] =
    /^(\s*multipart\/form-data)\s*;.*?\bboundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  return type === '' ? [contentType, ''] : [type.trim().toLowerCase(), quoted ?? plain ?? ''];
}

/** No form has more fields; a body that is made of nothing but such lines must not cost a digest for each. */
const PARTS_MAX = 1_000;

function split(body: Buffer, line: string): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = body.indexOf(line); at >= 0; at = body.indexOf(line, from)) {
    parts.push(body.subarray(from, at));
    from = at + line.length;
    if (parts.length > PARTS_MAX) return [body];
  }
  return [...parts, body.subarray(from)];
}

/** Under the secret of this installation, so that nobody who reads a digest can try out what it was made of. */
function digest(secret: string, purpose: string, parts: readonly (string | Buffer)[]): string {
  const hmac = createHmac('sha256', secret);
  for (const part of [purpose, ...parts]) feed(hmac, part);
  return hmac.digest('base64url');
}

/** Each part behind its length: no two lists of parts give the same bytes. */
function feed(hmac: Hmac, part: string | Buffer): void {
  hmac.update(`${Buffer.byteLength(part)}:`).update(part);
}
