import { z } from 'zod';
import type { Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { DialectChanges, DialectWorld } from '../dialect.js';
import { countsOf } from '../media/operation.js';
import { rank } from '../media/rerank.js';
import { encodeVector, vectorOf } from '../media/vector.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens } from '../openai/tokens.js';
import { type CohereError, invalidRequest, modelNotFound } from './errors.js';
import { readBody } from './read.js';
import { newUuid, vendorHeaders } from './reply-headers.js';

/* https://docs.cohere.com/reference/rerank and …/embed */

const rerankRequest = z.strictObject({
  model: z.string(),
  query: z.string(),
  documents: z.array(z.string()),
  top_n: z.int().min(1).nullish(),
  max_tokens_per_doc: z.int().min(1).nullish(),
  priority: z.int().min(0).max(999).nullish(),
});

const mostDocuments = 10_000;
const documentsPerUnit = 100;

/** Answers `POST /v2/rerank`. It is billed by search units, one for each hundred documents; there are no tokens. */
export function planRerank(incoming: Incoming, changes: DialectChanges, world: DialectWorld): ReplyPlan | CohereError {
  const read = readBody(rerankRequest, incoming.json, 'rerank');
  if (read.kind === 'error') return read;
  const { model, query, documents, top_n } = read.request;
  if (isUnknownModel(model)) return modelNotFound(model);
  if (query === '') return invalidRequest('query must not be empty.');
  if (documents.length === 0) return invalidRequest('list of documents must not be empty.');
  if (documents.length > mostDocuments)
    return invalidRequest(`too many documents: at most ${mostDocuments} documents are supported.`);
  const ranked = changes.empty === null ? rank(query, documents, top_n ?? null) : [];
  const results = ranked.map(({ index, score }) => ({ index, relevance_score: score }));
  const billed = { search_units: Math.ceil(documents.length / documentsPerUnit) };
  return answerPlan({ id: newUuid(world), results }, billed, 0, changes);
}

const vectorTypes = ['float', 'int8', 'uint8', 'binary', 'ubinary', 'base64'] as const;
type VectorType = (typeof vectorTypes)[number];

const embedRequest = z.strictObject({
  model: z.string(),
  input_type: z.enum(['search_document', 'search_query', 'classification', 'clustering', 'image']).nullish(),
  texts: z.array(z.string()).nullish(),
  images: z.array(z.string()).nullish(),
  inputs: z
    .array(
      z.strictObject({
        content: z.array(
          z.discriminatedUnion('type', [
            z.strictObject({ type: z.literal('text'), text: z.string() }),
            z.strictObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: z.string() }) }),
          ]),
        ),
      }),
    )
    .nullish(),
  embedding_types: z.array(z.enum(vectorTypes)).nullish(),
  output_dimension: z.int().nullish(),
  max_tokens: z.int().min(1).nullish(),
  truncate: z.enum(['NONE', 'START', 'END']).nullish(),
  priority: z.int().min(0).max(999).nullish(),
});
type EmbedRequest = z.infer<typeof embedRequest>;

const mostTexts = 96;
const tokensPerImage = 1_000;
const dimensionsOfV4 = [256, 512, 1_024, 1_536];

/** Answers `POST /v2/embed`: vectors by the types asked for. */
export function planEmbed(incoming: Incoming, changes: DialectChanges, world: DialectWorld): ReplyPlan | CohereError {
  const read = readBody(embedRequest, incoming.json, 'embed');
  if (read.kind === 'error') return read;
  const wanted = read.request;
  if (isUnknownModel(wanted.model)) return modelNotFound(wanted.model);
  const refused = embedError(wanted);
  if (refused !== null) return refused;
  const inputs = inputsOf(wanted);
  const dimensions =
    wanted.output_dimension ?? (/v4/.test(wanted.model) ? 1_536 : /light/.test(wanted.model) ? 384 : 1_024);
  const vectors = inputs.map((input) => vectorOf(wanted.model, input.text, dimensions));
  const types = wanted.embedding_types ?? ['float'];
  const shown = changes.empty === null ? vectors : [];
  const embeddings = Object.fromEntries(types.map((type) => [type, shown.map((vector) => asType(vector, type))]));
  const textTokens = inputs.reduce((total, input) => total + input.textTokens, 0);
  const imageTokens = inputs.reduce((total, input) => total + input.imageTokens, 0);
  const body = { id: newUuid(world), texts: wanted.texts ?? [], embeddings };
  const billed = { input_tokens: textTokens, image_tokens: imageTokens };
  return answerPlan(body, billed, textTokens + imageTokens, changes);
}

