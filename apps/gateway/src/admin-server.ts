import { createServer } from 'node:http';
import type { Logger, Registry } from '@tollgate/telemetry';

/** /metrics, on loopback only: what an operator scrapes is not for customers. A port that is taken is a warning, not an outage. */
export async function startAdminServer({
  port,
  registry,
  log,
}: {
  port: number;
  registry: Registry;
  log: Logger;
}): Promise<void> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    void registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => {
        log.error({ error }, 'the metrics could not be written');
        response.writeHead(500).end();
      },
    );
  });
  server.unref();
  await new Promise<void>((resolve) => {
    server.once('error', (error) => {
      log.warn({ error, port }, 'the metrics port could not be opened');
      resolve();
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
