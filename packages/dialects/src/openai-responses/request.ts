import type { Decoded, DoorFacts } from '../canonical/codec.js';
import { boolean, isObject, list, number, otherMembers, parseJson, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { asReasoningEffort } from '../canonical/reasoning-effort.js';
import type { CanonicalRequest, OutputFormat, ReasoningOptions, Sampling } from '../canonical/request.js';
import { cacheMark, nested } from './content.js';
import { decodeInput } from './input.js';
import { decodeToolChoice, decodeTools } from './tools.js';
import { DIALECT, extrasOf, LOGPROBS_WANTED, RequestProblem, refuse, SEALS_WANTED } from './wire.js';

/**
 * What the answer must repeat and what the gateway does with it: no part of what is asked of a model, and so no loss where another dialect
 * answers. Decoded requests of this dialect carry it; `withStorage` adds what became of it.
 */
export interface CallerFacts {
  /** the top-level members as the caller wrote them; the answer echoes some */
  readonly body: JsonObject;
  /** whether the answer says that it is stored; OpenAI stores unless told otherwise */
  readonly store: boolean;
  /** the answer this request goes on from, where it was found and its items put before the input */
  readonly previousResponseId: string | null;
  /** encrypted reasoning is to be in the answer */
  readonly wantsSeals: boolean;
}

export interface ResponsesRequest extends CanonicalRequest {
  readonly responses: CallerFacts;
}

export function callerFacts(request: CanonicalRequest): CallerFacts | null {
  return 'responses' in request ? (request as ResponsesRequest).responses : null;
}

/** What the gateway found of stored turns, and will do: the answer repeats it. */
export interface StorageFacts {
  readonly previousResponseId: string | null;
  /** the turn will be kept: the caller wants it, and its project allows it */
  readonly isStored: boolean;
}

/** The request with what became of its wish for state. Until then an answer tells what the caller asked. */
export function withStorage(request: CanonicalRequest, storage: StorageFacts): CanonicalRequest {
  const facts = callerFacts(request);
  if (facts === null) return request;
  const { previousResponseId, isStored } = storage;
  return { ...request, responses: { ...facts, previousResponseId, store: isStored } } as ResponsesRequest;
}

/** Members that are read into the canonical form or into CallerFacts; the rest are extras. */
const KNOWN = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'top_a',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'top_logprobs',
  'max_output_tokens',
  'user',
  'safety_identifier',
  'metadata',
  'service_tier',
  'prompt_cache_key',
  'include',
  'store',
  'previous_response_id',
  'background',
  'conversation',
  'prompt',
  'modalities',
  'cache_control',
]);

/** Reads a request whose stored history, where it names one, has been put into its input already (`resume`). */
export function decodeRequest(bytes: Buffer, door: DoorFacts, json?: JsonObject): Decoded<CanonicalRequest> {
  const body = json ?? parseJson(bytes.toString('utf8'));
  try {
    if (!isObject(body)) refuse('invalid_json', null, 'The request body must be a JSON object.');
    return { ok: true, value: readRequest(body, door) };
  } catch (problem) {
    if (problem instanceof RequestProblem) return { ok: false, failure: problem.failure };
    throw problem;
  }
}

function readRequest(body: JsonObject, door: DoorFacts): ResponsesRequest {
  refuseState(body);
  const include = includes(body);
  const user = optionalText(body, 'safety_identifier') ?? optionalText(body, 'user');
  const cache = cacheMark(body['cache_control']);
  return {
    dialect: DIALECT,
    model: modelOf(body),
    isStream: optionalBoolean(body, 'stream') ?? door.isStream ?? false,
    messages: decodeInput(body),
    tools: decodeTools(body['tools']),
    toolChoice: decodeToolChoice(body['tool_choice']),
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
    format: decodeFormat(optionalObject(body, 'text')),
    sampling: decodeSampling(body),
    maxOutputTokens: optionalCount(body, 'max_output_tokens'),
    stop: [],
    choices: 1,
    logprobs: decodeLogprobs(body, include),
    reasoning: decodeReasoning(optionalObject(body, 'reasoning')),
    verbosity: verbosityOf(nested(body, 'text')),
    modalities: list(body['modalities']).filter((modality) => typeof modality === 'string'),
    audioOutput: null,
    user: user === '' ? null : user,
    metadata: metadataOf(body),
    serviceTier: optionalText(body, 'service_tier'),
    promptCacheKey: optionalText(body, 'prompt_cache_key'),
    cache,
    includeUsage: true,
    extras: extrasOf(extraFields(body, include)).extras ?? null,
    responses: {
      body,
      store: optionalBoolean(body, 'store') ?? true,
      previousResponseId: null,
      wantsSeals: include.includes(SEALS_WANTED),
    },
  };
}

/** State at a provider is no tenant's, and ours is put in before this is read. */
function refuseState(body: JsonObject): void {
  const previous = body['previous_response_id'];
  if (previous !== undefined && previous !== null)
    refuse('not_found', 'previous_response_id', `Previous response with id '${shown(previous)}' not found.`);
  if (body['background'] === true)
    refuse('not_supported', 'background', 'Responses in the background are not supported; leave background out.');
  for (const name of ['conversation', 'prompt'])
    if (body[name] !== undefined && body[name] !== null)
      refuse(
        'not_supported',
        name,
        `${name} is not supported: send the ${name === 'prompt' ? 'instructions' : 'items'}.`,
      );
}

function shown(value: unknown): string {
  return String(value).slice(0, 100);
}

function modelOf(body: JsonObject): string {
  const model = body['model'];
  if (model === undefined || model === null || model === '') refuse('invalid_request', 'model', 'model is missing.');
  if (typeof model !== 'string') refuse('invalid_request', 'model', 'model must be a string.');
  return model;
}

