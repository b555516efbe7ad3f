import type { WrittenAnswer } from './judge.js';

const EVENTS = { 'content-type': 'text/event-stream; charset=utf-8' };
const JSON_BODY = { 'content-type': 'application/json' };

/** A `fetch` that gives every caller the answer, a stream in its pieces. */
export function playedFetch(written: WrittenAnswer): typeof fetch {
  return () => Promise.resolve(response(written));
}

function response({ bytes, isStream, pieces }: WrittenAnswer): Response {
  if (!isStream) return new Response(new Uint8Array(bytes), { status: 200, headers: JSON_BODY });
  const waiting = pieces.values();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = waiting.next();
      if (next.done) controller.close();
      else controller.enqueue(new Uint8Array(next.value));
    },
  });
  return new Response(body, { status: 200, headers: EVENTS });
}

/** For SDKs that take no `fetch`: whatever runs meanwhile gets the answer, so nothing else may. */
export async function withPlayedFetch<Value>(written: WrittenAnswer, work: () => Promise<Value>): Promise<Value> {
  const real = globalThis.fetch;
  globalThis.fetch = playedFetch(written);
  try {
    return await work();
  } finally {
    globalThis.fetch = real;
  }
}

/** Arguments as a caller would read them: JSON where they are. */
export function parsedInput(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return text;
  }
}
