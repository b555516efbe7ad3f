import type { Decoded, ReadWhole } from '../canonical/codec.js';
import { count, isObject, object } from '../canonical/json-read.js';
import type { Lane, LaneTarget } from '../lane.js';
import type { Usage } from '../usage.js';
import { countTexts } from './count-texts.js';
import { embeddingsToGemini } from './embeddings-to-gemini.js';
import { Fields } from './fields.js';
import type { JsonBody } from './json-body.js';
import { OperationRequest, operationEnvelope, operationLane, operationReply } from './operation-request.js';
import { EMBEDDING_WORDS, FLOAT_UNSAID } from './provider-words.js';
import { isEmptyList, readReplyBody, spliceReplyBody } from './reply-body.js';
import { spliceJson, usualEdits } from './splice-json.js';

/** What is embedded: texts, or tokens that the caller made himself. */
interface Inputs {
  readonly texts: readonly string[];
  readonly tokens: number;
  readonly count: number;
}

const INPUTS_MAX = 10_000;
const DIMENSIONS_MAX = 100_000;
/** Marks that vocabularies put around each text. */
const FRAME_TOKENS = 2;

/** OpenAI's `/embeddings`. `input` is a text, texts, tokens, or lists of tokens. */
export function openEmbeddings(json: JsonBody): Decoded<OperationRequest> {
  const fields = new Fields(json.request);
  const model = fields.model();
  const inputs = readInputs(json.request['input'], fields);
  fields.oneOf('encoding_format', ['float', 'base64']);
  fields.integer('dimensions', 1, DIMENSIONS_MAX);
  const user = fields.user();
  const metadata = fields.metadata();
  if (fields.failure !== null) return { ok: false, failure: fields.failure };
  const characters = inputs.texts.reduce((sum, text) => sum + text.length, 0);
  const bytes = inputs.texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const inputTokensBound = bytes + inputs.tokens + inputs.count * FRAME_TOKENS;
  const counted = (): Usage => ({ input: inputs.tokens + countTexts(inputs.texts) });
  const envelope = operationEnvelope({
    request: json.request,
    operation: 'embeddings',
    model,
    inputTokensBound,
    characters,
    user,
    metadata,
  });
  return {
    ok: true,
    value: new OperationRequest({ envelope, counted, lane: (target) => embeddingsLane(json, target, counted) }),
  };
}

function readInputs(input: unknown, fields: Fields): Inputs {
  if (input === undefined || input === null) fields.wrong('input', 'input is missing.');
  else if (typeof input === 'string') return textInputs([input], fields);
  else if (!Array.isArray(input)) fields.wrong('input', 'input must be a string, an array of strings, or tokens.');
  else if (input.length === 0) fields.wrong('input', 'input must not be empty.');
  else if (isTokens(input)) return { texts: [], tokens: input.length, count: 1 };
  else if (input.length > INPUTS_MAX) fields.wrong('input', `input must have at most ${INPUTS_MAX} elements.`);
  else if (input.every((each) => typeof each === 'string')) return textInputs(input, fields);
  else return tokenInputs(input, fields);
  return { texts: [], tokens: 0, count: 0 };
}

function textInputs(texts: readonly string[], fields: Fields): Inputs {
  const empty = texts.indexOf('');
  if (empty !== -1)
    fields.wrong(texts.length === 1 ? 'input' : `input[${empty}]`, 'A text to embed must not be empty.');
  return { texts, tokens: 0, count: texts.length };
}

/** Pictures have a price of their own at every vendor that embeds them, which the catalogue does not have. */
function tokenInputs(lists: readonly unknown[], fields: Fields): Inputs {
  let tokens = 0;
  for (const [position, list] of lists.entries()) {
    const at = `input[${position}]`;
    if (isObject(list)) fields.wrong(at, `${at}: only texts and tokens can be embedded here.`, 'unsupported_content');
    else if (!Array.isArray(list) || list.length === 0 || !isTokens(list))
      fields.wrong(at, `${at} must be a string or an array of tokens, as all the others.`);
    else tokens += list.length;
  }
  return { texts: [], tokens, count: lists.length };
}

function isTokens(list: readonly unknown[]): boolean {
  return list.every((token) => typeof token === 'number' && Number.isInteger(token) && token >= 0);
}

function embeddingsLane(json: JsonBody, target: LaneTarget, counted: () => Usage): Decoded<Lane> {
  if (target.dialect === 'gemini') return embeddingsToGemini(json, target, counted);
  const { edits, losses } = usualEdits(json, target);
  const provider = target.provider ?? '';
  const isFloatUnsaid = FLOAT_UNSAID.has(provider) && json.request['encoding_format'] === 'float';
  const removed = isFloatUnsaid ? new Set([...edits.removed, 'encoding_format']) : edits.removed;
  const body = spliceJson(json, { ...edits, removed, renamed: EMBEDDING_WORDS[provider] ?? {} });
  const readWhole = (answer: Buffer): ReadWhole => readEmbeddings(answer, target, counted);
  return { ok: true, value: operationLane({ path: '/embeddings', body, losses, readWhole }) };
}

function readEmbeddings(answer: Buffer, target: LaneTarget, counted: () => Usage): ReadWhole {
  const read = readReplyBody(answer, 'data');
  if (read.kind !== 'body') return read;
  const { reply } = read;
  const told = object(reply.value('usage'));
  return operationReply({
    usage: decodeUsage(told),
    isEmpty: isEmptyList(reply, 'data'),
    counted,
    render: ({ usage, cost }) => {
      const tokens = usage?.input ?? 0;
      const made = { prompt_tokens: tokens, total_tokens: tokens };
      const id = `gen-${target.requestId}`;
      const lacking: Record<string, string> =
        count(told?.['prompt_tokens']) === null ? { prompt_tokens: `${tokens}` } : {};
      const edits = { id, model: target.publicModel, cost, usage: made, lacking };
      return { body: spliceReplyBody(reply, edits), losses: [] };
    },
  });
}

/** Voyage has only the total: OpenAI's type demands `prompt_tokens` too, and clients add them up. */
function decodeUsage(usage: Readonly<Record<string, unknown>> | null): Usage | null {
  if (usage === null) return null;
  const input = count(usage['prompt_tokens']) ?? count(usage['input_tokens']) ?? count(usage['total_tokens']);
  return input === null ? null : { input };
}
