import { request } from 'undici';
import { eventually } from '../harness/eventually.js';
import type { RunFile } from '../harness/run-file.js';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly path: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly rawBody?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One HTTP call, exactly as written: no SDK between the test and the wire. */
export async function call(
  gatewayUrl: string,
  { method = 'POST', path, key, body, rawBody, headers }: RawRequest,
): Promise<RawAnswer> {
  const payload = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await request(gatewayUrl + path, {
    method,
    headers: {
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(payload === undefined ? {} : { body: payload }),
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  });
  return { status: response.statusCode, headers: response.headers, text: await response.body.text() };
}

export interface BookedRequest {
  readonly request_id: string;
  readonly total_cost_usd: string;
  readonly usage_source: string;
  readonly ending: string;
  readonly status: number;
  readonly error_code: string | null;
  readonly native_tokens_prompt: number;
  readonly native_tokens_completion: number;
  readonly attempts: readonly { provider: string; outcome: string; status: number | null; errorCode: string | null }[];
  readonly receipt: {
    charge_nanousd: string;
    lines: readonly { bucket: string; quantity: string; unit_price_nanousd_per_million: string }[];
  } | null;
}

/** What the books say of a request, once they say it. */
export function booked(run: RunFile, requestId: string, key = run.demoKey): Promise<BookedRequest> {
  return eventually(
    async () => {
      const answer = await call(run.urls.gateway, { method: 'GET', path: `/v1/generation?id=${requestId}`, key });
      return answer.status === 200 ? (JSON.parse(answer.text) as { data: BookedRequest }).data : undefined;
    },
    { until: `request ${requestId} is in the books` },
  );
}

/** A key of its own for a test that changes or exhausts it. */
export async function createKey(
  run: RunFile,
  wish: { name: string; kind?: 'inference' | 'management'; limit?: string; expires_at?: string },
): Promise<{ key: string; hash: string }> {
  const answer = await call(run.urls.gateway, { path: '/v1/keys', key: run.managementKey, body: wish });
  if (answer.status >= 300) throw new Error(`no key was created: ${answer.status} ${answer.text}`);
  const { key, data } = JSON.parse(answer.text) as { key: string; data: { hash: string } };
  return { key, hash: data.hash };
}

export const MODEL = 'openai/gpt-4o-mini';

export function chat(text: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { model: MODEL, messages: [{ role: 'user', content: text }], ...more };
}
