import { createEventCheck } from '../canonical/check-events.js';
import type { ProviderCodec, ReplyContext } from '../canonical/codec.js';
import { createFold } from '../canonical/fold.js';
import type { CanonicalReply, ReplyEvent, StreamEnd } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { packetsAt } from '../cuts.fixture.js';
import { EMPTY_REQUEST } from '../empty-request.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';

/** The request that says as little as possible. */
export const PLAIN_REQUEST: CanonicalRequest = { ...EMPTY_REQUEST, model: 'maker/model' };

export const CONTEXT: ReplyContext = { requestId: 'req-1', request: PLAIN_REQUEST, quirks: NO_QUIRKS, headers: {} };

export interface Played {
  readonly events: readonly ReplyEvent[];
  readonly reply: CanonicalReply;
  readonly end: StreamEnd;
  readonly malformedEvents: number;
}

/** Decodes a stream that arrives in the given cuts, and checks the grammar of its events on the way. */
export function playStream(codec: ProviderCodec, bytes: Buffer, cuts: readonly number[] = []): Played {
  const decoder = codec.createDecoder(CONTEXT);
  const check = createEventCheck();
  const fold = createFold();
  const events: ReplyEvent[] = [];
  const emit = (event: ReplyEvent): void => {
    check.add(event);
    fold.add(event);
    events.push(event);
  };
  for (const packet of packetsAt(bytes, cuts)) decoder.push(packet, emit);
  const end = decoder.end(emit);
  if (end.kind !== 'failed') check.end();
  const { usage, serviceTier, malformedEvents } = decoder;
  return { events, reply: fold.reply({ usage, serviceTier }), end, malformedEvents };
}
