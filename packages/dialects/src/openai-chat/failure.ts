import { FAILURES, type Failure } from '../failure.js';

/** The error object of this dialect with what Tollgate adds: who failed, whether to try again, what it cost, which request. */
function errorObject(failure: Failure): Record<string, unknown> {
  return {
    message: failure.message,
    type: FAILURES[failure.code].type,
    param: failure.param ?? null,
    ...(failure.skin === 'openrouter' ? { code: failure.status, error_type: failure.code } : { code: failure.code }),
    origin: failure.origin,
    retryable: failure.retryable,
    charged_usd: failure.chargedUsd,
    request_id: failure.requestId,
    ...(failure.retryAfterMs === undefined ? {} : { retry_after_ms: failure.retryAfterMs }),
    ...(failure.details === undefined ? {} : { details: failure.details }),
    ...metadataOf(failure),
  };
}

/**
 * What clients made for OpenRouter read: whose error it is, and the provider's own word for it. `code` stays our stable text, because the SDKs of
 * OpenAI choose their error classes by the status and hand `code` to their callers; at OpenRouter's own paths it is that status, a number.
 */
function metadataOf({ origin, details, status }: Failure): Record<string, unknown> {
  const name = details?.['provider_name'] ?? details?.['provider'];
  const raw = details?.['provider_code'];
  if (origin !== 'provider' || (name === undefined && raw === undefined)) return {};
  return {
    metadata: {
      status,
      ...(typeof name === 'string' ? { provider_name: name } : {}),
      ...(typeof raw === 'string' || typeof raw === 'number' ? { raw: String(raw) } : {}),
    },
  };
}

/** A failure before the first byte of an answer. */
export function encodeFailure(failure: Failure): { status: number; body: Buffer } {
  return { status: failure.status, body: Buffer.from(JSON.stringify({ error: errorObject(failure) })) };
}

/**
 * A failure inside a stream: one data event with an `error` member, which the OpenAI SDKs raise as an error. No `event:` line, because
 * not every client reads one, and no [DONE] after it: the stream did not end well.
 */
export function encodeFailureEvent(failure: Failure): Buffer {
  return Buffer.from(`data: ${JSON.stringify({ error: errorObject(failure) })}\n\n`);
}
