import type { Decoded, ReadWhole } from '../canonical/codec.js';
import { count, list, object, text } from '../canonical/json-read.js';
import type { Lane, LaneTarget } from '../lane.js';
import type { JsonObject } from '../openai-chat/wire.js';
import { countTextTokens } from '../token-count.js';
import type { Usage } from '../usage.js';
import { Fields } from './fields.js';
import { formEdits } from './form-edits.js';
import { formFields } from './form-fields.js';
import { INPUT_IMAGE_TOKENS_MAX, type PictureWish, pictureTokens, pictureTokensBound } from './image-tokens.js';
import type { JsonBody } from './json-body.js';
import { type Form, spliceForm } from './multipart.js';
import { OperationRequest, operationEnvelope, operationLane, operationReply } from './operation-request.js';
import { type EventFacts, OperationStream, type StreamRule } from './operation-stream.js';
import { type ReplyBody, readReplyBody, spliceReplyBody } from './reply-body.js';
import { spliceJson, usualEdits } from './splice-json.js';

const IMAGES_MAX = 64;
const TEXTS = ['model', 'prompt', 'size', 'quality', 'response_format', 'output_format', 'background', 'user'] as const;

/** What is drawn, however it was asked for. */
interface Drawing {
  readonly model: string;
  readonly prompt: string;
  readonly wish: PictureWish;
  readonly n: number;
  readonly isStream: boolean;
  /** pictures put in */
  readonly inputs: number;
  readonly user: string | null;
}

type Sender = (target: LaneTarget) => Pick<Lane, 'body' | 'losses' | 'contentType'>;

/** OpenAI's `/images/generations`. */
export function openImageGeneration(json: JsonBody): Decoded<OperationRequest> {
  const fields = new Fields(json.request);
  const drawing = readDrawing(fields, list(json.request['input_references']).length);
  const metadata = fields.metadata();
  if (fields.failure !== null) return { ok: false, failure: fields.failure };
  return drawn('/images/generations', drawing, sendJson(json), { metadata, request: json.request });
}

/** `/images/edits` in JSON: pictures by URL, as OpenAI and xAI take them too. */
export function openImageEditJson(json: JsonBody): Decoded<OperationRequest> {
  const fields = new Fields(json.request);
  const pictures = list(json.request['images']).length + (object(json.request['image']) === null ? 0 : 1);
  if (pictures === 0) fields.wrong('images', 'images is missing.');
  if (pictures > IMAGES_MAX) fields.wrong('images', `images must have at most ${IMAGES_MAX} elements.`);
  const mask = object(json.request['mask']) === null ? 0 : 1;
  const drawing = readDrawing(fields, pictures + mask);
  const metadata = fields.metadata();
  if (fields.failure !== null) return { ok: false, failure: fields.failure };
  return drawn('/images/edits', drawing, sendJson(json), { metadata, request: json.request });
}

/** `/images/edits`: a form with pictures, perhaps a mask. */
export function openImageEdit(form: Form, contentType: string): Decoded<OperationRequest> {
  const fields = formFields(form, { texts: TEXTS, numbers: ['n', 'partial_images'], booleans: ['stream'] });
  const pictures = form.parts.filter((part) => /^image(?:\[\d*\])?$/.test(part.name));
  const masks = form.parts.filter((part) => part.name === 'mask');
  if (pictures.length === 0) fields.wrong('image', 'image is missing.');
  if (pictures.length > IMAGES_MAX) fields.wrong('image', `image must stand at most ${IMAGES_MAX} times.`);
  for (const part of [...pictures, ...masks])
    if (part.valueFrom === part.valueTo) fields.wrong(part.name, `${part.name} is an empty file.`);
  const drawing = readDrawing(fields, pictures.length + masks.length);
  if (fields.failure !== null) return { ok: false, failure: fields.failure };
  const send: Sender = (target) => {
    const { set, removed, losses } = formEdits(form, target);
    return { body: spliceForm(form, set, removed), losses, contentType };
  };
  return drawn('/images/edits', drawing, send, {});
}

function readDrawing(fields: Fields, inputs: number): Drawing {
  fields.oneOf('response_format', ['url', 'b64_json']);
  return {
    model: fields.model(),
    prompt: fields.filled('prompt'),
    n: fields.integer('n', 1, IMAGES_MAX) ?? 1,
    wish: {
      size: fields.text('size'),
      quality: fields.text('quality'),
      partialImages: fields.integer('partial_images', 0, 3) ?? 0,
    },
    isStream: fields.boolean('stream') ?? false,
    inputs,
    user: fields.user(),
  };
}

function sendJson(json: JsonBody): Sender {
  return (target) => {
    const { edits, losses } = usualEdits(json, target);
    return { body: spliceJson(json, edits), losses, contentType: 'application/json' };
  };
}

