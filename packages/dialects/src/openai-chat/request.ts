import type { RequestFailure } from '../failure.js';
import type { Envelope } from '../lane.js';
import { type InputMeasure, inputTokens, measureInput } from './input-bound.js';
import { pricedFeatures } from './priced-features.js';
import { locateRequest, type RequestLayout } from './request-layout.js';
import { isObject, type JsonObject, REQUEST_LIMITS, type Refusal, refuse } from './wire.js';

/**
 * What a gateway must know of a chat request before it can price, route and hold; the rest of the body stays bytes. `outputMax` is the larger of max_tokens
 * and max_completion_tokens, `choices` is `n`.
 */
export interface ChatEnvelope
  extends Pick<
    Envelope,
    | 'model'
    | 'isStream'
    | 'outputMax'
    | 'choices'
    | 'user'
    | 'metadata'
    | 'features'
    | 'inputTokensBound'
    | 'inputTokensLikely'
    | 'pricedFeatures'
  > {
  /** the caller asked for the usage chunk */
  readonly includeUsage: boolean;
  readonly layout: RequestLayout;
}

export type DecodedEnvelope =
  | { readonly ok: true; readonly envelope: ChatEnvelope }
  | { readonly ok: false; readonly failure: RequestFailure };

/** Reads a request body. Never throws; what is not priced or routed on is left to the provider to judge. */
export function decodeEnvelope(body: Buffer): DecodedEnvelope {
  const read = readRequest(body);
  return read.ok ? { ok: true, envelope: read.envelope } : read;
}

/** The same, with the parsed body, for who decodes all of it. */
export function readRequest(
  body: Buffer,
): { readonly ok: true; readonly envelope: ChatEnvelope; readonly request: JsonObject } | Refusal {
  const located = locateRequest(body);
  if (!located.ok) return located;
  const { request, layout } = located;
  const problem = checkFields(request);
  if (problem !== null) return problem;
  const model = request['model'] as string;
  const measured = measureInput(request['messages'] as readonly JsonObject[], model);
  if (!measured.ok) return measured;
  if (measured.measure.strings !== located.messageStrings) {
    return refuse('duplicate_field', 'An object in messages has the same key twice.', 'messages');
  }
  return { ok: true, envelope: envelopeOf(body, request, layout, measured.measure), request };
}

function envelopeOf(body: Buffer, request: JsonObject, layout: RequestLayout, measure: InputMeasure): ChatEnvelope {
  const tools = lengthOf(request['tools']) + lengthOf(request['functions']);
  const messages = layout.members.get('messages');
  const tokens = inputTokens(
    measure,
    body.length - (messages === undefined ? 0 : messages.valueTo - messages.valueFrom),
    tools,
  );
  const streamOptions = request['stream_options'];
  const user = request['safety_identifier'] ?? request['user'];
  return {
    model: request['model'] as string,
    isStream: request['stream'] === true,
    includeUsage: isObject(streamOptions) && streamOptions['include_usage'] === true,
    outputMax: outputMaxOf(request),
    choices: typeof request['n'] === 'number' ? request['n'] : 1,
    user: typeof user === 'string' && user !== '' ? user : null,
    metadata: (request['metadata'] ?? {}) as Readonly<Record<string, string>>,
    features: { inputCharacters: measure.characters, messages: measure.messages, tools, images: measure.images },
    inputTokensBound: tokens.bound,
    inputTokensLikely: tokens.likely,
    pricedFeatures: pricedFeatures(request, measure),
    layout,
  };
}

