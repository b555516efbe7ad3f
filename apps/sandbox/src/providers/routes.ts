import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { readIncoming } from '../attempt/incoming.js';
import { serveAttempt, type World } from '../attempt/serve.js';
import { dialectOf } from './dialects.js';

const methods: ('GET' | 'POST' | 'PUT' | 'DELETE')[] = ['GET', 'POST', 'PUT', 'DELETE'];

/**
 * The doors of the pretend providers: `/providers/<provider>/<the vendor's path>`, and `/replay-case/<case>/<path>` for a client that cannot
 * send headers (the case in one segment, percent-encoded).
 */
export function providerRoutes(world: World): FastifyPluginAsync {
  return async (app) => {
    app.route<{ Params: { provider: string; '*': string } }>({
      method: methods,
      url: '/providers/:provider/*',
      handler: (request, reply) =>
        serve(request, reply, { provider: request.params.provider, path: `/${request.params['*']}`, caseInPath: null }),
    });
    app.route<{ Params: { case: string; '*': string } }>({
      method: methods,
      url: '/replay-case/:case/*',
      handler: (request, reply) => {
        const name = request.params.case;
        return serve(request, reply, {
          provider: name.split('/')[0] ?? 'replay',
          path: `/${request.params['*']}`,
          caseInPath: name,
        });
      },
    });
    app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
      const status = error.statusCode ?? 500;
      void reply
        .code(status)
        .send({ error: { message: error.message, type: 'invalid_request_error', param: null, code: null } });
    });
  };

  function serve(
    request: FastifyRequest,
    reply: FastifyReply,
    address: { provider: string; path: string; caseInPath: string | null },
  ): void {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const incoming = readIncoming(request.raw, address, body, world.nowMs(), dialectOf(address.path).read);
    reply.hijack();
    const attempt = serveAttempt(incoming, reply.raw, world)
      .catch((error: unknown) => {
        console.error('sandbox: an attempt broke down', error);
        reply.raw.destroy();
      })
      .finally(() => world.running.delete(attempt));
    world.running.add(attempt);
  }
}
