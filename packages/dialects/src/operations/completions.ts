import type { Decoded, ReadWhole } from '../canonical/codec.js';
import { isObject, number, objects, text } from '../canonical/json-read.js';
import type { Lane, LaneTarget } from '../lane.js';
import { decodeUsage } from '../openai-chat/usage.js';
import { type JsonObject, REQUEST_LIMITS } from '../openai-chat/wire.js';
import { countTextTokens } from '../token-count.js';
import type { Usage } from '../usage.js';
import { completionAsChat } from './completion-as-chat.js';
import { countTexts } from './count-texts.js';
import { Fields } from './fields.js';
import type { JsonBody } from './json-body.js';
import { OperationRequest, operationEnvelope, operationLane } from './operation-request.js';
import { type EventFacts, OperationStream, type StreamRule } from './operation-stream.js';
import { readReplyBody, spliceReplyBody } from './reply-body.js';
import { spliceJson, usualEdits } from './splice-json.js';

const PROMPTS_MAX = 2_048;

/** What is completed: texts, or tokens that the caller made himself. */
interface Prompts {
  readonly texts: readonly string[];
  readonly tokens: number;
  readonly count: number;
}

/** OpenAI's interface before chat. Models that have it get the bytes; chat models get the prompt as a message of the user. */
export function openCompletion(json: JsonBody): Decoded<OperationRequest> {
  const { request } = json;
  const fields = new Fields(request);
  const model = fields.model();
  const prompts = readPrompts(request['prompt'], fields);
  const n = fields.integer('n', 1, REQUEST_LIMITS.choices) ?? 1;
  const bestOf = fields.integer('best_of', 0, REQUEST_LIMITS.choices) ?? 1;
  const outputMax = fields.integer('max_tokens', 0, REQUEST_LIMITS.outputTokens);
  const isStream = fields.boolean('stream') ?? false;
  const includeUsage = readIncludeUsage(request['stream_options'], fields);
  fields.boolean('echo');
  const suffix = fields.text('suffix') ?? '';
  const user = fields.user();
  const metadata = fields.metadata();
  if (fields.failure !== null) return { ok: false, failure: fields.failure };
  const bytes = prompts.texts.reduce((sum, prompt) => sum + Buffer.byteLength(prompt), Buffer.byteLength(suffix));
  const envelope = operationEnvelope({
    request,
    operation: 'completions',
    model,
    isStream,
    outputMax,
    choices: Math.max(n, bestOf) * prompts.count,
    inputTokensBound: bytes + prompts.tokens + prompts.count * MARK_TOKENS,
    characters: prompts.texts.reduce((sum, prompt) => sum + prompt.length, 0),
    user,
    metadata,
  });
  const countInput = (): number =>
    prompts.tokens + countTexts(suffix === '' ? prompts.texts : [...prompts.texts, suffix]);
  const answer: Answer = { isStream, includeUsage, choices: n * prompts.count, countInput };
  return {
    ok: true,
    value: new OperationRequest({
      envelope,
      counted: () => ({ input: countInput() }),
      lane: (target) =>
        target.dialect === 'completions'
          ? completionLane(json, answer, target)
          : completionAsChat(request, { isStream, includeUsage }, target),
    }),
  };
}

/** Marks around a prompt; a chat model's template and hidden instructions are the larger part. */
const MARK_TOKENS = 1_024;

function readPrompts(prompt: unknown, fields: Fields): Prompts {
  const none = { texts: [], tokens: 0, count: 1 };
  if (prompt === undefined || prompt === null) fields.wrong('prompt', 'prompt is missing.');
  else if (typeof prompt === 'string') return { texts: [prompt], tokens: 0, count: 1 };
  else if (!Array.isArray(prompt) || prompt.length === 0)
    fields.wrong('prompt', 'prompt must be a string, an array of strings, or tokens.');
  else if (isTokens(prompt)) return { texts: [], tokens: prompt.length, count: 1 };
  else if (prompt.length > PROMPTS_MAX) fields.wrong('prompt', `prompt must have at most ${PROMPTS_MAX} elements.`);
  else if (prompt.every((each) => typeof each === 'string')) return { texts: prompt, tokens: 0, count: prompt.length };
  else return readTokenPrompts(prompt, fields);
  return none;
}

function readTokenPrompts(lists: readonly unknown[], fields: Fields): Prompts {
  let tokens = 0;
  for (const [position, list] of lists.entries()) {
    if (Array.isArray(list) && list.length > 0 && isTokens(list)) tokens += list.length;
    else fields.wrong(`prompt[${position}]`, `prompt[${position}] must be a string or tokens, as all the others.`);
  }
  return { texts: [], tokens, count: lists.length };
}

