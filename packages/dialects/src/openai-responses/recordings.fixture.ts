import type { ReplyContext, StreamDecoder } from '../canonical/codec.js';
import type { JsonObject } from '../canonical/part.js';
import type { ReplyEvent, StreamEnd } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { packetsAt } from '../cuts.fixture.js';
import { EMPTY_REQUEST } from '../empty-request.fixture.js';
import { jsonLines } from '../json-lines.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { loadRecordings, type Recording } from '../recordings.fixture.js';

export const recordings = loadRecordings('openai-responses');

export interface RecordedStream {
  readonly name: string;
  readonly provider: string;
  readonly bytes: Buffer;
  readonly events: readonly JsonObject[];
  readonly request: Recording['request'];
}

/** Recorded streams; where a recorder wrote several answers into one file, each by itself. */
export const streams: readonly RecordedStream[] = recordings
  .filter(({ response }) => response.status === 200 && response.stream !== undefined)
  .flatMap(({ name, provider, response, request }) =>
    answersOf(response.stream ?? '').map((answer, index, all) => ({
      name: all.length === 1 ? name : `${name}#${index}`,
      provider,
      bytes: Buffer.from(answer),
      events: jsonLines(answer),
      request,
    })),
  );

function answersOf(stream: string): string[] {
  const starts = [...stream.matchAll(/^event: response\.created\n/gm)].map((match) => match.index);
  if (starts.length < 2) return [stream];
  return starts.map((start, index) => stream.slice(start, starts[index + 1] ?? stream.length));
}

export function requestOf(changes: Partial<CanonicalRequest> = {}): CanonicalRequest {
  return { ...EMPTY_REQUEST, model: 'maker/model', isStream: true, ...changes };
}

export const CONTEXT: ReplyContext = { requestId: 'r1', request: requestOf(), quirks: NO_QUIRKS, headers: {} };

export interface Decoded {
  readonly events: ReplyEvent[];
  readonly end: StreamEnd;
}

/** Pushes the bytes cut at the given positions, and ends. */
export function decodeCut(decoder: StreamDecoder, bytes: Buffer, cuts: readonly number[] = []): Decoded {
  const events: ReplyEvent[] = [];
  const emit = (event: ReplyEvent): void => void events.push(event);
  for (const packet of packetsAt(bytes, cuts)) decoder.push(packet, emit);
  return { events, end: decoder.end(emit) };
}

/** Events as OpenAI frames them. */
export function sse(events: readonly JsonObject[]): Buffer {
  return Buffer.from(
    events.map((event) => `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  );
}
