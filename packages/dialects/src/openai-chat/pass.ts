import type { PassCodec, PassOptions, ReadWhole, ReplyStream } from '../canonical/codec.js';
import { passRequest } from './pass-request.js';
import { readReply, spliceReply } from './reply.js';
import { REPLY_SPLICES } from './reply-splices.js';
import { decodeEnvelope } from './request.js';
import { REQUEST_SPLICES } from './request-splices.js';
import { createStream } from './stream.js';

/** Client and provider both speak chat: bytes are kept, and everything that is not kept stands in `splices`. */
export const pass: PassCodec = {
  splices: [
    ...REQUEST_SPLICES.map((splice) => ({ side: 'request' as const, ...splice })),
    ...REPLY_SPLICES.map((splice) => ({ side: 'reply' as const, ...splice })),
  ],
  spliceRequest(body, request, target) {
    const decoded = decodeEnvelope(body);
    return decoded.ok ? { ok: true, value: passRequest(body, decoded.envelope, target, request) } : decoded;
  },
  readReply: (body, { requestId, model }) => readWhole(body, `gen-${requestId}`, model),
  createStream: ({ requestId, model, request, created }: PassOptions) =>
    openStream(`gen-${requestId}`, model, request.includeUsage, request.choices, created),
};

/** A whole answer whose bytes are kept: what the gateway must know of it now, and how it is written once it is settled. */
export function readWhole(body: Buffer, id: string, model: string): ReadWhole {
  const read = readReply(body);
  if (!read.ok) return { kind: 'unreadable', reason: read.reason };
  const { reply } = read;
  if (reply.providerError !== null) return { kind: 'failed', error: reply.providerError };
  return {
    kind: 'reply',
    reply: {
      usage: reply.usage,
      finish: reply.finish,
      finishRaw: reply.finishRaw,
      serviceTier: reply.serviceTier,
      isEmpty: reply.isEmpty,
      countOutput: () => reply.countOutput(),
      render: ({ cost }) => ({
        body: spliceReply(body, { id, model, ...(cost === null ? {} : { usageExtras: { cost } }) }),
        losses: [],
      }),
    },
  };
}

export function openStream(
  id: string,
  model: string,
  includeUsage: boolean,
  choices: number,
  created: number,
): ReplyStream {
  return createStream({ id, model, includeUsage, choices, created });
}
