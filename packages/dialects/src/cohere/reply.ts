import type { DecodedReply, ReplyContext } from '../canonical/codec.js';
import { customTextOf, customToolNames } from '../canonical/custom-tool.js';
import { filledText, isObject, list, number, objects, otherMembers, parseJson, text } from '../canonical/json-read.js';
import type { Extras, JsonObject, Part, TextPart } from '../canonical/part.js';
import type { TokenLogprob } from '../canonical/reply.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import { readCitation } from './citations.js';
import { inlineFailure } from './failure.js';
import { decodeFinish } from './finish.js';
import { decodeUsage } from './usage.js';
import { ME } from './wire.js';

/** A whole answer of v2 chat. */
export function decodeReply(body: Buffer, context: ReplyContext): DecodedReply {
  const value = parseJson(body.toString('utf8'));
  if (!isObject(value)) return { kind: 'unreadable', reason: 'the answer is no JSON object' };
  const { message } = value;
  if (typeof message === 'string') return { kind: 'failed', error: inlineFailure(value) };
  if (!isObject(message)) return { kind: 'unreadable', reason: 'the answer has no message' };
  const { parts, rest } = readParts(message, customToolNames(context.request.tools));
  const finishRaw = filledText(value['finish_reason']);
  const choice = {
    index: 0,
    parts,
    finish: decodeFinish(
      finishRaw,
      parts.some(({ kind }) => kind === 'tool_call'),
    ),
    finishRaw,
    stopSequence: null,
    logprobs: readLogprobs(value['logprobs']),
    ...(rest === null ? {} : { extras: rest }),
  };
  return { kind: 'reply', reply: { choices: [choice], usage: decodeUsage(value['usage']), serviceTier: null } };
}

const MESSAGE_MEMBERS = new Set(['role', 'content', 'tool_plan', 'tool_calls', 'citations']);

/** Thinking and text as they stand, the plan behind them (W36), the calls last. */
function readParts(
  message: JsonObject,
  custom: ReadonlySet<string>,
): { readonly parts: readonly Part[]; readonly rest: Extras | null } {
  const citations = objects(message['citations']);
  const content = objects(message['content']);
  const parts = content.flatMap((item, index) => readItem(item, citationsOf(citations, index, content)));
  const plan = filledText(message['tool_plan']);
  const planned = citations.filter(({ type }) => type === 'PLAN');
  const fields = otherMembers(message, MESSAGE_MEMBERS);
  return {
    parts: [
      ...parts,
      ...(plan === null ? [] : [cited(plan, planned)]),
      ...objects(message['tool_calls']).map((call) => readCall(call, custom)),
    ],
    rest: fields === null ? null : { dialect: ME, fields },
  };
}

/** Those of the item at `index`; without a number they are of the first text. */
function citationsOf(
  citations: readonly JsonObject[],
  index: number,
  content: readonly JsonObject[],
): readonly JsonObject[] {
  const first = content.findIndex(({ type }) => type === 'text');
  return citations.filter(({ type, content_index: at }) => type !== 'PLAN' && (number(at) ?? first) === index);
}

function cited(words: string, citations: readonly JsonObject[]): TextPart {
  const read = citations.map((citation) => readCitation(citation, words));
  return { kind: 'text', text: words, ...(read.length === 0 ? {} : { citations: read }) };
}

function readItem(item: JsonObject, citations: readonly JsonObject[]): readonly Part[] {
  const words = text(item['text']);
  const thinking = text(item['thinking']);
  if (words !== null) return words === '' ? [] : [cited(words, citations)];
  if (thinking !== null)
    return thinking === '' ? [] : [{ kind: 'reasoning', text: thinking, summary: [], seal: null, id: null }];
  return [{ kind: 'opaque', dialect: ME, type: text(item['type']) ?? 'unknown', value: item }];
}

function readCall(call: JsonObject, custom: ReadonlySet<string>): Part {
  const spec = isObject(call['function']) ? call['function'] : {};
  const name = text(spec['name']) ?? '';
  const written = argumentsText(spec['arguments']);
  const id = text(call['id']) ?? '';
  return custom.has(name)
    ? { kind: 'tool_call', id, name, arguments: customTextOf(written), variant: 'custom' }
    : { kind: 'tool_call', id, name, arguments: written, variant: 'function' };
}

/** Each entry is a piece of text with the logprobs of its tokens: the piece is as likely as all of them together. */
export function readLogprobs(value: unknown): readonly TokenLogprob[] | null {
  const entries = Array.isArray(value) ? objects(value) : isObject(value) ? [value] : [];
  if (entries.length === 0) return null;
  return entries.map((entry) => {
    const logprobs = list(entry['logprobs']).filter((logprob) => typeof logprob === 'number');
    const logprob = logprobs.reduce((sum, one) => sum + one, 0);
    return { token: text(entry['text']) ?? '', logprob, bytes: null, top: [] };
  });
}
