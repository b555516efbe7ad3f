import type { Decoded, ReadWhole } from '../canonical/codec.js';
import { count, isObject, number, object, objects, parseObject } from '../canonical/json-read.js';
import type { Lane, LaneTarget } from '../lane.js';
import { decodeInlineFailure } from '../openai-chat/provider-failure.js';
import type { JsonObject } from '../openai-chat/wire.js';
import { countTextTokens } from '../token-count.js';
import type { Usage } from '../usage.js';
import { countTexts } from './count-texts.js';
import { Fields } from './fields.js';
import type { JsonBody } from './json-body.js';
import { OperationRequest, operationEnvelope, operationLane, operationReply } from './operation-request.js';
import { RERANK_WORDS } from './provider-words.js';
import { usageText } from './reply-body.js';
import { spliceJson, usualEdits } from './splice-json.js';

const DOCUMENTS_MAX = 10_000;
/** A search unit is one query with up to a hundred documents; a document of more than 500 tokens, query included, counts as several (Cohere). */
const UNIT_DOCUMENTS = 100;
const UNIT_TOKENS = 500;

interface Ranking {
  readonly query: string;
  readonly texts: readonly string[];
  /** as the caller wrote them: what a result shows */
  readonly documents: readonly unknown[];
  /** the answer shows each document, unless the caller says that it need not */
  readonly isShown: boolean;
}

/**
 * `/rerank` in the one public shape: {model, query, documents, top_n}, answered with {id, model, provider, results, usage}. Documents are texts, or
 * objects whose `text` is one.
 */
export function openRerank(json: JsonBody): Decoded<OperationRequest> {
  const fields = new Fields(json.request);
  const model = fields.model();
  const query = fields.filled('query');
  const texts = readDocuments(json.request['documents'], fields);
  fields.integer('top_n', 1, DOCUMENTS_MAX);
  fields.integer('max_tokens_per_doc', 1, 1_000_000);
  const isShown = fields.boolean('return_documents') !== false;
  const user = fields.user();
  const metadata = fields.metadata();
  if (fields.failure !== null) return { ok: false, failure: fields.failure };
  const documents = json.request['documents'] as readonly unknown[];
  const ranking: Ranking = { query, texts, documents, isShown };
  const inputTokensBound = texts.reduce((sum, text) => sum + Buffer.byteLength(query) + Buffer.byteLength(text) + 4, 0);
  const envelope = operationEnvelope({
    request: json.request,
    operation: 'rerank',
    model,
    inputTokensBound,
    characters: texts.reduce((sum, text) => sum + text.length, query.length),
    units: { search_unit: searchUnits(ranking, (text) => Buffer.byteLength(text)) },
    user,
    metadata,
  });
  const counted = (): Usage => countRanking(ranking);
  return {
    ok: true,
    value: new OperationRequest({ envelope, counted, lane: (target) => rerankLane(json, ranking, target) }),
  };
}

function readDocuments(documents: unknown, fields: Fields): readonly string[] {
  if (documents === undefined || documents === null) fields.wrong('documents', 'documents is missing.');
  else if (!Array.isArray(documents) || documents.length === 0)
    fields.wrong('documents', 'documents must be an array that is not empty.');
  else if (documents.length > DOCUMENTS_MAX)
    fields.wrong('documents', `documents must have at most ${DOCUMENTS_MAX} elements.`);
  else return documents.map((document, position) => readDocument(document, `documents[${position}]`, fields));
  return [];
}

function readDocument(document: unknown, at: string, fields: Fields): string {
  if (typeof document === 'string') return document;
  const entries = isObject(document) ? Object.entries(document).filter(([, value]) => value !== null) : [];
  const [entry] = entries;
  if (entries.length === 1 && entry?.[0] === 'text' && typeof entry[1] === 'string') return entry[1];
  const other = entries.find(([name]) => name !== 'text')?.[0];
  if (other === undefined) fields.wrong(at, `${at} must be a string or an object with a text.`);
  else fields.wrong(`${at}.${other.slice(0, 40)}`, 'Only texts can be ranked here.', 'unsupported_content');
  return '';
}

function searchUnits({ query, texts }: Ranking, measure: (text: string) => number): number {
  const asked = measure(query);
  const pieces = texts.reduce((sum, text) => sum + Math.max(1, Math.ceil((asked + measure(text)) / UNIT_TOKENS)), 0);
  return Math.ceil(pieces / UNIT_DOCUMENTS);
}

