import type { FastifyReply, FastifyRequest } from 'fastify';

const ALLOWED_HEADERS =
  'authorization, content-type, x-api-key, x-goog-api-key, api-key, x-request-id, idempotency-key, x-tollgate-max-cost-usd, x-tollgate-strict, anthropic-version, anthropic-beta, http-referer, x-title';
const EXPOSED_HEADERS =
  'x-request-id, x-tollgate-model, x-tollgate-provider, x-tollgate-cost-usd, x-tollgate-usage-source, x-tollgate-clamped, x-tollgate-sandbox, x-tollgate-losses, x-generation-id, idempotent-replayed, retry-after, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens';

/**
 * The API may be called from any page, never with cookies: there are none, and a key in a header is the caller's own decision.
 * True when the request was a preflight and has its answer.
 */
export function allowCrossOrigin(request: FastifyRequest, reply: FastifyReply): boolean {
  if (request.headers.origin === undefined) return false;
  // Raw, because inference answers are written past Fastify.
  reply.raw.setHeader('access-control-allow-origin', '*');
  reply.raw.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  reply.raw.setHeader('access-control-allow-methods', 'GET, POST, PATCH, DELETE');
  reply.raw.setHeader('access-control-allow-headers', ALLOWED_HEADERS);
  reply.raw.setHeader('access-control-max-age', '86400');
  void reply.code(204).send();
  return true;
}
