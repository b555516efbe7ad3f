import { createHash } from 'node:crypto';
import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { DialectChanges, DialectWorld } from '../dialect.js';
import { sealOf } from '../seal.js';
import { type SpokenAnswer, speak } from '../spoken-answer.js';
import { useCache } from './cache.js';
import { redactedIssuer, thinkingIssuer } from './conversation.js';
import { servedName, traitsOf } from './models.js';
import { promptRowOf, spokenRequestOf } from './prompt.js';
import { type Reply, type ReplyBlock, type ReportedUsage, replyBody, replyFrames } from './reply.js';
import { vendorHeaders } from './vendor-headers.js';
import type { MessagesRequest } from './wire.js';

/** The vendor's own test phrases: thinking that comes redacted, and an answer that is refused. */
const redactedMarks = ['ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING', 'sandbox:redacted'];
const refusalMark = 'ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL';

/** Answers a valid `messages` request. */
export function planMessages(
  incoming: Incoming,
  request: MessagesRequest,
  changes: DialectChanges,
  world: DialectWorld,
  requestId: string,
): ReplyPlan {
  const isVertex = incoming.path.includes('/publishers/anthropic/');
  const { answer, blocks, stopReason } = answerOf(request, changes, world, isVertex);
  const row = promptRowOf(request);
  const account = createHash('sha256')
    .update(`${request.model} ${credentialOf(incoming)}`)
    .digest('base64');
  const cache = useCache(world.promptCache, account, row, traitsOf(request.model).leastCachedTokens, incoming.atMs);
  const promptTokens = row.tokens.length;
  const cacheWriteTokens = cache.written5mTokens + cache.written1hTokens;
  const usage: ReportedUsage = {
    inputTokens: promptTokens - cache.readTokens - cacheWriteTokens,
    cacheReadTokens: cache.readTokens,
    written5mTokens: cache.written5mTokens,
    written1hTokens: cache.written1hTokens,
    outputTokens: answer.completionTokens,
    thinkingTokens: answer.reasoningTokens,
  };
  const reply: Reply = {
    id: `msg_${isVertex ? 'vrtx_' : ''}01${world.newName(22)}`,
    model: servedName(request.model),
    blocks,
    stopReason,
    stopSequence: answer.stoppedBy,
    usage: changes.omitUsage ? null : usage,
    isVertex,
  };
  const counts = {
    promptTokens,
    cachedTokens: cache.readTokens,
    cacheWriteTokens,
    completionTokens: answer.completionTokens,
    reasoningTokens: answer.reasoningTokens,
  };
  const base = { status: 200, counts, recordedUsage: null, isPaced: true, fault: faultOf(changes) };
  const headers = vendorHeaders(requestId, isVertex);
  if (incoming.isStream) {
    return {
      ...base,
      headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
      framing: 'events',
      frames: replyFrames(reply),
    };
  }
  const payload = JSON.stringify(replyBody(reply));
  const tokens = answer.completionTokens - answer.reasoningTokens;
  return {
    ...base,
    headers: { ...headers, 'content-type': 'application/json' },
    framing: 'whole',
    frames: [{ payload, tokens, carriesUsage: reply.usage !== null }],
  };
}

/** What `count_tokens` answers. */
export function planCount(request: Parameters<typeof promptRowOf>[0], requestId: string, isVertex: boolean): ReplyPlan {
  return jsonPlan(200, vendorHeaders(requestId, isVertex), { input_tokens: promptRowOf(request).tokens.length });
}

function answerOf(
  request: MessagesRequest,
  changes: DialectChanges,
  world: DialectWorld,
  isVertex: boolean,
): { readonly answer: SpokenAnswer; readonly blocks: readonly ReplyBlock[]; readonly stopReason: string | null } {
  const spoken = {
    request: spokenRequestOf(request),
    maxTokens: request.max_tokens,
    stop: request.stop_sequences ?? [],
    thinkingBudget: thinkingBudgetOf(request),
  };
  const isRefused = JSON.stringify(request.messages.at(-1)).includes(refusalMark);
  const answer = speak(spoken, isRefused ? { ...changes, empty: { finish: 'refusal' } } : changes);
  const stopReason = isRefused ? 'refusal' : changes.empty !== null ? changes.empty.finish : stopReasons[answer.finish];
  const toolId = (): string => `toolu_${isVertex ? 'vrtx_' : ''}01${world.newName(22)}`;
  const blocks: ReplyBlock[] = [
    ...thinkingBlocks(request, answer, world),
    ...(answer.text.length > 0 ? [{ kind: 'text' as const, pieces: answer.text }] : []),
    ...answer.calls.map((call) => ({ kind: 'tool' as const, id: toolId(), call })),
  ];
  return { answer, blocks, stopReason };
}

const stopReasons: Readonly<Record<SpokenAnswer['finish'], string>> = {
  stop: 'end_turn',
  stop_sequence: 'stop_sequence',
  length: 'max_tokens',
  tool_calls: 'tool_use',
};

function thinkingBudgetOf({ thinking }: MessagesRequest): number | null {
  switch (thinking?.type) {
    case 'enabled':
      return thinking.budget_tokens;
    case 'adaptive':
      return Number.POSITIVE_INFINITY;
    default:
      return null;
  }
}

function thinkingBlocks(request: MessagesRequest, answer: SpokenAnswer, world: DialectWorld): ReplyBlock[] {
  if (answer.thinking.length === 0) return [];
  const nonce = world.newName(24);
  const isRedacted =
    /redacted/.test(request.model) || redactedMarks.some((mark) => JSON.stringify(request.messages).includes(mark));
  if (isRedacted) return [{ kind: 'redacted', data: sealOf(redactedIssuer, '', nonce) }];
  const display = request.thinking !== undefined && 'display' in request.thinking ? request.thinking.display : null;
  const isOmitted = (display ?? (traitsOf(request.model).isAdaptiveOnly ? 'omitted' : 'summarized')) === 'omitted';
  const pieces = isOmitted ? [] : answer.thinking;
  const text = pieces.map((piece) => piece.text).join('');
  return [{ kind: 'thinking', pieces, signature: sealOf(thinkingIssuer, text, nonce) }];
}

function credentialOf(incoming: Incoming): string {
  return headerOf(incoming.headers, 'x-api-key') ?? headerOf(incoming.headers, 'authorization') ?? '';
}

function faultOf(changes: DialectChanges): string | null {
  if (changes.empty !== null) return 'empty';
  return changes.omitUsage ? 'omit_usage' : null;
}
