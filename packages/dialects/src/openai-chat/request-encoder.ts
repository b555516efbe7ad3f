import { outputMaxOf } from '../canonical/asking.js';
import type { Decoded, EncodedRequest, Target } from '../canonical/codec.js';
import { type Loss, Losses } from '../canonical/loss.js';
import type { DialectId, JsonObject } from '../canonical/part.js';
import type { ReasoningEffort } from '../canonical/reasoning-effort.js';
import type { CanonicalRequest, Message, OutputFormat, ReasoningOptions } from '../canonical/request.js';
import { callersMessage } from '../canonical/request-words.js';
import { openaiTier } from '../openai-tier.js';
import type { ProviderQuirks } from '../provider-quirks.js';
import { ROUTING_FIELDS } from '../routing-wish.js';
import { WireWriter } from './content-encoder.js';
import { CHAT_STYLE, encodeMessages, type MessageStyle, type PlacedMessage } from './messages-encoder.js';
import { encodeTools } from './tools.js';

/** What is other about a wire of this family. */
export interface RequestStyle extends MessageStyle {
  readonly dialect: DialectId;
  readonly path: string;
  /** the wire's own names of parameters */
  readonly seedField: 'seed' | 'random_seed';
}

const OPENAI_STYLE: RequestStyle = {
  ...CHAT_STYLE,
  dialect: 'openai-chat',
  path: '/chat/completions',
  seedField: 'seed',
};

/** A canonical request as the body for one provider: what it rejects is left out and told (provider-quirks.ts). */
export function encodeRequest(request: CanonicalRequest, target: Target): Decoded<EncodedRequest> {
  const isCallersWire = request.dialect === 'openai-chat';
  return encodeRequestAs({ ...OPENAI_STYLE, isCallersWire }, request, target);
}

export function encodeRequestAs(
  style: RequestStyle,
  request: CanonicalRequest,
  target: Target,
): Decoded<EncodedRequest> {
  const losses = new Losses();
  const writer = new WireWriter(
    { dialect: style.dialect, model: target.model, joinsTexts: request.dialect !== 'openai-chat' },
    target.quirks,
    losses,
  );
  const format = encodeFormat(writer, request.format);
  const members: JsonObject = {
    model: target.model,
    messages: encodeMessages(writer, withInstruction(placed(request), format.instruction), style),
    ...streamMembers(request, target),
    ...encodeTools(writer, request.tools, request.toolChoice),
    ...optional('parallel_tool_calls', request.tools.length === 0 ? null : request.parallelToolCalls),
    ...format.members,
    ...samplingMembers(request, style),
    ...outputMembers(writer, request, target),
    ...reasoningMembers(writer, request.reasoning),
    ...accountMembers(writer, request, target),
    ...extraMembers(writer, request),
  };
  if (writer.failure !== null) return { ok: false, failure: writer.failure };
  const body = withoutRejected(writer, members);
  return { ok: true, value: { path: style.path, body, headers: {}, losses: losses.list() } };
}

/** The messages alone, for a body that is otherwise kept; null where the provider cannot take what stands in them. */
export function encodeHistory(
  request: CanonicalRequest,
  quirks: ProviderQuirks,
): { readonly messages: readonly JsonObject[]; readonly losses: readonly Loss[] } | null {
  const losses = new Losses();
  const writer = new WireWriter({ dialect: 'openai-chat', model: request.model, joinsTexts: false }, quirks, losses);
  const messages = encodeMessages(writer, placed(request), { ...CHAT_STYLE, isCallersWire: true });
  return writer.failure === null ? { messages, losses: losses.list() } : null;
}

function optional(name: string, value: unknown): JsonObject {
  return value === null || value === undefined ? {} : { [name]: value };
}

/**
 * What the gateway itself does for the caller is no loss: labels go into its log, usage is always reported, nothing is stored
 * elsewhere, and it chooses the models and providers itself.
 */
export const SERVED_BY_US: ReadonlySet<string> = new Set(['metadata', 'usage', 'store', ...ROUTING_FIELDS]);
const ROUTING: ReadonlySet<string> = new Set(ROUTING_FIELDS);

function withoutRejected(writer: WireWriter, members: JsonObject): JsonObject {
  const body: Record<string, unknown> = {};
  for (const name in members) {
    if (!isLeftOut(writer, name)) body[name] = members[name];
    else if (!SERVED_BY_US.has(name)) writer.losses.dropped(name);
  }
  return body;
}

/** Routes are ours; without a model and messages it is no request. */
function isLeftOut(writer: WireWriter, name: string): boolean {
  if (name === 'model' || name === 'messages') return false;
  return ROUTING.has(name) || writer.rejects(name);
}

function streamMembers(request: CanonicalRequest, { quirks }: Target): JsonObject {
  if (!request.isStream) return {};
  return { stream: true, ...(quirks.supportsStreamOptions ? { stream_options: { include_usage: true } } : {}) };
}

