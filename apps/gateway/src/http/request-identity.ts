import type { FastifyInstance, FastifyRequest } from 'fastify';
import { mintRequestId } from '../exchange/request-id.js';

const ids = new WeakMap<object, string>();

/** The billing id of a request: minted here, never the caller's. The same for everything that is said about the request. */
export function requestIdOf(request: FastifyRequest): string {
  const known = ids.get(request);
  if (known) return known;
  const id = mintRequestId(Date.now());
  ids.set(request, id);
  return id;
}

/** Every reply says which request it answers, whoever writes it. */
export function identifyReplies(fastify: Pick<FastifyInstance, 'addHook'>): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    // Raw, because inference answers are written past Fastify.
    reply.raw.setHeader('x-request-id', requestIdOf(request));
    done();
  });
}

/** The caller's own id, kept beside ours when it is one. */
export function callerRequestIdOf(request: FastifyRequest): string | null {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(sent) ? sent : null;
}
