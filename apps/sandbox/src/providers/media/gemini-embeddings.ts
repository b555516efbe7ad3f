import { z } from 'zod';
import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { Dialect, DialectChanges } from '../dialect.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens } from '../openai/tokens.js';
import { countsOf } from './operation.js';
import { encodeVector, vectorOf } from './vector.js';

/* https://ai.google.dev/api/embeddings. Field names may be snake_case too, as everywhere in Google's JSON. */

const paths = /\/models\/([^/]+):(embedContent|batchEmbedContents)$/;

const blob = z.looseObject({ mimeType: z.string().optional(), mime_type: z.string().optional(), data: z.base64() });
const part = z.looseObject({ text: z.string().optional(), inlineData: blob.optional(), inline_data: blob.optional() });
const embedRequest = z.strictObject({
  model: z.string().optional(),
  content: z.looseObject({ parts: z.array(part).min(1) }),
  taskType: z.string().optional(),
  task_type: z.string().optional(),
  title: z.string().optional(),
  outputDimensionality: z.int().min(1).optional(),
  output_dimensionality: z.int().min(1).optional(),
});
type EmbedRequest = z.infer<typeof embedRequest>;
const batchRequest = z.strictObject({ requests: z.array(embedRequest).min(1) });

const mostRequests = 100;
const mostDimensions = 3_072;
const imageTokens = 258;

interface GeminiError {
  readonly kind: 'error';
  readonly code: number;
  readonly status: string;
  readonly message: string;
  readonly details?: readonly unknown[];
}

/** Gemini's embeddings, one or many in a request. */
export const geminiEmbeddings: Dialect = {
  paths,
  read: ({ path }) => ({ model: paths.exec(path)?.[1] ?? null, isStream: false }),
  plan(incoming, changes) {
    const planned = planFor(incoming, changes);
    return 'kind' in planned ? jsonPlan(planned.code, jsonHeaders, envelope(planned)) : planned;
  },
  errorOfStatus: (status) => ({ headers: {}, body: envelope(errorOfStatus(status)) }),
  errorEvent: (error) => JSON.stringify(error === null ? envelope(errorOfStatus(503)) : { error }),
  brokenEvent: '{"embedding": {"values": [0.1, ',
};

const jsonHeaders = { 'x-sandbox': 'tollgate' };

function envelope({ code, message, status, details }: GeminiError): unknown {
  return { error: { code, message, status, ...(details === undefined ? {} : { details }) } };
}

function invalid(message: string, details?: readonly unknown[]): GeminiError {
  return {
    kind: 'error',
    code: 400,
    status: 'INVALID_ARGUMENT',
    message,
    ...(details === undefined ? {} : { details }),
  };
}