function drawn(
  path: string,
  drawing: Drawing,
  send: Sender,
  more: { readonly metadata?: Readonly<Record<string, string>>; readonly request?: JsonObject },
): Decoded<OperationRequest> {
  const { model, prompt, wish, n, isStream, inputs, user } = drawing;
  const envelope = operationEnvelope({
    ...more,
    operation: 'image',
    model,
    isStream,
    inputTokensBound: Buffer.byteLength(prompt) + inputs * INPUT_IMAGE_TOKENS_MAX,
    outputMax: pictureTokensBound(wish),
    choices: n,
    units: { image: n },
    characters: prompt.length,
    images: inputs,
    user,
  });
  const counted = (): Usage => ({ ...countInput(drawing), output_image: 0 });
  const lane = (target: LaneTarget): Decoded<Lane> => ({
    ok: true,
    value: operationLane({
      path,
      ...send(target),
      readWhole: (answer) => readPictures(answer, drawing, target),
      openStream: () => new OperationStream(streamRule(drawing)),
    }),
  });
  return { ok: true, value: new OperationRequest({ envelope, counted, lane }) };
}

/** A picture put in has at least so many tokens; what it has exactly only the provider knows. */
const INPUT_IMAGE_TOKENS = 323;

function countInput({ prompt, inputs }: Drawing): Usage {
  const pictures = inputs === 0 ? {} : { input_image: inputs * INPUT_IMAGE_TOKENS };
  return { input: countTextTokens(prompt), ...pictures };
}

function countPictures(drawing: Drawing, made: number, wish: PictureWish): Usage {
  return { ...countInput(drawing), output_image: made * pictureTokens(wish), image: made };
}

function readPictures(answer: Buffer, drawing: Drawing, target: LaneTarget): ReadWhole {
  const read = readReplyBody(answer, 'data');
  if (read.kind !== 'body') return read;
  const { reply } = read;
  const made = list(reply.value('data')).length;
  const wish = wishOf(reply, drawing);
  const reported = decodeUsage(reply.value('usage'));
  return operationReply({
    usage: reported === null ? null : { ...reported, image: made },
    isEmpty: made === 0,
    counted: () => countPictures(drawing, made, wish),
    render: ({ cost }) => ({
      body: spliceReplyBody(reply, { id: `gen-${target.requestId}`, model: target.publicModel, cost, usage: null }),
      losses: [],
    }),
  });
}

/** What was drawn, where the answer says so: `auto` was the caller's word. */
function wishOf(reply: ReplyBody, { wish }: Drawing): PictureWish {
  return {
    size: text(reply.value('size')) ?? wish.size,
    quality: text(reply.value('quality')) ?? wish.quality,
    partialImages: wish.partialImages,
  };
}

/**
 * Without details all output is picture: these models make nothing else. OpenRouter writes the counts as chat does. Null where no tokens stand (xAI
 * tells its price in ticks).
 */
function decodeUsage(raw: unknown): Usage | null {
  const usage = object(raw);
  if (usage === null) return null;
  const input = count(usage['input_tokens']) ?? count(usage['prompt_tokens']);
  const output = count(usage['output_tokens']) ?? count(usage['completion_tokens']);
  if (input === null && output === null) return null;
  const inside = object(usage['input_tokens_details']) ?? object(usage['prompt_tokens_details']) ?? {};
  const outside = object(usage['output_tokens_details']) ?? object(usage['completion_tokens_details']) ?? {};
  const pictures = Math.min(count(inside['image_tokens']) ?? 0, input ?? 0);
  const drawn = Math.min(count(outside['image_tokens']) ?? output ?? 0, output ?? 0);
  return {
    input: (input ?? 0) - pictures,
    ...(pictures > 0 ? { input_image: pictures } : {}),
    ...((output ?? 0) > drawn ? { output: (output ?? 0) - drawn } : {}),
    output_image: drawn,
  };
}

/** Pictures come as drafts and a last event with the usage. */
function streamRule(drawing: Drawing): StreamRule {
  let made = 0;
  return {
    read: (event): EventFacts => {
      const isLast = /\.completed$/.test(text(event['type']) ?? '');
      if (isLast) made += 1;
      const reported = isLast ? decodeUsage(event['usage']) : null;
      const usage = reported === null ? null : { ...reported, image: made };
      const hasOutput = typeof event['b64_json'] === 'string' || typeof event['url'] === 'string';
      return { hasOutput, text: '', usage, finish: isLast ? 'stop' : null, isLast };
    },
    encodeUsage: () => null,
    counted: () => countPictures(drawing, made, drawing.wish),
  };
}
