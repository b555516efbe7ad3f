import type { Incoming } from '../attempt/incoming.js';

/** A request as it arrived, secrets replaced by their length. */
export interface RememberedRequest {
  readonly at: string;
  readonly provider: string;
  readonly method: string;
  readonly path: string;
  readonly correlation: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Names and values in the order and case they were sent. */
  readonly rawHeaders: readonly (readonly [string, string])[];
  readonly bodyBase64: string;
}

/** The last requests, so that a test can say what was sent, byte for byte. */
export interface RequestMemory {
  remember(incoming: Incoming): void;
  /** The newest request, or the newest of a correlation; null when it is not (or no longer) known. */
  last(correlation: string | null): RememberedRequest | null;
  clear(): void;
}

/** What is kept of a request; the parsed body is not. */
type Kept = Pick<Incoming, 'atMs' | 'provider' | 'method' | 'path' | 'correlation' | 'rawHeaders' | 'body'>;

const mostRequests = 200;
const mostBytes = 64 * 1_048_576;
const secretHeaders = new Set([
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-amz-security-token',
  'cookie',
]);

/** Makes an empty memory of at most 200 requests and 64 MiB. */
export function createRequestMemory(): RequestMemory {
  let kept: Kept[] = [];
  let bytes = 0;
  return {
    remember(incoming) {
      const { atMs, provider, method, path, correlation, rawHeaders, body } = incoming;
      kept.push({ atMs, provider, method, path, correlation, rawHeaders, body });
      bytes += incoming.body.length;
      while (kept.length > mostRequests || (bytes > mostBytes && kept.length > 1))
        bytes -= kept.shift()?.body.length ?? 0;
    },
    last(correlation) {
      const found =
        correlation === null ? kept.at(-1) : kept.findLast((incoming) => incoming.correlation === correlation);
      return found === undefined ? null : shown(found);
    },
    clear() {
      kept = [];
      bytes = 0;
    },
  };
}

function shown(incoming: Kept): RememberedRequest {
  const rawHeaders: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index] ?? '';
    rawHeaders.push([name, withoutSecret(name, incoming.rawHeaders[index + 1] ?? '')]);
  }
  return {
    at: new Date(incoming.atMs).toISOString(),
    provider: incoming.provider,
    method: incoming.method,
    path: incoming.path,
    correlation: incoming.correlation,
    headers: Object.fromEntries(rawHeaders.map(([name, value]) => [name.toLowerCase(), value])),
    rawHeaders,
    bodyBase64: incoming.body.toString('base64'),
  };
}

/** The value of a header, or only its length when it is a secret. */
export function withoutSecret(name: string, value: string): string {
  return secretHeaders.has(name.toLowerCase()) ? `<secret of ${value.length} characters>` : value;
}
