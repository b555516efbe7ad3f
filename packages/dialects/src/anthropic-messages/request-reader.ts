import type { Decoded, DoorFacts } from '../canonical/codec.js';
import { filledText, isObject, list, otherMembers, parseJson, text } from '../canonical/json-read.js';
import type { Extras, JsonObject, Part } from '../canonical/part.js';
import { type CanonicalRequest, type Message, NO_SAMPLING, type Sampling, type Tool } from '../canonical/request.js';
import { originalCallId } from '../canonical/tool-call-id.js';
import { decodeBlock, type Reading } from './block-reader.js';
import { readCache } from './cache-control.js';
import { decodeFormat } from './output-format.js';
import { attempt, refuse, refuseField } from './refused.js';
import { decodeThinking } from './thinking.js';
import { decodeTool, decodeToolChoice } from './tools.js';
import { ME } from './wire.js';

const MEMBERS = new Set([
  'model',
  'messages',
  'max_tokens',
  'system',
  'metadata',
  'stop_sequences',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'service_tier',
  'cache_control',
]);
const OUTPUT_CONFIG_MEMBERS = new Set(['effort', 'format']);
const METADATA_MEMBERS = new Set(['user_id']);

/** A request of this dialect as a whole. Unknown members go to extras; a wrong type names its field as the vendor does: `messages.0.content`. */
export function decodeRequest(body: Buffer, door: DoorFacts, json?: JsonObject): Decoded<CanonicalRequest> {
  return attempt(() => readRequest(json ?? readBody(body), door, true));
}

/** A request for `/v1/messages/count_tokens`: the same body, where `max_tokens` may be left out. Everything that is counted is in it (T31). */
export function decodeCountTokens(body: Buffer, door: DoorFacts, json?: JsonObject): Decoded<CanonicalRequest> {
  return attempt(() => readRequest(json ?? readBody(body), door, false));
}

function readBody(body: Buffer): JsonObject {
  const value = parseJson(body.toString('utf8'));
  if (value === undefined) return refuse('invalid_json', null, 'The request body is not valid JSON.');
  return isObject(value) ? value : refuse('invalid_request', null, 'The request body must be a JSON object.');
}

function readRequest(body: JsonObject, door: DoorFacts, needsMax: boolean): CanonicalRequest {
  const config = readObject(body, 'output_config') ?? {};
  const metadata = readObject(body, 'metadata') ?? {};
  const { reasoning, thinkingExtras, unknownEffort } = decodeThinking(body['thinking'], config['effort']);
  const format = decodeFormat(config['format'] ?? body['output_format']);
  const { choice, parallel } = decodeToolChoice(body['tool_choice']);
  const cache = readCache(body['cache_control']);
  const maxOutputTokens = readInteger(body, 'max_tokens');
  if (needsMax && maxOutputTokens === null) refuseField('max_tokens', 'Field required');
  return {
    dialect: ME,
    model: readModel(body, door),
    isStream: readBoolean(body, 'stream') ?? door.isStream ?? false,
    messages: [...readSystem(body['system']), ...readMessages(body['messages'])],
    tools: readTools(body['tools']),
    toolChoice: choice,
    parallelToolCalls: parallel,
    format,
    sampling: readSampling(body),
    maxOutputTokens,
    stop: readStop(body['stop_sequences']),
    choices: 1,
    logprobs: null,
    reasoning,
    verbosity: null,
    modalities: [],
    audioOutput: null,
    user: filledText(metadata['user_id']),
    metadata: {},
    serviceTier: readText(body, 'service_tier'),
    promptCacheKey: null,
    cache: cache.kind === 'mark' ? cache.mark : null,
    includeUsage: true,
    extras: readExtras(body, {
      thinking: thinkingExtras,
      output_config: configExtras(config, unknownEffort, format === null),
      metadata: otherMembers(metadata, METADATA_MEMBERS),
      cache_control: cache.kind === 'unknown' ? cache.value : null,
      output_format: format === null ? body['output_format'] : null,
      anthropic_beta: readBetas(body, door),
    }),
  };
}

function configExtras(config: JsonObject, unknownEffort: unknown, isFormatUnknown: boolean): JsonObject | null {
  const odd = {
    ...(unknownEffort === null ? {} : { effort: unknownEffort }),
    ...(isFormatUnknown && config['format'] !== undefined && config['format'] !== null
      ? { format: config['format'] }
      : {}),
  };
  const others = otherMembers(config, OUTPUT_CONFIG_MEMBERS);
  return others === null && Object.keys(odd).length === 0 ? null : { ...others, ...odd };
}

