import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Upstream, type UpstreamHandler } from './send.js';

const closing: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function provider(answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Everything the handler heard, in order, once it has heard an end. */
function heard(origin: string, throwIn: string | null = null, allowed = origin): Promise<readonly string[]> {
  const upstream = new Upstream(new Set([allowed]));
  closing.push(() => upstream.close());
  return new Promise((resolve) => {
    const names: string[] = [];
    const hear = (name: string, isEnd: boolean): void => {
      names.push(name);
      // Whatever came after the end would be heard too.
      if (isEnd) setTimeout(() => resolve(names), 100);
      if (name.startsWith(throwIn ?? '-')) throw new Error('a defect');
    };
    const handler: UpstreamHandler = {
      onHead: () => hear('head', false),
      onData: () => hear('data', false),
      onEnd: () => hear('end', true),
      onFault: (fault) => hear(`fault ${fault}`, true),
      onCrash: () => hear('crash', true),
    };
    const body = Buffer.from('{}');
    upstream.send({ origin, path: '/', headers: {}, body, headersTimeoutMs: 600, stallTimeoutMs: 600 }, handler);
  });
}

describe('what becomes of a request to a provider is told exactly once', () => {
  it.each([
    ['head', ['head', 'crash']],
    ['data', ['head', 'data', 'crash']],
    ['end', ['head', 'data', 'end', 'crash']],
  ])('a defect of ours in %s is neither swallowed nor blamed on the provider', async (throwIn, expected) => {
    const origin = await provider((_request, response) => response.end('hello'));
    expect(await heard(origin, throwIn)).toEqual(expected);
  });

  it('S28: no head in time', async () => {
    const origin = await provider(() => undefined);
    expect(await heard(origin)).toEqual(['fault timeout']);
  });

  it('S28: a stall in the body', async () => {
    const origin = await provider((_request, response) => response.write('hello'));
    expect(await heard(origin)).toEqual(['head', 'data', 'fault timeout']);
  });

  it('a connection that breaks', async () => {
    const origin = await provider((_request, response) => {
      response.write('hello', () => setTimeout(() => response.destroy(), 30));
    });
    expect(await heard(origin)).toEqual(['head', 'data', 'fault reset']);
  });

  it('nobody there', async () => {
    expect(await heard('http://127.0.0.1:1')).toEqual(['fault connect']);
  });

  it('an origin that is no provider', async () => {
    const origin = await provider((_request, response) => response.end('must not be reached'));
    expect(await heard(origin, null, 'https://api.openai.com')).toEqual(['fault refused_origin']);
  });
});
