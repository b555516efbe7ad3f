import type { ReplyFacts, ReplyOptions } from '../canonical/codec.js';
import { object, text } from '../canonical/json-read.js';
import type { Loss } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import type { Finish } from '../finish.js';
import { openaiTier } from '../openai-tier.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { encodeRequest } from './encode-request.js';
import { encodeFinish } from './finish.js';
import { callerFacts } from './request.js';
import { usageText } from './usage.js';

/** What changes in the response object while an answer is made; the rest repeats the request. */
export interface ResponseState {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  readonly reason: string | null;
  readonly error: JsonObject | null;
  readonly output: readonly JsonObject[];
  /** null: as the caller asked */
  readonly serviceTier: string | null;
  /** `usage` as JSON text */
  readonly usage: string;
  /** members some vendors add beside these (content_filters, moderation) */
  readonly more: JsonObject;
}

export const IN_PROGRESS: ResponseState = {
  status: 'in_progress',
  reason: null,
  error: null,
  output: [],
  serviceTier: null,
  usage: 'null',
  more: {},
};

/** How an answer that was not broken off ended. */
export function endedState(
  finish: Finish | null,
  facts: ReplyFacts,
  state: Pick<ResponseState, 'output' | 'serviceTier' | 'more'>,
): ResponseState {
  const { status, reason } = encodeFinish(finish);
  const error = status === 'failed' ? { code: 'server_error', message: 'The answer ended with an error.' } : null;
  return { ...state, status, reason, error, usage: usageText(facts.usage, facts.cost) };
}

export function responseId(requestId: string): string {
  return `resp_${requestId}`;
}

/** The response object as JSON text, member by member as OpenAI writes it. Only `usage` is put together by hand, for the cost's digits. */
export function responseText(options: ReplyOptions, state: ResponseState, losses: readonly Loss[] = []): string {
  const echo = echoOf(options.request);
  const head = {
    id: responseId(options.requestId),
    object: 'response',
    created_at: options.created,
    status: state.status,
    background: false,
    // A codec has no clock, and OpenRouter's SDK misses the member.
    completed_at: null,
    error: state.error,
    frequency_penalty: echo['frequency_penalty'] ?? 0,
    incomplete_details: state.reason === null ? null : { reason: state.reason },
    instructions: echo['instructions'] ?? null,
    max_output_tokens: echo['max_output_tokens'] ?? null,
    max_tool_calls: echo['max_tool_calls'] ?? null,
    model: options.model,
    output: state.output,
    parallel_tool_calls: echo['parallel_tool_calls'] ?? true,
    presence_penalty: echo['presence_penalty'] ?? 0,
    previous_response_id: callerFacts(options.request)?.previousResponseId ?? null,
    prompt_cache_key: echo['prompt_cache_key'] ?? null,
    prompt_cache_retention: echo['prompt_cache_retention'] ?? null,
    reasoning: { effort: null, summary: null, ...object(echo['reasoning']) },
    safety_identifier: echo['safety_identifier'] ?? null,
    service_tier: tierOf(echo, state),
    store: callerFacts(options.request)?.store ?? true,
    temperature: echo['temperature'] ?? 1,
    text: { format: { type: 'text' }, verbosity: 'medium', ...object(echo['text']) },
    tool_choice: echo['tool_choice'] ?? 'auto',
    tools: echo['tools'] ?? [],
    top_logprobs: echo['top_logprobs'] ?? 0,
    top_p: echo['top_p'] ?? 1,
    truncation: echo['truncation'] ?? 'disabled',
  };
  const tail = {
    user: echo['user'] ?? null,
    metadata: echo['metadata'] ?? {},
    ...state.more,
    ...(losses.length === 0 ? {} : { tollgate: { losses: losses.map(({ field }) => field) } }),
  };
  return `${JSON.stringify(head).slice(0, -1)},"usage":${state.usage},${JSON.stringify(tail).slice(1)}`;
}

/** While it is made, a response tells the tier that was asked for; ended, the one it was made in. */
function tierOf(echo: JsonObject, state: ResponseState): string {
  const asked = text(echo['service_tier']) ?? 'auto';
  if (state.status === 'in_progress') return asked;
  const served = state.serviceTier === null ? null : openaiTier(state.serviceTier);
  return served ?? (asked === 'auto' ? 'default' : asked);
}

const ENCODED = { model: '', quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };

/** The caller's own members; of a request that was not read from this dialect, what it would look like here. */
function echoOf(request: CanonicalRequest): JsonObject {
  const facts = callerFacts(request);
  if (facts !== null) return facts.body;
  const encoded = encodeRequest(request, ENCODED);
  return encoded.ok ? encoded.value.body : {};
}
