import { filledText, isObject, objects, text } from '../canonical/json-read.js';
import type { JsonObject, Part, Seal, ToolCallPart, ToolResultPart } from '../canonical/part.js';
import type { Message } from '../canonical/request.js';
import { isResultContent } from '../canonical/result-content.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import { syntheticCallId } from '../canonical/tool-call-id.js';
import { decodeCalls } from './calls.js';
import { cacheOf, decodeContent, extrasOf } from './content-decoder.js';
import { sourceOfUrl } from './media.js';
import { decodeDetails } from './reasoning-details.js';
import type { RequestReader } from './request-reader.js';

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const;
type Role = (typeof ROLES)[number];

/** Members that are read; all others are extras of the message. */
const MEMBERS: Readonly<Record<Role, ReadonlySet<string>>> = {
  system: new Set(['role', 'content', 'name', 'cache_control']),
  developer: new Set(['role', 'content', 'name', 'cache_control']),
  user: new Set(['role', 'content', 'name', 'cache_control']),
  assistant: new Set([
    'role',
    'content',
    'name',
    'refusal',
    'tool_calls',
    'function_call',
    'reasoning',
    'reasoning_content',
    'reasoning_details',
    'audio',
    'images',
    'annotations',
    'model',
    'cache_control',
  ]),
  tool: new Set(['role', 'content', 'name', 'tool_call_id', 'cache_control']),
  function: new Set(['role', 'content', 'name', 'cache_control']),
};

/** Reads `messages`. A tool's answers in a row are one user message; each gets the name of its call, and an id where the wire had none. */
export function decodeMessages(reader: RequestReader, body: JsonObject): Message[] {
  const history = new History();
  for (const [index, message] of reader.objects(body, 'messages').entries())
    decodeMessage(reader, history, message, `messages[${index}]`);
  return history.messages;
}

/** What has been read so far: names and ids of the calls that answers may belong to. */
class History {
  readonly messages: Message[] = [];
  readonly #names = new Map<string, string>();
  /** calls nobody has answered yet */
  #open: ToolCallPart[] = [];
  #made = 0;
  #isAnswering = false;

  add(message: Message): void {
    this.messages.push(message);
    this.#isAnswering = false;
    for (const part of message.parts) {
      if (part.kind !== 'tool_call') continue;
      this.#names.set(part.id, part.name);
      this.#open.push(part);
    }
  }

