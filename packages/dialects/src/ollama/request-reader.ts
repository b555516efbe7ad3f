import type { Decoded, DoorFacts } from '../canonical/codec.js';
import { filledText, isObject, list, number, objects, otherMembers, text } from '../canonical/json-read.js';
import type { JsonObject, Part } from '../canonical/part.js';
import { decodeRecorded } from '../canonical/recorded-request.js';
import {
  type CanonicalRequest,
  type Message,
  NO_SAMPLING,
  type OutputFormat,
  type Tool,
} from '../canonical/request.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import { syntheticCallId } from '../canonical/tool-call-id.js';
import { ME } from './wire.js';

/** Reads a request in this dialect, for the replay of recorded ones. */
export function decodeRequest(body: Buffer, door: DoorFacts): Decoded<CanonicalRequest> {
  return decodeRecorded(body, (json) => readRequest(json, door));
}

const MEMBERS = new Set([
  'model',
  'messages',
  'tools',
  'format',
  'options',
  'think',
  'stream',
  'logprobs',
  'top_logprobs',
]);
const OPTIONS = new Set([
  'num_predict',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'repeat_penalty',
  'stop',
]);

function readRequest(body: JsonObject, door: DoorFacts): CanonicalRequest {
  const options = isObject(body['options']) ? body['options'] : {};
  const otherOptions = otherMembers(options, OPTIONS);
  const fields = { ...otherMembers(body, MEMBERS), ...(otherOptions === null ? {} : { options: otherOptions }) };
  return {
    dialect: ME,
    model: text(body['model']) ?? door.model ?? '',
    // left out it means yes
    isStream: body['stream'] !== false,
    messages: new MessageReader().read(body['messages']),
    tools: objects(body['tools']).map(readTool),
    toolChoice: null,
    parallelToolCalls: null,
    format: readFormat(body['format']),
    sampling: {
      ...NO_SAMPLING,
      temperature: number(options['temperature']),
      topP: number(options['top_p']),
      topK: number(options['top_k']),
      minP: number(options['min_p']),
      seed: number(options['seed']),
      frequencyPenalty: number(options['frequency_penalty']),
      presencePenalty: number(options['presence_penalty']),
      repetitionPenalty: number(options['repeat_penalty']),
    },
    maxOutputTokens: number(options['num_predict']),
    stop: list(options['stop']).filter((sequence) => typeof sequence === 'string'),
    choices: 1,
    logprobs: body['logprobs'] === true ? { top: number(body['top_logprobs']) ?? 0 } : null,
    reasoning: readThink(body['think']),
    verbosity: null,
    modalities: [],
    audioOutput: null,
    user: null,
    metadata: {},
    serviceTier: null,
    promptCacheKey: null,
    cache: null,
    includeUsage: true,
    extras: Object.keys(fields).length === 0 ? null : { dialect: ME, fields },
  };
}

function readThink(value: unknown): CanonicalRequest['reasoning'] {
  const nothing = { isEnabled: null, effort: null, budgetTokens: null, summary: null, isShown: null };
  if (typeof value === 'boolean') return { ...nothing, isEnabled: value };
  return value === 'low' || value === 'medium' || value === 'high' ? { ...nothing, effort: value } : null;
}

function readFormat(value: unknown): OutputFormat | null {
  if (value === 'json') return { kind: 'json_object' };
  return isObject(value) ? { kind: 'json_schema', name: null, description: null, schema: value, strict: null } : null;
}

function readTool(value: JsonObject): Tool {
  const spec = value['function'];
  if (!isObject(spec)) return { kind: 'server', tool: 'other', search: null, dialect: ME, value };
  return {
    kind: 'function',
    name: text(spec['name']) ?? '',
    description: text(spec['description']),
    parameters: isObject(spec['parameters']) ? spec['parameters'] : null,
    strict: null,
  };
}

interface OpenCall {
  readonly id: string;
  readonly name: string;
}

/** Calls and results mostly have no ids here (W37): a result belongs to the first open call of its name, or to the first there is. */
class MessageReader {
  #open: OpenCall[] = [];
  #calls = 0;

  read(value: unknown): readonly Message[] {
    const messages: Message[] = [];
    for (const wire of objects(value)) {
      const message = this.#readMessage(wire);
      const last = messages.at(-1);
      const isMore = last !== undefined && message.role === 'user' && isOnlyResults(last);
      if (isMore) messages[messages.length - 1] = { ...last, parts: [...last.parts, ...message.parts] };
      else messages.push(message);
    }
    return messages;
  }

  #readMessage(wire: JsonObject): Message {
    const parts = readContent(wire);
    switch (wire['role']) {
      case 'system':
        return { role: 'system', parts };
      case 'assistant': {
        const thinking = filledText(wire['thinking']);
        const thought: readonly Part[] =
          thinking === null ? [] : [{ kind: 'reasoning', text: thinking, summary: [], seal: null, id: null }];
        return { role: 'assistant', parts: [...thought, ...parts, ...this.#readCalls(wire['tool_calls'])] };
      }
      case 'tool': {
        const { id, name } = this.#callOf(wire);
        const words = text(wire['content']) ?? '';
        const content = words === '' ? [] : [{ kind: 'text', text: words } as const];
        return {
          role: 'user',
          parts: [{ kind: 'tool_result', callId: id, name, content, isError: null, variant: 'function' }],
        };
      }
      default:
        return { role: 'user', parts };
    }
  }

  #readCalls(value: unknown): readonly Part[] {
    return objects(value).map((call): Part => {
      const spec = isObject(call['function']) ? call['function'] : {};
      const id = filledText(call['id']) ?? syntheticCallId('history', this.#calls);
      const name = text(spec['name']) ?? '';
      this.#calls += 1;
      this.#open.push({ id, name });
      return { kind: 'tool_call', id, name, arguments: argumentsText(spec['arguments']), variant: 'function' };
    });
  }

  #callOf(wire: JsonObject): { readonly id: string; readonly name: string | null } {
    const id = filledText(wire['tool_call_id']);
    const name = filledText(wire['tool_name']);
    const found =
      this.#open.find((call) => call.id === id) ?? this.#open.find((call) => call.name === name) ?? this.#open[0];
    if (found === undefined) return { id: id ?? syntheticCallId('history', this.#calls), name };
    this.#open = this.#open.filter((call) => call !== found);
    return { id: id ?? found.id, name: name ?? found.name };
  }
}

function isOnlyResults({ role, parts }: Message): boolean {
  return role === 'user' && parts.length > 0 && parts.every(({ kind }) => kind === 'tool_result');
}

function readContent(wire: JsonObject): readonly Part[] {
  const words = text(wire['content']) ?? '';
  const images = list(wire['images']).flatMap((data): readonly Part[] =>
    typeof data === 'string' ? [{ kind: 'image', source: { kind: 'base64', mediaType: mediaTypeOf(data), data } }] : [],
  );
  return words === '' ? images : [...images, { kind: 'text', text: words }];
}

/** The first bytes of a picture say what it is. */
function mediaTypeOf(data: string): string {
  if (data.startsWith('/9j/')) return 'image/jpeg';
  if (data.startsWith('R0lGOD')) return 'image/gif';
  return data.startsWith('UklGR') ? 'image/webp' : 'image/png';
}