function errorOfStatus(code: number): GeminiError {
  const known: Readonly<Record<number, readonly [string, string]>> = {
    400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
    401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
    403: ['PERMISSION_DENIED', 'The caller does not have permission'],
    404: ['NOT_FOUND', 'Requested entity was not found.'],
    429: ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
    503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
    504: ['DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
  };
  const [status, message] = known[code] ?? ['INTERNAL', 'An internal error has occurred.'];
  return { kind: 'error', code, status, message };
}

function planFor(incoming: Incoming, changes: DialectChanges): ReplyPlan | GeminiError {
  const refused = keyError(incoming);
  if (refused !== null) return refused;
  const [, model = '', method = ''] = paths.exec(incoming.path) ?? [];
  if (isUnknownModel(model))
    return {
      kind: 'error',
      code: 404,
      status: 'NOT_FOUND',
      message: `models/${model} is not found for API version v1beta, or is not supported for embedContent. Call ListModels to see the list of available models and their supported methods.`,
    };
  const requests = method === 'embedContent' ? readOne(incoming.json) : readMany(incoming.json, model);
  if ('kind' in requests) return requests;
  const wrong = requests.find((request) => (dimensionsOf(request) ?? 1) > mostDimensions);
  if (wrong !== undefined)
    return invalid(`OutputDimensionality (${dimensionsOf(wrong)}) must be less than or equal to ${mostDimensions}.`);
  return answer(model, method, requests, changes);
}

function dimensionsOf(request: EmbedRequest): number | null {
  return request.outputDimensionality ?? request.output_dimensionality ?? null;
}

/** Only the newer model reports usage. */
function answer(model: string, method: string, requests: readonly EmbedRequest[], changes: DialectChanges): ReplyPlan {
  const embeddings = requests.map((request) => ({
    values: encodeVector(vectorOf(model, textOf(request), dimensionsOf(request) ?? mostDimensions), 'float'),
  }));
  const tokens = requests.reduce((total, request) => total + tokensOf(request), 0);
  const carriesUsage = !/embedding-001$|text-embedding/.test(model) && !changes.omitUsage;
  const usage = carriesUsage ? { usageMetadata: { promptTokenCount: tokens } } : {};
  const made = method === 'embedContent' ? { embedding: embeddings[0] } : { embeddings };
  const body = changes.empty === null ? { ...made, ...usage } : usage;
  return {
    status: 200,
    headers: { ...jsonHeaders, 'content-type': 'application/json; charset=UTF-8' },
    framing: 'whole',
    frames: [{ payload: JSON.stringify(body), tokens: 0, carriesUsage }],
    counts: countsOf(tokens),
    recordedUsage: null,
    isPaced: true,
    fault: changes.empty !== null ? 'empty' : changes.omitUsage ? 'omit_usage' : null,
  };
}

function textOf({ content }: EmbedRequest): string {
  return content.parts
    .map((each) => each.text ?? (each.inlineData ?? each.inline_data)?.data.slice(0, 1_000) ?? '')
    .join(' ');
}

function tokensOf({ content }: EmbedRequest): number {
  return content.parts.reduce(
    (total, each) => total + (each.text === undefined ? imageTokens : countTokens(each.text)),
    0,
  );
}

function readOne(body: unknown): readonly EmbedRequest[] | GeminiError {
  const parsed = embedRequest.safeParse(body);
  return parsed.success ? [parsed.data] : shapeError(parsed.error.issues[0], 'EmbedContentRequest');
}

function readMany(body: unknown, model: string): readonly EmbedRequest[] | GeminiError {
  const parsed = batchRequest.safeParse(body);
  if (!parsed.success) return shapeError(parsed.error.issues[0], 'BatchEmbedContentsRequest');
  const { requests } = parsed.data;
  if (requests.length > mostRequests)
    return invalid(`* BatchEmbedContentsRequest.requests: at most ${mostRequests} requests can be in one batch\n`);
  const other = requests.findIndex((request) => request.model !== `models/${model}`);
  return other < 0
    ? requests
    : invalid(
        `* BatchEmbedContentsRequest.requests[${other}].model: ${requests[other]?.model === undefined ? 'unexpected model name format' : 'model does not match the one in the batch request'}\n`,
      );
}

function shapeError(issue: z.core.$ZodIssue | undefined, message: string): GeminiError {
  if (issue === undefined || (issue.path.length === 0 && issue.code === 'invalid_type'))
    return invalid('Invalid JSON payload received. Unexpected end of string. Expected a value.');
  const place = issue.path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  if (issue.code === 'unrecognized_keys') {
    const [name = ''] = issue.keys;
    const at = place === '' ? '' : ` at '${place}'`;
    const description = `Invalid JSON payload received. Unknown name "${name}"${at}: Cannot find field.`;
    return invalid(description, [
      { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: place, description }] },
    ]);
  }
  if (issue.code === 'invalid_type' && /undefined$/.test(issue.message))
    return invalid(`* ${message}.${place}: ${place.split('.').at(-1)} is not specified\n`);
  return invalid(`Invalid value at '${place}' (${issue.code}).`);
}

function keyError(incoming: Incoming): GeminiError | null {
  const fromQuery = new URLSearchParams(incoming.target.split('?')[1] ?? '').get('key');
  const bearer = /^Bearer\s+(\S+)$/i.exec(headerOf(incoming.headers, 'authorization') ?? '')?.[1];
  const key = headerOf(incoming.headers, 'x-goog-api-key') ?? fromQuery ?? bearer ?? null;
  if (key === null || key === '')
    return {
      kind: 'error',
      code: 403,
      status: 'PERMISSION_DENIED',
      message:
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer " +
        'identity to call this API.',
    };
  if (!key.startsWith('invalid')) return null;
  return invalid('API key not valid. Please pass a valid API key.', [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    },
  ]);
}
