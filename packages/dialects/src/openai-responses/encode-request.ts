import type { Decoded, EncodedRequest, Target } from '../canonical/codec.js';
import { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest, OutputFormat, ReasoningEffort, ReasoningOptions } from '../canonical/request.js';
import { encodeMessages } from './encode-input.js';
import { callerFacts } from './request.js';
import { encodeToolChoice, encodeTools } from './tools.js';
import { DIALECT, LOGPROBS_WANTED, OUTPUT_MIN, RequestProblem, SEALS_WANTED } from './wire.js';

export const PATH = '/responses';

/** Any request as one of this dialect. State stays ours (`store: false`), and seals are asked for, so that they can come back. */
export function encodeRequest(request: CanonicalRequest, target: Target): Decoded<EncodedRequest> {
  const losses = new Losses();
  try {
    const body = withoutRejected(encodeBody(request, target, losses), target.quirks.rejectedFields, losses);
    return { ok: true, value: { path: PATH, body, headers: {}, losses: losses.list() } };
  } catch (problem) {
    if (problem instanceof RequestProblem) return { ok: false, failure: problem.failure };
    throw problem;
  }
}

function encodeBody(request: CanonicalRequest, target: Target, losses: Losses): JsonObject {
  const isOwn = request.dialect === DIALECT;
  const replaysThinking = target.quirks.reasoningReplayField !== null;
  const { instructions, input } = encodeMessages(request.messages, { replaysThinking, losses });
  nameLostParameters(request, losses);
  const tools = encodeTools(request.tools, isOwn, losses);
  const choice = request.toolChoice === null ? null : encodeToolChoice(request.toolChoice, request.tools, losses);
  const maximum = outputMaximum(request, target, losses);
  const body: Record<string, unknown> = { model: target.model };
  put(body, 'instructions', instructions);
  body['input'] = input;
  if (tools.length > 0) body['tools'] = tools;
  put(body, 'tool_choice', choice);
  put(body, 'parallel_tool_calls', request.parallelToolCalls);
  putFilled(body, 'text', encodeText(request));
  putFilled(body, 'reasoning', encodeReasoning(request.reasoning, losses));
  put(body, 'max_output_tokens', maximum);
  put(body, 'temperature', request.sampling.temperature);
  put(body, 'top_p', request.sampling.topP);
  if (request.logprobs !== null && request.logprobs.top > 0) body['top_logprobs'] = request.logprobs.top;
  put(body, 'service_tier', encodeTier(request, losses));
  put(body, 'prompt_cache_key', request.promptCacheKey);
  putFilled(body, 'metadata', request.metadata);
  put(body, 'user', request.user);
  putSafetyIdentifier(body, target);
  putExtras(body, request, losses);
  putIncludes(body, request, target);
  body['store'] = false;
  if (request.isStream) body['stream'] = true;
  return body;
}

function put(body: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== null && value !== undefined && value !== '') body[name] = value;
}

function putFilled(body: Record<string, unknown>, name: string, value: JsonObject): void {
  if (Object.keys(value).length > 0) body[name] = value;
}

/** What this dialect has no word for. */
function nameLostParameters(request: CanonicalRequest, losses: Losses): void {
  const { sampling } = request;
  const absent: readonly (readonly [string, boolean])[] = [
    ['top_k', sampling.topK !== null],
    ['min_p', sampling.minP !== null],
    ['top_a', sampling.topA !== null],
    ['seed', sampling.seed !== null],
    ['frequency_penalty', sampling.frequencyPenalty !== null],
    ['presence_penalty', sampling.presencePenalty !== null],
    ['repetition_penalty', sampling.repetitionPenalty !== null],
    ['logit_bias', sampling.logitBias !== null],
    ['stop', request.stop.length > 0],
    ['n', request.choices > 1],
    ['modalities', request.modalities.some((modality) => modality !== 'text')],
    ['audio', request.audioOutput !== null],
    ['cache_control', request.cache !== null],
  ];
  for (const [name, isAsked] of absent) if (isAsked) losses.dropped(name);
}

/** Never above what the gateway allows; raised to the least OpenAI takes only where nothing forbids it. */
function outputMaximum(request: CanonicalRequest, { outputMax }: Target, losses: Losses): number | null {
  const asked = request.maxOutputTokens;
  if (asked === null) return outputMax;
  const allowed = Math.min(asked, outputMax ?? asked);
  if (allowed >= OUTPUT_MIN || (outputMax !== null && outputMax < OUTPUT_MIN)) return allowed;
  losses.approximated('max_output_tokens');
  return OUTPUT_MIN;
}

function encodeText({ format, verbosity }: CanonicalRequest): JsonObject {
  return {
    ...(format === null ? {} : { format: encodeFormat(format) }),
    ...(verbosity === null ? {} : { verbosity }),
  };
}

