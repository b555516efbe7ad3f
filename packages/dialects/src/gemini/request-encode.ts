import { dropSaid, outputMaxOf } from '../canonical/asking.js';
import type { Decoded, EncodedRequest, Target } from '../canonical/codec.js';
import { isObject } from '../canonical/json-read.js';
import { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { callersWord } from '../canonical/request-words.js';
import { encodeTurns } from './encode-contents.js';
import { encodePart, type PartEncoding } from './encode-parts.js';
import { encodeToolConfig, encodeTools } from './encode-tools.js';
import { type Conversation, conversationOf } from './encode-turns.js';
import { type ModelFacts, modelFacts } from './model-facts.js';
import { toGoogleSchema } from './schema.js';
import { encodeThinking } from './thinking.js';

/** Where the dialect is spoken: the same bodies at two hosts, with small differences. */
export type Flavour = 'developer' | 'vertex';

/** The URL of a request, from the provider's base URL on. Streams are always asked for as server-sent events. */
export function requestPath(model: string, verb: string, flavour: Flavour): string {
  const isWhole = /^(models|publishers|tunedModels|projects)\//.test(model);
  const name = isWhole ? model : `${flavour === 'vertex' ? 'publishers/google/models' : 'models'}/${model}`;
  return `/${name}:${verb}`;
}

export function generatePath(model: string, isStream: boolean, flavour: Flavour): string {
  return requestPath(model, isStream ? 'streamGenerateContent?alt=sse' : 'generateContent', flavour);
}

/** Writes a generateContent request for a model of Google's from any caller's. */
export function encodeRequest(request: CanonicalRequest, target: Target, flavour: Flavour): Decoded<EncodedRequest> {
  const losses = new Losses();
  const facts = modelFacts(target.model);
  const isVertex = flavour === 'vertex';
  const encoding: PartEncoding = { dialect: request.dialect, facts, isVertex, losses, failure: null };
  const conversation = encodeConversation(conversationOf(request, losses), encoding);
  if (encoding.failure !== null) return { ok: false, failure: encoding.failure };
  const tools = encodeTools(request, facts, losses);
  const toolConfig = encodeToolConfig(request, tools, facts, isVertex, losses);
  const config = encodeConfig(request, target, facts, losses);
  const body: Record<string, unknown> = {
    ...conversation,
    ...(tools.length === 0 ? {} : { tools }),
    ...(isEmpty(toolConfig) ? {} : { toolConfig }),
    ...(isEmpty(config) ? {} : { generationConfig: config }),
    ...encodeService(request, isVertex, losses),
  };
  addExtras(body, request, losses);
  for (const field of target.quirks.rejectedFields) removeField(body, field, losses);
  const path = generatePath(target.model, request.isStream, flavour);
  return { ok: true, value: { path, body, headers: {}, losses: losses.list() } };
}

function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0;
}

function encodeConversation(conversation: Conversation, encoding: PartEncoding): JsonObject {
  const system = conversation.system
    .flatMap((placed) => encodePart(placed, encoding))
    .flatMap((entry) => (entry.kind === 'part' ? [entry.wire] : []));
  const contents = encodeTurns(conversation, encoding);
  if (system.length === 0) return { contents };
  // Contents may not be empty: system text alone is what there is to answer.
  if (contents.length === 0) {
    encoding.losses.moved(conversation.system[0]?.path ?? 'system');
    return { contents: [{ role: 'user', parts: system }] };
  }
  return { systemInstruction: { parts: system }, contents };
}

/** What of the sampling Google has no name for. */
const UNKNOWN_SAMPLING = ['minP', 'topA', 'repetitionPenalty', 'logitBias'] as const;
const STOP_SEQUENCES_MAX = 5;
const SEED_MAX = 2_147_483_647;

function encodeConfig(request: CanonicalRequest, target: Target, facts: ModelFacts, losses: Losses): JsonObject {
  const { sampling } = request;
  dropSaid({ request, losses }, UNKNOWN_SAMPLING);
  const thinking = encodeThinking(request, facts.thinking, losses);
  return {
    ...said('temperature', sampling.temperature),
    ...said('topP', sampling.topP),
    ...said('topK', sampling.topK),
    ...(request.choices === 1 ? {} : { candidateCount: request.choices }),
    ...said('maxOutputTokens', outputMaxOf({ request, target })),
    ...encodeStop(request, losses),
    ...encodeFormat(request, facts, losses),
    ...said('presencePenalty', sampling.presencePenalty),
    ...said('frequencyPenalty', sampling.frequencyPenalty),
    ...encodeSeed(request, losses),
    ...(request.logprobs === null ? {} : { responseLogprobs: true }),
    ...(request.logprobs === null || request.logprobs.top === 0 ? {} : { logprobs: request.logprobs.top }),
    ...encodeModalities(request, losses),
    ...(thinking === null ? {} : { thinkingConfig: thinking }),
  };
}

function said(name: string, value: unknown): JsonObject {
  return value === null ? {} : { [name]: value };
}

function encodeStop({ stop, dialect }: CanonicalRequest, losses: Losses): JsonObject {
  if (stop.length === 0) return {};
  if (stop.length > STOP_SEQUENCES_MAX) losses.approximated(callersWord(dialect, 'stop'));
  return { stopSequences: stop.slice(0, STOP_SEQUENCES_MAX) };
}

