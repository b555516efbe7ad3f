import { performance } from 'node:perf_hooks';
import type { DoorFacts } from '@tollgate/dialects';
import { requestIdTimeMs } from '@tollgate/usage';
import type { FastifyReply } from 'fastify';
import type { ExchangeInput } from '../../exchange/call.js';
import { IDEMPOTENCY_KEY_HEADER } from '../../exchange/claim.js';
import { MAX_COST_HEADER } from '../../exchange/max-cost.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { doorDialect, doorSkin } from '../door-dialect.js';
import { callerRequestIdOf, requestIdOf } from '../request-identity.js';

/** Features that a client of Anthropic's announced; the dialect knows which may go on. */
function withBetas(door: DoorFacts, { headers, url }: AuthenticatedRequest): DoorFacts {
  const announced = headers['anthropic-beta'] ?? headers['x-anthropic-beta'];
  if (announced === undefined || doorDialect(url) !== 'anthropic-messages') return door;
  const betas = [announced]
    .flat()
    .join(',')
    .split(',')
    .map((beta) => beta.trim());
  return { ...door, betas: betas.filter((beta) => /^[\w.-]{1,64}$/.test(beta)).slice(0, 32) };
}

/** Sent twice, it is said twice: what no amount is, is refused, and two keys are another key. */
function wholeHeader(header: string | string[] | undefined): string | null {
  return header === undefined ? null : [header].flat().join(',');
}

const EMPTY = Buffer.alloc(0);
const SAID_NOTHING: DoorFacts = { model: null, isStream: null };

/** What a door hands to the exchange. Bodies arrive as the bytes that were sent: nothing has parsed them yet. */
export function exchangeInput(
  request: AuthenticatedRequest,
  reply: FastifyReply,
  door: DoorFacts = SAID_NOTHING,
): ExchangeInput {
  const requestId = requestIdOf(request);
  return {
    requestId,
    callerRequestId: callerRequestIdOf(request),
    principal: request.principal,
    token: request.token,
    body: Buffer.isBuffer(request.body) ? request.body : EMPTY,
    dialect: doorDialect(request.url),
    skin: doorSkin(request.url),
    door: { ...withBetas(door, request), skin: doorSkin(request.url) },
    isStrict: request.headers['x-tollgate-strict'] === 'true',
    maxCostUsd: wholeHeader(request.headers[MAX_COST_HEADER]),
    idempotencyKey: wholeHeader(request.headers[IDEMPOTENCY_KEY_HEADER]),
    response: reply.raw,
    // Whoever has the id knows by which prices and in which period the request counts.
    startedAtMs: requestIdTimeMs(requestId),
    startedAt: performance.now(),
  };
}
