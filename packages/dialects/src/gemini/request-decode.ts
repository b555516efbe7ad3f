import type { Decoded, DoorFacts } from '../canonical/codec.js';
import { otherMembers, parseObject } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest, OutputFormat, Sampling } from '../canonical/request.js';
import { decodeContents, decodeSystem } from './request-contents.js';
import { RequestReader } from './request-reader.js';
import { decodeToolConfig, decodeTools, prefixed } from './request-tools.js';
import { fromGoogleSchema } from './schema.js';
import { decodeThinking } from './thinking.js';
import { camelCase, known, member, refuse, type WireName, writtenTwice } from './wire.js';

const TOP = [
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  'cachedContent',
  'labels',
  'serviceTier',
  'model',
] as const satisfies readonly WireName[];
const TOP_MEMBERS = known(...TOP);

const CONFIG = [
  'candidateCount',
  'stopSequences',
  'maxOutputTokens',
  'temperature',
  'topP',
  'topK',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'responseModalities',
  'thinkingConfig',
] as const satisfies readonly WireName[];
const CONFIG_MEMBERS = known(...CONFIG);
const THINKING_MEMBERS = known('thinkingBudget', 'thinkingLevel', 'includeThoughts');

/** Reads a generateContent request. The model and whether it streams stand in the URL. */
export function decodeRequest(body: Buffer, door: DoorFacts, json?: JsonObject): Decoded<CanonicalRequest> {
  const request = json ?? parseObject(body.toString('utf8'));
  if (request === null) return refuse('invalid_json', 'The request body must be a JSON object.');
  return decodeRequestObject(request, door);
}

export function decodeRequestObject(request: JsonObject, door: DoorFacts): Decoded<CanonicalRequest> {
  const reader = new RequestReader();
  const value = readRequest(request, door, reader);
  return reader.failure === null ? { ok: true, value } : { ok: false, failure: reader.failure };
}

function readRequest(request: JsonObject, door: DoorFacts, reader: RequestReader): CanonicalRequest {
  const config = reader.object(member(request, 'generationConfig'), 'generationConfig') ?? {};
  checkMembers(request, config, reader);
  const thinking = reader.object(member(config, 'thinkingConfig'), 'generationConfig.thinkingConfig');
  const toolConfig = decodeToolConfig(member(request, 'toolConfig'), reader);
  const wantsLogprobs = reader.boolean(member(config, 'responseLogprobs'), 'generationConfig.responseLogprobs');
  const top = reader.integer(member(config, 'logprobs'), 'generationConfig.logprobs');
  const format = readFormat(config, reader);
  const extras = { ...readExtras(request, config, thinking), ...toolConfig.extras, ...format.extras };
  return {
    dialect: 'gemini',
    model: door.model ?? modelName(reader.text(request['model'], 'model') ?? ''),
    isStream: door.isStream ?? false,
    messages: [
      ...decodeSystem(member(request, 'systemInstruction'), reader),
      ...decodeContents(request['contents'], reader),
    ],
    tools: decodeTools(request['tools'], reader),
    toolChoice: toolConfig.choice,
    parallelToolCalls: null,
    format: format.value,
    sampling: readSampling(config, reader),
    maxOutputTokens: reader.integer(member(config, 'maxOutputTokens'), 'generationConfig.maxOutputTokens'),
    stop: reader.texts(member(config, 'stopSequences'), 'generationConfig.stopSequences'),
    choices: reader.integer(member(config, 'candidateCount'), 'generationConfig.candidateCount') ?? 1,
    logprobs: wantsLogprobs === true ? { top: top ?? 0 } : null,
    reasoning: thinking === null ? null : decodeThinking(thinking, reader, 'generationConfig.thinkingConfig'),
    verbosity: null,
    modalities: reader
      .texts(member(config, 'responseModalities'), 'generationConfig.responseModalities')
      .map((modality) => modality.toLowerCase()),
    audioOutput: null,
    user: null,
    metadata: readLabels(request, reader),
    serviceTier: reader.text(member(request, 'serviceTier'), 'serviceTier')?.toLowerCase() ?? null,
    promptCacheKey: null,
    cache: null,
    includeUsage: true,
    extras: Object.keys(extras).length === 0 ? null : { dialect: 'gemini', fields: extras },
  };
}

