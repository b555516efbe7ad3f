import type { PassCodec } from '../canonical/codec.js';
import { readReply } from './pass-reply.js';
import { createStream } from './pass-stream.js';
import { REPLY_SPLICES } from './reply-splices.js';
import type { Flavour } from './request-encode.js';
import { REQUEST_SPLICES, spliceRequest } from './request-splices.js';

/** Client and provider speak this dialect: bytes are kept. The host decides about the path and about labels; a target may name another one. */
export function createPass(flavour: Flavour): PassCodec {
  return {
    splices: [
      ...REQUEST_SPLICES.map((splice) => ({ side: 'request' as const, ...splice })),
      ...REPLY_SPLICES.map((splice) => ({ side: 'reply' as const, ...splice })),
    ],
    spliceRequest: (body, request, target) =>
      spliceRequest(body, request, target, target.host === 'vertex' ? 'vertex' : flavour),
    readReply,
    createStream,
  };
}
