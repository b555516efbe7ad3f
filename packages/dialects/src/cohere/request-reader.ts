import type { Decoded, DoorFacts } from '../canonical/codec.js';
import { filledText, isObject, list, number, objects, otherMembers, text } from '../canonical/json-read.js';
import type { DocumentPart, Extras, JsonObject, MediaSource, Part } from '../canonical/part.js';
import { decodeRecorded } from '../canonical/recorded-request.js';
import {
  type CanonicalRequest,
  type Message,
  NO_SAMPLING,
  type OutputFormat,
  type Tool,
  type ToolChoice,
} from '../canonical/request.js';
import { isResultContent } from '../canonical/result-content.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import { ME } from './wire.js';

/** Reads a request in this dialect, for the replay of recorded ones. */
export function decodeRequest(body: Buffer, door: DoorFacts): Decoded<CanonicalRequest> {
  return decodeRecorded(body, (json) => readRequest(json, door));
}

const MEMBERS = new Set([
  'model',
  'messages',
  'stream',
  'tools',
  'strict_tools',
  'documents',
  'response_format',
  'max_tokens',
  'stop_sequences',
  'temperature',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'k',
  'p',
  'logprobs',
  'tool_choice',
  'thinking',
]);

function readRequest(body: JsonObject, door: DoorFacts): CanonicalRequest {
  const extras = otherMembers(body, MEMBERS);
  return {
    dialect: ME,
    model: text(body['model']) ?? door.model ?? '',
    isStream: body['stream'] === true,
    messages: withDocuments(readMessages(body['messages']), objects(body['documents'])),
    tools: objects(body['tools']).map((tool) => readTool(tool, body['strict_tools'] === true)),
    toolChoice: readChoice(body['tool_choice']),
    parallelToolCalls: null,
    format: readFormat(body['response_format']),
    sampling: {
      ...NO_SAMPLING,
      temperature: number(body['temperature']),
      topP: number(body['p']),
      topK: number(body['k']),
      seed: number(body['seed']),
      frequencyPenalty: number(body['frequency_penalty']),
      presencePenalty: number(body['presence_penalty']),
    },
    maxOutputTokens: number(body['max_tokens']),
    stop: list(body['stop_sequences']).filter((sequence) => typeof sequence === 'string'),
    choices: 1,
    logprobs: body['logprobs'] === true ? { top: 0 } : null,
    reasoning: readThinking(body['thinking']),
    verbosity: null,
    modalities: [],
    audioOutput: null,
    user: null,
    metadata: {},
    serviceTier: null,
    promptCacheKey: null,
    cache: null,
    includeUsage: true,
    extras: extras === null ? null : { dialect: ME, fields: extras },
  };
}

function readThinking(value: unknown): CanonicalRequest['reasoning'] {
  if (!isObject(value)) return null;
  return {
    isEnabled: value['type'] !== 'disabled',
    effort: null,
    budgetTokens: number(value['token_budget']),
    summary: null,
    isShown: null,
  };
}

function readFormat(value: unknown): OutputFormat | null {
  if (!isObject(value) || value['type'] !== 'json_object') return null;
  const schema = value['json_schema'] ?? value['schema'];
  if (!isObject(schema)) return { kind: 'json_object' };
  return { kind: 'json_schema', name: null, description: null, schema, strict: null };
}

function readChoice(value: unknown): ToolChoice | null {
  if (value === 'REQUIRED') return { kind: 'required' };
  return value === 'NONE' ? { kind: 'none' } : null;
}

function readTool(value: JsonObject, isStrict: boolean): Tool {
  const spec = value['function'];
  if (!isObject(spec)) return { kind: 'server', tool: 'other', search: null, dialect: ME, value };
  return {
    kind: 'function',
    name: text(spec['name']) ?? '',
    description: text(spec['description']),
    parameters: isObject(spec['parameters']) ? spec['parameters'] : null,
    strict: isStrict ? true : null,
  };
}

// --- messages ---------------------------------------------------------------------------------------------------------------

function readMessages(value: unknown): readonly Message[] {
  const messages: Message[] = [];
  const names = new Map<string, string>();
  for (const wire of objects(value)) {
    const message = readMessage(wire, names);
    const last = messages.at(-1);
    const isResultBehindResult = wire['role'] === 'tool' && last !== undefined && isOnlyResults(last);
    if (isResultBehindResult) messages[messages.length - 1] = { ...last, parts: [...last.parts, ...message.parts] };
    else messages.push(message);
  }
  return messages.reduce<readonly Message[]>(joinResults, []);
}