/** What is priced must be what is sent, and what belongs to an account must not cross it. */
function checkMembers(request: JsonObject, config: JsonObject, reader: RequestReader): void {
  const contents = request['contents'];
  if (contents === undefined || contents === null || (Array.isArray(contents) && contents.length === 0))
    reader.refuse('invalid_request', 'contents must not be empty.', 'contents');
  const twice = writtenTwice(request, TOP);
  if (twice !== null) reader.refuse('duplicate_field', `The field ${twice} appears in both spellings.`, twice);
  const inner = writtenTwice(config, CONFIG);
  if (inner !== null)
    reader.refuse(
      'duplicate_field',
      `The field generationConfig.${inner} appears in both spellings.`,
      `generationConfig.${inner}`,
    );
  if (member(request, 'cachedContent') !== undefined)
    reader.refuse(
      'not_supported',
      'cachedContent names a cache at Google, which is not offered here: prompts are cached implicitly.',
      'cachedContent',
    );
}

/** models/gemini-2.5-flash → gemini-2.5-flash */
export function modelName(name: string): string {
  return name.startsWith('models/') ? name.slice('models/'.length) : name;
}

function readSampling(config: JsonObject, reader: RequestReader): Sampling {
  const read = (name: WireName): number | null => reader.number(member(config, name), `generationConfig.${name}`);
  return {
    temperature: read('temperature'),
    topP: read('topP'),
    topK: read('topK'),
    minP: null,
    topA: null,
    seed: reader.integer(member(config, 'seed'), 'generationConfig.seed'),
    frequencyPenalty: read('frequencyPenalty'),
    presencePenalty: read('presencePenalty'),
    repetitionPenalty: null,
    logitBias: null,
  };
}

/** `text/x.enum` has no word elsewhere: it stays this dialect's own. */
function readFormat(
  config: JsonObject,
  reader: RequestReader,
): { readonly value: OutputFormat | null; readonly extras: JsonObject } {
  const type = reader.text(member(config, 'responseMimeType'), 'generationConfig.responseMimeType');
  const subset = reader.object(member(config, 'responseSchema'), 'generationConfig.responseSchema');
  const whole = reader.object(member(config, 'responseJsonSchema'), 'generationConfig.responseJsonSchema');
  if (type !== null && type !== 'application/json' && type !== 'text/plain') {
    const schema = subset === null ? {} : { 'generationConfig.responseSchema': subset };
    return { value: null, extras: { 'generationConfig.responseMimeType': type, ...schema } };
  }
  const schema = whole ?? (subset === null ? null : fromGoogleSchema(subset));
  if (schema !== null)
    return { value: { kind: 'json_schema', name: null, description: null, schema, strict: null }, extras: {} };
  if (type === null) return { value: null, extras: {} };
  return { value: { kind: type === 'text/plain' ? 'text' : 'json_object' }, extras: {} };
}

function readExtras(request: JsonObject, config: JsonObject, thinking: JsonObject | null): JsonObject {
  const top = otherMembers(request, TOP_MEMBERS) ?? {};
  return {
    ...Object.fromEntries(Object.entries(top).map(([name, value]) => [camelCase(name), value])),
    ...prefixed('generationConfig', otherMembers(config, CONFIG_MEMBERS)),
    ...prefixed('generationConfig.thinkingConfig', thinking === null ? null : otherMembers(thinking, THINKING_MEMBERS)),
  };
}

/** Labels are what others call metadata. */
function readLabels(request: JsonObject, reader: RequestReader): Readonly<Record<string, string>> {
  const labels = reader.object(request['labels'], 'labels') ?? {};
  const isFine = Object.values(labels).every((value) => typeof value === 'string');
  if (!isFine) reader.wrong('labels', 'an object of strings');
  return isFine ? (labels as Readonly<Record<string, string>>) : {};
}
