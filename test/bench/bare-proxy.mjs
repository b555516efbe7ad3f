// The yardstick: Node's http server and undici's dispatch, nothing else. No key, no JSON, no money.
// Usage: node bare-proxy.mjs <port> <upstream origin> <upstream path>
import http from 'node:http';
import { Pool } from 'undici';

const [port, origin, path] = process.argv.slice(2);
const pool = new Pool(origin, { connections: 256, pipelining: 1 });

http
  .createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      pool.dispatch(
        {
          method: 'POST',
          path,
          headers: { 'content-type': 'application/json', authorization: 'Bearer bench' },
          body: Buffer.concat(chunks),
        },
        {
          onRequestStart() {},
          onResponseStart(_controller, status, headers) {
            response.writeHead(status, { 'content-type': headers['content-type'] });
          },
          onResponseData(controller, chunk) {
            if (response.write(chunk)) return;
            controller.pause();
            response.once('drain', () => controller.resume());
          },
          onResponseEnd() {
            response.end();
          },
          onResponseError() {
            response.destroy();
          },
        },
      );
    });
  })
  .listen(Number(port), '127.0.0.1', () => process.send?.('listening'));
process.on('disconnect', () => process.exit(0));