// --- format -------------------------------------------------------------------------------------------------------------

interface EncodedFormat {
  readonly members: JsonObject;
  /** what has to be said in words */
  readonly instruction: string | null;
}

function encodeFormat(writer: WireWriter, format: OutputFormat | null): EncodedFormat {
  if (format === null) return { members: {}, instruction: null };
  if (format.kind !== 'json_schema') return { members: { response_format: { type: format.kind } }, instruction: null };
  if (!writer.quirks.supportsJsonSchema) {
    writer.losses.approximated('response_format.json_schema');
    const instruction = `Answer only with JSON that is valid against this JSON Schema:\n${JSON.stringify(format.schema)}`;
    return { members: { response_format: { type: 'json_object' } }, instruction };
  }
  const schema: JsonObject = {
    name: format.name ?? 'response',
    ...optional('description', format.description),
    schema: format.schema,
    ...optional('strict', format.strict),
  };
  return { members: { response_format: { type: 'json_schema', json_schema: schema } }, instruction: null };
}

/** Behind the caller's own system text, so that a cached beginning stays one. */
function withInstruction(messages: readonly PlacedMessage[], instruction: string | null): readonly PlacedMessage[] {
  if (instruction === null) return messages;
  const first = messages.findIndex(({ message: { role } }) => role !== 'system' && role !== 'developer');
  const at = first === -1 ? messages.length : first;
  const said: Message = { role: 'system', parts: [{ kind: 'text', text: instruction }] };
  return [...messages.slice(0, at), { message: said, path: 'response_format' }, ...messages.slice(at)];
}

function placed(request: CanonicalRequest): readonly PlacedMessage[] {
  return request.messages.map((message, index) => ({ message, path: callersMessage(request, index) }));
}

// --- parameters ---------------------------------------------------------------------------------------------------------

function samplingMembers({ sampling, stop }: CanonicalRequest, { seedField }: RequestStyle): JsonObject {
  return {
    ...optional('temperature', sampling.temperature),
    ...optional('top_p', sampling.topP),
    ...optional('top_k', sampling.topK),
    ...optional('min_p', sampling.minP),
    ...optional('top_a', sampling.topA),
    ...optional('frequency_penalty', sampling.frequencyPenalty),
    ...optional('presence_penalty', sampling.presencePenalty),
    ...optional('repetition_penalty', sampling.repetitionPenalty),
    ...optional('logit_bias', sampling.logitBias),
    ...optional(seedField, sampling.seed),
    ...optional('stop', stop.length === 0 ? null : stop),
  };
}

/** OpenAI's reference allows four stop sequences; other vendors' requests may have more. */
const STOPS_MAX = 4;

function outputMembers(writer: WireWriter, request: CanonicalRequest, target: Target): JsonObject {
  const { quirks } = target;
  const isTooLong = request.stop.length > STOPS_MAX && request.dialect !== 'openai-chat';
  if (isTooLong) writer.losses.approximated('stop');
  return {
    ...optional(quirks.outputMaxField ?? 'max_tokens', outputMaxOf({ request, target })),
    ...(isTooLong ? { stop: request.stop.slice(0, STOPS_MAX) } : {}),
    ...optional('n', request.choices === 1 ? null : request.choices),
    ...logprobMembers(request.logprobs),
    ...optional('verbosity', request.verbosity),
    ...optional('modalities', modalitiesFor(writer, request.modalities)),
    ...optional('audio', request.audioOutput),
  };
}

/** Text alone is what everybody answers with: it needs no word, least of all to a provider that rejects the word. */
function modalitiesFor(writer: WireWriter, modalities: readonly string[]): readonly string[] | null {
  const isSilent = writer.rejects('modalities') && modalities.every((modality) => modality === 'text');
  return modalities.length === 0 || isSilent ? null : modalities;
}

function logprobMembers(logprobs: CanonicalRequest['logprobs']): JsonObject {
  if (logprobs === null) return {};
  return { logprobs: true, ...(logprobs.top === 0 ? {} : { top_logprobs: logprobs.top }) };
}

// --- thinking -----------------------------------------------------------------------------------------------------------

/** Whether the thinking is shown is decided where the answer is written for the client: it needs no word to the provider. */
function reasoningMembers(writer: WireWriter, reasoning: ReasoningOptions | null): JsonObject {
  if (reasoning === null) return {};
  const { isEnabled, effort, budgetTokens, summary, isShown } = reasoning;
  switch (writer.quirks.reasoningControl) {
    case 'reasoning': {
      const asked: JsonObject = {
        ...optional('effort', effort),
        ...optional('max_tokens', budgetTokens),
        ...optional('exclude', isShown === null ? null : !isShown),
        ...optional('enabled', isEnabled),
        ...optional('summary', summary),
      };
      return Object.keys(asked).length === 0 ? {} : { reasoning: asked };
    }
    case 'reasoning_effort':
      noteSummary(writer, summary);
      return optional('reasoning_effort', effortFor(writer, reasoning));
    case 'thinking':
      noteSummary(writer, summary);
      return thinkingSwitch(writer, reasoning);
    case 'enable_thinking':
      noteSummary(writer, summary);
      return thinkingBudget(writer, reasoning);
    case null:
      if (effort !== null || budgetTokens !== null || isEnabled !== null) writer.losses.dropped('reasoning');
      return {};
  }
}

