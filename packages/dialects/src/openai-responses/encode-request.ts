import { dropSaid, type Wish } from '../canonical/asking.js';
import type { Decoded, EncodedRequest, Target } from '../canonical/codec.js';
import { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { ReasoningEffort } from '../canonical/reasoning-effort.js';
import type { CanonicalRequest, OutputFormat, ReasoningOptions, Tool, ToolChoice } from '../canonical/request.js';
import { callersMessage, callersWord } from '../canonical/request-words.js';
import { openaiTier } from '../openai-tier.js';
import { encodeMessages } from './encode-input.js';
import { callerFacts } from './request.js';
import { encodeToolChoice, encodeTools } from './tools.js';
import { DIALECT, LOGPROBS_WANTED, OUTPUT_MIN, RequestProblem, refuse, SEALS_WANTED } from './wire.js';

export const PATH = '/responses';

/** Any request as one of this dialect. State stays ours (`store: false`), and seals are asked for, so that they can come back. */
export function encodeRequest(request: CanonicalRequest, target: Target): Decoded<EncodedRequest> {
  const losses = new Losses();
  try {
    const body = withoutRejected(encodeBody(request, target, losses), request, target, losses);
    return { ok: true, value: { path: PATH, body, headers: {}, losses: losses.list() } };
  } catch (problem) {
    if (problem instanceof RequestProblem) return { ok: false, failure: problem.failure };
    throw problem;
  }
}

function encodeBody(request: CanonicalRequest, target: Target, losses: Losses): JsonObject {
  const isOwn = request.dialect === DIALECT;
  const { reasoningReplayField, rejectedFields } = target.quirks;
  if (rejectedFields.includes('input[].content[].input_audio')) refuseAudio(request);
  const { instructions, input } = encodeMessages(request.messages, {
    pathOf: (index) => callersMessage(request, index),
    hasNoDeveloper: rejectedFields.includes('messages[].developer'),
    replaysThinking: reasoningReplayField !== null,
    losses,
  });
  dropSaid({ request, losses }, UNSAYABLE);
  const { allowed, wanted } = toolsAndChoice(request, rejectedFields.includes('tool_choice.allowed_tools'));
  const tools = encodeTools(allowed, isOwn, losses);
  const choice = wanted === null ? null : encodeToolChoice(wanted, request.tools, losses);
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

/** OpenAI's own models hear at another door of theirs. */
function refuseAudio(request: CanonicalRequest): void {
  for (const [index, { parts }] of request.messages.entries()) {
    const hasAudio = parts.some((part) => {
      if (part.kind === 'tool_result') return part.content.some(({ kind }) => kind === 'audio');
      return part.kind === 'audio';
    });
    if (hasAudio) refuse('unsupported_content', callersMessage(request, index), 'This model takes no audio.');
  }
}

/** Where a provider does not know `allowed_tools`, the others are not sent at all. */
function toolsAndChoice(
  { tools, toolChoice }: CanonicalRequest,
  hasNoAllowed: boolean,
): { readonly allowed: readonly Tool[]; readonly wanted: ToolChoice | null } {
  if (!hasNoAllowed || toolChoice?.kind !== 'allowed') return { allowed: tools, wanted: toolChoice };
  const names = new Set(toolChoice.names);
  const allowed = tools.filter((tool) => tool.kind === 'server' || names.has(tool.name));
  return { allowed, wanted: { kind: toolChoice.mode } };
}

function put(body: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== null && value !== undefined && value !== '') body[name] = value;
}

function putFilled(body: Record<string, unknown>, name: string, value: JsonObject): void {
  if (Object.keys(value).length > 0) body[name] = value;
}

/** What this dialect has no word for. */
const UNSAYABLE: readonly Wish[] = [
  'topK',
  'minP',
  'topA',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'repetitionPenalty',
  'logitBias',
  'stop',
  'choices',
  'modalities',
  'audioOutput',
  'cache',
];

/** Never above what the gateway allows; raised to the least OpenAI takes only where nothing forbids it. */
function outputMaximum(request: CanonicalRequest, { outputMax }: Target, losses: Losses): number | null {
  const asked = request.maxOutputTokens;
  if (asked === null) return outputMax;
  const allowed = Math.min(asked, outputMax ?? asked);
  if (allowed >= OUTPUT_MIN || (outputMax !== null && outputMax < OUTPUT_MIN)) return allowed;
  losses.approximated(callersWord(request.dialect, 'maxOutputTokens'));
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

function encodeTier({ serviceTier, dialect }: CanonicalRequest, losses: Losses): string | null {
  if (serviceTier === null || dialect === DIALECT) return serviceTier;
  const tier = openaiTier(serviceTier);
  if (tier === null) losses.dropped('service_tier');
  return tier;
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

/**
 * Quirks name members of the chat dialect too; those that are no members here say nothing. What the gateway itself does for a caller of this
 * dialect (storing, repeating labels in the answer) is not lost.
 */
function withoutRejected(body: JsonObject, request: CanonicalRequest, target: Target, losses: Losses): JsonObject {
  const rejected = target.quirks.rejectedFields.filter((name) => name in body);
  if (rejected.length === 0) return body;
  const kept: Record<string, unknown> = { ...body };
  for (const name of rejected) {
    delete kept[name];
    const isOurs = name === 'store' || (name === 'metadata' && request.dialect === DIALECT);
    if (!isOurs) losses.dropped(name);
  }
  return kept;
}
