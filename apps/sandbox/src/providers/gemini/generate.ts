import { createHash } from 'node:crypto';
import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { DialectChanges, DialectWorld } from '../dialect.js';
import { promptTokensOf } from '../openai/prompt.js';
import { sealOf } from '../seal.js';
import { joinedText, type SpokenAnswer, speak, tokensOfCall } from '../spoken-answer.js';
import { type Door, signedContentOf, thoughtIssuer } from './conversation.js';
import { isThirdGeneration, thinkingTraitsOf } from './models.js';
import { spokenRequestOf } from './prompt.js';
import { type Reply, type ReplyPart, replyBody, replyFrames, textParts } from './reply.js';
import type { GenerateRequest } from './wire.js';

/** A prompt with these words is refused, as Google refuses one: without candidates. */
const blockedMark = 'sandbox:blocked';

export const googleHeaders = { 'x-sandbox': 'tollgate', server: 'scaffolding on HTTPServer2', vary: 'Origin' };

/** Answers a valid generateContent or streamGenerateContent. */
export function planGenerate(
  incoming: Incoming,
  request: GenerateRequest,
  door: Door,
  changes: DialectChanges,
  world: DialectWorld,
): ReplyPlan {
  const spoken = {
    request: spokenRequestOf(request, door.model),
    maxTokens: request.generationConfig?.maxOutputTokens ?? null,
    stop: request.generationConfig?.stopSequences ?? [],
    thinkingBudget: thinkingBudgetOf(request, door.model),
  };
  const isBlocked = JSON.stringify(request.contents?.at(-1)).includes(blockedMark);
  const answer = speak(spoken, isBlocked ? { ...changes, empty: { finish: null } } : changes);
  const account = createHash('sha256')
    .update(`${incoming.provider} ${door.model} ${credentialOf(incoming)}`)
    .digest('base64');
  const cachedTokens = world.promptCache.use(account, answer.cacheablePrefixes, incoming.atMs);
  const counts = {
    promptTokens: answer.promptTokens,
    cachedTokens,
    completionTokens: answer.completionTokens,
    reasoningTokens: answer.reasoningTokens,
  };
  const said = answer.completionTokens - answer.reasoningTokens;
  const usage = {
    promptTokens: answer.promptTokens,
    cachedTokens,
    candidatesTokens: said,
    thoughtsTokens: answer.reasoningTokens,
  };
  const reply: Reply = {
    model: door.model,
    responseId: world.newName(22),
    createTime: new Date(incoming.atMs).toISOString().replace('Z', '000Z'),
    parts: changes.empty === null && !isBlocked ? partsOf(answer, request, door, world) : [],
    finishReason: changes.empty === null ? (answer.finish === 'length' ? 'MAX_TOKENS' : 'STOP') : changes.empty.finish,
    usage: changes.omitUsage ? null : usage,
    isVertex: door.isVertex,
    isBlocked,
  };
  const base = { status: 200, counts, recordedUsage: null, isPaced: true, fault: faultOf(changes) };
  if (!incoming.isStream) {
    const frame = {
      payload: JSON.stringify(replyBody(reply), null, 2),
      tokens: said,
      carriesUsage: reply.usage !== null,
    };
    return {
      ...base,
      headers: { ...googleHeaders, 'content-type': 'application/json; charset=UTF-8' },
      framing: 'whole',
      frames: [frame],
    };
  }
  const form = streamFormOf(incoming);
  const contentType = form === 'sse' ? 'text/event-stream' : 'application/json; charset=UTF-8';
  return {
    ...base,
    headers: { ...googleHeaders, 'content-type': contentType },
    framing: 'events',
    frames: replyFrames(reply, form),
  };
}

/** `alt=sse` asks for server-sent events. */
export function streamFormOf(incoming: Incoming): 'sse' | 'array' {
  return queryOf(incoming).get('alt') === 'sse' ? 'sse' : 'array';
}

/** The query of the request target. */
export function queryOf(incoming: Incoming): URLSearchParams {
  return new URLSearchParams(/\?(.*)$/s.exec(incoming.target)?.[1] ?? '');
}

/** What countTokens answers. */
export function planCount(request: GenerateRequest, model: string): ReplyPlan {
  const totalTokens = promptTokensOf(spokenRequestOf(request, model)).length;
  return jsonPlan(200, googleHeaders, {
    totalTokens,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }],
  });
}

/** Thoughts when they are asked for, calls with a signature on the first only, or text with the signature on an empty part behind it. */
function partsOf(answer: SpokenAnswer, request: GenerateRequest, door: Door, world: DialectWorld): ReplyPart[] {
  const showsThoughts = request.generationConfig?.thinkingConfig?.includeThoughts === true;
  const isSigned = answer.thinking.length > 0 || (isThirdGeneration(door.model) && answer.calls.length > 0);
  const signatureFor = (part: Parameters<typeof signedContentOf>[0]): string =>
    sealOf(thoughtIssuer, signedContentOf(part), world.newName(24));
  const hasIds = isThirdGeneration(door.model) && !door.isVertex;
  const calls = answer.calls.map((call, index): ReplyPart => {
    const args: unknown = JSON.parse(joinedText(call.pieces) || '{}');
    const functionCall = { name: call.name, args, ...(hasIds ? { id: world.newName(8).toLowerCase() } : {}) };
    const signature =
      index === 0 && isSigned ? { thoughtSignature: signatureFor({ functionCall: { name: call.name } }) } : {};
    return { json: { functionCall, ...signature }, tokens: tokensOfCall(call), thinkingTokens: 0 };
  });
  const texts = textParts(answer.text, false);
  const signedEnd: ReplyPart = {
    json: { text: '', thoughtSignature: signatureFor({ text: '' }) },
    tokens: 0,
    thinkingTokens: 0,
  };
  return [
    ...(showsThoughts ? textParts(answer.thinking, true) : []),
    ...texts,
    ...(texts.length > 0 && isSigned ? [signedEnd] : []),
    ...calls,
  ];
}

function thinkingBudgetOf(request: GenerateRequest, model: string): number | null {
  const traits = thinkingTraitsOf(model);
  const config = request.generationConfig?.thinkingConfig;
  if (traits.kind === 'none' || config?.thinkingBudget === 0) return null;
  const isAsked = config?.thinkingLevel !== undefined || config?.thinkingBudget !== undefined;
  if (!traits.thinksUnasked && !isAsked) return null;
  const budget = config?.thinkingBudget ?? -1;
  return budget < 0 ? Number.POSITIVE_INFINITY : budget;
}

function credentialOf(incoming: Incoming): string {
  return (
    headerOf(incoming.headers, 'x-goog-api-key') ??
    headerOf(incoming.headers, 'authorization') ??
    queryOf(incoming).get('key') ??
    ''
  );
}

function faultOf(changes: DialectChanges): string | null {
  if (changes.empty !== null) return 'empty';
  return changes.omitUsage ? 'omit_usage' : null;
}
