import { performance } from 'node:perf_hooks';
import type { FastifyReply } from 'fastify';
import type { ExchangeInput } from '../../exchange/call.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { callerRequestIdOf, requestIdOf } from '../request-identity.js';

const EMPTY = Buffer.alloc(0);

/** What a door hands to the exchange. Bodies arrive as the bytes that were sent: nothing has parsed them yet. */
export function exchangeInput(request: AuthenticatedRequest, reply: FastifyReply): ExchangeInput {
  return {
    requestId: requestIdOf(request),
    callerRequestId: callerRequestIdOf(request),
    principal: request.principal,
    token: request.token,
    body: Buffer.isBuffer(request.body) ? request.body : EMPTY,
    response: reply.raw,
    startedAtMs: Date.now(),
    startedAt: performance.now(),
  };
}
