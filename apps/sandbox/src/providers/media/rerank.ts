import { z } from 'zod';
import { invalidRequest, modelNotFound, type WireError } from '../openai/errors.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens } from '../openai/tokens.js';
import { countsOf, jsonReply, type MediaOperation, readBody } from './operation.js';
import { nearness } from './vector.js';

/* `/rerank` as Together, Jina and Voyage have it: alike in what they take, each with an answer of its own. */

const rerankRequest = z.looseObject({
  model: z.string(),
  query: z.string().min(1),
  documents: z.array(z.union([z.string(), z.looseObject({})])).min(1),
  top_n: z.int().min(1).nullish(),
  /** Voyage's name for it. */
  top_k: z.int().min(1).nullish(),
  return_documents: z.boolean().nullish(),
  rank_fields: z.array(z.string()).nullish(),
});

/** A document with its place in the request and how near it is to the query. */
export interface Ranked {
  readonly index: number;
  readonly score: number;
}

/** The documents by how near they are to the query, the nearest first. */
export function rank(query: string, documents: readonly string[], most: number | null): Ranked[] {
  const ranked = documents.map((document, index) => ({ index, score: Number(nearness(query, document).toFixed(7)) }));
  ranked.sort((left, right) => right.score - left.score || left.index - right.index);
  return ranked.slice(0, most ?? ranked.length);
}

/** The text of a document that may be an object of fields. */
export function documentText(document: unknown, fields: readonly string[] | null): string {
  if (typeof document === 'string') return document;
  const entries = Object.entries(Object(document)).filter(([name]) => fields === null || fields.includes(name));
  return entries.map(([, value]) => String(value)).join(' ');
}

/** `POST /rerank`. */
export const rerank: MediaOperation = (request) => {
  const { incoming, changes, world } = request;
  const read = readBody(rerankRequest, incoming.json, false);
  if (read.kind === 'error') return read;
  const wanted = read.request;
  if (isUnknownModel(wanted.model)) return modelNotFound(wanted.model);
  const most = wanted.top_n ?? wanted.top_k ?? null;
  const refused = mostError(most, wanted.documents.length, incoming.provider);
  if (refused !== null) return refused;
  const texts = wanted.documents.map((document) => documentText(document, wanted.rank_fields ?? null));
  const ranked = changes.empty === null ? rank(wanted.query, texts, most) : [];
  const tokens = texts.reduce((total, text) => total + countTokens(text) + countTokens(wanted.query), 0);
  const results = ranked.map(({ index, score }) => ({
    index,
    relevance_score: score,
    ...(wanted.return_documents === true ? { document: shown(wanted.documents[index]) } : {}),
  }));
  const counts = countsOf(tokens);
  if (incoming.provider === 'voyage')
    return jsonReply({ object: 'list', data: results, model: wanted.model }, { total_tokens: tokens }, counts, request);
  if (incoming.provider === 'together') {
    const usage = { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens };
    const withDocument = results.map((result) => ({ document: {}, ...result }));
    const body = { id: world.newName(24), object: 'rerank', model: wanted.model, results: withDocument };
    return jsonReply(body, usage, counts, request);
  }
  return jsonReply({ model: wanted.model, object: 'list', results }, { total_tokens: tokens }, counts, request);
};

/** Voyage and Together refuse to return more than there is; Jina returns what there is. */
function mostError(most: number | null, documents: number, provider: string): WireError | null {
  if (most === null || most <= documents || provider === 'jina') return null;
  const name = provider === 'voyage' ? 'top_k' : 'top_n';
  return invalidRequest(
    `${name} (${most}) must not be greater than the number of documents (${documents}).`,
    name,
    null,
  );
}

function shown(document: unknown): unknown {
  return typeof document === 'string' ? { text: document } : document;
}
