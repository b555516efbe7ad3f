import type { FastifyRequest } from 'fastify';
import { mintRequestId } from '../exchange/request-id.js';

/** Given to Fastify as its id generator: the billing id is minted here, never taken from the caller. */
export function generateRequestId(): string {
  return mintRequestId(Date.now());
}

/** The billing id of a request: the same for everything that is said about it. */
export function requestIdOf(request: FastifyRequest): string {
  return request.id;
}

/** The caller's own id, kept beside ours when it is one. */
export function callerRequestIdOf(request: FastifyRequest): string | null {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(sent) ? sent : null;
}
