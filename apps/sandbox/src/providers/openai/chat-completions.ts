import { createHash } from 'node:crypto';
import type { Incoming } from '../../attempt/incoming.js';
import { headerOf } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import { type Answer, answerTo } from './answer.js';
import { incorrectKey, invalidUrl, missingKey, modelNotFound, unparsableBody, type WireError } from './errors.js';
import { isReasoningModel, isUnknownModel, modelList, servedName } from './models.js';
import { questionOf } from './prompt.js';
import type { PromptCache } from './prompt-cache.js';
import { type ReplyIdentity, replyBody } from './reply.js';
import { type StreamStyle, streamFrames } from './stream.js';
import { validateChatRequest } from './validate.js';
import type { ChatRequest, TokenCounts } from './wire.js';

/** What rules may change about an answer. */
export interface AnswerChanges {
  readonly omitUsage: boolean;
  /** Answer with the words of the question. */
  readonly echo: boolean;
  /** Answer with nothing, and finish with this reason. */
  readonly empty: { readonly finish: string | null } | null;
}

/** What a provider of the OpenAI dialect needs from its surroundings. */
export interface OpenAiWorld {
  readonly promptCache: PromptCache;
  /** A new random name of so many characters. */
  readonly newName: (characters: number) => string;
}

/** Answers any request to a provider that speaks OpenAI's dialect. */
export function planOpenAiReply(incoming: Incoming, changes: AnswerChanges, world: OpenAiWorld): ReplyPlan {
  const requestId = `req_${world.newName(32)}`;
  const refused = keyError(incoming);
  if (refused !== null) return errorPlan(refused, requestId);
  if (incoming.method === 'GET' && incoming.path === '/v1/models')
    return jsonPlan(200, vendorHeaders(requestId, 0), modelList(incoming.provider));
  if (incoming.method !== 'POST' || incoming.path !== '/v1/chat/completions')
    return errorPlan(invalidUrl(incoming.method, incoming.path), requestId);
  if (incoming.json === undefined) return errorPlan(unparsableBody(), requestId);
  const validated = validateChatRequest(incoming.json, incoming.provider === 'openai');
  if (validated.kind === 'error') return errorPlan(validated, requestId);
  if (isUnknownModel(validated.request.model)) return errorPlan(modelNotFound(validated.request.model), requestId);
  return planChatCompletion(incoming, validated.request, changes, world, requestId);
}

function planChatCompletion(
  incoming: Incoming,
  request: ChatRequest,
  changes: AnswerChanges,
  world: OpenAiWorld,
  requestId: string,
): ReplyPlan {
  const answer = changedAnswer(request, changes);
  const account = createHash('sha256')
    .update(`${incoming.provider} ${request.model} ${headerOf(incoming.headers, 'authorization') ?? ''}`)
    .digest('base64');
  const cachedTokens = world.promptCache.use(account, answer.cacheablePrefixes, incoming.atMs);
  const counts: TokenCounts = {
    promptTokens: answer.promptTokens,
    cachedTokens,
    completionTokens: answer.completionTokens,
    reasoningTokens: answer.reasoningTokens,
  };
  const reported = changes.omitUsage ? null : counts;
  const identity = identityOf(incoming, request, world);
  const style = styleOf(request, changes);
  const base = { status: 200, counts, recordedUsage: null, isPaced: true, fault: faultOf(changes) };
  const headers = vendorHeaders(requestId, answer.promptTokens);
  if (request.stream === true) {
    const frames = streamFrames(answer, identity, reported, style);
    return {
      ...base,
      headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
      framing: 'events',
      frames,
    };
  }
  const payload = JSON.stringify(replyBody(answer, identity, reported, style));
  const tokens = answer.completionTokens - answer.reasoningTokens;
  return {
    ...base,
    headers: { ...headers, 'content-type': 'application/json' },
    framing: 'whole',
    frames: [{ payload, tokens, carriesUsage: reported !== null }],
  };
}

function changedAnswer(request: ChatRequest, changes: AnswerChanges): Answer {
  if (changes.empty !== null) {
    const answer = answerTo({ ...request, reasoning_effort: 'none' }, { text: '' });
    return { ...answer, reasoningTokens: 0, completionTokens: 0 };
  }
  return answerTo(request, changes.echo ? { text: questionOf(request.messages).prompt } : null);
}

function faultOf(changes: AnswerChanges): string | null {
  if (changes.empty !== null) return 'empty';
  return changes.omitUsage ? 'omit_usage' : null;
}

function identityOf(incoming: Incoming, request: ChatRequest, world: OpenAiWorld): ReplyIdentity {
  const callIds = new Map<string, string>();
  return {
    id: `chatcmpl-${world.newName(29)}`,
    createdSeconds: Math.floor(incoming.atMs / 1_000),
    model: servedName(incoming.provider, request.model),
    fingerprint: 'fp_sandbox',
    callId(choiceIndex, callIndex) {
      const key = `${choiceIndex} ${callIndex}`;
      const id = callIds.get(key) ?? `call_${world.newName(24)}`;
      callIds.set(key, id);
      return id;
    },
  };
}

function styleOf(request: ChatRequest, changes: AnswerChanges): StreamStyle {
  return {
    includeUsage: request.stream_options?.include_usage === true && !changes.omitUsage,
    includeObfuscation: request.stream_options?.include_obfuscation !== false,
    logprobs: request.logprobs === true,
    topLogprobs: request.top_logprobs ?? 0,
    writesNullLogprobs: !isReasoningModel(request.model),
    finishOverride: changes.empty,
  };
}

/** Servers of one's own machine ask for no key. */
const keyless: ReadonlySet<string> = new Set(['llama-cpp', 'lmstudio', 'ollama', 'vllm']);

/** What is wrong with the credential of a request; null when it may pass. Azure has a header of its own for it. */
export function keyError(incoming: Incoming): WireError | null {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headerOf(incoming.headers, 'authorization') ?? '')?.[1];
  const token = bearer ?? (incoming.provider === 'azure' ? headerOf(incoming.headers, 'api-key') : null);
  if (token === null) return keyless.has(incoming.provider) ? null : missingKey();
  return /^(sk-)?invalid/.test(token) ? incorrectKey(token) : null;
}

function errorPlan(error: WireError, requestId: string): ReplyPlan {
  return jsonPlan(error.status, vendorHeaders(requestId, 0), error.body);
}

const requestLimit = 10_000;
const tokenLimit = 2_000_000;

/** The headers OpenAI sends with every answer. `x-sandbox` says that it is not OpenAI. */
export function vendorHeaders(requestId: string, promptTokens: number): Record<string, string> {
  return {
    'x-request-id': requestId,
    'x-sandbox': 'tollgate',
    'openai-processing-ms': '12',
    'openai-version': '2020-10-01',
    'openai-organization': 'sandbox',
    'x-ratelimit-limit-requests': String(requestLimit),
    'x-ratelimit-limit-tokens': String(tokenLimit),
    'x-ratelimit-remaining-requests': String(requestLimit - 1),
    'x-ratelimit-remaining-tokens': String(Math.max(0, tokenLimit - promptTokens)),
    'x-ratelimit-reset-requests': '6ms',
    'x-ratelimit-reset-tokens': '0s',
  };
}
