import { findAccountObject } from './account-objects.js';
import type { Decoded } from './canonical/codec.js';
import { isObject } from './canonical/json-read.js';
import type { ClientDialectId, JsonObject } from './canonical/part.js';
import type { CanonicalRequest } from './canonical/request.js';
import type { RequestFailure } from './failure.js';
import { type CostLimited, MAX_COST_MEMBER, takeMaxCost } from './max-cost.js';
import { locateRequest } from './openai-chat/request-layout.js';
import { REQUEST_LIMITS } from './openai-chat/wire.js';

/** The caller's own names of what is checked here. */
const NAMES: Readonly<Record<ClientDialectId, { readonly outputMax: string; readonly choices: string }>> = {
  'openai-chat': { outputMax: 'max_completion_tokens', choices: 'n' },
  'openai-responses': { outputMax: 'max_output_tokens', choices: 'n' },
  'anthropic-messages': { outputMax: 'max_tokens', choices: 'n' },
  gemini: { outputMax: 'generationConfig.maxOutputTokens', choices: 'generationConfig.candidateCount' },
};

/**
 * What bytes must keep to before anybody decodes them: JSON that two readers read alike, and no bomb. Costs one parse, and no more than the bytes up
 * to the limit that is broken: what was parsed is handed on.
 */
export function checkBody(body: Buffer): Decoded<CheckedBody> {
  const located = locateRequest(body);
  if (!located.ok) return located;
  const failure = checkTexts(located.request, located.strings);
  if (failure !== null) return { ok: false, failure };
  const limited = takeMaxCost(body, located.layout.members);
  if (!limited.ok) return limited;
  const { [MAX_COST_MEMBER]: _limit, ...json } = located.request;
  return { ok: true, value: { ...limited.value, json: limited.value.body === body ? located.request : json } };
}

/** A body as it is decoded: without what is ours alone. */
export interface CheckedBody extends CostLimited {
  readonly json: JsonObject;
}

/** `strings`: how many keys and string values the bytes have. */
function checkTexts(request: JsonObject, strings: number): RequestFailure | null {
  const census = takeCensus(request);
  if (census.strings !== strings)
    return { code: 'duplicate_field', message: 'An object in the request has the same key twice.', param: null };
  const broken = census.hasBrokenText
    ? 'A text holds half of a surrogate pair, which is not valid Unicode.'
    : 'A number in the request is out of range.';
  if (!census.hasBrokenText && !census.hasBrokenNumber) return null;
  const place = placeOf(request, census.hasBrokenText ? isBrokenText : isBrokenNumber);
  return {
    code: 'invalid_request',
    message: broken,
    param: place?.slice(0, PLACE_CHARACTERS_MAX).toWellFormed() ?? null,
  };
}

const PLACE_CHARACTERS_MAX = 256;

function isBrokenText(value: unknown): boolean {
  return typeof value === 'string' && !value.isWellFormed();
}

function isBrokenNumber(value: unknown): boolean {
  return typeof value === 'number' && !Number.isFinite(value);
}

/** What every dialect's request must keep to, because it is priced and held on: names, counts and labels; and whose objects it may name: nobody's. */
export function checkRequest(dialect: ClientDialectId, request: CanonicalRequest): RequestFailure | null {
  const names = NAMES[dialect];
  return (
    checkModel(request.model) ??
    checkCount(names.outputMax, request.maxOutputTokens, REQUEST_LIMITS.outputTokens) ??
    checkCount(names.choices, request.choices, REQUEST_LIMITS.choices) ??
    checkMultipliers(request) ??
    checkUser(request.user) ??
    checkMetadata(request.metadata) ??
    findAccountObject(request)
  );
}

function invalid(param: string, message: string): RequestFailure {
  return { code: 'invalid_request', message, param };
}

function checkModel(model: string): RequestFailure | null {
  if (model === '') return invalid('model', 'model is missing.');
  const isName = model.length <= REQUEST_LIMITS.modelCharacters && model.isWellFormed() && !/\p{Cc}/u.test(model);
  return isName
    ? null
    : invalid('model', `model must be a string of 1 to ${REQUEST_LIMITS.modelCharacters} characters.`);
}

function checkCount(name: string, value: number | null, most: number): RequestFailure | null {
  if (value === null || (Number.isInteger(value) && value >= 1 && value <= most)) return null;
  return invalid(name, `${name} must be an integer from 1 to ${most}.`);
}

/** Multipliers that a dialect does not have: a provider that knows one would multiply a price that nobody holds. */
const MULTIPLIERS = ['n', 'best_of', 'num_choices', 'candidate_count'];

function checkMultipliers({ extras }: CanonicalRequest): RequestFailure | null {
  const name = MULTIPLIERS.find((one) => (extras?.fields[one] ?? 1) !== 1);
  return name === undefined ? null : invalid(name, `${name} must be 1 or left out: this dialect has one answer.`);
}

function checkUser(user: string | null): RequestFailure | null {
  if (user === null || user.length <= REQUEST_LIMITS.userCharacters) return null;
  return invalid('user', `The end user's name must have at most ${REQUEST_LIMITS.userCharacters} characters.`);
}

function checkMetadata(metadata: Readonly<Record<string, string>>): RequestFailure | null {
  const pairs = Object.entries(metadata);
  if (pairs.length > REQUEST_LIMITS.metadataPairs)
    return invalid('metadata', `metadata must have at most ${REQUEST_LIMITS.metadataPairs} pairs.`);
  const isFine = pairs.every(
    ([key, value]) =>
      key.length <= REQUEST_LIMITS.metadataKeyCharacters && value.length <= REQUEST_LIMITS.metadataValueCharacters,
  );
  return isFine ? null : invalid('metadata', 'metadata keys are at most 64, values at most 512 characters of text.');
}

export interface Census {
  /** keys and string values */
  strings: number;
  /** a text with half of a surrogate pair: no valid Unicode, and every provider does something else with it */
  hasBrokenText: boolean;
  /** 1e400 is Infinity here and may be an error, null or a number elsewhere */
  hasBrokenNumber: boolean;
}

/** One walk over a parsed body. Its depth was bounded when the body was located. */
export function takeCensus(value: unknown, census: Census = emptyCensus()): Census {
  if (typeof value === 'string') {
    census.strings += 1;
    if (!value.isWellFormed()) census.hasBrokenText = true;
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) census.hasBrokenNumber = true;
  } else if (Array.isArray(value)) for (const element of value) takeCensus(element, census);
  else if (isObject(value))
    for (const key in value) {
      census.strings += 1;
      if (!key.isWellFormed()) census.hasBrokenText = true;
      takeCensus(value[key], census);
    }
  return census;
}

function emptyCensus(): Census {
  return { strings: 0, hasBrokenText: false, hasBrokenNumber: false };
}

/** The path of the first value that the test finds wrong, as `messages[2].content`, in the caller's own words; null where there is none. */
function placeOf(value: unknown, isWrong: (value: unknown) => boolean, path = ''): string | null {
  if (isWrong(value)) return path;
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) {
      const place = placeOf(element, isWrong, `${path}[${index}]`);
      if (place !== null) return place;
    }
  } else if (isObject(value))
    for (const key in value) {
      const place = placeOf(value[key], isWrong, path === '' ? key : `${path}.${key}`);
      if (place !== null) return place;
    }
  return null;
}
