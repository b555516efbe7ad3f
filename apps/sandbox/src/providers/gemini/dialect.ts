import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { Dialect, DialectChanges, DialectWorld } from '../dialect.js';
import type { Door } from './conversation.js';
import { errorOfStatus, type GoogleError, googleError, invalidArgument, invalidKey, missingKey } from './errors.js';
import { googleHeaders, planCount, planGenerate, queryOf, streamFormOf } from './generate.js';
import { isUnknownModel } from './models.js';
import { validateCount, validateGenerate } from './validate.js';

const operation = /\/(?:models|endpoints)\/([^/:]+):(generateContent|streamGenerateContent|countTokens)$/;

/** Google's generateContent, on the Developer API and on Vertex. */
export const gemini: Dialect = {
  paths: operation,
  read({ path }) {
    const [, model, method] = operation.exec(path) ?? [];
    return { model: model ?? null, isStream: method === 'streamGenerateContent' };
  },
  plan(incoming, changes, world) {
    const planned = planOrRefuse(incoming, changes, world);
    return 'frames' in planned ? planned : jsonPlan(planned.httpStatus, googleHeaders, planned.body);
  },
  errorOfStatus: (status) => ({ headers: {}, body: errorOfStatus(status).body }),
  errorEvent(given, name, incoming) {
    const json = JSON.stringify({ error: given ?? errorOfStatus(503).body.error });
    if (streamFormOf(incoming) === 'array') return `,\r\n${json}\n]`;
    return `${name === undefined ? '' : `event: ${name}\r\n`}data: ${json}\r\n\r\n`;
  },
  brokenEvent: 'data: {"candidates": [{"content": {"parts": [{"text": "\r\n\r\n',
};

function planOrRefuse(incoming: Incoming, changes: DialectChanges, world: DialectWorld): ReplyPlan | GoogleError {
  const [, model = '', method = ''] = operation.exec(incoming.path) ?? [];
  const isVertex = /\/publishers\/google\/|\/endpoints\//.test(incoming.path);
  const door: Door = { model, isVertex, checksSignatures: true };
  const refused = credentialError(incoming, isVertex);
  if (refused !== null) return refused;
  if (incoming.method !== 'POST') return googleError(404, 'NOT_FOUND');
  if (isUnknownModel(model)) return unknownModel(incoming, model, method, isVertex);
  if (incoming.json === undefined)
    return invalidArgument('Invalid JSON payload received. Unexpected end of string. Expected a value.');
  if (method === 'countTokens') {
    const counted = validateCount(incoming.json, door);
    return counted.kind === 'error' ? counted : planCount(counted.request, model);
  }
  const validated = validateGenerate(incoming.json, door);
  return validated.kind === 'error' ? validated : planGenerate(incoming, validated.request, door, changes, world);
}

function unknownModel(incoming: Incoming, model: string, method: string, isVertex: boolean): GoogleError {
  const name = /\/(projects\/.*\/models\/[^/:]+):/.exec(incoming.path)?.[1] ?? model;
  return googleError(
    404,
    'NOT_FOUND',
    isVertex
      ? `Publisher Model \`${name}\` was not found or your project does not have access to it. Please ensure you are using a valid model version. For more information, see: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions`
      : `models/${model} is not found for API version v1beta, or is not supported for ${method}. Call ListModels to see the list of available models and their supported methods.`,
  );
}

/** Keys that start with `invalid` are refused, so that a refusal can be rehearsed. */
function credentialError(incoming: Incoming, isVertex: boolean): GoogleError | null {
  const key = headerOf(incoming.headers, 'x-goog-api-key') ?? queryOf(incoming).get('key');
  const token = /^Bearer\s+(\S+)$/i.exec(headerOf(incoming.headers, 'authorization') ?? '')?.[1];
  if ((key === null || key === '') && token === undefined)
    return isVertex ? googleError(401, 'UNAUTHENTICATED') : missingKey();
  if (key !== null && key !== '') return isRefused(key) ? invalidKey() : null;
  return isRefused(token ?? '') ? googleError(401, 'UNAUTHENTICATED') : null;
}

function isRefused(credential: string): boolean {
  return /^(?:sk-)?invalid/i.test(credential);
}
