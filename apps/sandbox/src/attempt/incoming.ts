import { hash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Dialect } from '../providers/dialect.js';

/** A request to a pretend provider, read once. */
export interface Incoming {
  readonly provider: string;
  readonly method: string;
  /** The path the vendor would see: `/v1/chat/completions`. */
  readonly path: string;
  /** The request target as it arrived, prefix, query and percent-encoding included: what a signature covers. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly bodySha256: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
  readonly model: string | null;
  readonly isStream: boolean;
  /** The gateway's id of its attempt (`x-tollgate-attempt`), so that its books can be compared with ours. */
  readonly correlation: string | null;
  /** A case named by the address (`/replay-case/<case>/…`). */
  readonly caseInPath: string | null;
  readonly atMs: number;
}

/** Reads what a provider needs to know about a request. */
export function readIncoming(
  request: IncomingMessage,
  address: { readonly provider: string; readonly path: string; readonly caseInPath: string | null },
  body: Buffer,
  atMs: number,
  read: Dialect['read'] = undefined,
): Incoming {
  const json = parsed(body);
  const { headers } = request;
  const { model, isStream } = (read ?? readBody)({ path: address.path, headers, body, json });
  return {
    ...address,
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers,
    rawHeaders: request.rawHeaders,
    body,
    bodySha256: hash('sha256', body),
    json,
    model,
    isStream,
    correlation: headerOf(headers, 'x-tollgate-attempt'),
    atMs,
  };
}

const readBody: NonNullable<Dialect['read']> = ({ json }) => {
  const model = fieldOf(json, 'model');
  return { model: typeof model === 'string' ? model : null, isStream: fieldOf(json, 'stream') === true };
};

/** One header's value, or null; repeated headers are joined. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name.toLowerCase()];
  return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
}

/** A header that holds a number of milliseconds; null when absent or not a number. */
export function millisecondsHeader(headers: IncomingHttpHeaders, name: string): number | null {
  const value = Number(headerOf(headers, name) ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

function parsed(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
