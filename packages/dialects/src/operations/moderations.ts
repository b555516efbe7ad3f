import type { Decoded, ReadWhole } from '../canonical/codec.js';
import { isObject } from '../canonical/json-read.js';
import type { Lane, LaneTarget } from '../lane.js';
import { countTextTokens } from '../token-count.js';
import type { Usage } from '../usage.js';
import { Fields } from './fields.js';
import type { JsonBody } from './json-body.js';
import { OperationRequest, operationEnvelope, operationLane, operationReply } from './operation-request.js';
import { isEmptyList, readReplyBody, spliceReplyBody } from './reply-body.js';
import { spliceJson, usualEdits } from './splice-json.js';

/** OpenAI's default where the caller names none. */
const STANDARD_MODEL = 'omni-moderation-latest';
const INPUTS_MAX = 10_000;
/** No picture is more tokens anywhere. */
const IMAGE_TOKENS_MAX = 5_000;

interface Judged {
  readonly texts: string[];
  images: number;
}

/** OpenAI's `/moderations`: a text, texts, or one list of text and picture parts. Free at OpenAI, and held, settled and logged like the rest. */
export function openModeration(json: JsonBody): Decoded<OperationRequest> {
  const fields = new Fields(json.request);
  const model = fields.model(STANDARD_MODEL);
  const judged: Judged = { texts: [], images: 0 };
  readInput(json.request['input'], fields, judged);
  const metadata = fields.metadata();
  if (fields.failure !== null) return { ok: false, failure: fields.failure };
  const text = judged.texts.join('\n');
  const envelope = operationEnvelope({
    request: json.request,
    operation: 'moderation',
    model,
    inputTokensBound: Buffer.byteLength(text) + judged.images * IMAGE_TOKENS_MAX,
    characters: text.length,
    images: judged.images,
    metadata,
  });
  const counted = (): Usage => ({ input: countTextTokens(text) + judged.images * 1_000 });
  return {
    ok: true,
    value: new OperationRequest({ envelope, counted, lane: (target) => moderationLane(json, target, counted) }),
  };
}

function readInput(input: unknown, fields: Fields, judged: Judged): void {
  if (input === undefined || input === null) fields.wrong('input', 'input is missing.');
  else if (typeof input === 'string') judged.texts.push(input);
  else if (!Array.isArray(input) || input.length === 0 || input.length > INPUTS_MAX)
    fields.wrong('input', 'input must be a string, an array of strings, or an array of parts.');
  else for (const [position, part] of input.entries()) readPart(part, `input[${position}]`, fields, judged);
}

function readPart(part: unknown, at: string, fields: Fields, judged: Judged): void {
  if (typeof part === 'string') judged.texts.push(part);
  else if (!isObject(part)) fields.wrong(at, `${at} must be a string or a part.`);
  else if (part['type'] === 'image_url') judged.images += 1;
  else if (typeof part['text'] === 'string') judged.texts.push(part['text']);
  else fields.wrong(`${at}.text`, `${at}.text must be a string.`);
}

function moderationLane(json: JsonBody, target: LaneTarget, counted: () => Usage): Decoded<Lane> {
  const { edits, losses } = usualEdits(json, target);
  const body = spliceJson(json, edits);
  const readWhole = (answer: Buffer): ReadWhole => readVerdict(answer, target, counted);
  return { ok: true, value: operationLane({ path: '/moderations', body, losses, readWhole }) };
}

function readVerdict(answer: Buffer, target: LaneTarget, counted: () => Usage): ReadWhole {
  const read = readReplyBody(answer, 'results');
  if (read.kind !== 'body') return read;
  const { reply } = read;
  const id = `gen-${target.requestId}`;
  return operationReply({
    usage: null,
    isEmpty: isEmptyList(reply, 'results'),
    counted,
    render: ({ cost }) => ({
      body: spliceReplyBody(reply, { id, model: target.publicModel, cost, usage: null }),
      losses: [],
    }),
  });
}