/** What the client announced in its header, and in the body as Bedrock has it. */
function readBetas(body: JsonObject, { betas }: DoorFacts): readonly unknown[] | null {
  const announced = [...(betas ?? []), ...list(body['anthropic_beta'])];
  return announced.length === 0 ? null : [...new Set(announced)];
}

/** Unknown members of the top level, and what is left of the known ones. */
function readExtras(body: JsonObject, kept: JsonObject): Extras | null {
  const fields: Record<string, unknown> = { ...otherMembers(body, MEMBERS) };
  for (const name in kept) if (kept[name] !== null && kept[name] !== undefined) fields[name] = kept[name];
  return Object.keys(fields).length === 0 ? null : { dialect: ME, fields };
}

function readModel(body: JsonObject, door: DoorFacts): string {
  const model = readText(body, 'model') ?? door.model;
  return model === null || model === '' ? refuseField('model', 'Field required') : model;
}

function newReading(): Reading {
  return { isStrict: true, callId: originalCallId, callNames: new Map(), tools: null };
}

function readSystem(system: unknown): readonly Message[] {
  if (system === undefined || system === null || system === '') return [];
  const parts = readContent(system, 'system', newReading());
  return parts.length === 0 ? [] : [{ role: 'system', parts }];
}

function readMessages(messages: unknown): readonly Message[] {
  if (messages === undefined || messages === null) return refuseField('messages', 'Field required');
  if (!Array.isArray(messages)) return refuseField('messages', 'Input should be a valid list');
  if (messages.length === 0) return refuse('invalid_request', 'messages', 'messages: at least one message is required');
  const reading = newReading();
  return messages.map((message: unknown, index) => readMessage(message, `messages.${index}`, reading));
}

const MESSAGE_MEMBERS = new Set(['role', 'content']);

function readMessage(message: unknown, at: string, reading: Reading): Message {
  if (!isObject(message)) return refuseField(at, 'Input should be a valid dictionary');
  const { role, content } = message;
  if (role !== 'user' && role !== 'assistant' && role !== 'system')
    return refuseField(`${at}.role`, "Input should be 'user', 'assistant' or 'system'");
  if (content === undefined || content === null) return refuseField(`${at}.content`, 'Field required');
  const others = otherMembers(message, MESSAGE_MEMBERS);
  return {
    role,
    parts: readContent(content, `${at}.content`, reading),
    ...(others === null ? {} : { extras: { dialect: ME, fields: others } }),
  };
}

/** A string is one text block. */
function readContent(content: unknown, at: string, reading: Reading): readonly Part[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) return refuseField(at, 'Input should be a valid string or list');
  return content.map((block: unknown, index) =>
    isObject(block)
      ? decodeBlock(block, `${at}.${index}`, reading)
      : refuseField(`${at}.${index}`, 'Input should be a valid dictionary'),
  );
}

function readTools(tools: unknown): readonly Tool[] {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) return refuseField('tools', 'Input should be a valid list');
  return tools.map((tool: unknown, index) =>
    isObject(tool)
      ? decodeTool(tool, `tools.${index}`)
      : refuseField(`tools.${index}`, 'Input should be a valid dictionary'),
  );
}

function readSampling(body: JsonObject): Sampling {
  return {
    ...NO_SAMPLING,
    temperature: readNumber(body, 'temperature'),
    topP: readNumber(body, 'top_p'),
    topK: readInteger(body, 'top_k'),
  };
}

function readStop(stop: unknown): readonly string[] {
  if (stop === undefined || stop === null) return [];
  if (Array.isArray(stop) && stop.every((one): one is string => typeof one === 'string')) return stop;
  return refuseField('stop_sequences', 'Input should be a valid list of strings');
}

function readNumber(body: JsonObject, name: string): number | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  return typeof value === 'number' ? value : refuseField(name, 'Input should be a valid number');
}

function readInteger(body: JsonObject, name: string): number | null {
  const value = readNumber(body, name);
  return value === null || Number.isInteger(value) ? value : refuseField(name, 'Input should be a valid integer');
}

function readBoolean(body: JsonObject, name: string): boolean | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  return typeof value === 'boolean' ? value : refuseField(name, 'Input should be a valid boolean');
}

function readText(body: JsonObject, name: string): string | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  return text(value) ?? refuseField(name, 'Input should be a valid string');
}

function readObject(body: JsonObject, name: string): JsonObject | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  return isObject(value) ? value : refuseField(name, 'Input should be a valid dictionary');
}
