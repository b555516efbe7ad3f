import { createHash } from 'node:crypto';
import { headerOf, type Incoming } from '../../attempt/incoming.js';
import type { Frame, ReplyPlan } from '../../attempt/reply-plan.js';
import { thinkingIssuer } from '../anthropic/conversation.js';
import type { DialectChanges, DialectWorld } from '../dialect.js';
import { opensSeal, sealOf } from '../seal.js';
import { joinedText, type SpokenAnswer, speak } from '../spoken-answer.js';
import { spokenOf } from './converse-question.js';
import { validateConverse } from './converse-rules.js';
import type { ConverseRequest } from './converse-wire.js';
import { type BedrockError, modelRefusal, unsupportedField } from './errors.js';
import { eventMessage } from './event-stream.js';
import { isOf } from './models.js';
import { requestHeaders } from './reply-headers.js';

/** Answers a Converse or ConverseStream request. */
export function planConverse(
  incoming: Incoming,
  changes: DialectChanges,
  world: DialectWorld,
): ReplyPlan | BedrockError {
  const model = incoming.model ?? '';
  const validated = validateConverse(model, incoming.json, incoming.isStream);
  if (validated.kind === 'error') return validated;
  const unsealed = sealErrors(model, validated.request);
  if (unsealed !== null) return unsealed;
  const answer = withStopQuirk(model, speak(spokenOf(model, validated.request), changes));
  const cache = cacheUse(incoming, validated.request, answer, world);
  const reply: Reply = { model, request: validated.request, answer, changes, cache, world };
  const base = {
    status: 200,
    counts: {
      promptTokens: answer.promptTokens,
      cachedTokens: cache?.read ?? 0,
      cacheWriteTokens: cache?.write ?? 0,
      completionTokens: answer.completionTokens,
      reasoningTokens: answer.reasoningTokens,
    },
    recordedUsage: null,
    isPaced: true,
    fault: changes.empty !== null ? 'empty' : changes.omitUsage ? 'omit_usage' : null,
  };
  if (incoming.isStream) {
    const headers = { ...requestHeaders(world), 'content-type': 'application/vnd.amazon.eventstream' };
    return { ...base, headers, framing: 'events', frames: streamFrames(reply) };
  }
  const headers = { ...requestHeaders(world), 'content-type': 'application/json' };
  const payload = JSON.stringify(replyBody(reply));
  return {
    ...base,
    headers,
    framing: 'whole',
    frames: [{ payload, tokens: answer.completionTokens - answer.reasoningTokens, carriesUsage: !changes.omitUsage }],
  };
}

interface Reply {
  readonly model: string;
  readonly request: ConverseRequest;
  readonly answer: SpokenAnswer;
  readonly changes: DialectChanges;
  readonly cache: CacheUse | null;
  readonly world: DialectWorld;
}

interface CacheUse {
  readonly read: number;
  readonly write: number;
}

/** Amazon's own models say the stop sequence and end their turn as usual; the others stop before it and name the reason. */
function withStopQuirk(model: string, answer: SpokenAnswer): SpokenAnswer {
  if (answer.stoppedBy === null || !isOf(model, 'amazon')) return answer;
  const piece = { text: answer.stoppedBy, tokens: 1 };
  return {
    ...answer,
    text: [...answer.text, piece],
    completionTokens: answer.completionTokens + piece.tokens,
    finish: 'stop',
    stoppedBy: null,
  };
}

/** Caching is only done where the request marks a cache point; what is not read is written, up to the last whole step. */
function cacheUse(
  incoming: Incoming,
  request: ConverseRequest,
  answer: SpokenAnswer,
  world: DialectWorld,
): CacheUse | null {
  if (!JSON.stringify(request).includes('"cachePoint"')) return null;
  const account = createHash('sha256')
    .update(`${incoming.model} ${headerOf(incoming.headers, 'authorization')?.split(',')[0] ?? ''}`)
    .digest('base64');
  const read = world.promptCache.use(account, answer.cacheablePrefixes, incoming.atMs);
  const cacheable = answer.cacheablePrefixes.length === 0 ? 0 : 1_024 + (answer.cacheablePrefixes.length - 1) * 128;
  return { read, write: cacheable - read };
}

function usageOf({ answer, cache }: Reply): Record<string, unknown> {
  const read = cache?.read ?? 0;
  const write = cache?.write ?? 0;
  return {
    inputTokens: answer.promptTokens - read - write,
    outputTokens: answer.completionTokens,
    totalTokens: answer.promptTokens + answer.completionTokens,
    ...(cache === null
      ? {}
      : {
          cacheReadInputTokenCount: read,
          cacheReadInputTokens: read,
          cacheWriteInputTokenCount: write,
          cacheWriteInputTokens: write,
        }),
  };
}

function stopReasonOf({ answer, changes }: Reply): string | null {
  if (changes.empty !== null) return changes.empty.finish;
  switch (answer.finish) {
    case 'stop':
      return 'end_turn';
    case 'stop_sequence':
      return 'stop_sequence';
    case 'length':
      return 'max_tokens';
    case 'tool_calls':
      return 'tool_use';
  }
}