interface EmbedInput {
  readonly text: string;
  readonly textTokens: number;
  readonly imageTokens: number;
}

function inputsOf({ texts, images, inputs }: EmbedRequest): EmbedInput[] {
  if (texts != null) return texts.map((text) => ({ text, textTokens: countTokens(text), imageTokens: 0 }));
  if (images != null)
    return images.map((image) => ({ text: image.slice(-500), textTokens: 0, imageTokens: tokensPerImage }));
  return (inputs ?? []).map(({ content }) => {
    const text = content.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
    const pictures = content.filter((part) => part.type === 'image_url').length;
    return { text, textTokens: countTokens(text), imageTokens: pictures * tokensPerImage };
  });
}

function embedError(wanted: EmbedRequest): CohereError | null {
  const given = [wanted.texts, wanted.images, wanted.inputs].filter((list) => list != null);
  if (given.length !== 1) return invalidRequest('exactly one of texts, images or inputs must be provided.');
  const count = given[0]?.length ?? 0;
  if (count === 0) return invalidRequest('inputs must not be empty.');
  if (count > mostTexts)
    return invalidRequest(`total number of texts must be at most ${mostTexts} - received ${count}.`);
  if (wanted.input_type == null) return invalidRequest('valid input_type must be provided with the provided model.');
  if (wanted.texts?.some((text) => text === '') === true)
    return invalidRequest('texts must not contain empty strings.');
  if (wanted.output_dimension == null) return null;
  if (!/v4/.test(wanted.model))
    return invalidRequest(`output_dimension is not supported by the model ${wanted.model}.`);
  return dimensionsOfV4.includes(wanted.output_dimension)
    ? null
    : invalidRequest(`output_dimension must be one of ${dimensionsOfV4.join(', ')}.`);
}

/** A vector in one of Cohere's types; the binary ones hold eight directions in a byte. */
function asType(vector: Float32Array, type: VectorType): readonly number[] | string {
  const bytes = (): number[] =>
    Array.from({ length: Math.ceil(vector.length / 8) }, (_, at) =>
      Array.from({ length: 8 }, (_bit, bit) => ((vector[at * 8 + bit] ?? 0) > 0 ? 1 << (7 - bit) : 0)).reduce(
        (sum, bit) => sum + bit,
        0,
      ),
    );
  switch (type) {
    case 'float':
      return encodeVector(vector, 'float');
    case 'base64':
      return encodeVector(vector, 'base64');
    case 'int8':
      return [...vector].map((value) => Math.max(-128, Math.min(127, Math.round(value * 127))));
    case 'uint8':
      return [...vector].map((value) => Math.max(0, Math.min(255, Math.round(value * 127) + 128)));
    case 'ubinary':
      return bytes();
    case 'binary':
      return bytes().map((byte) => byte - 128);
  }
}

function answerPlan(
  body: Record<string, unknown>,
  billed_units: Record<string, number>,
  promptTokens: number,
  changes: DialectChanges,
): ReplyPlan {
  const isEmbed = 'embeddings' in body;
  const meta = { api_version: { version: '2' }, ...(changes.omitUsage ? {} : { billed_units }) };
  const plan = jsonPlan(200, vendorHeaders(), {
    ...body,
    meta,
    ...(isEmbed ? { response_type: 'embeddings_by_type' } : {}),
  });
  return {
    ...plan,
    frames: plan.frames.map((frame) => ({ ...frame, carriesUsage: !changes.omitUsage })),
    counts: countsOf(promptTokens),
    isPaced: true,
    fault: changes.empty !== null ? 'empty' : changes.omitUsage ? 'omit_usage' : null,
  };
}
