import type { ClientDialectId } from '@tollgate/dialects';
import type { FastifyReply } from 'fastify';
import type { ExchangeInput } from '../../exchange/call.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { explainedUrl } from '../explained-url.js';
import { refusal } from '../failure-exception.js';
import { exchangeInput } from '../inference/exchange-input.js';
import { geminiInput } from '../inference/gemini-call.js';
import { operationDoor } from '../operation-path.js';

const CONVERSATIONS = /^(\/api)?\/v1\/(chat\/completions|responses|messages)\/?$/;
const MODELS = /^\/(v1beta|v1\/models)\//;
const PLAIN = /^(\/api)?\/v1\/explain\/?(\?|$)/;

/** What the named door would have handed to the exchange. Throws the refusal of a path that is no door. */
export function explainedInput(request: AuthenticatedRequest, reply: FastifyReply): ExchangeInput {
  const [path = ''] = explainedUrl(request.url).split('?', 1);
  if (PLAIN.test(request.url)) return plainInput(request, reply);
  if (CONVERSATIONS.test(path)) return exchangeInput(request, reply);
  if (MODELS.test(path)) return geminiInput(request, reply);
  const door = operationDoor(request.url);
  if (door !== null) {
    const contentType = request.headers['content-type'] ?? '';
    return { ...exchangeInput(request, reply), operation: { door, contentType } };
  }
  const message = `There is no inference at ${path.slice(0, 100)}. Ask as POST /v1/explain/v1/chat/completions, or with the path of another door.`;
  throw refusal(request, { code: 'not_found', message });
}

/** Chat completions, unless the body can only be of another door. Gemini's names no model: its door must be named. */
function plainInput(request: AuthenticatedRequest, reply: FastifyReply): ExchangeInput {
  const input = exchangeInput(request, reply);
  const names = membersOf(input.body);
  if (names.has('contents')) {
    const message = 'Ask about a request of Gemini’s as POST /v1/explain/v1beta/models/{model}:generateContent.';
    throw refusal(request, { code: 'invalid_request', message, param: 'contents' });
  }
  return { ...input, dialect: dialectOf(names, request) };
}

function dialectOf(names: ReadonlySet<string>, { headers }: AuthenticatedRequest): ClientDialectId {
  if (!names.has('messages')) return names.has('input') ? 'openai-responses' : 'openai-chat';
  return names.has('system') || headers['anthropic-version'] !== undefined ? 'anthropic-messages' : 'openai-chat';
}

/** The names at the top of a body; none where it is broken, which its door will say. */
function membersOf(body: Buffer): ReadonlySet<string> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return new Set(typeof value === 'object' && value !== null ? Object.keys(value) : []);
  } catch {
    return new Set();
  }
}
