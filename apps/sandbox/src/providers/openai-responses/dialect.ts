import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { Dialect, DialectChanges, DialectWorld } from '../dialect.js';
import { vendorHeaders } from '../openai/chat-completions.js';
import {
  errorOfStatus,
  incorrectKey,
  invalidRequest,
  invalidUrl,
  missingKey,
  unparsableBody,
  type WireError,
  wireError,
} from '../openai/errors.js';
import { isUnknownModel } from '../openai/models.js';
import { keptError, planInputTokens, planResponse } from './create.js';
import { validateResponses } from './validate.js';

/** OpenAI's Responses. Kept responses (`/responses/resp_…`) are all gone: the sandbox keeps none. */
export const openAiResponses: Dialect = {
  paths: /\/responses(?:\/input_tokens|\/resp_[^/]*(?:\/(?:cancel|input_items))?)?$/,
  plan(incoming, changes, world) {
    const requestId = `req_${world.newName(32)}`;
    const planned = planOrRefuse(incoming, changes, world, requestId);
    return 'frames' in planned ? planned : jsonPlan(planned.status, vendorHeaders(requestId, 0), planned.body);
  },
  errorOfStatus: (status) => ({ headers: {}, body: errorOfStatus(status).body }),
  errorEvent(given, name) {
    const error = given ?? errorOfStatus(500).body.error;
    const type: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'type') : undefined;
    // A rule may bring a whole event (`response.failed`), or only the error of an `error` event.
    if (typeof type === 'string' && /^(?:error|response\..+)$/.test(type))
      return `event: ${name ?? type}\ndata: ${JSON.stringify(error)}\n\n`;
    return `event: ${name ?? 'error'}\ndata: ${JSON.stringify({ type: 'error', sequence_number: 2, error })}\n\n`;
  },
  brokenEvent:
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","content_index":0,"delta":"\n\n',
};

function planOrRefuse(
  incoming: Incoming,
  changes: DialectChanges,
  world: DialectWorld,
  requestId: string,
): ReplyPlan | WireError {
  const refused = keyError(incoming);
  if (refused !== null) return refused;
  const keptId = /\/responses\/(resp_[^/]*)/.exec(incoming.path)?.[1];
  if (keptId !== undefined)
    return wireError(404, `Response with id '${keptId}' not found.`, 'invalid_request_error', null, null);
  if (incoming.method !== 'POST') return invalidUrl(incoming.method, incoming.path);
  if (incoming.json === undefined) return unparsableBody();
  const validated = validateResponses(incoming.json, { provider: incoming.provider, opensReasoning: true });
  if (validated.kind === 'error') return validated;
  const { request } = validated;
  if (isUnknownModel(request.model))
    return invalidRequest(`The requested model '${request.model}' does not exist.`, 'model', 'model_not_found');
  const gone = keptError(request);
  if (gone !== null) return gone;
  return incoming.path.endsWith('/input_tokens')
    ? planInputTokens(request, requestId)
    : planResponse(incoming, request, changes, world, requestId);
}

/** A bearer token, or Azure's `api-key`; those that start with `invalid` are refused. */
function keyError(incoming: Incoming): WireError | null {
  const token =
    /^Bearer\s+(\S+)$/i.exec(headerOf(incoming.headers, 'authorization') ?? '')?.[1] ??
    headerOf(incoming.headers, 'api-key');
  if (token === null || token === undefined || token === '') return missingKey();
  return /^(?:sk-)?invalid/.test(token) ? incorrectKey(token) : null;
}
