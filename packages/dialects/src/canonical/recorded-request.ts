import type { Decoded } from './codec.js';
import { isObject, parseJson } from './json-read.js';
import type { JsonObject } from './part.js';
import type { CanonicalRequest } from './request.js';

/** A request in a dialect that no client speaks: only recorded ones are read, so it is refused only where it is no object. */
export function decodeRecorded(body: Buffer, read: (json: JsonObject) => CanonicalRequest): Decoded<CanonicalRequest> {
  const json = parseJson(body.toString('utf8'));
  if (isObject(json)) return { ok: true, value: read(json) };
  return { ok: false, failure: { code: 'invalid_json', message: 'The body is no JSON object.', param: null } };
}
