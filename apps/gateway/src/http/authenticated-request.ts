import type { Principal } from '@tollgate/access';
import type { FastifyRequest } from 'fastify';

/** A request whose key guard has passed. */
export interface AuthenticatedRequest extends FastifyRequest {
  principal: Principal;
  /** the key as it was sent; only the exchange needs it, to look it up again after a change */
  token: string;
}

/** Where a key may stand. Never in a URL: URLs are logged everywhere. */
export function readToken(headers: FastifyRequest['headers']): string | null {
  const authorization = headers.authorization;
  if (authorization !== undefined) return /^Bearer +(\S{1,512})$/i.exec(authorization)?.[1] ?? '';
  const named = headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers['api-key'];
  if (named === undefined) return null;
  return typeof named === 'string' ? named : '';
}
