import type { z } from 'zod';
import type { Incoming } from '../../attempt/incoming.js';
import type { Counts, Frame, ReplyPlan } from '../../attempt/reply-plan.js';
import type { DialectChanges, DialectWorld } from '../dialect.js';
import { vendorHeaders } from '../openai/chat-completions.js';
import { invalidRequest, unparsableBody, type WireError } from '../openai/errors.js';
import { errorOfIssue } from '../openai/field-errors.js';

/** A request to one of OpenAI's other endpoints, on its way to an answer. */
export interface MediaRequest {
  readonly incoming: Incoming;
  readonly changes: DialectChanges;
  readonly world: DialectWorld;
  readonly requestId: string;
}

/** An endpoint: the answer to a request, or OpenAI's refusal. */
export type MediaOperation = (request: MediaRequest) => ReplyPlan | WireError;

/** A body a schema accepts. `isStrict` refuses fields the schema does not name, as OpenAI does and compatible providers do not. */
export function readBody<Schema extends z.ZodObject>(
  schema: Schema,
  body: unknown,
  isStrict: boolean,
): { readonly kind: 'valid'; readonly request: z.output<Schema> } | WireError {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return unparsableBody();
  if (!('model' in body) && 'model' in schema.shape && !schema.shape['model'].safeParse(undefined).success)
    return invalidRequest('you must provide a model parameter', null, null);
  const unknown = isStrict ? Object.keys(body).find((key) => !(key in schema.shape)) : undefined;
  if (unknown !== undefined) return unknownParameter(unknown);
  const parsed = schema.safeParse(body);
  if (parsed.success) return { kind: 'valid', request: parsed.data };
  const [issue] = parsed.error.issues;
  return lengthError(issue, body) ?? errorOfIssue(issue, body);
}

/** A text that is too long or too short, which the chat endpoint has no words for. */
function lengthError(issue: z.core.$ZodIssue | undefined, body: object): WireError | null {
  if (issue === undefined || (issue.code !== 'too_small' && issue.code !== 'too_big') || issue.origin !== 'string')
    return null;
  const param = issue.path.map(String).join('.');
  if (issue.code === 'too_small')
    return invalidRequest(
      `Invalid '${param}': empty string. Expected a string with minimum length ${issue.minimum}, but got an empty string instead.`,
      param,
      'empty_string',
    );
  return tooLong(param, Number(issue.maximum), String(Reflect.get(body, param)).length);
}

/** OpenAI's refusal of a text that is too long. */
export function tooLong(param: string, most: number, given: number): WireError {
  return invalidRequest(
    `Invalid '${param}': string too long. Expected a string with maximum length ${most}, but got a string with length ${given} instead.`,
    param,
    'string_above_max_length',
  );
}

/** OpenAI's refusal of a field it does not know, or does not know for this model. */
export function unknownParameter(name: string): WireError {
  return invalidRequest(`Unknown parameter: '${name}'.`, name, 'unknown_parameter');
}

/** OpenAI's refusal of a value that is none of those it takes. */
export function invalidValue(param: string, given: unknown, supported: readonly string[]): WireError {
  const quoted = supported.map((value) => `'${value}'`);
  const listed = quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1)}`;
  return invalidRequest(`Invalid value: '${String(given)}'. Supported values are: ${listed}.`, param, 'invalid_value');
}

/** Token counts of an answer that is not a conversation. */
export function countsOf(promptTokens: number, completionTokens = 0): Counts {
  return { promptTokens, cachedTokens: 0, completionTokens, reasoningTokens: 0 };
}

/** What was made: its bytes and what it counts. */
export interface Made {
  readonly contentType: string;
  readonly payload: string | Buffer;
  readonly counts: Counts;
  readonly carriesUsage: boolean;
}

/** A reply of one body. */
export function wholePlan({ contentType, payload, counts, carriesUsage }: Made, request: MediaRequest): ReplyPlan {
  const tokens = counts.completionTokens ?? 0;
  return {
    ...planBase(counts, request),
    ...headed(contentType, counts, request),
    framing: 'whole',
    frames: [{ payload, tokens, carriesUsage }],
  };
}

/** A reply of one JSON body; `usage` is left out when a rule says so or when it is null. */
export function jsonReply(
  body: Record<string, unknown>,
  usage: Record<string, unknown> | null,
  counts: Counts,
  request: MediaRequest,
): ReplyPlan {
  const carriesUsage = usage !== null && !request.changes.omitUsage;
  const payload = JSON.stringify(carriesUsage ? { ...body, usage } : body);
  return wholePlan({ contentType: 'application/json', payload, counts, carriesUsage }, request);
}

/** A reply of server-sent events. */
export function eventsPlan(frames: readonly Frame[], counts: Counts, request: MediaRequest): ReplyPlan {
  return {
    ...planBase(counts, request),
    ...headed('text/event-stream; charset=utf-8', counts, request),
    framing: 'events',
    frames,
  };
}

/** One server-sent event, named after its type as OpenAI's newer endpoints do. */
export function typedEvent(
  body: Record<string, unknown> & { readonly type: string },
  tokens = 0,
  carriesUsage = false,
): Frame {
  return { payload: `event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`, tokens, carriesUsage };
}

function planBase(counts: Counts, { changes }: MediaRequest) {
  const fault = changes.empty !== null ? 'empty' : changes.omitUsage ? 'omit_usage' : null;
  return { status: 200, counts, recordedUsage: null, isPaced: true, fault };
}

function headed(contentType: string, counts: Counts, { requestId }: MediaRequest) {
  return { headers: { ...vendorHeaders(requestId, counts.promptTokens ?? 0), 'content-type': contentType } };
}