  /** A made-up id: the same for the same history. */
  nextId(): string {
    this.#made += 1;
    return syntheticCallId('history', this.#made - 1);
  }

  /** The call an answer belongs to: by its id, by its name (legacy functions), else the first that waits for one. */
  callOf(
    id: string | null,
    name: string | null,
  ): { readonly id: string; readonly name: string | null; readonly variant: ToolCallPart['variant'] } {
    const at = this.#open.findIndex((call) => (id === null ? name === null || call.name === name : call.id === id));
    const [call] = at === -1 ? [] : this.#open.splice(at, 1);
    if (call !== undefined) return { id: call.id, name: call.name, variant: call.variant };
    return { id: id ?? this.nextId(), name: this.#names.get(id ?? '') ?? name, variant: 'function' };
  }

  addResult(result: ToolResultPart): void {
    const last = this.messages.at(-1);
    if (this.#isAnswering && last !== undefined)
      this.messages[this.messages.length - 1] = { ...last, parts: [...last.parts, result] };
    else this.messages.push({ role: 'user', parts: [result] });
    this.#isAnswering = true;
  }
}

function decodeMessage(reader: RequestReader, history: History, message: JsonObject, path: string): void {
  const role = reader.word(message, 'role', ROLES, path);
  if (role === null) return reader.wrong(`${path}.role`, `one of ${ROLES.join(', ')}`);
  const content = decodeContent(reader, message['content'], `${path}.content`);
  if (role === 'tool' || role === 'function') return history.addResult(decodeResult(history, message, content));
  const parts = role === 'assistant' ? assistantParts(reader, history, message, content) : content;
  const name = filledText(message['name']);
  history.add({
    role,
    parts: marked(parts, message),
    ...(name === null ? {} : { name }),
    ...messageExtras(message, role),
  });
}

/** OpenRouter takes a mark on the message itself: it stands for one on its last part. */
function marked(parts: readonly Part[], message: JsonObject): readonly Part[] {
  const mark = cacheOf(message);
  const last = parts.at(-1);
  return mark.cache === undefined || last === undefined || last.cache !== undefined
    ? parts
    : [...parts.slice(0, -1), { ...last, ...mark }];
}

/** An empty `reasoning_details` is meaningful (DeepSeek V4 behind OpenRouter) and goes back as it came. */
function messageExtras(message: JsonObject, role: Role): Pick<Message, 'extras'> {
  const details = message['reasoning_details'];
  const isEmpty = role === 'assistant' && Array.isArray(details) && details.length === 0;
  const { extras } = extrasOf(message, MEMBERS[role]);
  const fields = { ...extras?.fields, ...(isEmpty ? { reasoning_details: [] } : {}) };
  return Object.keys(fields).length === 0 ? {} : { extras: { dialect: 'openai-chat', fields } };
}

function decodeResult(history: History, message: JsonObject, content: readonly Part[]): ToolResultPart {
  const call = history.callOf(filledText(message['tool_call_id']), filledText(message['name']));
  return {
    kind: 'tool_result',
    callId: call.id,
    name: call.name ?? filledText(message['name']),
    content: content.filter(isResultContent),
    isError: null,
    variant: call.variant,
    ...cacheOf(message),
    ...extrasOf(message, MEMBERS.tool),
  };
}

/** Reasoning first, calls last, whatever the members' order. */
function assistantParts(
  reader: RequestReader,
  history: History,
  message: JsonObject,
  content: readonly Part[],
): readonly Part[] {
  const calls = [...decodeCalls(message['tool_calls'], () => history.nextId()), ...legacyCall(history, message)];
  const ids = new Set(calls.map(({ id }) => id));
  const details = decodeDetails(message['reasoning_details'], (id) => ids.has(id));
  const refusal = filledText(message['refusal']);
  return [
    ...thoughts(message, details.parts),
    ...sealedTexts(content, details.textSeals),
    ...(refusal === null ? [] : [{ kind: 'refusal', text: refusal } as const]),
    ...images(message),
    ...audioReference(reader, message),
    ...calls.map((call) => withSeal(call, details.callSeals.get(call.id))),
  ];
}

/** The details where they say what was thought, else the plain text; both tell the same. */
export function thoughts(message: JsonObject, details: readonly Part[]): readonly Part[] {
  const isTold = details.some((part) => part.kind === 'reasoning' && (part.text !== '' || part.summary.length > 0));
  const plain = filledText(message['reasoning']) ?? filledText(message['reasoning_content']);
  if (isTold || plain === null) return details;
  return [{ kind: 'reasoning', text: plain, summary: [], seal: null, id: null }, ...details];
}

export function sealedTexts(content: readonly Part[], seals: ReadonlyMap<number, Seal>): readonly Part[] {
  if (seals.size === 0) return content;
  let place = -1;
  const sealed = content.map((part) => {
    if (part.kind !== 'text') return part;
    place += 1;
    const seal = seals.get(place);
    return seal === undefined ? part : { ...part, seal };
  });
  const lost = seals.get(place + 1);
  // a signature alone: Gemini ends an answer with an empty text that carries it (W27)
  return lost === undefined ? sealed : [...sealed, { kind: 'text', text: '', seal: lost }];
}

export function withSeal(call: ToolCallPart, seal: Seal | undefined): ToolCallPart {
  return seal === undefined || call.seal !== undefined ? call : { ...call, seal };
}

/** `function_call` of before 2023. */
function legacyCall(history: History, message: JsonObject): readonly ToolCallPart[] {
  const call = message['function_call'];
  const name = isObject(call) ? filledText(call['name']) : null;
  if (!isObject(call) || name === null) return [];
  const written = argumentsText(call['arguments']);
  return [{ kind: 'tool_call', id: history.nextId(), name, arguments: written, variant: 'function' }];
}

/** Images a model made, as OpenRouter hands them out and takes them back. */
export function images(message: JsonObject): readonly Part[] {
  return objects(message['images']).flatMap((image): Part[] => {
    const address = image['image_url'];
    const url = isObject(address) ? text(address['url']) : text(address);
    return url === null ? [] : [{ kind: 'image', source: sourceOfUrl(url) }];
  });
}

/** Audio of an earlier answer, by the provider's id: an object of its account. */
function audioReference(reader: RequestReader, message: JsonObject): readonly Part[] {
  const audio = reader.object(message, 'audio', 'messages');
  const id = audio === null ? null : filledText(audio['id']);
  if (id === null) return [];
  return [{ kind: 'audio', source: { kind: 'reference', dialect: 'openai-chat', id, mediaType: null } }];
}