/** What the user says behind results belongs to them: one turn. */
function joinResults(before: readonly Message[], message: Message): readonly Message[] {
  const last = before.at(-1);
  if (last === undefined || !isOnlyResults(last) || message.role !== 'user') return [...before, message];
  return [...before.slice(0, -1), { ...last, parts: [...last.parts, ...message.parts] }];
}

function isOnlyResults({ role, parts }: Message): boolean {
  return role === 'user' && parts.length > 0 && parts.every(({ kind }) => kind === 'tool_result');
}

function readMessage(wire: JsonObject, names: Map<string, string>): Message {
  const content = readContent(wire['content']);
  switch (wire['role']) {
    case 'system':
      return { role: 'system', parts: content };
    case 'assistant':
      return { role: 'assistant', parts: [...content, ...readPlan(wire), ...readCalls(wire, names)] };
    case 'tool': {
      const callId = text(wire['tool_call_id']) ?? '';
      const name = names.get(callId) ?? null;
      const result = { callId, name, content: content.filter(isResultContent), isError: null };
      return { role: 'user', parts: [{ kind: 'tool_result', variant: 'function', ...result }] };
    }
    default:
      return { role: 'user', parts: content };
  }
}

function readPlan(wire: JsonObject): readonly Part[] {
  const plan = filledText(wire['tool_plan']);
  return plan === null ? [] : [{ kind: 'text', text: plan }];
}

function readCalls(wire: JsonObject, names: Map<string, string>): readonly Part[] {
  return objects(wire['tool_calls']).map((call): Part => {
    const spec = isObject(call['function']) ? call['function'] : {};
    const id = text(call['id']) ?? '';
    const name = text(spec['name']) ?? '';
    names.set(id, name);
    return { kind: 'tool_call', id, name, arguments: argumentsText(spec['arguments']), variant: 'function' };
  });
}

function readContent(content: unknown): readonly Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return objects(content)
    .map(readItem)
    .filter((part) => part.kind !== 'text' || part.text !== '');
}

function readItem(item: JsonObject): Part {
  const { type, text: words, thinking, image_url: image, document } = item;
  if (type === 'text' && typeof words === 'string') return { kind: 'text', text: words };
  if (type === 'thinking' && typeof thinking === 'string')
    return { kind: 'reasoning', text: thinking, summary: [], seal: null, id: null };
  if (type === 'image_url' && isObject(image)) return readImage(image);
  const read = type === 'document' && isObject(document) ? readDocument(document) : null;
  return read ?? { kind: 'opaque', dialect: ME, type: text(type) ?? 'unknown', value: item };
}

function readImage(image: JsonObject): Part {
  const detail = text(image['detail']);
  return { kind: 'image', source: readUrl(text(image['url']) ?? ''), ...(detail === null ? {} : { detail }) };
}

function readUrl(url: string): MediaSource {
  const data = /^data:([^;,]+);base64,(.*)$/s.exec(url);
  return data === null
    ? { kind: 'url', url, mediaType: null }
    : { kind: 'base64', mediaType: data[1] ?? '', data: data[2] ?? '' };
}

/** Null where the document has no text: it stays as it is then. */
function readDocument(document: JsonObject): DocumentPart | null {
  const { data, ...others } = document;
  if (!isObject(data) || typeof data['text'] !== 'string') return null;
  const { text: words, title, ...rest } = data;
  const fields = { ...others, ...(Object.keys(rest).length === 0 ? {} : { data: rest }) };
  const extras: { readonly extras?: Extras } =
    Object.keys(fields).length === 0 ? {} : { extras: { dialect: ME, fields } };
  const source = { kind: 'text', text: data['text'], mediaType: 'text/plain' } as const;
  return { kind: 'document', source, name: text(title), context: null, isCitable: null, ...extras };
}

/** Documents of the request belong to what the user asks last. */
function withDocuments(messages: readonly Message[], documents: readonly JsonObject[]): readonly Message[] {
  const parts = documents.map(readDocument).filter((part) => part !== null);
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  if (parts.length === 0 || asked === -1) return messages;
  return messages.map((message, index) =>
    index === asked ? { ...message, parts: withFiles(message.parts, parts) } : message,
  );
}

/** Behind the results, in front of the words. */
function withFiles(parts: readonly Part[], files: readonly Part[]): readonly Part[] {
  const results = parts.filter(({ kind }) => kind === 'tool_result');
  return [...results, ...files, ...parts.filter(({ kind }) => kind !== 'tool_result')];
}