type Reader<Value> = (body: JsonObject, name: string) => Value | null;

/** Null means absent, as it does at OpenAI. */
function optional<Value>(what: string, is: (value: unknown) => value is Value): Reader<Value> {
  return (body, name) => {
    const value = body[name];
    if (value === undefined || value === null) return null;
    if (!is(value)) refuse('invalid_request', name, `${name} must be ${what}.`);
    return value;
  };
}

const optionalBoolean = optional('a boolean', (value): value is boolean => typeof value === 'boolean');
const optionalText = optional('a string', (value): value is string => typeof value === 'string');
const optionalObject = optional('an object', isObject);
const optionalNumber = optional(
  'a number',
  (value): value is number => typeof value === 'number' && Number.isFinite(value),
);
const optionalCount = optional(
  'a positive integer',
  (value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value > 0,
);

function includes(body: JsonObject): readonly string[] {
  const { include } = body;
  if (include === undefined || include === null) return [];
  if (!Array.isArray(include) || !include.every((one) => typeof one === 'string'))
    refuse('invalid_request', 'include', 'include must be an array of strings.');
  return include;
}

function decodeSampling(body: JsonObject): Sampling {
  return {
    temperature: optionalNumber(body, 'temperature'),
    topP: optionalNumber(body, 'top_p'),
    topK: optionalNumber(body, 'top_k'),
    minP: optionalNumber(body, 'min_p'),
    topA: optionalNumber(body, 'top_a'),
    seed: optionalNumber(body, 'seed'),
    frequencyPenalty: optionalNumber(body, 'frequency_penalty'),
    presencePenalty: optionalNumber(body, 'presence_penalty'),
    repetitionPenalty: optionalNumber(body, 'repetition_penalty'),
    logitBias: null,
  };
}

function decodeLogprobs(body: JsonObject, include: readonly string[]): { readonly top: number } | null {
  const top = optionalNumber(body, 'top_logprobs');
  if (include.includes(LOGPROBS_WANTED)) return { top: top ?? 0 };
  return top === null || top === 0 ? null : { top };
}

function decodeFormat(textOptions: JsonObject | null): OutputFormat | null {
  const format = textOptions?.['format'];
  if (format === undefined || format === null) return null;
  if (!isObject(format)) refuse('invalid_request', 'text.format', 'text.format must be an object.');
  switch (format['type']) {
    case 'text':
      return { kind: 'text' };
    case 'json_object':
      return { kind: 'json_object' };
    case 'json_schema': {
      const { schema } = format;
      if (!isObject(schema))
        refuse('invalid_request', 'text.format.schema', 'text.format.schema must be a JSON schema.');
      return {
        kind: 'json_schema',
        name: text(format['name']),
        description: text(format['description']),
        schema,
        strict: boolean(format['strict']),
      };
    }
    default:
      return refuse(
        'invalid_request',
        'text.format.type',
        'text.format.type must be text, json_object or json_schema.',
      );
  }
}

function verbosityOf(textOptions: JsonObject): CanonicalRequest['verbosity'] {
  const verbosity = textOptions['verbosity'];
  return verbosity === 'low' || verbosity === 'medium' || verbosity === 'high' ? verbosity : null;
}

const SUMMARIES: ReadonlySet<unknown> = new Set(['auto', 'concise', 'detailed', 'none']);

/** `enabled`, `max_tokens` and `exclude` are OpenRouter's. */
function decodeReasoning(options: JsonObject | null): ReasoningOptions | null {
  if (options === null) return null;
  const summary = options['summary'] ?? options['generate_summary'];
  const hidden = options['exclude'];
  const reasoning: ReasoningOptions = {
    isEnabled: boolean(options['enabled']),
    effort: asReasoningEffort(options['effort']),
    budgetTokens: number(options['max_tokens']),
    summary: SUMMARIES.has(summary) ? (summary as ReasoningOptions['summary']) : null,
    isShown: typeof hidden === 'boolean' ? !hidden : null,
  };
  return Object.values(reasoning).every((value) => value === null) ? null : reasoning;
}

function metadataOf(body: JsonObject): Readonly<Record<string, string>> {
  const metadata = optionalObject(body, 'metadata') ?? {};
  if (!Object.values(metadata).every((value) => typeof value === 'string'))
    refuse('invalid_request', 'metadata', 'metadata must be an object of strings.');
  return metadata as Readonly<Record<string, string>>;
}

const TEXT_KNOWN = new Set(['format', 'verbosity']);
const REASONING_KNOWN = new Set(['effort', 'summary', 'generate_summary', 'enabled', 'max_tokens', 'exclude']);

/** Everything else the caller said. Members of `text` and `reasoning` stand under dotted names; what says nothing is left out. */
function extraFields(body: JsonObject, include: readonly string[]): JsonObject {
  const fields: Record<string, unknown> = {};
  const others = otherMembers(body, KNOWN) ?? {};
  for (const name in others) if (others[name] !== null) fields[name] = others[name];
  if (fields['truncation'] === 'disabled') delete fields['truncation'];
  addDotted(fields, 'text', otherMembers(nested(body, 'text'), TEXT_KNOWN));
  addDotted(fields, 'reasoning', otherMembers(nested(body, 'reasoning'), REASONING_KNOWN));
  const wanted = include.filter((one) => one !== SEALS_WANTED && one !== LOGPROBS_WANTED);
  if (wanted.length > 0) fields['include'] = wanted;
  return fields;
}

function addDotted(fields: Record<string, unknown>, owner: string, members: JsonObject | null): void {
  for (const name in members) if (members[name] !== null) fields[`${owner}.${name}`] = members[name];
}
