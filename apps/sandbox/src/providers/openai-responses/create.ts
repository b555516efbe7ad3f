import { createHash } from 'node:crypto';
import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { DialectChanges, DialectWorld } from '../dialect.js';
import { vendorHeaders } from '../openai/chat-completions.js';
import { invalidRequest, type WireError, wireError } from '../openai/errors.js';
import { promptTokensOf } from '../openai/prompt.js';
import { type SpokenAnswer, speak } from '../spoken-answer.js';
import { encryptReasoning } from './encrypted-content.js';
import { spokenRequestOf } from './prompt.js';
import { type Reply, type ReplyItem, responseObject } from './response.js';
import { responseFrames } from './stream.js';
import { thinks } from './validate.js';
import type { ResponsesRequest } from './wire.js';

/** The sandbox keeps no responses: what would continue a kept one is not found. */
export function keptError(request: ResponsesRequest): WireError | null {
  if (request.previous_response_id != null)
    return wireError(
      404,
      `Previous response with id '${request.previous_response_id}' not found.`,
      'invalid_request_error',
      'previous_response_id',
      'previous_response_not_found',
    );
  const conversation = typeof request.conversation === 'string' ? request.conversation : request.conversation?.id;
  if (conversation !== undefined)
    return wireError(404, `Conversation with id '${conversation}' not found.`, 'invalid_request_error', null, null);
  if (request.prompt != null)
    return wireError(
      404,
      `Prompt with id '${request.prompt.id}' not found.`,
      'invalid_request_error',
      'prompt',
      'prompt_not_found',
    );
  return request.background === true
    ? invalidRequest(
        'Background mode is not available: the sandbox keeps no responses.',
        'background',
        'unsupported_value',
      )
    : null;
}

/** Answers a valid request. */
export function planResponse(
  incoming: Incoming,
  request: ResponsesRequest,
  changes: DialectChanges,
  world: DialectWorld,
  requestId: string,
): ReplyPlan {
  const spoken = {
    request: spokenRequestOf(request),
    maxTokens: request.max_output_tokens ?? null,
    stop: [],
    thinkingBudget: thinks(request) ? Number.POSITIVE_INFINITY : null,
  };
  const answer = speak(spoken, changes);
  const account = createHash('sha256')
    .update(`${incoming.provider} ${request.model} ${headerOf(incoming.headers, 'authorization') ?? ''}`)
    .digest('base64');
  const cachedTokens = world.promptCache.use(account, answer.cacheablePrefixes, incoming.atMs);
  const { promptTokens, completionTokens, reasoningTokens } = answer;
  const usage = { inputTokens: promptTokens, cachedTokens, outputTokens: completionTokens, reasoningTokens };
  const reply: Reply = {
    id: `resp_${hexOf(world)}`,
    createdSeconds: Math.floor(incoming.atMs / 1_000),
    provider: incoming.provider,
    request,
    items: changes.empty === null ? itemsOf(answer, incoming.provider, request, world) : [],
    incompleteReason: changes.empty?.finish ?? (answer.finish === 'length' ? 'max_output_tokens' : null),
    usage: changes.omitUsage ? null : usage,
  };
  const counts = { promptTokens, cachedTokens, completionTokens, reasoningTokens };
  const base = { status: 200, counts, recordedUsage: null, isPaced: true, fault: faultOf(changes) };
  const headers = vendorHeaders(requestId, promptTokens);
  if (incoming.isStream) {
    return {
      ...base,
      headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
      framing: 'events',
      frames: responseFrames(reply),
    };
  }
  const frame = {
    payload: JSON.stringify(responseObject(reply, 'ended')),
    tokens: completionTokens - reasoningTokens,
    carriesUsage: reply.usage !== null,
  };
  return { ...base, headers: { ...headers, 'content-type': 'application/json' }, framing: 'whole', frames: [frame] };
}

/** What `responses/input_tokens` answers. */
export function planInputTokens(request: ResponsesRequest, requestId: string): ReplyPlan {
  const inputTokens = promptTokensOf(spokenRequestOf(request)).length;
  return jsonPlan(200, vendorHeaders(requestId, inputTokens), {
    object: 'response.input_tokens',
    input_tokens: inputTokens,
  });
}

function itemsOf(answer: SpokenAnswer, provider: string, request: ResponsesRequest, world: DialectWorld): ReplyItem[] {
  const items: ReplyItem[] = [];
  if (thinks(request)) {
    const id = `rs_${hexOf(world)}`;
    const wantsSummary = (request.reasoning?.summary ?? request.reasoning?.generate_summary) != null;
    const wantsEncrypted = (request.include ?? []).includes('reasoning.encrypted_content');
    items.push({
      kind: 'reasoning',
      id,
      summary: wantsSummary && answer.thinking.length > 0 ? answer.thinking : null,
      encrypted: wantsEncrypted ? encryptReasoning(provider, id, world.newName(24)) : null,
    });
  }
  for (const call of answer.calls)
    items.push({ kind: 'call', id: `fc_${hexOf(world)}`, callId: `call_${world.newName(24)}`, call });
  if (answer.text.length > 0 || (answer.calls.length === 0 && answer.finish !== 'length'))
    items.push({ kind: 'message', id: `msg_${hexOf(world)}`, pieces: answer.text });
  return items;
}

const idCharacters = 48;

/** A new id in hexadecimal, as the vendor's are. */
function hexOf(world: DialectWorld): string {
  return createHash('sha256').update(world.newName(32)).digest('hex').slice(0, idCharacters);
}

function faultOf(changes: DialectChanges): string | null {
  if (changes.empty !== null) return 'empty';
  return changes.omitUsage ? 'omit_usage' : null;
}
