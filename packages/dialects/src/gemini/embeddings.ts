import type { Decoded } from '../canonical/codec.js';
import { filledText, isObject, list, number, objects, parseObject } from '../canonical/json-read.js';
import { type Loss, Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { Usage } from '../usage.js';
import { type Flavour, requestPath } from './request-encode.js';
import { decodeUsage } from './usage.js';
import { refuse } from './wire.js';

export interface EncodedEmbeddings {
  readonly path: string;
  readonly body: JsonObject;
  readonly losses: readonly Loss[];
}

/**
 * OpenAI's embeddings request (`input` a text or a list of texts, `dimensions`) for Google. The Developer API takes a list in batchEmbedContents;
 * Vertex has only embedContent, of one text. Token ids are another vocabulary's and are refused.
 */
export function encodeEmbeddings(request: JsonObject, model: string, flavour: Flavour): Decoded<EncodedEmbeddings> {
  const { input } = request;
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (texts.length === 0 || !texts.every((one) => typeof one === 'string' && one !== ''))
    return refuse('unsupported_content', 'input must be a text or a list of texts for this model.', 'input');
  if (flavour === 'vertex' && texts.length > 1)
    return refuse('unsupported_content', 'This provider embeds one text at a time.', 'input');
  const losses = new Losses();
  for (const field of ['encoding_format', 'user'])
    if (request[field] !== undefined && request[field] !== null && request[field] !== 'float') losses.dropped(field);
  const dimensions = number(request['dimensions']);
  const name = model.includes('/') ? model : `models/${model}`;
  const one = (text: unknown): JsonObject => ({
    content: { parts: [{ text }] },
    ...(dimensions === null ? {} : { outputDimensionality: dimensions }),
  });
  const isBatch = flavour === 'developer';
  return {
    ok: true,
    value: {
      path: requestPath(model, isBatch ? 'batchEmbedContents' : 'embedContent', flavour),
      body: isBatch ? { requests: texts.map((text) => ({ model: name, ...one(text) })) } : one(texts[0]),
      losses: losses.list(),
    },
  };
}

export interface DecodedEmbeddings {
  readonly embeddings: readonly (readonly number[])[];
  /** null where nothing was reported, as the Developer API does */
  readonly usage: Usage | null;
}

/** The answer of either; null where it has no embeddings, or other values than numbers in them. */
export function decodeEmbeddings(body: Buffer): DecodedEmbeddings | null {
  const reply = parseObject(body.toString('utf8'));
  if (reply === null) return null;
  const all = isObject(reply['embedding']) ? [reply['embedding']] : objects(reply['embeddings']);
  const embeddings = all.map(({ values }) =>
    list(values).filter((value): value is number => typeof value === 'number'),
  );
  const isWhole = all.every(({ values }, index) => list(values).length === embeddings[index]?.length);
  if (embeddings.length === 0 || !isWhole || embeddings.some((values) => values.length === 0)) return null;
  const usage = decodeUsage(reply['usageMetadata']);
  return { embeddings, usage: usage === null ? null : { input: usage.input ?? 0 } };
}

/** OpenAI's embeddings answer. `usage` is the one that is billed. */
export function embeddingsReply({ embeddings }: DecodedEmbeddings, model: string, usage: Usage | null): JsonObject {
  const tokens = usage?.input ?? 0;
  return {
    object: 'list',
    data: embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** An embedContent or batchEmbedContents request of a Gemini client as OpenAI's. */
export function decodeEmbeddingsRequest(body: Buffer, model: string): Decoded<JsonObject> {
  const request = parseObject(body.toString('utf8'));
  if (request === null) return refuse('invalid_json', 'The request body must be a JSON object.');
  const isBatch = request['requests'] !== undefined;
  const requests = isBatch ? objects(request['requests']) : [request];
  const texts = requests.map(textOf);
  const wrong = texts.indexOf(null);
  if (texts.length === 0 || wrong !== -1) {
    const param = isBatch ? `requests[${Math.max(0, wrong)}].content` : 'content';
    return refuse('invalid_request', `${param} must have a part with text, and only text.`, param);
  }
  const dimensions = number(requests[0]?.['outputDimensionality'] ?? requests[0]?.['output_dimensionality']);
  return {
    ok: true,
    value: { model, input: isBatch ? texts : texts[0], ...(dimensions === null ? {} : { dimensions }) },
  };
}

function textOf({ content }: JsonObject): string | null {
  const parts = isObject(content) ? content['parts'] : undefined;
  const all = objects(Array.isArray(parts) ? parts : [parts]);
  const texts = all.map(({ text }) => filledText(text));
  return texts.length === 0 || texts.includes(null) ? null : texts.join('\n');
}

/** The embeddings as the Gemini client asked for them: one, or a list. */
export function encodeEmbeddingsReply({ embeddings }: DecodedEmbeddings, isBatch: boolean): JsonObject {
  const all = embeddings.map((values) => ({ values }));
  return isBatch ? { embeddings: all } : { embedding: all[0] ?? { values: [] } };
}