function isTokens(list: readonly unknown[]): boolean {
  return list.every((token) => typeof token === 'number' && Number.isInteger(token) && token >= 0);
}

function readIncludeUsage(options: unknown, fields: Fields): boolean {
  if (options === undefined || options === null) return false;
  if (!isObject(options)) return fields.wrong('stream_options', 'stream_options must be an object.') ?? false;
  return new Fields(options).boolean('include_usage') ?? false;
}

interface Answer {
  readonly isStream: boolean;
  readonly includeUsage: boolean;
  /** choices of the answer, of all prompts */
  readonly choices: number;
  countInput(): number;
}

function completionLane(json: JsonBody, answer: Answer, target: LaneTarget): Decoded<Lane> {
  const { edits, losses } = usualEdits(json, target);
  const set: Record<string, string> = { ...edits.set };
  const removed = new Set(edits.removed);
  const asked = json.request['max_tokens'];
  if (target.outputMax !== null && (typeof asked !== 'number' || asked > target.outputMax))
    set['max_tokens'] = String(target.outputMax);
  const options = json.request['stream_options'];
  if (answer.isStream && target.quirks.supportsStreamOptions)
    set['stream_options'] = JSON.stringify({ ...(isObject(options) ? options : {}), include_usage: true });
  else removed.add('stream_options');
  const names = { id: `gen-${target.requestId}`, model: target.publicModel };
  return {
    ok: true,
    value: operationLane({
      path: '/completions',
      body: spliceJson(json, { set, removed }),
      losses,
      readWhole: (whole) => readCompletion(whole, answer, names),
      openStream: () => new OperationStream(streamRule(answer, names, target.created), names),
    }),
  };
}

type Names = { readonly id: string; readonly model: string };

function readCompletion(whole: Buffer, answer: Answer, names: Names): ReadWhole {
  const read = readReplyBody(whole, 'choices');
  if (read.kind !== 'body') return read;
  const { reply } = read;
  const choices = objects(reply.value('choices'));
  const finishRaw = choices.map((choice) => text(choice['finish_reason'])).find((word) => word !== null) ?? null;
  const said = choices.map((choice) => text(choice['text']) ?? '').join('');
  const countOutput = (): number => countTextTokens(said);
  return {
    kind: 'reply',
    reply: {
      usage: decodeUsage(reply.value('usage')),
      finish: finishRaw === null || finishRaw === '' ? null : { kind: finishRaw === 'length' ? 'length' : 'stop' },
      finishRaw,
      serviceTier: null,
      isEmpty: said === '',
      countOutput,
      counted: () => ({ input: answer.countInput(), output: countOutput() }),
      render: ({ usage, cost }) => ({
        body: spliceReplyBody(reply, { ...names, cost, usage: usage === null ? null : encodeUsage(usage) }),
        losses: [],
      }),
    },
  };
}

/** Usage comes on a chunk without choices, which waits for its price and is for those who asked. */
function streamRule(answer: Answer, { id, model }: Names, created: number): StreamRule {
  const unfinished = new Set(Array.from({ length: answer.choices }, (_, index) => index));
  const head = { id, object: 'text_completion', created, model };
  return {
    read: (event) => {
      for (const choice of objects(event['choices']))
        if (isFinished(choice)) unfinished.delete(number(choice['index']) ?? 0);
      return readChunk(event);
    },
    cut: () => ({
      events: [...unfinished].map((index) => ({
        ...head,
        choices: [{ index, text: '', logprobs: null, finish_reason: 'length' }],
      })),
      last: null,
    }),
    encodeUsage,
    counted: (said): Usage => ({ input: answer.countInput(), output: countTextTokens(said) }),
    hidesUsage: !answer.includeUsage,
    hidesLast: !answer.includeUsage,
    makeLast: () => ({ ...head, choices: [] }),
    alwaysDone: true,
  };
}

function isFinished(choice: JsonObject): boolean {
  return (text(choice['finish_reason']) ?? '') !== '';
}

function readChunk(event: Readonly<Record<string, unknown>>): EventFacts {
  const choices = objects(event['choices']);
  const said = choices.map((choice) => text(choice['text']) ?? '').join('');
  const finish = choices.map((choice) => text(choice['finish_reason'])).find((word) => word !== null && word !== '');
  const usage = decodeUsage(event['usage']);
  return {
    hasOutput: said !== '',
    text: said,
    usage,
    finish: finish ?? null,
    isLast: choices.length === 0 && usage !== null,
  };
}

function encodeUsage(usage: Usage): Readonly<Record<string, unknown>> {
  const input = usage.input ?? 0;
  const output = (usage.output ?? 0) + (usage.reasoning ?? 0);
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}