/** Voyage and Together bill the query once for each document. For search units the tokens of a document are its share of all of them. */
function countRanking(ranking: Ranking): Usage {
  const { query, texts } = ranking;
  const tokens = countTexts(texts);
  const perCharacter =
    tokens /
    Math.max(
      1,
      texts.reduce((sum, text) => sum + text.length, 0),
    );
  const input = countTextTokens(query) * texts.length + tokens;
  return { input, search_unit: searchUnits(ranking, (text) => text.length * perCharacter) };
}

/** Every provider gets plain texts and the number of results by its own word; the documents in the answer are the caller's own. */
function rerankLane(json: JsonBody, ranking: Ranking, target: LaneTarget): Decoded<Lane> {
  const { edits, losses } = usualEdits(json, target);
  const isPlain = ranking.documents.every((document) => typeof document === 'string');
  const set = isPlain ? edits.set : { ...edits.set, documents: JSON.stringify(ranking.texts) };
  const removed = new Set([...edits.removed, 'return_documents']);
  const body = spliceJson(json, { set, removed, renamed: RERANK_WORDS[target.provider ?? ''] ?? {} });
  const readWhole = (answer: Buffer): ReadWhole => readRanking(answer, ranking, target);
  return { ok: true, value: operationLane({ path: '/rerank', body, losses, readWhole }) };
}

/** Cohere, Together, vLLM and Jina call the list `results`, Voyage `data`. */
function readRanking(answer: Buffer, ranking: Ranking, target: LaneTarget): ReadWhole {
  const body = parseObject(answer.toString('utf8'));
  if (body === null) return { kind: 'unreadable', reason: 'the answer is not a JSON object' };
  if (isObject(body['error']) || typeof body['error'] === 'string')
    return { kind: 'failed', error: decodeInlineFailure(body) };
  const list = body['results'] ?? body['data'];
  if (!Array.isArray(list)) return { kind: 'unreadable', reason: 'the answer has no results' };
  const results = objects(list).flatMap((result) => resultOf(result, ranking));
  if (results.length !== list.length) return { kind: 'unreadable', reason: 'a result names no document or no score' };
  const usage = decodeUsage(body);
  return operationReply({
    usage,
    isEmpty: results.length === 0,
    counted: () => countRanking(ranking),
    render: ({ usage: billed, cost }) => ({
      body: Buffer.from(encodeRanking(results, billed ?? {}, cost, target)),
      losses: [],
    }),
  });
}

function resultOf(result: JsonObject, { documents, texts, isShown }: Ranking): readonly JsonObject[] {
  const index = count(result['index']);
  const score = number(result['relevance_score']) ?? number(result['score']);
  if (index === null || score === null || index >= documents.length) return [];
  return [{ index, relevance_score: score, ...(isShown ? { document: { text: texts[index] } } : {}) }];
}

/** What it is billed by stands in `meta.billed_units` (Cohere) or in `usage` (everybody else). */
function decodeUsage(body: JsonObject): Usage | null {
  const meta = object(body['meta']) ?? {};
  const billed = object(meta['billed_units']) ?? {};
  const tokens = object(meta['tokens']) ?? {};
  const usage = object(body['usage']) ?? {};
  const units = count(billed['search_units']) ?? count(usage['search_units']);
  const input =
    count(usage['total_tokens']) ??
    count(usage['prompt_tokens']) ??
    count(billed['input_tokens']) ??
    count(billed['total_tokens']) ??
    count(tokens['input_tokens']);
  if (units === null && input === null) return null;
  return { ...(input === null ? {} : { input }), ...(units === null ? {} : { search_unit: units }) };
}

function encodeRanking(
  results: readonly JsonObject[],
  { input, search_unit: units }: Usage,
  cost: string | null,
  target: LaneTarget,
): string {
  const head = { id: `gen-${target.requestId}`, model: target.publicModel, provider: target.providerName, results };
  const usage = {
    ...(units === undefined ? {} : { search_units: units }),
    ...(input === undefined ? {} : { total_tokens: input }),
  };
  return `${JSON.stringify(head).slice(0, -1)},"usage":${usageText(usage, cost)}}`;
}
