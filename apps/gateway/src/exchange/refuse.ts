import { encodeFailure, type Failure } from '@tollgate/dialects';
import type { Call, ExchangeInput } from './call.js';
import { endReply } from './reply-head.js';

/** Writes the caller's own error shape, unless there is nobody left to read it. */
export function refuse(input: Pick<ExchangeInput, 'response' | 'requestId' | 'dialect' | 'skin'>, told: Failure): void {
  const { response } = input;
  if (response.destroyed || response.headersSent) return;
  const { status, body } = encodeFailure(input.dialect, { ...told, skin: input.skin });
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', body.length);
  response.setHeader('x-request-id', input.requestId);
  if (told.retryAfterMs !== undefined)
    response.setHeader('retry-after', Math.max(1, Math.ceil(told.retryAfterMs / 1000)));
  // The official SDKs take every 409 for a lock and try again, unless they are told not to.
  if (status === 409 && !told.retryable) response.setHeader('x-should-retry', 'false');
  response.end(body);
}

/** The same, also for a stream that has begun: it ends with a typed error, never with silence. */
export function breakOff(call: Call, told: Failure): void {
  const { response } = call.input;
  if (!response.headersSent) return refuse(call.input, told);
  if (response.writableEnded) return;
  if (call.openStream) endReply(response, call.openStream.failure(told));
  else response.destroy();
}
