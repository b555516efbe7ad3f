import type { ServerResponse } from 'node:http';
import type { Loss } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import type { Call, GrantedAdmission } from './call.js';
import { type RateState, writeRateHeaders } from './rate-headers.js';

/** The headers every answer of a provider carries: whose it is, and what we did to the request. */
export function writeReplyHead(response: ServerResponse, call: Call, attempt: Attempt, contentType: string): void {
  response.statusCode = 200;
  response.setHeader('content-type', contentType);
  response.setHeader('x-generation-id', `gen-${call.input.requestId}`);
  response.setHeader('x-tollgate-model', attempt.endpoint.modelId);
  response.setHeader('x-tollgate-provider', attempt.endpoint.provider);
  if (attempt.credential === 'sandbox') response.setHeader('x-tollgate-sandbox', 'true');
  if (call.losses.length > 0) response.setHeader('x-tollgate-losses', lossesHeader(call.losses));
  if (call.admission !== null) writeRateHeaders(response, rateStates(call.admission));
  if (call.clampedOutput !== null) response.setHeader('x-tollgate-clamped', `max_tokens=${call.clampedOutput}`);
}

/** Nothing where no rate binds, which is most requests. */
function rateStates({ limits: { rates }, rateLevels }: GrantedAdmission): readonly RateState[] {
  return rateLevels.flatMap((level, index) => {
    const rate = rates[index];
    return rate ? [{ rate, level }] : [];
  });
}

export function writeStreamHead(response: ServerResponse, call: Call, attempt: Attempt): void {
  writeReplyHead(response, call, attempt, call.request.streamType);
  response.setHeader('cache-control', 'no-cache');
  response.setHeader('x-accel-buffering', 'no');
}

const LOSSES_HEADER_CHARACTERS_MAX = 4_000;

/** `field=reason` in order, comma-separated. Fields are our own words or names a caller wrote, so what no header may hold is replaced. */
function lossesHeader(losses: readonly Loss[]): string {
  const listed = losses.map(
    ({ field, reason }) => `${field.replace(/[^\x21-\x2b\x2d-\x3c\x3e-\x7e]/g, '_')}=${reason}`,
  );
  const text = listed.join(', ');
  return text.length <= LOSSES_HEADER_CHARACTERS_MAX
    ? text
    : `${text.slice(0, LOSSES_HEADER_CHARACTERS_MAX).replace(/, [^,]*$/, '')}, and_more=${losses.length}`;
}

const UNREAD_MS = 60_000;

/** Ends the answer. A client that does not read its rest must not keep it in our memory for ever. */
export function endReply(response: ServerResponse, bytes: Buffer): void {
  response.end(bytes);
  // Node destroys a connection that is silent for so long; when the answer is through, it sets its own limit for idle ones.
  if (response.writableLength > 0) response.socket?.setTimeout(UNREAD_MS);
}
