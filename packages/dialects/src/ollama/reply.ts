import type { DecodedReply, ReplyContext } from '../canonical/codec.js';
import { customTextOf, customToolNames } from '../canonical/custom-tool.js';
import { filledText, isObject, list, number, objects, parseJson, text } from '../canonical/json-read.js';
import type { JsonObject, Part, ToolCallPart } from '../canonical/part.js';
import type { TokenLogprob } from '../canonical/reply.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import { syntheticCallId } from '../canonical/tool-call-id.js';
import { inlineFailure } from './failure.js';
import { finishOf, readEnd } from './finish.js';
import { decodeUsage } from './usage.js';

/** Calls of an answer; ids are made up where there are none, the same for the same request. */
export class CallReader {
  readonly #requestId: string;
  readonly #custom: ReadonlySet<string>;
  #count = 0;

  constructor({ requestId, request }: ReplyContext) {
    this.#requestId = requestId;
    this.#custom = customToolNames(request.tools);
  }

  get hasCalls(): boolean {
    return this.#count > 0;
  }

  read(call: JsonObject): ToolCallPart {
    const spec = isObject(call['function']) ? call['function'] : {};
    const name = text(spec['name']) ?? '';
    const id = filledText(call['id']) ?? syntheticCallId(this.#requestId, this.#count);
    this.#count += 1;
    const written = argumentsText(spec['arguments']);
    return this.#custom.has(name)
      ? { kind: 'tool_call', id, name, arguments: customTextOf(written), variant: 'custom' }
      : { kind: 'tool_call', id, name, arguments: written, variant: 'function' };
  }
}

/** What a line or a whole answer says: of `/api/chat` in `message`, of `/api/generate` beside it. Null where it says nothing of the kind. */
export interface Words {
  readonly thinking: string | null;
  readonly text: string | null;
  readonly calls: readonly JsonObject[];
}

export function readWords(value: JsonObject): Words | null {
  const { message, response } = value;
  if (isObject(message))
    return {
      thinking: filledText(message['thinking']),
      text: filledText(message['content']),
      calls: objects(message['tool_calls']),
    };
  if (typeof response !== 'string') return null;
  return { thinking: filledText(value['thinking']), text: filledText(response), calls: objects(value['tool_calls']) };
}

/** A whole answer of `/api/chat` or `/api/generate`. */
export function decodeReply(body: Buffer, context: ReplyContext): DecodedReply {
  const value = parseJson(body.toString('utf8'));
  if (!isObject(value)) return { kind: 'unreadable', reason: 'the answer is no JSON object' };
  const error = inlineFailure(value);
  if (error !== null) return { kind: 'failed', error };
  const words = readWords(value);
  if (words === null) return { kind: 'unreadable', reason: 'the answer has no message' };
  const calls = new CallReader(context);
  const parts = partsOf(words, calls);
  const end = readEnd(value);
  const choice = {
    index: 0,
    parts,
    finish: end === null ? null : finishOf(end.raw, calls.hasCalls),
    finishRaw: end?.raw ?? null,
    stopSequence: null,
    logprobs: readLogprobs(value['logprobs']),
  };
  return { kind: 'reply', reply: { choices: [choice], usage: decodeUsage(value), serviceTier: null } };
}

function partsOf({ thinking, text: words, calls }: Words, reader: CallReader): readonly Part[] {
  return [
    ...(thinking === null ? [] : [{ kind: 'reasoning', text: thinking, summary: [], seal: null, id: null } as const]),
    ...(words === null ? [] : [{ kind: 'text', text: words } as const]),
    ...calls.map((call) => reader.read(call)),
  ];
}

export function readLogprobs(value: unknown): readonly TokenLogprob[] | null {
  const entries = objects(value);
  if (entries.length === 0) return null;
  return entries.map((entry) => ({ ...readToken(entry), top: objects(entry['top_logprobs']).map(readToken) }));
}

function readToken(entry: JsonObject): Omit<TokenLogprob, 'top'> {
  const bytes = list(entry['bytes']).filter((byte) => typeof byte === 'number');
  return {
    token: text(entry['token']) ?? '',
    logprob: number(entry['logprob']) ?? 0,
    bytes: bytes.length === 0 ? null : bytes,
  };
}