/** A seed is an int32 here. */
function encodeSeed({ sampling: { seed }, dialect }: CanonicalRequest, losses: Losses): JsonObject {
  if (seed === null) return {};
  if (Number.isInteger(seed) && Math.abs(seed) <= SEED_MAX) return { seed };
  losses.dropped(callersWord(dialect, 'seed'));
  return {};
}

function encodeFormat(request: CanonicalRequest, facts: ModelFacts, losses: Losses): JsonObject {
  const { format } = request;
  if (format === null) return {};
  if (format.kind === 'text') return request.dialect === 'gemini' ? { responseMimeType: 'text/plain' } : {};
  if (format.kind === 'json_object') return { responseMimeType: 'application/json' };
  const field = callersWord(request.dialect, 'format');
  if (format.name !== null) losses.dropped(`${field}.name`);
  if (format.description !== null) losses.dropped(`${field}.description`);
  if (format.strict === false) losses.dropped(`${field}.strict`);
  if (facts.takesJsonSchema) return { responseMimeType: 'application/json', responseJsonSchema: format.schema };
  const { schema, dropped } = toGoogleSchema(format.schema);
  for (const keyword of dropped) losses.dropped(`${field}.${keyword}`);
  return { responseMimeType: 'application/json', responseSchema: schema };
}

function encodeModalities(request: CanonicalRequest, losses: Losses): JsonObject {
  const { modalities, audioOutput } = request;
  const isPlain =
    modalities.length === 0 || (request.dialect !== 'gemini' && modalities.every((one) => one === 'text'));
  const voice = audioOutput?.['voice'];
  const config = { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } };
  if (audioOutput !== null && audioOutput['format'] !== undefined) losses.dropped('audio.format');
  return {
    ...(isPlain ? {} : { responseModalities: modalities.map((one) => one.toUpperCase()) }),
    ...(typeof voice === 'string' ? { speechConfig: config } : {}),
  };
}

/** Tiers as Google names them; `auto` and `default` are what it does anyway. */
const TIERS: Readonly<Record<string, string>> = { flex: 'flex', priority: 'priority', standard: 'standard' };
const USUAL_TIERS = new Set(['auto', 'default']);

function encodeService(request: CanonicalRequest, isVertex: boolean, losses: Losses): JsonObject {
  const { dialect, metadata, serviceTier } = request;
  for (const name of ['user', 'promptCacheKey', 'verbosity'] as const)
    if (request[name] !== null) losses.dropped(callersWord(dialect, name));
  if (request.cache !== null) losses.dropped('cache_control');
  const hasLabels = Object.keys(metadata).length > 0;
  // Labels stand on Google's bill to us: only who wrote labels gets labels, and only Vertex has them.
  const takesLabels = isVertex && dialect === 'gemini';
  if (hasLabels && !takesLabels) losses.dropped(callersWord(dialect, 'metadata'));
  const tier = serviceTier === null || isVertex ? undefined : TIERS[serviceTier];
  if (serviceTier !== null && tier === undefined && !USUAL_TIERS.has(serviceTier))
    losses.dropped(callersWord(dialect, 'serviceTier'));
  return {
    ...(hasLabels && takesLabels ? { labels: metadata } : {}),
    ...(tier === undefined ? {} : { serviceTier: tier }),
  };
}

/** Objects inside of a request whose other members travel as extras under their path. Longest first. */
const CONTAINERS = [
  ['generationConfig', 'thinkingConfig'],
  ['toolConfig', 'functionCallingConfig'],
  ['generationConfig'],
  ['toolConfig'],
] as const;

/** What the decoder of this dialect had no word for goes back where it stood. `store` never does: nothing of a tenant is kept at a provider. */
function addExtras(body: Record<string, unknown>, request: CanonicalRequest, losses: Losses): void {
  const { extras } = request;
  losses.extras(extras, 'gemini', '');
  if (extras === null || extras.dialect !== 'gemini') return;
  for (const [name, value] of Object.entries(extras.fields)) {
    if (name === 'store') {
      if (value === true) losses.dropped('store');
      continue;
    }
    const container = CONTAINERS.find((steps) => name.startsWith(`${steps.join('.')}.`));
    if (container === undefined) body[name] = value;
    else setInside(body, container, name.slice(container.join('.').length + 1), value);
  }
}

function setInside(
  body: Record<string, unknown>,
  [step, ...steps]: readonly string[],
  name: string,
  value: unknown,
): void {
  if (step === undefined) {
    body[name] = value;
    return;
  }
  const inner: Record<string, unknown> = isObject(body[step]) ? { ...body[step] } : {};
  setInside(inner, steps, name, value);
  body[step] = inner;
}

/** What a provider rejects (quirks): `field` or `generationConfig.field`. */
function removeField(body: Record<string, unknown>, field: string, losses: Losses): void {
  const [first = '', second] = field.split('.');
  if (second === undefined) {
    if (body[first] === undefined) return;
    delete body[first];
    losses.dropped(field);
    return;
  }
  const inner = body[first];
  if (!isObject(inner) || inner[second] === undefined) return;
  const { [second]: _removed, ...rest } = inner;
  body[first] = rest;
  losses.dropped(field);
}
