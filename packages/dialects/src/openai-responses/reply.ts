import type { DecodedReply, ReplyContext } from '../canonical/codec.js';
import { isObject, object, objects, parseJson, text } from '../canonical/json-read.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { ReplyChoice, TokenLogprob } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { syntheticCallId } from '../canonical/tool-call-id.js';
import { decodeInlineFailure } from '../openai-chat/provider-failure.js';
import { decodeFinish } from './finish.js';
import { decodeCall, decodeMessageParts, decodeOtherItem, decodeOutputContents, decodeReasoning } from './items.js';
import { decodeLogprobs } from './logprobs.js';
import { decodeResponseUsage } from './usage.js';
import { extrasOf } from './wire.js';

/** Reads a whole answer. What is no response (an error under 200, another object of the same path) is said to be so. */
export function decodeReply(body: Buffer, context: ReplyContext): DecodedReply {
  const value = parseJson(body.toString('utf8'));
  if (!isObject(value)) return { kind: 'unreadable', reason: 'the answer is not a JSON object' };
  const problem = problemOf(value);
  if (problem !== null) return problem;
  const choice = decodeOutput(value, new CallIds(context));
  return {
    kind: 'reply',
    reply: {
      choices: [choice],
      usage: decodeResponseUsage(value),
      serviceTier: text(value['service_tier']),
    },
  };
}

/** Why an object is no answer; null where it is one. Shared with the way that keeps bytes. */
export function problemOf(response: JsonObject): Exclude<DecodedReply, { kind: 'reply' }> | null {
  const error = response['error'];
  if (error !== undefined && error !== null && error !== false)
    return { kind: 'failed', error: decodeInlineFailure(isObject(error) ? { error } : response) };
  if (response['status'] === 'failed')
    return {
      kind: 'failed',
      error: decodeInlineFailure({ error: { message: 'The provider says the answer failed.' } }),
    };
  if (!Array.isArray(response['output'])) return { kind: 'unreadable', reason: 'the answer has no output' };
  const status = response['status'];
  if (status === 'queued' || status === 'in_progress')
    return { kind: 'unreadable', reason: `the answer is not finished (${status})` };
  return null;
}

function decodeOutput(response: JsonObject, callIds: CallIds): ReplyChoice {
  const items = objects(response['output']);
  const parts: Part[] = [];
  const logprobs: TokenLogprob[] = [];
  for (const [index, item] of items.entries()) {
    for (const part of decodeItem(item, isCall(item) ? callIds.of(item, index) : '')) parts.push(part);
    if (item['type'] === 'message')
      for (const content of objects(item['content']))
        for (const token of decodeLogprobs(content['logprobs'])) logprobs.push(token);
  }
  const { finish, raw } = decodeFinish(response, hasCalls(parts));
  return {
    index: 0,
    parts,
    finish,
    finishRaw: raw,
    stopSequence: null,
    logprobs: logprobs.length === 0 ? null : logprobs,
    ...extrasOf(replyFields(response)),
  };
}

/** What Azure and OpenAI say beside the output of one answer: verdicts about its content. */
export function replyFields(response: JsonObject): JsonObject | null {
  const fields: Record<string, unknown> = {};
  for (const name of ['content_filters', 'moderation'])
    if (object(response[name]) !== null || Array.isArray(response[name])) fields[name] = response[name];
  return Object.keys(fields).length === 0 ? null : fields;
}

export function hasCalls(parts: readonly Part[]): boolean {
  return parts.some(({ kind }) => kind === 'tool_call');
}

/** The parts of one item of an answer. Ids stay at the provider, but for the one a seal may be bound to. */
export function decodeItem(item: JsonObject, callId: string): Part[] {
  const type = text(item['type']) ?? '';
  switch (type) {
    case 'message':
      return decodeMessageParts(item, decodeOutputContents(item['content']), false);
    case 'reasoning': {
      const reasoning = decodeReasoning(item);
      return reasoning === null ? [] : [reasoning];
    }
    case 'function_call':
    case 'custom_tool_call':
      return [decodeCall(item, callId, false)];
    default:
      return [decodeOtherItem(item, type, false)];
  }
}

/**
 * Ids of an answer's calls: the provider's, and made up where there is none or where the conversation has it already (Bedrock counts `call_0`
 * anew in each answer: sent back, two results would answer one call).
 */
export class CallIds {
  readonly #context: ReplyContext;
  #taken: Set<string> | null = null;

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  of(item: JsonObject, position: number): string {
    const given = text(item['call_id']) ?? '';
    this.#taken ??= idsOf(this.#context.request);
    const isFree = given !== '' && !this.#taken.has(given);
    const id = isFree ? given : syntheticCallId(this.#context.requestId, position);
    this.#taken.add(id);
    return id;
  }
}

function idsOf({ messages }: CanonicalRequest): Set<string> {
  const ids = new Set<string>();
  for (const { parts } of messages) for (const part of parts) if (part.kind === 'tool_call') ids.add(part.id);
  return ids;
}

export function isCall(item: JsonObject): boolean {
  return item['type'] === 'function_call' || item['type'] === 'custom_tool_call';
}
