import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { allowCrossOrigin } from './cross-origin.js';
import { encodedBodyRefusal, misplacedFormRefusal } from './refuse-malformed.js';
import { requestIdOf } from './request-identity.js';

/**
 * The one hook: what is true of every request before its door. One and not three, because Fastify's runner costs more than what
 * they do.
 */
export function onEveryRequest(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  // Every reply says which request it answers, whoever writes it; raw, because inference answers are written past Fastify.
  reply.raw.setHeader('x-request-id', requestIdOf(request));
  // Anthropic's clients look for it under this name.
  if (request.url.includes('/messages')) reply.raw.setHeader('request-id', requestIdOf(request));
  if (allowCrossOrigin(request, reply)) return;
  const refusal = encodedBodyRefusal(request) ?? misplacedFormRefusal(request);
  if (refusal) done(refusal);
  else done();
}
