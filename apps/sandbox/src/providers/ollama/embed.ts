import type { Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { DialectChanges } from '../dialect.js';
import { countsOf } from '../media/operation.js';
import { encodeVector, vectorOf } from '../media/vector.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens } from '../openai/tokens.js';
import { type OllamaError, ollamaError, readBody } from './read.js';
import { embedRequest } from './wire.js';

const usualDimensions = 768;

/** Answers `POST /api/embed`: a vector for a text or for each of a list; no input only loads the model. */
export function planEmbed(incoming: Incoming, changes: DialectChanges): ReplyPlan | OllamaError {
  const read = readBody(embedRequest, incoming.json, 'EmbedRequest');
  if (read.kind === 'error') return read;
  const { model, input, dimensions } = read.request;
  if (model == null || model === '') return ollamaError(400, 'model is required');
  if (isUnknownModel(model)) return ollamaError(404, `model "${model}" not found, try pulling it first`);
  const texts = typeof input === 'string' ? (input === '' ? [] : [input]) : (input ?? []);
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string'))
    return ollamaError(400, 'invalid input type');
  const tokens = texts.reduce((total, text) => total + countTokens(text), 0);
  const shown = changes.empty === null ? texts : [];
  const embeddings = shown.map((text) => encodeVector(vectorOf(model, text, dimensions ?? usualDimensions), 'float'));
  const counted = changes.omitUsage ? {} : { prompt_eval_count: tokens };
  const body = { model, embeddings, total_duration: 40_000_000, load_duration: 10_000_000, ...counted };
  const plan = jsonPlan(200, { 'x-sandbox': 'tollgate' }, body);
  return {
    ...plan,
    headers: { ...plan.headers, 'content-type': 'application/json; charset=utf-8' },
    frames: plan.frames.map((frame) => ({ ...frame, carriesUsage: !changes.omitUsage })),
    counts: countsOf(tokens),
    isPaced: true,
    fault: changes.empty !== null ? 'empty' : changes.omitUsage ? 'omit_usage' : null,
  };
}
