import type { FastifyInstance } from 'fastify';

const localNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Refuses requests that reached loopback under another host's name, or that another site's page sends: mail holds sign-in links, and a
 * page in the developer's browser must be able neither to read nor to steer the sandbox.
 */
export function refuseForeignHosts(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const host = request.headers.host ?? '';
    const site = request.headers['sec-fetch-site'];
    const isForeign =
      !localNames.has(host.replace(/:\d+$/, '').toLowerCase()) || (site === 'cross-site' && request.method !== 'GET');
    if (isForeign)
      await reply
        .code(403)
        .send({ error: { code: 'foreign_host', message: 'The sandbox answers its own machine only.' } });
  });
}

/** Headers of every page: nothing from elsewhere is loaded, nothing frames it. */
export function guardPages(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    reply.header('cache-control', 'no-store');
  });
}
