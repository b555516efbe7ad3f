import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildCatalog, type Model } from '@tollgate/catalog';
import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamRequest } from '../upstream/send.js';
import { TokenCounter } from './count-tokens.js';
import { modelFor } from './exchange.fixture.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A counter behind a real server. The provider answers `answer`; null is a provider that does not. */
async function counterWorld(answer: { status: number; body: object } | null) {
  const sent: UpstreamRequest[] = [];
  let now = 1_000;
  const [endpoint] = modelFor('chat', 'anthropic-messages', { input: 1n, output: 1n }).endpoints;
  if (endpoint === undefined) throw new Error('a model without endpoints');
  const model: Model = {
    ...modelFor('chat', 'anthropic-messages', { input: 1n, output: 1n }),
    endpoints: [{ ...endpoint, provider: 'anthropic' }],
  };
  const counter = new TokenCounter({
    catalog: () => buildCatalog([model]),
    availability: () => ({ ok: true, credential: 'environment' }),
    provider: () => undefined,
    access: () => ({ origin: 'https://p.example', basePath: '/v1', authenticate: () => ({ 'x-api-key': 'k' }) }),
    upstream: {
      send(request, handler) {
        sent.push(request);
        setImmediate(() => {
          if (answer === null) return handler.onFault('timeout', '');
          handler.onHead(answer.status, {});
          handler.onData(Buffer.from(JSON.stringify(answer.body)));
          handler.onEnd();
        });
        return { pause: () => undefined, resume: () => undefined, abort: () => undefined };
      },
    },
    now: () => now,
  });
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const principal = { organizationId: request.headers['x-org'] ?? 'a' };
    await counter.run({
      requestId: 'r',
      dialect: 'anthropic-messages',
      door: { model: null, isStream: null },
      body: Buffer.concat(chunks),
      principal,
      response,
    } as unknown as Parameters<TokenCounter['run']>[0]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const ask = async (body: unknown, organization = 'a') => {
    const sentBody = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      body: sentBody,
      headers: { 'x-org': organization },
      signal: AbortSignal.timeout(5_000),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as object };
  };
  return { ask, sent, later: (ms: number) => (now += ms) };
}

const asked = { model: 'test/chat', messages: [{ role: 'user', content: 'Hi' }] };

describe('counting tokens', () => {
  it('is asked of the provider, and done here where it does not answer; the header says which', async () => {
    const told = await counterWorld({ status: 200, body: { input_tokens: 14 } });
    const reported = await told.ask(asked);
    expect([reported.body, reported.headers.get('x-tollgate-usage-source')]).toEqual([
      { input_tokens: 14 },
      'reported',
    ]);
    for (const answer of [null, { status: 429, body: {} }, { status: 200, body: { input_tokens: -1 } }]) {
      const world = await counterWorld(answer);
      const counted = await world.ask(asked);
      expect(counted.headers.get('x-tollgate-usage-source')).toBe('counted');
      expect(counted.body).toMatchObject({ input_tokens: expect.any(Number) });
    }
  });

  it('M25: is free, so an organisation gets only so much of it at once, and nobody else has to wait for it', async () => {
    const world = await counterWorld({ status: 200, body: { input_tokens: 14 } });
    const large = { ...asked, messages: [{ role: 'user', content: 'x '.repeat(200_000) }] };
    const statuses: number[] = [];
    for (let index = 0; index < 30; index += 1) statuses.push((await world.ask(large)).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(25);
    const refused = await world.ask(asked);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    expect(world.sent).toHaveLength(25);
    expect((await world.ask(asked, 'b')).status).toBe(200);
    world.later(10_001);
    expect((await world.ask(asked)).status).toBe(200);
  });

  it.each([
    ['a bomb', `{"model":"test/chat","messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400],
    ['a key twice', '{"model":"test/chat","messages":[{"role":"user","content":"a","content":"b"}]}', 400],
    [
      'a file at the provider',
      JSON.stringify({
        ...asked,
        messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'f' } }] }],
      }),
      404,
    ],
    ['a model nobody has', JSON.stringify({ ...asked, model: 'test/none' }), 404],
  ])('refuses what a request to be answered is refused for: %s', async (_what, body, status) => {
    const world = await counterWorld({ status: 200, body: { input_tokens: 14 } });
    expect((await world.ask(body)).status).toBe(status);
    expect(world.sent).toHaveLength(0);
  });
});
