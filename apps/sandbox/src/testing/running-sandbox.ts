import http from 'node:http';
import type { TruthEntry } from '../control/truth.js';
import { type Sandbox, startSandbox } from '../sandbox.js';

/** What a plain HTTP client saw. `failure` is the error code of a broken connection. */
export interface Seen {
  readonly status: number | null;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** How many reads the bytes came in. */
  readonly reads: number;
  readonly failure: string | null;
  readonly headMs: number;
  readonly totalMs: number;
}

/** A sandbox on free ports, and a client without opinions for it. */
export interface RunningSandbox extends Sandbox {
  send(
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Record<string, string>; readonly leaveAfterBytes?: number },
  ): Promise<Seen>;
  /** Asks a provider's chat completions, without waiting between tokens unless the headers say so. */
  chat(body: unknown, headers?: Record<string, string>): Promise<Seen>;
  rule(rule: unknown): Promise<string>;
  truth(): Promise<TruthEntry[]>;
  /** Waits for the truth entry of a correlation: it is written at the end of the attempt, which a client may outrun. */
  truthOf(correlation: string): Promise<TruthEntry>;
}

const atOnce = { 'x-sandbox-ttft-ms': '0', 'x-sandbox-pace-ms': '0' };

/** Starts a sandbox for one test file. */
export async function runSandbox(truthFilePath: string | null = null): Promise<RunningSandbox> {
  const sandbox = await startSandbox({ port: 0, smtpPort: 0, truthFilePath });
  const send: RunningSandbox['send'] = (method, path, options = {}) =>
    request(`${sandbox.url}${path}`, method, options);
  return {
    ...sandbox,
    send,
    chat: (body, headers = {}) =>
      send('POST', '/providers/openai/v1/chat/completions', {
        body,
        headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json', ...atOnce, ...headers },
      }),
    async rule(rule) {
      const seen = await send('POST', '/control/rules', { body: rule });
      if (seen.status !== 201) throw new Error(`the rule was refused: ${seen.text}`);
      return String(Reflect.get(Object(JSON.parse(seen.text)), 'id'));
    },
    truth: async () => JSON.parse((await send('GET', '/control/truth')).text).entries,
    async truthOf(correlation) {
      for (let attempt = 0; attempt < 100; attempt += 1) {
        const { entries } = JSON.parse(
          (await send('GET', `/control/truth?correlation=${encodeURIComponent(correlation)}`)).text,
        );
        if (entries.length > 0) return entries[0];
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`no truth entry for ${correlation}`);
    },
  };
}

function request(url: string, method: string, options: Parameters<RunningSandbox['send']>[2] = {}): Promise<Seen> {
  const startedAt = performance.now();
  const { body, leaveAfterBytes } = options;
  const payload =
    body === undefined ? undefined : Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let response: http.IncomingMessage | null = null;
    let headMs = 0;
    const done = (failure: string | null): void => {
      const bytes = Buffer.concat(chunks);
      const totalMs = performance.now() - startedAt;
      const { statusCode, headers } = response ?? {};
      resolve({
        status: statusCode ?? null,
        headers: headers ?? {},
        bytes,
        text: bytes.toString('utf8'),
        reads: chunks.length,
        failure,
        headMs,
        totalMs,
      });
    };
    const outgoing = http.request(url, { method, agent: false, headers: options.headers ?? {} }, (incoming) => {
      response = incoming;
      headMs = performance.now() - startedAt;
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (leaveAfterBytes !== undefined && chunks.reduce((total, each) => total + each.length, 0) >= leaveAfterBytes)
          outgoing.destroy();
      });
      incoming.on('end', () => done(null));
      incoming.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    outgoing.end(payload);
  });
}

/** The JSON of each `data:` event, `[DONE]` left out. */
export function eventsOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: ') && event !== 'data: [DONE]')
    .map((event) => JSON.parse(event.slice(6)));
}

/** The value at a path of keys, for looking into JSON of the wire. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, key) => (typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined),
    value,
  );
}
