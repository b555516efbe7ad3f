import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { Dialect, DialectChanges, DialectWorld } from '../dialect.js';
import { googleError } from '../gemini/errors.js';
import { type AnthropicError, anthropicError, errorBody, errorOfStatus, invalidRequest } from './errors.js';
import { planCount, planMessages } from './messages.js';
import { isUnknownModel } from './models.js';
import { validateCount, validateMessages } from './validate.js';
import { vendorHeaders } from './vendor-headers.js';

const vertexPath = /\/publishers\/anthropic\/models\/([^/:]+):(?:rawPredict|streamRawPredict)$/;
const vertexVersion = 'vertex-2023-10-16';
/** Vertex counts tokens under this name of a model that is none. */
const vertexCounter = 'count-tokens';

/** Anthropic's Messages, at its own address and on Vertex. */
export const anthropicMessages: Dialect = {
  paths: /\/messages(?:\/count_tokens)?$|\/publishers\/anthropic\/models\/[^/:]+:(?:rawPredict|streamRawPredict)$/,
  read({ path, json }) {
    const inPath = vertexPath.exec(path)?.[1];
    const named = inPath === undefined || inPath === vertexCounter ? fieldOf(json, 'model') : inPath;
    return { model: typeof named === 'string' ? named : null, isStream: fieldOf(json, 'stream') === true };
  },
  plan(incoming, changes, world) {
    const isVertex = vertexPath.test(incoming.path);
    const requestId = `req_${isVertex ? 'vrtx_' : ''}011${world.newName(21)}`;
    const planned = planOrRefuse(incoming, changes, world, requestId, isVertex);
    return 'frames' in planned
      ? planned
      : jsonPlan(planned.status, vendorHeaders(requestId, isVertex), errorBody(planned, requestId));
  },
  errorOfStatus(status) {
    const mayRetry = status === 429 || status >= 500;
    return {
      headers: { 'x-should-retry': String(mayRetry) },
      body: errorBody(errorOfStatus(status), status === 529 ? null : 'req_011SandboxRule0000000000'),
    };
  },
  errorEvent(given, name) {
    const error = given ?? { type: 'overloaded_error', message: 'Overloaded' };
    const isWhole = fieldOf(error, 'type') === 'error';
    return `event: ${name ?? 'error'}\ndata: ${JSON.stringify(isWhole ? error : { type: 'error', error })}\n\n`;
  },
  brokenEvent:
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\n\n',
};

function planOrRefuse(
  incoming: Incoming,
  changes: DialectChanges,
  world: DialectWorld,
  requestId: string,
  isVertex: boolean,
): ReplyPlan | AnthropicError {
  const refused = isVertex ? null : credentialError(incoming);
  if (refused !== null) return refused;
  if (isVertex && vertexToken(incoming) === null)
    return jsonPlan(401, { 'x-sandbox': 'tollgate' }, googleError(401, 'UNAUTHENTICATED').body);
  if (incoming.method !== 'POST') return anthropicError(405, 'invalid_request_error', 'Method Not Allowed');
  if (!isVertex && headerOf(incoming.headers, 'anthropic-version') === null)
    return invalidRequest('anthropic-version: header is required');
  if (incoming.json === undefined)
    return invalidRequest('The request body is not valid JSON: unexpected end of data: line 1 column 1 (char 0)');
  const read = isVertex ? vertexBody(incoming) : { kind: 'body' as const, body: incoming.json };
  if (read.kind === 'error') return read;
  const door = { isBeta: hasBeta(incoming), checksSignatures: true };
  if (/\/count_tokens$/.test(incoming.path) || vertexPath.exec(incoming.path)?.[1] === vertexCounter) {
    const counted = validateCount(read.body, door);
    if (counted.kind === 'error') return counted;
    return unknownModelError(counted.request.model) ?? planCount(counted.request, requestId, isVertex);
  }
  const validated = validateMessages(read.body, door);
  if (validated.kind === 'error') return validated;
  return (
    unknownModelError(validated.request.model) ?? planMessages(incoming, validated.request, changes, world, requestId)
  );
}

function unknownModelError(model: string): AnthropicError | null {
  return isUnknownModel(model) ? anthropicError(404, 'not_found_error', `model: ${model}`) : null;
}

/** The body with the model of the address in it; Vertex wants a version there and no model. */
function vertexBody(incoming: Incoming): { readonly kind: 'body'; readonly body: unknown } | AnthropicError {
  const { json } = incoming;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { kind: 'body', body: json };
  const version: unknown = Reflect.get(json, 'anthropic_version');
  if (version === undefined) return invalidRequest('anthropic_version: Field required');
  if (version !== vertexVersion) return invalidRequest(`anthropic_version: Input should be '${vertexVersion}'`);
  const inPath = vertexPath.exec(incoming.path)?.[1];
  if (inPath !== vertexCounter && 'model' in json) return invalidRequest('model: Extra inputs are not permitted');
  const body: Record<string, unknown> = { model: inPath, ...json };
  Reflect.deleteProperty(body, 'anthropic_version');
  Reflect.deleteProperty(body, 'anthropic_beta');
  return { kind: 'body', body };
}

function hasBeta(incoming: Incoming): boolean {
  const inBody = fieldOf(incoming.json, 'anthropic_beta');
  return headerOf(incoming.headers, 'anthropic-beta') !== null || Array.isArray(inBody);
}

function credentialError(incoming: Incoming): AnthropicError | null {
  const key = headerOf(incoming.headers, 'x-api-key');
  const token = bearerOf(incoming);
  if ((key === null || key === '') && token === null)
    return anthropicError(401, 'authentication_error', 'x-api-key header is required');
  if (key !== null && key !== '')
    return isRefused(key) ? anthropicError(401, 'authentication_error', 'invalid x-api-key') : null;
  return isRefused(token ?? '') ? anthropicError(401, 'authentication_error', 'Invalid bearer token') : null;
}

function vertexToken(incoming: Incoming): string | null {
  const token = bearerOf(incoming);
  return token === null || isRefused(token) ? null : token;
}

function bearerOf(incoming: Incoming): string | null {
  return /^Bearer\s+(\S+)$/i.exec(headerOf(incoming.headers, 'authorization') ?? '')?.[1] ?? null;
}

/** Credentials the sandbox refuses, so that a refusal can be rehearsed. */
function isRefused(credential: string): boolean {
  return /^(?:sk-)?(?:ant-)?invalid/.test(credential);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
