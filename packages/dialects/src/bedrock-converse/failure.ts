import { type EventMessage, type FrameFault, textHeader } from '../aws-event-stream.js';
import type { ProviderHeaders } from '../canonical/codec.js';
import { filledText, parseObject } from '../canonical/json-read.js';
import type { ProviderFailure, ProviderFailureKind } from '../failure.js';
import { decodeProviderFailure } from '../openai-chat/provider-failure.js';

interface ErrorRow {
  readonly kind: ProviderFailureKind;
  /** the status AWS gives it outside of a stream */
  readonly status: number;
}

/** AWS names its errors; the body holds nothing but a message (W34). Names begin lower case inside of streams. */
const ERRORS: Readonly<Record<string, ErrorRow>> = {
  validationexception: { kind: 'invalid_request', status: 400 },
  serializationexception: { kind: 'invalid_request', status: 400 },
  conflictexception: { kind: 'invalid_request', status: 400 },
  accessdeniedexception: { kind: 'permission', status: 403 },
  unrecognizedclientexception: { kind: 'authentication', status: 403 },
  invalidsignatureexception: { kind: 'authentication', status: 403 },
  missingauthenticationtokenexception: { kind: 'authentication', status: 403 },
  incompletesignatureexception: { kind: 'authentication', status: 403 },
  expiredtokenexception: { kind: 'authentication', status: 403 },
  invalidclienttokenid: { kind: 'authentication', status: 403 },
  resourcenotfoundexception: { kind: 'not_found', status: 404 },
  unknownoperationexception: { kind: 'not_found', status: 404 },
  modeltimeoutexception: { kind: 'timeout', status: 408 },
  modelerrorexception: { kind: 'server', status: 424 },
  modelstreamerrorexception: { kind: 'server', status: 424 },
  modelnotreadyexception: { kind: 'overloaded', status: 429 },
  throttlingexception: { kind: 'rate_limited', status: 429 },
  servicequotaexceededexception: { kind: 'quota', status: 400 },
  internalserverexception: { kind: 'server', status: 500 },
  internalfailure: { kind: 'server', status: 500 },
  serviceunavailableexception: { kind: 'overloaded', status: 503 },
};

/** Any non-2xx answer of Bedrock: a bare `{"message"}`, the type in `x-amzn-errortype` with `:http://internal…` behind it; or a proxy's page. */
export function decodeFailure(status: number, body: Buffer, headers: ProviderHeaders): ProviderFailure {
  const failure = decodeProviderFailure(status, body, headers);
  const code = typeName(
    headerText(headers, 'x-amzn-errortype') ?? filledText(parseObject(body.toString('utf8', 0, 65_536))?.['__type']),
  );
  if (code === null) return { ...failure, kind: kindOf(failure.kind, failure.message) };
  return { ...failure, code, kind: kindOf(rowOf(code)?.kind ?? failure.kind, failure.message) };
}

/** An error inside of HTTP 200: its name decides over everything. */
export function inlineFailure(type: string, message: string | null): ProviderFailure {
  const code = typeName(type) ?? type;
  const row = rowOf(code) ?? { kind: 'server', status: 502 };
  const words = message ?? code;
  return {
    status: row.status,
    code,
    message: words,
    param: null,
    retryAfterMs: null,
    shouldRetry: null,
    kind: kindOf(row.kind, words),
  };
}

/**
 * The error a message of an event stream is, or null: a modelled one (`:message-type: exception` with `:exception-type`), an unmodelled one
 * (`error` with `:error-code` and `:error-message`), or an event that is named like one.
 */
export function messageFailure(message: EventMessage): ProviderFailure | null {
  const type = textHeader(message, ':message-type');
  const event = textHeader(message, ':event-type');
  if (type === 'error')
    return inlineFailure(
      textHeader(message, ':error-code') ?? 'InternalFailure',
      textHeader(message, ':error-message'),
    );
  const isException = type === 'exception' || (event?.endsWith('Exception') ?? false);
  if (!isException) return null;
  const name = textHeader(message, ':exception-type') ?? event ?? 'InternalServerException';
  const body = parseObject(message.payload.toString('utf8'));
  return inlineFailure(name, filledText(body?.['message']) ?? filledText(body?.['Message']));
}

/** A stream that cannot be read on. */
export function faultFailure(fault: FrameFault): ProviderFailure {
  const message = fault.atStart
    ? 'The provider answered with something else than an event stream.'
    : 'The event stream of the provider is corrupt.';
  return { ...inlineFailure(fault.kind, message), code: `event_stream_${fault.kind}` };
}

/** A bad credential is told by its words where a proxy took the type away. */
function kindOf(kind: ProviderFailureKind, message: string): ProviderFailureKind {
  if (/security token .*(invalid|expired)|signature we calculated/i.test(message)) return 'authentication';
  return kind;
}

function rowOf(code: string): ErrorRow | undefined {
  const key = code.toLowerCase();
  return Object.hasOwn(ERRORS, key) ? ERRORS[key] : undefined;
}

/** `ValidationException:http://internal.amazon.com/…`, `com.amazon.coral.service#ThrottlingException` */
function typeName(value: string | null): string | null {
  if (value === null) return null;
  const name = value.split(':')[0] ?? value;
  return name.slice(name.lastIndexOf('#') + 1).trim() || null;
}

function headerText(headers: ProviderHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : (value?.[0] ?? null);
}
