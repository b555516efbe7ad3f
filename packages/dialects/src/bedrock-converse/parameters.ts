import { fitSchema } from '../anthropic-messages/output-format.js';
import { type Asking, drop, outputMaxOf, type Wish } from '../canonical/asking.js';
import { isObject, list, number, otherMembers, parseObject, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { NO_SAMPLING, type OutputFormat, type Sampling } from '../canonical/request.js';
import { callersWord } from '../canonical/request-words.js';
import { isBlank } from './block-writer.js';
import type { ModelTraits } from './model-traits.js';
import { ME } from './wire.js';

/** What parameters are written with. */
export interface ConverseAsking extends Asking {
  readonly traits: ModelTraits;
}

/** `inferenceConfig` and top-k, which has another place at each vendor. While Claude thinks it takes none of them. */
export function encodeInference(
  asking: ConverseAsking,
  isClaudeThinking: boolean,
): { readonly config: JsonObject; readonly fields: JsonObject } {
  const { request, traits } = asking;
  const { temperature, topP, topK } = request.sampling;
  const isRefused = isClaudeThinking || traits.sampling === 'none';
  const keepsTopP = topP !== null && !isRefused && !(traits.sampling === 'one' && temperature !== null);
  // 1 is the one temperature Claude thinks at
  const keepsTemperature = temperature !== null && (!isRefused || (temperature === 1 && traits.sampling !== 'none'));
  if (temperature !== null && !keepsTemperature) drop(asking, 'temperature');
  if (topP !== null && !keepsTopP) drop(asking, 'topP');
  if (topK !== null && (isRefused || traits.topK === null)) drop(asking, 'topK');
  const stop = stopSequences(asking);
  const maxTokens = outputMaxOf(asking);
  const config = {
    ...(maxTokens === null ? {} : { maxTokens }),
    ...(keepsTemperature ? { temperature: clamped(temperature, asking) } : {}),
    ...(keepsTopP ? { topP } : {}),
    ...(stop.length === 0 ? {} : { stopSequences: stop }),
  };
  const fields = topK === null || isRefused || traits.topK === null ? {} : nested(traits.topK, topK);
  return { config, fields };
}

/** Converse ends at 1 where OpenAI ends at 2. */
function clamped(temperature: number, { request, losses }: ConverseAsking): number {
  if (temperature <= 1) return temperature;
  losses.approximated(callersWord(request.dialect, 'temperature'));
  return 1;
}

function stopSequences(asking: ConverseAsking): readonly string[] {
  const { request, traits } = asking;
  const kept = request.stop.filter((sequence) => sequence !== '' && !(traits.refusesBlankEdges && isBlank(sequence)));
  if (kept.length < request.stop.length) drop(asking, 'stop');
  return kept;
}

function nested(path: readonly string[], value: unknown): JsonObject {
  const [first, ...rest] = path;
  if (first === undefined) return {};
  return { [first]: rest.length === 0 ? value : nested(rest, value) };
}

export interface WrittenFormat {
  readonly outputConfig: JsonObject | null;
  /** words for the end of the system text, where the format cannot be said otherwise */
  readonly instruction: string | null;
}

/** A schema is sent where the model keeps to it. JSON without a schema, and models without schemas, are told in words. */
export function encodeFormat({ request, traits, losses }: ConverseAsking): WrittenFormat {
  const { format, dialect } = request;
  const word = callersWord(dialect, 'format');
  if (format === null || format.kind === 'text') return { outputConfig: null, instruction: null };
  if (format.kind === 'json_object') {
    losses.approximated(word);
    return { outputConfig: null, instruction: 'Answer with one JSON object and nothing else.' };
  }
  const { name, description, schema } = format;
  if (!traits.hasJsonSchema) {
    losses.approximated(word);
    const words = 'Answer with one JSON value that matches this JSON schema, and nothing else:';
    return { outputConfig: null, instruction: `${words}\n${JSON.stringify(schema)}` };
  }
  if (format.strict === false) losses.approximated(`${word}.strict`);
  const fitted = dialect === ME ? schema : fitSchema(schema);
  if (fitted !== schema) losses.approximated(word);
  const jsonSchema = {
    ...(name === null || name === '' ? {} : { name }),
    schema: JSON.stringify(fitted),
    ...(description === null || description === '' ? {} : { description }),
  };
  return { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } }, instruction: null };
}

/** What Converse takes as metadata: 16 pairs of a small alphabet. */
const METADATA_PAIRS_MAX = 16;
const METADATA_TEXT = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/;

export function encodeMetadata({ request, losses }: ConverseAsking): JsonObject | null {
  const kept: Record<string, string> = {};
  const field = callersWord(request.dialect, 'metadata');
  for (const [key, value] of Object.entries(request.metadata)) {
    const isLegal = key !== '' && METADATA_TEXT.test(key) && METADATA_TEXT.test(value);
    if (isLegal && Object.keys(kept).length < METADATA_PAIRS_MAX) kept[key] = value;
    else losses.dropped(`${field}.${key}`);
  }
  return Object.keys(kept).length === 0 ? null : kept;
}

const TIERS: ReadonlySet<string> = new Set(['default', 'flex', 'priority', 'reserved']);

export function encodeTier(asking: ConverseAsking): JsonObject | null {
  const { serviceTier } = asking.request;
  if (serviceTier === null) return null;
  if (TIERS.has(serviceTier)) return { type: serviceTier };
  // Anthropic's word for it, and OpenAI's for leaving it to the account
  if (serviceTier === 'standard_only') return { type: 'default' };
  drop(asking, 'serviceTier');
  return null;
}

/** Parameters Converse has no word for. */
export const UNSAYABLE: readonly Wish[] = [
  'minP',
  'topA',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'repetitionPenalty',
  'logitBias',
  'choices',
  'logprobs',
  'verbosity',
  'modalities',
  'audioOutput',
  'user',
  'promptCacheKey',
  'parallelToolCalls',
];

// --- reading (recorded requests) ------------------------------------------------------------------------------------------

const INFERENCE_MEMBERS = new Set(['maxTokens', 'temperature', 'topP', 'stopSequences']);

export interface ReadInference {
  readonly maxOutputTokens: number | null;
  readonly stop: readonly string[];
  readonly sampling: Sampling;
  /** members nobody knows */
  readonly rest: JsonObject | null;
}

export function decodeInference(value: unknown): ReadInference {
  const config = isObject(value) ? value : {};
  return {
    maxOutputTokens: number(config['maxTokens']),
    stop: list(config['stopSequences']).filter((sequence) => typeof sequence === 'string'),
    sampling: { ...NO_SAMPLING, temperature: number(config['temperature']), topP: number(config['topP']) },
    rest: otherMembers(config, INFERENCE_MEMBERS),
  };
}

export function decodeFormat(value: unknown): OutputFormat | null {
  const format = isObject(value) ? value['textFormat'] : null;
  const structure = isObject(format) ? format['structure'] : null;
  const wanted = isObject(structure) ? structure['jsonSchema'] : null;
  if (!isObject(wanted)) return null;
  const schema = parseObject(text(wanted['schema']) ?? '') ?? {};
  return {
    kind: 'json_schema',
    name: text(wanted['name']),
    description: text(wanted['description']),
    schema,
    // there is no other way here
    strict: true,
  };
}