/** A model's own response fields the caller asked for by JSON pointer; only the matched stop sequence exists here. */
function additionalFields({ request, answer, model }: Reply): Record<string, unknown> {
  const wanted = request.additionalModelResponseFieldPaths ?? [];
  return wanted.includes('/stop_sequence') && isOf(model, 'anthropic')
    ? { additionalModelResponseFields: { stop_sequence: answer.stoppedBy } }
    : {};
}

function replyBody(reply: Reply): Record<string, unknown> {
  const { answer, changes } = reply;
  return {
    metrics: { latencyMs: latencyMs(answer) },
    output: { message: { content: blocksOf(reply), role: 'assistant' } },
    stopReason: stopReasonOf(reply),
    ...additionalFields(reply),
    ...(changes.omitUsage ? {} : { usage: usageOf(reply) }),
  };
}

function latencyMs(answer: SpokenAnswer): number {
  return 50 + answer.completionTokens * 5;
}

function blocksOf(reply: Reply): unknown[] {
  const { answer, world } = reply;
  const text = joinedText(answer.text);
  const thinking = joinedText(answer.thinking);
  return [
    ...(thinking === ''
      ? []
      : [{ reasoningContent: { reasoningText: { ...signatureOf(reply, thinking), text: thinking } } }]),
    ...(text === '' ? [] : [{ text }]),
    ...answer.calls.map((call) => ({
      toolUse: { input: jsonOf(joinedText(call.pieces)), name: call.name, toolUseId: toolUseId(world) },
    })),
  ];
}

/** Only Claude signs its thoughts; its signatures hold on every platform that serves it. */
function signatureOf({ model, world }: Reply, thinking: string): { readonly signature?: string } {
  return isOf(model, 'anthropic') ? { signature: sealOf(thinkingIssuer, thinking, world.newName(24)) } : {};
}

/** Thoughts that come back in a history must be Claude's own, unchanged; other models take none that are signed. */
function sealErrors(model: string, request: ConverseRequest): BedrockError | null {
  for (const [index, message] of (request.messages ?? []).entries())
    for (const [at, block] of message.content.entries()) {
      const thought = block.reasoningContent?.reasoningText;
      if (thought === undefined) continue;
      if (!isOf(model, 'anthropic')) {
        if (thought.signature !== undefined) return unsupportedField('reasoningContent.reasoningText.signature');
        continue;
      }
      const place = `messages.${index}.content.${at}`;
      if (thought.signature === undefined) return modelRefusal(`${place}.thinking.signature: Field required`);
      if (!opensSeal(thinkingIssuer, thought.text, thought.signature))
        return modelRefusal(`${place}: Invalid \`signature\` in \`thinking\` block`);
    }
  return null;
}

function toolUseId(world: DialectWorld): string {
  return `tooluse_${world.newName(22)}`;
}

/** Arguments cut off by the token limit are no JSON; Bedrock then gives what it could read, which is nothing. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

interface Delta {
  readonly delta: unknown;
  readonly tokens: number;
  readonly thinkingTokens?: number;
}

/** The events of a stream. Text and thinking have no start event, only tool calls have; usage comes after the stop. */
function streamFrames(reply: Reply): Frame[] {
  const { answer, changes, world } = reply;
  const event = eventWriter();
  const frames: Frame[] = [event('messageStart', { role: 'assistant' })];
  let index = 0;
  const block = (opening: Frame[], deltas: readonly Delta[]): void => {
    frames.push(...opening);
    for (const { delta, tokens, thinkingTokens = 0 } of deltas)
      frames.push({ ...event('contentBlockDelta', { contentBlockIndex: index, delta }, tokens), thinkingTokens });
    frames.push(event('contentBlockStop', { contentBlockIndex: index }));
    index += 1;
  };
  if (answer.thinking.length > 0) {
    const { signature } = signatureOf(reply, joinedText(answer.thinking));
    const words = answer.thinking.map(({ text, tokens }) => ({
      delta: { reasoningContent: { text } },
      tokens: 0,
      thinkingTokens: tokens,
    }));
    block([], signature === undefined ? words : [...words, { delta: { reasoningContent: { signature } }, tokens: 0 }]);
  }
  if (answer.text.length > 0)
    block(
      [],
      answer.text.map(({ text, tokens }) => ({ delta: { text }, tokens })),
    );
  for (const call of answer.calls) {
    const start = { toolUse: { name: call.name, toolUseId: toolUseId(world) } };
    block(
      [event('contentBlockStart', { contentBlockIndex: index, start }, call.nameTokens)],
      call.pieces.map(({ text, tokens }) => ({ delta: { toolUse: { input: text } }, tokens })),
    );
  }
  frames.push(event('messageStop', { ...additionalFields(reply), stopReason: stopReasonOf(reply) }));
  const usage = changes.omitUsage ? {} : { usage: usageOf(reply) };
  const metadata = event('metadata', { metrics: { latencyMs: latencyMs(answer) }, ...usage });
  return [...frames, { ...metadata, carriesUsage: !changes.omitUsage }];
}

const paddingCharacters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Writes events with the padding `p` that Bedrock puts into each, of a length that has nothing to do with the text. */
function eventWriter(): (type: string, payload: Record<string, unknown>, tokens?: number) => Frame {
  let turn = 0;
  return (type, payload, tokens = 0) => {
    turn += 1;
    const p = paddingCharacters.slice(0, 3 + ((turn * 17) % 50));
    return { payload: eventMessage(type, { ...payload, p }), tokens, carriesUsage: false };
  };
}