function outputMaxOf(request: JsonObject): number | null {
  const asked = [request['max_tokens'], request['max_completion_tokens']].filter((value) => typeof value === 'number');
  return asked.length === 0 ? null : Math.max(...asked);
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

type Check = (request: JsonObject) => Refusal | null;

/** Every field that is read, with what it must be. Null means absent, as it does at OpenAI. */
const CHECKS: readonly Check[] = [
  checkModel,
  checkMessages,
  optional('stream', 'a boolean', (value) => typeof value === 'boolean'),
  optional('stream_options', 'an object', isObject),
  checkIncludeUsage,
  positiveInteger('max_tokens', REQUEST_LIMITS.outputTokens),
  positiveInteger('max_completion_tokens', REQUEST_LIMITS.outputTokens),
  positiveInteger('n', REQUEST_LIMITS.choices),
  onlyOne('best_of'),
  onlyOne('num_choices'),
  onlyOne('candidate_count'),
  optional('tools', 'an array', Array.isArray),
  optional('functions', 'an array', Array.isArray),
  optional('modalities', 'an array', Array.isArray),
  optional('service_tier', 'a string', (value) => typeof value === 'string'),
  optional('store', 'a boolean', (value) => typeof value === 'boolean'),
  identity('user'),
  identity('safety_identifier'),
  checkMetadata,
  checkNumbers,
  stateless('previous_response_id'),
  stateless('conversation'),
  stateless('container'),
];

function checkFields(request: JsonObject): Refusal | null {
  for (const check of CHECKS) {
    const refusal = check(request);
    if (refusal !== null) return refusal;
  }
  return null;
}

function checkModel(request: JsonObject): Refusal | null {
  const model = request['model'];
  if (model === undefined || model === null) return refuse('invalid_request', 'model is missing.', 'model');
  const isName = typeof model === 'string' && model.length > 0 && model.length <= REQUEST_LIMITS.modelCharacters;
  if (isName && model.isWellFormed() && !/\p{Cc}/u.test(model)) return null;
  return refuse(
    'invalid_request',
    `model must be a string of 1 to ${REQUEST_LIMITS.modelCharacters} characters.`,
    'model',
  );
}

function checkMessages(request: JsonObject): Refusal | null {
  const messages = request['messages'];
  if (messages === undefined || messages === null) return refuse('invalid_request', 'messages is missing.', 'messages');
  if (!Array.isArray(messages)) return refuse('invalid_request', 'messages must be an array.', 'messages');
  if (messages.length === 0) return refuse('invalid_request', 'messages must not be empty.', 'messages');
  const wrong = messages.findIndex((message) => !isObject(message));
  return wrong === -1 ? null : refuse('invalid_request', `messages[${wrong}] must be an object.`, `messages[${wrong}]`);
}

function checkIncludeUsage(request: JsonObject): Refusal | null {
  const options = request['stream_options'];
  const value = isObject(options) ? options['include_usage'] : undefined;
  if (value === undefined || value === null || typeof value === 'boolean') return null;
  return refuse('invalid_request', 'stream_options.include_usage must be a boolean.', 'stream_options.include_usage');
}

function optional(name: string, what: string, test: (value: unknown) => boolean): Check {
  return (request) => {
    const value = request[name];
    if (value === undefined || value === null || test(value)) return null;
    return refuse('invalid_request', `${name} must be ${what}.`, name);
  };
}

function positiveInteger(name: string, max: number): Check {
  const isOne = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;
  return optional(name, `an integer from 1 to ${max}`, isOne);
}

/** Multipliers that this dialect does not have: someone else's would multiply the price without being priced. */
function onlyOne(name: string): Check {
  return optional(name, '1 or left out: use n', (value) => value === 1);
}

/** State at a provider belongs to our account there: no request may name it. */
function stateless(name: string): Check {
  return (request) =>
    request[name] === undefined || request[name] === null
      ? null
      : refuse('not_supported', `${name} is not supported here: send the messages themselves.`, name);
}

function identity(name: string): Check {
  const isText = (value: unknown): boolean =>
    typeof value === 'string' && value.length <= REQUEST_LIMITS.userCharacters && value.isWellFormed();
  return optional(name, `a string of at most ${REQUEST_LIMITS.userCharacters} characters`, isText);
}

function checkMetadata(request: JsonObject): Refusal | null {
  const metadata = request['metadata'];
  if (metadata === undefined || metadata === null) return null;
  if (!isObject(metadata)) return refuse('invalid_request', 'metadata must be an object of strings.', 'metadata');
  const pairs = Object.entries(metadata);
  if (pairs.length > REQUEST_LIMITS.metadataPairs) {
    return refuse('invalid_request', `metadata must have at most ${REQUEST_LIMITS.metadataPairs} pairs.`, 'metadata');
  }
  for (const [key, value] of pairs) {
    const isPair =
      typeof value === 'string' && value.length <= REQUEST_LIMITS.metadataValueCharacters && value.isWellFormed();
    const isKey = key.length <= REQUEST_LIMITS.metadataKeyCharacters && key.isWellFormed() && key !== '__proto__';
    if (isPair && isKey) continue;
    return refuse(
      'invalid_request',
      'metadata keys are at most 64, values at most 512 characters of text.',
      'metadata',
    );
  }
  return null;
}

/** 1e400 is Infinity here and may be an error, null or a number elsewhere. */
function checkNumbers(request: JsonObject): Refusal | null {
  for (const name in request) {
    const value = request[name];
    if (typeof value === 'number' && !Number.isFinite(value))
      return refuse('invalid_request', `${name} is out of range.`, name);
  }
  return null;
}
