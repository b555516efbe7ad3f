import type { PiecedCall } from '../openai/answer.js';
import { servedName } from '../openai/models.js';
import type { Piece } from '../openai/tokens.js';
import { joinedText } from '../spoken-answer.js';
import { thinks } from './validate.js';
import type { ResponsesRequest, Tool } from './wire.js';

/** An item of a reply before it is on the wire. */
export type ReplyItem =
  | {
      readonly kind: 'reasoning';
      readonly id: string;
      /** Null when no summary was asked for. */
      readonly summary: readonly Piece[] | null;
      readonly encrypted: string | null;
    }
  | { readonly kind: 'message'; readonly id: string; readonly pieces: readonly Piece[] }
  | { readonly kind: 'call'; readonly id: string; readonly callId: string; readonly call: PiecedCall };

/** Token counts as OpenAI reports them: the cache is inside the input, reasoning inside the output. */
export interface ReportedUsage {
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** Everything of a reply. Without `usage` the key is left out. */
export interface Reply {
  readonly id: string;
  readonly createdSeconds: number;
  readonly provider: string;
  readonly request: ResponsesRequest;
  readonly items: readonly ReplyItem[];
  /** Why the answer is not complete; null when it is. */
  readonly incompleteReason: string | null;
  readonly usage: ReportedUsage | null;
}

/** The response object at a moment: while it is made, or at its end. */
export function responseObject(reply: Reply, moment: 'in_progress' | 'ended'): Record<string, unknown> {
  const { request } = reply;
  const isEnded = moment === 'ended';
  const isWhole = reply.incompleteReason === null;
  return {
    id: reply.id,
    object: 'response',
    created_at: reply.createdSeconds,
    status: isEnded ? (isWhole ? 'completed' : 'incomplete') : 'in_progress',
    background: false,
    completed_at: isEnded && isWhole ? reply.createdSeconds + 1 : null,
    error: null,
    frequency_penalty: 0,
    incomplete_details: isEnded && !isWhole ? { reason: reply.incompleteReason } : null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    model: servedName(reply.provider, request.model),
    output: isEnded ? reply.items.map((item) => itemObject(item, isWhole ? 'completed' : 'incomplete')) : [],
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    presence_penalty: 0,
    previous_response_id: null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    prompt_cache_retention: request.prompt_cache_retention ?? 'in_memory',
    reasoning: reasoningOf(request),
    safety_identifier: request.safety_identifier ?? null,
    service_tier: isEnded ? 'default' : (request.service_tier ?? 'auto'),
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: { format: formatOf(request), verbosity: request.text?.verbosity ?? 'medium' },
    tool_choice: request.tool_choice ?? 'auto',
    tools: (request.tools ?? []).map(toolObject),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: request.truncation ?? 'disabled',
    ...(reply.usage === null ? {} : { usage: isEnded ? usageObject(reply.usage) : null }),
    user: request.user ?? null,
    metadata: request.metadata ?? {},
  };
}

function reasoningOf(request: ResponsesRequest): Record<string, unknown> {
  const effort = request.reasoning?.effort ?? (thinks(request) ? 'medium' : null);
  const asked = request.reasoning?.summary ?? request.reasoning?.generate_summary ?? null;
  return { effort, summary: asked === 'auto' ? 'detailed' : asked };
}

function formatOf(request: ResponsesRequest): Record<string, unknown> {
  const format = request.text?.format;
  if (format?.type !== 'json_schema') return { type: format?.type ?? 'text' };
  return {
    type: 'json_schema',
    description: format.description ?? null,
    name: format.name,
    schema: format.schema,
    strict: format.strict ?? false,
  };
}

function toolObject(tool: Tool): Record<string, unknown> {
  if (tool.type !== 'function') return { ...tool };
  const { name, description, parameters, strict } = tool;
  return {
    type: 'function',
    description: description ?? null,
    name,
    parameters: parameters ?? null,
    strict: strict ?? true,
  };
}

function usageObject(usage: ReportedUsage): Record<string, unknown> {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

/** An item as it stands in `output`; while it is made its text and arguments are empty. */
export function itemObject(
  item: ReplyItem,
  status: 'in_progress' | 'completed' | 'incomplete',
): Record<string, unknown> {
  const isMade = status !== 'in_progress';
  switch (item.kind) {
    case 'reasoning': {
      const summary = isMade && item.summary !== null ? [summaryPart(joinedText(item.summary))] : [];
      const encrypted = item.encrypted === null ? {} : { encrypted_content: item.encrypted };
      return { id: item.id, type: 'reasoning', content: [], ...encrypted, summary };
    }
    case 'message': {
      const content = isMade ? [outputTextPart(joinedText(item.pieces))] : [];
      return { id: item.id, type: 'message', status, content, role: 'assistant' };
    }
    case 'call': {
      const argumentsText = isMade ? joinedText(item.call.pieces) : '';
      return {
        id: item.id,
        type: 'function_call',
        status,
        arguments: argumentsText,
        call_id: item.callId,
        name: item.call.name,
      };
    }
  }
}

/** A part of a message. */
export function outputTextPart(text: string): Record<string, unknown> {
  return { type: 'output_text', annotations: [], logprobs: [], text };
}

/** A part of a summary. */
export function summaryPart(text: string): Record<string, unknown> {
  return { type: 'summary_text', text };
}
