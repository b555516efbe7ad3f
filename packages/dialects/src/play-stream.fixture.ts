import { createEventCheck } from './canonical/check-events.js';
import type { StreamDecoder } from './canonical/codec.js';
import { createFold } from './canonical/fold.js';
import type { CanonicalReply, ReplyEvent, StreamEnd } from './canonical/reply.js';
import { createCuts, packetsAt } from './cuts.fixture.js';

export interface PlayedStream {
  readonly events: readonly ReplyEvent[];
  readonly end: StreamEnd;
  readonly reply: CanonicalReply;
  readonly facts: unknown;
}

/** Plays bytes, cut at the given places, through a decoder; the grammar of events is checked on the way, and at the end of a finished one. */
export function playStream(decoder: StreamDecoder, bytes: Buffer, cuts: readonly number[] = []): PlayedStream {
  const events: ReplyEvent[] = [];
  const check = createEventCheck();
  const fold = createFold();
  const emit = (event: ReplyEvent): void => {
    check.add(event);
    fold.add(event);
    events.push(event);
  };
  for (const packet of packetsAt(bytes, cuts)) decoder.push(Buffer.from(packet), emit);
  const end = decoder.end(emit);
  if (end.kind === 'finished') check.end();
  const { usage, serviceTier, finish, finishRaw, error, isDone, malformedEvents } = decoder;
  return {
    events,
    end,
    reply: fold.reply({ usage, serviceTier }),
    facts: { usage, serviceTier, finish, finishRaw, error, isDone, malformedEvents },
  };
}

/** Throws unless cutting the bytes anywhere changes nothing: into single bytes, at every byte (of the shorter ones), and in random places. */
export function checkCuts(
  createDecoder: () => StreamDecoder,
  bytes: Buffer,
  name: string,
  everyByteBelow = 6_000,
): void {
  const playedAt = (cuts: readonly number[]): string => {
    const { reply, end, facts } = playStream(createDecoder(), bytes, cuts);
    return JSON.stringify({ reply, end, facts });
  };
  const whole = playedAt([]);
  const ensure = (cuts: readonly number[]): void => {
    if (playedAt(cuts) !== whole) throw new Error(`${name}: cut at ${cuts.slice(0, 20).join(', ')} changes the answer`);
  };
  ensure(Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1));
  if (bytes.length < everyByteBelow) for (let cut = 1; cut < bytes.length; cut += 1) ensure([cut]);
  const cutsOf = createCuts(20_261_120);
  for (const pieces of [1, 2, 5, 20, 100]) ensure(cutsOf(bytes.length, pieces));
}