export function encodeFormat(format: OutputFormat): JsonObject {
  if (format.kind !== 'json_schema') return { type: format.kind };
  return {
    type: 'json_schema',
    name: format.name ?? 'response',
    ...(format.description === null ? {} : { description: format.description }),
    schema: format.schema,
    ...(format.strict === null ? {} : { strict: format.strict }),
  };
}

/** Budgets as efforts, where only a budget was given: about what the efforts spend. */
const EFFORT_BUDGETS: readonly (readonly [number, ReasoningEffort])[] = [
  [1_024, 'minimal'],
  [4_096, 'low'],
  [16_384, 'medium'],
];

export function encodeReasoning(reasoning: ReasoningOptions | null, losses: Losses): JsonObject {
  if (reasoning === null) return {};
  const effort = encodeEffort(reasoning, losses);
  const summary = reasoning.summary ?? (reasoning.isShown === true ? 'auto' : null);
  const isSummarised = summary !== null && summary !== 'none' && reasoning.isShown !== false;
  return { ...(effort === null ? {} : { effort }), ...(isSummarised ? { summary } : {}) };
}

function encodeEffort({ effort, budgetTokens, isEnabled }: ReasoningOptions, losses: Losses): string | null {
  if (effort === 'max') {
    losses.approximated('reasoning.effort');
    return 'xhigh';
  }
  if (effort !== null) return effort;
  if (isEnabled === false) return 'none';
  if (budgetTokens === null) return null;
  losses.approximated('reasoning.budget_tokens');
  return EFFORT_BUDGETS.find(([most]) => budgetTokens <= most)?.[1] ?? 'high';
}

const TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'priority', 'scale']);

function encodeTier({ serviceTier, dialect }: CanonicalRequest, losses: Losses): string | null {
  if (serviceTier === null || dialect === DIALECT || TIERS.has(serviceTier)) return serviceTier;
  losses.dropped('service_tier');
  return null;
}

function putSafetyIdentifier(body: Record<string, unknown>, { quirks, safetyIdentifier }: Target): void {
  const field = quirks.safetyIdentifierField;
  if (safetyIdentifier === null || field === null) return;
  delete body['user'];
  if (field !== 'metadata.user_id') body[field] = safetyIdentifier;
}

function putExtras(body: Record<string, unknown>, { extras }: CanonicalRequest, losses: Losses): void {
  losses.extras(extras, DIALECT, '');
  if (extras?.dialect !== DIALECT) return;
  for (const name in extras.fields) {
    const dot = name.indexOf('.');
    if (dot === -1) body[name] = extras.fields[name];
    else {
      const owner = name.slice(0, dot);
      body[owner] = { ...(body[owner] as JsonObject | undefined), [name.slice(dot + 1)]: extras.fields[name] };
    }
  }
}

function putIncludes(body: Record<string, unknown>, request: CanonicalRequest, target: Target): void {
  const asked = Array.isArray(body['include']) ? (body['include'] as readonly unknown[]) : [];
  const wanted = [...asked];
  if (request.logprobs !== null) wanted.push(LOGPROBS_WANTED);
  if (mayReason(request, target.model)) wanted.unshift(SEALS_WANTED);
  if (wanted.length > 0) body['include'] = wanted;
}

/**
 * Models that think whether they are asked to or not, by their names: the others answer 400 to a wish for encrypted reasoning. `…-chat-latest`
 * does not think.
 */
const THINKERS = /(^|[/.:])(o[1-9]|gpt-(?:[5-9]|oss)|codex|computer-use|grok-(?:[4-9]|3-mini|code))(?!.*-chat(?:-|$))/i;

/** Whether reasoning may be in the answer: it is asked for, it is in the history, or the model is known for it. */
export function mayReason(request: CanonicalRequest, model: string): boolean {
  const { reasoning } = request;
  if (callerFacts(request)?.wantsSeals === true) return true;
  if (reasoning?.isEnabled === false || reasoning?.effort === 'none') return false;
  if (THINKERS.test(model) || (reasoning !== null && (reasoning.effort !== null || reasoning.budgetTokens !== null)))
    return true;
  return request.messages.some(({ parts }) =>
    parts.some((part) => part.kind === 'reasoning' && part.seal?.dialect === DIALECT),
  );
}

/** Quirks name members of the chat dialect too; those that are no members here say nothing. */
function withoutRejected(body: JsonObject, rejected: readonly string[], losses: Losses): JsonObject {
  if (!rejected.some((name) => name in body)) return body;
  const kept: Record<string, unknown> = { ...body };
  for (const name of rejected) {
    if (!(name in kept)) continue;
    delete kept[name];
    if (name !== 'store') losses.dropped(name);
  }
  return kept;
}
