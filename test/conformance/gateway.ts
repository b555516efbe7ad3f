import { afterAll, beforeEach } from 'vitest';
import { readRunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';

export const run = readRunFile();
export const sandbox = sandboxControl(run.urls.sandbox);
export const gatewayUrl = run.urls.gateway;

/** Hundreds of answers at the pace of a real model are minutes of waiting. Another file that ends makes it slow again: hence before each. */
beforeEach(() => sandbox.settings({ ttftMs: 2, paceMs: 1 }));
afterAll(() => sandbox.settings({ ttftMs: 50, paceMs: 5 }));

export interface Exchange {
  readonly url: string;
  readonly status: number;
  readonly requestId: string;
  /** Who answered; null when nobody did. */
  readonly provider: string | null;
}

let exchanges: Exchange[] = [];
const send = globalThis.fetch;

/** Every SDK of this suite ends in the global fetch: standing in its way shows what really went out, and how often. */
globalThis.fetch = async (input, init) => {
  const response = await send(input, init);
  const url = input instanceof Request ? input.url : String(input);
  if (url.startsWith(gatewayUrl)) {
    const { status, headers } = response;
    const provider = headers.get('x-tollgate-provider');
    exchanges.push({ url, status, requestId: headers.get('x-request-id') ?? '', provider });
  }
  return response;
};

/** Does something with an SDK and tells which requests it sent to the gateway. */
export async function watched<Value>(
  work: () => Promise<Value>,
): Promise<{ value: Value; exchanges: readonly Exchange[] }> {
  exchanges = [];
  const value = await work();
  return { value, exchanges };
}
