import type { ServerResponse } from 'node:http';
import type { Attempt } from '@tollgate/routing';
import type { Call } from './call.js';

/** The headers every answer of a provider carries: whose it is, and what we did to the request. */
export function writeReplyHead(response: ServerResponse, call: Call, attempt: Attempt, contentType: string): void {
  response.statusCode = 200;
  response.setHeader('content-type', contentType);
  response.setHeader('x-tollgate-model', attempt.endpoint.modelId);
  response.setHeader('x-tollgate-provider', attempt.endpoint.provider);
  if (attempt.credential === 'sandbox') response.setHeader('x-tollgate-sandbox', 'true');
  if (call.clampedOutput !== null) response.setHeader('x-tollgate-clamped', `max_tokens=${call.clampedOutput}`);
}

export function writeStreamHead(response: ServerResponse, call: Call, attempt: Attempt): void {
  writeReplyHead(response, call, attempt, 'text/event-stream; charset=utf-8');
  response.setHeader('cache-control', 'no-cache');
  response.setHeader('x-accel-buffering', 'no');
}

const UNREAD_MS = 60_000;

/** Ends the answer. A client that does not read its rest must not keep it in our memory for ever. */
export function endReply(response: ServerResponse, bytes: Buffer): void {
  response.end(bytes);
  // Node destroys a connection that is silent for so long; when the answer is through, it sets its own limit for idle ones.
  if (response.writableLength > 0) response.socket?.setTimeout(UNREAD_MS);
}