function noteSummary(writer: WireWriter, summary: ReasoningOptions['summary']): void {
  if (summary !== null && summary !== 'none') writer.losses.dropped('reasoning.summary');
}

/** A budget as a word: OpenRouter's shares of a usual answer of 16,000 tokens. */
function effortFor(writer: WireWriter, { effort, budgetTokens, isEnabled }: ReasoningOptions): ReasoningEffort | null {
  if (effort === 'max') {
    writer.losses.approximated('reasoning.effort');
    return 'xhigh';
  }
  if (effort !== null) return effort;
  if (isEnabled === false) return 'none';
  if (budgetTokens === null) return null;
  writer.losses.approximated('reasoning.max_tokens');
  return effortOfBudget(budgetTokens);
}

function effortOfBudget(tokens: number): ReasoningEffort {
  if (tokens <= 0) return 'none';
  if (tokens <= 2_000) return 'low';
  return tokens <= 8_000 ? 'medium' : 'high';
}

function isThinking({ isEnabled, effort, budgetTokens }: ReasoningOptions): boolean | null {
  if (isEnabled === false || effort === 'none' || budgetTokens === 0) return false;
  return isEnabled === true || effort !== null || budgetTokens !== null ? true : null;
}

/** DeepSeek, GLM and Kimi: a switch, and an effort beside it. */
function thinkingSwitch(writer: WireWriter, reasoning: ReasoningOptions): JsonObject {
  const isOn = isThinking(reasoning);
  if (isOn === null) return {};
  if (!isOn) return { thinking: { type: 'disabled' } };
  if (reasoning.budgetTokens !== null) writer.losses.approximated('reasoning.max_tokens');
  const effort = reasoning.effort ?? (reasoning.budgetTokens === null ? null : effortOfBudget(reasoning.budgetTokens));
  return { thinking: { type: 'enabled' }, ...optional('reasoning_effort', effort) };
}

/** Tokens that an effort stands for where only tokens can be said. */
const BUDGETS: Readonly<Record<ReasoningEffort, number>> = {
  none: 0,
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 24_576,
  max: 32_768,
};

/** Qwen: a switch, and tokens beside it. */
function thinkingBudget(writer: WireWriter, reasoning: ReasoningOptions): JsonObject {
  const isOn = isThinking(reasoning);
  if (isOn === null) return {};
  if (!isOn) return { enable_thinking: false };
  if (reasoning.budgetTokens !== null) return { enable_thinking: true, thinking_budget: reasoning.budgetTokens };
  if (reasoning.effort === null) return { enable_thinking: true };
  writer.losses.approximated('reasoning.effort');
  return { enable_thinking: true, thinking_budget: BUDGETS[reasoning.effort] };
}

// --- account ------------------------------------------------------------------------------------------------------------

function accountMembers(
  writer: WireWriter,
  request: CanonicalRequest,
  { quirks, safetyIdentifier }: Target,
): JsonObject {
  const field = quirks.safetyIdentifierField;
  const hash =
    safetyIdentifier === null || field === null || field === 'metadata.user_id' ? null : { [field]: safetyIdentifier };
  return {
    ...optional('user', request.user),
    ...hash,
    ...(Object.keys(request.metadata).length === 0 ? {} : { metadata: request.metadata }),
    ...(quirks.supportsStore ? { store: false } : {}),
    ...optional('service_tier', tierOf(writer, request)),
    ...optional('prompt_cache_key', request.promptCacheKey),
    ...(request.cache === null ? {} : { cache_control: { type: 'ephemeral', ...optional('ttl', request.cache.ttl) } }),
  };
}

/** Callers of this dialect know their provider's tiers. */
function tierOf(writer: WireWriter, { serviceTier, dialect }: CanonicalRequest): string | null {
  if (serviceTier === null || dialect === 'openai-chat') return serviceTier;
  const tier = openaiTier(serviceTier);
  if (tier === null) writer.losses.dropped('service_tier');
  return tier;
}

/** What only this dialect knows goes back into it, under the names it came with; a web plugin and other plugins are one list again. */
function extraMembers(writer: WireWriter, request: CanonicalRequest): JsonObject {
  writer.losses.extras(request.extras, 'openai-chat', '');
  if (request.extras?.dialect !== 'openai-chat') return {};
  const { plugins, ...fields } = request.extras.fields;
  if (!Array.isArray(plugins)) return request.extras.fields;
  const web = encodeTools(writer, request.tools, null)['plugins'];
  return { ...fields, plugins: [...(Array.isArray(web) ? web : []), ...plugins] };
}
