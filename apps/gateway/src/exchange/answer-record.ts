import type { ServerResponse } from 'node:http';
import type { WrittenAnswer } from '../memory/written-answer.js';
import type { Call } from './call.js';

/** Larger answers are not kept. */
export const ANSWER_BYTES_MAX = 256 * 1024;

/** Which headers are part of the answer: what is true of the moment (rates, ids of the request, the connection) is not. */
const OF_THE_ANSWER = /^(?:content-type|content-length|cache-control|x-accel-buffering|x-generation-id|x-tollgate-.+)$/;

/** Collects what a client gets, for a later request with the same Idempotency-Key; lets go of it when it grows too long. */
export class AnswerRecord {
  private chunks: Buffer[] = [];
  private bytes = 0;

  /** Bound once: called for every batch of bytes. */
  readonly add = (chunk: Buffer): void => {
    this.bytes += chunk.length;
    if (this.bytes <= ANSWER_BYTES_MAX) this.chunks.push(chunk);
    else this.chunks = [];
  };

  /** The whole answer, once its head stands in `response` and all of its bytes were added; null where it was too long. */
  complete(response: ServerResponse): WrittenAnswer | null {
    if (this.bytes > ANSWER_BYTES_MAX) return null;
    return { status: response.statusCode, headers: headersOf(response), body: Buffer.concat(this.chunks) };
  }
}

/** What the client gets is kept for a request with the same Idempotency-Key, unless the project keeps nothing. */
export function recordFor({ claim, principal }: Call): AnswerRecord | null {
  return claim !== null && principal.keepsReasoning ? new AnswerRecord() : null;
}

function headersOf(response: ServerResponse): Record<string, string> {
  const kept = Object.entries(response.getHeaders()).filter(([name]) => OF_THE_ANSWER.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

/** The same bytes again. Nothing is charged for them, and the header says that they are a repetition. */
export function writeAgain(response: ServerResponse, { status, headers, body }: WrittenAnswer): void {
  if (response.destroyed || response.headersSent) return;
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('idempotent-replayed', 'true');
  response.end(body);
}
