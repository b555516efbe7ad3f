import type { Decoded } from '../canonical/codec.js';
import { takeCensus } from '../check-request.js';
import type { RequestFailure } from '../failure.js';
import type { Member } from '../json-layout.js';
import { takeMaxCost } from '../max-cost.js';
import { locateRequest } from '../openai-chat/request-layout.js';
import type { JsonObject } from '../openai-chat/wire.js';

/** A JSON request: parsed once, and where its top-level members stand, so that all but a few of its bytes can go on as they are. */
export interface JsonBody {
  readonly body: Buffer;
  readonly members: ReadonlyMap<string, Member>;
  readonly request: JsonObject;
  readonly maxCostUsd: string | null;
}

/** A batch of token arrays is one value per token; OpenAI takes 300,000 tokens in a request. */
const VALUES_MAX = 1_000_000;

/** Refuses what two readers could read in two ways: keys written twice, half surrogate pairs, numbers out of range. */
export function readJsonBody(body: Buffer, contentType: string): Decoded<JsonBody> {
  if (contentType !== '' && !/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType))
    return refused('unsupported_content_type', 'Send the request as application/json.');
  const located = locateRequest(body, VALUES_MAX);
  if (!located.ok) return located;
  const limited = takeMaxCost(body, located.layout.members);
  if (!limited.ok) return limited;
  const census = takeCensus(located.request);
  if (census.strings !== located.strings)
    return refused('duplicate_field', 'An object in the request has the same key twice.');
  if (census.hasBrokenText)
    return refused('invalid_request', 'A text holds half of a surrogate pair, which is not valid Unicode.');
  if (census.hasBrokenNumber) return refused('invalid_request', 'A number in the request is out of range.');
  const { maxCostUsd } = limited.value;
  if (limited.value.body !== body) return withLimit(readJsonBody(limited.value.body, contentType), maxCostUsd);
  return { ok: true, value: { body, maxCostUsd, members: located.layout.members, request: located.request } };
}

function withLimit(read: Decoded<JsonBody>, maxCostUsd: string | null): Decoded<JsonBody> {
  return read.ok ? { ok: true, value: { ...read.value, maxCostUsd } } : read;
}

function refused(code: RequestFailure['code'], message: string): Decoded<never> {
  return { ok: false, failure: { code, message, param: null } };
}
